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

    # Defaults that most threads keep: making a thread is a tenth of a short execution.
    wait: Callable[[], object]
    ident = 0
    path = 0
    history = 0
    children = 0
    started = False
    ended = False
    unwound = False
    enabled = True
    notified = False
    kind = BEGIN
    predicate: Callable[[], bool] | None = None
    spinlocks: list[str] | None = None

    def __init__(self, run: "Turnstile", body: Callable[[], object], name: str | None, *, daemon: bool) -> None:
        threads = run.threads
        self.thread_number = number = len(threads)
        if threads:
            parent = run.current
            self.path = hash((parent.path, parent.children, -1))
        else:
            run.current = self
        Operand.__init__(self, run, name or f"thread{number}")
        self.body: Callable[[], object] | None = body
        self.daemon = daemon
        self.operand: Operand = self
        threads.append(self)
        run.strategy.created(number)

    def seat(self, worker: "Worker") -> None:
        """Tie the thread to the OS thread it runs on."""
        self.wake = worker.baton.wake  # type: ignore[method-assign, assignment]  # from now on this is all it takes
        self.wait = worker.baton.wait
        self.ident = worker.ident

    def wake(self) -> None:
        """Let the thread have its turn: at first, find an OS thread to begin on."""
        self.run.seat(self)

    def admits(self, thread: "ThreadState") -> bool:  # noqa: ARG002  (join: the same for all who wait)
        """Return whether a join may be executed: to wait for the end, or to be told that there was no start."""
        return self.ended or not self.started

    def holders(self, thread: "ThreadState") -> "list[ThreadState]":  # noqa: ARG002  (the same for all)
        """Return the thread itself: who joins it waits for it."""
        return [self]
