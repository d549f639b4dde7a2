"""A hundred clients that want the same 10,000 nodes of `true` at once, beside one client that wants them."""

import statistics

import table
import watch_clients
from table import api, worlds

NODES = 10_000
CLIENTS = 100


class Round:
    """One namespace, so that nothing is there yet, and the clients that ask for it at once."""

    def __init__(self, w, targets, clients, namespace, watches):
        self._w = w
        self._channels = [api.grpc.insecure_channel(w.address, options=[("grpc.use_local_subchannel_pool", 1)])
                          for _ in range(clients)]
        for channel in self._channels:
            api.grpc.channel_ready_future(channel).result(timeout=30)
        self._request = api.builds_pb2.CreateBuildRequest(graph="bench", namespace=namespace, targets=targets)
        self._namespace = namespace
        self._watches = watches

    def run(self):
        """Wall seconds, from the first request's receipt to the end of the last build."""
        before = table.metric(self._w, "fft_runs_total")
        calls = [api.builds_pb2_grpc.BuildsStub(channel).CreateBuild.future(
            self._request, timeout=300, metadata=[("fft-principal", f"client-{i}")])
            for i, channel in enumerate(self._channels)]
        ids = [call.result().id for call in calls]
        if self._watches:
            watch_clients.run(self._w.address, "builds", *ids)
        builds = [table.wait_for(self._w.client, build) for build in ids]
        for channel in self._channels:
            channel.close()
        self._check(before, builds)
        begin = min(build.receive_time.ToNanoseconds() for build in builds)
        return (max(build.end_time.ToNanoseconds() for build in builds) - begin) / 1e9

    def _check(self, before, builds):
        """Every node ran exactly once, by the daemon's own count, by the database, and as each client was told."""
        told = table.metric(self._w, "fft_runs_total") - before
        rows = table.psql(self._w, f"""
            SELECT count(*), count(DISTINCT node_id), count(*) FILTER (WHERE outcome = 1)
              FROM run r JOIN node n ON n.id = r.node_id JOIN namespace s ON s.id = n.namespace_id
             WHERE s.name = '{self._namespace}'""")
        assert told == NODES and rows == f"{NODES}|{NODES}|{NODES}", (told, rows)
        late = [build for build in builds if build.counts.succeeded + build.counts.cached != NODES]
        assert not late, late[0]


def bench_merge():
    w = worlds.World(slots=2).start()
    try:
        targets = table.layered(w.folder / "g", NODES, 1, "exec")
        (w.folder / "g/data/l0").mkdir(parents=True)
        for ref in targets:  # `true` makes nothing, and what is not there would have to be built again
            (w.folder / "g/data" / ref).touch()
        w.deploy(w.folder / "g")
        Round(w, targets, 1, "warm", False).run()
        for watches, name in ((False, ""), (True, ", each watching")):
            taken = {1: [], CLIENTS: []}
            for turn, clients in enumerate((1, CLIENTS, CLIENTS, 1, 1, CLIENTS)):
                taken[clients].append(Round(w, targets, clients, f"n{turn}{watches}", watches).run())
            one, all_of_them = statistics.median(taken[1]), statistics.median(taken[CLIENTS])
            table.row(f"100 clients x the same 10,000 x true{name}: 10,000 runs",
                      f"{all_of_them:.2f} s, {all_of_them / one:.2f} x one", f"1.2 x one client's {one:.2f} s")
    finally:
        w.close()
