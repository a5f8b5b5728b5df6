"""What a guest's own test of H_REGISTER_VPA asks, and the answers by version and from QEMU: rows, and docs/calls.md.

`python -m tests.kvm.guest_calls` writes the document anew; a test checks that it is as the rows say.
"""

from pathlib import Path
from typing import NamedTuple

from racer.kvm.papr import H_HARDWARE, H_PARAMETER, H_RESOURCE, H_SUCCESS

FILE = Path(__file__).parents[2] / "docs" / "calls.md"

BASE = 0x10000  # two pages
END = BASE + 0x2000
NEXT = BASE + 0x1000
HUGE = 0x40000  # two pages in one
VPA, DTL, SLB = 1, 2, 3
NOT_VPA, NOT_DTL, NOT_SLB = 5, 6, 7
STRAY = 1 << 20 | 1  # bits of the flags word that say nothing

# The versions whose answers are the same, each with its schemes.
V31, V34, V35, V310, V414, OWN = "v3.1", "v3.4", "v3.5", "v3.10", "v4.14", "not shipped"
SCHEMES_OF = {
    V31: ("unpinned",),
    V34: ("immediate",),
    V35: ("seed", "seed-logged", "dropped-locks", "snapshot", "late-joiners"),
    V310: ("dirty-tracking", "own-task"),
    V414: ("single-vcpu", "nested"),
    OWN: ("deferred", "always-locked"),
}
VERSION_OF = {scheme: version for version, schemes in SCHEMES_OF.items() for scheme in schemes}
OLD = (V31, V34)
STRUCT = (V35, V310)
HUGE_PAGES = (V31, V34, V35, OWN)

Call = tuple[int, int, int | None]
"""Subfunction, address, and the length that the guest writes there first."""


class Row(NamedTuple):
    """A call after others; its code, that of the versions that differ and QEMU's; and why they do."""

    name: str
    call: Call
    code: int
    qemu: int
    but: dict[str, int] = {}  # noqa: RUF012  (it is not changed)
    before: tuple[Call, ...] = ()
    target: int = 0
    stray: int = 0
    why: str = ""

    def codes(self) -> dict[str, int]:
        """Return the code of each version."""
        return {version: self.but.get(version, self.code) for version in SCHEMES_OF}


def but(versions: tuple[str, ...], code: int) -> dict[str, int]:
    """Return the codes of versions that differ."""
    return dict.fromkeys(versions, code)


A_VPA: Call = (VPA, BASE, 1024)
A_DTL: Call = (DTL, NEXT, 480)
AN_SLB: Call = (SLB, NEXT, 0x80)
NO_VPA: Call = (NOT_VPA, 0, None)
NO_DTL: Call = (NOT_DTL, 0, None)
NO_SLB: Call = (NOT_SLB, 0, None)
HAS_VPA = (A_VPA,)
FIRST = "v3.4 asks for the VPA before it looks at address and length"
THREE_BITS = "KVM looks at three bits, QEMU at the whole word"
HOST_PAGE = "D8: 4 KiB do not count, the host's page does, until v3.9 a huge one"
VPA_ONLY = "QEMU wants only a VPA aligned"
DTL_CROSSES = "QEMU lets a DTL cross"
SIZEOF = "B8: sizeof(struct lppaca) was asked for"
HEADER = "v3.4 asks for 16 bytes"
ZERO = "before the patch 0 was an address like any other"

ok, par, res, hw = H_SUCCESS, H_PARAMETER, H_RESOURCE, H_HARDWARE

