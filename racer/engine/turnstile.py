"""The turnstile: one controlled execution, in which one thread runs at a time and a strategy says which."""

from bisect import insort
from collections.abc import Callable
from contextvars import Context
from functools import partial
from threading import get_ident
from typing import TYPE_CHECKING, Any, TypeVar

from racer.core.errors import UsageError
from racer.core.finding import Finding, Side
from racer.core.operation import BEGIN, MODIFIED, START
from racer.core.rng import MASK, output
from racer.core.strategy import GIVE_UP
from racer.engine import deadlock, livelock, where
from racer.engine.operand import NOBODY
from racer.engine.steps import Steps, Unwind
from racer.engine.thread_state import ThreadState

if TYPE_CHECKING:
    from racer.engine.pool import Worker

R = TypeVar("R")


class Turnstile(Steps):
    """One controlled execution: its threads' lives, who has the turn, what was found, and how it ends."""

    __slots__ = ()

    # -- the turn ------------------------------------------------------------------------------------------------

    def _next(self, me: ThreadState) -> ThreadState | None:
        """Return the thread to have the turn after one that cannot go on; None if the execution is over."""
        enabled = self.enabled
        if not enabled:
            if self.unfinished and self.recorder is not None:
                self.recorder.stuck(self)
            if self.unfinished and "deadlock" in self.detect:
                deadlock.judge(self)
            return None
        if len(self.order) >= self.watched and self._cut():
            return None
        chosen = enabled[0]
        if len(enabled) > 1 or self.every_step:
            if not self.raced and len(enabled) > 1:
                self.raced = True
            chosen = self.pick(enabled, me.thread_number)
        return None if chosen == GIVE_UP else self.threads[chosen]

    def _give_away(self, me: ThreadState) -> None:
        """Give the turn away without being able to go on."""
        other = self._next(me)
        if other is None:
            self._close()
        else:
            self._turn_to(other)

    def _turn_to(self, other: ThreadState) -> None:
        self.current = other
        if other.ident:
            other.wake()
        else:
            self.seat(other)

    def _close(self) -> None:
        """End the execution: the main thread's OS thread takes over for the tear-down."""
        self.closed = True
        self.current = _NOBODY
        self.threads[0].wake()

    def abandon(self, me: ThreadState) -> None:
        """End the execution from within a thread that could go on: it waits for the tear-down and leaves its body."""
        self._close()
        me.wait()
        raise Unwind

    def _cut(self) -> bool:
        """Take note that the execution is too long, unless it is only to be watched from now on."""
        if len(self.order) < self.max_steps:
            livelock.watch(self)
            return False
        self.cut = True
        self.found("step-limit", f"the execution was cut after {self.max_steps} steps (max_steps)", ())
        livelock.judge(self)
        return True

    def _too_long(self, me: ThreadState) -> None:
        """Watch an execution that has become long, or end it from within a thread that could go on."""
        if self._cut():
            self.abandon(me)

    def _refuse(self) -> None:
        """Explain an operation that is not one of this execution's running thread."""
        if self.closed and (self is _active or self.lost) and self.has_thread_here():
            raise Unwind
        if self.closed:
            why = "an object of an earlier execution was used: make every object of a test inside its body"
        elif self.current is _CALLBACK:
            why = "an operation inside a function given to update, wait, atomically or __eq__: these perform none"
        else:
            why = "an operation of a thread that racer does not control: start threads with racer.Thread"
        error = UsageError(why)
        if self.current is _SHOWN:
            raise error  # seen by nobody but `show`
        running = active() or self
        running.error = running.error or error
        raise error

    def show(self, value: object) -> str:
        """Return a value's repr; what that does must change nothing, and operations in it are left out."""
        if type(value).__repr__ is object.__repr__:
            return f"<{type(value).__name__}>"  # without the address, which is another one each time
        before, self.current = self.current, _SHOWN
        try:
            return repr(value)
        except Exception:
            return f"<{type(value).__name__}>"
        finally:
            self.current = before

    def check_caller(self) -> None:
        """Refuse a caller that does not have the turn, where something is decided before the scheduling point."""
        if get_ident() != self.current.ident:
            self._refuse()

    def has_thread_here(self) -> bool:
        """Return whether the calling OS thread is one of this execution's."""
        ident = get_ident()
        return any(thread.ident == ident and not (thread.ended or thread.unwound) for thread in self.threads)

    def pure(self, fn: Callable[..., R], *args: object) -> R:
        """Call a function of the subject that may perform no operations."""
        before, self.current = self.current, _CALLBACK
        try:
            return fn(*args)
        finally:
            self.current = before

    # -- threads -------------------------------------------------------------------------------------------------

    def started(self, me: ThreadState, thread: ThreadState) -> None:
        """Record the start of a thread, whose `begin` becomes its pending operation."""
        self.codes.append(thread.base | START << 8 | MODIFIED)
        me.history = thread.writes = hash((me.history, thread.writes, thread.reads, START))
        thread.reads = 0
        thread.started = True
        if thread.pending:
            self.refresh(thread)
        self.unfinished += 1
        thread.history = hash((me.history, thread.path))
        insort(self.enabled, thread.thread_number)

    def seat(self, thread: ThreadState) -> None:
        """Give a thread that is to begin an OS thread, and the turn with it."""
        idle = self.pool.idle
        worker = idle.pop() if idle else self.pool.take()
        thread.seat(worker)
        worker.body = partial(self._run_bodies, thread, worker)
        thread.wake()

    def _run_bodies(self, thread: ThreadState, worker: "Worker") -> None:
        """Run a thread in its OS thread; and after it, to save a hand-over, the next one if that has not begun yet."""
        me: ThreadState | None = thread
        while me is not None:
            self._run_body(me)
            other = None if self.closed else self._next(me)
            me = None
            if other is None or other.ident:
                self.pool.idle.append(worker)  # before the turn is given away: its next holder may take this worker
            if other is None:
                self._close()
            else:
                self.current = other
                if other.ident:
                    other.wake()
                else:
                    other.seat(worker)
                    me = other

    def _run_body(self, me: ThreadState) -> None:
        """Run a thread's body, from its `begin` to its end, which is part of its last step."""
        self.order.append(me.thread_number)
        self.codes.append(me.base | BEGIN << 8)
        if self.recorder is not None:
            self.recorder.step(me)
        try:
            Context().run(me.body)  # type: ignore[arg-type]  # None only once the execution is released
        except (Unwind, SystemExit):
            pass  # given up, or gone as in threading
        except BaseException as error:
            self._raised(me, error)
        self._end(me)

    def _end(self, me: ThreadState) -> None:
        """End a thread: part of its last step, on which the joins of others depend."""
        if self.closed:
            me.unwound = True
            _lost.pop(me.ident, None)
        else:
            me.ended = True
            self.unfinished -= 1
            self.enabled.remove(me.thread_number)
            me.writes = hash((me.history, me.writes, me.reads))
            if me.pending:
                self.refresh(me)

    def _raised(self, me: ThreadState, error: BaseException) -> None:
        if self.closed or "exception" not in self.detect:
            return  # closed: it came out of the unwinding of a thread that was given up
        place, *stack = where.stack_of_error(error)
        kind = type(error).__name__
        side = Side(me.shown_name, "raise", kind, len(self.order) - 1, place, tuple(stack))
        self.found("exception", f"{me.shown_name} raised {kind}: {where.text_of_error(error)}", (side,))

    # -- findings ------------------------------------------------------------------------------------------------

    def found(self, kind: str, message: str, sides: tuple[Side, ...], notes: tuple[str, ...] = ()) -> None:
        """Take down a finding of the running thread at the last executed step."""
        me = self.current
        step = max(len(self.order) - 1, 0)
        self.findings.append(Finding(kind, message, me.shown_name, me.thread_number, step, sides, notes))

    # -- the whole -----------------------------------------------------------------------------------------------

    def execute(self, body: Callable[[], object], worker: "Worker") -> None:
        """Run one execution to its end in the calling OS thread, which is `worker`'s: thread 0 is the body."""
        global _active
        main = ThreadState(self, body, "main", daemon=False)
        main.seat(worker)
        main.started = True
        self.unfinished = 1
        self.enabled.append(0)
        _active = self
        try:
            self._run_main(main)
            self._tear_down(main)
        finally:
            if _active is self:  # not if this execution was given up and another has begun
                _active = None

    def _run_main(self, main: ThreadState) -> None:
        if self.every_step and self.pick(self.enabled, 0) == GIVE_UP:
            self.closed = True
            return
        self._run_body(main)
        if self.closed:
            return
        other = self._next(main)
        if other is None:
            self.closed = True
            self.current = _NOBODY
        else:
            self._turn_to(other)
            main.wait()

    def _tear_down(self, main: ThreadState) -> None:
        """Unwind the threads that are left, one after another."""
        for thread in self.threads:
            if thread.ident and not (thread.ended or thread.unwound) and thread is not main:
                thread.wake()
                main.wait()

    def release(self) -> None:
        """Undo the ties between the execution and its threads, so that its memory goes without a collection."""
        for thread in self.threads:
            thread.operand = _NOTHING
            thread.body = thread.predicate = None
            thread.pending = NOBODY
        self.threads.clear()
        self.histories = self.recorder = None

    def interleaving(self) -> int:
        """Return a hash of the execution's happens-before class: a commutative one over its threads.

        Each summand is mixed: the hash of a tuple is nearly linear in its last part, and differences would cancel out.
        """
        total = 0
        for thread in self.threads:
            total += output(hash((thread.path, thread.history)) & MASK)
        return total


