"""Strategies by name: what a text means, and that it is the strategy."""

import re
from collections.abc import Callable
from typing import Any

import pytest

import racer
from racer import UsageError
from racer.strategies.pct import Pct
from tests.engine.flat import body
from tests.engine.programs import inc, lockinc

GOOD = {
    "random": "random", "round-robin": "round-robin", "pct": "pct:3", "pct:": "pct:3", "pct:1": "pct:1",
    "pct:7": "pct:7", "pct:2,k=1": "pct:2,k=1", "pct:3,k=412": "pct:3,k=412",
    "pos": "pos", "surw": "surw", "surw:": "surw", "surw:none": "surw:none", "surw:1=2:2+3:4": "surw:1=2:2+3:4",
    "portfolio": "portfolio", "portfolio:": "portfolio", "portfolio:k=9,none": "portfolio:k=9,none",
    "portfolio:k=412,1=2:2+3:4,5=0:1+2:1": "portfolio:k=412,1=2:2+3:4,5=0:1+2:1",
    "surw:10=3:2,9.1=0:1+2.10:3+2.9:1,9=2:1+3:1": "surw:9=2:1+3:1,9.1=0:1+2.9:1+2.10:3,10=3:2",
}  # fmt: skip
BAD = {
    "": "allowed: random, pct", "Random": "allowed: random", "dfs": "unknown strategy 'dfs'; allowed: random, pct",
    "urw": "pct, pct:DEPTH, pct:DEPTH,k=STEPS, pos, surw, surw:PROFILE, portfolio, round",
    "random:": "", "random:3": "takes no parameters", "round-robin:1": "takes no parameters",
    "surw:x": "a profile is 'none' or as in 1=2:2+3:4,5=0:1+2:1", "surw:1=2:0": "got '1=2:0'", "surw:1=": "got '1='",
    "surw:1=2:2+": "got '1=2:2+'", "surw:1=2:2,": "got '1=2:2,'", "surw:01=2:2": "got '01=2:2'",
    "surw:1=2:2\n": "a profile is", "surw:1=\u0662:2": "a profile is", "surw:none,1=2:2": "a profile is",
    "surw:1=2:2,1=3:1": "names each object once, got 1 twice", "surw:1=2:2+2:1": "names each thread of an object once",
    "portfolio:3": "a length and a profile as in portfolio:k=412,1=2:2+3:4", "portfolio:k=9": "got 'portfolio:k=9'",
    "portfolio:k=0,none": "got 'portfolio:k=0,none'", "portfolio:k=9,": "a profile is", "portfolio:none": "as in",
    "portfolio:k=9,none\n": "a profile is",
    "pos:": "", "pos:2": "strategy 'pos' takes no parameters, got '2'",
    "pct:0": "depth of pct must be at least 1, got 0", "pct:-2": "must be at least 1, got -2",
    "pct:2,k=0": "length k of pct must be at least 1, got 0", "pct:2,k=-5": "got -5", "pct:2,k=": "pct:2,k=",
    "pct: 2": "pct: 2", "pct:2;k=3": "pct:3,k=412", "pct:2,k=3,": "pct:2,k=3,", "pct:k=3": "as in pct:3",
    "pct:2.5": "2.5", "pct:two": "two", "pct:\u0663": "pct", "pct:2\n": "pct",
}  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_a_good_text_is_read_and_printed_in_full(text: str) -> None:
    assert racer.strategy(text).text == GOOD[text]
    assert racer.strategy(GOOD[text]).text == GOOD[text]
    assert racer.explore(lambda: None, strategy=text, executions=1).strategy.startswith(GOOD[text])


@pytest.mark.parametrize("text", [text for text in BAD if BAD[text]])
def test_a_bad_text_is_refused_with_what_is_allowed(text: str) -> None:
    for take in (racer.strategy, lambda given: racer.explore(lambda: None, strategy=given)):
        with pytest.raises(UsageError) as caught:
            take(text)
        assert BAD[text] in str(caught.value)


class NoText:
    every_step = False

    def begin(self, seed: int) -> None: ...

    def created(self, thread: int) -> None: ...

    def pick(self, enabled: list[int], current: int) -> int:
        return enabled[0]

    def choose(self, n: int) -> int:
        return 0

    def yielded(self, thread: int) -> None: ...


@pytest.mark.parametrize("given", [None, 5, object(), Pct, NoText(), b"random"])
def test_what_is_neither_text_nor_strategy_is_refused(given: object) -> None:
    with pytest.raises(UsageError, match="strategy"):
        racer.explore(lambda: None, strategy=given)  # type: ignore[arg-type]


def test_the_names_are_public() -> None:
    for name in racer.STRATEGIES:
        assert racer.strategy(name).text.startswith(name)


def test_pct_measures_its_length_on_pilots_and_prints_it() -> None:
    for program, length in ((inc(2), 11), (lockinc(2), 15)):
        first = racer.explore(body(program), strategy="pct:2", executions=50, seed=9)
        assert first.strategy == f"pct:2,k={length}"
        again = racer.explore(body(program), strategy=first.strategy, executions=50, seed=9)
        assert (again.digest, again.steps, again.interleavings) == (first.digest, first.steps, first.interleavings)


def test_pilots_are_not_counted() -> None:
    def test() -> None:
        racer.count("runs")
        racer.point()

    result = racer.explore(test, strategy="pct:3", executions=10)
    assert (result.executions, result.counters) == (10, {"runs": 10})


