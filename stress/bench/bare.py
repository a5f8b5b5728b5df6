"""The bare baton: the least that can schedule real threads one at a time. No record, no detectors, no rules.

It is the reference for the engine: the same pooled threads, the same scheduling points, the same kind of random
choice, and nothing else. What the engine costs above it is the price of knowing what happened.
"""

import gc
from collections.abc import Callable
from functools import partial

from racer.engine.baton import Baton, make_baton
from racer.engine.pool import Worker, pool

_MASK = (1 << 64) - 1
_MULTIPLIER = 6364136223846793005


class Seat:
    """A thread of the program: the pooled OS thread it runs on, and who waits for its end."""

    __slots__ = ("ended", "joiner", "wait", "wake", "worker")

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.wake, self.wait, _ = worker.baton
        self.ended = False
        self.joiner: Seat | None = None


class BareLock:
    """A lock; `asking` are the threads that stand before it, enabled only while it is free."""

    __slots__ = ("asking", "held")

    def __init__(self) -> None:
        self.held = False
        self.asking: list[Seat] = []


class Bare:
    """Runs a program over and over; at each point one of the enabled threads is drawn to go on."""

    def __init__(self, seed: int = 1) -> None:
        self._state = seed
        self._threads = pool()
        self._enabled: list[Seat] = []
        self._current = Seat(self._threads.take())

    def _draw(self) -> Seat:
        enabled = self._enabled
        self._state = state = self._state * _MULTIPLIER + 1 & _MASK
        return enabled[(state >> 33) % len(enabled)]

    def point(self) -> None:
        """Let a drawn thread go on."""
        if len(self._enabled) > 1:
            me, chosen = self._current, self._draw()
            if chosen is not me:
                self._current = chosen
                chosen.wake()
                me.wait()

    def _leave(self, me: Seat) -> None:
        """Let a drawn thread go on, as one that cannot."""
        self._enabled.remove(me)
        self._current = chosen = self._draw()
        chosen.wake()

    def start(self, body: Callable[[], None]) -> Seat:
        """Start a thread: it is enabled, and begins when it is drawn."""
        self.point()
        worker = self._threads.take()
        seat = Seat(worker)
        worker.body = partial(self._serve, seat, body)
        self._enabled.append(seat)
        return seat

    def _serve(self, seat: Seat, body: Callable[[], None]) -> None:
        body()
        seat.ended = True
        if seat.joiner is not None:
            self._enabled.append(seat.joiner)
        self._threads.idle.append(seat.worker)
        self._leave(seat)

    def join(self, seat: Seat) -> None:
        """Wait for a thread's end."""
        if seat.ended:
            self.point()
            return
        seat.joiner = me = self._current
        self._leave(me)
        me.wait()

    def acquire(self, lock: BareLock) -> None:
        """Take a lock: those that ask for it, too, are not enabled from now on."""
        me = self._current
        lock.asking.append(me)
        if lock.held:
            self._leave(me)
            me.wait()
        else:
            self.point()
        lock.asking.remove(me)
        lock.held = True
        for other in lock.asking:
            self._enabled.remove(other)

    def release(self, lock: BareLock) -> None:
        """Release a lock: those that ask for it are enabled."""
        self.point()
        lock.held = False
        self._enabled += lock.asking

    def run(self, program: "Program", executions: int) -> int:
        """Run a program so often, its main thread in a pooled thread like all others; return how often."""
        main = self._current
        self._enabled.append(main)
        done = make_baton()
        collecting = gc.isenabled()
        gc.disable()  # as racer does

        def loop() -> None:
            for _ in range(executions):
                program(self)
            done.wake()

        main.worker.body = loop
        main.wake()
        done.wait()
        if collecting:
            gc.enable()
        self._enabled.clear()
        return executions


Program = Callable[[Bare], None]


def ping_pong(hand_overs: int, baton: Callable[[], Baton] = make_baton) -> int:
    """Hand the turn to and fro between two pooled threads so often; return how often."""
    threads = pool()
    one, other = threads.take(), threads.take()
    mine, yours, done = baton(), baton(), make_baton()
    each = max(1, hand_overs // 2)

    def serve() -> None:
        for _ in range(each):
            yours.wake()
            mine.wait()
        done.wake()

    def answer() -> None:
        for _ in range(each):
            yours.wait()
            mine.wake()

    other.body, one.body = answer, serve
    other.baton.wake()
    one.baton.wake()
    done.wait()
    threads.idle += [one, other]
    return 2 * each