class _Nobody:
    """Stands in for the running thread where there is none: no OS thread has its ident."""

    ident = -1
    path = 0
    children = 0
    thread_number = -1
    shown_name = "nobody"
    daemon = False
    spinlocks = None


_NOBODY: Any = _Nobody()
_CALLBACK: Any = _Nobody()
_SHOWN: Any = _Nobody()
_NOTHING: Any = None
_active: Turnstile | None = None
_lost: dict[int, Turnstile] = {}
"""The OS threads that a stalled execution left behind: at their next operation they are unwound."""


def active() -> Turnstile | None:
    """Return the execution the calling thread is one of the threads of, or None."""
    run = _active
    if _lost and get_ident() in _lost:
        return _lost[get_ident()]
    if run is None:
        return None
    if run.current.ident == get_ident():
        return run
    # Nobody has the turn while an execution is torn down or a callback runs: its threads are still its threads.
    return run if run.current.ident < 0 and run.has_thread_here() else None


def running() -> Turnstile | None:
    """Return the execution that runs in this process, whoever asks."""
    return _active


def forget() -> None:
    """Forget the execution that runs: its threads are lost."""
    global _active
    if _active is not None:
        _active.closed = _active.lost = True
        _lost.update((thread.ident, _active) for thread in _active.threads if thread.ident and not thread.ended)
        _active.current = _NOBODY
    _active = None
