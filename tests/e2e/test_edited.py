"""Sources that are edited while they are read: nothing passes for made of what it was not, and no build mixes versions."""

import unittest

import api
import graphs
import world

# Reads its input, says that it did, waits at the gate.
READ = """#!/bin/sh
set -e
path=$(cut -f2 "$FFT_INPUTS")
cat "$path" > "$FFT_OUT/$1"
echo ran >> "$2/$1"
flock -s "$3" true
"""
COPY = '#!/bin/sh\ncut -f2 "$FFT_INPUTS" | xargs cat > "$FFT_OUT/$1"\necho ran >> "$2/$1"\n'

GRAPH = """
graph: GRAPH
root: data
sources: [{ref: table, file: table.csv}]
jobs:
  - {label: slow, outputs: [slow], inputs: [table], run: bin/read, args: [slow, COUNTERS, GATE]}
  - {label: report, outputs: [report], inputs: [slow], run: bin/copy, args: [report, COUNTERS]}
  - {label: index, outputs: [index], inputs: [table], run: bin/copy, args: [index, COUNTERS]}
"""


class Edited(world.WorldTest):
    def setUp(self):
        self.graph = self._testMethodName[5:20]
        self.folder = self.world.folder / self.graph
        self.folder.mkdir()
        self.counters = graphs.Counters(self.folder / "counters")
        self.table = self.folder / "table.csv"
        self.table.write_text("one\n", encoding="utf-8")
        self.gate = graphs.Gate(self.folder / "gate")
        self.addCleanup(self.gate.open)
        graphs.write_graph(self.folder, GRAPH.replace("GRAPH", self.graph).replace("COUNTERS", str(self.counters.folder))
                           .replace("GATE", str(self.gate.path)), {"read": READ, "copy": COPY})
        self.world.deploy(self.folder)

    def read(self, ref):
        return (self.folder / "data" / ref).read_text(encoding="utf-8")

    def start(self):
        watcher = self.world.submit(self.graph, ["report", "index"])
        self.addCleanup(watcher.close)
        world.wait_until(lambda: self.counters.count("slow") == 1 and self.counters.count("index") == 1, "both to be read")
        return watcher

    def end(self, watcher):
        self.gate.open()
        watcher.run_to_end()
        self.assertEqual(watcher.build.state, api.types.BUILD_SUCCEEDED, watcher.build.message)

    def test_there(self):
        """The build is planned again, and all that it leaves is of the newer content."""
        watcher = self.start()
        watcher.until(lambda: "index" in {c.job for c in watcher.in_state(api.types.NODE_SUCCEEDED)})
        self.table.write_text("two\n", encoding="utf-8")
        self.end(watcher)
        self.assertEqual([self.read(ref) for ref in ("slow", "report", "index")], ["two\n"] * 3)
        self.assertEqual(self.counters.all(), {"slow": 2, "report": 2, "index": 2})
        states = [e.build_changed.build.state for e in watcher.events if e.WhichOneof("what") == "build_changed"]
        self.assertEqual(states.count(api.types.BUILD_EXECUTING), 2, states)
        self.assertEqual(self.ran(self.world.build(self.graph, ["report", "index"])), {})

    def test_there_and_back(self):
        """Nobody knows what was read: it is read again, now as ever after."""
        watcher = self.start()
        self.table.write_text("two\n", encoding="utf-8")
        self.table.write_text("one\n", encoding="utf-8")
        self.end(watcher)
        self.assertEqual([self.read(ref) for ref in ("slow", "report", "index")], ["one\n"] * 3)
        self.assertEqual(self.counters.count("slow"), 2)
        self.assertEqual(self.ran(self.world.build(self.graph, ["report", "index"])), {})

    def test_for_who_wants_all_to_run(self):
        watcher = self.world.submit(self.graph, ["report"], cache_mode=api.types.CACHE_WRITE_ONLY)
        self.addCleanup(watcher.close)
        world.wait_until(lambda: self.counters.count("slow") == 1, "it to be read")
        self.table.write_text("two\n", encoding="utf-8")
        self.end(watcher)
        self.assertIn("more than one of its versions", watcher.build.message)
        self.assertEqual(self.read("report"), "one\n")
        again = self.world.build(self.graph, ["report"])
        self.assert_succeeded(again)
        self.assertEqual(self.ran(again), {"slow": 1, "report": 1})
        self.assertEqual(self.read("report"), "two\n")
        self.table.write_text("one\n", encoding="utf-8")
        self.assertEqual(self.ran(self.world.build(self.graph, ["report"])), {"slow": 1, "report": 1})


if __name__ == "__main__":
    unittest.main()
