"""Declared rules: a variable touched without the lock that guards it, or by a thread that does not own it."""

from bisect import bisect_right
from collections.abc import Callable, Iterator

from racer.core.finding import Finding
from racer.core.operation import MODIFIED, READ, WRITE
from racer.core.record import Record, Rule

_DID = {READ: "read", WRITE: "wrote"}


class LockDiscipline:
    """Finds accesses that break the rule of their variable, in executions that went well, too.

    *Guarded*: the thread holds the lock. Excepted is what goes on before and after all that is shared: the accesses of
    the thread that made the variable before any of another thread, and those when all other threads have ended or not
    begun. Of both it is asked what is ordered by more than locks: which of two came first by chance says nothing.

    *Owned*: another thread's access is right only where every step of the owner is ordered with it, one way or the
    other. Of each variable and thread the first read and the first write are told.
    """

    name = "lock-discipline"
    kinds = frozenset({"lock-discipline"})

    def judge(self, record: Record) -> Iterator[Finding]:
        """Yield the accesses that break a rule."""
        for number, steps in record.accesses.items():
            thing = record.things[number]
            if thing.declared is not None:
                rule = thing.rule
                assert rule is not None  # one was declared
                yield from _judged(record, number, steps, rule)


def _judged(record: Record, number: int, steps: list[int], rule: Rule) -> Iterator[Finding]:
    order, codes, held = record.order, record.codes, record.held
    if rule.guard is not None:
        guard, every = rule.guard, not rule.writes_only
        bare = [step for step in steps if guard not in held[step] and (every or codes[step] & MODIFIED)]
        for step in _firsts(record, bare, lambda step: not _alone(record, number, steps, step)):
            yield _unguarded(record, step, guard)
    if rule.owner is not None:
        owner = rule.owner
        foreign = [step for step in steps if order[step] != owner]
        for step in _firsts(record, foreign, lambda step: _beside(record, step, owner) is not None):
            beside = _beside(record, step, owner)
            assert beside is not None  # just seen
            yield _trespass(record, step, beside, owner)


def _firsts(record: Record, steps: list[int], wrong: Callable[[int], bool]) -> Iterator[int]:
    """Yield of each thread the first read and the first write that are wrong."""
    told: set[tuple[int, int]] = set()
    for step in steps:
        key = record.order[step], record.codes[step] & MODIFIED
        if key not in told and wrong(step):
            told.add(key)
            yield step


def _alone(record: Record, number: int, steps: list[int], step: int) -> bool:
    """Return whether an access is one of before or after all that is shared."""
    who = record.order[step]
    others = (own for other, own in enumerate(record.steps_of) if own and other != who)
    if all(_before(record, own[-1], step) or _before(record, step, own[0]) for own in others):
        return True
    if record.makers[number] != who:
        return False
    return all(record.order[each] == who or _before(record, step, each) for each in steps)


def _before(record: Record, first: int, second: int) -> bool:
    """Return whether a step is ordered before another by more than locks."""
    who, clocks = record.order[first], record.handed
    return clocks[first][who] <= clocks[second][who]


def _beside(record: Record, step: int, other: int) -> int | None:
    """Return the first step of another thread that is not ordered with a step, None if there is none."""
    own, who, clocks = record.steps_of[other], record.order[step], record.clocks
    known = clocks[step][other]
    at = bisect_right(own, known, key=lambda each: clocks[each][other])
    if at == len(own) or clocks[own[at]][who] >= clocks[step][who]:
        return None
    return own[at]


def _unguarded(record: Record, step: int, guard: int) -> Finding:
    held = ", ".join(sorted(record.name(lock) for lock in record.held[step])) or "nothing"
    code = record.codes[step]
    return record.found(
        "lock-discipline",
        f"{record.thread_of(step)} {_DID[code >> 8 & 0xFF]} {record.name(code >> 16)}, which {record.name(guard)} "
        f"guards, and held {held}",
        step,
        record.side(step),
    )


def _trespass(record: Record, step: int, beside: int, owner: int) -> Finding:
    code = record.codes[step]
    return record.found(
        "lock-discipline",
        f"{record.thread_of(step)} {_DID[code >> 8 & 0xFF]} {record.name(code >> 16)}, which "
        f"{record.threads[owner].name} owns, and nothing keeps that from running",
        step,
        record.side(step),
        record.side(beside),
    )
