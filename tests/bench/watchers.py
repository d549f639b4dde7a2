"""Two hundred watchers of a thousand events a second, and what one costs that does not read."""

import threading
import time

import scripted_worker
import table
from table import worlds
from watch_clients import Watchers

WATCHERS = 200
REPORTS_PER_S = 500  # each is two events: a node runs, a node has succeeded
SECONDS = 20
STALLED = 100
NODES = 10_000  # of a build while they stall


class Load:
    """A scripted worker that is granted no-op nodes and tells the end of each in a message of its own."""

    def __init__(self, w):
        self._w = w
        self._worker = scripted_worker.ScriptedWorker(w.address, 1)
        self._grants = scripted_worker.queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for _, grants in self._worker.grants():
            for grant in grants:
                self._grants.put(grant)

    def close(self):
        self._worker.close()
        self._reader.join()

    def steady(self, seconds):
        """Events a second that came of REPORTS_PER_S."""
        begin, before = time.monotonic(), self._w.client.status().last_event
        for i in range(seconds * REPORTS_PER_S):
            table.pace(begin + i / REPORTS_PER_S)
            self._worker.report(self._grants.get())
        return (self._w.client.status().last_event - before) / (time.monotonic() - begin)

    def build(self, targets):
        """A whole build, as fast as it is committed."""
        build = self._w.client.create("bench", targets, rebuild=["*"])
        for _ in targets:
            self._worker.report(self._grants.get())
        table.wait_for(self._w.client, build.id)


def world():
    w = worlds.World(slots=1).start()
    scripted_worker.only(w)
    targets = table.layered(w.folder / "g", NODES, 1, "noop")
    w.deploy(w.folder / "g")
    return w, targets


def bench_watchers():
    w, _ = world()
    try:
        table.runnable(w, 100_000)
        load = Load(w)
        watchers = Watchers(w.address, "events", WATCHERS)
        load.steady(3)
        watchers.measure()
        rate = load.steady(SECONDS)
        seen = watchers.end()
        load.close()
        assert seen["gaps"] == 0 and seen["fewest"] > 0.99 * rate * SECONDS, seen
        table.row(f"{WATCHERS} watchers x {rate:,.0f} events/s, commit to client",
                  f"p50 {seen['p50_us'] / 1e3:.1f} ms, p99 {seen['p99_us'] / 1e3:.1f} ms", "p99 50 ms")
    finally:
        w.close()


class Growth:
    """The growth of the daemon over ten builds, 200,000 events, from where it has grown to its size."""

    def __init__(self, w, targets):
        self._w = w
        self._targets = targets
        self._load = Load(w)

    def bytes(self, builds=10):
        before = table.rss(self._w)
        for _ in range(builds):
            self._load.build(self._targets)
        return table.rss(self._w) - before

    def close(self):
        self._load.close()


def bench_stalled():
    for more, since in (((), "from now"), (("start",), "from the start of the log")):
        w, targets = world()
        try:
            growth = Growth(w, targets)
            readers = Watchers(w.address, "events", STALLED, "start")
            readers.measure()
            growth.bytes()
            readers.end()
            without = growth.bytes()
            before = w.client.status().last_event
            stalled = Watchers(w.address, "stalled", STALLED, *more)
            cost = growth.bytes()
            passed = w.client.status().last_event - before
            stalled.end()
            growth.close()
            table.row(f"memory of a watcher that stalls {since}, {passed:,} events later",
                      f"{cost / STALLED / 1024:,.0f} KiB",
                      f"1,024 KiB (as long without any: {without / STALLED / 1024:,.0f})")
        finally:
            w.close()
