"""A bound on preemptions: which interleavings can be shown with so few, in programs that need many."""

import pytest

import racer
from tests.engine.flat import Program, body
from tests.pitfalls.programs import two_writers_two_readers, write_read

COLUMNS: dict[str, tuple[Program, tuple[int, ...]]] = {
    "a writer, two that write and read": (write_read(2), (6, 18, 22)),
    "a writer, three that write and read": (write_read(3), (24, 132)),
    "two writers, two readers": (two_writers_two_readers(), (18, 54, 72)),
}
"""Of each program, how many classes take at most 0, 1, 2, ... preemptions."""


@pytest.mark.parametrize("name", COLUMNS)
def test_no_interleaving_within_the_bound_is_missed(name: str) -> None:
    """A reversal may be too dear where the race is, and cheap where the thread's turn began."""
    program, column = COLUMNS[name]
    for bound, classes in enumerate(column):
        result = racer.verify(body(program), preemptions=bound)
        assert result.interleavings == classes
        assert not result.exhausted  # something was too dear, if only another way to show what was shown
