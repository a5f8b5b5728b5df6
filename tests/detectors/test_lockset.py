"""Locksets: who shares no lock, although nothing went wrong."""

import pytest

import racer
from tests.detectors.programs import Body, together, told

DETECT = ["lockset"]


def test_different_locks_are_told_of_even_where_the_accesses_happen_to_be_ordered() -> None:
    def test() -> None:
        shared = racer.Shared(0, name="x")
        one, other = racer.Lock(name="one"), racer.Lock(name="other")

        def first() -> None:
            with one:
                shared.value = 1
            with other:
                pass

        def second() -> None:
            with other:
                shared.value = 2

        together(first, second)

    calm = racer.explore(test, strategy="round-robin", detect=[*DETECT, "data-race"], executions=1, keep_going=True)
    assert {finding.kind for finding in racer.verify(test, detect=DETECT, keep_going=True).findings} == {"lockset"}
    assert told(test, DETECT) == {("t0 write x", "t1 write x")}
    (finding,) = [finding for finding in calm.findings if finding.kind == "lockset"]
    assert "holding one" in finding.message
    assert "holding other" in finding.message


def under_one_lock() -> None:
    shared = racer.Shared(0, name="x")
    lock = racer.Lock()

    def add() -> None:
        with lock:
            shared.value += 1

    together(add, add)


def three_locks() -> None:
    """Any two of three accesses share a lock, and no lock is at all of them: Eraser warns, and is wrong."""
    shared = racer.Shared(0, name="x")
    a, b, c = (racer.Lock(name=name) for name in "abc")

    def write(first: racer.Lock, second: racer.Lock) -> Body:
        def body() -> None:
            with first, second:
                shared.value += 1

        return body

    together(write(a, b), write(b, c), write(a, c))


def handed_over() -> None:
    shared = racer.Shared(0, name="x")
    ready = racer.Event()

    def make() -> None:
        shared.value = 1
        ready.set()

    def use() -> None:
        ready.wait()
        shared.value = 2

    together(make, use)
    assert shared.value == 2


def marked() -> None:
    shared = racer.Shared(0, marked=True)
    together(lambda: setattr(shared, "value", 1), lambda: setattr(shared, "value", 2))


def declared() -> None:
    shared = racer.Shared(0, guarded_by=racer.Lock())
    together(lambda: setattr(shared, "value", 1), lambda: setattr(shared, "value", 2))


def only_read() -> None:
    shared = racer.Shared(0)
    together(lambda: shared.value, lambda: shared.value)


def written_before() -> None:
    shared = racer.Shared(0)
    shared.value = 1
    together(lambda: shared.value, lambda: shared.value)


@pytest.mark.parametrize(
    "test", [under_one_lock, three_locks, handed_over, marked, declared, only_read, written_before]
)
def test_nothing_is_told_of(test: Body) -> None:
    assert told(test, DETECT) == set()


def test_what_a_lock_ordered_by_chance_is_told_of() -> None:
    """A third access under no lock: data-race sees it only where nothing happened to order it."""

    def test() -> None:
        shared = racer.Shared(0, name="x")
        lock = racer.Lock(name="lock")

        def write_then_lock() -> None:
            shared.value = 1
            with lock:
                pass

        def lock_then_write() -> None:
            with lock:
                pass
            shared.value = 2

        together(write_then_lock, lock_then_write)

    ordered = racer.explore(test, strategy="pct:1", detect=["data-race"], executions=1, seed=0)
    warned = racer.explore(test, strategy="pct:1", detect=DETECT, executions=1, seed=0)
    assert (len(ordered.findings), len(warned.findings)) == (0, 1)
