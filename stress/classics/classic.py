"""What a classic is: a small program with a well-known concurrency bug, and the same program mended."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

import racer

Body = Callable[[], None]
EXCEPTION = frozenset({"exception"})
DEADLOCK = frozenset({"deadlock"})


@dataclass(frozen=True)
class Classic:
    """A classic, and what is known of it at its default sizes.

    `program(fixed=..., **sizes)` is the test body with its sizes to be filled in. `kinds` are the kinds of finding
    that the bug shows, all of them and no others. `preemptions` is the least number of preemptions that shows it,
    `threads` how many threads there are besides main. `hard` are sizes at which it takes a search to find it.
    """

    program: Callable[..., None]
    kinds: frozenset[str]
    preemptions: int
    threads: int
    hard: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def body(self) -> Body:
        """The test body with the bug."""
        return self.program

    @property
    def fixed(self) -> Body:
        """The test body without it."""
        return partial(self.program, fixed=True)

    @property
    def harder(self) -> Body:
        """The test body with the bug, at the sizes that make it hard to find."""
        return partial(self.program, **self.hard)


def together(threads: Iterable[racer.Thread]) -> None:
    """Start threads and wait for all of them."""
    started = list(threads)
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
