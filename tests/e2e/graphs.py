"""Small graphs for tests, written into a world's folder."""

import fcntl
import pathlib
import shutil

ROOT = pathlib.Path(__file__).resolve().parents[2]


def write_graph(folder, yaml, programs):
    """A graph's folder: graph.yaml, and bin/NAME for each program."""
    folder = pathlib.Path(folder)
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    (folder / "graph.yaml").write_text(yaml, encoding="utf-8")
    for name, text in programs.items():
        path = folder / "bin" / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
    return folder


def copy_example(name, folder):
    """An example of its own to change, without outputs."""
    target = pathlib.Path(folder) / name
    shutil.copytree(ROOT / "examples" / name, target, ignore=shutil.ignore_patterns("data"))
    return target


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise AssertionError(f"{path} holds {old!r} {text.count(old)} times")
    path.write_text(text.replace(old, new), encoding="utf-8")


class Gate:
    """Jobs wait at it until it is opened: a lock that this process holds."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self._file = open(self.path, "w", encoding="utf-8")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def open(self):
        self._file.close()


class Counters:
    """A folder with a file for each thing that jobs did, a line each time."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)

    def count(self, name):
        path = self.folder / name
        return len(path.read_text(encoding="utf-8").splitlines()) if path.exists() else 0

    def all(self):
        return {path.name: self.count(path.name) for path in self.folder.iterdir()}


COUNTED = """#!/bin/sh
# counted REF COUNTERS: concatenates its inputs and says that it ran.
set -e
name=$(echo "$1" | tr / -)
echo ran >> "$2/$name"
while IFS="$(printf '\\t')" read -r ref path; do cat "$path"; done < "$FFT_INPUTS" > "$FFT_OUT/$1"
echo "$1" >> "$FFT_OUT/$1"
"""

HELD = """#!/bin/sh
# held REF COUNTERS GATE: writes half, waits at the gate, writes the rest.
set -e
name=$(echo "$1" | tr / -)
echo first half > "$FFT_OUT/$1"
echo ran >> "$2/$name"
flock -s "$3" true
echo second half >> "$FFT_OUT/$1"
"""


def write_gated_graph(folder, width):
    """before/1..width run at once beside held/1; after/n needs before/n and held/1; all needs after/*.

    Returns (folder, counters, gate).
    """
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    counters = Counters(folder / "counters")
    gate = Gate(folder / "gate")
    numbers = ",".join(map(str, range(1, width + 1)))
    write_graph(folder, f"""
graph: gated
root: data
jobs:
  - label: before
    outputs: ["before/{{n}}"]
    run: bin/counted
    args: ["before/{{n}}", "{counters.folder}"]
  - label: held
    outputs: ["held/{{n}}"]
    run: bin/held
    args: ["held/{{n}}", "{counters.folder}", "{gate.path}"]
  - label: after
    outputs: ["after/{{n}}"]
    inputs: ["before/{{n}}", "held/1"]
    run: bin/counted
    args: ["after/{{n}}", "{counters.folder}"]
  - label: all
    outputs: ["all"]
    inputs: ["after/{{n}} each(n in {numbers})"]
    run: bin/counted
    args: ["all", "{counters.folder}"]
""", {"counted": COUNTED, "held": HELD})
    return folder, counters, gate
