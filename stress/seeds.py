"""Seeds as people write them."""

from racer import UsageError

LARGEST = 2**64 - 1


def parse_seed(text: str) -> int:
    """Read a decimal or hexadecimal seed.

    >>> parse_seed("0x51c0ffee"), parse_seed("7")
    (1371602926, 7)
    """
    given = text.strip().lower()
    digits, base = (given[2:], 16) if given.startswith("0x") else (given, 10)
    allowed = "0123456789abcdef"[:base]
    if not digits or any(digit not in allowed for digit in digits) or int(digits, base) > LARGEST:
        msg = f"seed must be a whole number from 0 to 2^64-1, decimal or 0x hexadecimal, got {text!r}"
        raise UsageError(msg)
    return int(digits, base)


def seed_text(seed: int) -> str:
    """Return a seed as output shows it.

    >>> seed_text(7)
    '0x7'
    """
    return f"{seed:#x}"
