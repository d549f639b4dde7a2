"""From the report that frees a slot to the grant that fills it, at the worker's end, while very much is runnable."""

import collections
import heapq
import random
import threading
import time

import scripted_worker
import table
from table import worlds

RUNNABLE = 200_000
SAMPLES = 5_000
WARM_UP = 500


class Slots:
    """Busy slots of a scripted worker: a run ends its length after it was granted, told in a message of its own.

    All slots are always busy, so each report is answered by one grant, in order.
    """

    def __init__(self, worker, count, run_ms):
        self._worker = worker
        self._count = count
        self._run_ms = run_ms  # the shortest and the longest
        self._chance = random.Random(1)
        self._changed = threading.Condition()
        self._busy = []  # heap of (end, run, grant)
        self._ended = collections.deque()  # when each report left that awaits its grant
        self._is_over = False

    def waits_ms(self):
        reporter = threading.Thread(target=self._report, daemon=True)
        reporter.start()
        samples, first = [], self._count
        for now, grants in self._worker.grants():
            with self._changed:
                for grant in grants:
                    if first > 0:
                        first -= 1
                    else:
                        samples.append((now - self._ended.popleft()) * 1e3)
                    end = now + self._chance.uniform(*self._run_ms) / 1e3
                    heapq.heappush(self._busy, (end, grant.run, grant))
                self._changed.notify()
            if len(samples) >= SAMPLES + WARM_UP:
                break
        with self._changed:
            self._is_over = True
            self._changed.notify()
        reporter.join()
        return samples[WARM_UP:]

    def _report(self):
        with self._changed:
            while not self._is_over:
                left = self._busy[0][0] - time.perf_counter() if self._busy else None
                if left is None or left > 0:
                    self._changed.wait(left)
                    continue
                grant = heapq.heappop(self._busy)[2]
                self._ended.append(time.perf_counter())
                self._worker.report(grant)


def bench_dispatch():
    for slots, run_ms, what in ((2, (0, 0), "2 slots, runs of no length"),
                                (32, (20, 100), "32 slots, runs of 20 to 100 ms")):
        w = worlds.World(slots=1).start()
        try:
            scripted_worker.only(w)
            table.layered(w.folder / "g", 1, 1, "exec")
            w.deploy(w.folder / "g")
            table.runnable(w, RUNNABLE)
            worker = scripted_worker.ScriptedWorker(w.address, slots)
            samples = sorted(Slots(worker, slots, run_ms).waits_ms())
            assert w.client.status().ready > RUNNABLE - 2 * (SAMPLES + WARM_UP)
            worker.close()
            table.row(f"slot free to next grant there, 200,000 runnable: {what}",
                      f"p50 {table.percentile(samples, 50):.1f} ms, p99 {table.percentile(samples, 99):.1f} ms",
                      "p99 5 ms")
        finally:
            w.close()
