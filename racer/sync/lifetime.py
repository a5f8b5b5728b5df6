"""How long something may be used: memory from its allocation to its free, a pin, a handle."""

import threading

from racer.core.finding import Finding, Side
from racer.core.operation import CHANGE, TOUCH
from racer.core.record import LIFETIME
from racer.engine import free, interpose, turnstile
from racer.engine.operand import Operand
from racer.sync.reporting import side
from racer.sync.variant import variant


class Lifetime:
    """Something that may be used until it is ended: memory until it is freed, a page until it is unpinned.

    It begins when it is made. `use` is an operation that reads, `end` one that modifies. A use after the end is a
    finding `use-after-end`, a second end a finding `double-end`, each with who ended it and where, and with the last
    use before that; both are always reported, and the use happens all the same. One that is never ended is a finding of
    the detector `leak`.
    """

    __slots__ = ()

    def __new__(cls, name: str | None = None) -> "Lifetime":
        """Return the lifetime for where it is made."""
        return object.__new__(variant(cls, Lifetime, ControlledLifetime, FreeLifetime))  # type: ignore[no-any-return]

    def __init__(self, name: str | None = None) -> None:
        raise NotImplementedError  # __new__ has made one of the two below

    def use(self, what: str = "use") -> bool:
        """Use it; return whether that was right. `what` names the use in reports."""
        raise NotImplementedError

    def end(self, what: str = "end") -> bool:
        """End it; return whether it was not ended yet. `what` names this in reports."""
        raise NotImplementedError


class _Judged:
    """What is kept of a lifetime: its end, and the last valid use of each thread.

    The last use that is told is the offender's own, else the ender's: of two threads' uses that nothing orders it says
    nothing which came last.
    """

    __slots__ = ("ended", "uses")

    def __init__(self) -> None:
        self.ended: Side | None = None
        self.uses: dict[str, Side] = {}

    def used(self, name: str, here: Side) -> Finding | None:
        if self.ended is None:
            self.uses[here.thread] = here
            return None
        message = (
            f"{here.thread} used {name} ({here.action}) after {self.ended.thread} had ended it ({self.ended.action})"
        )
        return Finding("use-after-end", message, here.thread, sides=self._sides(self.ended, here))

    def over(self, name: str, here: Side) -> Finding | None:
        if self.ended is None:
            self.ended = here
            return None
        by = "it" if self.ended.thread == here.thread else self.ended.thread
        message = f"{here.thread} ended {name} ({here.action}), which {by} had ended already ({self.ended.action})"
        return Finding("double-end", message, here.thread, sides=self._sides(self.ended, here))

    def _sides(self, ended: Side, here: Side) -> tuple[Side, ...]:
        last = self.uses.get(here.thread) or self.uses.get(ended.thread)
        return (*(() if last is None else (last._replace(what=f"{last.what}, last valid use"),)), ended, here)


class ControlledLifetime(Operand, Lifetime):
    """A lifetime of a controlled execution."""

    __slots__ = ("_judged",)

    sort = LIFETIME

    def __init__(self, name: str | None = None) -> None:
        run = turnstile.running()
        assert run is not None
        Operand.__init__(self, run, name)
        self._judged = _Judged()

    def use(self, what: str = "use") -> bool:
        run = self.run
        run.read(TOUCH, self)
        return self._report(self._judged.used(self.shown_name, self._here(what)))

    def end(self, what: str = "end") -> bool:
        run = self.run
        run.modify(CHANGE, self)
        return self._report(self._judged.over(self.shown_name, self._here(what)))

    def _here(self, what: str) -> Side:
        run = self.run
        if run.recorder is not None:
            run.recorder.what(what)
        return side(what, self.shown_name)

    def _report(self, finding: Finding | None) -> bool:
        if finding is not None:
            self.run.found(finding.kind, finding.message, finding.sides)
        return finding is None


class FreeLifetime(Lifetime):
    """A lifetime outside controlled executions: nothing is serialised but what is kept of it."""

    __slots__ = ("_guard", "_judged", "_name")

    def __init__(self, name: str | None = None) -> None:
        self._guard = threading.Lock()
        self._judged = _Judged()
        self._name = name or "lifetime"

    def use(self, what: str = "use") -> bool:
        return self._checked(what, "use")

    def end(self, what: str = "end") -> bool:
        return self._checked(what, "end")

    def _checked(self, what: str, asked: str) -> bool:
        if interpose.hook is not None:
            interpose.hook()
        here = side(what, self._name)
        with self._guard:
            judged = self._judged
            finding = judged.used(self._name, here) if asked == "use" else judged.over(self._name, here)
        if finding is not None:
            free.found(finding)
        return finding is None
