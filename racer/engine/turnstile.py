"""The turnstile: one controlled execution, in which one thread runs at a time and a strategy says which.

A scheduling point stands *before* each visible operation: the strategy must see what every thread is about to do,
and an operation that had already happened when the point is reached could not be ordered after another thread's.
"""

from bisect import insort
from collections.abc import Callable
from functools import partial
from threading import get_ident
from typing import TYPE_CHECKING, Any, TypeVar

from racer.core.errors import RacerError, UsageError
from racer.core.finding import Finding, Side
from racer.core.operation import BEGIN, CHOOSE, DONE, START
from racer.core.strategy import GIVE_UP, Strategy
from racer.engine import deadlock, where
from racer.engine.operand import NOBODY, Operand
from racer.engine.thread_state import ThreadState

if TYPE_CHECKING:
    from racer.engine.pool import Pool, Worker
    from racer.engine.recorder import Watch


R = TypeVar("R")


class Unwind(BaseException):
    """Raised in a thread that will never be given the turn again, so that it leaves its body."""


class Turnstile:
    """One controlled execution.

    `order[i]` is the thread that executed step i and `codes[i]` what it executed (object << 16 | kind << 8 | outcome).
    `enabled` holds the numbers of the threads whose pending operation can be executed, ascending, the running one
    included. Everything here is touched by the thread that has the turn and by no other.
    """

    # Defaults that most executions keep: an execution of ten steps feels each attribute set.
    current: ThreadState
    objects = 0
    clock = 0.0
    raced = False
    unfinished = 0
    closed = False
    cut = False
    error: RacerError | None = None
    counters: dict[str, int] | None = None

    def __init__(
        self,
        strategy: Strategy,
        pool: "Pool",
        max_steps: int,
        detect: frozenset[str],
        recorder: "Watch | None" = None,
    ) -> None:
        self.strategy = strategy
        self.pick = strategy.pick
        self.every_step = strategy.every_step
        self.pool = pool
        self.max_steps = max_steps
        self.detect = detect
        self.recorder = recorder
        self.threads: list[ThreadState] = []
        self.enabled: list[int] = []
        self.order: list[int] = []
        self.codes: list[int] = []
        self.values: list[int] = []
        self.findings: list[Finding] = []

    # -- scheduling points ---------------------------------------------------------------------------------------

    def reach(self, kind: int, operand: Operand) -> ThreadState:
        """Stop before an operation that can always be executed; return when its step has come."""
        me = self.current
        if get_ident() != me.ident:
            self._refuse()
        me.kind = kind
        me.operand = operand
        order = self.order
        if len(order) >= self.max_steps:
            self._cut(me)
            self._unwind(me)
        enabled = self.enabled
        if len(enabled) > 1 or self.every_step:
            chosen = self.pick(enabled, me.thread_number)
            if chosen != me.thread_number:
                self._switch(me, chosen)
        order.append(me.thread_number)
        if self.recorder is not None:
            self.recorder.step(me)
        return me

    def await_turn(self, kind: int, operand: Operand, queue: Operand) -> ThreadState:
        """Stop before an operation that needs `operand.admits(me)`; return when its step has come and it does.

        `queue` is the object whose changes decide that: `refresh` is called on it after each.
        """
        me = self.current
        if get_ident() != me.ident:
            self._refuse()
        me.kind = kind
        me.operand = operand
        if len(self.order) >= self.max_steps:
            self._cut(me)
            self._unwind(me)
        me.enabled = operand.admits(me)
        if me.enabled:
            enabled = self.enabled
            if len(enabled) > 1 or self.every_step:
                chosen = self.pick(enabled, me.thread_number)
                if chosen != me.thread_number:
                    self._queue(me, queue)
                    self._switch(me, chosen)
                    queue.pending.remove(me)  # type: ignore[union-attr]  # _queue made it a list
        else:
            self.enabled.remove(me.thread_number)
            self._queue(me, queue)
            self._leave_turn(me)
            me.wait()
            if self.closed:
                me.unwinding = True
                raise Unwind
            queue.pending.remove(me)  # type: ignore[union-attr]  # _queue made it a list
        self.order.append(me.thread_number)
        if self.recorder is not None:
            self.recorder.step(me)
        return me

    def refresh(self, operand: Operand) -> None:
        """Work out anew which of the threads pending on an object that has changed can go on."""
        for thread in operand.pending:
            admitted = thread.operand.admits(thread)
            if admitted is not thread.enabled:
                thread.enabled = admitted
                if admitted:
                    insort(self.enabled, thread.thread_number)
                else:
                    self.enabled.remove(thread.thread_number)

    def _queue(self, me: ThreadState, queue: Operand) -> None:
        if queue.pending is NOBODY:
            queue.pending = [me]
        else:
            queue.pending.append(me)  # type: ignore[union-attr]  # not NOBODY: a list

    def _switch(self, me: ThreadState, chosen: int) -> None:
        """Give the turn to another thread and wait until it comes back."""
        if chosen == GIVE_UP:
            self.abandon(me)
        self.raced = True
        self.current = other = self.threads[chosen]
        other.wake()
        me.wait()
        if self.closed:
            me.unwinding = True
            raise Unwind

    def _leave_turn(self, me: ThreadState) -> bool:
        """Give the turn away without being able to go on; return False if nobody is and the execution is over."""
        enabled = self.enabled
        if not enabled:
            if self.unfinished and "deadlock" in self.detect:
                deadlock.judge(self)
            self._close(me)
            return False
        if len(self.order) >= self.max_steps:
            self._cut(me)
            return False
        chosen = enabled[0]
        if len(enabled) > 1 or self.every_step:
            self.raced = self.raced or len(enabled) > 1
            chosen = self.pick(enabled, me.thread_number)
        if chosen == GIVE_UP:
            self._close(me)
            return False
        self.current = other = self.threads[chosen]
        other.wake()
        return True

    def _close(self, me: ThreadState) -> None:
        """End the execution: the main thread's OS thread takes over for the tear-down."""
        self.closed = True
        self.current = _NOBODY
        main = self.threads[0]
        if me is not main or not main.ended:
            main.wake()

    def abandon(self, me: ThreadState) -> None:
        """End the execution from within a thread that could go on."""
        self._close(me)
        self._unwind(me)

    def _unwind(self, me: ThreadState) -> None:
        """Wait for the tear-down to come to a thread, and leave its body."""
        me.wait()
        me.unwinding = True
        raise Unwind

    def _cut(self, me: ThreadState) -> None:
        """End the execution because of its length."""
        self.cut = True
        self.found("step-limit", f"the execution was cut after {self.max_steps} steps (max_steps)", ())
        self._close(me)

    def _refuse(self) -> None:
        """Explain an operation that is not one of this execution's running thread."""
        if self.closed and self is _active and self.has_thread_here():
            raise Unwind
        if self.closed:
            why = "an object of an earlier execution was used: make every object of a test inside its body"
        elif self.current is _CALLBACK:
            why = "an operation inside a function given to update, wait or compare_exchange: these perform none"
        else:
            why = "an operation of a thread that racer does not control: start threads with racer.Thread"
        error = UsageError(why)
        running = active() or self
        running.error = running.error or error
        raise error

    def check_caller(self) -> None:
        """Refuse a caller that does not have the turn, where something is decided before the scheduling point."""
        if get_ident() != self.current.ident:
            self._refuse()

    def has_thread_here(self) -> bool:
        """Return whether the calling OS thread is one of this execution's."""
        ident = get_ident()
        return any(thread.ident == ident and not thread.ended for thread in self.threads)

    def pure(self, fn: Callable[..., R], *args: object) -> R:
        """Call a function of the subject that may perform no operations."""
        before, self.current = self.current, _CALLBACK
        try:
            return fn(*args)
        finally:
            self.current = before

    # -- what was done -------------------------------------------------------------------------------------------

    # `read` and `modify` repeat `reach` in their own bodies: they are most of all steps, and a call within a call
    # costs a tenth of a step (make bench: "a step without hand-over").

    def read(self, kind: int, operand: Operand) -> None:
        """Execute an operation that only reads."""
        me = self.current
        if get_ident() != me.ident:
            self._refuse()
        me.kind = kind
        me.operand = operand
        order = self.order
        if len(order) >= self.max_steps:
            self._cut(me)
            self._unwind(me)
        enabled = self.enabled
        if len(enabled) > 1 or self.every_step:
            chosen = self.pick(enabled, me.thread_number)
            if chosen != me.thread_number:
                self._switch(me, chosen)
        order.append(me.thread_number)
        if self.recorder is not None:
            self.recorder.step(me)
        self.codes.append(operand.base | kind << 8)
        me.history = seen = hash((me.history, operand.writes, kind))
        operand.reads ^= seen

    def modify(self, kind: int, operand: Operand) -> None:
        """Execute an operation that modifies."""
        me = self.current
        if get_ident() != me.ident:
            self._refuse()
        me.kind = kind
        me.operand = operand
        order = self.order
        if len(order) >= self.max_steps:
            self._cut(me)
            self._unwind(me)
        enabled = self.enabled
        if len(enabled) > 1 or self.every_step:
            chosen = self.pick(enabled, me.thread_number)
            if chosen != me.thread_number:
                self._switch(me, chosen)
        order.append(me.thread_number)
        if self.recorder is not None:
            self.recorder.step(me)
        self.codes.append(operand.base | kind << 8)
        me.history = operand.writes = hash((me.history, operand.writes, operand.reads, kind))
        operand.reads = 0

    def did_read(self, me: ThreadState, operand: Operand, outcome: int = DONE) -> None:
        """Record an executed operation that only read."""
        self.codes.append(operand.base | me.kind << 8 | outcome)
        me.history = seen = hash((me.history, operand.writes, me.kind, outcome))
        operand.reads ^= seen
        if outcome and self.recorder is not None:
            self.recorder.failed()

    def did_modify(self, me: ThreadState, operand: Operand, outcome: int = DONE) -> None:
        """Record an executed operation that modified; who waits for the object is looked at again."""
        self.codes.append(operand.base | me.kind << 8 | outcome)
        me.history = operand.writes = hash((me.history, operand.writes, operand.reads, me.kind, outcome))
        operand.reads = 0
        if operand.pending:
            self.refresh(operand)
        if outcome and self.recorder is not None:
            self.recorder.failed()

    def did_also_modify(self, me: ThreadState, operand: Operand) -> None:
        """Add a second object to the operation just recorded."""
        me.history = operand.writes = hash((me.history, operand.writes, operand.reads))
        operand.reads = 0
        if operand.pending:
            self.refresh(operand)

    def timed_out(self, me: ThreadState, deadline: float) -> None:
        """Let the virtual clock pass the deadline of a wait that ended without what it waited for."""
        self.clock = max(self.clock, deadline)
        self.strategy.yielded(me.thread_number)

    def lone(self, kind: int) -> ThreadState:
        """Execute an operation that is on no object and conflicts with nothing."""
        me = self.reach(kind, self.current)
        self.codes.append(me.base | kind << 8)
        me.history = hash((me.history, kind))
        return me

    def choose(self, n: int) -> int:
        """Execute a recorded choice of 0..n-1."""
        me = self.reach(CHOOSE, self.current)
        value = self.strategy.choose(n)
        if value == GIVE_UP:
            self.order.pop()
            self.abandon(me)
        self.values.append(value)
        self.codes.append(me.base | CHOOSE << 8)
        me.history = hash((me.history, CHOOSE, value))
        if self.recorder is not None:
            self.recorder.value(value)
        return value

    # -- threads -------------------------------------------------------------------------------------------------

    def started(self, me: ThreadState, thread: ThreadState) -> None:
        """Record the start of a thread, whose `begin` becomes its pending operation."""
        self.codes.append(thread.base | START << 8)
        me.history = hash((me.history, thread.path, START))
        thread.started = True
        if thread.pending:
            self.refresh(thread)
        self.unfinished += 1
        idle = self.pool.idle
        worker = idle.pop() if idle else self.pool.take()
        worker.body = partial(self._run_body, thread)
        thread.seat(worker)
        thread.history = hash((me.history, thread.path))
        insort(self.enabled, thread.thread_number)

    def _run_body(self, me: ThreadState) -> None:
        """Run a thread's body in its OS thread, from its `begin` to its end."""
        if not self.closed:
            self._begin(me)
            try:
                me.body()  # type: ignore[misc]  # None only once the execution is released
            except (Unwind, SystemExit):
                pass  # given up, or gone as in threading
            except BaseException as error:
                self._raised(me, error)
        self._end(me)
        self.pool.idle.append(me.worker)  # before the turn is given away: its next holder may take this worker
        if self.closed:
            self.threads[0].wake()
        else:
            self._leave_turn(me)

    def _begin(self, me: ThreadState) -> None:
        self.order.append(me.thread_number)
        self.codes.append(me.base | BEGIN << 8)
        if self.recorder is not None:
            self.recorder.step(me)

    def _end(self, me: ThreadState) -> None:
        """End a thread: part of its last step, on which the joins of others depend."""
        me.ended = True
        self.unfinished -= 1
        if not self.closed:
            self.enabled.remove(me.thread_number)
            me.writes = hash((me.history, me.writes, me.reads))
            if me.pending:
                self.refresh(me)

    def _raised(self, me: ThreadState, error: BaseException) -> None:
        if self.closed or "exception" not in self.detect:
            return  # closed: it came out of the unwinding of a thread that was given up
        place = where.place_of_error(error)
        kind = type(error).__name__
        side = Side(me.shown_name, "raise", kind, len(self.order) - 1, place)
        self.found("exception", f"{me.shown_name} raised {kind}: {where.text_of_error(error)}", (side,))

    # -- findings ------------------------------------------------------------------------------------------------

    def found(self, kind: str, message: str, sides: tuple[Side, ...]) -> None:
        """Take down a finding of the running thread at the last executed step."""
        me = self.current
        step = max(len(self.order) - 1, 0)
        self.findings.append(Finding(kind, message, me.shown_name, me.thread_number, step, sides))

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
            _active = None

    def _run_main(self, main: ThreadState) -> None:
        if self.every_step and self.pick(self.enabled, 0) == GIVE_UP:
            self.closed = True
            main.ended = True
            return
        self._begin(main)
        try:
            main.body()  # type: ignore[misc]  # None only once the execution is released
        except (Unwind, SystemExit):
            pass
        except BaseException as error:
            self._raised(main, error)
        self._end(main)
        if not self.closed and self._leave_turn(main):
            main.wait()

    def _tear_down(self, main: ThreadState) -> None:
        """Unwind the threads that are left, one after another, and undo the ties that would keep memory."""
        for thread in self.threads:
            if thread.started and not thread.ended:
                thread.wake()
                main.wait()

    def release(self) -> None:
        """Undo the ties between the execution and its threads, so that its memory goes without a collection."""
        for thread in self.threads:
            thread.operand = _NOTHING
            thread.body = thread.predicate = None
            thread.pending = NOBODY
        self.threads.clear()

    def interleaving(self) -> int:
        """Return a hash of the execution's happens-before class: a commutative one over its threads."""
        total = 0
        for thread in self.threads:
            total += hash((thread.path, thread.history))
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
_NOTHING: Any = None
_active: Turnstile | None = None


def active() -> Turnstile | None:
    """Return the execution the calling thread is one of the threads of, or None."""
    run = _active
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
        _active.closed = True
        _active.current = _NOBODY
    _active = None
