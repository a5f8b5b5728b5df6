"""A schedule file: one execution, with everything needed to see it again."""

import hashlib
import re
from dataclasses import dataclass, fields
from pathlib import Path

from racer import Schedule, UsageError
from stress.seeds import parse_seed, seed_text
from stress.workload import Parameters

FORMAT = "racer-schedule-file"
VERSION = 1
NAMES = ("workload", "scheme", "strategy", "seed", "kind", "digest")
SIZES = tuple(f.name for f in fields(Parameters))


class ScheduleFileError(UsageError):
    """A schedule file that cannot be used: names the file, and the line where there is one."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        self.path = path
        self.line = line
        where = f"{path}:{line}" if line else str(path)
        super().__init__(f"{where}: {reason}")


@dataclass(frozen=True)
class ScheduleFile:
    """What a schedule file holds."""

    workload: str
    scheme: str
    parameters: Parameters
    strategy: str
    seed: int
    kind: str
    digest: str
    schedule: str

    def text(self) -> str:
        """Return the file's text: a line per parameter, the schedule, and a check that notices any change."""
        lines = [f"{FORMAT} {VERSION}", f"workload {self.workload}", f"scheme {self.scheme}"]
        lines += [f"{name} {_written(getattr(self.parameters, name))}" for name in SIZES]
        lines += [
            f"strategy {self.strategy}",
            f"seed {seed_text(self.seed)}",
            f"kind {self.kind}",
            f"digest {self.digest}",
        ]
        lines += [f"schedule {self.schedule}"]
        body = "\n".join(lines) + "\n"
        return f"{body}check {_check(body)}\n"

    def write(self, folder: Path, before: int = 0) -> Path:
        """Write the file into `folder` under a name that tells workload, scheme and kind; return its path.

        `before` is how many of that name there are already.
        """
        folder.mkdir(parents=True, exist_ok=True)
        cross = "-cross" if self.parameters.cross else ""
        name = re.sub(r"[^A-Za-z0-9.]+", "-", f"{self.workload}{cross}-{Path(self.scheme).name}-{self.kind}").strip("-")
        path = folder / f"{name}{f'-{before + 1}' if before else ''}.schedule"
        path.write_text(self.text(), encoding="utf-8")
        return path


def read(path: Path) -> ScheduleFile:
    """Read a schedule file; ScheduleFileError says what is wrong with it and where."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not text"
        raise ScheduleFileError(path, 0, str(reason)) from None
    lines = text.split("\n")
    _check_head(path, lines[0])
    _check_whole(path, text)
    values: dict[str, str] = {}
    for number, line in enumerate(lines[1:-2], start=2):
        name, _, value = line.partition(" ")
        if name not in (*NAMES, *SIZES, "schedule") or name in values:
            raise ScheduleFileError(path, number, f"unknown or repeated line {line!r}")
        values[name] = value
    missing = [name for name in (*NAMES, *SIZES, "schedule") if name not in values]
    if missing:
        raise ScheduleFileError(path, 0, f"has no line for {', '.join(missing)}")
    return _from_values(path, values)


def _check_head(path: Path, first: str) -> None:
    name, _, version = first.partition(" ")
    if name != FORMAT:
        raise ScheduleFileError(
            path, 1, f"is no schedule file: it should begin with '{FORMAT} {VERSION}', got {first[:60]!r}"
        )
    if version != str(VERSION):
        raise ScheduleFileError(path, 1, f"is of version {version or '(none)'}; this racer reads version {VERSION}")


def _check_whole(path: Path, text: str) -> None:
    body, found, check = text.rpartition("check ")
    if not found or not check.endswith("\n"):
        raise ScheduleFileError(path, text.count("\n") + 1, "the file is cut short: its last line must be 'check ...'")
    if check.strip() != _check(body):
        raise ScheduleFileError(
            path, 0, f"was changed since it was written: check is {check.strip()}, should be {_check(body)}"
        )


def _from_values(path: Path, values: dict[str, str]) -> ScheduleFile:
    try:
        Schedule.parse(values["schedule"])
        return ScheduleFile(
            workload=values["workload"],
            scheme=values["scheme"],
            parameters=_sizes(values),
            strategy=values["strategy"],
            seed=parse_seed(values["seed"]),
            kind=values["kind"],
            digest=values["digest"],
            schedule=values["schedule"],
        )
    except ValueError as error:
        raise ScheduleFileError(path, 0, str(error)) from None


def _sizes(values: dict[str, str]) -> Parameters:
    if values["cross"] not in ("yes", "no"):
        raise UsageError(f"cross must be yes or no, got {values['cross']!r}")
    return Parameters(
        vcpus=int(values["vcpus"]),
        registrars=int(values["registrars"]),
        entries=int(values["entries"]),
        calls=int(values["calls"]),
        cross=values["cross"] == "yes",
        trace=None if values["trace"] == "-" else values["trace"],
    )


def _written(value: int | str | bool | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)


def _check(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:8]
