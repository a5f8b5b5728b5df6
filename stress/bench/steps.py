"""What one step costs: with a hand-over, without one, and as an access in free mode."""

from collections.abc import Callable

import racer
from racer.core.rng import SplitMix64
from racer.engine.baton import lock_baton
from stress.bench.bare import ping_pong
from stress.bench.measure import Effort, Laps, Sample, interleaved, timed
from stress.bench.row import Row, at_most, cost, row, times_at_most

PING_PONG = "bare ping-pong"
OVER_LOCKS = "over locks"
TURNS = "turns"
STEPS = 500
ROUNDS_OF_TWO = 100

Body = Callable[[], None]


class Stay:
    """A strategy that goes on with the current thread while it can, and pays for a draw as the random walk does."""

    every_step = False
    text = "stay"

    def begin(self, seed: int) -> None:
        """Prepare for an execution."""
        self._below = SplitMix64(seed).below

    def created(self, thread: int) -> None:
        """Take note of a thread."""

    def pick(self, enabled: list[int], current: int) -> int:
        """Return the current thread if it is enabled."""
        drawn = enabled[self._below(len(enabled))]
        return current if current in enabled else drawn

    def choose(self, n: int) -> int:
        """Return the result of a choice."""
        return self._below(n)

    def yielded(self, thread: int) -> None:
        """Take note of a thread that waits for time to pass."""


def hand_over_rows(effort: Effort) -> list[Row]:
    """Time the hand-over: two threads that take turns at points, against two that do nothing else."""
    executions = effort.of(200)

    def turns() -> Sample:
        laps = Laps(2 * ROUNDS_OF_TWO)
        racer.explore(lambda: take_turns(laps), strategy="round-robin", executions=executions)
        return laps.typical()

    hand_overs = effort.of(40_000)
    works = {
        TURNS: turns,
        PING_PONG: lambda: timed(lambda: ping_pong(hand_overs)),
        OVER_LOCKS: lambda: timed(lambda: ping_pong(hand_overs, lock_baton)),
    }
    samples = interleaved(works, effort.rounds)
    return [
        row(
            "hand-over",
            what,
            "ns",
            samples[name],
            read=cost,
            demand=demand,
            reference=PING_PONG,
            beside=samples[PING_PONG],
        )
        for name, what, demand in (
            (TURNS, "two threads taking turns, one point a step", times_at_most(2)),
            (OVER_LOCKS, "for comparison: the ping-pong over locks", None),
        )
    ]


def take_turns(laps: Laps) -> None:
    """Let two threads take turns; start and end of the threads are part of the lap."""

    def walk() -> None:
        for _ in range(ROUNDS_OF_TWO):
            racer.point()

    threads = [racer.Thread(target=walk) for _ in range(2)]
    with laps:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


class Record:
    """An object with a field."""

    field = racer.field(0)


def step_rows(effort: Effort) -> list[Row]:
    """Time steps after which the same thread goes on: alone, and where another could have been chosen."""
    works = {
        f"{name}, {'chosen of two' if beside else 'alone'}": stays(body, effort.of(200), beside=beside)
        for name, body in ACCESSES.items()
        for beside in (False, True)
    }
    samples = interleaved(works, effort.rounds)
    return [row("step", name, "ns", samples[name], read=cost, demand=at_most(1000)) for name in works]


def stays(access: "Access", executions: int, *, beside: bool) -> Callable[[], Sample]:
    """Return the work of timing one kind of access in controlled executions, with another thread enabled or not."""

    def work() -> Sample:
        laps = Laps(STEPS)

        def body() -> None:
            loop = access()
            other = racer.Thread(target=racer.point)
            if beside:
                other.start()
            with laps:
                loop()

        racer.explore(body, strategy=Stay(), executions=executions)
        return laps.typical()

    return work


Access = Callable[[], Body]


def reads() -> Body:
    """Return a loop of reads of a new variable."""
    shared = racer.Shared(0)

    def loop() -> None:
        for _ in range(STEPS):
            _ = shared.value

    return loop


def writes() -> Body:
    """Return a loop of writes."""
    shared = racer.Shared(0)

    def loop() -> None:
        for number in range(STEPS):
            shared.value = number

    return loop


def field_reads() -> Body:
    """Return a loop of reads of a field."""
    record = Record()

    def loop() -> None:
        for _ in range(STEPS):
            _ = record.field

    return loop


def field_writes() -> Body:
    """Return a loop of writes of a field."""
    record = Record()

    def loop() -> None:
        for number in range(STEPS):
            record.field = number

    return loop


def locks() -> Body:
    """Return a loop of acquires and releases, half as many of each."""
    lock = racer.Lock()

    def loop() -> None:
        for _ in range(STEPS // 2):
            with lock:
                pass

    return loop


ACCESSES: dict[str, Access] = {
    "Shared read": reads,
    "Shared write": writes,
    "field read": field_reads,
    "field write": field_writes,
    "Lock acquire or release": locks,
}


def free_rows(effort: Effort) -> list[Row]:
    """Time the same accesses in free mode without noise."""
    works = {name: runs_free(access, effort.of(200)) for name, access in ACCESSES.items()}
    samples = interleaved(works, effort.rounds)
    return [row("free-access", name, "ns", samples[name], read=cost, demand=at_most(500)) for name in works]


def runs_free(access: Access, laps_each: int) -> Callable[[], Sample]:
    """Return the work of timing one kind of access in a free run."""

    def work() -> Sample:
        laps = Laps(STEPS)

        def body() -> None:
            loop = access()
            for _ in range(laps_each):
                with laps:
                    loop()

        racer.run_free(body, seconds=0.001, noise=False)
        return laps.typical()

    return work
