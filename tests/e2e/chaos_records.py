"""What is left of a storm, as plain values: what jobs counted, what the catalog says, what events told."""

import collections
import json

import api
import chaos_graph

types = api.types

# A line that a job left; run without the epoch.
Line = collections.namedtuple("Line", "graph what node run mono wall inputs output value")
# A run as the catalog has it; times are wall seconds, inputs {ref: run that left it}.
Run = collections.namedtuple("Run", "id node graph ref worker outcome key content inputs granted ended message")
# A build with its nodes {id: (ref, state, reason)}, the run that its targets' data is of {ref: run}, and counts.
Build = collections.namedtuple("Build", "id state reason message received ended nodes targets counts")
# Of a node that asks a configure executable, in place of a ref.
CONFIGURE = "configure"


def read_lines(graph):
    """All lines of a graph's jobs, and the pieces of lines of jobs that were killed as they wrote."""
    path = graph.folder / "count"
    lines, pieces = [], []
    for text in path.read_text(encoding="utf-8").split("\n") if path.exists() else []:
        if not text:
            continue
        try:
            told = json.loads(text)
        except ValueError:
            pieces.append(text)
            continue
        lines.append(Line(graph.name, told["what"], told["node"], int(told["run"].partition("@")[0]),
                          told["mono"], told["wall"], told.get("inputs", {}), told.get("output", ""),
                          told.get("value", "")))
    return lines, pieces


def seconds(timestamp):
    return timestamp.seconds + timestamp.nanos / 1e9


def read_runs(client, graph):
    """All runs of a graph's nodes, by id."""
    runs = {}
    for ref in chaos_graph.GOOD + chaos_graph.BAD:
        request = api.nodes_pb2.ListRunsRequest(namespace=graph.name, ref=ref, page_size=1000)
        while True:
            page = client.runs.ListRuns(request, timeout=60)
            for run in page.runs:
                runs[run.id] = read_run(client, graph, ref, run.id)
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
    return runs


def read_run(client, graph, ref, run_id):
    run = client.runs.GetRun(api.nodes_pb2.GetRunRequest(id=run_id), timeout=60)
    outcome = "RUNNING" if run.running else types.Outcome.Name(run.outcome).removeprefix("OUTCOME_")
    return Run(run.id, run.node, graph.name, ref, run.worker, outcome, run.result_key,
               run.outputs[0].content.hex() if run.outputs else "", {i.ref: i.run for i in run.inputs},
               seconds(run.grant_time), seconds(run.end_time), run.message)


def read_build(client, build_id):
    build = client.build(build_id)
    nodes, targets = {}, {}
    if build.state != types.BUILD_RECEIVED:
        for node in client.build_nodes(build_id):
            ref = node.outputs[0] if node.outputs else CONFIGURE
            if node.id:
                nodes[node.id] = (ref, types.NodeState.Name(node.state).removeprefix("NODE_"), node.reason)
            if ref in build.targets:
                targets[ref] = node.run
    return Build(build.id, types.BuildState.Name(build.state).removeprefix("BUILD_"), build.reason,
                 build.message, seconds(build.receive_time), seconds(build.end_time), nodes, targets,
                 build.counts)


def read_events(client, last):
    """The log from its beginning up to an event, read once."""
    stream = client.catalog.WatchEvents(api.catalog_pb2.WatchEventsRequest(start=True), timeout=120)
    events = []
    for message in stream:
        events += message.events
        if events and events[-1].seq >= last:
            break
    stream.cancel()
    return events


def list_builds(client):
    request = api.builds_pb2.ListBuildsRequest(page_size=1000)
    builds = []
    while True:
        page = client.builds.ListBuilds(request, timeout=60)
        builds += page.builds
        if not page.next_page_token:
            return builds
        request.page_token = page.next_page_token
