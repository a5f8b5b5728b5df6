"""The bounded workloads: each stated in words, with everything that each scheme shows in it."""

from collections.abc import Mapping
from dataclasses import dataclass

from stress.verify.play import build_of
from stress.verify.program import ACROSS, Place, Program, dtl, no_dtl, no_slb, no_vpa, slb, vpa
from stress.workload import CLEAN, Parameters, Workload


@dataclass(frozen=True)
class Bounded(Workload):
    """A workload whose program is fixed; `expected` states for each scheme every kind there is to be found."""

    letter: str = "?"


def bounded(  # noqa: PLR0917  (a row of a table)
    letter: str, name: str, summary: str, program: Program, entries: int, raced: str, expected: Mapping[str, str]
) -> Bounded:
    """Return a bounded workload; `expected` has the kinds of each scheme that shows any, parted by spaces."""
    return Bounded(
        letter=letter,
        name=name,
        summary=summary,
        build=build_of(program),
        expected={scheme: frozenset(kinds.split()) or CLEAN for scheme, kinds in expected.items()},
        raced=raced,
        defaults=Parameters(
            vcpus=program.vcpus,
            registrars=len(program.registrars),
            entries=entries,
            calls=max(map(len, program.registrars), default=0),
        ),
    )


VPAS = (Place(0), Place(1))
THREE = (Place(0), Place(1), Place(2))

WORKLOADS = (
    bounded(
        "a",
        "one-vcpu",
        "one vcpu enters twice; one registrar registers, replaces and unregisters its VPA",
        Program(registrars=((vpa(0), vpa(1), no_vpa()),), places=VPAS),
        entries=2,
        raced="calls-in-guest",
        expected={
            "immediate": "null-pointer pin-imbalance stale-pointer yield-count-parity",
            "seed": "null-pointer atomic-sleep",
        },
    ),
    bounded(
        "b",
        "two-vcpus",
        "two vcpus of one vcore enter once each; one registrar registers a VPA for both",
        Program(registrars=((vpa(0, 0), vpa(1, 1)),), places=VPAS, vcpus=2),
        entries=1,
        raced="calls-in-guest",
        expected={"immediate": "yield-count-parity", "seed": "atomic-sleep yield-count-parity"},
    ),
    bounded(
        "c",
        "two-registrars",
        "one vcpu enters twice; one registrar registers its DTL, another unregisters the VPA it has in use",
        Program(registrars=((dtl(1),), (no_vpa(),)), places=VPAS, before=(vpa(0),), in_use=True),
        entries=2,
        raced="calls-in-guest",
        expected={
            "immediate": "last-request area-dependency stale-pointer",
            "seed": "atomic-sleep null-pointer",
        },
    ),
    bounded(
        "d",
        "remap-and-reclaim",
        "one vcpu enters with a request waiting, a registrar replaces it; userspace remaps the one page, the host"
        " reclaims the other",
        Program(
            registrars=((vpa(1),),),
            places=(Place(0, 2, ACROSS), Place(2)),
            before=(vpa(0),),
            userspace=(0,),
            mm=(1,),
        ),
        entries=1,
        raced="unmapped-while-pinned",
        expected={"immediate": "null-pointer pin-imbalance yield-count-parity", "seed": "atomic-sleep"},
    ),
    bounded(
        "e",
        "never-applied",
        "one vcpu enters once; a registrar's requests for VPA and DTL are accepted, some never applied before it ends",
        Program(registrars=((vpa(0), dtl(1), vpa(2)),), places=THREE, quiesce=False),
        entries=1,
        raced="late-requests",
        expected={"immediate": "", "seed": "atomic-sleep"},
    ),
    bounded(
        "f",
        "three-areas",
        "one vcpu enters once; one registrar registers VPA, SLB shadow and DTL and unregisters them again",
        Program(
            registrars=((vpa(0), slb(1), dtl(2), no_slb(), no_dtl(), no_vpa()),), places=THREE, machine_checks=True
        ),
        entries=1,
        raced="calls-in-guest",
        expected={"immediate": "", "seed": "atomic-sleep"},
    ),
)

NAMES = tuple(workload.name for workload in WORKLOADS)


def find(text: str) -> Bounded | None:
    """Return the bounded workload of a name or letter."""
    return next((each for each in WORKLOADS if text in (each.name, each.letter)), None)
