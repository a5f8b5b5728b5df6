"""Which spinlocks a thread holds, and the finding when it may sleep meanwhile."""

import threading

from racer.engine import turnstile
from racer.engine.thread_state import ThreadState
from racer.sync.reporting import side, violation


class _Holds(threading.local):
    """The spinlocks that an OS thread holds in free mode."""

    def __init__(self) -> None:
        self.names: list[str] = []


_holds = _Holds()


def free_holds() -> list[str]:
    """Return the names of the spinlocks the calling thread holds outside controlled executions."""
    return _holds.names


def took(thread: ThreadState, name: str) -> None:
    """Take note that a controlled thread holds a spinlock."""
    if thread.spinlocks is None:
        thread.spinlocks = []
    thread.spinlocks.append(name)


def gave_back(thread: ThreadState, name: str) -> None:
    """Take note that a controlled thread's spinlock was released."""
    if thread.spinlocks and name in thread.spinlocks:
        thread.spinlocks.remove(name)


def may_sleep(what: str) -> None:
    """Say that the caller may sleep here: a finding `atomic-sleep` if it holds a SpinLock. No operation by itself."""
    run = turnstile.active()
    held = run.current.spinlocks if run is not None else _holds.names
    if held:
        locks = ", ".join(held)
        violation("atomic-sleep", f"{what} may sleep while {locks} is held", (side("sleep", what),))
