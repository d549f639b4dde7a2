"""Whose files a build may take for its own: neither those of another namespace nor those of another checkout."""

import shutil
import unittest

import graphs
import world
from api import types

MAKE = """#!/bin/sh
echo PROD > "$FFT_OUT/$(cat "$FFT_OUTPUTS")"
"""
COPY = """#!/bin/sh
cat "$(cut -f2 "$FFT_INPUTS")" > "$FFT_OUT/$(cat "$FFT_OUTPUTS")"
"""
WAIT = """#!/bin/sh
flock -s "$FFT_ROOT/../gate" true
echo waited > "$FFT_OUT/$(cat "$FFT_OUTPUTS")"
"""

GRAPH = """
graph: places
root: data
jobs:
  - {label: a, outputs: ["a/{x}"], run: bin/make}
  - {label: r, outputs: ["r/{x}"], inputs: ["a/{x}"], run: bin/copy}
  - {label: w, outputs: ["w/{x}"], run: bin/wait}
"""


class Places(unittest.TestCase):
    def setUp(self):
        self.world = world.World()
        self.addCleanup(self.world.close)
        self.world.start()
        self.here = graphs.write_graph(self.world.folder / "here", GRAPH, {"make": MAKE, "copy": COPY, "wait": WAIT})

    def build(self, folder, *arguments):
        code, out, err = self.world.ctl("build", str(folder), *arguments)
        self.assertEqual(code, 0, out + err)
        return out

    def test_namespaces_share_no_file(self):
        program = self.here / "bin/make"
        self.build(self.here, "r/1")
        graphs.edit(program, "PROD", "DEV")
        self.build(self.here, "r/1", "-n", "dev")
        self.assertEqual((self.here / "data/r/1").read_text(), "PROD\n")
        self.assertEqual((self.here / "data/.fft/namespace=dev/r/1").read_text(), "DEV\n")
        graphs.edit(program, "DEV", "PROD")
        self.assertIn("0 ran, 1 cached", self.build(self.here, "r/1"))
        self.assertEqual((self.here / "data/r/1").read_text(), "PROD\n")
        # What is gone in one is gone in that one alone.
        (self.here / "data/r/1").unlink()
        self.build(self.here, "r/1", "-n", "dev")
        self.assertEqual((self.here / "data/.fft/namespace=dev/r/1").read_text(), "PROD\n")
        self.assertFalse((self.here / "data/r/1").exists())

    def test_another_checkout_has_files_of_its_own(self):
        there = self.world.folder / "there"
        shutil.copytree(self.here, there)
        self.build(self.here, "r/1")
        self.assertIn("2 ran, 0 cached", self.build(there, "r/1"))
        code, out, _ = self.world.ctl("explain", "-g", "places", "a/1")
        self.assertEqual(code, 0)
        self.assertIn(f"root: was another folder, or no fact yet, is file://{there}/data", out)
        for folder in (self.here, there):
            graphs.edit(folder / "bin/make", "PROD", "NEXT")
        for folder in (self.here, there):
            self.build(folder, "r/1")
            self.assertEqual((folder / "data/r/1").read_text(), "NEXT\n")

    def test_another_checkout_does_not_join(self):
        there = self.world.folder / "there"
        shutil.copytree(self.here, there)
        gates = [graphs.Gate(folder / "gate") for folder in (self.here, there)]
        self.world.deploy(self.here)
        first = self.world.client.create("places", ["w/1"])
        world.wait_until(lambda: self.world.client.status().running == 1, "the run to begin")
        self.world.deploy(there)
        second = self.world.client.create("places", ["w/1"])
        for gate in gates:
            gate.open()
        for build in (first, second):
            ended = world.wait_until(lambda build=build: self.ended(build.id), "the build to end")
            self.assertEqual((ended.state, ended.counts.succeeded), (types.BUILD_SUCCEEDED, 1))
        for folder in (self.here, there):
            self.assertEqual((folder / "data/w/1").read_text(), "waited\n")

    def ended(self, build_id):
        build = self.world.client.build(build_id)
        return build if build.HasField("end_time") else None


class WhatRuns(unittest.TestCase):
    """Who reads sees what runs, whenever he comes."""

    def test_a_running_node_is_shown_as_running(self):
        self.world = world.World()
        self.addCleanup(self.world.close)
        self.world.start()
        folder = graphs.write_graph(self.world.folder / "here", GRAPH, {"make": MAKE, "copy": COPY, "wait": WAIT})
        gate = graphs.Gate(folder / "gate")
        self.world.deploy(folder)
        build = self.world.client.create("places", ["w/1"])
        world.wait_until(lambda: self.world.client.status().running == 1, "the run to begin")
        for again in range(2):
            (node,) = self.world.client.build_nodes(build.id)
            self.assertEqual((node.state, node.run), (types.NODE_RUNNING, 1))
            code, out, err = self.world.ctl("get", str(build.id), "--nodes", "--state", "running")
            self.assertEqual(code, 0, err)
            self.assertIn("w/1", out)
            code, out, err = self.world.ctl("explain", "-g", "places", "w/1")
            self.assertIn("run 1 of it is at worker", out)
            (run,) = self.world.client.runs_of("places", "w/1")
            self.assertTrue(run.running and run.HasField("start_time"))
            if again == 0:
                self.world.kill_daemon()
                self.world.start()
                world.wait_until(lambda: self.world.client.status().running == 1, "the run to be adopted")
        gate.open()
        world.wait_until(lambda: self.world.client.build(build.id).state == types.BUILD_SUCCEEDED, "the build to end")
        (node,) = self.world.client.build_nodes(build.id)
        self.assertEqual(node.state, types.NODE_SUCCEEDED)


if __name__ == "__main__":
    unittest.main()
