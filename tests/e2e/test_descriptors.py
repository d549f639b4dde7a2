"""A daemon that has no file descriptors left: it goes on with those it has, and serves again when some are free."""

import os
import pathlib
import resource
import socket
import time
import unittest

import api
import graphs
import world

JOB = '#!/bin/sh\necho done > "$FFT_OUT/$1"\n'
GRAPH = """
graph: few
root: data
jobs:
  - {label: job, outputs: ["job/{x}"], run: bin/job, args: ["job/{x}"]}
"""
SPARE = 6
CALLERS = 60


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Descriptors(world.WorldTest):
    def setUp(self):
        self.world.deploy(graphs.write_graph(self.world.folder / "few", GRAPH, {"job": JOB}))

    def limit(self, soft):
        pid = self.world.daemon.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, before[1]))
        return before

    def crowd(self):
        """Callers that take what the listener has; connecting succeeds as long as the kernel queues them."""
        callers = []
        for _ in range(CALLERS):
            caller = socket.socket(socket.AF_UNIX)
            caller.settimeout(5)
            try:
                caller.connect(str(self.world.socket))
            except OSError:
                break
            callers.append(caller)
        return callers

    def test_emfile_on_the_listener_neither_spins_nor_deafens(self):
        pid = self.world.daemon.pid
        self.assert_succeeded(self.world.build("few", ["job/0"]))
        before = self.limit(len(os.listdir(f"/proc/{pid}/fd")) + SPARE)
        callers = self.crowd()
        used = cpu_seconds(pid)
        build = self.world.client.create("few", ["job/1"])  # over a connection that it has
        world.wait_until(lambda: self.world.client.build(build.id).state in api.TERMINAL_BUILDS, "the build to end")
        self.assertEqual(self.world.client.build(build.id).state, api.types.BUILD_SUCCEEDED)
        world.wait_until(lambda: self.elapsed(3), "some seconds of it")
        self.assertLess(cpu_seconds(pid) - used, 2, "a daemon without descriptors must not spin")
        for caller in callers:
            caller.close()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        self.assertIsNone(self.world.daemon.poll())
        # Over a new one: those who left are taken first, which a busy machine may take its time for.
        world.wait_until(lambda: self.world.ctl("build", "-g", "few", "job/2")[0] == 0, "a build over a new connection")

    def elapsed(self, seconds):
        self.began = getattr(self, "began", None) or time.monotonic()
        return time.monotonic() - self.began > seconds


if __name__ == "__main__":
    unittest.main()
