"""What operators hold back, and how a client learns what its build waits for."""

import unittest

import api
import graphs
import world
from api import types

WRITE = '#!/bin/sh\necho done > "$FFT_OUT/$1"\n'

GRAPH = """
graph: held
root: data
jobs:
  - {label: free, outputs: ["free/{x}"], run: bin/run, args: ["free/{x}"]}
  - {label: shared, outputs: ["shared/{x}"], run: bin/run, args: ["shared/{x}"], limits: {pools: [warehouse]}}
  - {label: picky, outputs: ["picky/{x}"], run: bin/run, args: ["picky/{x}"], limits: {labels: [gpu]}}
"""


class Operators(world.WorldTest):
    def setUp(self):
        self.world.deploy(graphs.write_graph(self.world.folder / "held", GRAPH, {"run": WRITE}))

    def why(self, ref, build):
        world.wait_until(lambda: self.world.client.build(build.id).state >= types.BUILD_EXECUTING, "the plan")
        return "\n".join(self.world.client.explain("held", ref, build.id).lines)

    def test_a_paused_graph_waits_across_a_crash_and_goes_on(self):
        code, out, err = self.world.ctl("pause", "held")
        self.assertEqual(code, 0, err)
        build = self.world.client.create("held", ["free/1"])
        world.wait_until(lambda: "held is paused" in self.why("free/1", build), "the pause to be named")
        self.world.kill_daemon()
        self.world.start()
        world.wait_until(lambda: "held is paused" in self.why("free/1", build), "the pause to be named again")
        code, out, err = self.world.ctl("resume", "held")
        self.assertEqual(code, 0, err)
        world.wait_until(lambda: self.world.client.build(build.id).state == types.BUILD_SUCCEEDED, "the build to end")

    def test_a_pool_without_a_size_is_a_mutex_and_one_with_a_size_says_so(self):
        watcher = self.world.build("held", [f"shared/{i}" for i in range(10)])
        self.assert_succeeded(watcher)
        code, out, err = self.world.ctl("pools", "warehouse", "4")
        self.assertEqual(code, 0, err)
        self.assertRegex(self.world.ctl("pools")[1], r"warehouse +0 +4")
        self.assertNotEqual(self.world.ctl("pools", "warehouse", "0")[0], 0)

    def test_what_is_stale_is_told_and_nothing_runs(self):
        code, out, err = self.world.ctl("stale", "-g", "held", "free/7")
        self.assertEqual(code, 0, err)
        self.assertRegex(out, r"free/7 +free +NEVER_BUILT")
        self.assert_succeeded(self.world.build("held", ["free/7", "free/8"]))
        self.assertEqual(self.world.ctl("stale", "-g", "held", "free/*")[1], "nothing differs from what would be built now\n")
        (self.world.folder / "held" / "data" / "free" / "8").unlink()
        out = self.world.ctl("stale", "-g", "held", "free/*")[1]
        self.assertRegex(out, r"free/8 +free +DATA_MISSING")
        self.assertNotIn("free/7", out)

    def test_what_a_cancelled_build_leaves_to_others_is_over_for_its_watchers(self):
        folder, counters, gate = graphs.write_gated_graph(self.world.folder / "gated", 1)
        self.world.deploy(folder)
        first = self.world.submit("gated", ["held/1", "before/1"])
        first.until(lambda: any(change.outputs == ["held/1"] for change in first.in_state(types.NODE_RUNNING)))
        first.until(lambda: any(change.outputs == ["before/1"] for change in first.in_state(types.NODE_SUCCEEDED)))
        second = self.world.submit("gated", ["held/1"])
        second.until(lambda: second.in_state(types.NODE_RUNNING))
        reply = self.world.client.cancel(first.build_id)
        self.assertEqual([list(node.builds) for node in reply.kept], [[second.build_id]])
        build = first.run_to_end()
        left = first.in_state(types.NODE_CANCELLED)
        self.assertEqual([(list(change.outputs), change.reason, change.message) for change in left],
                         [(["held/1"], "CANCEL_REQUESTED", "it goes on for others")])
        self.assertEqual((build.state, build.counts.succeeded, build.counts.cancelled), (types.BUILD_CANCELLED, 1, 1))
        gate.open()
        second.run_to_end()
        self.assert_succeeded(second)
        late = api.BuildWatcher(self.world.address, first.build_id)
        late.run_to_end()
        self.assertEqual(late.nodes[left[0].node].message, "it goes on for others")
        self.assertEqual(counters.count("held-1"), 1)

    def test_what_nobody_can_run_says_what_is_missing(self):
        build = self.world.client.create("held", ["picky/1"])
        world.wait_until(lambda: "labels gpu" in self.why("picky/1", build), "the label to be named")
        self.world.client.cancel(build.id)


if __name__ == "__main__":
    unittest.main()
