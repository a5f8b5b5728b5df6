"""One run of a test under a schedule."""

import hashlib
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from racer.core.finding import Finding
from racer.core.operation import CHOOSE, OUTCOME
from racer.core.schedule import Schedule
from racer.core.trace import Trace

DIGEST_VERSION: Final = b"racer-digest-1\n"
_STEP: Final = struct.Struct("<IHIQ")
_FINDING: Final = struct.Struct("<II")
SCHEDULE_DIGEST: Final = 16
"""Hex digits of the digest a schedule carries."""


@dataclass(slots=True)
class Execution:
    """One run of a test: what was chosen, what happened, what was found.

    `index` is its place in the campaign, from 0. `seed` is None for a replay.
    """

    digest: str
    schedule: Schedule
    trace: Trace = field(repr=False)
    findings: tuple[Finding, ...]
    index: int = 0
    seed: int | None = None
    steps: int = 0
    counters: dict[str, int] = field(default_factory=dict)

    @property
    def finding(self) -> Finding | None:
        """The first finding by step, or None."""
        return self.findings[0] if self.findings else None


def digest_of(order: list[int], codes: list[int], values: list[int], findings: list[Finding]) -> str:
    """Return the SHA-256 over every step and finding, in hex.

    `order[i]` is the thread of step i, `codes[i]` packs object number, kind and outcome (object << 16 | kind << 8 |
    outcome), `values` are the results of the `choose` operations in order. Values, names and lines do not enter.
    """
    return next(digests_of(order, codes, values, [findings]))


def digests_of(
    order: list[int], codes: list[int], values: list[int], judgements: Iterable[Sequence[Finding]]
) -> Iterator[str]:
    """Yield the digest for each way in which the same steps might have been judged."""
    steps = hashlib.sha256(DIGEST_VERSION)
    chosen = iter(values)
    for thread, code in zip(order, codes, strict=True):
        kind = code >> 8 & 0xFF
        decided = next(chosen) if kind == CHOOSE else code & OUTCOME
        steps.update(_STEP.pack(thread, kind, code >> 16, decided))
    for findings in judgements:
        out = steps.copy()
        for finding in findings:
            out.update(finding.kind.encode() + b"\0" + _FINDING.pack(finding.thread_number, finding.step))
        yield out.hexdigest()
