"""POS: the shares that its random priorities give, computed exactly, are those observed."""

from collections.abc import Iterator, Mapping

import pytest

from tests.engine.flat import READS, Op, Program, Run, Schedule, Steps, endings, parallel, repeated, replayed
from tests.engine.programs import CONDITION, SHARED, TWO_LOCKS, inc
from tests.strategies.shares import EXECUTIONS, Judge, deadlock, observed, tolerance, value_of

Ranks = tuple[tuple[int, int], ...]
"""Of every thread with a pending event, the place of its priority among all that were ever drawn."""


WAIT = [Op("acquire", "c.lock"), Op("cwait", "c"), Op("release", "c.lock")]
NOTIFY = [Op("acquire", "c.lock"), Op("notify", "c", 1), Op("release", "c.lock")]


def after_start(*threads: list[Op], objects: Mapping[str, tuple[str, object]]) -> Program:
    """Main starts the others and then performs the first list itself: no joins, so that all is small."""
    starts = [Op("start", str(number)) for number in range(1, len(threads))]
    own, *others = threads
    return Program((repeated([*starts, *own]), *(repeated(other) for other in others)), objects)


def far_away(points: int) -> Program:
    """Main's read comes before the child's write, or after it and after many events that concern nobody."""

    def main() -> Steps:
        yield Op("start", "1")
        if (yield Op("read", "x")) == 1:
            yield Op("write", "seen", 1)

    child = repeated([*[Op("point")] * points, Op("write", "x", 1)])
    return Program((main, child), {**SHARED, "seen": ("shared", 0)})


def apart() -> Program:
    """The reader has to come between two writes that are far apart."""
    writer = repeated([Op("write", "x", 1), *[Op("write", "y", 1)] * 2, Op("write", "x", 2)])

    def reader() -> Steps:
        if (yield Op("read", "x")) == 1:
            yield Op("write", "seen", 1)

    return parallel({**SHARED, "y": ("shared", 0), "seen": ("shared", 0)}, writer, reader)


def told_of(*before: Op, objects: Mapping[str, tuple[str, object]], after: list[list[Op]], wanted: int) -> Program:
    """Main starts the others, does what comes before, reads x, and says whether that was what was wanted."""

    def main() -> Steps:
        for op in before:  # noqa: UP028  (what the operation returns is sent in, and a tuple takes nothing)
            yield op
        if (yield Op("read", "x")) == wanted:
            yield Op("write", "seen", 1)
        if "c.lock" in objects:
            yield Op("release", "c.lock")

    return Program((main, *map(repeated, after)), {**objects, "x": ("shared", 0), "seen": ("shared", 0)})


def chain() -> Program:
    """Main's read has to come after each of four writes that it conflicts with."""
    writes = [Op("write", "x", i) for i in range(1, 5)]
    return told_of(Op("start", "1"), objects={}, after=[writes], wanted=4)


def woken_late() -> Program:
    """Main is notified, and the lock is taken three times before main has it again."""
    again = [Op(*op) for i in (1, 2, 3) for op in (("acquire", "c.lock"), ("write", "x", i), ("release", "c.lock"))]
    wait = (Op("acquire", "c.lock"), Op("start", "1"), Op("cwait", "c"))
    return told_of(*wait, objects=CONDITION, after=[[*NOTIFY, *again]], wanted=3)


def ends_meanwhile() -> Program:
    """Main asks whether thread 1 lives, whose end is an event that conflicts with that."""
    asks = (Op("start", "1"), Op("start", "2"), Op("alive", "1"))
    points = [Op("point")]
    return told_of(*asks, objects={}, after=[points * 2, [*points * 4, Op("write", "x", 1)]], wanted=1)


def locked(first: str, second: str) -> list[Op]:
    return [Op("acquire", first), Op("acquire", second), Op("release", second), Op("release", first)]


def overtaken() -> Program:
    """Main's write has to wait for each of four reads that it conflicts with."""

    def reader() -> Steps:
        for _ in range(3):
            yield Op("read", "x")
        if (yield Op("read", "x")) == 0:
            yield Op("write", "seen", 1)

    main = repeated([Op("start", "1"), Op("write", "x", 1), Op("join", "1")])
    return Program((main, reader), {**SHARED, "seen": ("shared", 0)})


def while_main_waits() -> Program:
    """The child's trylock conflicts with main's wait by the second object of that, the lock."""

    def child() -> Steps:
        if (yield Op("try", "c.lock")):
            yield Op("write", "seen", 1)
            yield Op("release", "c.lock")

    main = [Op("acquire", "c.lock"), Op("start", "1"), Op("ctwait", "c"), Op("release", "c.lock"), Op("join", "1")]
    return Program((repeated(main), child), {**CONDITION, "seen": ("shared", 0)})


