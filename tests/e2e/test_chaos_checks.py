"""The checks of the chaos test can fail: each is shown a small healthy history, then what it is to find."""

import unittest

import chaos_checks as checks
import chaos_clients
import chaos_graph
import chaos_job
import chaos_records as records
import chaos_storm

types = records.types
VALUES = {"source/1": "first"}


def content(node):
    return chaos_graph.digest(chaos_graph.expected(node, VALUES))


def line(what, run, node, at, **more):
    inputs = {}
    if what == "START":
        inputs = {ref: "" if ref.startswith("source/") else content(ref) for ref in chaos_graph.inputs_of(node)}
    fields = {"graph": "north", "what": what, "node": node, "run": run, "mono": at, "wall": 1000 + at,
              "inputs": inputs, "output": content(node) if what == "END" else "",
              "value": "first" if what == "END" and node.startswith("a/") else ""}
    return records.Line(**{**fields, **more})


def run(number, ref, outcome="SUCCEEDED", begin=0, **more):
    left_by = {"source/1": 0, "a/1": 1}
    fields = {"id": number, "node": 10 + number, "graph": "north", "ref": ref, "worker": "w", "outcome": outcome,
              "key": f"key of {ref}", "content": content(ref) if outcome == "SUCCEEDED" else "",
              "inputs": {i: left_by[i] for i in chaos_graph.inputs_of(ref)} if outcome == "SUCCEEDED" else {},
              "granted": 1000 + begin, "ended": 1000 + begin + 2, "message": ""}
    return records.Run(**{**fields, **more})


def kill(what, at, worker="w"):
    return chaos_storm.Kill(what, worker, 1, 1000 + at, at)


def build(state="SUCCEEDED", **more):
    fields = {"id": 7, "state": state, "reason": "NONE", "message": "", "received": 999, "ended": 1010,
              "nodes": {11: ("a/1", "SUCCEEDED", "NEVER_BUILT"), 12: ("e/1", "SUCCEEDED", "NEVER_BUILT")},
              "targets": {"e/1": 2}, "counts": types.NodeCounts(total=2, cached=1, succeeded=1)}
    return records.Build(**{**fields, **more})


def asked(**more):
    fields = {"request_id": "0-0", "graph": "north", "targets": ["e/1"], "options": {}, "build": 7,
              "stop": "", "is_retry": False}
    return chaos_clients.Asked(**{**fields, **more})


