"""Worlds with two workers of which any part may be killed at any moment.

In one, fftd dev sees to its PostgreSQL and to the agent of its worker; in the other there are two daemons, one
of which leads, and a PostgreSQL of the test's own.  What nobody else starts again is in `programs`: whoever
kills plays the init system for it (chaos_storm.py).  Guardians are the agents' own matter.
"""

import os
import pathlib
import shutil
import socket
import subprocess

import api
import world

SLOTS = 3


class ChaosWorld(world.World):
    """What both worlds share.  All that is started here is killed at the end."""

    VICTIMS = ["daemon", "postgres", "backend", "agent first", "agent second", "guardian first",
               "guardian second"]

    def __init__(self):
        super().__init__(slots=SLOTS)
        self.addresses = [self.address]
        self.programs = {}  # name -> command line
        self.kept = {}      # name -> its process
        self.workers = {}   # "first", "second" -> what the daemon calls it
        self.homes = {}     # "first", "second" -> its folder
        self.clients = []
        self.conninfo = ""

    def environment(self):
        return {**super().environment(), "FFT_ADDRESS": ",".join(self.addresses)}

    def add_worker(self, name):
        self.workers[name] = name
        self.homes[name] = self.folder / name
        self.homes[name].mkdir()
        self.programs[name] = [str(world.BIN / "fft-worker"), "agent", "--daemon", ",".join(self.addresses),
                               "--dir", str(self.homes[name]), "--name", name, "--slots", str(SLOTS)]

    def launch(self, name):
        """Starts one of the programs; what it says goes to NAME.log."""
        with open(self.folder / f"{name}.log", "ab") as log:
            self.kept[name] = subprocess.Popen(
                self.programs[name], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                env=self.environment(), start_new_session=True)

    def start(self):
        self.clients = [api.Client(address) for address in self.addresses]
        for name in self.programs:
            self.launch(name)
        world.wait_until(self.are_workers_connected, f"both workers to be connected; see {self.folder}")
        return self

    def find_leader(self):
        """A client of the daemon that leads; None while there is none."""
        for client in self.clients:
            try:
                if client.status().leading:
                    return client
            except api.grpc.RpcError:
                continue
        return None

    def are_workers_connected(self):
        leader = self.find_leader()
        try:
            return leader and {w.name for w in leader.workers() if w.connected} >= set(self.workers.values())
        except api.grpc.RpcError:
            return False

    def log_text(self, name="daemon"):
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-4000:]

    def close(self):
        for process in self.kept.values():
            process.kill()
            process.wait()
        for client in self.clients:
            client.close()
        super().close()

    # Victims.

    def half_of(self, worker, half):
        """The processes that are a worker's `agent` or `guardian` now; while one starts there may be two."""
        return [p for p in self.processes()
                if f"fft-worker {half} " in p.command and f"{self.homes[worker]} " in p.command + " "]

    def postmaster(self):
        """Not pg_ctl, which starts it and ends."""
        return [p for p in self.processes() if p.command.partition(" ")[0].endswith("/postgres")]

    def backends(self):
        return [p for p in self.processes() if p.command.startswith("postgres: ")]

    # Evidence.

    def keep(self, place):
        """Copies what tells what happened: logs, counters, journals, and the database as a script."""
        shutil.copytree(self.folder, place, dirs_exist_ok=True, symlinks=True,
                        ignore=shutil.ignore_patterns("postgres", "*.sock", "spare", "locks", "tried"))
        for log in self.folder.rglob("postgres/log"):
            shutil.copy(log, pathlib.Path(place) / "postgres.log")
        with open(pathlib.Path(place) / "fft.sql", "wb") as dump:
            subprocess.run(["pg_dump", "--inserts", self.conninfo], stdout=dump, stderr=subprocess.STDOUT,
                           check=False, timeout=60)


class DevWorld(ChaosWorld):
    """One daemon, fftd dev; the first worker and PostgreSQL are its business."""

    def __init__(self):
        super().__init__()
        self.conninfo = f"host={self.data}/postgres user=fft dbname=fft"
        self.programs["daemon"] = self.command()
        self.workers["first"] = socket.gethostname()
        self.homes["first"] = self.data / "worker"
        self.add_worker("second")


class TwinWorld(ChaosWorld):
    """Two daemons on one database; everything is the test's business."""

    VICTIMS = ["twin", *ChaosWorld.VICTIMS]

    def __init__(self):
        super().__init__()
        self.addresses.append(f"unix:{self.folder}/twin.sock")
        home = self.folder / "postgres"
        self.conninfo = f"host={home} user=fft dbname=postgres"
        self.programs["postgres"] = self._make_postgres(home)
        for name, address in zip(("daemon", "twin"), self.addresses):
            self.programs[name] = [str(world.BIN / "fftd"), "serve", "--database", self.conninfo,
                                   "--listen", address, "--metrics-listen", ""]
        self.add_worker("first")
        self.add_worker("second")

    @staticmethod
    def _make_postgres(home):
        """The command line of a new PostgreSQL, which refuses to run as root."""
        programs = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        as_user = []
        home.mkdir()
        if os.geteuid() == 0:
            as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"]
            shutil.chown(home, "postgres", "postgres")
        subprocess.run([*as_user, programs / "initdb", "-D", home / "data", "-U", "fft", "-E", "UTF8",
                        "--locale=C.UTF-8", "--auth=trust", "--no-instructions"],
                       cwd=home, stdout=subprocess.DEVNULL, check=True)
        return [*as_user, str(programs / "postgres"), "-D", str(home / "data"), "-k", str(home), "-h", "",
                "-c", "max_connections=200", "-c", "jit=off"]
