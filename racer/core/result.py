"""The result of a campaign: verdict, findings, and what was explored."""

from dataclasses import dataclass, field

from racer.core.errors import FailureError
from racer.core.finding import Finding
from racer.core.unseen import Unseen

PASS = "PASS"  # noqa: S105  (a verdict, no password)
FAIL = "FAIL"
UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How far a campaign is: what a progress callback gets.

    `total` is how many executions there will be in all as far as can be told: an estimate in a verification.
    """

    executions: int
    steps: int
    failed: int
    findings: int
    interleavings: int
    seconds: float
    total: float | None = None


@dataclass(slots=True)
class Share:
    """What one member of a portfolio did: executions, those with a finding, and of each kind how many had it."""

    strategy: str
    executions: int = 0
    failed: int = 0
    kinds: dict[str, int] = field(default_factory=dict)

    def add(self, other: "Share") -> None:
        """Add what the same member did in another share of the campaign."""
        self.executions += other.executions
        self.failed += other.failed
        for kind, n in other.kinds.items():
            self.kinds[kind] = self.kinds.get(kind, 0) + n


@dataclass(slots=True)
class Result:
    """What a campaign of executions showed.

    `verdict`: PASS (the asked budget was done, or all explored), FAIL (a finding), UNKNOWN (cut short, or nothing
    raced: no two threads were ever able to run at the same step); `reason` says why in words. `interleavings` is
    the number of distinct happens-before classes seen, a lower bound if `interleavings_capped`. `failed` counts
    executions with a finding, `first_failure` is the index of the first. `strategy` is the full text that repeats
    the campaign; `digest` is that of the last counted execution. `unseen` tells of the executions that were not run
    (None in free mode), `shares` what each member of a portfolio did.
    """

    verdict: str
    reason: str
    findings: tuple[Finding, ...]
    executions: int
    steps: int
    strategy: str
    seed: int
    digest: str = ""
    failed: int = 0
    first_failure: int | None = None
    interleavings: int = 0
    interleavings_capped: bool = False
    exhausted: bool = False
    redundant: int = 0
    preemptions: int | None = None
    counters: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    unseen: Unseen | None = None
    shares: tuple[Share, ...] = ()

    def raise_on_failure(self) -> None:
        """Raise FailureError with the first finding if the verdict is FAIL."""
        if self.verdict == FAIL:
            first = self.findings[0]
            where = f"\n    seed {first.seed:#x}" if first.seed is not None else ""
            how = f", schedule {first.schedule}" if first.schedule is not None else ""
            raise FailureError(f"{first}{where}, strategy {first.strategy or self.strategy}{how}")
