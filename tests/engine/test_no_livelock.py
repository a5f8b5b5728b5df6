"""No livelocks: an execution that is merely long, or cut while somebody who could go on was kept from it."""

from collections.abc import Callable

import pytest

import racer
from tests.engine.test_livelock import LIMIT, kinds, livelock_of, lost_flag, ticks
from tests.engine.told import both

Body = Callable[[], object]


# -- it gets on ----------------------------------------------------------------------------------------------------


def counts() -> None:
    total = racer.Shared(0)

    def work() -> None:
        while True:
            total.value += 1

    both(work, work)


def writes_the_same_again_and_again() -> None:
    """Nothing shared ever changes; only the loop variable tells that there is an end."""
    cell = racer.Shared(0)

    def work() -> None:
        for _ in range(10**6):
            cell.value = 1
            racer.sleep(1)

    both(work, work)


def takes_a_lock_many_times() -> None:
    lock = racer.Lock()

    def work() -> None:
        left = 10**6
        while left:
            if lock.acquire(blocking=False):
                lock.release()
            left -= 1

    both(work, work)


def polls_with_patience() -> None:
    flag = racer.Shared(False)

    def wait() -> None:
        for _ in range(10**6):
            if flag.value:
                break
            racer.sleep(1)

    both(wait)


def fills_a_list() -> None:
    found: list[int] = []
    cell = racer.Shared(7)

    def work() -> None:
        while len(found) < 10**6:
            found.append(cell.value)

    both(work)


class Worker:
    def __init__(self) -> None:
        self.done = 0
        self.cell = racer.Shared(0)

    def run(self) -> None:
        while self.done < 10**6:
            self.cell.value = 5
            self.done += 1


def counts_in_an_attribute() -> None:
    both(Worker().run)


def waits_until_a_time() -> None:
    def wait() -> None:
        end = racer.time() + 10**6
        while (now := racer.time()) < end:
            assert now >= 0
            racer.sleep(1)

    both(wait)


def goes_deeper() -> None:
    cell = racer.Shared(0)

    def work() -> None:
        cell.value = 1
        work()

    both(work)


def lines(n: int) -> Callable[[racer.Shared[int]], None]:
    """Return a function of so many lines that are all alike."""
    made: dict[str, Callable[[racer.Shared[int]], None]] = {}
    exec("def work(cell):\n" + "    cell.value\n" * n, made)  # noqa: S102
    return made["work"]


def goes_straight_on() -> None:
    cell, work = racer.Shared(0), lines(2000)
    both(lambda: work(cell))


def has_long_rounds() -> None:
    """Nothing tells how often it has been round; but it was so only a few times."""
    cell, work = racer.Shared(0), lines(60)

    def again_and_again() -> None:
        for _ in [None] * 1000:
            work(cell)

    both(again_and_again)


def one_ends() -> None:
    """Nothing tells that b is nearer to its end; but it comes there."""
    flag = racer.Shared(False)

    def wait() -> None:
        while not flag.value:
            racer.sleep(1)

    def look() -> None:
        for _ in [None] * 288:
            flag.value  # noqa: B018

    both(wait, look)


def one_does_something_late() -> None:
    flag, other = racer.Shared(False), racer.Shared(0)

    def look() -> None:
        for _ in [None] * 260:
            flag.value  # noqa: B018
        other.value = 1
        while not flag.value:
            pass

    both(look, look)


def starts_threads() -> None:
    def work() -> None:
        for _ in range(10**6):
            thread = racer.Thread(target=racer.point)
            thread.start()
            thread.join()

    both(work)


def one_gets_on() -> None:
    """A waits all the time; but b, slowly, comes nearer to the end."""
    done = racer.Atomic(False)

    def wait() -> None:
        while not done.load():
            racer.sleep(1)

    def work() -> None:
        for _ in range(10**6):
            racer.point()
        done.store(True)

    both(wait, wait, wait, work)


def hands_over_numbers() -> None:
    """A queue of one place: both wait and are told in turn, and every message is another one."""
    place: racer.Shared[int | None] = racer.Shared(None)

    def put() -> None:
        for number in range(10**6):
            while place.value is not None:
                racer.sleep(1)
            place.value = number

    def take() -> None:
        while True:
            while place.value is None:
                racer.sleep(1)
            place.value = None

    both(put, take)


