"""The detectors that a campaign was asked for, and how they judge an execution."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from racer.core.detector import Detector
from racer.core.errors import UsageError, unknown
from racer.core.finding import Finding
from racer.core.lock_order import LockOrder, Source
from racer.detectors import ALL
from racer.detectors.lock_order import CircularLocking
from racer.engine.livelock import Rounds
from racer.engine.recorder import Ledger, Tape, TapedLedger, Watch
from racer.engine.turnstile import Turnstile

BUILT_IN = ("exception", "deadlock", "livelock", "linearizable")
"""What is found while the execution runs, by the engine, and of the histories that the subject keeps."""

NAMES = (*BUILT_IN, *ALL)

_MOST_KINDS = 10

_GATHERS = CircularLocking()
LOCK_ORDER = _GATHERS.name


@dataclass(frozen=True)
class Asked:
    """What was asked for: the names that the engine knows, and the detectors that judge afterwards."""

    names: frozenset[str] = frozenset()
    detectors: tuple[Detector, ...] = ()

    @classmethod
    def of(cls, detect: object) -> "Asked":
        """Return what a `detect` argument asks for; raise UsageError for what cannot be asked for."""
        if isinstance(detect, str) or not isinstance(detect, Iterable):
            raise UsageError(f"detect takes a list of names out of {', '.join(NAMES)}, or detectors; got {detect!r}")
        names: set[str] = set()
        own: list[Detector] = []
        for each in detect:
            if isinstance(each, Detector) and not isinstance(each, type):
                own.append(each)
            elif each in NAMES:
                names.add(each)
            else:
                raise unknown("detector", each, NAMES)
        built_in = [detector for name, detector in ALL.items() if name in names]
        return cls(frozenset(names), tuple(dict.fromkeys([*built_in, *own])))

    def labels(self) -> list[str]:
        """Return the names of all that was asked for, sorted."""
        return sorted({*self.names, *(detector.name for detector in self.detectors)})

    def plain(self, *, looks: bool = False) -> Watch | None:
        """Return what an execution is to be watched with: no more than is needed."""
        if self.detectors:
            return Tape(looks=looks)
        return Watch() if looks else None

    def ledger(self, *, looks: bool) -> Ledger:
        """Return what an execution of a proof is to be watched with."""
        return TapedLedger(looks=looks) if self.detectors else Ledger(looks=looks)

    def gather(self, run: Turnstile, order: LockOrder, source: Callable[[], Source]) -> bool:
        """Add the order of locks in an execution to that of its campaign; return whether a circle is closed now.

        `source` says what execution it is, if that is of interest.
        """
        tape = _tape_of(run)
        if tape is None or LOCK_ORDER not in self.names or (run.enabled and not run.cut):
            return False
        pairs = [pair for pair in _GATHERS.gather(tape.record(run)) if pair not in order.pairs]
        return bool(pairs) and order.add(pairs, source())

    def judge(self, run: Turnstile) -> None:
        """Add what the detectors find to the findings of an execution that has ended, in the order of their steps.

        An execution that was given up is not judged: it is the beginning of another one.
        """
        tape = _tape_of(run)
        if tape is None or not self.detectors or (run.enabled and not run.cut):
            return
        record = tape.record(run)
        found = [finding for detector in self.detectors for finding in detector.judge(record)]
        if found:
            run.findings[:] = sorted([*run.findings, *found], key=lambda finding: finding.step)


def _tape_of(run: Turnstile) -> Tape | None:
    """Return the tape of an execution, if it has one: `plain`, `ledger` and Recorder are where it is needed."""
    watch = run.recorder.other if isinstance(run.recorder, Rounds) else run.recorder  # a long one is watched
    return watch if isinstance(watch, Tape) else None


def judgements(findings: list[Finding]) -> Iterator[list[Finding]]:
    """Yield what might have been found if not all of this had been looked for: some kinds, in every combination."""
    kinds = list(dict.fromkeys(finding.kind for finding in findings))[:_MOST_KINDS]
    for chosen in range(1 << len(kinds)):
        left_out = {kind for place, kind in enumerate(kinds) if not chosen >> place & 1}
        yield [finding for finding in findings if finding.kind not in left_out]


NOTHING = Asked()
