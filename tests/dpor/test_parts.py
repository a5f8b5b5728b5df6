"""A search divided into parts: nothing is missed, and no class is executed twice."""

import json
from collections.abc import Callable

import pytest

import racer
from racer.campaign import run_once
from racer.dpor.forks import Division, Part
from racer.dpor.search import Dpor
from racer.dpor.state import plain, restored
from racer.engine.driver import Driver
from racer.engine.pool import Worker
from racer.engine.recorder import Ledger
from racer.judging import Asked
from tests.engine.flat import body, endings
from tests.engine.programs import KNOWN
from tests.engine.test_interleavings import any_program

DETECT = Asked(frozenset({"exception", "deadlock"}))


def divided(test: Callable[[], None], wanted: int, budget: int) -> tuple[int, int]:
    """Explore in `wanted` parts, each for `budget` executions in turn; return the executions and their classes.

    Between turns each part is made anew from text, as if another process had it.
    """
    classes: list[int] = []

    def loop(worker: Worker) -> None:
        division = Division([Part(None, Dpor())])
        while not division.done:
            division.fill(wanted)
            for part in list(division.parts):
                search = restored(json.loads(json.dumps(plain(part.search))))
                explored = False
                for _ in range(budget):
                    ledger = Ledger()
                    run = run_once(test, search, 0, worker, 1000, DETECT, ledger)
                    if not search.cut_off:
                        classes.append(run.interleaving())
                    explored = not search.learn(run, ledger)
                    run.release()
                    if explored:
                        break
                division.returned(part, search, explored=explored)

    Driver(5.0).run(loop, lambda: None)
    return len(classes), len(set(classes))


@pytest.mark.parametrize(("wanted", "budget"), [(2, 1), (4, 3), (8, 2)])
@pytest.mark.parametrize("seed", range(12))
def test_any_program_is_explored_in_parts(seed: int, wanted: int, budget: int) -> None:
    program = any_program(seed)
    executed, classes = divided(body(program), wanted, budget)
    assert classes == len(endings(program))
    assert executed == classes or racer.verify(body(program), keep_going=True).redundant


@pytest.mark.parametrize(("wanted", "budget"), [(2, 1), (4, 5), (8, 20)])
@pytest.mark.parametrize("name", ["last zero (3)", "inc(3)", "abba", "two waiters"])
def test_known_programs_are_explored_in_parts(name: str, wanted: int, budget: int) -> None:
    assert divided(body(KNOWN[name].program), wanted, budget) == (KNOWN[name].classes, KNOWN[name].classes)


def last_zero(n: int) -> None:
    """n writers of a[i] = a[i - 1] + 1 and a reader that looks for a zero from the end: (n + 3) * 2**(n - 2)."""
    cells = [racer.Shared(0) for _ in range(n + 1)]

    def write(i: int) -> None:
        cells[i].value = cells[i - 1].value + 1

    def read() -> None:
        at = n
        while cells[at].value != 0:
            at -= 1

    threads = [racer.Thread(target=read)]
    threads += [racer.Thread(target=write, args=(i,)) for i in range(1, n + 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def tried() -> None:
    x, lock = racer.Shared(0), racer.Lock()

    def take() -> None:
        with lock:
            pass

    def ask() -> None:
        if lock.acquire(blocking=False):
            x.value = 1

    for target in (lambda: x.value, take, ask):
        racer.Thread(target=target).start()


def seen() -> None:
    x, y = racer.Shared(0), racer.Shared(0)

    def look() -> None:
        if x.value:
            y.value = 2

    def write() -> None:
        x.value = 1
        racer.count(f"{y.value}")
        x.value = 1

    for target in (look, write, look, lambda: x.value):
        racer.Thread(target=target).start()


@pytest.mark.parametrize("wanted", [2, 3, 6, 12])
@pytest.mark.parametrize("budget", [1, 2, 3])
@pytest.mark.parametrize(("test", "classes"), [(tried, 5), (seen, 63)])
def test_what_was_cut_off_in_one_part_is_explored_in_another(
    test: Callable[[], None], classes: int, budget: int, wanted: int
) -> None:
    assert divided(test, wanted, budget) == (classes, classes)


def test_two_processes_explore_what_one_does() -> None:
    one, two, again = (racer.verify(lambda: last_zero(7), jobs=jobs) for jobs in (1, 2, 2))
    assert (one.interleavings, one.redundant, one.exhausted) == (320, 0, True)
    assert (two.interleavings, two.exhausted) == (320, True)
    assert (two.executions, two.digest) == (again.executions, again.digest)


def lost_update() -> None:
    total = racer.Shared(0)

    def add() -> None:
        total.value += 1

    threads = [racer.Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert total.value == 3


def test_two_processes_find_what_one_does() -> None:
    one, two = (racer.verify(lost_update, jobs=jobs, keep_going=True) for jobs in (1, 2))
    assert (one.failed, one.interleavings) == (two.failed, two.interleavings)
    assert [finding.count for finding in one.findings] == [finding.count for finding in two.findings]
    for finding in two.findings:
        assert finding.execution is not None
        assert racer.replay(lost_update, str(finding.schedule)).digest == finding.execution.digest


def test_the_first_finding_ends_it_in_two_processes_too() -> None:
    one, two = (racer.verify(lost_update, jobs=2) for _ in range(2))
    assert (one.verdict, one.exhausted, len(one.findings)) == ("FAIL", False, 1)
    assert str(one.findings[0].schedule) == str(two.findings[0].schedule)


def test_a_budget_is_kept_to_by_two_processes() -> None:
    result = racer.verify(lambda: last_zero(7), jobs=2, max_executions=101)
    assert (result.executions, result.verdict, result.exhausted) == (101, "UNKNOWN", False)


def test_a_bound_on_preemptions_takes_one_process() -> None:
    with pytest.raises(racer.UsageError, match="runs in one process: jobs must be 1, got 2"):
        racer.verify(lost_update, jobs=2, preemptions=1)
