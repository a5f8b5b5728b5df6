"""Something threads contend for, whose effects the subject performs itself."""

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from racer.core.operation import CHANGE, TOUCH
from racer.engine import interpose, turnstile
from racer.engine.operand import Operand
from racer.sync.variant import variant

R = TypeVar("R")


class Resource:
    """An object for operations whose effect is the subject's own: a page of memory, a device, a file.

    `read` and `write` are one operation each. In a controlled execution only one thread runs, so the plain Python that
    follows, up to the thread's next operation, happens at that step. In free mode nothing is serialised: what follows
    must be tolerable as a real race. `atomically` is indivisible in every mode.
    """

    __slots__ = ()

    def __new__(cls, name: str | None = None) -> "Resource":
        """Return the resource for where it is made."""
        return object.__new__(variant(cls, Resource, ControlledResource, FreeResource))  # type: ignore[no-any-return]

    def __init__(self, name: str | None = None) -> None:
        raise NotImplementedError  # __new__ has made one of the two below

    def read(self, what: str = "") -> None:
        """Perform one reading operation."""
        raise NotImplementedError

    def write(self, what: str = "") -> None:
        """Perform one modifying operation."""
        raise NotImplementedError

    def atomically(self, what: str, fn: Callable[..., R], *args: object, also: "Sequence[Resource]" = ()) -> R:
        """Perform one modifying operation that runs fn(*args) and return its result; fn performs no operations.

        It modifies the resources in `also`, too: parts of this one that have operations of their own. In free mode it
        is indivisible only for this one.
        """
        raise NotImplementedError


class ControlledResource(Operand, Resource):
    """A resource of a controlled execution."""

    __slots__ = ()

    def __init__(self, name: str | None = None) -> None:
        run = turnstile.running()
        assert run is not None
        Operand.__init__(self, run, name)

    def read(self, what: str = "") -> None:
        run = self.run
        run.read(TOUCH, self)
        if run.recorder is not None:
            run.recorder.what(what)

    def write(self, what: str = "") -> None:
        run = self.run
        run.modify(CHANGE, self)
        if run.recorder is not None:
            run.recorder.what(what)

    def atomically(self, what: str, fn: Callable[..., R], *args: object, also: Sequence[Resource] = ()) -> R:
        self.write(what)
        run = self.run
        for part in also:
            run.did_also_modify(run.current, part)  # type: ignore[arg-type]  # controlled like this one
        return run.pure(fn, *args)


class FreeResource(Resource):
    """A resource outside controlled executions."""

    __slots__ = ("_lock",)

    def __init__(self, name: str | None = None) -> None:
        self._lock = threading.Lock()

    def read(self, what: str = "") -> None:
        if interpose.hook is not None:
            interpose.hook()

    def write(self, what: str = "") -> None:
        if interpose.hook is not None:
            interpose.hook()

    def atomically(self, what: str, fn: Callable[..., R], *args: object, also: Sequence[Resource] = ()) -> R:
        del also
        if interpose.hook is not None:
            interpose.hook()
        with self._lock:
            return fn(*args)
