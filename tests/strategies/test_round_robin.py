"""Round robin: a step each, in the order of their numbers."""

import racer
from tests.engine.told import both, lines_of


def test_the_enabled_threads_take_turns() -> None:
    def test() -> None:
        def work() -> None:
            racer.point()
            racer.point()

        both(work, work, work)
        racer.violation("end", "")

    (finding,) = racer.explore(test, strategy="round-robin", executions=1).findings
    assert finding.execution is not None
    assert [line.split()[0] for line in lines_of(finding.execution)] == (
        "main main a main a b main a b c main b c main c main".split()  # noqa: SIM905
    )


def test_every_execution_is_the_same_but_for_choices() -> None:
    def test() -> None:
        counter = racer.Shared(0)

        def add() -> None:
            counter.value += 1

        both(add, add)
        racer.count(f"{counter.value} {racer.choose(2)}")

    result = racer.explore(test, strategy="round-robin", executions=40)
    assert result.interleavings == 2
    assert len(result.counters) == 2
    assert len({key.split()[0] for key in result.counters}) == 1
