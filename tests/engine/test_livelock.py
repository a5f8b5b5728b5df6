"""Livelocks: an execution cut at max_steps whose end is fair and gets nowhere."""

from collections.abc import Callable
from functools import partial

import pytest

import racer
from racer import Finding
from tests.engine.told import both

Body = Callable[[], object]
LIMIT = 600


def kinds(body: Body, **options: object) -> list[str]:
    """Return the kinds of finding of one execution, round robin unless another strategy is given."""
    chosen: dict[str, object] = {"strategy": "round-robin", "executions": 1, "max_steps": LIMIT, **options}
    return [finding.kind for finding in racer.explore(body, **chosen).findings]  # type: ignore[arg-type]


def livelock_of(body: Body, **options: object) -> Finding:
    """Return the livelock that one execution ends in."""
    chosen: dict[str, object] = {"strategy": "round-robin", "executions": 1, "max_steps": LIMIT, **options}
    limit, found = racer.explore(body, **chosen).findings  # type: ignore[arg-type]
    assert (limit.kind, found.kind) == ("step-limit", "livelock")
    return found


def lost_flag() -> None:
    """Both wait for a flag that nobody sets."""
    flag = racer.Atomic(False, name="flag")

    def wait() -> None:
        while not flag.load():
            racer.sleep(1)

    both(wait, wait)


def polite_philosophers() -> None:
    """Each takes its left fork, cannot have the right one, and puts the left one down again."""
    forks = [racer.Lock(name=f"fork{i}") for i in range(3)]
    table = racer.Barrier(3)

    def dine(left: racer.Lock, right: racer.Lock) -> None:
        table.wait()
        while True:
            left.acquire()
            if right.acquire(blocking=False):
                break
            racer.sleep(1)
            left.release()
        right.release()
        left.release()

    both(*(partial(dine, forks[i], forks[(i + 1) % 3]) for i in range(3)))


def after_you() -> None:
    """Two share a spoon; who has it gives it away as long as the other is hungry."""
    spoon = racer.Shared("a", name="spoon")
    hungry = {name: racer.Shared(True, name=f"hunger of {name}") for name in "ab"}

    def eat(me: str, other: str) -> None:
        while hungry[me].value:
            if spoon.value == me:
                if hungry[other].value:
                    spoon.value = other
                else:
                    hungry[me].value = False

    both(partial(eat, "a", "b"), partial(eat, "b", "a"))


def swaps_back() -> None:
    """Two threads undo each other's compare-exchange."""
    word = racer.Atomic(0, name="word")

    def wants(old: int, new: int) -> None:
        while word.load() != 2:
            word.compare_exchange(old, new)

    both(partial(wants, 0, 1), partial(wants, 1, 0))


def waits_with_a_timeout() -> None:
    condition, event = racer.Condition(name="cond"), racer.Event(name="ev")

    def on_condition() -> None:
        with condition:
            while not condition.wait(timeout=1):
                pass

    def on_event() -> None:
        while not event.wait(timeout=1):
            pass

    both(on_condition, on_event)


def waits_with_a_timeout_and_swaps() -> None:
    word, event = racer.Atomic(0, name="word"), racer.Event()

    def swap() -> None:
        while not event.wait(timeout=1):
            racer.point("looking")
            word.compare_exchange(0, 1)
            word.compare_exchange(1, 0)
            word.compare_exchange(1, 0)

    both(swap)


def ticks() -> None:
    while True:
        racer.point()


def lost_flag_and_a_clock() -> None:
    flag = racer.Shared(False, name="flag")

    def wait() -> None:
        while not flag.value:
            pass

    both(ticks, wait)


