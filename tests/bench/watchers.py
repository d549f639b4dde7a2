"""Two hundred watchers of a thousand events a second, and what one costs that does not read."""

import os
import threading
import time

import scripted_worker
import table
from table import worlds
from watch_clients import Watchers

WATCHERS = 200
REPORTS_PER_S = 500  # each is two events: a node runs, a node has succeeded
SECONDS = 20
STALLED = 200
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


# What is freed goes back to the system, so that resident memory tells what is held.
MALLOC = "glibc.malloc.mmap_threshold=16384:glibc.malloc.trim_threshold=65536:glibc.malloc.arena_max=1"


def bench_stalled():
    os.environ["GLIBC_TUNABLES"] = MALLOC
    try:
        for more, since in (((), "from now"), (("start",), "from the start of the log")):
            w, targets = world()
            try:
                load = Load(w)
                sizes, passed = [], []
                for stalled in (False, False, True):
                    sizes.append(table.rss(w))
                    passed.append(w.client.status().last_event)
                    watchers = Watchers(w.address, "stalled", STALLED, *more) if stalled else None
                    for _ in range(10):
                        load.build(targets)
                sizes.append(table.rss(w))
                passed.append(w.client.status().last_event)
                watchers.end()
                load.close()
                growth = [(b - a) / STALLED / 1024 for a, b in zip(sizes, sizes[1:])]
                table.row(f"memory of a watcher that stalls {since}, {passed[3] - passed[2]:,} events later",
                          f"{growth[2]:,.0f} KiB", f"1,024 KiB (without any, as long: {growth[1]:,.0f})")
            finally:
                w.close()
    finally:
        del os.environ["GLIBC_TUNABLES"]
