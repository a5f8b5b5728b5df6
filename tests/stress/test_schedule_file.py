"""A schedule file comes back as it was written, and is refused when anything about it is not right."""

import re
from pathlib import Path

import pytest

import racer
from stress.schedule_file import ScheduleFile, ScheduleFileError, read
from stress.workload import Parameters


def lost_update() -> None:
    counter = racer.Shared(0, name="counter")

    def add() -> None:
        counter.value += 1

    threads = [racer.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.value == 2


def schedule() -> str:
    return str(racer.explore(lost_update, seed=7).findings[0].schedule)


def written(folder: Path, **changed: object) -> Path:
    fields: dict[str, object] = {
        "workload": "cross-register",
        "scheme": "my schemes/own.py:Own",
        "parameters": Parameters(vcpus=4, cross=True, trace="hash4.trace.txt"),
        "strategy": "pct:3,k=412",
        "seed": 0x51C0FFEE,
        "kind": "stale-pointer",
        "digest": "ab" * 32,
        "schedule": schedule(),
    }
    return ScheduleFile(**(fields | changed)).write(folder)  # type: ignore[arg-type]


def test_a_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = written(tmp_path)
    file = read(path)
    assert file.text() == path.read_text()
    assert file.parameters == Parameters(vcpus=4, cross=True, trace="hash4.trace.txt")
    assert (file.scheme, file.seed, file.strategy) == ("my schemes/own.py:Own", 0x51C0FFEE, "pct:3,k=412")


def test_workload_scheme_and_kind_make_the_name(tmp_path: Path) -> None:
    assert written(tmp_path).name == "cross-register-cross-own.py-Own-stale-pointer.schedule"
    assert (
        written(tmp_path, parameters=Parameters(), scheme="seed").name == "cross-register-seed-stale-pointer.schedule"
    )


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    text = path.read_text()
    for keep in range(len(text)):
        path.write_text(text[:keep])
        with pytest.raises(ScheduleFileError):
            read(path)


CHANGES = {
    "another version": ("racer-schedule-file 1", "racer-schedule-file 2", "this racer reads version 1"),
    "another format": ("racer-schedule-file 1", "racer-other-file 1", "is no schedule file"),
    "another workload": ("workload cross-register", "workload remap", "was changed since it was written"),
    "another schedule": ("schedule racer1:a", "schedule racer1:b", "was changed since it was written"),
    "no check": ("check ", "chekc ", "cut short"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_file_is_refused(name: str, tmp_path: Path) -> None:
    old, new, reason = CHANGES[name]
    path = written(tmp_path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(ScheduleFileError, match=re.escape(reason)) as caught:
        read(path)
    assert str(caught.value).startswith(str(path))


def test_a_schedule_of_another_version_is_refused_by_name(tmp_path: Path) -> None:
    path = written(tmp_path, schedule=schedule().replace("racer1:", "racer9:"))
    with pytest.raises(ScheduleFileError, match="racer9"):
        read(path)


def test_what_is_no_file_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScheduleFileError, match="No such file"):
        read(tmp_path / "missing.schedule")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScheduleFileError, match="not text"):
        read(tmp_path / "binary")
