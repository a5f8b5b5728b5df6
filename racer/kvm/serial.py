"""Whether some order of the calls explains their answers, and which areas the orders that do would leave."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING

from racer.kvm.dispatch_log import STOLEN_TICKS
from racer.kvm.layout import SIZEOF_DTL_ENTRY
from racer.kvm.papr import H_SUCCESS, H_VPA_REG_DTL, REGISTERING
from racer.kvm.specification import NOTHING, Area, Registered, Request, answer

if TYPE_CHECKING:
    from racer.kvm.hcalls import Call
    from racer.kvm.vm import Vm

ANY_LENGTH = -2
MOST_STATES = 20_000

Calls = Sequence[Sequence["Call"]]


def requests_of(vm: "Vm", call: "Call") -> list[Request]:
    """Return what a call may have found in guest memory, which does not move here.

    The vcpu that a dispatch log belongs to writes over its length word; another vcpu's call may come after that.
    """
    page_left = vm.static_bytes_left(call.gpa)
    assert call.wrote is not None
    if call.one_reg:
        return [Request(True, call.subfunc, call.gpa, page_left, call.wrote, one_reg=True)]
    found = [Request(call.target_id in vm.vcpus, call.subfunc, call.gpa, page_left, call.wrote)]
    if call.subfunc == H_VPA_REG_DTL and call.caller.vcpu_id != call.target_id:
        found.append(found[0]._replace(length=STOLEN_TICKS))
    return found


def finals(vm: "Vm", calls: Calls) -> set[Registered] | None:
    """Return what may be registered after the calls for one vcpu, over all orders that explain every answer.

    Each caller's calls keep their order. None if there are too many orders to look at.
    """
    rules = vm.scheme.rules
    asked = [[(call.code, requests_of(vm, call)) for call in each] for each in calls]
    reached = {(tuple(0 for _ in calls), NOTHING)}
    looked_at = 0
    for _ in range(sum(map(len, calls))):
        following = set()
        for done, has in reached:
            for i, each in enumerate(asked):
                if done[i] == len(each):
                    continue
                code, requests = each[done[i]]
                for request in requests:
                    given, after = answer(rules, has, request)
                    if given == code:
                        following.add(((*done[:i], done[i] + 1, *done[i + 1 :]), after))
        reached = following
        looked_at += len(reached)
        if looked_at > MOST_STATES:
            return None
    return {has for _, has in reached}


def last_accepted(calls: Calls) -> tuple[set[Area], set[Area], set[Area]]:
    """Return for each area what may have been asked for last: some caller's last accepted request."""
    wanted: list[set[Area]] = [set(), set(), set()]
    for each in calls:
        last: dict[int, Area] = {}
        for call in each:
            if call.code == H_SUCCESS:
                last[(call.subfunc - 1) & 3] = area_of(call)
        for kind, area in last.items():
            wanted[kind].add(area)
    return tuple(found or {None} for found in wanted)  # type: ignore[return-value]


def product_of_last(calls: Calls) -> Iterator[tuple[Area, ...]]:
    """Return every combination of last accepted requests."""
    return product(*last_accepted(calls))


def area_of(call: "Call") -> Area:
    """Return the area that an accepted call asked for."""
    if call.subfunc not in REGISTERING:
        return None
    if call.wrote is None:
        return call.gpa, ANY_LENGTH
    length = call.wrote
    return call.gpa, length - length % SIZEOF_DTL_ENTRY if call.subfunc == H_VPA_REG_DTL else length
