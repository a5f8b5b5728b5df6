"""Switches: a schedule told by what is not as usual in it, and its text form."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from racer.core.errors import UsageError

_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_SWITCH = re.compile(r"([a-z]|\([0-9]{1,6}\))([0-9]{1,9})([a-z]|\([0-9]{1,6}\))")


class Switch(NamedTuple):
    """After `taken` steps of its own, `thread` is left for `to`.

    As usual a thread goes on for as long as it can, and then the one with the lowest number that can takes its place.
    """

    thread: int
    taken: int
    to: int


class Point(NamedTuple):
    """A step at which there was a choice: after `taken` steps of `thread`, the threads enabled, and whether it was."""

    thread: int
    taken: int
    enabled: tuple[int, ...]
    preemptive: bool


def text_of(switches: Iterable[Switch], values: Iterable[int]) -> str:
    """Return switches and the values of choices as text.

    >>> text_of([Switch(1, 12, 2), Switch(30, 3, 0)], [65, 7])
    'b12c.(30)3a;65.7'
    """
    told = ".".join(f"{_name(each.thread)}{each.taken}{_name(each.to)}" for each in switches)
    return f"{told};{'.'.join(map(str, values))}"


def parse(text: str) -> tuple[tuple[Switch, ...], tuple[int, ...]]:
    """Read the text form back.

    >>> parse("b12c.(30)3a;65")
    ((Switch(thread=1, taken=12, to=2), Switch(thread=30, taken=3, to=0)), (65,))
    """
    told, found, values = text.partition(";")
    tokens = [_SWITCH.fullmatch(token) for token in told.split(".")] if told else []
    numbers = values.split(".") if values else []
    if not found or None in tokens or not all(number.isascii() and number.isdigit() for number in numbers):
        raise UsageError(f"switches are written as b12c.c3a;65 (b is left after 12 steps for c; choices), got {text!r}")
    switches = tuple(Switch(_number(t[1]), int(t[2]), _number(t[3])) for t in tokens if t is not None)
    return switches, tuple(map(int, numbers))


def _name(thread: int) -> str:
    return _ALPHABET[thread] if thread < len(_ALPHABET) else f"({thread})"


def _number(name: str) -> int:
    return _ALPHABET.index(name) if len(name) == 1 else int(name[1:-1])
