"""A verification that is interrupted goes on from where it was, and comes to the same numbers."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import racer
from tests.dpor.test_parts import last_zero, lost_update
from tests.engine.told import both


def last_zero_of_six() -> None:
    last_zero(6)


def last_zero_of_three() -> None:
    last_zero(3)


def waits() -> None:
    event, total = racer.Event(), racer.Shared(0)

    def wait() -> None:
        if racer.choose(2):
            event.wait()
        total.value += 1

    both(wait, wait, event.set)


@pytest.mark.parametrize("test", [last_zero_of_three, lost_update, waits])
@pytest.mark.parametrize(("jobs", "preemptions"), [(1, None), (2, None), (1, 1)])
def test_a_verification_in_pieces_comes_to_the_numbers_of_one(
    test: Callable[[], None], jobs: int, preemptions: int | None, tmp_path: Path
) -> None:
    whole = racer.verify(test, keep_going=True, preemptions=preemptions)
    path = tmp_path / "kept" / "checkpoint"
    budget, result = 0, None
    while result is None or path.exists():
        budget += 7
        result = racer.verify(
            test, keep_going=True, preemptions=preemptions, max_executions=budget, checkpoint=path, jobs=jobs
        )
        assert result.executions <= budget
    assert (result.verdict, result.exhausted, result.reason) == (whole.verdict, whole.exhausted, whole.reason)
    assert (result.interleavings, result.failed) == (whole.interleavings, whole.failed)
    assert [(f.signature, f.count) for f in result.findings] == [(f.signature, f.count) for f in whole.findings]


def test_ctrl_c_keeps_what_was_done(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"

    def interrupt(now: racer.Snapshot) -> None:
        if now.executions > 20:
            raise KeyboardInterrupt

    def slow() -> None:
        last_zero(8)

    with pytest.raises(KeyboardInterrupt):
        racer.verify(slow, checkpoint=path, progress=interrupt)
    done = json.loads(path.read_text())["counts"]["executions"]
    assert done > 20
    result = racer.verify(slow, checkpoint=path)
    assert (result.executions, result.interleavings, result.exhausted) == (704, 704, True)
    assert not path.exists()


def test_another_verification_is_not_taken_up(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    racer.verify(last_zero_of_six, max_executions=5, checkpoint=path)
    with pytest.raises(racer.UsageError, match=r"was made with test .*last_zero_of_six'.*give another file"):
        racer.verify(lost_update, checkpoint=path)
    with pytest.raises(racer.UsageError, match="was made with max_steps 100000, and this verification has 50"):
        racer.verify(last_zero_of_six, checkpoint=path, max_steps=50)


@pytest.mark.parametrize("text", ["", "{}", "[]", "racer", '{"format": "racer-verification 9"}', "\xff", "1e999"])
def test_a_file_that_is_no_checkpoint_is_refused_and_left_alone(text: str, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(racer.UsageError, match="checkpoint"):
        racer.verify(last_zero_of_six, checkpoint=path)
    assert path.read_text(encoding="latin-1") == text


def test_a_checkpoint_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    racer.verify(last_zero_of_six, max_executions=30, checkpoint=path)
    text = path.read_text()
    for end in range(0, len(text) - 2, max(len(text) // 20, 1)):
        path.write_text(text[:end])
        with pytest.raises(racer.UsageError, match="no checkpoint of a verification"):
            racer.verify(last_zero_of_six, checkpoint=path)


def test_a_test_that_has_changed_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    reads: list[Callable[[racer.Atomic[int]], object]] = [lambda y: y.load(), lambda y: y.add(0)]

    def test() -> None:
        x, y = racer.Shared(0), racer.Atomic(0)
        reads[0](y)
        both(lambda: setattr(x, "value", 1), lambda: x.value)

    racer.verify(test, max_executions=1, checkpoint=path)
    del reads[0]
    with pytest.raises(racer.NondeterminismError, match=r"differ there:\n    foreseen: .*\n    found: "):
        racer.verify(test, checkpoint=path)


def test_a_folder_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(racer.UsageError, match="checkpoint must be the path of a file, got the folder"):
        racer.verify(lost_update, checkpoint=tmp_path)
