"""What all benchmarks share: the table, graphs to measure with, and looks at a world from outside."""

import pathlib
import re
import select
import shutil
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import api  # noqa: E402
import world as worlds  # noqa: E402


def row(what, measured, must):
    print(f"{what:<74} {measured:>32}   {must}", flush=True)


def pace(until):
    """Returns when time.monotonic() is `until`: load comes at its times, nothing waits for anything."""
    while (left := until - time.monotonic()) > 0:
        select.select([], [], [], left)


def layered(folder, width, depth, runner, program="run"):
    """`depth` levels of `width` nodes, each reading its neighbour of the level before."""
    jobs = []
    for level in range(depth):
        lines = [f"  - label: l{level}", f'    outputs: ["l{level}/{{i}}"]']
        if level:
            lines.append(f'    inputs: ["l{level - 1}/{{i}}"]')
        lines.append("    runner: noop" if runner == "noop" else f"    run: {program}\n    in_place: true")
        jobs.append("\n".join(lines))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "graph.yaml").write_text("graph: bench\nroot: data\njobs:\n" + "\n".join(jobs) + "\n")
    if runner != "noop":
        shutil.copy("/bin/true", folder / program)
    return [f"l{depth - 1}/{i:05}" for i in range(width)]


def wait_for(client, build_id):
    while True:
        build = client.build(build_id)
        if build.state in api.TERMINAL_BUILDS:
            assert build.state == 4, build.message
            return build
        select.select([], [], [], 0.05)


def runnable(w, nodes):
    """So many nodes of graph `bench` that nothing keeps from running but the want of a worker, all committed."""
    ids = [w.client.create("bench", [f"l0/{first + i:07}" for i in range(100_000)]).id
           for first in range(0, nodes, 100_000)]
    worlds.wait_until(lambda: w.client.status().ready == nodes, f"{nodes} runnable nodes")
    worlds.wait_until(lambda: all(w.client.build(i).state == 3 for i in ids), "their commit")


def seconds(build):
    return (build.end_time.ToNanoseconds() - build.receive_time.ToNanoseconds()) / 1e9


def rss(w):
    status = pathlib.Path(f"/proc/{w.daemon.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def psql(w, sql):
    """What the database itself says, past the daemon."""
    socket = next(p for p in w.folder.rglob(".s.PGSQL.*") if not p.name.endswith(".lock"))
    return subprocess.run(["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", "-h", str(socket.parent), "-U", "fft", "-d", "fft",
                           "-c", sql], check=True, stdout=subprocess.PIPE).stdout.decode().strip()


def metric(w, name):
    """The sum of a metric over its labels, by the daemon's own account."""
    address = re.findall(r"metrics +(http://\S+)", w.log_text())[-1]
    with urllib.request.urlopen(address, timeout=10) as answer:
        text = answer.read().decode()
    return sum(float(value) for value in re.findall(rf"^{re.escape(name)}(?:{{[^}}]*}})? (\S+)$", text, flags=re.M))


def percentile(ordered, percent):
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
