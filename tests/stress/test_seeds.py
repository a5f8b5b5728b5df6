"""Seeds are read in decimal and hexadecimal, from 0 to 2^64-1, and nothing else."""

import pytest

import racer
from stress.seeds import parse_seed, seed_text

GOOD = {
    "0": 0,
    "7": 7,
    "0x51c0ffee": 0x51C0FFEE,
    "0XFF": 255,
    " 12 ": 12,
    str(2**64 - 1): 2**64 - 1,
    "0x" + "f" * 16: 2**64 - 1,
}
BAD = ["", "0x", "x", "-1", "1.5", "1e3", "0xg", "1_000", "٣", str(2**64), "0x1" + "0" * 16, "0x-1", "seven"]


@pytest.mark.parametrize("text", GOOD)
def test_a_seed_is_read(text: str) -> None:
    assert parse_seed(text) == GOOD[text]
    assert parse_seed(seed_text(GOOD[text])) == GOOD[text]


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_seed_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(racer.UsageError, match=r"decimal or 0x hexadecimal, got"):
        parse_seed(text)
