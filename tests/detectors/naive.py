"""What orders what in an execution, worked out the slow way: every edge, then everything that can be reached."""

from racer.core.operation import CHOOSE, FAILED, MODIFIED, NAMES, OUTCOME
from racer.core.record import Record

PLAIN = {"read", "write"}
RMW = {"add", "update", "exchange", "compare-exchange"}


class Steps:
    """The steps of an execution by name: what, on which object, by whom, and whether it failed."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.who = list(record.order)
        self.kind = [NAMES[code >> 8 & 0xFF] for code in record.codes]
        self.object = [code >> 16 for code in record.codes]
        self.failed = [code & OUTCOME == FAILED for code in record.codes]
        self.modified = [bool(code & MODIFIED) for code in record.codes]
        self.lock = dict(record.also)
        assert NAMES[CHOOSE] == "choose"

    def back(self, before: int, number: int) -> list[int]:
        """Return the earlier steps on an object, the last one first."""
        return [i for i in range(before - 1, -1, -1) if self.object[i] == number]


def edges(steps: Steps) -> set[tuple[int, int]]:
    """Return every pair of steps of which the first synchronises with the second, and each thread's own order."""
    found: set[tuple[int, int]] = set()
    count = len(steps.who)
    for j in range(count):
        own = [i for i in range(j) if steps.who[i] == steps.who[j]]
        if own:
            found.add((own[-1], j))
        found |= {(i, j) for i in sources(steps, j)}
    return found


def sources(steps: Steps, j: int) -> list[int]:
    """Return the steps that synchronise with a step."""
    kind, number = steps.kind[j], steps.object[j]
    before = steps.back(j, number)
    if kind in {"reacquire", "timed-reacquire"}:
        return unlocks(steps, j, steps.lock[j])
    if kind in {"load", "await"} or kind in RMW:
        return [i for i in before if steps.modified[i]][:1]
    if kind in {"event-wait", "timed-event-wait", "is-set"}:
        return sets(steps, before)
    return [] if steps.failed[j] else sources_if_done(steps, j, before)


def sources_if_done(steps: Steps, j: int, before: list[int]) -> list[int]:
    """Return the steps that synchronise with one that did not fail."""
    kind, number = steps.kind[j], steps.object[j]
    if kind in {"acquire", "try-acquire"}:
        return unlocks(steps, j, number)
    if kind in {"sem-acquire", "sem-try-acquire"}:
        return [i for i in before if steps.kind[i] == "sem-release" and not steps.failed[i]]
    if kind == "begin":
        return [i for i in before if steps.kind[i] == "start" and not steps.failed[i]]
    if kind in {"join", "timed-join", "is-alive"}:
        return ends(steps, j, number)
    return arrivals(steps, j, number) if kind in {"arrive", "leave"} else []


def unlocks(steps: Steps, j: int, lock: int) -> list[int]:
    released = [
        i
        for i in range(j)
        if (steps.kind[i] == "release" and steps.object[i] == lock and not steps.failed[i])
        or (steps.kind[i] == "wait" and steps.lock[i] == lock)
    ]
    return released[-1:]


def sets(steps: Steps, before: list[int]) -> list[int]:
    found = []
    for i in before:
        if steps.kind[i] == "clear":
            break
        if steps.kind[i] == "set":
            found.append(i)
    return found


def ends(steps: Steps, j: int, number: int) -> list[int]:
    (child,) = [t for t, life in enumerate(steps.record.threads) if life.number == number]
    own = [i for i in range(len(steps.who)) if steps.who[i] == child]
    return own[-1:] if steps.record.threads[child].ended and own and own[-1] < j else []


def arrivals(steps: Steps, j: int, number: int) -> list[int]:
    """Return the arrivals of the round that a step leaves: so many each, in their order. The last one has left, too."""
    parties = steps.record.things[number].size
    arrived = [i for i in range(j + 1) if (steps.object[i], steps.kind[i]) == (number, "arrive")]
    mine = [place for place, i in enumerate(arrived) if steps.who[i] == steps.who[j]][-1]
    first = mine // parties * parties
    whole = arrived[first : first + parties]
    return [i for i in whole if i < j] if len(whole) == parties else []


def reached(steps: Steps) -> list[set[int]]:
    """Return for each step the earlier ones that happened before it."""
    found: list[set[int]] = [set() for _ in steps.who]
    for i, j in sorted(edges(steps), key=lambda edge: edge[1]):
        found[j] |= found[i] | {i}
    return found


def races(steps: Steps) -> set[tuple[int, int]]:
    """Return every pair of accesses that race."""
    before = reached(steps)
    plain = [
        i for i, kind in enumerate(steps.kind) if kind in PLAIN and not steps.record.things[steps.object[i]].marked
    ]
    return {
        (i, j)
        for j in plain
        for i in plain
        if i < j and steps.object[i] == steps.object[j] and steps.who[i] != steps.who[j]
        if "write" in {steps.kind[i], steps.kind[j]} and i not in before[j]
    }
