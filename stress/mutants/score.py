"""What became of all mutants of a scheme, and whether that is as it should be."""

from collections import Counter
from dataclasses import dataclass, field

from stress.judge import BROKEN, SUCCESS, UNDECIDED, UNEXPECTED
from stress.mutants.equivalent import Equivalent
from stress.mutants.fate import DIED, KILLED, SURVIVED, Fate

EQUIVALENT = "equivalent"


@dataclass
class Score:
    """The fates by the mutants' numbers, the reasons of those taken for equivalent, and entries without a mutant.

    `itself` is the fate of the scheme as it is, which has to live. `wanted` is how many mutants were to be tried.
    """

    wanted: int
    reasons: dict[int, str]
    stale: list[Equivalent]
    fates: dict[int, Fate] = field(default_factory=dict)
    itself: Fate | None = None

    def verdict(self, number: int) -> str:
        """Return killed, survived, equivalent."""
        fate = self.fates[number]
        return EQUIVALENT if fate.verdict == SURVIVED and number in self.reasons else fate.verdict

    @property
    def survivors(self) -> list[int]:
        """The mutants that nothing noticed, and that nobody says cannot be."""
        return [number for number in sorted(self.fates) if self.verdict(number) == SURVIVED]

    @property
    def refuted(self) -> list[int]:
        """The mutants that were taken for equivalent, and are not."""
        return [n for n in sorted(self.fates) if n in self.reasons and self.fates[n].verdict == KILLED]

    def exit_code(self) -> int:
        """Return the exit code: a fault of the harness outweighs a survivor, that a test that was cut short."""
        every = [*self.fates.values(), *([self.itself] if self.itself else [])]
        if any(fate.verdict == DIED for fate in every):
            return BROKEN
        if self.survivors or self.refuted or self.stale or (self.itself is not None and self.itself.verdict == KILLED):
            return UNEXPECTED
        return UNDECIDED if len(self.fates) < self.wanted or self.itself is None else SUCCESS

    def closing(self, scheme: str) -> str:
        """Return the sentence at the end."""
        counts = Counter(self.verdict(number) for number in self.fates)
        parts = [f"{counts[name]} {name}" for name in (KILLED, EQUIVALENT, SURVIVED, DIED) if counts[name]]
        cpu = sum(fate.seconds for fate in self.fates.values()) + (self.itself.seconds if self.itself else 0.0)
        executions = sum(fate.executions for fate in self.fates.values())
        said = f"{len(self.fates)} mutants of {scheme}: {', '.join(parts) or 'none tried'}"
        said += f" ({executions:,} executions, {cpu:.0f} s of CPU)."
        if self.itself is not None and self.itself.verdict == KILLED:
            said += f" The scheme itself is not clean: {self.itself.trial}: {self.itself.kind}: {self.itself.message}."
        if self.refuted:
            said += f" {len(self.refuted)} taken for equivalent are not."
        if self.stale:
            said += f" {len(self.stale)} reasons are of mutants that are no more."
        if len(self.fates) < self.wanted:
            said += f" {self.wanted - len(self.fates)} were not tried."
        return said
