"""Whether some order of the calls on an object, one at a time, explains what they answered.

A history is linearizable if every call can be given one moment between its invocation and its response, so that the
calls, executed one at a time at those moments, answer what they did (Herlihy, Wing: "Linearizability: a correctness
condition for concurrent objects", TOPLAS 1990).
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from racer.core.call import Call, Specification, check_call, check_specification, outcomes
from racer.core.errors import UsageError
from racer.core.finding import Finding, Side

YES: Final = "yes"
NO: Final = "no"
UNKNOWN: Final = "unknown"

MOST_STATES: Final = 100_000
"""So many different situations are looked at in one partition before the answer is `unknown`."""

MOST_SHOWN: Final = 20
"""So many of the last calls of a history are shown."""


@dataclass(frozen=True, slots=True)
class Linearization:
    """The answer: yes, no or unknown.

    With `no`, `prefix` is the shortest beginning of the history, within its partition, that no order explains; its
    last response is that of `unexplained`. What had not answered by then is pending in it. `unexplained` is None if all
    answers can be explained, and only the state at the end is not as asked for. `states` is how many situations were
    looked at.
    """

    verdict: str
    unexplained: Call | None = None
    prefix: tuple[Call, ...] = ()
    states: int = 0


def linearize(
    specification: Specification,
    calls: Iterable[Call],
    *,
    final: Callable[[Any], bool] = lambda _: True,
    real_time: bool = True,
    most_states: int = MOST_STATES,
) -> Linearization:
    """Say whether some order of the calls, one at a time, explains what they answered.

    `final` says of the state at the end whether it is as it should be. Without `real_time` it is enough if each
    thread's own calls (by their thread_number) keep their order, whenever they were made: sequential consistency.
    """
    check_specification(specification)
    order = _invoked_before_any_answered if real_time else _first_of_each_thread
    states, unknown = 0, False
    for part in _partitions(specification, calls):
        verdict, seen = _Search(specification, order, final, most_states).run(part)
        states += seen
        if verdict == NO:
            answers = _Search(specification, order, lambda _: True, most_states)
            if answers.run(part)[0] == YES:
                return Linearization(NO, None, tuple(part), states)
            prefix = answers.shortest(part)
            last = max((call for call in prefix if call.responded is not None), key=_response)
            return Linearization(NO, last, prefix, states)
        unknown = unknown or verdict == UNKNOWN
    return Linearization(UNKNOWN if unknown else YES, states=states)


def _partitions(specification: Specification, calls: Iterable[Call]) -> list[list[Call]]:
    """Return the calls of each partition in the order of their invocations, partitions by their first."""
    key_of = getattr(specification, "partition", None)
    parts: dict[Hashable, list[Call]] = {}
    for call in sorted(calls, key=lambda call: call.invoked):
        check_call(specification, call.name)
        if call.responded is not None and call.responded < call.invoked:
            raise UsageError(f"{call} responded at {call.responded}, before its invocation at {call.invoked}")
        parts.setdefault(None if key_of is None else key_of(call.name, *call.args), []).append(call)
    return list(parts.values())


def _response(call: Call) -> float:
    return float("inf") if call.responded is None else call.responded


@dataclass(frozen=True, slots=True)
class _Search:
    """The search for an order of calls that are sorted by invocation; `order` says which may come next.

    Wing, Gong: "Testing and verifying concurrent objects", JPDC 1993: any call may come next that was invoked before
    the first response among those that are left. Lowe: "Testing for linearizability", CCPE 2017: a situation, the set
    of calls that have come and the state they led to, is not looked at twice.
    """

    specification: Specification
    order: Callable[[Sequence[Call], int], list[int]]
    final: Callable[[Any], bool]
    most_states: int

    def run(self, calls: Sequence[Call]) -> tuple[str, int]:
        """Return the verdict and how many situations were looked at."""
        answered = sum(1 << i for i, call in enumerate(calls) if call.responded is not None)
        if not answered and self.final(self.specification.initial):
            return YES, 0
        seen: set[tuple[int, Hashable]] = set()
        path = [self._following(calls, 0, self.specification.initial)]
        while path:
            situation = next(path[-1], None)
            if situation is None:
                path.pop()
            elif situation not in seen:
                if len(seen) >= self.most_states:
                    return UNKNOWN, len(seen)
                seen.add(situation)
                done, state = situation
                if done & answered == answered and self.final(state):
                    return YES, len(seen)
                path.append(self._following(calls, done, state))
        return NO, len(seen)

    def _following(self, calls: Sequence[Call], done: int, state: Hashable) -> Iterator[tuple[int, Hashable]]:
        """Yield the situations that one more call leads to, first the call that answered first."""
        for i in sorted(self.order(calls, done), key=lambda i: _response(calls[i])):
            call = calls[i]
            for result, after in outcomes(self.specification, state, call):
                if call.responded is None or result == call.result:
                    yield done | 1 << i, after

    def shortest(self, calls: Sequence[Call]) -> tuple[Call, ...]:
        """Return the shortest beginning that is not explained, as far as the bound on situations lets it be told.

        Every beginning of a linearizable history is linearizable, so it is found by halving.
        """
        responses = sorted(call.responded for call in calls if call.responded is not None)
        low, high = 0, len(responses) - 1
        while low < high:
            middle = (low + high) // 2
            if self.run(_until(calls, responses[middle]))[0] == NO:
                high = middle
            else:
                low = middle + 1
        return tuple(_until(calls, responses[low]))


def _invoked_before_any_answered(calls: Sequence[Call], done: int) -> list[int]:
    """Return which of the calls may come next: those that were invoked before any that is left had answered."""
    found = []
    deadline = float("inf")
    for i, call in enumerate(calls):
        if call.invoked > deadline:
            break
        if not done >> i & 1:
            found.append(i)
            deadline = min(deadline, _response(call))
    return found


def _first_of_each_thread(calls: Sequence[Call], done: int) -> list[int]:
    """Return which of the calls may come next if only the order of each thread's own counts."""
    found: dict[int, int] = {}
    for i, call in enumerate(calls):
        if not done >> i & 1:
            found.setdefault(call.thread_number, i)
    return list(found.values())


