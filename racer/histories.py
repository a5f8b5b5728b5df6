"""The histories that a subject keeps, judged at the end of an execution or a run."""

from collections.abc import Iterable

from racer.core.call import UNJUDGED
from racer.core.finding import Finding
from racer.detectors.linearizable import MOST_STATES, UNKNOWN, finding_of, linearize
from racer.engine import free
from racer.engine.turnstile import Turnstile
from racer.sync.history import History


def judge_histories(run: Turnstile) -> None:
    """Add the findings on an execution's histories to its others; one that was given up is not judged."""
    if run.enabled and not run.cut:
        return
    found, unjudged = _judged(run.histories or ())
    if found:
        run.findings.extend(found)
        run.findings.sort(key=lambda finding: finding.step)
    if unjudged:
        run.counters = {**(run.counters or {}), UNJUDGED: unjudged}


def judge_free(histories: Iterable[History]) -> None:
    """Report the findings on the histories of a free run."""
    found, unjudged = _judged(histories)
    for finding in found:
        free.found(finding)
    if unjudged:
        free.count(UNJUDGED, unjudged)


def _judged(histories: Iterable[History]) -> tuple[list[Finding], int]:
    """Return the findings on histories, and how many could not be judged."""
    found, unjudged = [], 0
    for history in histories:
        answer = linearize(history.specification, history.calls, most_states=MOST_STATES)
        if answer.unexplained is not None:
            found.append(finding_of(answer, history.shown_name))
        unjudged += answer.verdict == UNKNOWN
    return found, unjudged
