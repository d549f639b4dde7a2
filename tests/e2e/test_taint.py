"""Data that was wrong: who made something from it makes that anew, and nobody else does anything."""

import unittest

import graphs
import world

# What a sensor shows is beyond the facts; a name is read as one character, a copy as it is.
MEASURE = '#!/bin/sh\ncat "$2" > "$FFT_OUT/$1"\n'
FIRST = '#!/bin/sh\nhead -c 1 $(cut -f2 "$FFT_INPUTS") > "$FFT_OUT/$1"\n'
COPY = '#!/bin/sh\ncat $(cut -f2 "$FFT_INPUTS") > "$FFT_OUT/$1"\n'

GRAPH = """
graph: GRAPH
root: data
jobs:
  - {label: measure, outputs: [measured], run: bin/measure, args: [measured, SENSOR]}
  - {label: apart, outputs: [apart], run: bin/measure, args: [apart, SENSOR]}
  - {label: coarse, outputs: [coarse], inputs: [{ref: measured, identity: content}], run: bin/first, args: [coarse]}
  - {label: chart, outputs: [chart], inputs: [{ref: coarse, identity: content}], run: bin/copy, args: [chart]}
  - {label: deep, outputs: [deep], inputs: [chart], run: bin/copy, args: [deep]}
  - {label: named, outputs: [named], inputs: [{ref: measured, identity: version}], run: bin/copy, args: [named]}
"""
ALL = ["apart", "deep", "named"]


class Taint(world.WorldTest):
    def setUp(self):
        self.graph = self._testMethodName[:20]
        self.sensor = self.world.folder / "sensor"
        self.sensor.write_text("17.3\n", encoding="utf-8")
        self.folder = graphs.write_graph(
            self.world.folder / self.graph,
            GRAPH.replace("SENSOR", str(self.sensor)).replace("GRAPH", self.graph),
            {"measure": MEASURE, "first": FIRST, "copy": COPY},
        )
        self.world.deploy(self.folder)
        self.assert_succeeded(self.world.build(self.graph, ALL))

    def taint(self, *words):
        code, out, err = self.world.ctl("taint", "-g", self.graph, *words)
        self.assertEqual(code, 0, err)
        return out

    def read(self, ref):
        return (self.folder / "data" / ref).read_text(encoding="utf-8")

    def test_what_was_made_from_it_is_made_anew_as_far_as_it_comes_out_otherwise(self):
        self.assertIn("4 partitions", self.taint("measured", "-m", "the sensor was warm"))
        shown = self.world.ctl("partitions", "-g", self.graph)[1]
        self.assertRegex(shown, r"measured .*tainted")
        self.assertRegex(shown, r"deep .*suspect")
        self.sensor.write_text("12.9\n", encoding="utf-8")
        watcher = self.world.build(self.graph, ALL)
        self.assert_succeeded(watcher)
        self.assertEqual(self.ran(watcher), {"measure": 1, "coarse": 1, "named": 1})
        self.assertEqual(self.read("named"), "12.9\n")
        self.assertNotRegex(self.world.ctl("partitions", "-g", self.graph)[1], "tainted|suspect")
        self.assertEqual(self.ran(self.world.build(self.graph, ALL)), {})

    def test_it_survives_a_crash_and_reaches_what_is_deepest(self):
        self.taint("measured")
        self.world.kill_daemon()
        self.world.start()
        self.sensor.write_text("23.0\n", encoding="utf-8")
        watcher = self.world.build(self.graph, ["deep"])
        self.assertEqual(self.ran(watcher), {"measure": 1, "coarse": 1, "chart": 1, "deep": 1})
        self.assertEqual(self.read("deep"), "2")
        self.assertEqual(self.ran(self.world.build(self.graph, ALL)), {"named": 1})

    def test_what_is_not_known_is_named_and_nothing_is_tainted(self):
        code, out, err = self.world.ctl("taint", "-g", self.graph, "measured", "mesured")
        self.assertEqual(code, 1)
        self.assertIn("mesured", out + err)
        self.assertEqual(self.ran(self.world.build(self.graph, ALL)), {})


if __name__ == "__main__":
    unittest.main()
