"""Livelocks: everybody can go on, does, and only goes round.

A livelock is an infinite execution that is fair (whoever can go on does so again and again) and gets nowhere. What is
seen is its beginning, an execution cut at max_steps. Its end is watched, a half or the last 20,000 steps of it. A
livelock is reported if in the second half of what was watched

- every thread either took steps again and again or was blocked for all of it, and
- no thread did anything that it had not done before: each step stood at the same place of the code, with the same
  local variables, as an earlier one, was the same operation with the same outcome, and read or wrote the same value;
- and some of it was done to objects: who looks at nothing waits for nobody, and is in an endless loop of its own.

So a loop that counts, fills a list or writes ever new values is long and no livelock, however often it waits. What is
compared is what can be seen: numbers, texts, the lengths of containers, and those among the attributes of the objects
in local variables, in the innermost 20 calls. A loop that gets on by nothing of this (``for _ in [None] * 10**6``)
cannot be told from one that does not. The judgement changes no execution: sooner than at max_steps nobody can know
that a loop has no end.
"""

import sys
from collections import Counter, deque
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Final

from racer.core.finding import Side
from racer.core.operation import CHOOSE, MODIFIED, NAMES, OUTCOME, POINT, SLEEP
from racer.engine import where
from racer.engine.recorder import Watch

if TYPE_CHECKING:
    from racer.engine.operand import Operand
    from racer.engine.steps import Steps
    from racer.engine.thread_state import ThreadState
    from racer.engine.turnstile import Turnstile

DETECTED_BY: Final = frozenset({"deadlock", "livelock"})
"""Detectors that ask for it: who wants to know that nobody gets anywhere wants to know of both ways."""

MOST_WATCHED = 20_000
"""So many steps are watched, or the second half of a shorter execution; the first half of them is what is known."""

PARTS = 4
"""In each of so many parts of what is judged everybody must have had a turn."""

ROUNDS = 4
"""So often, on average, every step that is judged must have been repeated."""

MOST_FACTS = 4096
"""An execution that does more different things while it is watched is not watched on."""

DEEPEST = 20
"""So many of the innermost calls are looked into; of those around them only the number is seen."""

CALLS_BODIES: Final = "_run_body"
"""The function of the turnstile above which nothing is the subject's."""

_ALONE: Final = frozenset({POINT, SLEEP, CHOOSE})
_PLAIN: Final = frozenset({int, bool, str, bytes, type(None)})
_SIZED: Final = frozenset({list, tuple, dict, set, frozenset, bytearray, deque})


