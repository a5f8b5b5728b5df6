"""Small programs on which tools of this kind once gave a wrong answer, each with the number of its interleavings."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.engine.flat import Op, Program, Steps, ThreadFunction, parallel, repeated
from tests.engine.programs import never_unlocked


class Pitfall(NamedTuple):
    """A program, how many happens-before classes it has, and how many of them are deadlocks.

    `number` is the row of coverage.py. `exact` says that no execution may be cut off or repeat a class.
    """

    number: int
    program: Program
    classes: int
    deadlocks: int = 0
    exact: bool = True


def shared(*names: str) -> dict[str, tuple[str, Any]]:
    return dict.fromkeys(names, ("shared", 0))


def atomic(*names: str) -> dict[str, tuple[str, Any]]:
    return dict.fromkeys(names, ("atomic", 0))


def locks(*names: str) -> dict[str, tuple[str, Any]]:
    return dict.fromkeys(names, ("lock", None))


def read(name: str) -> Op:
    return Op("read", name)


def write(name: str, value: int = 1) -> Op:
    return Op("write", name, value)


def load(name: str) -> Op:
    return Op("load", name)


def store(name: str, value: int = 1) -> Op:
    return Op("store", name, value)


def thread(*operations: Op) -> ThreadFunction:
    return repeated(list(operations))


def section(lock: str, *within: Op) -> list[Op]:
    return [Op("acquire", lock), *within, Op("release", lock)]


def attempt(lock: str) -> ThreadFunction:
    return thread(Op("try", lock), Op("release", lock))


def beside(
    objects: Mapping[str, tuple[str, Any]], main: list[Op], *threads: ThreadFunction, joined: bool = True
) -> Program:
    """Main starts the threads, performs operations of its own, and joins them."""
    numbers = [str(number) for number in range(1, len(threads) + 1)]
    starts, joins = ([Op(kind, number) for number in numbers] for kind in ("start", "join"))
    return Program((thread(*starts, *main, *(joins if joined else [])), *threads), objects)


def only_if(first: Op, then: Op, *, seen: bool = True) -> ThreadFunction:
    """A thread that performs its second operation only if the first saw something (not: nothing)."""

    def steps() -> Steps:
        if bool((yield first)) is seen:
            yield then

    return steps


# -- what fails, and what the last access hides ------------------------------------------------------------------------


def tries(locking: int, trying: int) -> Program:
    """Nidhugg's Mutex_trylock_2 has two threads that lock and one that tries; the other way round there are more."""
    return parallel(locks("l"), *[thread(*section("l"))] * locking, *[attempt("l")] * trying)


def loaded_stored_exchanged() -> list[ThreadFunction]:
    return [thread(load("x")), thread(store("x")), thread(Op("cas", "x", (1, 2)))]


def looked_at() -> Program:
    """A trylock in front of another's is a modification, and who looks at the lock is no longer independent of it."""
    look = thread(Op("locked", "l"))
    return parallel(locks("l"), look, look, thread(Op("try", "l")), attempt("l"))


def stairs(*pairs: tuple[int, int]) -> Program:
    """Each thread's compare-exchange succeeds only if another's has."""
    return parallel(atomic("x"), *[thread(Op("cas", "x", pair)) for pair in pairs])


def key_and_value(*more: Op) -> Program:
    """A writer sets two cells and clears them again, a reader looks at both. What else the writer reads is its own."""
    writer = thread(store("k"), store("v"), store("v", 0), *more, store("k", 0))
    return parallel(atomic("k", "v"), writer, thread(load("v"), load("k")))


def first_a_load() -> Program:
    return beside(atomic("a"), [load("a")], thread(load("a"), store("a")))


def writers(n: int) -> Program:
    return parallel(shared("x"), *[thread(write("x", i)) for i in range(n)])


# -- threads that never go on ------------------------------------------------------------------------------------------


def broken_exclusion() -> Program:
    """Both may find the door open, or one of them finds it closed and waits for ever."""
    enter = thread(Op("await", "door", 0), store("door"))
    return parallel(atomic("door"), enter, enter)


def holder_ends() -> Program:
    """A thread ends with the lock; the other may be left blocked, and what it would have written is missing."""
    waits = thread(*section("m"), write("y"))
    keeps = thread(*section("m"), Op("acquire", "m"))
    return beside(shared("y") | locks("m"), [write("y")], thread(write("y")), waits, keeps, joined=False)


# -- initials, and sequences cut too short -----------------------------------------------------------------------------


def one_of_two_windows() -> Program:
    """The third thread succeeds only between two writes of the second, and before the first's second one."""

    def looks() -> Steps:
        if (yield load("c")) == 2 and (yield load("b")) == 0:
            yield store("ok")

    return parallel(
        atomic("a", "b", "c", "ok"),
        thread(store("a"), store("b")),
        thread(store("c", 1), store("c", 2), store("c", 3), store("b", 2)),
        looks,
    )


def different_dependencies() -> Program:
    """Two readers look at x only if another cell was set: what the second does belongs to a reversal of the first."""
    setters = [thread(write(name)) for name in "xyz"]
    return parallel(shared("x", "y", "z"), *setters, only_if(read("z"), read("x")), only_if(read("y"), read("x")))