class Checks(unittest.TestCase):
    def setUp(self):
        """a/1 and e/1 were built, one after the other."""
        self.lines = [line("START", 1, "a/1", 0.1), line("END", 1, "a/1", 1), line("START", 2, "e/1", 3.1),
                      line("END", 2, "e/1", 4)]
        self.runs = {1: run(1, "a/1"), 2: run(2, "e/1", begin=3)}

    def add_run(self, number, ref, outcome, begin, *told, **more):
        self.runs[number] = run(number, ref, outcome, begin, **more)
        self.lines += [line(what, number, ref, begin + 0.1 + i) for i, what in enumerate(told)]

    def assert_finds(self, wrong, *words):
        self.assertEqual(len(wrong), 1, wrong)
        for word in words:
            self.assertIn(word, wrong[0])

    def ends(self, *kills, cancelled=()):
        return checks.run_ends(self.runs, self.lines, kills, set(cancelled))

    def outputs(self, *builds):
        return checks.outputs(builds, self.runs, checks.Lineage(self.runs, self.lines))

    def test_a_healthy_history_is_left_in_peace(self):
        self.assertEqual(checks.count_lines(self.lines) + checks.overlaps(self.lines) + self.ends(), [])
        self.assertEqual(checks.runs_again(self.runs, set()) + checks.reads(self.runs, self.lines), [])
        self.assertEqual(self.outputs(build()), ([], {7: VALUES}))
        self.assertEqual(checks.build_ends([asked()], {7: build()}), [])
        self.assertEqual(checks.node_ends([build()], self.runs), [])

    # What jobs counted.

    def test_a_job_that_met_another(self):
        for what in ("DOUBLE", "WRITTEN_WHILE_READ", "CHANGED_WHILE_READ", "POOL_TOO_FULL"):
            self.assert_finds(checks.count_lines(self.lines + [line(what, 3, "a/1", 1)]), what)

    def test_a_run_that_was_executed_twice(self):
        self.assert_finds(checks.count_lines(self.lines + [line("START", 2, "e/1", 5)]), "run 2", "2 lines START")

    def test_two_runs_of_an_output_at_once(self):
        self.add_run(3, "e/1", "SUCCEEDED", 3.4, "START", "END")
        self.assert_finds(checks.overlaps(self.lines), "run 3 began while run 2")

    # How runs ended.

    def test_a_run_that_nobody_recorded(self):
        self.lines.append(line("START", 9, "e/1", 5))
        self.assert_finds(self.ends(), "run 9", "knows nothing")

    def test_a_success_without_a_job(self):
        self.add_run(3, "e/1", "SUCCEEDED", 6)
        self.assert_finds(self.ends(), "is recorded so")

    def test_a_success_of_a_job_that_did_not_end(self):
        self.add_run(3, "e/1", "SUCCEEDED", 6, "START")
        self.assert_finds(self.ends(), "is recorded so")

    def test_a_failure_of_a_job_that_succeeded(self):
        self.add_run(3, "e/1", "FAILED", 6, "START", "END")
        self.assert_finds(self.ends(), "is recorded so")

    def test_another_content_than_the_job_made(self):
        self.runs[2] = self.runs[2]._replace(content="other")
        self.assert_finds(self.ends(), "another content")

    def test_a_run_that_was_lost_without_a_kill_of_its_guardian(self):
        self.add_run(3, "e/1", "INFRASTRUCTURE", 6, "START")
        self.assertEqual(self.ends(kill("guardian", 7)), [])
        for other in (kill("agent", 7), kill("daemon", 7, ""), kill("postgres", 7, ""), kill("guardian", 7, "v"),
                      kill("guardian", 0), kill("guardian", 9)):
            self.assert_finds(self.ends(other), "no kill of its guardian")

    def test_an_ended_job_whose_guardian_was_killed_much_later(self):
        self.add_run(3, "e/1", "INFRASTRUCTURE", 6, "START", "END", ended=1020)
        self.assertEqual(self.ends(kill("guardian", 7.2)), [])
        self.assert_finds(self.ends(kill("guardian", 15)), "no kill of its guardian")

    def test_a_cancelled_run_that_nobody_cancelled(self):
        self.add_run(3, "e/1", "CANCELLED", 6, "START")
        self.assertEqual(self.ends(cancelled=[13]), [])
        self.assert_finds(self.ends(), "nobody who wanted it")

    def test_an_end_that_no_job_has(self):
        self.add_run(3, "e/1", "BAD_OUTPUT", 6, "START", "END")
        self.assert_finds(self.ends(), "in a way that its job has not")

    # What ran again.

    def test_a_key_that_had_succeeded_runs_again(self):
        for outcome in ("SUCCEEDED", "INFRASTRUCTURE", "CANCELLED"):
            self.add_run(3, "e/1", outcome, 6, "START")
            self.assert_finds(checks.runs_again(self.runs, set()), "repeats run 2")
            self.assertEqual(checks.runs_again(self.runs, {13}), [])

    def test_another_key_or_a_lost_run_before_is_no_repetition(self):
        self.runs[2] = run(2, "e/1", "INFRASTRUCTURE")
        self.add_run(3, "e/1", "SUCCEEDED", 6, "START", "END")
        self.add_run(4, "e/1", "SUCCEEDED", 9, "START", "END", key="another")
        self.assertEqual(checks.runs_again(self.runs, set()), [])

    def test_what_replaced_a_key_or_was_cut_short_in_place_makes_it_run_again(self):
        self.add_run(3, "e/1", "SUCCEEDED", 6, "START", "END", key="another")
        self.add_run(4, "e/1", "SUCCEEDED", 9, "START", "END")
        self.assertEqual(checks.runs_again(self.runs, set()), [])
        runs = {n: run(n, "a/1", outcome)._replace(ref="p/1")
                for n, outcome in ((5, "SUCCEEDED"), (6, "CANCELLED"), (7, "SUCCEEDED"))}
        self.assertEqual(checks.runs_again(runs, {16}), [])  # 6 was asked for, 7 repairs
        del runs[6]
        self.assert_finds(checks.runs_again(runs, set()), "repeats run 5")

    def test_a_worker_with_more_jobs_than_slots(self):
        self.assertEqual(checks.slots(self.runs, self.lines, 1), [])
        self.add_run(3, "a/1", "SUCCEEDED", 3.4, "START", "END")
        self.assertEqual(checks.slots(self.runs, self.lines, 2), [])
        self.assert_finds(checks.slots(self.runs, self.lines, 1), "w had 2 jobs at once")

    def test_only_what_a_rebuild_names_may_run_again(self):
        for glob, nodes in (("e/*", {12}), ("a", {11}), ("*", {11, 12}), ("b", set())):
            self.assertEqual(checks.rebuilds([asked(options={"rebuild": [glob]})], {7: build()}), nodes)

    # What came out.

    def test_a_job_that_read_something_else_than_its_manifest_says(self):
        self.lines[2] = line("START", 2, "e/1", 3.1, inputs={"a/1": "other"})
        self.assert_finds(checks.reads(self.runs, self.lines), "something else than run 1")

    def test_a_manifest_that_leaves_out_an_input(self):
        self.runs[2] = self.runs[2]._replace(inputs={})
        self.assert_finds(checks.reads(self.runs, self.lines), "other refs")

    def test_an_output_that_a_clean_build_would_not_give(self):
        self.runs[2] = self.runs[2]._replace(content="other")
        self.assert_finds(self.outputs(build())[0], "not what a clean build gives")

    def test_a_target_without_a_run(self):
        self.assert_finds(self.outputs(build(targets={"e/1": 5}))[0], "nothing is known of run 5")

    def test_a_build_that_mixes_versions(self):
        self.add_run(3, "a/1", "SUCCEEDED", 6)
        self.lines += [line("START", 3, "a/1", 6.1), line("END", 3, "a/1", 7, value="second")]
        self.assert_finds(self.outputs(build(targets={"e/1": 2, "a/1": 3}))[0], "mixes versions")

    def test_data_of_a_source_that_had_been_replaced(self):
        versions = {"source/1": [chaos_graph.Version("first", 900, 901), chaos_graph.Version("second", 990, 991)]}
        self.assert_finds(checks.freshness(build(), VALUES, versions), "8.00 s before it was asked for")
        self.assertEqual(checks.freshness(build(received=990.5), VALUES, versions), [])
        self.assertEqual(checks.freshness(build(), {"source/1": "second"}, versions), [])
        self.assert_finds(checks.freshness(build(ended=950), {"source/1": "second"}, versions), "younger")
        self.assert_finds(checks.freshness(build(), {"source/1": "third"}, versions), "never began")

    # How builds and nodes ended.

    def test_builds_that_end_as_they_should_not(self):
        failed = {11: ("a/1", "FAILED", "JOB_FAILED")}
        self.assert_finds(checks.build_ends([asked()], {}), "is not there")
        self.assert_finds(checks.build_ends([asked()], {7: build("CANCELLED")}), "is CANCELLED")
        self.assert_finds(checks.build_ends([asked()], {7: build("FAILED", nodes=failed)}), "is FAILED")
        self.assert_finds(checks.build_ends([asked(targets=["bad/1"])], {7: build()}), "is SUCCEEDED")
        for stop in ("", "may"):
            self.assert_finds(checks.build_ends([asked(stop=stop)], {7: build("EXECUTING")}), "is EXECUTING")
        self.assert_finds(checks.build_ends([asked(stop="must")], {7: build()}), "is SUCCEEDED")
        for stop, state in (("may", "CANCELLED"), ("may", "SUCCEEDED"), ("must", "CANCELLED")):
            self.assertEqual(checks.build_ends([asked(stop=stop)], {7: build(state)}), [])

    def test_counts_that_do_not_add_up(self):
        for counts in (types.NodeCounts(total=3, cached=1, succeeded=1), types.NodeCounts(total=1, running=1),
                       types.NodeCounts(total=1, failed=1), types.NodeCounts(running=1)):
            self.assert_finds(checks.build_ends([asked()], {7: build(counts=counts)}), "counts")

    def test_a_node_that_fails_for_the_fault_of_another(self):
        for reason in ("JOB_FAILED", "BAD_OUTPUT", "QUARANTINED"):
            broken = build("FAILED", nodes={12: ("e/1", "FAILED", reason)})
            self.assert_finds(checks.node_ends([broken], self.runs), f"failed with {reason}")

    def test_three_lost_runs_in_a_row_may_end_a_node(self):
        broken = build("FAILED", nodes={20: ("e/1", "FAILED", "QUARANTINED")})
        runs = {n: run(n, "e/1", "INFRASTRUCTURE", node=20) for n in (4, 5, 6)}
        self.assertEqual(checks.node_ends([broken], runs), [])
        runs[5] = run(5, "e/1", "RETRIABLE", node=20)
        self.assert_finds(checks.node_ends([broken], runs), "QUARANTINED")

    def test_the_job_makes_what_the_oracle_expects(self):
        job = chaos_job.Job.__new__(chaos_job.Job)
        job.node = "a/1"
        self.assertEqual(job.make({"source/1": b"first\nedit 3\n"}).encode(), chaos_graph.expected("a/1", VALUES))
        job.node = "e/1"
        self.assertEqual(job.make({"a/1": chaos_graph.expected("a/1", VALUES)}).encode(),
                         chaos_graph.expected("e/1", VALUES))


