"""What must hold after a storm.  Each check takes records and returns complaints; none: all is well.

They know nothing of processes, so that test_chaos_checks.py can show each of them what it is to find.
"""

import collections
import fnmatch

import api
import chaos_graph

types = api.types

COMPLAINTS = ("DOUBLE", "WRITTEN_WHILE_READ", "CHANGED_WHILE_READ", "POOL_TOO_FULL")
ENDS = ("END", "FAIL", "AGAIN")
WHAT_ENDS_AS = {"SUCCEEDED": "END", "RETRIABLE": "AGAIN", "FAILED": "FAIL"}

# A grant may be some time on its way or wait for a slot, so that what it waited at was killed before.
GRANT_SLACK_S = 15
# From a job's end until its guardian has written that down, and from a guardian's end until the last orphan of
# its jobs has begun to speak; generous, the machine may be busy.
EXIT_SLACK_S = 5
CLOCK_SLACK_S = 0.1


def count_lines(lines):
    """No job saw another one where it should be alone, and no run was executed twice."""
    wrong = [f"{line.what}: {line}" for line in lines if line.what in COMPLAINTS]
    for what in ("START",) + ENDS:
        counts = collections.Counter((line.graph, line.run) for line in lines if line.what == what)
        wrong += [f"run {run} of {graph} has {n} lines {what}" for (graph, run), n in counts.items() if n > 1]
    return wrong


def overlaps(lines):
    """By the clock, of runs that came to an end themselves; for the killed ones only their locks can tell."""
    spans = {}
    for line in lines:
        if line.what == "START" or line.what in ENDS:
            spans.setdefault((line.graph, line.node), {}).setdefault(line.run, {})[line.what] = line.mono
    wrong = []
    for (graph, node), runs in spans.items():
        begins = sorted((span["START"], run) for run, span in runs.items() if "START" in span)
        for run, span in runs.items():
            end = max((at for what, at in span.items() if what != "START"), default=None)
            if end is None or "START" not in span:
                continue
            wrong += [f"{graph} {node}: run {other} began while run {run} was under way"
                      for at, other in begins if other != run and span["START"] <= at <= end]
    return wrong


def by_run(lines):
    """{run: {what: line}}; run numbers are the daemon's, not a graph's."""
    found = collections.defaultdict(dict)
    for line in lines:
        found[line.run][line.what] = line
    return found


def is_excused(run, told, kills):
    """Whether the run's guardian was killed while it had the run: the one fault that may cost a run.

    Daemons, agents and PostgreSQL may be killed at any moment without that.
    """
    begin = told["START"].wall - EXIT_SLACK_S if "START" in told else run.granted - GRANT_SLACK_S
    end = told["END"].wall + EXIT_SLACK_S if "END" in told else run.ended + CLOCK_SLACK_S
    return any(kill.what == "guardian" and kill.worker == run.worker and begin <= kill.wall <= end
               for kill in kills)


def run_ends(runs, lines, kills, cancelled_nodes):
    """Every run ended as its job did, unless a guardian's end or a client's cancel explains otherwise."""
    wrong = []
    told_by = by_run(lines)
    wrong += [f"a job ran as run {run}, of which the catalog knows nothing: {told}"
              for run, told in told_by.items() if run not in runs]
    for run in runs.values():
        told = told_by.get(run.id, {})
        ends = [what for what in ENDS if what in told]
        if run.outcome in WHAT_ENDS_AS:
            if "START" not in told or ends != [WHAT_ENDS_AS[run.outcome]]:
                wrong.append(f"{run} is recorded so, but its job told {sorted(told)}")
            elif run.outcome == "SUCCEEDED" and told["END"].output != run.content:
                wrong.append(f"{run} is recorded with another content than its job made: {told['END']}")
        elif run.outcome == "INFRASTRUCTURE":
            if not is_excused(run, told, kills):
                wrong.append(f"{run} was lost, and no kill of its guardian explains it: {sorted(told)}")
        elif run.outcome == "CANCELLED":
            if run.node not in cancelled_nodes:
                wrong.append(f"{run} was cancelled, and nobody who wanted it cancelled anything")
        else:
            wrong.append(f"{run} ended in a way that its job has not: {sorted(told)}")
    return wrong


