"""What the chaos test builds: two layered graphs over sources that change, and what must come out."""

import collections
import functools
import hashlib
import pathlib
import random
import threading
import time

import graphs

HERE = pathlib.Path(__file__).resolve().parent
WIDTH = 4
NUMBERS = range(1, WIDTH + 1)

# Direct children of the guardian die with it; what a shell started has to be found and killed.
WRAPPED = '#!/bin/sh\n"$FFT_FILES/bin/job" "$@"\ncode=$?\nexit $code\n'

# Asked what the jobs `f` need: {folder} is the graph's.
PLAN = """#!/bin/sh
comma=
printf '{{"configs": ['
for ref in "$@"; do
  x=${{ref#f/}}
  printf '%s{{"outputs": [{{"str": "%s"}}], "args": ["%s", "{folder}"], "inputs": [' "$comma" "$ref" "$ref"
  printf '{{"dep_type_code": 1, "partition_ref": {{"str": "c/%s"}}}},' "$x"
  printf '{{"dep_type_code": 1, "partition_ref": {{"str": "d/%s/1"}}}}]}}' "$x"
  comma=,
done
printf ']}}'
"""

YAML = """
graph: {name}
root: data
sources:
{sources}
jobs:
  - {{label: a, outputs: ["a/{{n}}"], run: bin/job, args: ["a/{{n}}", "{folder}"],
     inputs: ["source/{{n}}"]}}
  - {{label: e, outputs: ["e/{{n}}"], run: bin/job, args: ["e/{{n}}", "{folder}"],
     inputs: [{{ref: "a/{{n}}", identity: content}}]}}
  - {{label: b, outputs: ["b/{{x}}/{{y}}"], run: bin/wrapped, files: [bin/job],
     args: ["b/{{x}}/{{y}}", "{folder}"],
     inputs: [{{ref: "a/{{x}}", identity: content}}, "e/{{y}}"]}}
  - {{label: c, outputs: ["c/{{x}}"], run: bin/job, args: ["c/{{x}}", "{folder}"],
     inputs: ["b/{{x}}/{{y}} each(y in {numbers})"]}}
  - {{label: d, outputs: ["d/{{x}}/{{y}}"], run: bin/wrapped, files: [bin/job],
     args: ["d/{{x}}/{{y}}", "{folder}"],
     inputs: ["c/{{x}}", {{ref: "b/{{y}}/{{x}}", identity: content}}]}}
  - {{label: top, outputs: ["top"], run: bin/job, args: ["top", "{folder}"],
     inputs: ["d/{{x}}/{{y}} each(x in {numbers}) each(y in {numbers})"]}}
  - {{label: flaky, outputs: ["flaky/{{x}}"], run: bin/wrapped, files: [bin/job],
     args: ["flaky/{{x}}", "{folder}"], inputs: ["c/{{x}}"], limits: {{pools: [narrow]}}}}
  - {{label: f, outputs: ["f/{{x}}"], configure: bin/plan, run: bin/job, files: [bin/version]}}
  - {{label: p, outputs: ["p/{{x}}"], run: bin/job, args: ["p/{{x}}", "{folder}"], in_place: true,
     inputs: ["c/{{x}}"]}}
  - {{label: r, outputs: ["r/{{x}}"], run: bin/job, args: ["r/{{x}}", "{folder}"],
     inputs: [{{ref: "p/{{x}}", identity: content}}]}}
  - {{label: bad, outputs: ["bad/{{x}}"], run: bin/job, args: ["bad/{{x}}", "{folder}"],
     inputs: ["b/{{x}}/1"]}}
  - {{label: after_bad, outputs: ["after_bad/{{x}}"], run: bin/job, args: ["after_bad/{{x}}", "{folder}"],
     inputs: ["bad/{{x}}"]}}
"""

# In the order of the layers.
GOOD = ([f"a/{n}" for n in NUMBERS] + [f"e/{n}" for n in NUMBERS]
        + [f"b/{x}/{y}" for x in NUMBERS for y in NUMBERS] + [f"c/{x}" for x in NUMBERS]
        + [f"d/{x}/{y}" for x in NUMBERS for y in NUMBERS] + ["top"]
        + [f"{job}/{x}" for job in ("flaky", "f", "p", "r") for x in NUMBERS])
