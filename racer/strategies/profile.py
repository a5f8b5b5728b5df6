"""A profile: how often each thread touches each shared object, measured on pilot executions, and its text."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from racer.core.errors import UsageError
from racer.core.operation import ALIVE, BEGIN, JOIN, MODIFIED, START, TIMED_JOIN
from racer.core.rng import SplitMix64
from racer.strategies.pending import ALONE, Run, whole

UNCOUNTED = ALONE | {BEGIN, START, JOIN, TIMED_JOIN, ALIVE}
"""Operations that are on no object that threads share, or on threads themselves."""

MOST_OBJECTS = 12
"""So many of the most used objects enter a profile: its text stands in every line that reproduces a finding."""

MAIN = "0"
_NAME = r"(?:0|[1-9][0-9]{0,8})(?:\.(?:0|[1-9][0-9]{0,8}))*"
_COUNT = rf"{_NAME}:[1-9][0-9]{{0,8}}"
_OBJECT = rf"{_NAME}=(?:{_COUNT}\+)*{_COUNT}"
_FORM = re.compile(rf"none|(?:{_OBJECT},)*{_OBJECT}")

Counts = Mapping[str, Mapping[str, int]]


def name_of(maker: str, place: int) -> str:
    """Return the name of what a thread made as its place-th object (threads count as objects), however they interleave.

    >>> name_of("0", 3), name_of("3", 0)
    ('3', '3.0')
    """
    return str(place) if maker == MAIN else f"{maker}.{place}"


def made_at(name: str) -> tuple[str, int]:
    """Return the maker of an object and its place among what that made; main is taken to have made itself.

    >>> made_at("3"), made_at("3.0")
    (('0', 3), ('3', 0))
    """
    maker, _, place = name.rpartition(".")
    return maker or MAIN, int(place)


def key_at(path: int, place: int) -> int:
    """Return the key (`Run.keys`) of an object by the path of its maker and its place among what that made."""
    return hash((path, place + 1))


class Profile:
    """Of each object that two threads touch and one modifies: how often each thread does, at most, in one execution.

    Threads and objects are named by where they were made: main is 0, what it makes is 1, 2, 3, ... in order (threads
    and objects alike), and what thread 3 makes is 3.0, 3.1, ... So a name means the same in all executions, and the
    text ``1=2:2+3:4`` says that object 1 is touched twice by thread 2 and four times by thread 3.
    """

    def __init__(self, counts: Counts) -> None:
        self.counts = {name: dict(sorted(counts[name].items(), key=_by_name)) for name in sorted(counts, key=_order)}

    @classmethod
    def parse(cls, text: str) -> "Profile":
        """Read the text of a profile; UsageError for anything else."""
        if _FORM.fullmatch(text) is None:
            raise UsageError(
                f"a profile is 'none' or as in 1=2:2+3:4,5=0:1+2:1 (object 1 is touched twice by thread 2 and four "
                f"times by thread 3, object 5 once by each of 0 and 2), as racer prints it; got {text!r}"
            )
        counts: dict[str, dict[str, int]] = {}
        for part in [] if text == "none" else text.split(","):
            name, _, touches = part.partition("=")
            if name in counts:
                raise UsageError(f"a profile names each object once, got {name} twice in {text!r}")
            threads = [touch.partition(":")[::2] for touch in touches.split("+")]
            counts[name] = {thread: int(n) for thread, n in threads}
            if len(counts[name]) < len(threads):
                raise UsageError(f"a profile names each thread of an object once, got {part!r}")
        return cls(counts)

    @classmethod
    def measured(cls, runs: Iterable[Run]) -> "Profile":
        """Return the profile of executions that came to their end: of each count the highest."""
        highest: dict[str, dict[str, int]] = {}
        modified: set[str] = set()
        for run in whole(runs):
            names = _names(run)
            for (thread, number), n in _touches(run, modified, names).items():
                counts = highest.setdefault(names[number], {})
                name = names[run.threads[thread].number]
                counts[name] = max(n, counts.get(name, 0))
        shared = [name for name in highest if len(highest[name]) > 1 and name in modified]
        shared.sort(key=lambda name: (-sum(highest[name].values()), _order(name)))
        return cls({name: highest[name] for name in shared[:MOST_OBJECTS]})

    @property
    def text(self) -> str:
        """The profile as `parse` reads it."""
        objects = (f"{name}={'+'.join(f'{t}:{n}' for t, n in by.items())}" for name, by in self.counts.items())
        return ",".join(objects) or "none"

    def draw(self, draws: SplitMix64) -> str | None:
        """Return an object, each as likely as it is often touched; None if there is none."""
        if not self.counts:
            return None
        left = draws.below(sum(sum(by.values()) for by in self.counts.values()))
        for name, by in self.counts.items():
            left -= sum(by.values())
            if left < 0:
                return name
        raise AssertionError(left)


def with_descendants(counts: Mapping[str, int]) -> dict[str, int]:
    """Return of each thread how often it and all that descend from it touch an object.

    >>> with_descendants({"3": 2, "3.1": 5})
    {'3': 7, '0': 7, '3.1': 5}
    """
    totals: Counter[str] = Counter()
    for name, n in counts.items():
        totals[name] += n
        while name != MAIN:
            name, _ = made_at(name)  # noqa: PLW2901  (up the line of makers)
            totals[name] += n
    return dict(totals)


def _names(run: Run) -> dict[int, str]:
    """Return the names of an execution's objects by number; what no thread of it made has none."""
    known = {run.keys[0]: MAIN}
    for thread in run.threads:  # makers come before what they made
        maker = known[run.keys[thread.number]]
        for place in range(thread.children):
            known[key_at(thread.path, place)] = name_of(maker, place)
    return {number: known[key] for number, key in enumerate(run.keys) if key in known}


def _touches(run: Run, modified: set[str], names: dict[int, str]) -> Counter[tuple[int, int]]:
    """Return how often a thread touched an object, and add those that were modified to `modified`."""
    found: Counter[tuple[int, int]] = Counter()
    for thread, code in zip(run.order, run.codes, strict=False):
        if code >> 8 & 0xFF not in UNCOUNTED and code >> 16 in names:
            found[thread, code >> 16] += 1
            if code & MODIFIED:
                modified.add(names[code >> 16])
    for step, number in run.also:  # always a lock, beside its condition
        found[run.order[step], number] += 1
        modified.add(names[number])
    return found


def _order(name: str) -> tuple[int, ...]:
    return tuple(map(int, name.split(".")))


def _by_name(item: tuple[str, int]) -> tuple[int, ...]:
    return _order(item[0])
