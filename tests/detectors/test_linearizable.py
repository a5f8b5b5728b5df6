"""Whether an order of calls explains their answers: by hand, against all permutations, and of whole executions."""

import contextlib
from collections.abc import Hashable, Sequence
from itertools import permutations
from typing import Any

import pytest

import racer
from racer.core.call import outcomes
from racer.core.rng import SplitMix64


class Register:
    initial = 0

    def write(self, state: int, value: int) -> tuple[None, int]:
        return None, value

    def read(self, state: int) -> tuple[int, int]:
        return state, state


class Queue:
    initial = ()

    def put(self, state: tuple[int, ...], item: int) -> tuple[None, tuple[int, ...]]:
        return None, (*state, item)

    def get(self, state: tuple[int, ...]) -> tuple[int | None, tuple[int, ...]]:
        return (state[0], state[1:]) if state else (None, state)


class Stack(Queue):
    def get(self, state: tuple[int, ...]) -> tuple[int | None, tuple[int, ...]]:
        return (state[-1], state[:-1]) if state else (None, state)


class Bag(Queue):
    """Any item may be got: several results are allowed."""

    def get(self, state: tuple[int, ...]) -> Any:
        if not state:
            return None, state
        return ((item, tuple(sorted(state[:i] + state[i + 1 :]))) for i, item in enumerate(state))


class Registers:
    """One register a key."""

    initial: Any = 0

    def write(self, state: Any, key: object, value: int) -> Any:
        return None, value

    def read(self, state: Any, key: object) -> Any:
        return state, state

    def partition(self, name: str, key: object, *rest: object) -> Hashable:
        return key


class Everything(Registers):
    """The same registers, in one partition."""

    initial = ()

    def write(self, state: Any, key: object, value: int) -> Any:
        return None, tuple(sorted({**dict(state), key: value}.items()))

    def read(self, state: Any, key: object) -> Any:
        return dict(state).get(key, 0), state

    def partition(self, name: str, key: object, *rest: object) -> Hashable:
        return None


def calls(*given: tuple[int, int | None, str, tuple[Any, ...], Any]) -> list[racer.Call]:
    """Return calls from tuples: invoked, responded, name, arguments, result."""
    return [racer.Call(name, args, result, invoked, responded) for invoked, responded, name, args, result in given]


