"""The table of classes seen: each counts once, and the table tells when it came first and whether it came again."""

from bisect import bisect_right
from collections import Counter
from copy import deepcopy

import pytest

from racer.core.interleavings import MARKS, SeenClasses
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


def repeating(seed: int, n: int, classes: int) -> list[int]:
    """Keys of n executions, some classes likely and some rare."""
    draws = SplitMix64(seed)
    known = keys(seed, classes)
    return [known[draws.below(1 + draws.below(classes))] for _ in range(n)]


def counted(stream: list[int]) -> tuple[list[int], int]:
    """What the table should tell of a stream, counted directly."""
    firsts = [0] * 64
    for key in set(stream):
        firsts[bisect_right(MARKS, stream.index(key))] += 1
    return firsts, sum(n == 1 for n in Counter(stream).values())


STREAMS = [(1, 1, 5), (2, 10, 3), (3, 400, 90), (4, 5000, 4000), (5, 2000, 50)]


@pytest.mark.parametrize(("seed", "n", "classes"), STREAMS)
def test_the_table_tells_when_classes_came_first_and_how_many_came_once(seed: int, n: int, classes: int) -> None:
    stream = repeating(seed, n, classes)
    seen = SeenClasses()
    for index, key in enumerate(stream):
        seen.add(key, index)
    assert seen.periods() == counted(stream)


@pytest.mark.parametrize("jobs", [2, 3])
@pytest.mark.parametrize(("seed", "n", "classes"), STREAMS)
def test_tables_of_shares_merge_into_that_of_the_whole(seed: int, n: int, classes: int, jobs: int) -> None:
    stream = repeating(seed, n, classes)
    shares = [SeenClasses() for _ in range(jobs)]
    for index, key in enumerate(stream):
        shares[index % jobs].add(key, index)
    for order in (shares, shares[::-1]):
        whole = deepcopy(order[0])
        for share in order[1:]:
            whole.merge(share)
        assert whole.periods() == counted(stream)
        assert (whole.count, whole.capped) == (len(set(stream)), False)


def test_merged_tables_are_capped_when_they_hold_too_many_together() -> None:
    one, other = SeenClasses(cap=100), SeenClasses(cap=100)
    for key in keys(6, 60):
        one.add(key)
    for key in keys(7, 60):
        other.add(key)
    one.merge(other)
    assert (one.count, one.capped) == (100, True)
    full = SeenClasses(cap=100)
    full.merge(one)
    assert full.capped


def test_the_marks_reach_beyond_any_campaign() -> None:
    assert MARKS[:7] == (1, 2, 5, 10, 20, 50, 100)
    assert list(MARKS) == sorted(MARKS)
    assert len(MARKS) < 64
    seen = SeenClasses()
    seen.add(1, 10**18)
    assert seen.periods()[0][55] == 1
