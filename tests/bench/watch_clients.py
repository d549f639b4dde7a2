"""Watchers in a process of their own, tests/bench/watch_clients.cc: a hundred in Python would be what is measured."""

import re
import subprocess

from table import worlds

PROGRAM = worlds.BIN / "watch_clients"


def run(address, *words):
    subprocess.run([str(PROGRAM), address, *map(str, words)], check=True, stdout=subprocess.DEVNULL)


class Watchers:
    """`count` watchers of the log; kind: "events", or "stalled" for ones that never read."""

    def __init__(self, address, kind, count, *more):
        self._process = subprocess.Popen([str(PROGRAM), address, kind, str(count), *more], text=True,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout.readline() == "open\n"

    def measure(self):
        self._say("measure")

    def end(self):
        """What was seen since measure(): {"p99_us": ..., ...}."""
        self._say("end")
        seen = self._process.stdout.readline()
        assert self._process.wait() == 0
        return {name: int(value) for name, value in re.findall(r"(\w+) (\d+)", seen)}

    def _say(self, word):
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()
