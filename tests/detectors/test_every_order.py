"""What a detector says is a function of the order of conflicting operations: a sample shows no more than a proof."""

import pytest

import racer
from tests.detectors import (
    test_atomic_sleep,
    test_leak,
    test_linearizable,
    test_lost_wakeup,
    test_releases,
    test_uninitialised_lock,
)
from tests.detectors.judged import Body, Listening, told

BODIES: dict[str, tuple[str, Body]] = {
    **{f"double-release: {name}": ("double-release", body) for name, (body, _) in test_releases.DOUBLE.items()},
    **{f"release-by-another: {name}": ("release-by-another", body) for name, (body, _) in test_releases.DOUBLE.items()},
    **{f"leak: {name}": ("leak", body) for name, (body, _) in test_leak.LEAKS.items()},
    **{f"leak: {name}": ("leak", body) for name, body in test_leak.RIGHT.items()},
    **{f"lost-wakeup: {name}": ("lost-wakeup", body) for name, (body, _) in test_lost_wakeup.LOST.items()},
    **{f"lost-wakeup: {name}": ("lost-wakeup", body) for name, body in test_lost_wakeup.NOT_LOST.items()},
    **{
        f"uninitialised: {name}": ("uninitialised-lock", body)
        for name, (body, _) in test_uninitialised_lock.USED.items()
    },
    **{
        f"atomic-sleep: {name}": ("atomic-sleep", test_atomic_sleep.under(sleeper))
        for name, (sleeper, _) in test_atomic_sleep.SLEEPS.items()
    },
}


@pytest.mark.parametrize("name", BODIES)
def test_a_sample_shows_what_a_proof_shows(name: str) -> None:
    detector, body = BODIES[name]
    listening = Listening(detector)
    racer.explore(body, executions=100, seed=3, keep_going=True, detect=[listening])
    assert sorted(listening.kept) == told(detector, body)


def test_a_sample_shows_no_history_that_a_proof_lacks() -> None:
    def body() -> None:
        test_linearizable.slot(torn=True)

    def shown(result: racer.Result) -> set[str]:
        return {finding.message for finding in result.findings}

    proved = shown(racer.verify(body, keep_going=True))
    assert shown(racer.explore(body, executions=300, keep_going=True)) <= proved
