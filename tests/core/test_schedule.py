"""The text form of a schedule: round trips, and what is refused."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from racer import Schedule, ScheduleError, UsageError
from racer.core.rng import SplitMix64

ROOT = Path(__file__).parents[2]
SOME = (
    Schedule((0,)),
    Schedule((0, 0, 1, 1, 1, 2), (), "0123456789abcdef"),
    Schedule((0, 25, 26, 300, 300, 0), (4, 0, 12345678901234567890)),
    Schedule((0,) * 1000, (0,), "ff", cut=True),
    Schedule(()),
)


def any_schedule(seed: int) -> Schedule:
    draws = SplitMix64(seed)
    most = (2, 5, 40)[draws.below(3)]
    threads = tuple(t for _ in range(draws.below(30)) for t in [draws.below(most)] * (1 + draws.below(3)))
    values = tuple(draws.below(1 << (1 + draws.below(70))) for _ in range(draws.below(6)))
    digest = f"{draws.next():016x}" if draws.below(2) else ""
    return Schedule(threads, values, digest, cut=bool(draws.below(2)))


def checked(body: str) -> str:
    """Return a text whose check is right, whatever else is wrong with it."""
    return f"{body}:{hashlib.sha256(body.encode()).hexdigest()[:6]}"


@pytest.mark.parametrize("schedule", [*SOME, *map(any_schedule, range(100))], ids=str)
def test_a_schedule_survives_its_text_form(schedule: Schedule) -> None:
    text = str(schedule)
    assert len(text.splitlines()) == 1
    assert text.startswith("racer1:")
    assert Schedule.parse(text) == schedule
    assert str(Schedule.parse(text)) == text


def test_a_schedule_is_as_long_as_its_steps() -> None:
    assert [len(s) for s in SOME] == [1, 6, 6, 1000, 0]


@pytest.mark.parametrize("wrap", [
    lambda text: f"   {text}\n",
    lambda text: f"\t{text[:9]}\n        {text[9:20]}\r\n    {text[20:]}",
    "\n".join,
    lambda text: text.replace(":", " : "),
], ids=["indented", "wrapped", "a letter a line", "spaced"])  # fmt: skip
def test_wrapped_and_indented_text_is_read(wrap: Callable[[str], str]) -> None:
    for schedule in map(any_schedule, range(20)):
        assert Schedule.parse(wrap(str(schedule))) == schedule


def test_a_schedule_read_from_a_file_in_a_new_process_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "schedule"
    path.write_text("".join(f"  {any_schedule(seed)}\n" for seed in range(20)), encoding="utf-8")
    program = "import sys, racer; [print(repr(racer.Schedule.parse(line))) for line in open(sys.argv[1])]"
    ran = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ran.stdout.splitlines() == [repr(any_schedule(seed)) for seed in range(20)]


def test_every_truncation_and_every_changed_character_is_refused() -> None:
    for schedule in map(any_schedule, range(10)):
        text = str(schedule)
        for at in range(len(text)):
            with pytest.raises(ScheduleError):
                Schedule.parse(text[:at])
            with pytest.raises(ScheduleError):
                Schedule.parse(text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :])
        with pytest.raises(ScheduleError):
            Schedule.parse(text + text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "does not begin with racer1"),
        ("random", "does not begin with racer1"),
        ("racer", "does not begin with racer1"),
        ("racer2:abc:::123456", "format racer2"),
        (str(SOME[1])[:-3], "check"),
        (str(SOME[1]).rpartition(":")[0], "the end is missing"),
        (str(SOME[1]) + ":x", "the end is missing or something was added"),
    ],
)
def test_a_refusal_says_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(ScheduleError, match=said) as caught:
        Schedule.parse(text)
    assert isinstance(caught.value, UsageError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("given", [None, 5, b"racer1:a:::", ["racer1:a:::"], Schedule((0,))])
def test_what_is_no_text_is_refused(given: object) -> None:
    with pytest.raises(ScheduleError):
        Schedule.parse(given)  # type: ignore[arg-type]


@pytest.mark.parametrize("body", [
    "racer1:A::", "racer1:a b3?::", "racer1:-::", "racer1:a!!::", "racer1:!a::", "racer1:()::", "racer1:(x)::",
    "racer1:(-1)::", "racer1:3a::", "racer1:a:1.:", "racer1:a:.:", "racer1:a:-1:", "racer1:a:x:", "racer1:a:1,2:",
    "racer1:a:\u0663:", "racer1:(\u0663)::", "racer1:a\u0663::", "racer1:a" + "9" * 30 + "::",
    "racer1:a" + "9" * 6000 + "::", "racer1:a:" + "9" * 6000 + ":",
])  # fmt: skip
def test_garbage_with_a_right_check_is_refused(body: str) -> None:
    with pytest.raises(ScheduleError):
        Schedule.parse(checked(body))


@pytest.mark.parametrize("body", [
    "racer1:a0::", "racer1:a1::", "racer1:aa::", "racer1:a02::", "racer1:a2a3::", "racer1:(3)::", "racer1:(026)::",
    "racer1:a:01:", "racer1:a::XYZ", "racer1:a::0123456789abcdef0",
])  # fmt: skip
def test_a_text_that_racer_would_not_print_is_refused_even_with_a_right_check(body: str) -> None:
    with pytest.raises(ScheduleError):
        Schedule.parse(checked(body))


def test_a_long_text_is_shown_shortened() -> None:
    with pytest.raises(ScheduleError) as caught:
        Schedule.parse("x" * 5000)
    assert len(str(caught.value)) < 300
