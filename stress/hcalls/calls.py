"""One hypercall as a guest made it, and a file of them."""

import enum
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

OPCODE = 0xDC
FUNCTION_SHIFT = 45
FUNCTION_MASK = 7


class Function(enum.IntEnum):
    """The subfunction in the flags word."""

    REG_VPA = 1
    REG_DTL = 2
    REG_SLB = 3
    DEREG_VPA = 5
    DEREG_DTL = 6
    DEREG_SLB = 7

    @property
    def registers(self) -> bool:
        """Whether it comes with an address and a length."""
        return self < Function.DEREG_VPA


def function_of(flags: int) -> Function:
    """Return the subfunction of a flags word; ValueError for the reserved ones and for other bits.

    >>> function_of(0x600000000000)
    <Function.REG_SLB: 3>
    """
    code = flags >> FUNCTION_SHIFT & FUNCTION_MASK
    if flags != code << FUNCTION_SHIFT:
        msg = f"flags {flags:#x} have bits outside the function code"
        raise ValueError(msg)
    return Function(code)


def length_in_area(function: Function, as_little_endian: int) -> int:
    """Return the length that an area holds, from its bytes read as a little-endian number.

    The field is big-endian: 16 bits of a VPA, 32 bits of the two others.

    >>> length_in_area(Function.REG_VPA, 0x4), length_in_area(Function.REG_SLB, 0x80000000)
    (1024, 128)
    """
    width = 2 if function is Function.REG_VPA else 4
    return int.from_bytes(as_little_endian.to_bytes(width, "little"), "big")


@dataclass(frozen=True)
class Call:
    """One call and its return. `cpu` and `proc` are hardware ids; `length` is None when deregistering.

    `overlapped` tells whether another CPU's call was in flight when this one began.
    """

    cpu: int
    function: Function
    flags: int
    proc: int
    addr: int
    length: int | None
    result: int
    line: int
    overlapped: bool


@dataclass(frozen=True)
class Trace:
    """All calls of one file, in the order in which they began."""

    path: Path
    calls: tuple[Call, ...]

    @cached_property
    def cpus(self) -> tuple[int, ...]:
        """The hardware ids of the CPUs that called or were called for, in ascending order."""
        return tuple(sorted({id_ for call in self.calls for id_ in (call.cpu, call.proc)}))

    @cached_property
    def counts(self) -> Counter[Function]:
        """How often each function was called."""
        return Counter(call.function for call in self.calls)

    @property
    def overlapped(self) -> int:
        """How many calls began while another CPU's was in flight."""
        return sum(call.overlapped for call in self.calls)

    def areas(self) -> Iterable[tuple[int, int]]:
        """Yield address and length of every area that was registered, each once, in ascending order."""
        return sorted({(call.addr, call.length) for call in self.calls if call.length is not None})