HISTORIES: dict[str, tuple[str, Any, list[racer.Call]]] = {
    "nothing": ("yes", Register(), []),
    "a read sees the write before it": ("yes", Register(), calls((0, 1, "write", (1,), None), (2, 3, "read", (), 1))),
    "a read does not see the write before it": (
        "no", Register(), calls((0, 1, "write", (1,), None), (2, 3, "read", (), 0)),
    ),
    "a read beside the write may miss it": (
        "yes", Register(), calls((0, 2, "write", (1,), None), (1, 3, "read", (), 0)),
    ),
    "one moment is no order": ("yes", Register(), calls((0, 1, "write", (1,), None), (1, 2, "read", (), 0))),
    "new, then old": (  # the classic: each read alone could be explained
        "no",
        Register(),
        calls((0, 9, "write", (1,), None), (1, 2, "read", (), 1), (3, 4, "read", (), 0)),
    ),
    "old, then new": (
        "yes",
        Register(),
        calls((0, 9, "write", (1,), None), (1, 2, "read", (), 0), (3, 4, "read", (), 1)),
    ),
    "a pending write took effect": (
        "yes", Register(), calls((0, None, "write", (1,), None), (1, 2, "read", (), 1)),
    ),
    "a pending write did not": ("yes", Register(), calls((0, None, "write", (1,), None), (1, 2, "read", (), 0))),
    "a pending write took effect and was undone": (
        "no",
        Register(),
        calls((0, None, "write", (1,), None), (1, 2, "read", (), 1), (3, 4, "read", (), 0)),
    ),
    "a pending write took effect before its invocation": (
        "no", Register(), calls((0, 1, "read", (), 1), (2, None, "write", (1,), None)),
    ),
    "a pending read answers nothing": ("yes", Register(), calls((0, None, "read", (), "?"))),
    "first in, first out": (
        "yes",
        Queue(),
        calls((0, 1, "put", (1,), None), (2, 3, "put", (2,), None), (4, 5, "get", (), 1), (6, 7, "get", (), 2)),
    ),
    "a queue overtaken": (
        "no", Queue(), calls((0, 1, "put", (1,), None), (2, 3, "put", (2,), None), (4, 5, "get", (), 2)),
    ),
    "two puts beside each other": (
        "yes", Queue(), calls((0, 3, "put", (1,), None), (1, 2, "put", (2,), None), (4, 5, "get", (), 2)),
    ),
    "an item got twice": (
        "no",
        Queue(),
        calls((0, 1, "put", (1,), None), (2, 5, "get", (), 1), (3, 4, "get", (), 1)),
    ),
    "an item got by a pending get": (
        "yes",
        Queue(),
        calls((0, 1, "put", (1,), None), (2, None, "get", (), None), (3, 4, "get", (), None)),
    ),
    "an item out of nowhere": ("no", Queue(), calls((0, 1, "put", (1,), None), (2, 3, "get", (), 7))),
    "a queue that was empty in between": (  # Herlihy and Wing's kind of queue bug: empty, and yet not
        "no",
        Queue(),
        calls((0, 1, "put", (1,), None), (2, 3, "get", (), None)),
    ),
    "last in, first out": (
        "yes", Stack(), calls((0, 1, "put", (1,), None), (2, 3, "put", (2,), None), (4, 5, "get", (), 2)),
    ),
    "a stack that is a queue": (
        "no", Stack(), calls((0, 1, "put", (1,), None), (2, 3, "put", (2,), None), (4, 5, "get", (), 1)),
    ),
    "any item of a bag": (
        "yes",
        Bag(),
        calls((0, 1, "put", (1,), None), (2, 3, "put", (2,), None), (4, 5, "get", (), 2), (6, 7, "get", (), 1)),
    ),
    "no item of a bag twice": (
        "no",
        Bag(),
        calls((0, 1, "put", (1,), None), (2, 3, "put", (2,), None), (4, 5, "get", (), 2), (6, 7, "get", (), 2)),
    ),
    "keys apart": (
        "yes", Registers(), calls((0, 1, "write", ("a", 1), None), (2, 3, "read", ("b",), 0)),
    ),
    "one key": ("no", Registers(), calls((0, 1, "write", ("a", 1), None), (2, 3, "read", ("a",), 0))),
}  # fmt: skip


@pytest.mark.parametrize("name", HISTORIES)
def test_a_history_is_judged_rightly(name: str) -> None:
    verdict, specification, history = HISTORIES[name]
    assert racer.linearize(specification, history).verdict == verdict
    assert racer.linearize(specification, reversed(history)).verdict == verdict


def explained(specification: Any, history: Sequence[racer.Call]) -> bool:
    """Return whether any permutation of any choice of the pending calls explains a history: the definition."""
    answered = [call for call in history if call.responded is not None]
    pending = [call for call in history if call.responded is None]
    return any(
        _runs(specification, order)
        for chosen in range(1 << len(pending))
        for order in permutations(answered + [call for i, call in enumerate(pending) if chosen >> i & 1])
        if all(
            later.responded is None or earlier.invoked <= later.responded
            for i, earlier in enumerate(order)
            for later in order[i + 1 :]
        )
    )


def _runs(specification: Any, order: Sequence[racer.Call]) -> bool:
    states = {specification.initial}
    for call in order:
        states = {
            after
            for state in states
            for result, after in outcomes(specification, state, call)
            if call.responded is None or result == call.result
        }
    return bool(states)


def random_history(random: SplitMix64, specification: Any, threads: int, most: int) -> list[racer.Call]:
    """Return calls of some threads at random times with results that are often those of an order that exists."""
    made: list[racer.Call] = []
    state, moment = specification.initial, 0
    open_calls: dict[int, racer.Call] = {}
    while len(made) < most:
        thread = random.below(threads)
        if thread in open_calls:
            call = open_calls.pop(thread)
            call.responded = moment
            if call.name in {"read", "get"} and random.below(8) == 0:
                call.result = random.below(3)
        else:
            put = random.below(2)
            names = ("write", "read") if hasattr(specification, "write") else ("put", "get")
            key = (random.below(2),) if isinstance(specification, Registers) else ()
            args = (*key, 1 + random.below(2)) if put else key
            call = racer.Call(names[not put], args, invoked=moment)
            allowed = list(outcomes(specification, state, call))
            call.result, state = allowed[random.below(len(allowed))]
            open_calls[thread] = call
            made.append(call)
        moment += random.below(2)
    for call in open_calls.values():
        if random.below(2):
            call.responded = moment
    return made


