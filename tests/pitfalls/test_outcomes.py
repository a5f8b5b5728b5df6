"""What the interleavings of a program show, where a count alone could be right by accident."""

from collections.abc import Callable
from functools import partial
from itertools import permutations

import pytest

import racer
from tests.engine.told import both


def digits(threads: int, sections: int) -> Callable[[], None]:
    """Each thread appends its digit under a lock: the number tells who was there in which order."""

    def test() -> None:
        lock, number = racer.Lock(), racer.Shared(0)

        def work(digit: int) -> None:
            for _ in range(sections):
                with lock:
                    number.value = number.value * 10 + digit

        both(*[partial(work, digit) for digit in range(1, threads + 1)])
        racer.count(str(number.value))

    return test


@pytest.mark.parametrize(("threads", "sections"), [(2, 1), (3, 1), (2, 2), (3, 2)])
def test_every_order_of_critical_sections_is_executed_once(threads: int, sections: int) -> None:
    result = racer.verify(digits(threads, sections))
    members = "123"[:threads] * sections
    assert result.counters == {"".join(order): 1 for order in set(permutations(members))}
    assert (result.redundant, result.verdict) == (0, "PASS")


def one_of_two_windows() -> None:
    a, b, c = (racer.Atomic(0) for _ in range(3))

    def second() -> None:
        for value in (1, 2, 3):
            c.store(value)
        b.store(2)

    def looks() -> None:
        if c.load() == 2 and b.load() == 0:
            racer.violation("seen", "")

    def first() -> None:
        a.store(1)
        b.store(1)

    both(first, second, looks)


def test_the_outcome_that_needs_two_windows_at_once_is_found() -> None:
    result = racer.verify(one_of_two_windows, keep_going=True)
    assert (result.interleavings, result.failed) == (12, 2)


def key_and_value(*, loads: bool) -> Callable[[], None]:
    def test() -> None:
        key, value = racer.Atomic(0), racer.Atomic(0)

        def write() -> None:
            key.store(1)
            value.store(1)
            value.store(0)
            if loads:
                key.load()
            key.store(0)

        both(write, lambda: racer.count(f"{value.load()}{key.load()}"))

    return test


def test_a_load_that_matters_to_nobody_takes_no_outcome_away() -> None:
    without, with_it = (racer.verify(key_and_value(loads=loads)) for loads in (False, True))
    assert without.counters == with_it.counters
    assert set(without.counters) == {"00", "01", "10", "11"}


def test_a_thread_that_loads_first_is_still_overtaken() -> None:
    def test() -> None:
        done = racer.Atomic(False)

        def set_it() -> None:
            done.load()
            done.store(True)

        setter = racer.Thread(target=set_it)
        setter.start()
        racer.count(str(done.load()))
        setter.join()

    assert racer.verify(test).counters == {"True": 1, "False": 1}


def test_a_lock_that_is_never_released_hides_no_order() -> None:
    def test() -> None:
        lock, total = racer.Lock(), racer.Shared(0)

        def work(digit: int, *, keep: bool) -> None:
            lock.acquire()
            total.value = total.value * 10 + digit
            racer.count(str(total.value))
            if not keep:
                lock.release()

        both(partial(work, 1, keep=True), partial(work, 2, keep=False), partial(work, 3, keep=False))

    result = racer.verify(test, keep_going=True)
    assert (result.interleavings, result.redundant) == (5, 0)
    assert {"1", "21", "31", "231", "321"} <= set(result.counters)
    assert {finding.kind for finding in result.findings} == {"deadlock"}
    assert result.failed == 3


def test_a_compare_exchange_is_seen_to_fail_and_to_succeed_wherever_it_can() -> None:
    def test() -> None:
        x, seen = racer.Atomic(0), []
        both(
            lambda: seen.append(x.load()),
            lambda: x.store(1),
            lambda: seen.append(x.compare_exchange(1, 2)),
        )
        racer.count(" ".join(sorted(map(str, seen))))

    assert racer.verify(test).counters == {"0 False": 1, "1 False": 1, "0 True": 1, "1 True": 1, "2 True": 1}


def test_equal_values_stored_are_two_orders_and_equal_threads_are_not_one() -> None:
    """Concuerror lets equal stores commute, GenMC takes equal threads for one; here classes are what is counted."""

    def test() -> None:
        x = racer.Shared(0)
        both(*[lambda: setattr(x, "value", 1)] * 3)

    assert racer.verify(test).interleavings == 6