def asleep_once() -> Program:
    """A sleep is an event like any other, as long as nobody loops around it."""
    child = [Op("point"), Op("sleep"), Op("write", "x", 1)]
    return told_of(Op("start", "1"), Op("sleep"), objects={}, after=[child], wanted=1)


PROGRAMS: dict[str, tuple[Program, Judge]] = {
    "asleep once": (asleep_once(), value_of("seen", 1)),
    "while main waits": (while_main_waits(), value_of("seen", 1)),
    "overtaken": (overtaken(), value_of("seen", 1)),
    "two locks": (after_start(locked("a", "b"), locked("b", "a"), objects=TWO_LOCKS), deadlock),
    "far away": (far_away(5), value_of("seen", 1)),
    "lost signal": (after_start(WAIT, NOTIFY, objects=CONDITION), deadlock),
    "inc(2)": (inc(2), value_of("x", 1)),
    "chain": (chain(), value_of("seen", 1)),
    "woken late": (woken_late(), value_of("seen", 1)),
    "ends meanwhile": (ends_meanwhile(), value_of("seen", 1)),
    "apart": (apart(), value_of("seen", 1)),
}


def will_touch(op: Op) -> dict[str, bool]:
    """Return what a pending operation of the model touches, with whether it modifies."""
    if op.kind in {"begin", "point", "sleep"}:
        return {}
    if op.kind in {"start", "join", "alive"}:
        return {f"thread {op.on}": op.kind == "start"}
    if op.kind in {"cwait", "ctwait", "reacquire"}:
        return {op.on: True, f"{op.on}.lock": True}
    return {op.on: op.kind not in READS}


def void(run: Run, live: set[int]) -> list[int]:
    """Return the threads whose pending events are new or conflict with the event just executed."""
    done = run.done[-1]
    touched = dict(done.touched)
    found = {done.thread} | (run.started - live)
    for thread in live:
        for name, modifies in will_touch(run.pending[thread]).items():
            if name in touched and (modifies or touched[name]):
                found.add(thread)
    return sorted(found - run.ended)


def drawn(ranks: dict[int, int], total: int, fresh: list[int]) -> Iterator[tuple[Ranks, int, float]]:
    """Yield every place that fresh priorities can take among those drawn so far, with its probability."""
    if not fresh:
        yield tuple(sorted(ranks.items())), total, 1.0
        return
    for place in range(total + 1):
        moved = {thread: rank + (rank >= place) for thread, rank in ranks.items()} | {fresh[0]: place}
        for found, size, share in drawn(moved, total + 1, fresh[1:]):
            yield found, size, share / (total + 1)


def pos_share(program: Program, judge: Judge) -> float:
    """Return the exact probability of an outcome: over all orders of all priorities, equal states put together.

    Priorities are independent and continuous: a fresh one is equally likely to have any place among all drawn before,
    those that were replaced included, since what is left is known to be lower than what was executed.
    """
    found = 0.0
    layer: dict[object, tuple[Schedule, Ranks, int, float]] = {(): ((), ((0, 0),), 1, 1.0)}
    while layer:
        following: dict[object, tuple[Schedule, Ranks, int, float]] = {}
        for schedule, ranks, total, share in layer.values():
            run = replayed(program, schedule)
            places = dict(ranks)
            enabled = run.enabled()
            if not enabled:
                found += share * judge(run)
                continue
            chosen = max(enabled, key=places.__getitem__)
            run.step(chosen)
            after = (*schedule, (chosen, 0))
            fresh = void(run, set(places))
            kept = {thread: rank for thread, rank in places.items() if thread not in (*fresh, *run.ended)}
            for now, size, part in drawn(kept, total if kept else 0, fresh):
                key = run.key(), now, size
                so_far = following[key][3] if key in following else 0.0
                following[key] = (after, now, size, so_far + share * part)  # type: ignore[assignment]
        layer = following
    return found


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_outcome_shows_as_often_as_the_orders_of_priorities_say(name: str) -> None:
    program, judge = PROGRAMS[name]
    exact = pos_share(program, judge)
    assert 0 < exact < 1
    close = name in {"ends meanwhile", "while main waits"}  # they tell two shares apart that are close
    executions = 12_000 if close else EXECUTIONS
    assert observed(program, judge, "pos", executions) == pytest.approx(exact, abs=tolerance(exact, executions))


def random_walk_share(program: Program, judge: Judge) -> float:
    return sum(ending.share for ending in endings(program) if judge(replayed(program, ending.schedule)))


def test_independent_events_between_count_for_little() -> None:
    """What tells POS from a walk that draws every priority anew at every step."""
    program, judge = PROGRAMS["far away"]
    assert random_walk_share(program, judge) < 0.01
    assert pos_share(program, judge) > 0.1
