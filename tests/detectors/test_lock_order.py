"""The order in which locks are taken, over a whole campaign."""

from pathlib import Path

import pytest

import racer
from tests.detectors.programs import Body, together

DETECT = ["lock-order"]


def take(*locks: racer.Lock) -> Body:
    """Return a body that takes locks one within the other."""

    def body() -> None:
        for lock in locks:
            lock.acquire()
        for lock in reversed(locks):
            lock.release()

    return body


def two() -> tuple[racer.Lock, racer.Lock]:
    a = racer.Lock(name="a")
    b = racer.Lock(name="b")
    return a, b


def crosswise() -> None:
    a, b = two()
    together(take(a, b), take(b, a))


def one_after_the_other() -> None:
    """No execution of this can deadlock."""
    a, b = two()
    for order in ((a, b), (b, a)):
        thread = racer.Thread(target=take(*order))
        thread.start()
        thread.join()


def by_choice() -> None:
    """One execution takes the locks in one order, another in the other."""
    a, b = two()
    order = (a, b) if racer.choose(2) else (b, a)

    def both() -> None:
        take(*order)()

    together(both)


def three_in_a_ring() -> None:
    a, b = two()
    c = racer.RLock(name="c")
    take(a, b)()
    take(b, c)()
    take(c, a)()


def of_one_class() -> None:
    """Locks made in a loop are one class: the first before the second, the second before the first."""
    locks = [racer.Lock(name=f"l{number}") for number in range(3)]
    take(locks[0], locks[1])()
    take(locks[2], locks[0])()


def waits_while_it_holds() -> None:
    a, b = two()
    condition = racer.Condition(b)

    def waits() -> None:
        with b, a:
            condition.wait(timeout=1)  # takes b again while a is held

    together(waits)


def blocked_for_ever() -> None:
    """Both threads stand in their second acquire: neither ever took it."""
    a, b = two()
    ready = racer.Barrier(2)

    def body(first: racer.Lock, second: racer.Lock) -> None:
        with first:
            ready.wait()
            with second:
                pass

    together(lambda: body(a, b), lambda: body(b, a))


WRONG = [
    crosswise,
    one_after_the_other,
    by_choice,
    three_in_a_ring,
    of_one_class,
    waits_while_it_holds,
    blocked_for_ever,
]


def always_alike() -> None:
    a, b = two()
    together(take(a, b), take(a, b), take(b))


def attempts() -> None:
    """An attempt that does not wait cannot be part of a deadlock."""
    a, b = two()
    take(a, b)()
    with b:
        assert a.acquire(blocking=False)
        a.release()
        assert a.acquire(timeout=1)
        a.release()


def of_one_class_in_order() -> None:
    locks = [racer.Lock() for _ in range(3)]
    take(locks[0], locks[1], locks[2])()
    take(locks[0], locks[2])()


def on_one_line_in_order() -> None:
    """Made on one line, but not at one place."""
    a, b = racer.Lock(name="a"), racer.Lock(name="b")
    c = racer.Lock(name="c")
    take(b, a)()
    take(b, c)()
    take(c, a)()


def reentrant() -> None:
    a = racer.RLock(name="a")
    b = racer.Lock(name="b")
    with a, b, a:
        pass


RIGHT = [always_alike, attempts, of_one_class_in_order, on_one_line_in_order, reentrant]


@pytest.mark.parametrize("test", WRONG)
def test_a_circle_is_found(test: Body) -> None:
    result = racer.verify(test, detect=DETECT, keep_going=True)
    assert [finding.kind for finding in result.findings] == ["lock-order"]
    assert (result.verdict, result.exhausted) == ("FAIL", True)


@pytest.mark.parametrize("test", RIGHT)
def test_what_is_no_circle_is_not(test: Body) -> None:
    result = racer.verify(test, detect=DETECT)
    assert (result.findings, result.verdict) == ((), "PASS")


def test_both_executions_are_named_and_show_it_again() -> None:
    (finding,) = racer.explore(by_choice, detect=DETECT, executions=100, seed=3).findings
    assert [side.what for side in finding.sides] in (["a", "b", "b", "a"], ["b", "a", "a", "b"])
    assert all(side.location is not None and side.location.function.endswith("body") for side in finding.sides)
    assert all(side.stack for side in finding.sides)
    one, other = finding.notes
    assert "execution 0, seed 0x3, schedule racer1:" in one
    assert finding.execution is not None
    assert f"execution {finding.execution.index}, seed {finding.seed:#x}, schedule {finding.schedule}" in other
    for note in finding.notes:
        execution = racer.replay(by_choice, note.partition("schedule ")[2])
        assert [str(event.object_name) for event in execution.trace if event.kind == "acquire"][:2] == [
            *note.partition(":")[0].split(" before ")
        ]


def test_a_campaign_stops_at_the_execution_that_closes_a_circle_unless_it_is_to_go_on() -> None:
    result = racer.explore(by_choice, detect=DETECT, executions=100)
    assert result.executions < 100
    assert (result.failed, result.first_failure) == (1, result.executions - 1)
    on = racer.explore(by_choice, detect=DETECT, executions=100, keep_going=True)
    assert (on.executions, on.failed, on.first_failure) == (100, 1, result.first_failure)


def test_circles_enter_no_digest() -> None:
    plain = racer.explore(by_choice, detect=[], executions=20, keep_going=True)
    judged = racer.explore(by_choice, detect=DETECT, executions=20, keep_going=True)
    assert judged.findings
    assert plain.digest == judged.digest


@pytest.mark.parametrize("keep_going", [True, False])
@pytest.mark.parametrize("run", [racer.explore, racer.verify])
def test_several_processes_find_the_same(run: object, *, keep_going: bool) -> None:
    more = {"executions": 60} if run is racer.explore else {}
    one = run(by_choice, detect=DETECT, keep_going=keep_going, jobs=1, **more)  # type: ignore[operator]
    two_ = run(by_choice, detect=DETECT, keep_going=keep_going, jobs=2, **more)  # type: ignore[operator]
    told = [[(f.message, f.notes, str(f.schedule)) for f in result.findings] for result in (one, two_)]
    if run is racer.explore:
        assert told[0] == told[1]
    assert [len(each) for each in told] == [1, 1]
    assert (one.verdict, one.first_failure) == (two_.verdict, two_.first_failure)


def test_an_interrupted_verification_remembers_the_order(tmp_path: Path) -> None:
    file = tmp_path / "here"
    result = racer.verify(by_choice, detect=DETECT, keep_going=True, max_executions=1, checkpoint=file)
    rounds = 1
    while not result.exhausted and rounds < 20:
        assert not result.findings or rounds > 1
        rounds += 1
        result = racer.verify(by_choice, detect=DETECT, keep_going=True, max_executions=rounds, checkpoint=file)
    whole = racer.verify(by_choice, detect=DETECT, keep_going=True)
    assert rounds > 1
    assert [f.message for f in result.findings] == [f.message for f in whole.findings]
    assert result.findings


def test_a_lock_that_is_waited_for_in_a_deadlock_is_a_side_with_its_place() -> None:
    (finding,) = racer.explore(blocked_for_ever, detect=DETECT, executions=1).findings
    waiting = [side for side in finding.sides if side.action == "wait"]
    assert len(waiting) == 2
    assert all(side.location is not None and side.location.function.endswith("body") for side in waiting)
