"""Runs a campaign in a pooled OS thread while the caller's watches: progress, Ctrl-C, and the watchdog.

The campaign's loop runs in the OS thread that is also thread 0 of every execution, so that an execution costs no
hand-over of its own. The caller's thread is never pinned and never touches the executions.
"""

import gc
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from racer.core.errors import RacerError, StallError, UsageError
from racer.engine import free, interpose, pool, turnstile
from racer.engine.garbage import collect_young
from racer.engine.patience import Patience

__all__ = ["Driver", "collect_young"]

R = TypeVar("R")

_TICK = 0.05
_GRACE = 2.0
_one_at_a_time = threading.Lock()


class Driver:
    """One campaign under way.

    `beat` grows whenever a step is executed, as far as the watchdog can see; `stop` asks the campaign's loop to end
    after the execution it is in.
    """

    def __init__(self, stall_after: float) -> None:
        self.stall_after = stall_after
        self.stop = False
        self._abandoned = False
        self._ident = 0
        self.executions = 0
        self._began = time.monotonic()
        self._done = threading.Event()
        self._result: object = None
        self._error: BaseException | None = None

    def seconds(self) -> float:
        """Return the time since the campaign was made."""
        return time.monotonic() - self._began

    def check(self) -> None:
        """Raise in a campaign that was given up and whose thread came back: it may not begin anything."""
        if self._abandoned:
            raise RacerError("this campaign was given up")

    def run(self, loop: Callable[[pool.Worker], R], tick: Callable[[], None]) -> R:
        """Run `loop` in a pooled thread; call `tick` now and then; return what it returns or raise what it raises."""
        if turnstile.active() is not None:
            raise UsageError("explore, verify and replay cannot be called inside an execution")
        with _one_at_a_time:
            return self._run(loop, tick)

    def _run(self, loop: Callable[[pool.Worker], R], tick: Callable[[], None]) -> R:
        threads = pool.pool()
        worker = threads.take()
        collecting = gc.isenabled()
        hook = interpose.install(interpose.refuse_uncontrolled)
        gc.disable()  # a collection may run finalizers anywhere, and costs more than an execution
        self._ident = worker.ident
        worker.body = lambda: self._serve(loop, worker)
        worker.baton.wake()
        try:
            self._watch(tick)
        finally:
            interpose.install(hook)
            if collecting:
                gc.enable()
        threads.idle.append(worker)
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]

    def _serve(self, loop: Callable[[pool.Worker], object], worker: pool.Worker) -> None:
        try:
            self._result = loop(worker)
        except BaseException as error:
            self._error = error
        finally:
            self._done.set()

    def _watch(self, tick: Callable[[], None]) -> None:
        try:
            stalled = self._wait(tick)
        except BaseException:  # Ctrl-C, or what a progress callback raises
            self.stop = True
            if not self._done.wait(_GRACE):
                self._abandon()
            raise
        if stalled:
            self._give_up()

    def _wait(self, tick: Callable[[], None]) -> bool:
        """Wait for the end of the campaign; return True if no step was executed for too long."""
        patience = Patience(self.stall_after)
        while not self._done.wait(_TICK):
            tick()
            if patience.out(self._beat(), time.monotonic(), pool.pool().native_id_of(self._holder())):
                return True
        return False

    def _holder(self) -> int:
        """Return the ident of the OS thread that has the turn, or of the campaign's own."""
        run = turnstile.running()
        ident = run.current.ident if run is not None else 0
        return ident if ident > 0 else self._ident

    def _beat(self) -> tuple[int, int]:
        run = turnstile.running()
        return self.executions, 0 if run is None else len(run.order)

    def _give_up(self) -> None:
        run = turnstile.running()
        name = run.current.shown_name if run is not None else "the campaign"
        error = StallError(self.stall_after, name, free.stacks())
        self._abandon()
        raise error

    def _abandon(self) -> None:
        """Leave the pool and its threads behind: whichever wakes up finds its execution closed."""
        self.stop = self._abandoned = True
        turnstile.forget()
        pool.discard()