def runs_again(runs, rebuild_nodes):
    """What is live under a key does not run again under that key unless a client asked for it.

    rebuild_nodes: the nodes that builds with a matching --rebuild wanted.  A run of `p`, which writes in place,
    may leave anything when it is cut short: then nothing is live any more.
    """
    wrong = []
    live = {}
    for run in sorted(runs.values()):
        place = (run.graph, run.ref)
        before = live.get(place)
        if before is not None and before.key == run.key and run.node not in rebuild_nodes:
            wrong.append(f"{run} repeats run {before.id}, which had succeeded under this key")
        if run.outcome == "SUCCEEDED":
            live[place] = run
        elif run.ref.startswith("p/"):
            live.pop(place, None)
    return wrong


def slots(runs, lines, slots_max):
    """No worker had more jobs at once than it has slots, as far as jobs lived to tell their end."""
    changes = collections.defaultdict(list)
    for number, told in by_run(lines).items():
        ends = [told[what].mono for what in ENDS if what in told]
        if number in runs and "START" in told and ends:
            changes[runs[number].worker] += [(told["START"].mono, 1), (ends[0], -1)]
    wrong = []
    for worker, steps in changes.items():
        busy = 0
        for at, step in sorted(steps):
            busy += step
            if busy > slots_max:
                wrong.append(f"{worker} had {busy} jobs at once at {at:.3f}")
    return wrong


def reads(runs, lines):
    """Every job read the very bytes that its manifest says it read."""
    wrong = []
    told_by = by_run(lines)
    for run in runs.values():
        start = told_by.get(run.id, {}).get("START")
        if run.outcome != "SUCCEEDED" or start is None:
            continue
        if set(run.inputs) != set(start.inputs):
            wrong.append(f"{run} is said to have read other refs than {sorted(start.inputs)}")
            continue
        for ref, left_by in run.inputs.items():
            if ref.startswith("source/"):
                continue
            if left_by not in runs or runs[left_by].content != start.inputs[ref]:
                wrong.append(f"{run} read of {ref} something else than run {left_by} left there")
    return wrong


class Lineage:
    """The sources' first lines that runs descend from."""

    def __init__(self, runs, lines):
        self.runs = runs
        self.told_by = by_run(lines)
        self._values = {}
        self._contents = {}

    def values(self, run_id):
        """{source: {first lines}} over everything below a run; None when something of it is not known."""
        if run_id not in self._values:
            self._values[run_id] = self._gather(run_id)
        return self._values[run_id]

    def _gather(self, run_id):
        run = self.runs.get(run_id)
        if run is None:
            return None
        values = collections.defaultdict(set)
        for ref, left_by in run.inputs.items():
            if ref.startswith("source/"):
                end = self.told_by.get(run_id, {}).get("END")
                values[ref].add(end.value if end else None)
                continue
            below = self.values(left_by)
            if below is None:
                return None
            for source, lines in below.items():
                values[source] |= lines
        return dict(values)

    def expected(self, node, values):
        """The digest of what a clean build would leave at a node."""
        mine = tuple(sorted((source, values[source]) for source in chaos_graph.sources_of(node)))
        if (node, mine) not in self._contents:
            self._contents[node, mine] = chaos_graph.digest(chaos_graph.expected(node, dict(mine)))
        return self._contents[node, mine]


def outputs(builds, runs, lineage):
    """Of each build that succeeded, the targets' data is what a clean build of some sources would give.

    Returns complaints and {build: {source: first line}}.
    """
    wrong, seen = [], {}
    for build in builds:
        if build.state != "SUCCEEDED" or "more than one of its versions" in build.message:
            continue
        values = collections.defaultdict(set)
        for target, run in build.targets.items():
            found = lineage.values(run)
            if found is None:
                wrong.append(f"build {build.id}: nothing is known of run {run} at {target}")
                continue
            for source, lines in found.items():
                values[source] |= lines
        mixed = {source: lines for source, lines in values.items() if len(lines) != 1}
        if mixed:
            wrong.append(f"build {build.id} mixes versions: {mixed}")
            continue
        seen[build.id] = {source: next(iter(lines)) for source, lines in values.items()}
        wrong += [f"build {build.id}: {target} of run {run} is not what a clean build gives of {seen[build.id]}"
                  for target, run in build.targets.items()
                  if run in runs and runs[run].content != lineage.expected(target, seen[build.id])]
    return wrong, seen


