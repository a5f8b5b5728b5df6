"""max_steps: an execution is cut there, whatever is detected, and replays as it was cut."""

from collections.abc import Callable

import pytest

import racer
from tests.engine.told import both

Body = Callable[[], object]


def endless() -> None:
    while True:
        racer.point()


def endless_thread() -> None:
    both(endless, endless)


def endless_daemon() -> None:
    racer.Thread(target=endless, daemon=True).start()


def only_starts() -> None:
    for _ in range(10):
        racer.Thread(target=lambda: None).start()


def hand_over() -> None:
    ping, pong = racer.Event(), racer.Event()

    def one(mine: racer.Event, other: racer.Event) -> None:
        while True:
            mine.wait()
            mine.clear()
            other.set()

    ping.set()
    both(lambda: one(ping, pong), lambda: one(pong, ping))


def at_the_end_of_many() -> None:
    both(*[racer.point] * 4)


BODIES: tuple[Body, ...] = (endless, endless_thread, endless_daemon, only_starts, hand_over, at_the_end_of_many)


@pytest.mark.parametrize("limit", [1, 2, 5, 9])
@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.__name__)
def test_an_execution_longer_than_max_steps_is_cut_there(body: Body, limit: int) -> None:
    result = racer.explore(body, max_steps=limit, executions=10, keep_going=True, detect=())
    assert {finding.kind for finding in result.findings} == {"step-limit"}
    assert result.failed == 10
    assert result.steps == 10 * limit
    assert not result.exhausted


@pytest.mark.parametrize(("limit", "verdict"), [(7, "PASS"), (6, "FAIL")])
def test_an_execution_of_exactly_max_steps_is_whole(limit: int, verdict: str) -> None:
    def body() -> None:
        both(racer.point)  # begin, start, begin, point, join
        racer.point()
        racer.point()

    result = racer.explore(body, max_steps=limit, executions=10, keep_going=True, strategy="pct:2,k=7")
    assert ("FAIL" if result.findings else "PASS") == verdict
    assert result.steps == 10 * limit


def test_a_cut_execution_is_no_complete_interleaving() -> None:
    result = racer.explore(endless_thread, max_steps=20, executions=10, keep_going=True)
    assert result.interleavings == 0


@pytest.mark.parametrize("strategy", ["random", "pct:3,k=20", "round-robin"])
@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.__name__)
def test_a_cut_execution_replays(body: Body, strategy: str) -> None:
    (finding,) = racer.explore(body, max_steps=9, executions=1, strategy=strategy).findings
    assert finding.schedule is not None
    assert finding.schedule.cut
    again = racer.replay(body, str(finding.schedule))
    assert finding.execution is not None
    assert again.digest == finding.execution.digest
    assert [f.kind for f in again.findings] == ["step-limit"]
    assert again.steps == 9


def test_the_message_says_the_limit() -> None:
    (finding,) = racer.explore(endless, max_steps=11).findings
    assert finding.message == "the execution was cut after 11 steps (max_steps)"


def test_findings_before_the_cut_are_kept() -> None:
    def body() -> None:
        racer.violation("early", "")
        endless()

    result = racer.explore(body, max_steps=5)
    assert [finding.kind for finding in result.findings] == ["early", "step-limit"]
