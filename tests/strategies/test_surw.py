"""SURW: the orders of the interesting events are equally likely; what it measures; that it never gets stuck."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import pytest

import racer
from racer.core.rng import SplitMix64
from racer.strategies.fair import QUIET
from racer.strategies.profile import MOST_OBJECTS, Profile
from racer.strategies.surw import Surw
from tests.engine.flat import body
from tests.engine.programs import KNOWN
from tests.engine.told import both

PER_ORDER = 60


class Worker(NamedTuple):
    """A thread: `e` is an event on the object, `p` one on none, a number starts that child."""

    does: str
    children: tuple["Worker", ...] = ()


def started(*workers: Worker) -> Worker:
    return Worker("".join(map(str, range(len(workers)))), workers)


INC = Worker("ee")
LONG = Worker("peeppeppppppeeppe")
RACES: dict[str, tuple[Worker, str]] = {
    "inc(2)": (started(INC, INC), "1=2:2+3:2"),
    "inc(3)": (started(INC, INC, INC), "1=2:2+3:2+4:2"),
    "long and short": (started(LONG, Worker("e")), "1=2:6+3:1"),
    "main too": (Worker("0p1epe", (INC, Worker("pppe"))), "1=0:2+2:2+3:1"),
    "grandchildren": (started(Worker("e0pe", (Worker("pee"),)), Worker("pppppe")), "1=2:2+2.0:2+3:1"),
}


def orders(*running: tuple[str, Worker, int]) -> Iterator[str]:
    """Yield every order of the events: of each thread that runs its name, what it is and how far it has come."""
    went_on = False
    for i, (name, worker, at) in enumerate(running):
        others = running[:i] + running[i + 1 :]
        if at < len(worker.does) and (what := worker.does[at]) != "e":
            after = (name, worker, at + 1)
            born = ((name + what, worker.children[int(what)], 0),) if what.isdigit() else ()
            yield from orders(*others, after, *born)
            return  # it concerns nobody: done at once
    for i, (name, worker, at) in enumerate(running):
        if at < len(worker.does):
            went_on = True
            others = running[:i] + running[i + 1 :]
            yield from (f"{name} {rest}" for rest in orders(*others, (name, worker, at + 1)))
    if not went_on:
        yield ""


def race(worker: Worker) -> Callable[[], None]:
    """Return a test of main as this worker, that counts in what order the events came."""

    def work(name: str, worker: Worker, shared: racer.Atomic[int], order: list[str]) -> None:
        children = []
        for what in worker.does:
            if what == "e":
                shared.add(1)
                order.append(name)
            elif what == "p":
                racer.point()
            else:
                target = partial(work, name + what, worker.children[int(what)], shared, order)
                children.append(racer.Thread(target=target))
                children[-1].start()
        for child in children:
            child.join()

    def test() -> None:
        order: list[str] = []
        work("m", worker, racer.Atomic(0), order)
        racer.count(" ".join([*order, ""]))

    return test


def unevenness(seen: dict[str, int], wanted: list[str]) -> float:
    """Return how many standard deviations chi-square is above what is expected if all orders are equally likely."""
    assert set(seen) <= set(wanted)
    each = sum(seen.values()) / len(wanted)
    square = sum((seen.get(order, 0) - each) ** 2 / each for order in wanted)
    return float((square - (len(wanted) - 1)) / (2 * (len(wanted) - 1)) ** 0.5)


@pytest.mark.parametrize("name", RACES)
def test_every_order_of_the_interesting_events_is_equally_likely(name: str) -> None:
    main, profile = RACES[name]
    wanted = sorted(set(orders(("m", main, 0))))
    executions = PER_ORDER * len(wanted)
    result = racer.explore(race(main), strategy="surw", executions=executions, seed=11)
    assert result.strategy == f"surw:{profile}"
    assert unevenness(result.counters, wanted) < 4
    walked = racer.explore(race(main), strategy="random", executions=executions, seed=11)
    assert unevenness(walked.counters, wanted) > 40


def test_the_numbers_of_orders_are_those_of_arithmetic() -> None:
    numbers = {name: len(set(orders(("m", main, 0)))) for name, (main, _) in RACES.items()}
    assert numbers == {"inc(2)": 6, "inc(3)": 90, "long and short": 7, "main too": 30, "grandchildren": 3 * 5}


def test_an_object_keeps_its_name_wherever_in_the_execution_it_is_made() -> None:
    """Else what threads make as they come would be another object each time."""

    def test() -> None:
        order: list[str] = []

        def event(name: str, shared: racer.Atomic[int]) -> None:
            for _ in range(2):
                shared.add(1)
                order.append(name)

        def make(name: str) -> None:
            racer.point()
            private = racer.Shared(0)
            private.value = 1
            if name == "y":
                shared = racer.Atomic(0)
                both(partial(event, "a", shared), partial(event, "b", shared))

        both(*(partial(make, name) for name in "xyx"))
        racer.count("".join(order))

    result = racer.explore(test, strategy="surw", executions=600, seed=8)
    assert result.strategy == "surw:2.1=2.2:2+2.3:2"
    assert unevenness(result.counters, ["aabb", "abab", "abba", "baab", "baba", "bbaa"]) < 4


def test_only_what_two_threads_touch_and_one_modifies_is_interesting() -> None:
    def test() -> None:
        constant, shared, lock = racer.Shared(5), racer.Shared(0), racer.Lock()
        condition = racer.Condition(lock)

        def work() -> None:
            private = racer.Shared(0)
            private.value = constant.value
            with condition:
                shared.value = constant.value

        both(work, work)

    result = racer.explore(test, strategy="surw", executions=1)
    assert result.strategy == "surw:2=5:1+6:1,3=5:2+6:2"  # shared, and the lock


def test_a_profile_holds_the_most_used_objects_only() -> None:
    def test() -> None:
        cells = [racer.Shared(0) for _ in range(2 * MOST_OBJECTS)]

        def work() -> None:
            for i, cell in enumerate(cells):
                for _ in range(1 + i % 2):
                    cell.value = i

        both(work, work)

    text = racer.explore(test, strategy="surw", executions=1).strategy
    numbers = [int(part.partition("=")[0]) for part in text.removeprefix("surw:").split(",")]
    assert numbers == list(range(2, 2 * MOST_OBJECTS + 1, 2))


class Given(SplitMix64):
    """Draws a given number."""

    def __init__(self, n: int) -> None:
        super().__init__(0)
        self.n = n

    def below(self, n: int) -> int:
        assert self.n < n
        return self.n


def test_an_object_is_drawn_in_proportion_to_its_accesses() -> None:
    profile = Profile.parse("3=1:2+2:5,1=0:1+2:1,4.1=2:3+4:1")
    assert Counter(profile.draw(Given(n)) for n in range(13)) == {"3": 7, "1": 2, "4.1": 4}
    assert Profile.parse("none").draw(Given(0)) is None


@pytest.mark.parametrize("strategy", ["surw:none", "surw:1=2:9+3:1", "surw:2=0:1+9:9,7.3=0:1+4.2:5", "surw:0=0:1+1:1"])
@pytest.mark.parametrize("name", ["inc(2)", "lockinc(2)", "abba", "two waiters", "event handshake"])
def test_a_profile_that_does_not_fit_costs_no_interleaving(name: str, strategy: str) -> None:
    known = KNOWN[name]
    result = racer.explore(body(known.program), strategy=strategy, executions=300, seed=2, keep_going=True)
    assert result.strategy == strategy
    assert result.interleavings == known.classes


def test_a_profile_is_measured_once() -> None:
    measured = Surw().profiled([])
    assert measured.text == "surw:none"
    assert measured.profiled(iter(())) is measured


def test_who_is_expected_in_vain_is_not_expected_for_ever() -> None:
    """The profile promises what a never does: b has to be let past it once, and not for each of its steps."""

    def test() -> None:
        cell, flag = racer.Shared(0), racer.Shared(False)

        def wait() -> None:
            while not flag.value:
                pass

        def work() -> None:
            for i in range(20):
                cell.value = i
            flag.value = True

        both(wait, work)

    result = racer.explore(test, strategy="surw:1=3:1000+4:20", executions=100, seed=1, max_steps=8 * QUIET)
    assert result.verdict == "PASS"


def test_what_was_expected_is_used_up() -> None:
    """Of a condition's lock too, which is the second object of its waits."""

    def test() -> None:
        condition = racer.Condition(racer.Lock())

        def work() -> None:
            with condition:
                condition.wait(timeout=1)

        both(work, work)

    strategy = Surw(Profile.parse("1=3:4+4:4"))  # acquire, wait, reacquire, release
    for seed in range(20):
        racer.explore(test, strategy=strategy, executions=1, seed=seed)
        strategy._catch_up(strategy._run)
        assert strategy._left == [0, 0, 0]
    assert racer.explore(test, strategy="surw", executions=1).strategy == "surw:1=3:4+4:4,2=3:2+4:2"
