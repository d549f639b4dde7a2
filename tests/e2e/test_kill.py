"""kill -9 of everything amid a build: nothing lost, nothing doubled, nothing half."""

import signal
import unittest

import api
import graphs
import world

WIDTH = 40


class Kill(unittest.TestCase):
    """A world for each test: what was killed must not colour the next."""

    def setUp(self):
        self.world = world.World(slots=2)
        self.addCleanup(self.world.close)
        self.world.start()
        self.folder, self.counters, self.gate = graphs.write_gated_graph(
            self.world.folder / "gated", WIDTH)
        self.addCleanup(self.gate.open)
        self.world.deploy(self.folder)
        self.data = self.folder / "data"
        self.watcher = self.world.submit("gated", ["all"], discipline=api.types.EAGER)
        self.addCleanup(self.watcher.close)

    def reach_the_middle(self):
        """held/1 stands at the gate with half its output written, and some of the others are done."""
        self.watcher.until(lambda: "held" in {c.job for c in self.watcher.in_state(api.types.NODE_RUNNING)}
                           and len(self.watcher.in_state(api.types.NODE_SUCCEEDED)) >= 3)
        world.wait_until(lambda: self.counters.count("held-1") == 1, "held/1 to start")
        self.assert_nothing_half()

    def finished(self):
        return {c.outputs[0].replace("/", "-") for c in self.watcher.in_state(api.types.NODE_SUCCEEDED)}

    def assert_nothing_half(self):
        self.assertFalse((self.data / "held/1").exists())

    def end_well(self, again=()):
        """The build succeeds; every job ran once, those in `again` twice, each event came once."""
        self.gate.open()
        self.watcher.run_to_end()
        build = self.watcher.build
        self.assertEqual(build.state, api.types.BUILD_SUCCEEDED, f"{build.message}\n{self.world.log_text()}")
        self.assertEqual((self.data / "held/1").read_text(), "first half\nsecond half\n")
        counts = self.counters.all()
        self.assertEqual(len(counts), 2 * WIDTH + 2)
        wrong = {name: count for name, count in counts.items() if count != 1 and name not in again}
        self.assertEqual(wrong, {}, f"ran more than once\n{self.world.log_text()}")
        self.assertEqual(len(self.watcher.in_state(api.types.NODE_SUCCEEDED)), 2 * WIDTH + 2)
        ends = [e for e in self.watcher.events if e.WhichOneof("what") == "build_changed"
                and e.build_changed.build.state in api.TERMINAL_BUILDS]
        self.assertEqual(len(ends), 1)
        self.assert_log_has_no_gap()

    def assert_log_has_no_gap(self):
        last = self.world.client.status().last_event
        numbers = api.event_numbers(self.world.client, last)
        self.assertEqual(numbers, list(range(numbers[0], last + 1)))

    def test_daemon(self):
        self.reach_the_middle()
        self.world.kill_daemon()
        self.world.start()
        self.assert_nothing_half()
        self.end_well()
        self.assertGreater(self.watcher.connections, 1)

    def test_daemon_twice(self):
        self.reach_the_middle()
        for _ in range(2):
            self.world.kill_daemon()
            self.world.start()
        self.end_well()

    def test_agent(self):
        self.reach_the_middle()
        agent = self.world.agent()
        self.world.kill(agent)
        world.wait_until(lambda: any(p.pid != agent.pid for p in self.world.agents()), "another agent")
        self.end_well()

    def test_guardian(self):
        self.reach_the_middle()
        finished = self.finished()
        guardian = self.world.guardian()
        running = {p.pid for p in self.world.processes() if p.parent == guardian.pid}
        self.assertTrue(running)
        self.world.kill(guardian)
        self.assert_nothing_half()
        again = {name for name in self.counters.all() if name not in finished}
        self.end_well(again)
        self.assertEqual(self.counters.count("held-1"), 2)

    def test_postgres(self):
        self.reach_the_middle()
        postgres = self.world.postgres()
        self.world.kill(postgres)
        self.end_well()

    def test_postgres_and_daemon(self):
        self.reach_the_middle()
        postgres = self.world.postgres()
        self.world.kill_daemon()
        self.world.signal(postgres, signal.SIGKILL)
        self.world.start()
        self.end_well()


if __name__ == "__main__":
    unittest.main()
