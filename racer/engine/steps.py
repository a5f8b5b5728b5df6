"""Scheduling points, and the record of the operations executed at them.

A scheduling point stands *before* each visible operation: the strategy must see what every thread is about to do,
and an operation that had already happened when the point is reached could not be ordered after another thread's.
"""

from bisect import insort
from threading import get_ident
from typing import TYPE_CHECKING, Any

from racer.core.errors import RacerError
from racer.core.finding import Finding
from racer.core.operation import CHOOSE, DONE, MODIFIED
from racer.core.strategy import GIVE_UP, Strategy
from racer.engine import livelock
from racer.engine.operand import NOBODY, Operand
from racer.engine.thread_state import ThreadState

if TYPE_CHECKING:
    from racer.engine.pool import Pool
    from racer.engine.recorder import Watch


class Unwind(BaseException):
    """Raised in a thread that will never be given the turn again, so that it leaves its body."""


class Steps:
    """The steps of one controlled execution, as its threads take them.

    `order[i]` is the thread that executed step i and `codes[i]` what it executed (object << 16 | kind << 8 |
    outcome). `keys[n]` identifies object n however the threads interleave; `also` holds the second objects of
    operations on two, `values` and `widths` what the choices were and out of how many. `enabled` holds the numbers
    of the threads whose pending operation can be executed, ascending, the running one included. `histories` are those
    of the subject that are judged at the end. At `watched` steps it is seen to that an execution is watched or cut.
    Everything here is touched by the thread that has the turn and by no other.
    """

    # Slots, all set, and no defaults of the class: those would defeat the interpreter's specialised look-ups.
    __slots__ = (
        "also",
        "clock",
        "closed",
        "codes",
        "counters",
        "current",
        "cut",
        "detect",
        "enabled",
        "error",
        "every_step",
        "findings",
        "histories",
        "keys",
        "lost",
        "max_steps",
        "objects",
        "order",
        "pick",
        "pool",
        "raced",
        "recorder",
        "strategy",
        "threads",
        "unfinished",
        "values",
        "watched",
        "widths",
    )

    current: ThreadState

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
        self.watched = livelock.watched_from(max_steps, detect)
        self.detect = detect
        self.recorder = recorder
        self.objects = 0
        self.clock = 0.0
        self.raced = False
        self.unfinished = 0
        self.closed = False
        self.lost = False
        self.cut = False
        self.error: RacerError | None = None
        self.counters: dict[str, int] | None = None
        self.histories: list[Any] | None = None
        self.threads: list[ThreadState] = []
        self.enabled: list[int] = []
        self.order: list[int] = []
        self.codes: list[int] = []
        self.values: list[int] = []
        self.widths: list[int] = []
        self.keys: list[int] = []
        self.also: list[tuple[int, int]] = []
        self.findings: list[Finding] = []
        if recorder is not None:
            recorder.begin(self)  # type: ignore[arg-type]  # it is a Turnstile

    # -- scheduling points ---------------------------------------------------------------------------------------

    def reach(self, kind: int, operand: Operand) -> ThreadState:
        """Stop before an operation that can always be executed; return when its step has come."""
        me = self.current
        if get_ident() != me.ident:
            self._refuse()
        me.kind = kind
        me.operand = operand
        order = self.order
        if len(order) >= self.watched:
            self._too_long(me)
        enabled = self.enabled
        if len(enabled) > 1 or self.every_step:
            if not self.raced and len(enabled) > 1:
                self.raced = True
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
        if len(self.order) >= self.watched:
            self._too_long(me)
        me.enabled = operand.admits(me)
        if me.enabled:
            enabled = self.enabled
            if len(enabled) > 1 or self.every_step:
                if not self.raced and len(enabled) > 1:
                    self.raced = True
                chosen = self.pick(enabled, me.thread_number)
                if chosen != me.thread_number:
                    self._queue(me, queue)
                    self._switch(me, chosen)
                    queue.pending.remove(me)  # type: ignore[union-attr]  # _queue made it a list
        else:
            self.enabled.remove(me.thread_number)
            self._queue(me, queue)
            self._give_away(me)
            me.wait()
            if self.closed:
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
        self.current = other = self.threads[chosen]
        if other.ident:
            other.wake()
        else:
            self.seat(other)
        me.wait()
        if self.closed:
            raise Unwind

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
        if len(order) >= self.watched:
            self._too_long(me)
        enabled = self.enabled
        if len(enabled) > 1 or self.every_step:
            if not self.raced and len(enabled) > 1:
                self.raced = True
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
        if len(order) >= self.watched:
            self._too_long(me)
        enabled = self.enabled
        if len(enabled) > 1 or self.every_step:
            if not self.raced and len(enabled) > 1:
                self.raced = True
            chosen = self.pick(enabled, me.thread_number)
            if chosen != me.thread_number:
                self._switch(me, chosen)
        order.append(me.thread_number)
        if self.recorder is not None:
            self.recorder.step(me)
        self.codes.append(operand.base | kind << 8 | MODIFIED)
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
        self.codes.append(operand.base | me.kind << 8 | MODIFIED | outcome)
        me.history = operand.writes = hash((me.history, operand.writes, operand.reads, me.kind, outcome))
        operand.reads = 0
        if operand.pending:
            self.refresh(operand)
        if outcome and self.recorder is not None:
            self.recorder.failed()

    def did_also_modify(self, me: ThreadState, operand: Operand) -> None:
        """Add a second object to the operation just recorded."""
        self.also.append((len(self.codes) - 1, operand.number))
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
        self.widths.append(n)
        self.codes.append(me.base | CHOOSE << 8)
        me.history = hash((me.history, CHOOSE, value))
        if self.recorder is not None:
            self.recorder.value(value)
        return value

    # -- what the turnstile does ---------------------------------------------------------------------------------

    def seat(self, thread: ThreadState) -> None:
        """Give a thread that is to begin an OS thread, and the turn with it."""
        raise NotImplementedError

    def _give_away(self, me: ThreadState) -> None:
        """Give the turn away without being able to go on."""
        raise NotImplementedError

    def abandon(self, me: ThreadState) -> None:
        """End the execution from within a thread that could go on."""
        raise NotImplementedError

    def _too_long(self, me: ThreadState) -> None:
        """Watch an execution that has become long, or end it from within a thread that could go on."""
        raise NotImplementedError

    def _refuse(self) -> None:
        """Explain an operation that is not one of this execution's running thread."""
        raise NotImplementedError
