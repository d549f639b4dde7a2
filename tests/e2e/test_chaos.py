"""Everything is killed at random while eight clients build: nothing lost, nothing doubled, nothing wrong.

CHAOS_SEED=n repeats the decisions (not the timing), CHAOS_SECONDS=n makes the storm longer, CHAOS_WORLD=dev or
CHAOS_WORLD=twin says where (one fftd dev, or two daemons that take over from each other), and CHAOS_KEEP=folder
keeps logs, counters and the database of a failed storm there.
"""

import collections
import os
import pathlib
import random
import time
import unittest

import chaos_checks as checks
import chaos_clients
import chaos_graph
import chaos_records as records
import chaos_storm
import chaos_world
import world

SECONDS = float(os.environ.get("CHAOS_SECONDS", "45"))
SEED = int(os.environ.get("CHAOS_SEED", random.SystemRandom().randrange(1_000_000)))
KEEP = os.environ.get("CHAOS_KEEP", "")
WORLDS = {"dev": chaos_world.DevWorld, "twin": chaos_world.TwinWorld}
CLIENTS = 8
# All of a client's patience is for the storm and what follows it.
PATIENCE_S = SECONDS + 2 * world.PATIENCE_S
FAULTS = ("AddressSanitizer", "LeakSanitizer", "runtime error:", "check failed", "terminate called")


