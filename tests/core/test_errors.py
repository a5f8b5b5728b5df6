"""The tree of errors, and that each survives the way to another process."""

import pickle

import pytest

import racer
from racer.core.errors import unknown

ALL = (
    racer.RacerError("x"),
    racer.UsageError("y"),
    racer.ScheduleError("text", "why"),
    racer.DivergenceError(3, "why"),
    racer.NondeterminismError(7, 3, "one", "two"),
    racer.StallError(1.5, "t1", ["--- t1\n  stack"]),
    racer.FailureError("z"),
)


@pytest.mark.parametrize("error", ALL, ids=lambda e: type(e).__name__)
def test_an_error_is_the_same_after_pickling(error: racer.RacerError) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


@pytest.mark.parametrize(
    ("error", "parents"),
    [
        (racer.UsageError, (racer.RacerError, ValueError)),
        (racer.ScheduleError, (racer.UsageError,)),
        (racer.DivergenceError, (racer.RacerError,)),
        (racer.NondeterminismError, (racer.RacerError,)),
        (racer.StallError, (racer.RacerError,)),
        (racer.FailureError, (racer.RacerError, AssertionError)),
    ],
)
def test_errors_form_a_tree(error: type[Exception], parents: tuple[type[Exception], ...]) -> None:
    assert all(issubclass(error, parent) for parent in parents)


def test_an_unknown_name_is_answered_with_those_allowed() -> None:
    assert str(unknown("colour", "blue", ("red", "green"))) == "unknown colour 'blue'; allowed: red, green"
