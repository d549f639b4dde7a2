"""A worker whose machine is gone: what it held waits for it, unless somebody says that it is dead."""

import signal
import subprocess
import unittest

import graphs
import world
from api import types

# Its first run never ends; the next does what it is for.
RUN = """#!/bin/sh
if mkdir "$FFT_ROOT/begun" 2>/dev/null; then exec sleep 600; fi
echo done > "$FFT_OUT/only"
"""

GRAPH = """
graph: far
root: data
jobs:
  - {label: only, outputs: ["only"], run: bin/run, limits: {labels: [far]}}
"""


class PatientWorld(world.World):
    """Its daemon would wait for an hour for who is silent."""

    def command(self):
        return super().command() + ["--orphan-after", "1h"]


class DeadWorker(unittest.TestCase):
    def setUp(self):
        self.world = PatientWorld(slots=1)
        self.addCleanup(self.world.close)
        self.world.start()

    def start_worker(self, name):
        process = subprocess.Popen(
            [str(world.BIN / "fft-worker"), "agent", "--daemon", self.world.address,
             "--dir", str(self.world.folder / name), "--name", name, "--label", "far"],
            stdin=subprocess.DEVNULL, stdout=self.world.log, stderr=self.world.log, cwd=self.world.folder,
            env=self.world.environment(), start_new_session=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        world.wait_until(lambda: self.is_connected(name), f"{name} to connect")
        return process

    def is_connected(self, name):
        return any(w.connected for w in self.world.client.workers() if w.name == name)

    def turn_off(self, agent, name):
        """All that its machine would take with it."""
        home = str(self.world.folder / name)
        gone = [p for p in self.world.processes() if home in p.command or world.mentions(p.pid, home)]
        for process in gone:
            self.world.signal(process, signal.SIGKILL)
        agent.kill()
        agent.wait()
        world.wait_until(lambda: not self.is_connected(name), f"{name} to be away")

    def test_what_it_held_is_granted_to_others_at_once(self):
        self.world.deploy(graphs.write_graph(self.world.folder / "far", GRAPH, {"run": RUN}))
        agent = self.start_worker("w2")
        build = self.world.client.create("far", ["only"])
        world.wait_until(lambda: self.world.client.status().running == 1, "the run to begin")
        code, _, err = self.world.ctl("mark-dead", "w2")
        self.assertEqual(code, 1)
        self.assertIn("worker w2 is connected: it is not dead", err)
        self.turn_off(agent, "w2")
        self.start_worker("w3")
        self.assertEqual(self.world.client.status().running, 1)  # w2 might come back
        self.assertEqual(self.world.client.build(build.id).state, types.BUILD_EXECUTING)
        code, out, err = self.world.ctl("mark-dead", "w2")
        self.assertEqual((code, out), (0, "w2 is dead: what it held is granted to others\n"), err)
        world.wait_until(lambda: self.world.client.build(build.id).state == types.BUILD_SUCCEEDED, "the build to end")
        code, _, err = self.world.ctl("mark-dead", "nobody")
        self.assertEqual(code, 1)
        self.assertIn("no worker is called nobody", err)

    def test_one_that_was_not_dead_is_told_to_stop(self):
        self.world.deploy(graphs.write_graph(self.world.folder / "far", GRAPH, {"run": RUN}))
        agent = self.start_worker("w2")
        build = self.world.client.create("far", ["only"])
        world.wait_until(lambda: self.world.client.status().running == 1, "the run to begin")
        agent.kill()  # its guardian and the run live on
        agent.wait()
        world.wait_until(lambda: not self.is_connected("w2"), "w2 to be away")
        self.assertEqual(self.world.ctl("mark-dead", "w2")[0], 0)
        self.start_worker("w3")
        world.wait_until(lambda: self.world.client.build(build.id).state == types.BUILD_SUCCEEDED, "the build to end")
        self.assertTrue([p for p in self.world.processes() if "sleep 600" in p.command])
        self.start_worker("w2")
        world.wait_until(lambda: not [p for p in self.world.processes() if "sleep 600" in p.command],
                         "the run that nobody wants to be stopped")
        self.assertEqual((self.world.folder / "far/data/only").read_text(encoding="utf-8"), "done\n")


if __name__ == "__main__":
    unittest.main()
