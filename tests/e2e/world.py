"""A daemon of its own for a test: fftd dev in a temporary folder, with its PostgreSQL and its worker.

Everything it starts carries the folder's unique name in its command line or environment; nothing else is
ever signalled.
"""

import collections
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import api

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("FFT_BIN", ROOT / "build/dev/bin"))
PATIENCE_S = float(os.environ.get("FFT_TEST_PATIENCE_S", "120"))

Process = collections.namedtuple("Process", "pid parent command")


def wait_until(condition, what, patience_s=PATIENCE_S):
    """The first true value of condition(); fails by name after a while."""
    deadline = time.monotonic() + patience_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience_s:.0f} s in vain for {what}")
        select.select([], [], [], 0.02)
    return value


def read_process(pid):
    """None when it is gone or a zombie."""
    try:
        command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if stat[0] == "Z" else Process(pid, int(stat[1]), command.strip())


def mentions(pid, text):
    try:
        environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        folder = os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return False
    return text.encode() in environment or text in folder


class World:
    """Owns a folder and all processes that belong to it.  Not for threads."""

    def __init__(self, slots=2):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fft-e2e-"))
        self.folder.chmod(0o755)  # PostgreSQL runs as another user when we are root
        self.data = self.folder / "state"
        self.socket = self.folder / "fftd.sock"
        self.address = f"unix:{self.socket}"
        self.slots = slots
        self.daemon = None
        self.log = open(self.folder / "fftd.log", "ab")
        self._client = None

    # The daemon.

    def start(self):
        self.daemon = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                       cwd=self.folder, env=self.environment(), start_new_session=True)
        wait_until(self.is_ready, f"fftd to serve; its log:\n{self.log_text()}")
        return self

    def command(self):
        """The daemon's command line."""
        return [str(BIN / "fftd"), "dev", "--data", str(self.data), "--listen", self.address,
                "--slots", str(self.slots)]

    def environment(self):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FFT_")}
        return {**kept, "FFT_ADDRESS": self.address, "HOME": str(self.folder)}

    def is_ready(self):
        if self.daemon.poll() is not None:
            raise AssertionError(f"fftd ended with {self.daemon.returncode}:\n{self.log_text()}")
        try:
            return any(worker.connected for worker in self.client.workers())
        except api.grpc.RpcError:
            return False

    def log_text(self):
        return (self.folder / "fftd.log").read_text(errors="replace")[-8000:]

    def stop(self):
        """As a person would; returns the exit code."""
        self.daemon.send_signal(signal.SIGTERM)
        return self.daemon.wait(timeout=PATIENCE_S)

    def kill_daemon(self):
        self.daemon.kill()
        self.daemon.wait()

    def close(self):
        if self._client is not None:
            self._client.close()
        if self.daemon is not None and self.daemon.poll() is None:
            self.daemon.terminate()
            try:
                self.daemon.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.daemon.kill()
                self.daemon.wait()
        for _ in range(5):
            for process in self.processes():
                self.signal(process, signal.SIGKILL)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # Processes.

    def processes(self):
        """All living ones that belong to this world."""
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) == os.getpid():
                continue
            process = read_process(int(entry))
            if process and (str(self.folder) in process.command or mentions(process.pid, str(self.folder))):
                found.append(process)
        return found

    def find(self, *words):
        """The one process whose command line holds all words."""
        matching = [p for p in self.processes() if all(word in p.command for word in words)]
        if len(matching) != 1:
            raise AssertionError(f"not one process with {words}: {matching} among {self.processes()}")
        return matching[0]

    def agents(self):
        return [p for p in self.processes() if "fft-worker agent" in p.command]

    def agent(self):
        agents = self.agents()
        if len(agents) != 1:
            raise AssertionError(f"not one agent: {agents}")
        return agents[0]

    def guardian(self):
        return self.find("fft-worker", "guardian")

    def postgres(self):
        return self.find("postgres", "-D")

    @staticmethod
    def signal(process, number):
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            pass

    def kill(self, process):
        self.signal(process, signal.SIGKILL)
        wait_until(lambda: read_process(process.pid) is None, f"{process} to be gone")

    # Requests.

    @property
    def client(self):
        if self._client is None:
            self._client = api.Client(self.address)
        return self._client

    def ctl(self, *args, **options):
        """fftctl's exit code, standard output and standard error."""
        done = subprocess.run([str(BIN / "fftctl"), *map(str, args)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment(),
                              cwd=self.folder, timeout=PATIENCE_S * 3, check=False, **options)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def deploy(self, folder):
        code, out, err = self.ctl("deploy", folder)
        if code != 0:
            raise AssertionError(f"fftctl deploy {folder}: exit {code}\n{out}{err}")

    def submit(self, graph, targets, **options):
        """A watcher of a build that was accepted."""
        build = self.client.create(graph, targets, **options)
        return api.BuildWatcher(self.address, build.id, PATIENCE_S)

    def build(self, graph, targets, **options):
        """A watcher of a build that has ended."""
        watcher = self.submit(graph, targets, **options)
        watcher.run_to_end()
        return watcher


class WorldTest(unittest.TestCase):
    """A world for each class; the daemon's log is shown when a test fails."""

    slots = 2

    @classmethod
    def setUpClass(cls):
        cls.world = World(cls.slots)
        cls.addClassCleanup(cls.world.close)
        cls.world.start()

    def run(self, result=None):
        before = len(result.failures) + len(result.errors) if result else 0
        super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            print(f"--- log of fftd after {self.id()}\n{self.world.log_text()}\n---", flush=True)
        return result

    def assert_succeeded(self, watcher):
        self.assertEqual(watcher.build.state, api.types.BUILD_SUCCEEDED,
                         f"{watcher.build.reason}: {watcher.build.message}")

    def ran(self, watcher):
        """Job label -> how many of its nodes ran to success in this build's view."""
        return dict(collections.Counter(c.job for c in watcher.in_state(api.types.NODE_SUCCEEDED)))

    def cut_off(self, watcher):
        return dict(collections.Counter(c.job for c in watcher.in_state(api.types.NODE_SKIPPED)
                                        if c.reason == "CUT_OFF"))
