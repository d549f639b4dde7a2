"""Kills everything at random, and plays the init system for what nobody else starts again."""

import collections
import os
import signal
import threading
import time

import world

# What was killed, with wall and monotonic times just before the signal; worker: of agents and guardians.
Kill = collections.namedtuple("Kill", "what worker pid wall mono")
# A program that ended without being killed.
End = collections.namedtuple("End", "what code is_excused log")


class Storm:
    """Kills for a while, then sees to it that everything runs again.  Owns the world meanwhile."""

    RESTART_MAX_S = 0.7
    # A postmaster that is killed amid its recovery leaves a process that keeps the next one out for a minute: once
    # in a while is enough, and who waits for PostgreSQL may give up so much later.
    POSTGRES_PAUSE_S = 4
    GIVE_UP_S = 90

    def __init__(self, chaos, chance):
        self.world = chaos
        self.chance = chance
        # No storm is like another: now daemons have the worst of it, now guardians.
        self.per_s = chance.choice([1, 2, 4])
        self.weights = {victim: chance.choice([1, 2, 5]) for victim in chaos.VICTIMS}
        self.kills = []
        self.ends = []
        self._clock = threading.Event()  # never set: to pause
        self._start_at = {}  # when the init system starts what has ended

    def run(self, seconds):
        until = time.monotonic() + seconds
        unhurt = set(self.weights)  # everything is killed once, however short the storm
        while time.monotonic() < until:
            self._pause(min(4.0, 0.02 + self.chance.expovariate(self.per_s)))
            at_once = self.chance.choices([1, 2, 3], [6, 2, 1])[0]
            names = self.chance.choices(list(self.weights), self.weights.values(), k=at_once)
            if unhurt and self.chance.random() < 0.5:
                names = [self.chance.choice(sorted(unhurt))]
            for name in dict.fromkeys(names):
                if self._strike(name):
                    unhurt.discard(name)

    def _pause(self, seconds):
        """Between kills; meanwhile the init system works."""
        until = time.monotonic() + seconds
        self._keep_running()
        while (left := until - time.monotonic()) > 0:
            self._clock.wait(min(left, 0.05))
            self._keep_running()

    def calm(self):
        """Everything runs again, both workers are connected."""
        self.wait_until(lambda: not self._start_at and self.world.are_workers_connected(),
                        "both workers to be connected after the storm", 2 * world.PATIENCE_S)

    def wait_until(self, condition, what, patience_s):
        """For what comes true after the storm; meanwhile the init system works."""
        def is_so():
            self._keep_running()
            return condition()
        world.wait_until(is_so, what, patience_s)

    def _since(self, *whats):
        """Seconds since one of these was killed."""
        return time.monotonic() - max((kill.mono for kill in self.kills if kill.what in whats), default=-1e9)

    def _victims(self, name):
        what, _, which = name.partition(" ")
        if what == "postgres":
            return self.world.postmaster() if self._since("postgres") > self.POSTGRES_PAUSE_S else []
        if what == "backend":
            backends = self.world.backends()
            return [self.chance.choice(backends)] if backends else []
        if which:
            return self.world.half_of(which, what)
        process = self.world.kept[what]
        return [] if process.poll() is not None else [world.Process(process.pid, os.getpid(), what)]

    def _strike(self, name):
        """Whether there was anything to kill."""
        what, _, which = name.partition(" ")
        victims = self._victims(name)
        for victim in victims:
            worker = self.world.workers.get(which, "")
            self.kills.append(Kill(what, worker, victim.pid, time.time(), time.monotonic()))
            self.world.signal(victim, signal.SIGKILL)
        killed = {victim.pid for victim in victims}
        for process in self.world.kept.values():
            if process.pid in killed:
                process.wait(world.PATIENCE_S)  # so that nobody takes it for running
        return bool(victims)

    def _keep_running(self):
        """What an init system does: starts again what has ended, soon."""
        for name, process in list(self.world.kept.items()):
            if process.poll() is None:
                continue
            if name not in self._start_at:
                self._note_end(name, process)
                self._start_at[name] = time.monotonic() + self.chance.uniform(0, self.RESTART_MAX_S)
            elif time.monotonic() >= self._start_at[name]:
                del self._start_at[name]
                self.world.launch(name)

    def _note_end(self, name, process):
        """Who was not killed may only have given up for want of PostgreSQL; agents need none."""
        if process.pid in {kill.pid for kill in self.kills}:
            return
        is_excused = (name in ("daemon", "twin", "postgres") and process.returncode == 1
                      and self._since("postgres", "backend") < self.GIVE_UP_S)
        self.ends.append(End(name, process.returncode, is_excused, self.world.log_text(name)))
