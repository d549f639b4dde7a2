"""Two daemons on one PostgreSQL: one leads, the other answers reads and takes over."""

import os
import pathlib
import signal
import subprocess
import unittest

import api
import graphs
import world
from api import types


class Standby(unittest.TestCase):
    """The first daemon brings the PostgreSQL; both know each other's address from the database alone."""

    def setUp(self):
        self.world = world.World(slots=1)
        self.addCleanup(self.world.close)
        self.world.start()
        self.second_address = f"unix:{self.world.folder / 'second.sock'}"
        folder = pathlib.Path(f"/proc/{self.world.postgres().pid}/cwd").resolve()  # where its data is
        socket = (folder / "postmaster.pid").read_text(encoding="utf-8").splitlines()[4]
        self.conninfo = f"host={socket} dbname=fft user=fft"
        self.second = self.start_second()
        self.reader = api.Client(self.second_address)
        self.addCleanup(self.reader.close)
        world.wait_until(self.second_stands_by, "the second daemon to stand by")

    def start_second(self):
        process = subprocess.Popen(
            [str(world.BIN / "fftd"), "serve", "--database", self.conninfo, "--listen", self.second_address,
             "--metrics-listen", "", "--leader-patience", "5s"],
            stdin=subprocess.DEVNULL, stdout=self.world.log, stderr=self.world.log, cwd=self.world.folder,
            env=self.world.environment(), start_new_session=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def start_worker(self):
        """One that knows both daemons, and no other one does the work."""
        self.world.ctl("drain", self.world.client.workers()[0].name)
        process = subprocess.Popen(
            [str(world.BIN / "fft-worker"), "agent", "--daemon", f"{self.world.address},{self.second_address}",
             "--dir", str(self.world.folder / "worker"), "--name", "both"],
            stdin=subprocess.DEVNULL, stdout=self.world.log, stderr=self.world.log, cwd=self.world.folder,
            env=self.world.environment(), start_new_session=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        world.wait_until(lambda: any(w.connected for w in self.world.client.workers() if w.name == "both"),
                         "the worker to connect")

    def second_status(self):
        try:
            return self.reader.status()
        except api.grpc.RpcError:
            return None

    def second_stands_by(self):
        status = self.second_status()
        return status and status.standby and status.leader == self.world.address

    def second_leads(self):
        status = self.second_status()
        return status and status.leading

    def ctl_both(self, *words):
        """fftctl that was told of both, the one that does not lead first."""
        environment = {**self.world.environment(), "FFT_ADDRESS": f"{self.second_address},{self.world.address}"}
        done = subprocess.run([str(world.BIN / "fftctl"), *map(str, words)], stdin=subprocess.DEVNULL,
                              capture_output=True, env=environment, cwd=self.world.folder, timeout=120, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    @staticmethod
    def watch(client):
        return client.catalog.WatchEvents(api.catalog_pb2.WatchEventsRequest(start=True), timeout=120)

    @staticmethod
    def is_end(event):
        return event.HasField("build_changed") and event.build_changed.build.state in api.TERMINAL_BUILDS

    def told(self, stream, up_to):
        events = []
        for message in stream:
            events += message.events
            if events and events[-1].seq >= up_to:
                stream.cancel()
                return events
        raise AssertionError(f"the watch ended after {len(events)} events")

    def up_to_an_end(self, stream):
        events = []
        for message in stream:
            events += message.events
            if any(map(self.is_end, message.events)):
                stream.cancel()
                return events
        raise AssertionError(f"the watch ended after {len(events)} events")

    def deploy(self, width):
        folder, counters, gate = graphs.write_gated_graph(self.world.folder / "gated", width)
        self.world.deploy(folder)
        return counters, gate

    def test_a_standby_answers_reads_and_watches_and_points_writers_to_the_leader(self):
        _, gate = self.deploy(3)
        gate.open()
        watching = self.watch(self.reader)
        code, out, err = self.ctl_both("build", "-g", "gated", "all")
        self.assertEqual(code, 0, out + err)
        build = self.reader.build(1)
        self.assertEqual(build.state, types.BUILD_SUCCEEDED)
        self.assertGreater(self.reader.partition("gated", "all").live.run, 0)
        seen = [event.seq for event in self.up_to_an_end(watching)]
        self.assertEqual(seen, list(range(1, len(seen) + 1)))
        with self.assertRaises(api.grpc.RpcError) as refused:
            self.reader.create("gated", ["all"])
        self.assertEqual(refused.exception.code(), api.grpc.StatusCode.UNAVAILABLE)
        self.assertIn("stands by", refused.exception.details())
        details = dict(refused.exception.trailing_metadata())["grpc-status-details-bin"]
        self.assertIn(b"NOT_LEADING", details)
        self.assertIn(self.world.address.encode(), details)

    def take_over(self, end_first):
        counters, gate = self.deploy(2)
        self.start_worker()
        code, out, err = self.ctl_both("build", "-g", "gated", "--detach", "all")
        self.assertEqual(code, 0, out + err)
        world.wait_until(lambda: counters.count("held-1") == 1, "the long job to run")
        end_first()
        world.wait_until(self.second_leads, "the takeover")
        gate.open()
        world.wait_until(lambda: self.reader.build(1).state in api.TERMINAL_BUILDS, "the build to end")
        self.assertEqual(self.reader.build(1).state, types.BUILD_SUCCEEDED)
        self.assertEqual(set(counters.all().values()), {1}, counters.all())
        last = self.reader.status().last_event
        told = [e for e in self.told(self.watch(self.reader), last) if self.is_end(e)]
        self.assertEqual(len(told), 1)

    def test_a_killed_leader_is_replaced_and_nothing_runs_twice(self):
        self.take_over(self.world.kill_daemon)

    def test_a_leader_that_is_only_frozen_is_replaced_and_writes_nothing_when_it_wakes(self):
        self.take_over(lambda: os.kill(self.world.daemon.pid, signal.SIGSTOP))
        os.kill(self.world.daemon.pid, signal.SIGCONT)
        world.wait_until(lambda: self.world.client.status().standby, "the first to stand by")
        self.assertEqual(self.world.client.status().leader, self.second_address)
        code, out, err = self.world.ctl("build", "-g", "gated", "all")
        self.assertEqual(code, 0, out + err)


if __name__ == "__main__":
    unittest.main()