@pytest.mark.parametrize("kind", [Register, Queue, Stack, Bag, Everything])
def test_the_verdict_is_that_of_all_permutations(kind: Any) -> None:
    random = SplitMix64(7)
    seen = {"yes": 0, "no": 0}
    for _ in range(300):
        history = random_history(random, kind(), threads=3, most=5)
        answer = racer.linearize(kind(), history)
        assert (answer.verdict == "yes") == explained(kind(), history), [*map(str, history)]
        seen[answer.verdict] += 1
    assert min(seen.values()) >= 10, "or the histories show nothing"


def test_partitions_change_no_verdict() -> None:
    random = SplitMix64(11)
    verdicts = set()
    for _ in range(300):
        history = random_history(random, Everything(), threads=3, most=8)
        answer = racer.linearize(Registers(), history).verdict
        assert answer == racer.linearize(Everything(), history).verdict
        verdicts.add(answer)
    assert verdicts == {"yes", "no"}


@pytest.mark.parametrize("kind", [Register, Queue, Stack])
def test_the_prefix_shown_cannot_be_explained_and_every_shorter_one_can(kind: Any) -> None:
    random = SplitMix64(13)
    shown = 0
    for _ in range(300):
        history = random_history(random, kind(), threads=3, most=8)
        answer = racer.linearize(kind(), history)
        if answer.verdict == "yes":
            continue
        shown += 1
        last = answer.unexplained
        assert last is not None
        assert last in history
        assert last in answer.prefix
        assert all(call.invoked <= (last.responded or 0) for call in answer.prefix)
        assert last.responded is not None
        assert racer.linearize(kind(), answer.prefix).verdict == "no"
        shorter = [call for call in answer.prefix if call is not last and call.invoked < last.responded] + [
            racer.Call(last.name, last.args, None, last.invoked)
        ]
        before = [call for call in shorter if call.responded is None or call.responded < last.responded]
        assert racer.linearize(kind(), before).verdict == "yes"
    assert shown >= 10


def test_a_history_that_is_too_long_to_judge_is_unknown() -> None:
    history = calls(*[(0, 9, "put", (i,), None) for i in range(12)], (10, 11, "get", (), 99))
    answer = racer.linearize(Queue(), history, most_states=1000)
    assert answer.verdict == "unknown"
    assert answer.states == 1000
    assert answer.unexplained is None


def test_partitions_keep_long_histories_short() -> None:
    history = [
        racer.Call("write", (key, moment), None, moment, moment + 40) for moment in range(200) for key in range(8)
    ]
    answer = racer.linearize(Registers(), history)
    assert answer.verdict == "yes"
    assert answer.states <= 8 * (200 + 1)


@pytest.mark.parametrize(
    ("specification", "history", "why"),
    [
        (object(), [], "initial state"),
        (Register(), calls((0, 1, "pop", (), None)), "needs a method pop"),
        (Register(), calls((2, 1, "read", (), 0)), "before its invocation"),
    ],
)
def test_what_cannot_be_judged_is_refused(specification: Any, history: list[racer.Call], why: str) -> None:
    with pytest.raises(racer.UsageError, match=why):
        racer.linearize(specification, history)


# Whole executions.


class Slot:
    """A register whose write is not indivisible where `torn`: it is invisible for a moment."""

    def __init__(self, *, torn: bool) -> None:
        self.value = racer.Shared(0, name="slot", marked=True)
        self.torn = torn

    def write(self, value: int) -> None:
        if self.torn:
            self.value.value = 0
        self.value.value = value


