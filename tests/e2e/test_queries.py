"""QUERY inputs: data that the build does not make is checked for, awaited or ignored."""

import unittest

import graphs
import world
from api import types

COPY = '#!/bin/sh\ncat $(cut -f2 "$FFT_INPUTS") > "$FFT_OUT/$1" 2>/dev/null || echo nothing > "$FFT_OUT/$1"\n'

GRAPH = """
graph: queries
root: data
jobs:
  - {label: required, outputs: [required], inputs: [{query: outside/a}], run: bin/copy, args: [required]}
  - {label: awaited, outputs: [awaited], inputs: [{query: outside/b, presence: awaited, wait_max: 10m}], run: bin/copy, args: [awaited]}
  - {label: hasty, outputs: [hasty], inputs: [{query: outside/c, presence: awaited, wait_max: 1s}], run: bin/copy, args: [hasty]}
  - {label: careless, outputs: [careless], inputs: [{query: outside/d, presence: ignored}], run: bin/copy, args: [careless]}
  - {label: own, outputs: [own], run: bin/copy, args: [own]}
  - {label: both, outputs: [both], inputs: [{query: own}, {order: awaited}], run: bin/copy, args: [both]}
"""


class Queries(world.WorldTest):
    def setUp(self):
        self.folder = graphs.write_graph(self.world.folder / "queries", GRAPH, {"copy": COPY})
        self.world.deploy(self.folder)

    def put(self, name, text):
        path = self.folder / "data/outside" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def test_what_is_required_is_named_before_anything_runs(self):
        watcher = self.world.build("queries", ["own", "required"])
        self.assertEqual(watcher.build.state, types.BUILD_FAILED)
        for word in ("required", "outside/a", "data/outside/a"):
            self.assertIn(word, watcher.build.message)
        self.assertEqual(self.ran(watcher), {})
        self.put("a", "here\n")
        self.assert_succeeded(self.world.build("queries", ["required"]))
        self.assertEqual((self.folder / "data/required").read_text(encoding="utf-8"), "here\n")

    def test_what_is_awaited_is_waited_for_even_across_a_crash(self):
        client = self.world.client
        build = client.create("queries", ["awaited"])
        world.wait_until(lambda: "waiting" in client.build(build.id).message, "the build to wait")
        self.assertEqual(client.build(build.id).state, types.BUILD_PLANNING)
        code, out, err = self.world.ctl("explain", "-g", "queries", "awaited", "--build", str(build.id))
        self.assertEqual(code, 1)
        self.assertIn("is being planned: waiting: job awaited queries outside/b", out + err)
        self.world.kill_daemon()
        self.world.start()
        self.put("b", "at last\n")
        client = self.world.client
        world.wait_until(lambda: client.build(build.id).state == types.BUILD_SUCCEEDED, "the build to end")
        self.assertEqual(client.build(build.id).message, "")
        self.assertEqual((self.folder / "data/awaited").read_text(encoding="utf-8"), "at last\n")

    def test_waiting_has_an_end(self):
        watcher = self.world.build("queries", ["hasty"])
        self.assertEqual(watcher.build.state, types.BUILD_FAILED)
        self.assertIn("outside/c", watcher.build.message)
        self.assertIn("awaited for", watcher.build.message)

    def test_what_is_ignored_may_be_away(self):
        self.assert_succeeded(self.world.build("queries", ["careless"]))

    def test_what_the_build_makes_itself_need_not_be_there(self):
        self.put("b", "there\n")
        self.assert_succeeded(self.world.build("queries", ["own", "both"]))


if __name__ == "__main__":
    unittest.main()
