"""Judges the verification of a cell: what is found is to be exactly what the workload states."""

from stress.cell import EXPECTED, FAILED, INCONCLUSIVE
from stress.judge import UNKNOWN
from stress.verify.bounded import Bounded
from stress.verify.cell import Proof


def judge(proof: Proof, workload: Bounded) -> None:
    """Set `judged` and `why`, and the verdict UNKNOWN where nothing raced.

    A kind that is not stated is a failure at once; one that is stated and does not show only when all was explored,
    and within the scheme's own bounds: what others have is not stated, only what a broken scheme may show at all.
    """
    scheme = proof.cell.scheme
    usual = proof.cell.parameters == workload.bounds(scheme)
    stated = workload.must_find(scheme)
    allowed = stated if usual else workload.may_find(scheme)
    unexpected = [kind for kind in proof.kinds if kind not in allowed]
    missing = sorted(stated - set(proof.kinds)) if usual else []
    unseen = [name for name in workload.seen if not proof.counters.get(name)] if usual else []
    if unexpected:
        proof.judged, proof.why = FAILED, f"not expected: {', '.join(unexpected)}"
    elif not proof.exhausted:
        proof.judged, proof.why = INCONCLUSIVE, proof.why or f"not exhausted in {proof.executions:,} executions"
    elif missing:
        proof.judged, proof.why = FAILED, f"expected, not found: {', '.join(missing)}"
    elif unseen:
        proof.verdict = UNKNOWN
        proof.judged, proof.why = INCONCLUSIVE, f"never happened: {', '.join(unseen)}"
    else:
        proof.judged, proof.why = EXPECTED, ""