TOLD: dict[str, tuple[Body, list[tuple[str, str, str]], str]] = {
    "lost flag": (
        lost_flag, [("a", "load", "flag"), ("b", "load", "flag")],
        "everybody only went round: a (load of flag); b (load of flag); main waits for join of a",
    ),
    "polite philosophers": (
        polite_philosophers, [(f, "try-acquire (failed)", f"fork{i}") for f, i in zip("abc", (1, 2, 0), strict=True)],
        "a (try-acquire (failed) of fork1)",
    ),
    "after you": (after_you, [("a", "read", "hunger of a"), ("b", "read", "hunger of b")], "hunger of a"),
    "swaps back": (swaps_back, [("a", "load", "word"), ("b", "load", "word")], "b (load of word)"),
    "timeouts": (
        waits_with_a_timeout, [("a", "timed-reacquire (failed)", "cond"), ("b", "timed-event-wait (failed)", "ev")],
        "main waits for join of a",
    ),
    "clock": (lost_flag_and_a_clock, [("a", "point", ""), ("b", "read", "flag")], "a (point); b (read of flag); main"),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_who_goes_round_on_what_is_told(name: str) -> None:
    body, sides, text = TOLD[name]
    found = livelock_of(body)
    assert [(side.thread, side.action, side.what) for side in found.sides] == sides
    assert text in found.message
    assert found.message.startswith("in the last 150 steps everybody only went round: ")
    for side in found.sides:
        assert side.location is not None
        assert side.location.file == "tests/engine/test_livelock.py"
        assert side.step is not None
        assert LIMIT - 150 <= side.step < LIMIT


def test_the_place_is_the_line_that_is_repeated() -> None:
    (side, other) = livelock_of(lost_flag).sides
    first = lost_flag.__code__.co_firstlineno
    assert side.location is not None
    assert (side.location.line, side.location.function) == (first + 5, "lost_flag.<locals>.wait")
    assert other.location == side.location


def test_a_random_walk_is_fair_enough() -> None:
    found = livelock_of(lost_flag, strategy="random", executions=1)
    assert [side.thread for side in found.sides] == ["a", "b"]


@pytest.mark.parametrize("strategy", ["random", "round-robin"])
def test_a_livelock_replays_with_its_digest(strategy: str) -> None:
    found = livelock_of(lost_flag, strategy=strategy)
    assert found.schedule is not None
    assert found.execution is not None
    again = racer.replay(lost_flag, str(found.schedule))
    assert again.digest == found.execution.digest
    assert [(f.kind, f.message, f.signature) for f in again.findings][1:] == [
        (found.kind, found.message, found.signature)
    ]


def test_to_be_watched_changes_nothing_of_what_is_recorded() -> None:
    def test() -> None:
        waits_with_a_timeout_and_swaps()

    watched, plain = (
        racer.explore(test, strategy="round-robin", executions=1, max_steps=LIMIT, detect=detect).findings[0].execution
        for detect in (("livelock",), ())
    )
    assert watched is not None
    assert plain is not None
    assert len(watched.findings) == 2
    assert watched.trace == plain.trace
    assert all(event.location is not None for event in watched.trace)
    last = watched.trace[-20:]
    assert {event.value for event in last} >= {"0", "1", None}
    assert {event.what for event in last} == {"", "looking"}
    assert any(event.failed for event in last)


def test_a_finalizer_is_refused_in_what_is_watched_too() -> None:
    class Finalized:
        def __init__(self, flag: racer.Shared[bool]) -> None:
            self.flag = flag

        def __del__(self) -> None:
            self.flag.value = False

    def test() -> None:
        flag = racer.Shared(False)
        for n in range(LIMIT):
            racer.point()
            if n == LIMIT * 2 // 3:
                Finalized(flag)

    with pytest.raises(racer.UsageError, match="inside __del__"):
        racer.explore(test, executions=1, max_steps=LIMIT)


def test_one_signature_however_the_threads_interleave() -> None:
    result = racer.explore(lost_flag, executions=30, max_steps=LIMIT, keep_going=True, seed=3)
    assert [(f.kind, f.count) for f in result.findings] == [("step-limit", 30), ("livelock", 30)]


def test_two_processes_find_what_one_finds() -> None:
    one, two = (
        racer.explore(lost_flag, executions=8, max_steps=LIMIT, keep_going=True, seed=3, jobs=jobs) for jobs in (1, 2)
    )
    assert [(f.kind, f.count, f.message) for f in one.findings] == [(f.kind, f.count, f.message) for f in two.findings]
    assert one.digest == two.digest


DETECT: dict[tuple[str, ...], list[str]] = {
    (): ["step-limit"],
    ("exception",): ["step-limit"],
    ("deadlock",): ["step-limit", "livelock"],
    ("livelock",): ["step-limit", "livelock"],
    ("exception", "deadlock", "livelock"): ["step-limit", "livelock"],
}


@pytest.mark.parametrize("detect", DETECT)
def test_it_is_found_by_its_own_name_and_with_deadlocks(detect: tuple[str, ...]) -> None:
    assert kinds(lost_flag, detect=detect) == DETECT[detect]


def test_who_asks_for_livelocks_alone_is_told_of_no_deadlock() -> None:
    def stuck() -> None:
        racer.Event().wait()

    assert kinds(stuck, detect=("livelock",)) == []
    assert kinds(stuck, detect=("deadlock",)) == ["deadlock"]
