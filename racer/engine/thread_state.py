"""What the turnstile knows of one controlled thread."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from racer.core.operation import BEGIN
from racer.core.record import THREAD
from racer.engine.operand import Operand

if TYPE_CHECKING:
    from racer.engine.pool import Worker
    from racer.engine.turnstile import Turnstile


class ThreadState(Operand):
    """One thread of one execution; also the object that `join` and `is_alive` are operations on.

    `kind` and `operand` are its pending operation; `enabled` tells whether that could be executed now (kept only while
    it stands in a queue of pending threads). `history` is a hash of all it has done and seen. `path` identifies it by
    its parent and its place among the parent's children, however the threads interleave.
    """

    # Slots, all set, and no defaults of the class: those would defeat the interpreter's specialised look-ups.
    __slots__ = (
        "body",
        "children",
        "daemon",
        "enabled",
        "ended",
        "history",
        "ident",
        "kind",
        "notified",
        "operand",
        "path",
        "predicate",
        "spinlocks",
        "started",
        "thread_number",
        "unwound",
        "wait",
        "wake",
    )

    sort = THREAD

    path: int
    wake: Callable[[], object]
    wait: Callable[[], object]

    def __init__(self, run: "Turnstile", body: Callable[[], object], name: str | None, *, daemon: bool) -> None:
        threads = run.threads
        self.thread_number = number = len(threads)
        self.children = 0
        if threads:
            parent = run.current
            self.path = hash((parent.path, parent.children, -1))
        else:
            self.path = 0
            run.current = self
        Operand.__init__(self, run, name)
        self.ident = 0
        self.history = 0
        self.started = False
        self.ended = False
        self.unwound = False
        self.enabled = True
        self.notified = False
        self.kind = BEGIN
        self.predicate: Callable[[], bool] | None = None
        self.spinlocks: list[str] | None = None
        self.body: Callable[[], object] | None = body
        self.daemon = daemon
        self.operand: Operand = self
        threads.append(self)
        run.strategy.created(number)

    @property
    def shown_name(self) -> str:
        """The name it was given, or its number."""
        return self.label or f"thread{self.thread_number}"

    def seat(self, worker: "Worker") -> None:
        """Tie the thread to the OS thread it runs on; until then its `ident` is 0."""
        self.wake, self.wait, _ = worker.baton
        self.ident = worker.ident

    def admits(self, thread: "ThreadState") -> bool:  # noqa: ARG002  (join: the same for all who wait)
        """Return whether a join may be executed: to wait for the end, or to be told that there was no start."""
        return self.ended or not self.started

    def holders(self, thread: "ThreadState") -> "list[ThreadState]":  # noqa: ARG002  (the same for all)
        """Return the thread itself: who joins it waits for it."""
        return [self]
