#!/usr/bin/python3 -SE
"""The job of the chaos test, executed by a worker: job NODE FOLDER.

It makes NODE's output from its inputs and tells in FOLDER/count what it saw.  Kernel locks prove what no
clock can: whoever runs holds its output's file in FOLDER/locks exclusively and its inputs' files shared, and
the kernel lets go of them when the last of its processes has died, not earlier.  Who finds one taken is a
second run of an output, or reads what is being written, and says so.
"""

import fcntl
import hashlib
import json
import os
import random
import select
import sys
import time

TEMPORARY_FAILURE = 75


def digest(data):
    return hashlib.sha256(data).hexdigest()


def pause(seconds):
    """Work that takes its time."""
    select.select([], [], [], seconds)


class Job:
    def __init__(self, node, folder):
        self.node = node
        self.folder = folder
        self.count = os.open(f"{folder}/count", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        with open(os.environ["FFT_INPUTS"], encoding="utf-8") as lines:
            self.inputs = dict(line.rstrip("\n").split("\t") for line in lines)
        self.locks = []

    def tell(self, what, **more):
        """One line in one write.  A kill may cut it short: the newline before the next one ends the piece."""
        line = {"what": what, "node": self.node, "run": os.environ["FFT_RUN"], "mono": time.monotonic(),
                "wall": time.time(), **more}
        os.write(self.count, f"\n{json.dumps(line)}\n".encode())

    def lock(self, name, how, complaint):
        file = open(f"{self.folder}/locks/{name.replace('/', '-')}", "a", encoding="utf-8")
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
        except BlockingIOError:
            self.tell(complaint, other=name)
        self.locks.append(file)

    def read(self):
        found = {}
        for ref, path in self.inputs.items():
            with open(path, "rb") as file:
                found[ref] = file.read()
        return found

    def make(self, found):
        """What comes out.  Of a source only the first line counts; oracle: chaos_graph.expected."""
        parts = [self.node]
        for ref in sorted(found):
            data = found[ref]
            parts.append(ref + " " + digest(data.splitlines()[0] if ref.startswith("source/") else data))
        return (self.node + "\n" + digest("\n".join(parts).encode()) + "\n") * 200

    def write(self, text):
        """In two halves with a pause between, so that a half that is taken for a whole can be seen.

        Without a folder of the run's own it is written in place.
        """
        out = f"{os.environ.get('FFT_OUT') or os.environ['FFT_ROOT']}/{self.node}"
        os.makedirs(os.path.dirname(out), exist_ok=True)
        half = len(text) // 2
        with open(out, "w", encoding="utf-8") as file:
            file.write(text[:half])
            file.flush()
            pause(random.uniform(0, 0.2))
            file.write(text[half:])

    def fails_first(self, found):
        """Once for each set of inputs, whoever is first."""
        parts = "".join(digest(found[ref]) for ref in sorted(found))
        name = f"{self.folder}/tried/{self.node.replace('/', '-')}-{digest(parts.encode())}"
        try:
            os.close(os.open(name, os.O_CREAT | os.O_EXCL, 0o644))
        except FileExistsError:
            return False
        return True

    def run(self):
        self.lock(self.node, fcntl.LOCK_EX, "DOUBLE")
        if self.node.startswith("flaky/"):
            self.lock("pool narrow", fcntl.LOCK_EX, "POOL_TOO_FULL")
        for ref in self.inputs:
            if not ref.startswith("source/"):
                self.lock(ref, fcntl.LOCK_SH, "WRITTEN_WHILE_READ")
        found = self.read()
        seen = {ref: digest(data) for ref, data in found.items()}
        self.tell("START", inputs=seen)
        if self.node.startswith("bad/"):
            pause(random.uniform(0, 0.1))
            self.tell("FAIL")
            return 1
        if self.node.startswith("flaky/") and self.fails_first(found):
            self.tell("AGAIN")
            return TEMPORARY_FAILURE
        text = self.make(found)
        self.write(text)
        changed = [ref for ref, data in self.read().items()
                   if not ref.startswith("source/") and digest(data) != seen[ref]]
        if changed:
            self.tell("CHANGED_WHILE_READ", other=changed)
        source = [data.splitlines()[0].decode() for ref, data in found.items() if ref.startswith("source/")]
        self.tell("END", output=digest(text.encode()), value=source[0] if source else "")
        return 0


if __name__ == "__main__":
    sys.exit(Job(sys.argv[1], sys.argv[2]).run())