def test_pilots_take_the_longest() -> None:
    def test() -> None:
        for _ in range(racer.choose(1000)):
            racer.point()

    lengths = {racer.explore(test, strategy="pct:3", executions=1, seed=seed).strategy for seed in range(3)}
    assert len(lengths) == 1
    longest = int(lengths.pop().removeprefix("pct:3,k="))
    assert longest > 250


def test_a_finding_in_a_pilot_is_no_finding_of_the_campaign() -> None:
    def test() -> None:
        both = racer.choose(1000)
        assert both != 0

    assert racer.explore(test, strategy="pct:3", executions=1, seed=4).findings == ()


class Backwards(NoText):
    text = "backwards"

    def __init__(self, *, every_step: bool) -> None:
        self.every_step = every_step
        self.log: list[tuple[str, object]] = []

    def begin(self, seed: int) -> None:
        self.log.append(("begin", seed))

    def created(self, thread: int) -> None:
        self.log.append(("created", thread))

    def pick(self, enabled: list[int], current: int) -> int:
        assert enabled == sorted(set(enabled))
        self.log.append(("pick", (tuple(enabled), current)))
        return enabled[-1]

    def choose(self, n: int) -> int:
        self.log.append(("choose", n))
        return n - 1

    def yielded(self, thread: int) -> None:
        self.log.append(("yielded", thread))


@pytest.mark.parametrize("every_step", [False, True])
def test_an_object_serves_as_a_strategy_and_is_asked_as_promised(every_step: bool) -> None:
    def test() -> None:
        t = racer.Thread(target=lambda: racer.sleep(1))
        t.start()
        assert racer.choose(5) == 4
        t.join()

    strategy = Backwards(every_step=every_step)
    result = racer.explore(test, strategy=strategy, executions=3, seed=6)
    assert result.strategy == "backwards"
    assert result.verdict == "PASS"
    log = strategy.log
    first = log[: log.index(("begin", 6), 1)]
    both: list[tuple[str, object]] = [("pick", ((0, 1), 0)), ("pick", ((0, 1), 1)), ("yielded", 1)]
    if every_step:
        alone = ("pick", ((0,), 0))
        wanted = [("created", 0), alone, ("created", 1), alone, *both, ("pick", ((0,), 1)), ("choose", 5), alone]
    else:
        wanted = [("created", 0), ("created", 1), *both, ("choose", 5)]
    assert first == [("begin", 6), *wanted]


class Wrong(NoText):
    """Does one thing wrong."""

    text = "wrong"

    def __init__(self, how: str) -> None:
        self.how = how

    def pick(self, enabled: list[int], current: int) -> int:
        answer: dict[str, Any] = {"pick 77": 77, "pick -1": -1, "pick None": None, "pick text": "0"}
        if self.how == "pick raises":
            raise KeyError(self.how)
        enabled.append(99)  # its own copy
        return answer[self.how] if self.how in answer else enabled[0]

    def choose(self, n: int) -> int:
        answer: dict[str, Any] = {"choose 7": 7, "choose -1": -1, "choose None": None}
        if self.how == "choose raises":
            raise KeyError(self.how)
        given: int = answer.get(self.how, 0)
        return given


WRONG = {
    "pick 77": "picked thread 77; allowed: 0, 1", "pick -1": "picked thread -1", "pick None": "picked thread None",
    "pick text": "picked thread '0'", "pick raises": "raised KeyError: 'pick raises'",
    "choose 7": "chose 7; allowed: 0..2", "choose -1": "chose -1", "choose None": "chose None",
    "choose raises": "raised KeyError: 'choose raises'",
}  # fmt: skip


@pytest.mark.parametrize("how", WRONG)
def test_a_strategy_that_answers_what_cannot_be_is_told_so(how: str) -> None:
    def test() -> None:
        for _ in range(2):
            racer.Thread(target=racer.point).start()
        racer.choose(3)

    with pytest.raises(UsageError, match=re.escape(WRONG[how])) as caught:
        racer.explore(test, strategy=Wrong(how), executions=3, stall_after=1)
    assert "strategy 'wrong'" in str(caught.value)
    assert racer.explore(test, strategy=Wrong(""), executions=3).failed == 0


def test_who_waits_for_time_to_pass_lets_all_others_go_first() -> None:
    """Else a loop around a sleep would run for ever under priorities."""

    def spins(wait: Callable[[], object]) -> Callable[[], None]:
        def test() -> None:
            flag = racer.Shared(False)

            def spin() -> None:
                while not flag.value:
                    wait()

            threads = [racer.Thread(target=spin) for _ in range(2)]
            for t in threads:
                t.start()
            racer.point()
            flag.value = True
            for t in threads:
                t.join()

        return test

    waits: tuple[Callable[[], object], ...] = (
        lambda: racer.sleep(1), lambda: racer.Event().wait(timeout=1), lambda: racer.Semaphore(0).acquire(timeout=1),
    )  # fmt: skip
    for wait in waits:
        assert racer.explore(spins(wait), strategy="pct:3,k=20", executions=150, max_steps=200).verdict == "PASS"
    cut = racer.explore(spins(lambda: None), strategy="pct:1,k=20", executions=50, max_steps=200, keep_going=True)
    assert {finding.kind for finding in cut.findings} == {"step-limit"}