def slot(*, torn: bool, times: int = 2) -> None:
    history = racer.History(Register(), name="slot")
    register = Slot(torn=torn)

    def writer() -> None:
        for value in range(1, times + 1):
            with history.call("write", value):
                register.write(value)

    def reader() -> None:
        with history.call("read") as call:
            call.result = register.value.value

    threads = [racer.Thread(target=writer, name="writer"), racer.Thread(target=reader, name="reader")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_an_execution_whose_calls_no_order_explains_is_a_finding() -> None:
    result = racer.explore(lambda: slot(torn=True), executions=200, seed=1)
    assert result.verdict == "FAIL"
    finding = result.findings[0]
    assert finding.kind == "linearizable"
    assert finding.message == "no order of the calls on slot explains read() = 0"
    assert [(side.thread, side.action) for side in finding.sides] == [("writer", "write"), ("reader", "read")]
    assert finding.sides[1].what == "() = 0"
    assert [side.location.function.split(".")[-1] for side in finding.sides if side.location] == ["writer", "reader"]
    assert sum("read() = 0" in note for note in finding.notes) == 1
    assert finding.thread == "reader"
    assert finding.schedule is not None
    again = racer.replay(lambda: slot(torn=True), finding.schedule)
    assert [found.kind for found in again.findings] == ["linearizable"]


@pytest.mark.parametrize("torn", [False, True])
def test_verify_finds_it_in_every_order_or_proves_that_there_is_none(torn: bool) -> None:
    result = racer.verify(lambda: slot(torn=torn), keep_going=True)
    assert result.exhausted
    assert result.redundant == 0
    assert result.verdict == ("FAIL" if torn else "PASS")


def test_which_call_ended_before_which_began_is_explored() -> None:
    orders = set()

    def body() -> None:
        history = racer.History(Register())

        def write(value: int) -> None:
            with history.call("write", value):
                pass

        threads = [racer.Thread(target=write, args=(n,)) for n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        first, second = sorted(history.calls, key=lambda call: call.args[0])
        assert first.responded is not None
        assert second.responded is not None
        orders.add((first.responded < second.invoked, second.responded < first.invoked))

    result = racer.verify(body)
    assert result.exhausted
    assert orders == {(True, False), (False, True), (False, False)}
    assert result.executions == 4, "before, after, and overlapping with either response first"


def test_a_call_that_raised_may_have_taken_effect_or_not() -> None:
    def body(seen: int) -> None:
        history = racer.History(Register())
        with contextlib.suppress(ZeroDivisionError), history.call("write", 1):
            _ = 1 // 0
        with history.call("read") as call:
            call.result = seen

    for seen, verdict in ((0, "UNKNOWN"), (1, "UNKNOWN"), (2, "FAIL")):
        assert racer.explore(lambda seen=seen: body(seen), executions=1).verdict == verdict  # type: ignore[misc]


def test_a_call_that_never_ends_is_pending() -> None:
    def body() -> None:
        history = racer.History(Register())
        never = racer.Event()

        def stuck() -> None:
            with history.call("write", 1):
                never.wait()

        racer.Thread(target=stuck, daemon=True).start()
        with history.call("read") as call:
            call.result = 0

    assert racer.verify(body).verdict == "PASS"


def test_a_history_too_long_to_judge_makes_the_verdict_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("racer.histories.MOST_STATES", 2)
    for result in (
        racer.explore(lambda: slot(torn=False), executions=3),
        racer.verify(lambda: slot(torn=False)),
        racer.run_free(lambda: slot(torn=False), 0.01),
    ):
        assert result.verdict == "UNKNOWN"
        assert result.counters["histories-unjudged"] > 0


def test_free_runs_are_judged_too() -> None:
    def broken() -> None:
        history = racer.History(Register())
        with history.call("write", 1):
            pass
        with history.call("read") as call:
            call.result = 0

    assert {finding.kind for finding in racer.run_free(broken, 0.01).findings} == {"linearizable"}
    assert racer.run_free(lambda: slot(torn=False), 0.02).verdict == "PASS"


def test_outside_of_executions_a_history_is_only_kept() -> None:
    history = racer.History(Register())
    with history.call("read") as call:
        call.result = 5
    assert racer.linearize(history.specification, history.calls).verdict == "no"