class Events(unittest.TestCase):
    def setUp(self):
        self.log = [self.of_build(1, types.BUILD_RECEIVED), self.of_build(2, types.BUILD_EXECUTING),
                    self.of_node(3, types.NODE_RUNNING), self.of_node(4, types.NODE_SUCCEEDED),
                    self.of_build(5, types.BUILD_SUCCEEDED)]

    @staticmethod
    def of_build(seq, state, build_id=7):
        event = types.Event(seq=seq)
        event.build_changed.build.id = build_id
        event.build_changed.build.state = state
        return event

    @staticmethod
    def of_node(seq, state):
        event = types.Event(seq=seq)
        event.nodes_changed.changes.add(node=11, state=state)
        return event

    def test_a_healthy_log_is_left_in_peace(self):
        self.assertEqual(checks.numbers(self.log) + checks.same_events(self.log, self.log), [])
        self.assertEqual(checks.lives(self.log), ([], {7}))

    def test_numbers_that_are_left_out_repeated_or_in_disorder(self):
        for order in ((0, 1, 3), (0, 1, 1, 2), (1, 0, 1, 2)):
            self.assertTrue(checks.numbers([self.log[i] for i in order]))

    def test_an_event_that_was_told_otherwise(self):
        told = [self.of_build(1, types.BUILD_RECEIVED), self.of_build(2, types.BUILD_FAILED)]
        self.assertEqual(len(checks.same_events(told, self.log)), 1)
        self.assertEqual(len(checks.same_events([self.of_build(9, types.BUILD_RECEIVED)], self.log)), 1)

    def test_a_build_that_never_ends(self):
        self.assertIn("never ended", checks.lives(self.log[:-1])[0][0])

    def test_a_build_that_ends_twice(self):
        wrong, _ = checks.lives(self.log + [self.of_build(6, types.BUILD_SUCCEEDED)])
        self.assertEqual(len(wrong), 1)
        self.assertIn("changed after its end", wrong[0])

    def test_a_build_that_was_never_or_twice_received(self):
        self.assertTrue(checks.lives(self.log[1:])[0])
        self.assertTrue(checks.lives(self.log[:2] + [self.of_build(3, types.BUILD_RECEIVED)] + self.log[4:])[0])

    def test_a_node_that_changes_after_its_end(self):
        log = self.log[:4] + [self.of_node(5, types.NODE_RUNNING), self.of_build(6, types.BUILD_SUCCEEDED)]
        self.assertIn("node 11 changed after its end", checks.lives(log)[0][0])


if __name__ == "__main__":
    unittest.main()
