"""verify with a bound on preemptions: the classes that brute force can show with so few, and no others."""

import pytest

import racer
from tests.engine.flat import Program, Schedule, body, endings, replayed
from tests.engine.programs import KNOWN
from tests.engine.test_interleavings import any_program
from tests.engine.told import both


def cheapest(program: Program) -> list[int]:
    """Return, of each happens-before class, the fewest preemptions it can be shown with."""
    layer: dict[tuple[object, int], tuple[Schedule, int]] = {((), -1): ((), 0)}
    found: dict[object, int] = {}
    while layer:
        following: dict[tuple[object, int], tuple[Schedule, int]] = {}
        for (key, last), (schedule, cost) in layer.items():
            run = replayed(program, schedule)
            enabled = run.enabled()
            if not enabled:
                found[key] = min(found.get(key, cost), cost)
            for choice in run.choices():
                after = replayed(program, schedule)
                after.step(*choice)
                spent = cost + (last in enabled and choice.thread != last)
                state = after.key(), choice.thread
                if state not in following or following[state][1] > spent:
                    following[state] = ((*schedule, choice), spent)
        layer = following
    return sorted(found.values())


def agrees(program: Program) -> None:
    costs = cheapest(program)
    assert len(costs) == len(endings(program))
    for bound in range(3):
        result = racer.verify(body(program), keep_going=True, preemptions=bound)
        assert result.interleavings == sum(cost <= bound for cost in costs)
        assert not result.exhausted or costs[-1] <= bound


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13])
def test_any_program_is_explored_within_the_bound(seed: int) -> None:
    agrees(any_program(seed))


@pytest.mark.parametrize("name", [name for name in KNOWN if KNOWN[name].classes < 7])
def test_known_programs_are_explored_within_the_bound(name: str) -> None:
    agrees(KNOWN[name].program)


def lost_update() -> None:
    total = racer.Shared(0)

    def add() -> None:
        total.value += 1

    both(add, add)
    assert total.value == 2


def test_a_bounded_result_says_that_it_is_bounded() -> None:
    result = racer.verify(lost_update, preemptions=0)
    assert (result.verdict, result.exhausted, result.preemptions, result.strategy) == ("PASS", False, 0, "dpor:0")
    assert result.reason == "all 2 interleavings with at most 0 preemptions were executed, without a finding"
    assert racer.verify(lost_update, preemptions=1).verdict == "FAIL"


def test_a_bound_that_leaves_nothing_out_is_a_proof() -> None:
    def one_after_another() -> None:
        total = racer.Shared(0)
        for _ in range(2):
            both(lambda: setattr(total, "value", total.value + 1))

    result = racer.verify(one_after_another, preemptions=0)
    assert (result.verdict, result.exhausted) == ("PASS", True)


@pytest.mark.parametrize("given", [-1, True, 1.5, "2"])
def test_what_is_no_bound_is_refused(given: object) -> None:
    with pytest.raises(racer.UsageError, match="preemptions must be a whole number of at least 0, got"):
        racer.verify(lost_update, preemptions=given)  # type: ignore[arg-type]


def test_a_release_that_fails_may_come_before_an_acquire() -> None:
    def test() -> None:
        lock = racer.Lock()
        both(lock.acquire, lock.release)

    assert racer.verify(test, keep_going=True, preemptions=0).interleavings == 2


def ends() -> None:
    one, two, three = (racer.Thread(target=lambda: None) for _ in range(3))
    two.start()
    one.start()
    two.join()
    three.start()
    one.join()
    three.join(timeout=1)


def test_a_thread_that_waits_for_another_gives_a_switch_for_nothing() -> None:
    assert racer.verify(ends, keep_going=True, preemptions=0).interleavings == 2


def test_a_thread_may_run_up_to_where_it_is_blocked() -> None:
    def test() -> None:
        x, lock = racer.Shared(0), racer.Lock()

        def one() -> None:
            got = lock.acquire(blocking=False)
            x.value = 3
            if got:
                lock.release()
            x.value = 1

        def two() -> None:
            x.value = 1
            lock.acquire()
            x.value = 2

        for target in (one, two):
            racer.Thread(target=target).start()

    assert racer.verify(test, keep_going=True, preemptions=1).interleavings == 6
