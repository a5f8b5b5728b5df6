"""Judges the verification of a cell: exhausted, the kinds found are to be exactly those that the workload states."""

from stress import workloads
from stress.cell import EXPECTED, FAILED, INCONCLUSIVE
from stress.verify.cell import Proof


def judge(proof: Proof) -> None:
    """Set `judged` and `why`.

    A kind that is not stated is a failure at once; one that is stated and does not show only when all was explored.
    """
    workload = workloads.by_name(proof.cell.workload)
    stated = workload.must_find(proof.cell.scheme)
    unexpected = [kind for kind in proof.kinds if kind not in stated]
    missing = sorted(stated - set(proof.kinds))
    if unexpected:
        proof.judged, proof.why = FAILED, f"not expected: {', '.join(unexpected)}"
    elif not proof.exhausted:
        proof.judged, proof.why = INCONCLUSIVE, f"not exhausted in {proof.executions:,} executions"
    elif missing and proof.cell.full:
        proof.judged, proof.why = FAILED, f"expected, not found: {', '.join(missing)}"
    elif not proof.counters.get(workload.raced):
        proof.judged, proof.why = INCONCLUSIVE, f"nothing raced: {workload.raced} is 0"
    else:
        proof.judged, proof.why = EXPECTED, ""
