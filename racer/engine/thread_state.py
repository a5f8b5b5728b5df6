"""What the turnstile knows of one controlled thread."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from racer.core.operation import BEGIN
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
        "unwinding",
        "wait",
        "wake",
        "what",
        "worker",
    )

    def __init__(self, run: "Turnstile", body: Callable[[], object], name: str | None, *, daemon: bool) -> None:
        self.thread_number = len(run.threads)
        self.children = 0
        self.history = 0
        if run.threads:
            parent = run.current
            self.path = hash((parent.path, parent.children, -1))
        else:
            self.path = 0
            run.current = self
        super().__init__(run, name or f"thread{self.thread_number}")
        self.body = body
        self.daemon = daemon
        self.started = False
        self.ended = False
        self.unwinding = False
        self.enabled = True
        self.notified = False
        self.kind = BEGIN
        self.operand: Operand = self
        self.what = ""
        self.predicate: Callable[[], bool] | None = None
        self.spinlocks: list[str] | None = None
        self.ident = 0
        run.threads.append(self)
        run.strategy.created(self.thread_number)

    def seat(self, worker: "Worker") -> None:
        """Give the thread an OS thread to run on."""
        self.worker: Worker = worker
        self.wake, self.wait = worker.baton
        self.ident = worker.ident

    def admits(self, thread: "ThreadState") -> bool:  # noqa: ARG002  (join: the same for all who wait)
        """Return whether a join may be executed."""
        return self.ended