def _until(calls: Sequence[Call], moment: int) -> list[Call]:
    """Return what was known of the calls at a moment."""
    return [
        call if _response(call) <= moment else replace(call, result=None, responded=None)
        for call in calls
        if call.invoked <= moment
    ]


def finding_of(answer: Linearization, name: str) -> Finding:
    """Return the finding for a history that no order explains: its sides are the last two calls that answered."""
    last = answer.unexplained
    assert last is not None  # the caller looked
    answered = sorted((call for call in answer.prefix if call.responded is not None), key=_response)
    return Finding(
        kind="linearizable",
        message=f"no order of the calls on {name} explains {last}",
        thread=last.thread,
        thread_number=last.thread_number,
        step=last.responded or 0,
        sides=tuple(
            Side(call.thread, call.name, _told(call), call.responded, call.place, call.stack) for call in answered[-2:]
        ),
        notes=_listed(answer.prefix),
    )


def _told(call: Call) -> str:
    """Return arguments and result of a call."""
    return str(call).removeprefix(call.name)


def _listed(prefix: Sequence[Call]) -> tuple[str, ...]:
    """Return the lines of a history: the calls by their invocation, each with when it began and ended."""
    shown = prefix[-MOST_SHOWN:]
    left_out = len(prefix) - len(shown)
    width = max(len(call.thread) for call in shown)
    lines = [
        f"{call.thread:{width}}  {call.invoked:4} .. {'' if call.responded is None else call.responded:<4}  {call}"
        for call in shown
    ]
    head = "the shortest beginning that no order explains (from step to step):"
    return (head, *([f"... {left_out} calls before"] if left_out else []), *lines)