def watched_from(max_steps: int, detect: frozenset[str]) -> int:
    """Return the step from which on an execution is watched, or max_steps for never."""
    return max_steps - min(max_steps // 2, MOST_WATCHED) if detect & DETECTED_BY else max_steps


def watch(run: "Steps") -> None:
    """Begin to watch an execution that has become long."""
    run.watched = run.max_steps
    run.recorder = Rounds(run, run.recorder)


class Fact:
    """Something that a thread did, and when last."""

    __slots__ = ("code", "last", "name", "place", "thread")

    def __init__(self, thread: "ThreadState", name: str, place: where.Place, code: int, last: int) -> None:
        self.thread = thread
        self.name = name
        self.place = place
        self.code = code
        self.last = last

    @property
    def action(self) -> str:
        """The operation, by its name."""
        return NAMES[self.code >> 8 & 0xFF] + (" (failed)" if self.code & OUTCOME else "")

    @property
    def alone(self) -> bool:
        """Whether the operation is on no object."""
        return self.code >> 8 & 0xFF in _ALONE

    def __str__(self) -> str:
        """Return thread, operation and object."""
        on = "" if self.alone else f" of {self.name}"
        return f"{self.thread.shown_name} ({self.action}{on})"

    def telling(self) -> tuple[int, object, str]:
        """Return a key that is the lower, the more the fact says of why the thread goes round."""
        return (0 if self.code & OUTCOME else 2 if self.alone else 1, self.place(), self.action)


class Rounds(Watch):
    """Takes down what each thread does, to see whether it is anything new; hands all on to the recorder there is."""

    def __init__(self, run: "Steps", other: Watch | None) -> None:
        self._run = run
        self._other = other
        self.rich = other is not None and other.rich
        self.facts: dict[int, Fact] | None = {}
        self.newest = 0
        self._thread: ThreadState | None = None
        self._operand: Operand
        self._code: CodeType
        self._instruction = 0
        self._step = 0
        self._stood = 0
        self._value: object = None

    def step(self, me: "ThreadState") -> None:
        """Take down where the running thread stands; what its last step did is known by now."""
        if self._other is not None:
            self._other.step(me)
        self.close()
        if self.facts is not None:
            self._thread, self._operand, self._step, self._value = me, me.operand, len(self._run.order) - 1, None
            self._code, self._instruction, self._stood = standing(sys._getframe(1))

    def close(self) -> None:
        """Take down what the last step did."""
        me, facts, step = self._thread, self.facts, self._step
        if me is None or facts is None:
            return
        self._thread = None
        code = self._run.codes[step]
        key = hash((me.thread_number, self._stood, code, self._value))
        known = facts.get(key)
        if known is not None:
            known.last = step
            return
        place = where.Place(self._code, self._instruction)
        facts[key] = Fact(me, self._operand.shown_name, place, code, step)
        self.newest = step
        if len(facts) > MOST_FACTS:
            self.facts = None
            self._run.recorder = self._other

    def value(self, value: object) -> None:
        """Note the value that the last step read or wrote."""
        self._value = seen(value)
        if self._other is not None:
            self._other.value(value)

    @property
    def other(self) -> Watch | None:
        """The recorder there is."""
        return self._other

    def stuck(self, run: "Turnstile") -> None:
        """Hand it on."""
        if self._other is not None:
            self._other.stuck(run)

    def made(self, operand: "Operand") -> None:
        """Hand it on."""
        if self._other is not None:
            self._other.made(operand)

    def failed(self) -> None:
        """Hand it on."""
        if self._other is not None:
            self._other.failed()

    def before(self, value: object) -> None:
        """Hand it on."""
        if self._other is not None:
            self._other.before(value)

    def expected(self, value: object) -> None:
        """Hand it on."""
        if self._other is not None:
            self._other.expected(value)

    def what(self, text: str) -> None:
        """Hand it on."""
        if self._other is not None:
            self._other.what(text)


def standing(frame: FrameType | None) -> tuple[CodeType, int, int]:
    """Return the place in the subject's code where a thread stands, and a hash of it and of the local variables."""
    found: list[object] = []
    innermost: tuple[CodeType, int] | None = None
    depth = 0
    while frame is not None and frame.f_code.co_name != CALLS_BODIES:
        code = frame.f_code
        depth += 1
        if depth <= DEEPEST and not code.co_filename.startswith(where.OWN):
            innermost = innermost or (code, frame.f_lasti)
            found += code.co_name, frame.f_lasti
            for name, value in frame.f_locals.items():
                found += name, value if type(value) in _PLAIN else seen(value)
        frame = frame.f_back
    code, instruction = innermost or (standing.__code__, 0)
    return code, instruction, hash((depth, *found))


def seen(value: object, *, inside: bool = False) -> object:
    """Return what can be seen of a value without running any code of the subject."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is float:
        return repr(value)  # one nan is like the other
    if kind in _SIZED:
        return len(value)  # type: ignore[arg-type]  # these have one
    if inside or kind.__module__ == "builtins" or isinstance(value, type):
        return None
    try:
        attributes = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return None
    return tuple((name, seen(held, inside=True)) for name, held in attributes.items())


def judge(run: "Turnstile") -> None:
    """Report the threads that go round, if that is all that an execution cut at max_steps does."""
    rounds = run.recorder
    if not isinstance(rounds, Rounds):
        return
    rounds.close()
    start = run.max_steps - (run.max_steps - watched_from(run.max_steps, DETECTED_BY)) // 2
    if rounds.facts is None or rounds.newest >= start:
        return
    facts = [fact for fact in rounds.facts.values() if fact.last >= start]
    going = [thread for thread in run.threads if any(fact.thread is thread for fact in facts)]
    left = [thread for thread in run.threads if thread.started and not thread.ended]
    blocked = [thread for thread in left if thread not in going]
    if all(thread.daemon for thread in left) or any(thread.ended for thread in going):
        return
    if all(fact.alone for fact in facts):
        return
    if not _again_and_again(run, start, Counter(fact.thread.thread_number for fact in facts)):
        return
    if any(thread.thread_number in run.enabled or _was_changed(run, thread, start) for thread in blocked):
        return
    run.found("livelock", *_told(going, blocked, facts, run.max_steps - start))


def _again_and_again(run: "Turnstile", start: int, facts: Counter[int]) -> bool:
    """Return whether the threads took steps in every part of what is judged, and each several times."""
    order = run.order[start:]
    size = len(order) // PARTS
    parts = [set(order[i * size : (i + 1) * size]) for i in range(PARTS)]
    return all(all(n in part for part in parts) and order.count(n) >= ROUNDS * m for n, m in facts.items())


def _was_changed(run: "Turnstile", thread: "ThreadState", start: int) -> bool:
    """Return whether what a blocked thread waits for was modified, so that it may have been able to go on."""
    objects = {thread.operand.number}
    lock = getattr(thread.operand, "lock_of_wait", None)
    if lock is not None:
        objects.add(lock.number)
    return any(code & MODIFIED and code >> 16 in objects for code in run.codes[start:]) or any(
        step >= start and number in objects for step, number in run.also
    )


def _told(
    going: "list[ThreadState]", blocked: "list[ThreadState]", facts: list[Fact], steps: int
) -> tuple[str, tuple[Side, ...]]:
    """Return the message and the sides: of each thread that goes round the step that says most of why."""
    telling = [min((fact for fact in facts if fact.thread is thread), key=Fact.telling) for thread in going]
    waiting = [f"{t.shown_name} waits for {NAMES[t.kind]} of {t.operand.shown_name}" for t in blocked]
    message = f"in the last {steps} steps everybody only went round: {'; '.join([*map(str, telling), *waiting])}"
    return message, tuple(
        Side(fact.thread.shown_name, fact.action, "" if fact.alone else fact.name, fact.last, fact.place)
        for fact in telling
    )
