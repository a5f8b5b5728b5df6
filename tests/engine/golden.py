"""What is committed of executions: digests of programs under strategies. Runs without pytest, under any interpreter.

As a command it prints the digests (with --lock: with the baton over a lock); what it prints is golden.json. Where that
changes, every seed and schedule that anybody keeps changes its meaning: CHANGELOG.md has to say so.
"""

import json
import sys
from collections.abc import Callable

import racer
from racer.engine import pool
from racer.engine.baton import lock_baton
from tests.engine.flat import body
from tests.engine.programs import KNOWN
from tests.engine.told import both

STRATEGIES = ("random", "pct:3,k=50", "round-robin", "pos", "surw:none", "surw", "portfolio")
EXECUTIONS = 25


class Box:
    n = racer.field(0)
    m = racer.field(0, marked=True)


def every_primitive() -> None:
    box, shared, atomic = Box(), racer.Shared(0), racer.Atomic(0)
    lock, rlock, spin = racer.Lock(), racer.RLock(), racer.SpinLock()
    condition, event, semaphore = racer.Condition(), racer.Event(), racer.Semaphore(1)
    barrier, resource = racer.Barrier(2, action=racer.point), racer.Resource()

    def one() -> None:
        with lock, rlock, rlock:
            box.n += 1
            shared.value = box.n
        with condition:
            condition.wait(timeout=1)
        event.set()
        barrier.wait()
        atomic.wait(lambda v: v >= 1)
        resource.write("a")

    def two() -> None:
        with spin, semaphore:
            box.m = racer.choose(5)
        with condition:
            condition.notify_all()
        event.wait(timeout=2)
        barrier.wait()
        if not atomic.compare_exchange(0, 7):
            racer.sleep(1)
        resource.read("b")
        if lock.acquire(blocking=False):
            lock.release()
        resource.atomically("c", int)

    both(one, two)
    event.clear()
    atomic.update(lambda v: v + 1)
    atomic.exchange(atomic.add(1))
    if shared.value != box.n:  # no assert: python -O would leave out its operations
        raise ValueError
    racer.point("end")


def unstructured() -> None:
    """Daemons, threads made by threads, deadlocks and exceptions, violations, many choices."""
    depth = racer.choose(3)
    lock = racer.Lock()

    def grow(level: int) -> None:
        racer.choose(100)
        child = racer.Thread(target=grow, args=(level - 1,), daemon=level % 2 == 0) if level else None
        if child is not None:
            child.start()
        lock.acquire(timeout=1)
        if level == 2 and racer.choose(2):
            raise ValueError("left with the lock")
        if child is not None and racer.choose(2):
            child.join()
        racer.violation("level", f"{level}", sides=(racer.side("at"),))

    threads = [racer.Thread(target=grow, args=(depth,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    lock.acquire()
    racer.sleep(racer.choose(10))


def endless() -> None:
    shared = racer.Shared(0)

    def work() -> None:
        while True:
            shared.value += 1

    both(work, work)


def busy() -> None:
    """Sixteen threads with names, and choices beyond 32 bits."""
    total, barrier = racer.Atomic(0), racer.Barrier(16)

    def work() -> None:
        barrier.wait()
        total.add(racer.choose(1 << 40))

    threads = [racer.Thread(target=work, name=f"worker {i}") for i in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def waits_in_vain() -> None:
    """Loops that wait, with a yield and without, for what never comes."""
    flag, word, lock = racer.Shared(False), racer.Atomic(0), racer.Lock()
    event = racer.Event()

    def asleep() -> None:
        while not flag.value:
            racer.sleep(1)

    def awake() -> None:
        tries = [0, 0]
        while not word.compare_exchange(1, 0):
            tries[0] = 1 - tries[0]
            if lock.acquire(blocking=False):
                lock.release()

    def patient() -> None:
        for _ in range(3):
            if event.wait(timeout=1):
                return
        with lock:
            while not event.wait(timeout=1):
                pass

    both(asleep, awake, patient)


PROGRAMS: dict[str, Callable[[], object]] = {
    **{name: body(KNOWN[name].program) for name in (
        "inc(3)", "lockinc(3)", "abba", "last zero (3)", "two waiters", "awaited", "event taken back",
        "load, store, compare-exchange", "started by threads",
    )},
    "every primitive": every_primitive,
    "unstructured": unstructured,
    "endless": endless,
    "busy": busy,
    "waits in vain": waits_in_vain,
}  # fmt: skip
VERIFIED = ("inc(3)", "abba", "two waiters", "awaited")


def digests() -> dict[str, str]:
    """Return the digest of the last of some executions of each program under each strategy."""
    found = {}
    for name, program in PROGRAMS.items():
        for strategy in STRATEGIES:
            result = racer.explore(
                program, strategy=strategy, executions=EXECUTIONS, seed=2012, keep_going=True, max_steps=300
            )
            classes = f"{result.interleavings} {result.failed} {result.steps}"
            found[f"{name} / {strategy}"] = f"{result.digest} {classes}"
    for name in VERIFIED:
        result = racer.verify(PROGRAMS[name], keep_going=True)
        found[f"{name} / verify"] = f"{result.digest} {result.interleavings} {result.failed} {result.steps}"
    return found


def main() -> None:
    """Print the digests as JSON."""
    if "--lock" in sys.argv:
        vars(pool)["make_baton"] = lock_baton
    sys.stdout.write(json.dumps(digests(), indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
