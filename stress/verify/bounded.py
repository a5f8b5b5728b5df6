"""The bounded workloads: each stated in words, with everything that each scheme shows in it."""

from dataclasses import dataclass
from typing import Any

from stress.verify.play import build_of
from stress.verify.program import ACROSS, Place, Program, dtl, no_dtl, no_slb, no_vpa, slb, vpa
from stress.workload import Parameters, Workload
from stress.workloads.calls import BROKEN_MAY_SHOW

NOTHING = Program(registrars=(), places=())


@dataclass(frozen=True)
class Bounded(Workload):
    """A workload whose program is fixed.

    `expected` states for each scheme every kind there is to be found; that holds for the default bounds, and within
    others a broken scheme may show those in `allowed` besides. `seen` names counters which must be above zero under
    every scheme: the situations that make the workload worth its while.
    """

    letter: str = "?"
    program: Program = NOTHING
    seen: tuple[str, ...] = ()


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
        defaults=Parameters(
            vcpus=program.vcpus,
            registrars=len(program.registrars),
            entries=given["entries"],
            calls=max(map(len, program.registrars)),
        ),
    )


VPAS = (Place(0), Place(1))
THREE = (Place(0), Place(1), Place(2))

WORKLOADS = (
    bounded(
        "a",
        "one-vcpu",
        "one vcpu enters {entries}; one registrar registers, replaces and unregisters its VPA",
        Program(registrars=((vpa(0), vpa(1), no_vpa()),), places=VPAS),
        entries=2,
        seen="calls-in-guest, entries-after-update",
        expected={
            "immediate": "null-pointer, pin-imbalance, stale-pointer, yield-count-parity",
            "seed": "null-pointer, atomic-sleep",
        },
    ),
    bounded(
        "b",
        "two-vcpus",
        "two vcpus of one vcore enter {entries} each; one registrar works on the VPAs of both",
        Program(registrars=((vpa(0, 0), vpa(1, 1)),), places=VPAS, vcpus=2),
        entries=1,
        seen="calls-in-guest, entries-after-update, late-joins",
        expected={"immediate": "yield-count-parity", "seed": "atomic-sleep, stale-areas"},
    ),
    bounded(
        "c",
        "two-registrars",
        "one vcpu enters {entries}; one registrar registers its DTL while another unregisters the VPA it has in use",
        Program(registrars=((dtl(1),), (no_vpa(),)), places=VPAS, before=(vpa(0),), in_use=True),
        entries=2,
        seen="calls-in-guest, register DTL refused, deregister VPA refused",
        expected={
            "immediate": "last-request, area-dependency, stale-pointer",
            "seed": "atomic-sleep, null-pointer",
        },
    ),
    bounded(
        "d",
        "remap-and-reclaim",
        "one vcpu enters {entries} with a request waiting, which a registrar replaces; userspace remaps the page of the"
        " one and the host reclaims that of the other between request and entry",
        Program(
            registrars=((vpa(1),),),
            places=(Place(0, 2, ACROSS), Place(2)),
            before=(vpa(0),),
            userspace=(0,),
            mm=(1,),
        ),
        entries=1,
        seen="unmapped-while-pinned, reclaimed",
        expected={"immediate": "null-pointer, pin-imbalance, yield-count-parity", "seed": "atomic-sleep, null-pointer"},
    ),
    bounded(
        "e",
        "never-applied",
        "one vcpu enters {entries} and the VM ends; requests for VPA and DTL are accepted, and some never applied",
        Program(registrars=((vpa(0), dtl(1), vpa(2)),), places=THREE, quiesce=False),
        entries=1,
        seen="late-requests, calls-in-guest",
        expected={"immediate": "null-pointer, pin-imbalance, yield-count-parity", "seed": "atomic-sleep"},
    ),
    bounded(
        "f",
        "three-areas",
        "one vcpu enters {entries} and reloads its SLB; one registrar registers its three areas and unregisters them",
        Program(
            registrars=((vpa(0), slb(1), dtl(2), no_slb(), no_dtl(), no_vpa()),), places=THREE, machine_checks=True
        ),
        entries=1,
        seen="calls-in-guest, entries-after-update, slb-reloads",
        expected={"immediate": "stale-pointer, yield-count-parity", "seed": "null-pointer, atomic-sleep"},
    ),
)

NAMES = tuple(workload.name for workload in WORKLOADS)


def find(text: str) -> Bounded | None:
    """Return the bounded workload of a name or letter."""
    return next((each for each in WORKLOADS if text in (each.name, each.letter)), None)
