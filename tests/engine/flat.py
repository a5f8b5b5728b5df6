"""A flat model of concurrent programs: every interleaving by brute force, and the same program as a racer test body.

It shares no code with the engine, so that the two check each other.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import racer


class Op(NamedTuple):
    """What a thread is about to do: kind, the name of the object (a thread's number for start and join), a value."""

    kind: str
    on: str = ""
    value: Any = None


Steps = Generator[Op, Any, None]
ThreadFunction = Callable[[], Steps]


@dataclass(frozen=True)
class Program:
    """Threads by number (0 is main) and objects by name: what they are, and their initial value."""

    threads: tuple[ThreadFunction, ...]
    objects: Mapping[str, tuple[str, Any]]


def parallel(objects: Mapping[str, tuple[str, Any]], *threads: ThreadFunction) -> Program:
    """Main starts all threads and joins them."""

    def main() -> Steps:
        for number in range(1, len(threads) + 1):
            yield Op("start", str(number))
        for number in range(1, len(threads) + 1):
            yield Op("join", str(number))

    return Program((main, *threads), objects)


class Choice(NamedTuple):
    """Who executes the next step, and what it returns if that is a `choose`."""

    thread: int
    value: int = 0


Schedule = tuple[Choice, ...]


class Done(NamedTuple):
    """An executed operation: who, its place among the thread's own, what it touched (True: modified)."""

    thread: int
    place: int
    touched: tuple[tuple[str, bool], ...]
    decided: Any


READS = frozenset({"read", "load", "is_set", "wait", "await", "join", "alive", "locked", "leave"})


class Run:
    """One interleaving under way."""

    def __init__(self, program: Program) -> None:
        objects = program.objects.items()
        self.values: dict[str, Any] = {name: 0 if what == "barrier" else initial for name, (what, initial) in objects}
        self.waiters: dict[str, list[int]] = {name: [] for name in program.objects}
        self.notified: set[int] = set()
        self.timed: set[int] = set()
        self.rounds: dict[int, int] = {}
        self.generators = [function() for function in program.threads]
        self.pending = [Op("begin") for _ in program.threads]
        self.started = {0}
        self.ended: set[int] = set()
        self.counts = [0] * len(program.threads)
        self.done: list[Done] = []

    def enabled(self) -> list[int]:
        return [t for t in sorted(self.started - self.ended) if self._can_go(t)]

    def choices(self) -> list[Choice]:
        """Return all that can be chosen now: who goes on, and what a `choose` returns."""
        found = []
        for thread in self.enabled():
            op = self.pending[thread]
            found += [Choice(thread, value) for value in range(op.value if op.kind == "choose" else 1)]
        return found

    def _can_go(self, thread: int) -> bool:
        op = self.pending[thread]
        now: Any = self.values.get(op.on)
        match op.kind:
            case "acquire":
                return now is None
            case "sem_acquire":
                return bool(now)
            case "wait":
                return bool(now)
            case "await":
                return bool(now == op.value)
            case "reacquire":
                return self.values[f"{op.on}.lock"] is None and thread in self.notified | self.timed
            case "leave":
                return bool(now >= self.rounds[thread])
            case "join":
                return int(op.on) in self.ended
        return True

    def step(self, thread: int, value: int = 0) -> None:
        """Execute the thread's pending operation and go on to its next; `value` is what a `choose` returns."""
        op = self.pending[thread]
        result, touched = (value, ()) if op.kind == "choose" else self._execute(thread, op)
        try:
            if op.kind == "begin":
                self.pending[thread] = next(self.generators[thread])
            elif op.kind in {"cwait", "ctwait"}:
                self.pending[thread] = Op("reacquire", op.on)
            elif op.kind == "bwait":
                self.pending[thread] = Op("leave", op.on)
            else:
                self.pending[thread] = self.generators[thread].send(result)
        except StopIteration:
            self.ended.add(thread)
            touched = (*touched, (f"thread {thread}", True))
        decided = result if op.kind == "choose" else None
        self.done.append(Done(thread, self.counts[thread], touched, decided))
        self.counts[thread] += 1

    def _execute(self, thread: int, op: Op) -> tuple[Any, tuple[tuple[str, bool], ...]]:
        """Execute an operation; return its result, and what it touched."""
        kind, on, value = op
        if kind in {"begin", "point", "sleep"}:
            return None, ()
        if kind == "start":
            self.started.add(int(on))
            return None, ((f"thread {on}", True),)
        if kind in {"join", "alive"}:
            return int(on) in self.started - self.ended, ((f"thread {on}", False),)
        if kind in {"cwait", "ctwait", "reacquire", "notify"}:
            return self._condition(thread, op)
        now: Any = self.values[on]
        if kind == "bwait":  # arrive; it may leave once its round of `value` threads is full
            self.rounds[thread] = (now // value + 1) * value
        if kind in READS:
            return now, ((on, False),)
        if (kind == "try" and now is not None) or (kind == "cas" and now != value[0]):
            return False, ((on, False),)
        after: Mapping[str, Callable[[], Any]] = {
            "bwait": lambda: now + 1,
            "write": lambda: value,
            "store": lambda: value,
            "add": lambda: now + value,
            "cas": lambda: value[1],
            "acquire": lambda: thread,
            "try": lambda: thread,
            "release": lambda: None,
            "sem_acquire": lambda: now - 1,
            "sem_release": lambda: now + 1,
            "set": lambda: True,
            "clear": lambda: False,
        }
        self.values[on] = after[kind]()
        return True if kind in {"try", "cas"} else now, ((on, True),)

    def _condition(self, thread: int, op: Op) -> tuple[Any, tuple[tuple[str, bool], ...]]:
        kind, on, value = op
        if kind == "notify":
            self.notified |= set(self.waiters[on][:value])
            del self.waiters[on][:value]
            return None, ((on, True),)
        if kind != "reacquire":
            self.waiters[on].append(thread)
            self.notified.discard(thread)
            if kind == "ctwait":
                self.timed.add(thread)
            self.values[f"{on}.lock"] = None
        else:
            self.timed.discard(thread)
            if thread not in self.notified:
                self.waiters[on].remove(thread)
            self.values[f"{on}.lock"] = thread
        return thread in self.notified, ((on, True), (f"{on}.lock", True))

    def key(self) -> object:
        """What all interleavings of one happens-before class have in common."""
        orders: dict[str, list[Any]] = {}
        for event in self.done:
            for on, modified in event.touched:
                order = orders.setdefault(on, [])
                if modified:
                    order.append((event.thread, event.place))
                elif order and isinstance(order[-1], frozenset):
                    order[-1] |= {(event.thread, event.place)}
                else:
                    order.append(frozenset({(event.thread, event.place)}))
        chosen = tuple(sorted((e.thread, e.place, e.decided) for e in self.done if e.decided is not None))
        return tuple(self.counts), tuple((on, tuple(order)) for on, order in sorted(orders.items())), chosen


def replayed(program: Program, schedule: Schedule) -> Run:
    """Return the run after the steps of a schedule."""
    run = Run(program)
    for choice in schedule:
        run.step(*choice)
    return run


@dataclass
class Ending:
    """A class of complete interleavings: one schedule of it, whether it ends in deadlock, a random walk's share."""

    schedule: Schedule
    deadlock: bool
    share: float
    values: dict[str, Any] = field(default_factory=dict)


def endings(program: Program) -> list[Ending]:
    """Return every happens-before class of the program, each once, with its exact probability in a random walk."""
    layer: dict[object, tuple[Schedule, float]] = {(): ((), 1.0)}
    found: dict[object, Ending] = {}
    while layer:
        following: dict[object, tuple[Schedule, float]] = {}
        for key, (schedule, share) in layer.items():
            run = replayed(program, schedule)
            enabled = run.enabled()
            if not enabled:
                known = found.setdefault(key, Ending(schedule, bool(run.started - run.ended), 0.0, run.values))
                known.share += share
            for choice in run.choices():
                after = replayed(program, schedule)
                after.step(*choice)
                values = sum(other.thread == choice.thread for other in run.choices())
                first, so_far = following.get(after.key(), ((*schedule, choice), 0.0))
                following[after.key()] = (first, so_far + share / len(enabled) / values)
        layer = following
    return list(found.values())


# -- the same program under racer ------------------------------------------------------------------------------------


def made(what: str, initial: Any, name: str, objects: dict[str, Any]) -> Any:
    match what:
        case "shared":
            return racer.Shared(initial, name=name)
        case "atomic":
            return racer.Atomic(initial, name=name)
        case "lock":
            return racer.Lock(name=name)
        case "semaphore":
            return racer.Semaphore(initial, name=name)
        case "event":
            return racer.Event(name=name)
        case "barrier":
            return racer.Barrier(initial, name=name)
        case "condition":
            return racer.Condition(objects[f"{name}.lock"], name=name)
    raise AssertionError(what)


METHODS = {"sem_acquire": "acquire", "sem_release": "release", "cwait": "wait"}


def performed(op: Op, objects: dict[str, Any], threads: list[racer.Thread | None]) -> Any:
    """Perform an operation of the model on racer's objects."""
    lone: dict[str, Callable[[], Any]] = {
        "point": racer.point, "sleep": partial(racer.sleep, 1), "choose": partial(racer.choose, op.value)
    }  # fmt: skip
    if op.kind in lone:
        return lone[op.kind]()
    if op.kind in {"start", "join", "alive"}:
        thread = threads[int(op.on)]
        assert thread is not None
        return {"start": thread.start, "join": thread.join, "alive": thread.is_alive}[op.kind]()
    on, value = objects[op.on], op.value
    ways: dict[str, Callable[[], Any]] = {
        "read": lambda: on.value,
        "write": lambda: setattr(on, "value", value),
        "cas": lambda: on.compare_exchange(*value),
        "await": lambda: on.wait(lambda now: now == value),
        "try": lambda: on.acquire(blocking=False),
        "ctwait": lambda: on.wait(timeout=1),
        "bwait": partial(getattr(on, "wait", print)),
    }
    if op.kind in ways:
        return ways[op.kind]()
    method = getattr(on, METHODS.get(op.kind, op.kind))
    return method() if value is None else method(value)


def body(program: Program, judge: Callable[[Callable[[str], Any]], None] | None = None) -> Callable[[], None]:
    """Return the program as a test body; `judge` is called at main's end with a function that reads an object."""

    def drive(number: int, objects: dict[str, Any], threads: list[racer.Thread | None]) -> None:
        steps = program.threads[number]()
        result: Any = None
        try:
            op = next(steps)
            while True:
                result = performed(op, objects, threads)
                op = steps.send(result)
        except StopIteration:
            return

    def test() -> None:
        objects: dict[str, Any] = {}
        for name, (what, initial) in sorted(program.objects.items(), reverse=True):  # c.lock comes before c
            objects[name] = made(what, initial, name, objects)
        threads: list[racer.Thread | None] = [None]
        for number in range(1, len(program.threads)):
            threads.append(racer.Thread(target=partial(drive, number, objects, threads), name=f"t{number}"))
        drive(0, objects, threads)
        if judge is not None:
            judge(lambda name: objects[name].value)

    return test


def repeated(operations: list[Op]) -> ThreadFunction:
    """A thread that performs the operations, and releases a lock only if its `try` of it succeeded."""

    def steps() -> Steps:
        held: dict[str, bool] = {}
        for op in operations:
            if op.kind == "release" and not held.get(op.on, True):
                continue
            result = yield op
            if op.kind == "try":
                held[op.on] = bool(result)

    return steps
