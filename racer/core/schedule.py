"""A schedule: the choices of one execution, and their one-line text form."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

from racer.core.errors import ScheduleError

FORMAT = "racer1"
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_TOKEN = re.compile(r"([a-z]|\([0-9]{1,6}\))([0-9]{0,8})")
_VALUE = re.compile(r"[0-9]{1,40}")
_DIGEST = re.compile(r"[0-9a-f]{0,16}")
_LONGEST = 10_000_000


@dataclass(frozen=True)
class Schedule:
    """The choices of one execution: who ran at each step, and what every `choose` returned.

    `threads[i]` is the number of the thread that executed step i; `values` are the results of `racer.choose` in
    order; `digest` (16 hex digits, or empty) is the beginning of the digest of the execution it was taken from,
    compared at the end of a strict replay; `cut` says that the execution ended at its step limit.

    Text form: ``racer1:THREADS:VALUES:DIGEST:CHECK``. A thread is a letter (a = thread 0, z = 25, beyond in
    brackets) followed by the number of steps it ran in a row if more than one; values are joined by dots; a cut
    execution's threads end in ``!``; CHECK guards against a lost end.
    """

    threads: tuple[int, ...]
    values: tuple[int, ...] = ()
    digest: str = ""
    cut: bool = False
    _text: str = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        """Return the one-line text form."""
        body = ":".join((FORMAT, _pack(self.threads) + "!" * self.cut, ".".join(map(str, self.values)), self.digest))
        return f"{body}:{_check(body)}"

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self.threads)

    @classmethod
    def parse(cls, text: str) -> "Schedule":
        """Read the text form back; white space inside (a wrapped or indented line) does not matter.

        Raises ScheduleError for anything else.
        """
        if not isinstance(text, str):
            raise ScheduleError(repr(text), "it is no text")
        packed = "".join(text.split())
        parts = packed.split(":")
        if parts[0] != FORMAT:
            raise ScheduleError(text, _wrong_start(parts[0]))
        if len(parts) != 5:
            raise ScheduleError(text, f"it has {len(parts)} parts of 5: the end is missing or something was added")
        body, _, check = packed.rpartition(":")
        if check != _check(body):
            raise ScheduleError(text, f"its check is {check!r} and should be {_check(body)!r}: cut short or changed")
        runs = parts[1]
        found = cls(tuple(_unpack(text, runs.removesuffix("!"))), _values(text, parts[2]), parts[3], runs.endswith("!"))
        if not _DIGEST.fullmatch(parts[3]):
            raise ScheduleError(text, f"{parts[3][:20]!r} is no digest")
        if str(found) != packed:
            raise ScheduleError(text, "racer would write it differently: it was made or changed by hand")
        return found


def _wrong_start(start: str) -> str:
    if re.fullmatch(r"racer\d+", start):
        return f"it is of format {start}, this version reads {FORMAT}"
    return f"it does not begin with {FORMAT}:"


def _check(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:6]


def _pack(threads: Iterable[int]) -> str:
    out = []
    for thread, run in groupby(threads):
        name = _ALPHABET[thread] if thread < len(_ALPHABET) else f"({thread})"
        count = sum(1 for _ in run)
        out.append(name if count == 1 else f"{name}{count}")
    return "".join(out)


def _unpack(text: str, packed: str) -> Iterator[int]:
    at = 0
    total = 0
    while at < len(packed):
        token = _TOKEN.match(packed, at)
        if token is None:
            raise ScheduleError(text, f"{packed[at : at + 8]!r} names no thread")
        name, count = token.groups()
        thread = _ALPHABET.index(name) if len(name) == 1 else int(name[1:-1])
        total += int(count or 1)
        if total > _LONGEST:
            raise ScheduleError(text, f"it is longer than {_LONGEST} steps")
        yield from (thread for _ in range(int(count or 1)))
        at = token.end()


def _values(text: str, packed: str) -> tuple[int, ...]:
    if not packed:
        return ()
    values = packed.split(".")
    if not all(_VALUE.fullmatch(value) for value in values):
        raise ScheduleError(text, f"{packed[:20]!r} are not the values of choices")
    return tuple(map(int, values))