class Chaos(unittest.TestCase):
    """One storm; each test looks at what it left in another way."""

    @classmethod
    def setUpClass(cls):
        cls.is_kept = False
        cls.chance = random.Random(SEED)
        name = cls.chance.choice(sorted(WORLDS))
        name = os.environ.get("CHAOS_WORLD", name)
        print(f"CHAOS_SEED={SEED} CHAOS_SECONDS={SECONDS:.0f} CHAOS_WORLD={name}", flush=True)
        cls.world = WORLDS[name]()
        cls.addClassCleanup(cls.world.close)
        try:
            cls.weather_the_storm()
            cls.gather()
        except BaseException:
            cls.keep()
            raise

    @classmethod
    def weather_the_storm(cls):
        cls.world.start()
        cls.graphs = {name: chaos_graph.Graph(cls.world.folder, name) for name in ("north", "south")}
        for graph in cls.graphs.values():
            cls.world.deploy(graph.folder)
        cls.follower = chaos_clients.Follower(cls.world.addresses, random.Random(cls.chance.random()), PATIENCE_S)
        cls.clients = [
            chaos_clients.Client(number, cls.world.addresses, list(cls.graphs.values()),
                                 lambda folder: cls.world.ctl("deploy", folder)[0],
                                 random.Random(cls.chance.random()), PATIENCE_S) for number in range(CLIENTS)]
        cls.storm = chaos_storm.Storm(cls.world, random.Random(cls.chance.random()))
        for thread in [cls.follower, *cls.clients]:
            thread.start()
        cls.storm.run(SECONDS)
        for client in cls.clients:
            client.enough.set()
        cls.storm.calm()
        # What was struck last may end only now: the init system works on until all builds have ended.
        cls.storm.wait_until(lambda: not any(client.is_alive() for client in cls.clients), "the clients to end",
                             PATIENCE_S)
        cls.storm.wait_until(cls.have_builds_ended, "the builds that nobody watches to end", PATIENCE_S)
        cls.leader = cls.world.find_leader()
        cls.build_all()

    @classmethod
    def have_builds_ended(cls):
        leader = cls.world.find_leader()
        try:
            return leader and all(b.state in records.api.TERMINAL_BUILDS for b in records.list_builds(leader))
        except records.api.grpc.RpcError:
            return False  # it has just ended itself

    @classmethod
    def build_all(cls):
        """After the storm, twice: what a clean build would give, then nothing to do."""
        cls.last = {}
        for name in cls.graphs:
            cls.last[name] = []
            for _ in range(2):
                build = cls.leader.create(name, chaos_graph.GOOD)
                watcher = chaos_clients.RoamingWatcher(cls.world.addresses, build.id, PATIENCE_S, cls.chance)
                watcher.run_to_end()
                cls.last[name].append(watcher)

    @classmethod
    def gather(cls):
        client = cls.leader
        last = client.status().last_event
        cls.follower.finish(last)
        cls.log = records.read_events(client, last)
        cls.asked = [asked for c in cls.clients for asked in c.asked]
        cls.builds = {build.id: records.read_build(client, build.id) for build in records.list_builds(client)}
        cls.runs, cls.lines, cls.pieces = {}, [], []
        for graph in cls.graphs.values():
            cls.runs.update(records.read_runs(client, graph))
            lines, pieces = records.read_lines(graph)
            cls.lines += lines
            cls.pieces += pieces
        cls.lineage = checks.Lineage(cls.runs, cls.lines)
        cls.follower.join(PATIENCE_S)
        cls.tell()

    @classmethod
    def tell(cls):
        def counted(values):
            return ", ".join(f"{n} {what}" for what, n in sorted(collections.Counter(values).items()))
        print(f"{cls.storm.per_s} kills a second, weights {cls.storm.weights}\n"
              f"killed: {counted(kill.what for kill in cls.storm.kills)}\n"
              f"builds: {counted(build.state for build in cls.builds.values())}\n"
              f"runs: {counted(run.outcome for run in cls.runs.values())}\n"
              f"job lines: {counted(line.what for line in cls.lines)}, {len(cls.pieces)} cut short\n"
              f"events: {len(cls.log)}, followed over {cls.follower.connections} connections\n"
              f"gave up: {[(end.what, end.log.splitlines()[-1:]) for end in cls.storm.ends]}", flush=True)

    @classmethod
    def keep(cls):
        if not KEEP or cls.is_kept:
            return
        cls.is_kept = True
        place = pathlib.Path(KEEP) / str(SEED)
        cls.world.keep(place)
        storm = getattr(cls, "storm", None)
        (place / "kills").write_text("".join(
            f"{time.strftime('%H:%M:%S', time.gmtime(k.wall))}.{int(k.wall % 1 * 1000):03d} {k.wall:.3f} "
            f"{k.what} {k.worker} {k.pid}\n" for k in (storm.kills if storm else [])), encoding="utf-8")
        print(f"kept in {place}", flush=True)

    def run(self, result=None):
        before = len(result.failures) + len(result.errors) if result else 0
        super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            self.keep()
        return result

    def none_of(self, wrong):
        if wrong:
            self.fail(f"CHAOS_SEED={SEED}: {len(wrong)} complaints\n  " + "\n  ".join(map(str, wrong[:20])))

    # The storm itself.

    def test_there_was_a_storm(self):
        killed = {kill.what for kill in self.storm.kills}
        self.assertEqual(killed, {victim.partition(" ")[0] for victim in self.world.VICTIMS})
        states = collections.Counter(build.state for build in self.builds.values())
        self.assertGreater(states["SUCCEEDED"], CLIENTS)

    def test_nothing_ends_without_being_killed(self):
        self.none_of([end for end in self.storm.ends if not end.is_excused])

    def test_no_program_complained_of_itself(self):
        wrong = []
        for path in sorted(self.world.folder.rglob("*.log")):
            text = path.read_text(encoding="utf-8", errors="replace")
            wrong += [f"{path.name}: {line}" for line in text.splitlines() if any(f in line for f in FAULTS)]
        self.none_of(wrong)

    # What clients were promised.

    def test_clients_have_no_complaint(self):
        self.none_of([complaint for client in self.clients for complaint in client.complaints])

    def test_every_accepted_build_is_there_and_ends_as_it_should(self):
        self.none_of(checks.build_ends(self.asked, self.builds))

    def test_nothing_was_accepted_twice(self):
        mine = [asked.build for asked in self.asked]
        ours = [watcher.build_id for watchers in self.last.values() for watcher in watchers]
        self.assertEqual(sorted(mine + ours), sorted(self.builds))

    def test_a_request_id_stands_for_its_build_for_good(self):
        wrong = []
        for asked in (asked for client in self.clients for asked in client.asked if not asked.is_retry):
            labels = {"client": f"client-{asked.request_id.partition('-')[0]}"}
            build = self.leader.create(asked.graph, asked.targets, asked.request_id, labels, **asked.options)
            if build.id != asked.build:
                wrong.append(f"{asked} is now build {build.id}")
        self.none_of(wrong)

    # What happened, as events tell it.

    def test_the_log_has_no_gap(self):
        self.none_of(checks.numbers(self.log))

    def test_every_build_has_one_end(self):
        wrong, told = checks.lives(self.log)
        self.none_of(wrong + [f"no event tells of build {build}" for build in set(self.builds) - told]
                     + [f"events tell of build {build}, which is not there" for build in told - set(self.builds)])

    def test_a_follower_is_told_all_of_it_once(self):
        self.none_of(self.follower.complaints)
        self.assertGreater(self.follower.connections, 5)
        self.none_of(checks.numbers(self.follower.events))
        self.assertEqual([e.seq for e in self.follower.events[:1]], [e.seq for e in self.log[:1]])
        self.assertGreaterEqual(self.follower.events[-1].seq, self.log[-1].seq)
        self.none_of(checks.same_events([e for e in self.follower.events if e.seq <= self.log[-1].seq], self.log))

    # What ran.

    def test_jobs_were_alone_with_their_outputs(self):
        self.none_of(checks.count_lines(self.lines) + checks.overlaps(self.lines))

    def test_workers_had_no_more_jobs_than_slots(self):
        self.none_of(checks.slots(self.runs, self.lines, chaos_world.SLOTS))

    def test_runs_end_as_their_jobs_did(self):
        cancelled = {node for asked in self.asked if asked.stop for node in self.builds[asked.build].nodes}
        self.none_of(checks.run_ends(self.runs, self.lines, self.storm.kills, cancelled))

    def test_what_succeeded_does_not_run_again(self):
        self.none_of(checks.runs_again(self.runs, checks.rebuilds(self.asked, self.builds)))

    def test_no_node_fails_without_its_jobs_fault(self):
        self.none_of(checks.node_ends(self.builds.values(), self.runs))

    # What came out.

    def test_jobs_read_what_their_manifests_say(self):
        self.none_of(checks.reads(self.runs, self.lines))

    def test_builds_deliver_what_a_clean_build_would(self):
        wrong, seen = checks.outputs(self.builds.values(), self.runs, self.lineage)
        graphs = {asked.build: asked.graph for asked in self.asked}
        graphs.update({w.build_id: name for name, watchers in self.last.items() for w in watchers})
        for build, values in seen.items():
            versions = self.graphs[graphs[build]].versions
            wrong += checks.freshness(self.builds[build], values, versions)
        self.none_of(wrong)

    def test_in_the_end_every_byte_is_right(self):
        wrong = []
        for name, graph in self.graphs.items():
            for watcher in self.last[name]:
                self.assertEqual(watcher.build.state, records.types.BUILD_SUCCEEDED, watcher.build.message)
            values = graph.values()
            wrong += [f"{name} {node}" for node in chaos_graph.GOOD
                      if (graph.data / node).read_bytes() != chaos_graph.expected(node, values)]
        self.none_of(wrong)

    def test_in_the_end_nothing_is_held(self):
        status = self.leader.status()
        self.assertEqual((status.waiting, status.ready, status.running, status.builds_open), (0, 0, 0, 0), status)
        self.assertEqual([w.name for w in self.leader.workers() if w.runs], [])
        self.assertNotIn(" 1 ", self.world.ctl("pools", "narrow")[1].replace("narrow", ""))
        places = [graph.data / ".fft/staging" for graph in self.graphs.values()]
        places += [folder / "runs" for folder in self.world.homes.values()]

        def left():
            return [str(path) for place in places for path in place.iterdir()]
        world.wait_until(lambda: not left(), f"what runs left behind to go: {left()}")

    def test_then_there_is_nothing_left_to_do(self):
        for watchers in self.last.values():
            counts = watchers[1].build.counts
            self.assertEqual((counts.total, counts.cached), (len(chaos_graph.GOOD), len(chaos_graph.GOOD)))


if __name__ == "__main__":
    unittest.main()
