"""examples/weather: right at first, then exactly what a change asks for and nothing else."""

import unittest

import api
import graphs
import oracle_weather
import world

TARGETS = ["weather/report/Seattle", "weather/report/New_York", "weather/comparison"]
EVERYTHING = {"split": 1, "daily": 2922, "monthly": 96, "yearly": 8, "report": 2, "comparison": 1}


class Weather(world.WorldTest):
    """One world; the steps go on from each other in the order of their names."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = graphs.copy_example("weather", cls.world.folder)
        cls.data = cls.folder / "data"

    def assert_values_are_right(self):
        wrong = oracle_weather.differences(self.data, self.folder / "weather.csv")
        self.assertFalse(wrong, "\n".join(wrong[:20]))

    def deploy_and_build(self, targets=None):
        self.world.deploy(self.folder)
        watcher = self.world.build("weather", targets or TARGETS)
        self.assert_succeeded(watcher)
        return watcher

    def test_1_everything_is_built_and_right(self):
        watcher = self.deploy_and_build()
        self.assertEqual(self.ran(watcher), EVERYTHING)
        self.assertEqual(watcher.build.counts.failed, 0)
        self.assert_values_are_right()

    def test_2_again_nothing_runs(self):
        watcher = self.deploy_and_build()
        self.assertEqual(watcher.nodes, {})
        self.assertGreater(watcher.skipped, 0)
        code, out, err = self.world.ctl("build", "-g", "weather", *TARGETS)
        self.assertEqual(code, 0, out + err)
        explained = self.world.client.explain("weather", "weather/comparison")
        self.assertEqual(explained.node.reason, "CACHED")
        self.assertGreater(explained.proof.id, 0)

    def test_3_a_changed_row_runs_its_day_and_what_follows(self):
        graphs.edit(self.folder / "weather.csv", "Seattle,2013-05-14,", "Seattle,2013-05-14,9")
        watcher = self.deploy_and_build()
        self.assertEqual(self.ran(watcher), {job: 1 for job in EVERYTHING})
        ran = {c.outputs[0] for c in watcher.in_state(api.types.NODE_SUCCEEDED) if c.job != "split"}
        self.assertEqual(ran, {"weather/daily/Seattle/2013-05-14", "weather/monthly/Seattle/2013-05",
                               "weather/yearly/Seattle/2013", "weather/report/Seattle", "weather/comparison"})
        self.assert_values_are_right()

    def test_4_an_edited_program_runs_what_depends_on_it(self):
        graphs.edit(self.folder / "bin/yearly", '"\\t%.3f\\t%.1f\\t%.2f\\t%d', '"\\t%.4f\\t%.1f\\t%.2f\\t%d')
        watcher = self.deploy_and_build()
        self.assertEqual(self.ran(watcher), {"yearly": 8, "report": 2, "comparison": 1})
        self.assert_values_are_right()
        node = self.world.client.explain("weather", "weather/yearly/Seattle/2012").node
        self.assertEqual(node.reason, "FACTS_CHANGED")
        self.assertIn("bin/yearly", node.evidence)

    def test_5_an_edited_comment_runs_its_job_and_cuts_off_the_rest(self):
        path = self.folder / "bin/monthly"
        path.write_text(path.read_text(encoding="utf-8") + "# One more comment.\n", encoding="utf-8")
        watcher = self.deploy_and_build()
        self.assertEqual(self.ran(watcher), {"monthly": 96})
        self.assertEqual(self.cut_off(watcher), {"yearly": 8, "report": 2, "comparison": 1})
        self.assertEqual(watcher.build.counts.cut_off, 11)
        self.assertEqual(self.world.client.explain("weather", "weather/comparison").node.reason, "CUT_OFF")

    def test_6_a_deleted_output_that_is_asked_for_is_restored_alone(self):
        ref = "weather/monthly/Seattle/2014-07"
        (self.data / ref).unlink()
        watcher = self.deploy_and_build([ref])
        self.assertEqual(self.ran(watcher), {"monthly": 1})
        self.assertEqual(self.world.client.explain("weather", ref, watcher.build.id).node.reason, "DATA_MISSING")
        again = self.deploy_and_build()
        self.assertEqual(self.ran(again), {})
        self.assert_values_are_right()

    def test_7_a_deleted_input_of_what_is_valid_is_not_missed(self):
        ref = "weather/daily/New_York/2015-02-03"
        (self.data / ref).unlink()
        watcher = self.deploy_and_build(["weather/report/New_York"])
        self.assertEqual(watcher.nodes, {})
        self.assertFalse((self.data / ref).exists())
        explained = self.world.client.explain("weather", "weather/report/New_York", watcher.build.id)
        self.assertEqual(explained.node.reason, "CACHED")
        code, out, err = self.world.ctl("explain", "-g", "weather", "weather/report/New_York")
        self.assertEqual(code, 0, err)
        self.assertIn("CACHED", out)
        restored = self.deploy_and_build([ref])
        self.assertEqual(self.ran(restored), {"daily": 1})
        self.assert_values_are_right()

    def test_8_lineage_goes_back_to_the_source(self):
        code, out, err = self.world.ctl("lineage", "-g", "weather", "weather/yearly/Seattle/2012")
        self.assertEqual(code, 0, err)
        for ref in ("weather/monthly/Seattle/2012-02", "weather/daily/Seattle/2012-02-29", "weather/observations"):
            self.assertIn(ref, out)


if __name__ == "__main__":
    unittest.main()
