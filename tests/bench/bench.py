"""One run of all benchmarks: prints a table of what was measured against what must be reached.

PostgreSQL runs with fsync on, on the same machine; every world is a fresh `fftd dev` with two slots.
"""

import pathlib
import shutil
import statistics
import subprocess
import sys
import time

from dispatch import bench_dispatch
from merge import bench_merge
from project import bench_project
from table import layered, psql, row, rss, seconds, wait_for, worlds
from watchers import bench_stalled, bench_watchers


def watched(w, build_id):
    """A watcher that reads the whole build, as another process would."""
    return subprocess.Popen([str(worlds.BIN / "fftctl"), "watch", str(build_id)], env=w.environment(),
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def bench_noop():
    w = worlds.World(slots=2).start()
    try:
        targets = layered(w.folder / "g", 1000, 10, "noop")
        w.deploy(w.folder / "g")
        rates = []
        for _ in range(6):
            build = w.client.create("bench", targets, rebuild=["*"])
            watcher = watched(w, build.id)
            rates.append(10000 / seconds(wait_for(w.client, build.id)))
            watcher.wait()
        row("durable no-op nodes, 10,000 in 10 levels, watched",
            f"{statistics.median(rates[1:]):,.0f}/s", "20,000/s")
        row("the same on an empty database", f"{rates[0]:,.0f}/s", "20,000/s")
    finally:
        w.close()


def make_and_ninja(folder):
    (folder / "Makefile").write_text("all: " + " ".join(f"t{i}" for i in range(10000)) + "\n"
                                     + "".join(f"t{i}:\n\t@/bin/true {i}\n" for i in range(10000))
                                     + ".PHONY: all " + " ".join(f"t{i}" for i in range(10000)) + "\n")
    (folder / "build.ninja").write_text("rule t\n  command = /bin/true $out\n"
                                        + "".join(f"build t{i}: t\n" for i in range(10000)))
    rates = {}
    for name, command in (("make", ["make", "-s", "-j2"]), ("ninja", ["ninja", "--quiet", "-j2"])):
        begin = time.monotonic()
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        rates[name] = 10000 / (time.monotonic() - begin)
    return rates


def bench_true():
    w = worlds.World(slots=2).start()
    try:
        targets = layered(w.folder / "g", 10000, 1, "exec")
        w.deploy(w.folder / "g")
        ours, theirs = [], []
        for _ in range(2):
            theirs.append(make_and_ninja(w.folder))
            ours.append(10000 / seconds(wait_for(w.client, w.client.create("bench", targets, rebuild=["*"]).id)))
        row("real processes, 10,000 x true, two slots", f"{statistics.median(ours):,.0f}/s",
            f"ninja -j2 {statistics.median(t['ninja'] for t in theirs):,.0f}/s, "
            f"make -j2 {statistics.median(t['make'] for t in theirs):,.0f}/s")
    finally:
        w.close()


def ninja_noop(folder, targets, depth, is_new):
    if is_new:
        write_ninja(folder, len(targets), depth)
    begin = time.monotonic()
    subprocess.run(["ninja", "--quiet", "-j2"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - begin


def write_ninja(folder, width, depth):
    lines = ["rule t", "  command = touch $out"]
    for level in range(depth):
        for i in range(width):
            lines.append(f"build l{level}_{i}: t" + (f" l{level - 1}_{i}" if level else ""))
    (folder / "build.ninja").write_text("\n".join(lines) + "\n")
    for level in range(depth):
        for i in range(width):
            (folder / f"l{level}_{i}").touch()
    subprocess.run(["ninja", "--quiet", "-t", "restat"], cwd=folder, check=False, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "--quiet", "-j2"], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def noted(w, targets):
    """Request to the end of a build as a client sees it, by its stream of events."""
    begin = time.monotonic()
    watcher = w.submit("bench", targets)
    watcher.run_to_end()
    taken = time.monotonic() - begin
    watcher.close()
    assert watcher.build.state == 4, watcher.build.message
    return taken


def bench_idle():
    w = worlds.World(slots=2).start()
    try:
        targets = layered(w.folder / "g", 10000, 10, "noop")
        w.deploy(w.folder / "g")
        wait_for(w.client, w.client.create("bench", targets).id)
        (w.folder / "n").mkdir()
        asked = {"its 10,000 final outputs, as ninja": targets, "all 100,000 by a glob": ["l*"],
                 "all 100,000 by name": [f"l{level}/{i:05}" for level in range(10) for i in range(10000)]}
        ours = {name: [] for name in asked}
        theirs = []
        for turn in range(4):
            for name, refs in asked.items():
                taken = noted(w, refs)
                if turn:  # the first makes the daemon warm
                    ours[name].append(taken)
            theirs.append(ninja_noop(w.folder / "n", targets, 10, is_new=not turn))
        for name, taken in ours.items():
            row(f"nothing to do, 100,000 nodes, warm: {name}", f"{statistics.median(taken):.3f} s",
                f"half of ninja's {statistics.median(theirs):.3f} s")
    finally:
        w.close()


def bench_latency():
    w = worlds.World(slots=2).start()
    try:
        targets = layered(w.folder / "g", 1, 1, "noop")
        w.deploy(w.folder / "g")
        samples = []
        for _ in range(200):
            build = wait_for(w.client, w.client.create("bench", targets, rebuild=["*"]).id)
            samples.append((build.start_time.ToNanoseconds() - build.receive_time.ToNanoseconds()) / 1e6)
        samples.sort()
        row("submit to first job started, idle (200 builds)",
            f"p50 {samples[100]:.0f} ms, p99 {samples[197]:.0f} ms", "p50 4 ms, p99 15 ms")
    finally:
        w.close()


def bench_chain():
    w = worlds.World(slots=2).start()
    try:
        jobs = "".join(f'  - label: c{i}\n    outputs: ["c/{i}"]\n    runner: noop\n'
                       + (f'    inputs: ["c/{i - 1}"]\n' if i else "") for i in range(1000))
        (w.folder / "g").mkdir()
        (w.folder / "g/graph.yaml").write_text("graph: bench\nroot: data\njobs:\n" + jobs)
        w.deploy(w.folder / "g")
        taken = [seconds(wait_for(w.client, w.client.create("bench", ["c/999"], rebuild=["*"]).id))
                 for _ in range(3)]
        row("chain of 1,000 no-op nodes", f"{statistics.median(taken):.2f} ms a link", "2 ms a link")
    finally:
        w.close()


def bench_recovery():
    w = worlds.World(slots=2).start()
    try:
        idle = rss(w)
        targets = layered(w.folder / "g", 10000, 10, "exec")
        shutil.copy("/bin/sleep", w.folder / "g/run")
        text = (w.folder / "g/graph.yaml").read_text().replace("    in_place: true", '    in_place: true\n    args: ["600"]')
        (w.folder / "g/graph.yaml").write_text(text)
        w.deploy(w.folder / "g")
        build = w.client.create("bench", targets)
        worlds.wait_until(lambda: w.client.status().running > 0, "a run to start")
        planned = rss(w)
        w.kill_daemon()
        begin = time.monotonic()
        w.start()
        worlds.wait_until(lambda: w.client.status().running > 0, "its runs to be adopted")
        row("recovery, kill -9 with 100,000 pending", f"{time.monotonic() - begin:.2f} s with PostgreSQL's start",
            "3 s after the workers' return")
        restarted = rss(w)
        row("memory of a pending node, of 100,000 after a restart, their refs included",
            f"{(restarted - idle) / 100000:,.0f} B; {restarted / 100000:,.0f} B with the daemon's own", "1,024 B")
        row("the same where they were planned, with graph and events", f"{(planned - idle) / 100000:,.0f} B", "")
        w.client.cancel(build.id)
    finally:
        w.close()


LIVE = 1_000_000
LIVE_SQL = f"""
INSERT INTO namespace VALUES (1, 'bench');
INSERT INTO partition SELECT i, 1, 'weather/daily/' || lpad(i::text, 8, '0'), i, sha256(i::text::bytea),
  sha256((i + 1)::text::bytea), 10, 1000, 0, true, '', now(), 0, 0, 0 FROM generate_series(1, {LIVE}) i;
ANALYZE partition"""


def bench_live():
    w = worlds.World(slots=2).start()
    try:
        empty = rss(w)
        psql(w, LIVE_SQL)
        taken, used = [], []
        for _ in range(3):
            w.kill_daemon()
            begin = time.monotonic()
            w.start()
            worlds.wait_until(lambda: w.client.status().partitions == LIVE, "the catalog to be loaded")
            taken.append(time.monotonic() - begin)
            used.append((rss(w) - empty) / LIVE)
        row("cold start with 1,000,000 live refs", f"{statistics.median(taken):.2f} s with PostgreSQL's start", "5 s")
        row("memory of a live ref, its 22 bytes of name included", f"{statistics.median(used):,.0f} B", "200 B")
    finally:
        w.close()


def bench_client():
    w = worlds.World(slots=2).start()
    try:
        command = [str(worlds.BIN / "fftctl"), "workers"]
        samples = []
        for _ in range(50):
            begin = time.monotonic()
            subprocess.run(command, env=w.environment(), check=True, stdout=subprocess.DEVNULL)
            samples.append((time.monotonic() - begin) * 1e3)
        row("fftctl round trip, whole process (50 runs)", f"median {statistics.median(samples):.1f} ms", "10 ms")
    finally:
        w.close()


def main():
    benches = {name.removeprefix("bench_"): function for name, function in globals().items()
               if name.startswith("bench_")}
    for name in sys.argv[1:] or benches:
        benches[name]()


if __name__ == "__main__":
    main()