BAD = [f"bad/{x}" for x in NUMBERS] + [f"after_bad/{x}" for x in NUMBERS]


def inputs_of(node):
    """As the graph declares them."""
    label, *numbers = node.split("/")
    x, y = (numbers + ["", ""])[:2]
    return {"a": lambda: [f"source/{x}"],
            "e": lambda: [f"a/{x}"],
            "b": lambda: [f"a/{x}", f"e/{y}"],
            "c": lambda: [f"b/{x}/{n}" for n in NUMBERS],
            "d": lambda: [f"c/{x}", f"b/{y}/{x}"],
            "top": lambda: [f"d/{m}/{n}" for m in NUMBERS for n in NUMBERS],
            "flaky": lambda: [f"c/{x}"],
            "f": lambda: [f"c/{x}", f"d/{x}/1"],
            "p": lambda: [f"c/{x}"],
            "r": lambda: [f"p/{x}"],
            "bad": lambda: [f"b/{x}/1"],
            "after_bad": lambda: [f"bad/{x}"]}[label]()


def sources_of(node):
    """The sources below a node."""
    if node.startswith("source/"):
        return {node}
    return set().union(*(sources_of(ref) for ref in inputs_of(node)))


def digest(data):
    return hashlib.sha256(data).hexdigest()


def expected(node, values):
    """The bytes that a clean build leaves at a node, from the sources' first lines by ref."""
    @functools.lru_cache(maxsize=None)
    def make(ref):
        parts = [ref]
        for below in sorted(inputs_of(ref)):
            data = values[below].encode() if below.startswith("source/") else make(below)
            parts.append(below + " " + digest(data))
        return ((ref + "\n" + digest("\n".join(parts).encode()) + "\n") * 200).encode()
    return make(node)


# A source's first line, and the wall times between which it came.
Version = collections.namedtuple("Version", "value begun done")


class Graph:
    """One of the two graphs: its folder, and every version that its sources had.

    For threads.  No content of a source comes twice.
    """

    def __init__(self, world_folder, name):
        self.name = name
        self.folder = pathlib.Path(world_folder) / name
        self.data = self.folder / "data"
        for below in ("sources", "locks", "tried"):
            (self.folder / below).mkdir(parents=True)
        self._lock = threading.Lock()
        self._deploys = 0
        self.versions = {}  # source -> [Version], oldest first
        for n in NUMBERS:
            self.edit(f"source/{n}", random.Random(n))
        sources = "\n".join(f"  - {{ref: source/{n}, file: sources/{n}}}" for n in NUMBERS)
        yaml = YAML.format(name=name, sources=sources, folder=self.folder, numbers=",".join(map(str, NUMBERS)))
        programs = {"job": (HERE / "chaos_job.py").read_text(encoding="utf-8"), "wrapped": WRAPPED,
                    "plan": PLAN.format(folder=self.folder), "version": "0"}
        graphs.write_graph(self.folder, yaml, programs)

    def edit(self, source, chance):
        """A new content in one step: the first line changes, or only what nobody but the key looks at."""
        with self._lock:
            known = self.versions.setdefault(source, [])
            is_other_value = not known or chance.random() < 0.6
            value = f"{self.name} {source} {len(known)}" if is_other_value else known[-1].value
            place = self.folder / "sources" / source.rpartition("/")[2]
            draft = place.with_suffix(".new")
            draft.write_text(f"{value}\nedit {len(known)}\n", encoding="utf-8")
            before = time.time()
            draft.rename(place)
            known.append(Version(value, before, time.time()))

    def deploy_another(self, deploy):
        """A revision in which the jobs `f` are others, that make the same.  deploy: what a person would call.

        Their file is large enough that a worker may be caught while it fetches it.
        """
        with self._lock:
            self._deploys += 1
            (self.folder / "bin/version").write_text(f"{self._deploys}\n" * (1 << 19), encoding="utf-8")
            deploy(self.folder)

    def values(self):
        """The sources' first lines as they are now."""
        return {source: known[-1].value for source, known in self.versions.items()}
