"""The table of classes seen."""

import pytest

from racer.core.interleavings import SeenClasses
from racer.core.rng import SplitMix64


def keys(seed: int, n: int) -> list[int]:
    draws = SplitMix64(seed)
    return [draws.next() for _ in range(n)]


@pytest.mark.parametrize("n", [0, 1, 800, 900, 5000, 3000])
def test_each_key_counts_once(n: int) -> None:
    seen = SeenClasses()
    assert all(seen.add(key) for key in keys(1, n))
    assert not any(seen.add(key) for key in keys(1, n))
    assert seen.count == n
    assert sorted(seen) == sorted(keys(1, n))
    assert not seen.capped


def test_keys_that_share_their_remainder_are_told_apart() -> None:
    seen = SeenClasses()
    crowd = [1 + 1024 * i for i in range(300)]
    assert all(seen.add(key) for key in crowd)
    assert not any(seen.add(key) for key in crowd)


@pytest.mark.parametrize("key", [0, 1, -1, 1 << 64, (1 << 64) - 1, -(1 << 63)])
def test_any_whole_number_is_a_key(key: int) -> None:
    seen = SeenClasses()
    assert seen.add(key)
    assert not seen.add(key)
    assert seen.count == 1


def test_beyond_the_cap_the_number_is_a_lower_bound_and_says_so() -> None:
    seen = SeenClasses(cap=100)
    told = []
    for key in (*keys(2, 100), keys(2, 1)[0], 12345):
        seen.add(key)
        told.append((seen.count, seen.capped))
    assert told == [(n, False) for n in range(1, 101)] + [(100, False), (100, True)]


def test_an_entry_takes_at_most_sixteen_bytes_once_the_table_has_grown() -> None:
    seen = SeenClasses()
    for n, key in enumerate(keys(3, 4000), 1):
        seen.add(key)
        assert n < 1000 or len(seen._slots) * seen._slots.itemsize <= 16 * n