ROWS = (
    Row("reserved function 0", (0, BASE, 1024), par, par),
    Row("reserved function 4", (4, BASE, 1024), par, par),
    Row("stray bits in the flags word", A_VPA, ok, par, stray=STRAY, why=THREE_BITS),
    Row("a processor that is not there", A_VPA, par, par, target=9),
    Row("deregistering for a processor that is not there", NO_VPA, par, par, target=9),
    Row("a VPA of another processor", A_VPA, ok, ok, target=1),
    Row("a VPA", A_VPA, ok, ok),
    Row("a VPA where there is one", (VPA, NEXT, 1024), ok, ok, before=HAS_VPA),
    Row("a VPA 8 bytes off", (VPA, BASE + 8, 1024), par, par),
    Row("a DTL 8 bytes off", (DTL, NEXT + 8, 480), par, ok, before=HAS_VPA, why=VPA_ONLY),
    Row("an SLB shadow 8 bytes off", (SLB, NEXT + 8, 0x80), par, ok, before=HAS_VPA, why=VPA_ONLY),
    Row("a VPA that crosses 4 KiB", (VPA, BASE + 0xE00, 1024), par, par),
    Row("a DTL that crosses 4 KiB", (DTL, BASE + 0xF80, 480), par, ok, before=HAS_VPA, why=DTL_CROSSES),
    Row("an SLB shadow that crosses 4 KiB", (SLB, BASE + 0xF80, 0x100), par, par, before=HAS_VPA),
    Row(
        "a VPA that crosses 4 KiB of a huge page",
        (VPA, HUGE + 0xE00, 1024),
        par,
        par,
        but(HUGE_PAGES, ok),
        why=HOST_PAGE,
    ),
    Row(
        "a DTL that crosses 4 KiB of a huge page",
        (DTL, HUGE + 0xF80, 480),
        par,
        ok,
        but(HUGE_PAGES, ok),
        HAS_VPA,
        why=f"{HOST_PAGE}; {DTL_CROSSES}",
    ),
    Row("a VPA of 632 bytes", (VPA, BASE, 632), par, par),
    Row("a VPA of 639 bytes", (VPA, BASE, 639), par, par),
    Row("a VPA of 640 bytes", (VPA, BASE, 640), ok, ok, but(STRUCT, par), why=SIZEOF),
    Row("a VPA of 1023 bytes", (VPA, BASE, 1023), ok, ok, but(STRUCT, par), why=SIZEOF),
    Row("a DTL of 47 bytes", (DTL, NEXT, 47), par, par, before=HAS_VPA),
    Row("a DTL of 48 bytes", (DTL, NEXT, 48), ok, ok, before=HAS_VPA),
    Row("an SLB shadow of 7 bytes", (SLB, NEXT, 7), par, par, before=HAS_VPA),
    Row("an SLB shadow of 8 bytes", (SLB, NEXT, 8), ok, ok, but((V34,), par), HAS_VPA, why=HEADER),
    Row("an SLB shadow of 15 bytes", (SLB, NEXT, 15), ok, ok, but((V34,), par), HAS_VPA, why=HEADER),
    Row("an SLB shadow of 16 bytes", (SLB, NEXT, 16), ok, ok, before=HAS_VPA),
    Row("a VPA past the end of memory", (VPA, END, None), par, par),
    Row("a VPA at address 0", (VPA, 0, 1024), par, hw, but(OLD, ok), why=ZERO),
    Row("a DTL at address 0", (DTL, 0, 480), par, hw, but(OLD, ok), HAS_VPA, why=ZERO),
    Row("a DTL without a VPA", A_DTL, res, res),
    Row("an SLB shadow without a VPA", AN_SLB, res, res),
    Row("a DTL of 47 bytes without a VPA", (DTL, NEXT, 47), par, par, but((V34,), res), why=FIRST),
    Row("an SLB shadow past the end of memory without a VPA", (SLB, END, None), par, par, but((V34,), res), why=FIRST),
    Row("an SLB shadow 8 bytes off without a VPA", (SLB, NEXT + 8, 0x80), par, res, why=VPA_ONLY),
    Row("a DTL after the VPA went", A_DTL, res, res, before=(A_VPA, NO_VPA)),
    Row("deregistering a VPA", NO_VPA, ok, ok, before=HAS_VPA),
    Row("deregistering a VPA twice", NO_VPA, ok, ok, before=(A_VPA, NO_VPA)),
    Row("deregistering a VPA that never was", NO_VPA, ok, ok),
    Row("deregistering a DTL that never was", NO_DTL, ok, ok),
    Row("deregistering an SLB shadow that never was", NO_SLB, ok, ok),
    Row("deregistering with an address that is off", (NOT_VPA, BASE + 8, None), ok, ok, before=HAS_VPA),
    Row("deregistering a VPA beside a DTL", NO_VPA, res, res, before=(A_VPA, A_DTL)),
    Row("deregistering a VPA beside an SLB shadow", NO_VPA, res, res, before=(A_VPA, AN_SLB)),
    Row("deregistering a VPA after the DTL beside it", NO_VPA, ok, ok, before=(A_VPA, A_DTL, NO_DTL)),
)

NAMES = {ok: "ok", par: "PARAMETER", res: "RESOURCE", hw: "HARDWARE"}
HEAD = """# The calls of a guest's own test

What a guest that tests H_REGISTER_VPA (such as kvm-unit-tests' `powerpc/spapr_vpa`) gets from each version of KVM's
code, and from QEMU's own implementation, which runs where KVM has none. `ok` is H_SUCCESS; the other codes go without
their `H_`. P, B and D number the bugs of [the table](bugs.md). `tests/kvm/test_unit_tests_view.py` makes all of these
calls under every scheme; `python -m tests.kvm.guest_calls` writes this page. A column holds for these schemes:

"""
EFFECTS = """
What the calls do, as far as a guest can see it:

| effect | KVM | QEMU |
| --- | --- | --- |
| when a call takes effect | before the patch at once (P1), since then at the target's next entry (D1) | at once |
| an area past the end of memory | cannot be pinned | not noticed, but the length read there is 0: too short |
| length of a DTL | rounded down to whole entries of 48 bytes | kept as given |
| yield_count when a VPA is registered | set to 1: not running | left as it is |
| yield_count while the guest runs | even, and another one after each exit | even, repaired where it was not |
| yield_count after the guest deregistered its own VPA | odd | odd |
"""


def document() -> str:
    """Return the text of docs/calls.md."""
    lines = [
        f"- {version}: {', '.join(f'`{scheme}`' for scheme in schemes)}" for version, schemes in SCHEMES_OF.items()
    ]
    lines += ["", f"| call | {' | '.join(SCHEMES_OF)} | QEMU | why they differ |"]
    lines += ["| --- " * (len(SCHEMES_OF) + 3) + "|"]
    for row in ROWS:
        codes = " | ".join(NAMES[code] for code in (*row.codes().values(), row.qemu))
        lines.append(f"| {row.name} | {codes} | {row.why or '-'} |")
    return HEAD + "\n".join(lines) + "\n" + EFFECTS


if __name__ == "__main__":
    FILE.write_text(document(), encoding="utf-8")
