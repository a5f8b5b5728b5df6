"""What a workload is: its parameters, its body for each scheme, and what must come out of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from racer import UsageError

CLEAN: frozenset[str] = frozenset()
MAX_THREADS = 64
EXECUTIONS = 1000
ENOUGH = 300


@dataclass(frozen=True)
class Parameters:
    """The size of a workload; every field has a command line option of its name.

    `entries` are guest entries per vcpu, `calls` hypercalls per registrar. `trace` and `cross` only mean
    something to `guest-trace`.
    """

    vcpus: int = 2
    registrars: int = 2
    entries: int = 3
    calls: int = 3
    cross: bool = False
    trace: str | None = None

    def __post_init__(self) -> None:
        """Reject sizes that make no run."""
        for name, lowest, highest in (
            ("vcpus", 1, MAX_THREADS),
            ("registrars", 0, MAX_THREADS),
            ("entries", 1, 10_000),
            ("calls", 0, 10_000),
        ):
            given = getattr(self, name)
            if not lowest <= given <= highest:
                msg = f"{name} must be between {lowest} and {highest}, got {given}"
                raise UsageError(msg)

    def changed_from(self, defaults: "Parameters") -> dict[str, Any]:
        """Return the fields that differ from `defaults`, by name."""
        pairs = ((f.name, getattr(self, f.name), getattr(defaults, f.name)) for f in fields(self))
        return {name: mine for name, mine, default in pairs if mine != default}

    def with_options(self, **options: Any) -> "Parameters":
        """Return a copy with every option that was given; None means it was not."""
        return replace(self, **{name: value for name, value in options.items() if value is not None})


Build = Callable[[Any, Parameters], Callable[[], None]]


def nothing_more(scheme: Any) -> tuple[str, ...]:
    """Ask for no counters of a run of a scheme besides the one that says that something raced."""
    del scheme
    return ()


@dataclass(frozen=True)
class Workload:
    """What the threads do, and what must be found in which scheme.

    `build(scheme_factory, parameters)` returns the test body; it gets no seed, because everything that an
    execution leaves to chance must come from `racer.choose` and so be part of its schedule.
    `expected` maps a scheme's name to the kinds that must all be found within the default budget; an empty set
    means clean: nothing may be found. `expected_crossed`, where given, takes its place in runs with `--cross`.
    A broken scheme may besides show the kinds in `allowed`, and no others. A scheme that `expected` does not
    name (a user's own) is judged as clean.
    `raced` names the counter which must be above zero for a run to say anything at all, and `shown(scheme)` those that
    must be too, once a run has `ENOUGH` executions: situations without which the workload is not worth its while.
    `executions` is the budget of a cell if none is asked for.
    `windows`, where a campaign has to go through something piece by piece, tells how many pieces there are; an
    execution counts `window N` for the one it took.
    """

    name: str
    summary: str
    build: Build
    expected: Mapping[str, frozenset[str]]
    raced: str
    shown: Callable[[Any], tuple[str, ...]] = nothing_more
    defaults: Parameters = Parameters()
    allowed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    expected_crossed: Mapping[str, frozenset[str]] | None = None
    windows: Callable[[Parameters], int] | None = None
    executions: int = EXECUTIONS

    def must_find(self, scheme: str, *, cross: bool = False) -> frozenset[str]:
        """Return the kinds that a run of `scheme` has to find."""
        expected = self.expected_crossed if cross and self.expected_crossed is not None else self.expected
        return expected.get(scheme, CLEAN)

    def unseen(self, scheme: Callable[[], Any], counters: Mapping[str, int], executions: int) -> list[str]:
        """Return the counters that are zero after a run of so many controlled executions, and should not be."""
        wanted = (self.raced, *(self.shown(scheme()) if executions >= ENOUGH else ()))
        return [name for name in wanted if not counters.get(name)]

    def may_find(self, scheme: str, *, cross: bool = False) -> frozenset[str]:
        """Return every kind that a run of `scheme` may find; nothing where nothing is expected."""
        must = self.must_find(scheme, cross=cross)
        return must | self.allowed.get(scheme, CLEAN) if must else CLEAN