def looks_at_nothing() -> None:
    """An endless loop of its own: nobody could end it."""
    both(ticks, ticks)


def only_a_daemon() -> None:
    flag = racer.Shared(False)

    def wait() -> None:
        while not flag.value:
            racer.sleep(1)

    racer.Thread(target=wait, daemon=True).start()


LONG: tuple[Body, ...] = (
    counts, writes_the_same_again_and_again, takes_a_lock_many_times, polls_with_patience, fills_a_list,
    counts_in_an_attribute, waits_until_a_time, goes_deeper, goes_straight_on, has_long_rounds, one_ends,
    one_does_something_late, starts_threads, one_gets_on, hands_over_numbers, looks_at_nothing, only_a_daemon,
)  # fmt: skip


@pytest.mark.parametrize("strategy", ["random", "round-robin"])
@pytest.mark.parametrize("body", LONG, ids=lambda body: body.__name__)
def test_who_gets_on_is_in_no_livelock(body: Body, strategy: str) -> None:
    assert kinds(body, strategy=strategy) == ["step-limit"]


def test_a_loop_that_gets_on_after_long_is_in_none_even_if_nothing_was_new_for_long() -> None:
    """All that is judged is the end; it is what the beginning was not."""

    def late() -> None:
        flag = racer.Shared(False)

        def wait() -> None:
            while not flag.value:
                racer.sleep(1)
            for _ in range(10**6):
                racer.point()

        def work() -> None:
            for _ in range(170):
                racer.point()
            flag.value = True

        both(wait, work)

    assert kinds(late) == ["step-limit"]


# -- it is not fair ------------------------------------------------------------------------------------------------


class Never:
    """Round robin, but one thread takes only so many steps as long as there is another that can go on."""

    every_step = False
    text = "never"

    def __init__(self, thread: int, *, steps: int = 0) -> None:
        self._never = thread
        self._most = steps
        self._taken = 0

    def begin(self, seed: int) -> None:
        self._taken = 0

    def created(self, thread: int) -> None: ...

    def yielded(self, thread: int) -> None: ...

    def choose(self, n: int) -> int:
        return 0

    def pick(self, enabled: list[int], current: int) -> int:
        allowed = [thread for thread in enabled if thread != self._never or self._taken < self._most] or enabled
        chosen = next((thread for thread in allowed if thread > current), allowed[0])
        self._taken += chosen == self._never
        return chosen


def test_who_was_not_let_is_no_sign_of_a_livelock() -> None:
    assert kinds(lost_flag) == ["step-limit", "livelock"]
    for thread in (1, 2):
        assert kinds(lost_flag, strategy=Never(thread)) == ["step-limit"]


def test_nor_is_who_was_let_for_a_while_only() -> None:
    assert kinds(lost_flag, strategy=Never(2, steps=250)) == ["step-limit"]


def test_nor_is_who_could_have_gone_on_now_and_then() -> None:
    """C waits for a lock that a and b take and give back; it could have had it between."""

    def body() -> None:
        lock = racer.Lock()

        def spin() -> None:
            while True:
                lock.acquire()
                lock.release()

        both(spin, spin, lock.acquire)

    for limit in range(LIMIT, LIMIT + 4):  # free or taken at the cut
        assert kinds(body, strategy=Never(3, steps=1), max_steps=limit) == ["step-limit"]


def test_who_is_blocked_all_the_time_may_be() -> None:
    def body() -> None:
        lock, flag = racer.Lock(name="lock"), racer.Shared(False, name="flag")

        def spin() -> None:
            with lock:
                while not flag.value:
                    racer.sleep(1)

        def wait() -> None:
            racer.sleep(1)
            with lock:
                flag.value = True

        both(spin, wait)

    found = livelock_of(body)
    assert [side.thread for side in found.sides] == ["a"]
    assert found.message.endswith("a (read of flag); main waits for join of a; b waits for acquire of lock")


def test_too_short_an_end_is_not_judged() -> None:
    for limit in range(1, 30):
        assert kinds(lost_flag, max_steps=limit) == ["step-limit"]
