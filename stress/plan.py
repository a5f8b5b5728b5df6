"""Turns what was asked for into cells, and refuses what makes no sense, naming what would."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

import racer
from racer.kvm import schemes
from stress import workloads
from stress.cell import CONTROLLED, FREE, USUAL, Cell
from stress.detect import ALL
from stress.seeds import parse_seed
from stress.workload import Parameters, Workload

SCHEMES = ("immediate", "seed", "deferred", "always-locked")
# Several ways of choosing find what one alone is slow to find; the executions are shared between them.
STRATEGY = "portfolio"
FREE_SECONDS = 5.0
FREE_WORKLOAD = "cross-register"
DEFAULT_SEED = 1
# The one workload with two columns: calls made by the CPU they are about, as recorded, and by another's thread.
TRACED = "guest-trace"


@dataclass(frozen=True)
class Sizes:
    """The workload parameters that were asked for; None where nothing was."""

    vcpus: int | None = None
    registrars: int | None = None
    entries: int | None = None
    calls: int | None = None
    cross: bool | None = None
    trace: str | None = None

    def applied(self, workload: Workload) -> Parameters:
        """Return the workload's parameters with these put in."""
        if self.trace is not None and workload.name != TRACED:
            raise racer.UsageError(f"--trace is for {TRACED}, got workload {workload.name}")
        if self.cross and workload.name != TRACED:
            raise racer.UsageError(f"--cross is for {TRACED}, got workload {workload.name}")
        return workload.defaults.with_options(**{f.name: getattr(self, f.name) for f in fields(self)})

    def smaller(self, workload: Workload) -> bool:
        """Whether anything was asked to be smaller than the workload's default."""
        names = ("vcpus", "registrars", "entries", "calls")
        asked = ((getattr(self, name), getattr(workload.defaults, name)) for name in names)
        return self.trace is not None or any(given is not None and given < default for given, default in asked)


@dataclass(frozen=True)
class Asked:
    """A run as it was asked for, in the user's words."""

    workload: str | None = None
    scheme: str | None = None
    strategy: str | None = None
    seed: str | None = None
    executions: int | None = None
    mode: str | None = None
    seconds: float | None = None
    sizes: Sizes = Sizes()
    detect: str | None = None

    def seed_number(self) -> int:
        """Return the seed asked for, or the default."""
        return DEFAULT_SEED if self.seed is None else parse_seed(self.seed)

    def detectors(self) -> tuple[str, ...]:
        """Return the detectors asked for, by name with commas between, or `all`; UsageError for one there is not."""
        if self.detect is None:
            return USUAL
        names = ALL if self.detect == "all" else tuple(name.strip() for name in self.detect.split(","))
        for name in names:
            if name not in racer.DETECTORS:
                raise racer.UsageError(f"unknown detector {name!r}: choose of all, {', '.join(racer.DETECTORS)}")
        return names


def cells(asked: Asked) -> list[Cell]:
    """Return every cell of the run, controlled ones first.

    With nothing asked for: every workload against every scheme, then free mode, scheme by scheme.
    """
    check(asked)
    if asked.mode == FREE:
        return free_cells(asked)
    made = controlled_cells(asked)
    for workload, sizes in columns(asked):
        # What a workload reads (a trace file) is read by building it: here, where a mistake still costs nothing.
        workload.build(schemes.by_name(made[0].scheme), sizes.applied(workload))
    if asked == Asked(seed=asked.seed, executions=asked.executions):
        made += free_cells(Asked(seed=asked.seed))
    return made


def check(asked: Asked) -> None:
    """Raise UsageError for a value that is out of range or goes with another mode."""
    if asked.executions is not None and asked.executions < 1:
        raise racer.UsageError(f"executions must be at least 1, got {asked.executions}")
    if asked.mode not in (None, CONTROLLED, FREE):
        raise racer.UsageError(f"unknown mode {asked.mode!r}; allowed: {CONTROLLED}, {FREE}")
    if asked.seconds is not None and not 0 < asked.seconds <= 24 * 3600:
        raise racer.UsageError(f"seconds must be above 0 and at most 86400, got {asked.seconds:g}")
    if asked.mode == FREE and (asked.strategy or asked.executions):
        raise racer.UsageError("free mode has no strategy and no executions: the system schedules, for SECONDS=")
    if asked.mode != FREE and asked.seconds is not None:
        raise racer.UsageError("seconds are for MODE=free; a controlled run is bounded by EXECUTIONS=")


def controlled_cells(asked: Asked) -> list[Cell]:
    """Return the cells that a strategy schedules, scheme by scheme."""
    strategy = STRATEGY if asked.strategy is None else asked.strategy
    racer.strategy(strategy)
    made = []
    for scheme in schemes_of(asked.scheme):
        for workload, sizes in columns(asked):
            made.append(
                Cell(
                    workload=workload.name,
                    scheme=scheme,
                    parameters=sizes.applied(workload),
                    strategy=strategy,
                    seed=asked.seed_number(),
                    executions=asked.executions or workload.executions,
                    full=not reduced(asked, workload, sizes),
                    detect=asked.detectors(),
                )
            )
    return made


def reduced(asked: Asked, workload: Workload, sizes: Sizes) -> bool:
    """Whether a cell was asked to be less than it is by default."""
    fewer = asked.executions is not None and asked.executions < workload.executions
    return fewer or asked.strategy is not None or sizes.smaller(workload)


def free_cells(asked: Asked) -> list[Cell]:
    """Return the cells that the operating system schedules: one for each scheme."""
    workload = workloads.by_name(asked.workload or FREE_WORKLOAD)
    return [
        Cell(
            workload=workload.name,
            scheme=scheme,
            parameters=asked.sizes.applied(workload),
            strategy="",
            seed=asked.seed_number(),
            executions=0,
            seconds=asked.seconds or FREE_SECONDS,
        )
        for scheme in schemes_of(asked.scheme)
    ]


def columns(asked: Asked) -> Iterable[tuple[Workload, Sizes]]:
    """Yield the workloads asked for with their sizes; guest-trace twice unless told which way."""
    found = workloads.everything() if asked.workload is None else [workloads.by_name(asked.workload)]
    for workload in found:
        if workload.name != TRACED or asked.sizes.cross is not None:
            yield workload, asked.sizes
            continue
        sizes = {f.name: getattr(asked.sizes, f.name) for f in fields(Sizes)}
        for cross in (False, True):
            yield workload, Sizes(**{**sizes, "cross": cross})


def schemes_of(name: str | None) -> tuple[str, ...]:
    """Return the schemes asked for by name, each known to load."""
    names = SCHEMES if name is None else (schemes.name_of(name),)
    for each in names:
        schemes.by_name(each)
    return names