def freshness(build, values, versions):
    """A build's data is of sources as they were at some time between its receipt and its end."""
    wrong = []
    for source, value in values.items():
        known = versions[source]
        mine = [i for i, version in enumerate(known) if version.value == value]
        if not mine:
            wrong.append(f"build {build.id}: {source} never began with {value!r}")
            continue
        after = known[mine[-1] + 1] if mine[-1] + 1 < len(known) else None
        if after is not None and after.done < build.received - CLOCK_SLACK_S:
            wrong.append(f"build {build.id}: {value!r} of {source} was replaced "
                         f"{build.received - after.done:.2f} s before it was asked for")
        if known[mine[0]].begun > build.ended + CLOCK_SLACK_S:
            wrong.append(f"build {build.id}: {value!r} of {source} is younger than its end")
    return wrong


def allowed_ends(request, build):
    """How a build may end."""
    if request.stop == "must":
        return {"CANCELLED"}
    wants_bad = any(target in chaos_graph.BAD for target in request.targets)
    is_unlucky = any(reason == "QUARANTINED" for _, state, reason in build.nodes.values() if state == "FAILED")
    ends = {"FAILED"} if wants_bad or is_unlucky else {"SUCCEEDED"}
    return ends | {"CANCELLED"} if request.stop == "may" else ends


def build_ends(asked, builds):
    """Every build that was accepted ended as it should, and its numbers add up."""
    wrong = []
    for request in asked:
        build = builds.get(request.build)
        if build is None:
            wrong.append(f"{request} was accepted and is not there")
            continue
        if build.state not in allowed_ends(request, build):
            wrong.append(f"build {build.id} of {request} is {build.state} {build.reason} {build.message}: "
                         f"{build.nodes}")
        counts = build.counts
        ended = counts.cached + counts.cut_off + counts.succeeded + counts.failed + counts.cancelled
        if ended != counts.total or counts.running or (build.state == "SUCCEEDED" and counts.failed):
            wrong.append(f"build {build.id} is {build.state} and counts {counts}".replace("\n", " "))
    return wrong


def node_ends(builds, runs):
    """No node failed for a fault that was not its job's; three lost runs in a row are the exception."""
    wrong = []
    by_node = collections.defaultdict(list)
    for run in sorted(runs.values()):
        by_node[run.node].append(run.outcome)
    for build in builds:
        for node, (ref, state, reason) in build.nodes.items():
            lost = by_node[node][-3:] == ["INFRASTRUCTURE"] * 3
            is_bad = ref.startswith("bad/") and reason == "JOB_FAILED"
            if state == "FAILED" and not is_bad and not (reason == "QUARANTINED" and lost):
                wrong.append(f"build {build.id}: node {node} of {ref} failed with {reason}: {by_node[node]}")
    return wrong


def rebuilds(asked, builds):
    """The nodes of builds whose --rebuild names them."""
    found = set()
    for request in asked:
        for node, (ref, _, _) in builds[request.build].nodes.items() if request.build in builds else ():
            job = ref.partition("/")[0]  # jobs are called as their refs begin
            if any(fnmatch.fnmatchcase(ref, glob) or fnmatch.fnmatchcase(job, glob)
                   for glob in request.options.get("rebuild", [])):
                found.add(node)
    return found


def numbers(events):
    """Every number once, from the first on, without a gap."""
    wrong = []
    for before, event in zip([None] + events[:-1], events):
        if before is not None and event.seq != before.seq + 1:
            wrong.append(f"event {event.seq} came after event {before.seq}")
    return wrong


def same_events(seen, log):
    """What a follower was told at the time is what the log says later."""
    told = {event.seq: event for event in log}
    return [f"event {event.seq} was told as\n{event}and is now\n{told.get(event.seq)}" for event in seen
            if event != told.get(event.seq)]


def lives(events):
    """Builds are received once, end once and then stay as they are; nodes that ended do too.

    Returns complaints and the builds that ended.
    """
    wrong = []
    states = {}
    nodes = {}
    for event in events:
        what = event.WhichOneof("what")
        if what == "build_changed":
            build = event.build_changed.build
            before = states.get(build.id)
            if (before is None) != (build.state == types.BUILD_RECEIVED):
                wrong.append(f"event {event.seq}: build {build.id} is {build.state} after {before}")
            if before in api.TERMINAL_BUILDS:
                wrong.append(f"event {event.seq}: build {build.id} changed after its end")
            states[build.id] = build.state
        elif what == "nodes_changed":
            for change in event.nodes_changed.changes:
                if nodes.get(change.node) in api.TERMINAL_NODES:
                    wrong.append(f"event {event.seq}: node {change.node} changed after its end: {change}")
                nodes[change.node] = change.state
    wrong += [f"build {build} never ended" for build, state in states.items() if state not in api.TERMINAL_BUILDS]
    return wrong, set(states)
