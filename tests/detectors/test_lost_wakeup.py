"""lost-wakeup: a signal that came too early, or was taken back."""

import pytest

import racer
from tests.detectors.judged import Body, found, sides, together, told


def waits_without_looking() -> None:
    condition = racer.Condition(racer.Lock(), name="ready")

    def wait() -> None:
        with condition:
            condition.wait()  # without a loop around it that looks whether it has to

    def signal() -> None:
        with condition:
            condition.notify()

    together(wait, signal)


def notified_for_another() -> None:
    """The first notify is for a wait that is over; the second comes when nobody waits."""
    condition = racer.Condition(racer.Lock(), name="ready")
    begun = racer.Event()

    def signal() -> None:
        begun.wait()
        with condition:
            condition.notify_all()
            condition.notify_all()

    thread = racer.Thread(target=signal, name="t0")
    thread.start()
    with condition:
        begun.set()
        condition.wait()
    with condition:
        condition.wait()


def timed_out_before() -> None:
    condition = racer.Condition(racer.Lock(), name="ready")

    def signal() -> None:
        with condition:
            condition.notify()

    with condition:
        condition.wait(timeout=1)
    together(signal)
    with condition:
        condition.wait()


def nobody_can_have_the_lock() -> None:
    """Its lock is held by another for ever, too, but it was not woken anyhow."""
    lock = racer.Lock()
    condition = racer.Condition(lock, name="ready")
    begun = racer.Event()

    def wait() -> None:
        with condition:
            begun.set()
            condition.wait()

    with condition:
        condition.notify()
    racer.Thread(target=wait, name="t0").start()
    begun.wait()
    lock.acquire()


def cleared_too_early() -> None:
    event = racer.Event(name="ready")

    def wait() -> None:
        event.wait()

    def pulse() -> None:
        event.set()
        event.clear()

    together(wait, pulse)


LOST: dict[str, tuple[Body, list[str]]] = {
    "a condition": (
        waits_without_looking,
        ["t0 waits for ever for ready: t1 notified it before, when nobody waited"],
    ),
    "a condition, the second time": (
        notified_for_another,
        ["main waits for ever for ready: t0 notified it before, when nobody waited"],
    ),
    "a condition, after a wait that timed out": (
        timed_out_before,
        ["main waits for ever for ready: t0 notified it before, when nobody waited"],
    ),
    "a condition whose lock is held": (
        nobody_can_have_the_lock,
        ["t0 waits for ever for ready: main notified it before, when nobody waited"],
    ),
    "an event": (
        cleared_too_early,
        ["t0 waits for ever for ready: t1 set it, and t1 cleared it before t0 went on"],
    ),
}


@pytest.mark.parametrize("name", LOST)
def test_a_wakeup_that_got_lost_is_found(name: str) -> None:
    body, messages = LOST[name]
    assert told("lost-wakeup", body) == messages


def test_both_sides_are_told() -> None:
    (finding,) = found("lost-wakeup", waits_without_looking)
    assert sides(finding) == ["t1 notify ready in signal", "t0 wait ready in wait"]
    (finding,) = found("lost-wakeup", cleared_too_early)
    assert sides(finding) == [
        "t1 set ready in pulse",
        "t1 clear ready in pulse",
        "t0 event-wait ready in wait",
    ]


def looks_first() -> None:
    condition = racer.Condition(racer.Lock())
    ready = racer.Shared(False)

    def wait() -> None:
        with condition:
            condition.wait_for(lambda: ready.value)

    def signal() -> None:
        with condition:
            ready.value = True
            condition.notify()

    together(wait, signal)


def never_signalled() -> None:
    condition = racer.Condition(racer.Lock())
    with condition:
        condition.wait()


def woken_and_blocked() -> None:
    """The one is woken but never gets the lock: that is a deadlock, and no signal got lost."""
    lock = racer.Lock()
    condition = racer.Condition(lock)
    begun = racer.Event()

    def wait() -> None:
        with condition:
            begun.set()
            condition.wait()

    racer.Thread(target=wait, name="t0").start()
    begun.wait()
    with condition:
        condition.notify()
    lock.acquire()


def two_waiters_one_signal() -> None:
    condition = racer.Condition(racer.Lock())
    begun = racer.Semaphore(0)

    def wait() -> None:
        with condition:
            begun.release()
            condition.wait()

    for _ in range(2):
        racer.Thread(target=wait).start()
    for _ in range(2):
        begun.acquire()
    with condition:
        condition.notify()


def signal_for_one_before() -> None:
    """The notify woke the one who waited; who waits after that waits for another."""
    condition = racer.Condition(racer.Lock())
    begun = racer.Event()

    def wait() -> None:
        with condition:
            begun.set()
            condition.wait()

    thread = racer.Thread(target=wait, name="t0")
    thread.start()
    begun.wait()
    with condition:
        condition.notify()
    thread.join()
    with condition:
        condition.wait()


def nobody_is_to_be_woken() -> None:
    condition = racer.Condition(racer.Lock())
    begun = racer.Event()

    def wait() -> None:
        with condition:
            begun.set()
            condition.wait()

    racer.Thread(target=wait, name="t0").start()
    begun.wait()
    with condition:
        condition.notify(0)
        condition.notify(0)


def daemon_waits() -> None:
    condition = racer.Condition(racer.Lock())

    def wait() -> None:
        with condition:
            condition.wait()

    racer.Thread(target=wait, daemon=True).start()
    with condition:
        condition.notify()


def event_that_stays() -> None:
    event = racer.Event()
    together(event.wait, event.set)


def event_never_set() -> None:
    event = racer.Event()
    together(event.wait, event.clear)


def times_out() -> None:
    condition = racer.Condition(racer.Lock())

    def wait() -> None:
        with condition:
            condition.wait(timeout=1)

    def signal() -> None:
        with condition:
            condition.notify()

    together(wait, signal)


NOT_LOST: dict[str, Body] = {
    "who looks before it waits": looks_first,
    "a signal never given": never_signalled,
    "woken, and blocked by the lock": woken_and_blocked,
    "a signal for the other": two_waiters_one_signal,
    "a signal for one before": signal_for_one_before,
    "a signal for nobody": nobody_is_to_be_woken,
    "a daemon": daemon_waits,
    "an event that stays set": event_that_stays,
    "an event never set": event_never_set,
    "a wait that times out": times_out,
}


@pytest.mark.parametrize("name", NOT_LOST)
def test_what_was_not_lost_is_not_told(name: str) -> None:
    assert told("lost-wakeup", NOT_LOST[name]) == []
