"""A cell of a run, one workload against one scheme, and what came of it: plain data that can go between processes."""

from dataclasses import dataclass, field

from racer import Share, Unseen
from stress.workload import Parameters

CONTROLLED = "controlled"
FREE = "free"

USUAL = ("exception", "deadlock")

EXPECTED = "as expected"
FAILED = "failed"
INCONCLUSIVE = "inconclusive"
FAULT = "fault"


@dataclass(frozen=True)
class Cell:
    """One workload against one scheme, fully described: the same cell gives the same outcome in any process.

    `full` says that nothing was asked to be smaller than the default, so that an expected finding which does not show
    is a failure and not just bad luck. `strategy` is empty in free mode. `detect` are the detectors asked.
    """

    workload: str
    scheme: str
    parameters: Parameters
    strategy: str
    seed: int
    executions: int
    seconds: float | None = None
    full: bool = True
    detect: tuple[str, ...] = USUAL

    @property
    def title(self) -> str:
        """The workload's name as a row shows it."""
        return f"{self.workload} --cross" if self.parameters.cross else self.workload

    @property
    def mode(self) -> str:
        """CONTROLLED, or FREE where the length is given in seconds."""
        return CONTROLLED if self.seconds is None else FREE


@dataclass(frozen=True)
class Found:
    """A finding as text: `block` is what a person reads, the rest is what repeats it.

    `count` executions had it, `threads` are in it.
    """

    kind: str
    message: str
    block: str
    count: int
    threads: int = 0
    execution: int | None = None
    seed: int | None = None
    strategy: str = ""
    schedule: str = ""
    digest: str = ""
    file: str = ""


@dataclass(frozen=True)
class Progress:
    """How far a cell is."""

    executions: int = 0
    findings: int = 0
    interleavings: int = 0


@dataclass
class Outcome:
    """What a cell showed. `verdict` is the harness's own; `judged` says whether that was expected, `why` explains."""

    cell: Cell
    verdict: str
    judged: str = EXPECTED
    why: str = ""
    found: tuple[Found, ...] = ()
    executions: int = 0
    steps: int = 0
    failed: int = 0
    first_failure: int | None = None
    interleavings: int = 0
    interleavings_capped: bool = False
    counters: dict[str, int] = field(default_factory=dict)
    windows: int = 0
    seconds: float = 0.0
    unseen: Unseen | None = None
    shares: tuple[Share, ...] = ()

    @property
    def kinds(self) -> list[str]:
        """The kinds found, in the order in which they first appeared."""
        return list(dict.fromkeys(found.kind for found in self.found))

    @property
    def windows_seen(self) -> int:
        """How many of the `windows` were taken at least once."""
        return sum(name.startswith("window ") for name in self.counters)