def many_initials() -> Program:
    def looks() -> Steps:
        y = yield read("y")
        z = yield read("z")
        if y and z:
            yield read("x")

    return parallel(shared("x", "y", "z"), *[thread(write(name)) for name in "xyz"], looks)


def sleepers_woken() -> Program:
    """The example by which the paper on wakeup trees shows that sleep sets alone run into what is covered."""

    def last() -> Steps:
        if (yield read("z")) and not (yield read("y")):
            yield write("x", 2)

    setters = [thread(write(name)) for name in "xy"]
    return parallel(shared("x", "y", "z"), *setters, only_if(read("y"), write("z"), seen=False), last)


def read_as_it_was() -> Program:
    """A race found in one execution has to be looked at again in another, where other steps surround it."""
    twice = thread(write("y"), write("y"))
    seeing = only_if(read("y"), write("x"))
    return beside(shared("x", "y"), [write("x")], thread(read("x")), twice, seeing, joined=False)


def seen_locked() -> Program:
    seeing = only_if(Op("locked", "l"), write("y", 2))
    objects = shared("y") | locks("l")
    return beside(objects, [write("y")], thread(read("y")), thread(*section("l")), seeing, joined=False)


# -- what counts as one ------------------------------------------------------------------------------------------------


def write_read(n: int) -> Program:
    """A writer, and n that write and read. In order of the writes, the k-th of m has its read in m + 1 - k places."""
    return parallel(shared("x"), thread(write("x")), *[thread(write("x"), read("x"))] * n)


def conditional_readers() -> Program:
    def reader() -> Steps:
        if (yield read("y")) == 0:
            yield read("x")
            yield write("y")

    return parallel(shared("x", "y"), thread(write("x")), reader, reader)


def two_writers_two_readers() -> Program:
    """CoRR2: two writes, and two threads that read twice; 2 orders of the writes, 6 places of each pair of reads."""
    twice = thread(read("x"), read("x"))
    return parallel(shared("x"), thread(write("x", 1)), thread(write("x", 2)), twice, twice)


def philosophers(n: int, *, ordered: bool = False) -> Program:
    """Each takes the fork to the left first; ordered: the last one takes the other first."""

    def dines(i: int) -> ThreadFunction:
        left, right = f"f{i}", f"f{(i + 1) % n}"
        if ordered and i == n - 1:
            left, right = right, left
        return thread(*section(left, *section(right)))

    return parallel(locks(*[f"f{i}" for i in range(n)]), *[dines(i) for i in range(n)])


def sections(threads: int, each: int) -> Program:
    return parallel(locks("l"), *[thread(*section("l") * each)] * threads)


PITFALLS: dict[str, Pitfall] = {
    "a trylock between two locks": Pitfall(1, tries(2, 1), 10),
    "two trylocks and a lock": Pitfall(1, tries(1, 2), 15),
    "three trylocks": Pitfall(1, tries(0, 3), 21),
    "load, store, compare-exchange": Pitfall(1, parallel(atomic("x"), *loaded_stored_exchanged()), 5),
    "a lock that is looked at": Pitfall(1, looked_at(), 29),
    "two steps up": Pitfall(1, stairs((0, 1), (1, 2), (0, 1), (1, 2)), 18),
    "up and down": Pitfall(1, stairs((0, 1), (1, 2), (0, 1), (1, 0)), 20),
    "a load before the store": Pitfall(2, first_a_load(), 2),
    "key and value": Pitfall(2, key_and_value(), 7),
    "key and value, with a load": Pitfall(2, key_and_value(load("k")), 7),
    "three stores, one of main": Pitfall(2, beside(atomic("x"), [store("x", 0)], *[thread(store("x"))] * 2), 6),
    "four writers": Pitfall(2, writers(4), 24),
    "three never unlock": Pitfall(4, never_unlocked(3), 3, 3),
    "broken exclusion": Pitfall(4, broken_exclusion(), 4, 2, exact=False),
    "the holder ends": Pitfall(4, holder_ends(), 14, 2),
    "one of two windows": Pitfall(5, one_of_two_windows(), 12),
    "different dependencies": Pitfall(5, different_dependencies(), 9),
    "many initials": Pitfall(5, many_initials(), 5),
    "sleepers woken": Pitfall(5, sleepers_woken(), 5),
    "only readers": Pitfall(5, parallel(shared("x"), *[thread(read("x"), read("x"))] * 4), 1),
    "read as it was": Pitfall(5, read_as_it_was(), 14),
    "seen locked": Pitfall(5, seen_locked(), 10),
    "a writer, two that write and read": Pitfall(16, write_read(2), 22),
    "conditional readers": Pitfall(16, conditional_readers(), 12),
    "two writers, two readers": Pitfall(16, two_writers_two_readers(), 72),
    "two philosophers": Pitfall(3, philosophers(2), 3, 1),
    "three philosophers": Pitfall(3, philosophers(3), 7, 1),
    "three philosophers, ordered": Pitfall(3, philosophers(3, ordered=True), 6),
    "two threads lock twice": Pitfall(3, sections(2, 2), 6),
    "three threads lock twice": Pitfall(3, sections(3, 2), 90),
}
