"""Whether some order of the calls explains their answers, and which areas the orders that do would leave."""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING

import racer
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


class Areas:
    """What a vcpu's areas are, and what calls for them answer, as a sequential specification.

    To apply a request is an operation of its own. It changes nothing that a call could see, as what a vcpu has is what
    was asked for last; only where memory is gone does it drop an area, and then no order of calls is asked for.
    """

    initial = NOTHING

    def __init__(self, vm: "Vm") -> None:
        self._vm = vm

    def ask(self, has: Registered, call: "Call") -> Iterator[tuple[int, Registered]]:
        """Yield what a call may answer, and the areas then."""
        for request in requests_of(self._vm, call):
            yield answer(self._vm.scheme.rules, has, request)


def explained(vm: "Vm", calls: Calls, final: Callable[[Registered], bool] = lambda _: True) -> racer.Linearization:
    """Say whether some order of the calls for one vcpu explains every answer and leads to areas that are `final`.

    A call that had answered before another began comes before it, if it was taken down when they did; otherwise only
    each caller's own calls keep their order.
    """
    timed = all(call.began is not None and call.answered is not None for each in calls for call in each)
    asked = [
        racer.Call("ask", (call,), call.code, call.began or 0, call.answered or 0, thread_number=i)
        for i, each in enumerate(calls)
        for call in each
    ]
    return racer.linearize(Areas(vm), asked, final=final, real_time=timed, most_states=MOST_STATES)


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
