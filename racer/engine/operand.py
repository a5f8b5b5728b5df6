"""What an operation is on: a lock, a variable, a thread."""

from typing import TYPE_CHECKING, Any

from racer.core.record import RESOURCE, Rule

if TYPE_CHECKING:
    from racer.engine.thread_state import ThreadState
    from racer.engine.turnstile import Turnstile

NOBODY: tuple["ThreadState", ...] = ()


class Operand:
    """An object of a controlled execution that operations are on.

    `number` is its place in the order of creation, `base` the same shifted for event codes. `pending` are the threads
    whose next operation is on it and might not be executable. `writes` is a hash of its last modification's history,
    `reads` a commutative one of the reads since: together with the threads' histories they make two executions equal
    exactly when they are in one happens-before class (up to collisions of 64 bits).
    """

    __slots__ = ("base", "label", "number", "pending", "reads", "run", "writes")

    # What `core.record.Thing` tells of an object, read by detectors only.
    sort = RESOURCE
    size = 0
    marked = False
    declared: Any = None
    rule: Rule | None = None

    def __init__(self, run: "Turnstile", label: str | None) -> None:
        self.run = run
        self.label = label
        self.number = run.objects
        self.base = run.objects << 16
        run.objects += 1
        maker = run.current
        maker.children += 1
        self.writes = key = hash((maker.path, maker.children))
        run.keys.append(key)
        self.reads = 0
        self.pending: list[ThreadState] | tuple[ThreadState, ...] = NOBODY
        if run.recorder is not None:
            run.recorder.made(self)

    @property
    def shown_name(self) -> str:
        """The name it was given, or its type and number."""
        return self.label or f"{type(self).__name__.removeprefix('Controlled').lower()}{self.number}"

    def __repr__(self) -> str:
        """Return type and name: no address, which would be another one each time."""
        return f"<{type(self).__name__.removeprefix('Controlled')} {self.shown_name}>"

    def admits(self, thread: "ThreadState") -> bool:
        """Return whether the pending operation of the thread on this object can be executed now."""
        raise NotImplementedError

    def holders(self, thread: "ThreadState") -> "list[ThreadState]":  # noqa: ARG002  (most objects have none)
        """Return the threads that would have to act before the thread's pending operation can be executed."""
        return []
