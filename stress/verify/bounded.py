"""The bounded workloads: each stated in words, with everything that each scheme shows in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stress.verify.play import build_of
from stress.verify.program import ACROSS, Place, Program, dtl, no_dtl, no_slb, no_vpa, slb, vpa
from stress.workload import Parameters, Workload
from stress.workloads.calls import BROKEN_MAY_SHOW

NOTHING = Program(registrars=(), places=())


@dataclass(frozen=True)
class Bounded(Workload):
    """A workload whose program is fixed.

    `expected` states for each scheme every kind there is to be found; that holds for its own bounds, and within others
    a broken scheme may show those in `allowed` besides. Its own bounds are the defaults, or `entries_of` the scheme:
    fewer where its races are so many that the defaults would take hours. `seen` names counters which must be above
    zero under every scheme: the situations that make the workload worth its while. `longest` is about how many
    executions its longest cell takes.
    """

    letter: str = "?"
    program: Program = NOTHING
    seen: tuple[str, ...] = ()
    entries_of: Mapping[str, int] = field(default_factory=dict)
    longest: int = 0

    def bounds(self, scheme: str) -> Parameters:
        """Return the bounds within which a scheme is verified if nothing else is asked for."""
        return self.defaults.with_options(entries=self.entries_of.get(scheme))


def bounded(letter: str, name: str, summary: str, program: Program, **given: Any) -> Bounded:
    """Return a bounded workload. `seen` and the kinds of each scheme that `expected` has are parted by commas."""
    seen = tuple(given["seen"].split(", "))
    return Bounded(
        letter=letter,
        name=name,
        summary=summary,
        program=program,
        build=build_of(program),
        expected={scheme: frozenset(kinds.split(", ")) for scheme, kinds in given["expected"].items()},
        allowed=BROKEN_MAY_SHOW,
        raced=seen[0],
        seen=seen,
        longest=given["longest"],
        entries_of=given.get("entries_of", {}),
        defaults=Parameters(
            vcpus=program.vcpus,
            registrars=len(program.registrars),
            entries=given["entries"],
            calls=max(map(len, program.registrars)),
        ),
    )


TWO = (Place(0), Place(1))
THREE = (*TWO, Place(2))
FOUR = (*THREE, Place(3))

WORKLOADS = (
    bounded(
        "a",
        "one-vcpu",
        "one vcpu enters {entries}; one registrar registers, replaces, unregisters and again registers its VPA",
        Program(registrars=((vpa(0), vpa(1), no_vpa(), vpa(0)),), places=TWO),
        entries=3,
        longest=53_000,
        seen="calls-in-guest, entries-after-update",
        expected={
            "immediate": "null-pointer, pin-imbalance, stale-pointer, yield-count-parity",
            "seed": "null-pointer, atomic-sleep",
        },
    ),
    bounded(
        "b",
        "two-vcpus",
        "two vcpus of one vcore, both with a VPA in use, enter {entries} each; one registrar works on both",
        Program(
            registrars=((vpa(2, vcpu=1), no_vpa(vcpu=0)),),
            places=THREE,
            vcpus=2,
            before=(vpa(0, vcpu=0), vpa(1, vcpu=1)),
            in_use=True,
        ),
        entries=2,
        entries_of={"immediate": 1},
        longest=30_000,
        seen="calls-in-guest, entries-after-update, late-joins",
        expected={
            "immediate": "null-pointer, pin-imbalance, stale-pointer, yield-count-parity",
            "seed": "null-pointer, atomic-sleep, stale-areas, stale-pointer, yield-count-parity",
        },
    ),
    bounded(
        "c",
        "two-registrars",
        "one vcpu enters {entries}; one registrar registers its DTL and replaces it, while another unregisters its VPA,"
        " registers one and unregisters that",
        Program(
            registrars=((dtl(1), dtl(2)), (no_vpa(), vpa(3), no_vpa())), places=FOUR, before=(vpa(0),), in_use=True
        ),
        entries=2,
        longest=38_000,
        seen="calls-in-guest, register DTL refused, deregister VPA refused",
        expected={
            "immediate": "null-pointer, pin-imbalance, return-code, area-dependency, last-request, stale-pointer,"
            " yield-count-parity",
            "seed": "atomic-sleep, null-pointer",
        },
    ),
    bounded(
        "d",
        "remap-and-reclaim",
        "one vcpu enters {entries} with a request for a VPA waiting, which a registrar replaces; between request and"
        " entry userspace remaps the page of the one and the host reclaims that of the other",
        Program(
            registrars=((vpa(1),),),
            places=(Place(0, huge=2, offset=ACROSS), Place(2)),
            before=(vpa(0),),
            userspace=(0,),
            mm=(1,),
        ),
        entries=3,
        entries_of={"immediate": 2},
        longest=16_000,
        seen="unmapped-while-pinned, reclaimed, entries-after-update",
        expected={"immediate": "null-pointer, pin-imbalance, yield-count-parity", "seed": "atomic-sleep, null-pointer"},
    ),
    bounded(
        "e",
        "never-applied",
        "one vcpu enters {entries} and the VM ends; requests of two registrars are accepted and some never applied",
        Program(registrars=((vpa(0), dtl(1), slb(2)), (vpa(3), no_dtl())), places=FOUR, quiesce=False),
        entries=2,
        longest=43_000,
        seen="late-requests, calls-in-guest, entries-after-update",
        expected={"immediate": "null-pointer, pin-imbalance, yield-count-parity", "seed": "atomic-sleep"},
    ),
    bounded(
        "f",
        "three-areas",
        "one vcpu enters {entries} and reloads its SLB; one registrar registers its three areas and unregisters them",
        Program(
            registrars=((vpa(0), slb(1), dtl(2), no_slb(), no_dtl(), no_vpa()),), places=THREE, machine_checks=True
        ),
        entries=2,
        longest=18_000,
        seen="calls-in-guest, entries-after-update, slb-reloads",
        expected={
            "immediate": "stale-pointer, torn-read, yield-count-parity",
            "seed": "null-pointer, atomic-sleep",
        },
    ),
)

NAMES = tuple(workload.name for workload in WORKLOADS)


def find(text: str) -> Bounded | None:
    """Return the bounded workload of a name or letter."""
    return next((each for each in WORKLOADS if text in (each.name, each.letter)), None)
