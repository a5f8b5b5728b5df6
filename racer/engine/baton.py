"""How one OS thread wakes another: an eventfd, or a lock where the platform has none."""

import os
import threading
from collections.abc import Callable
from functools import partial
from typing import NamedTuple


class Baton(NamedTuple):
    """A place for one thread to wait at: `wake()` lets it go on once, `wait()` blocks until woken.

    A wake before the wait is not lost. Both are C callables, since a hand-over stands in nearly every step. `close`
    gives back what the platform lent.
    """

    wake: Callable[[], object]
    wait: Callable[[], object]
    close: Callable[[], object]


def eventfd_baton() -> Baton:
    """Return a baton over an eventfd: it gives up the GIL while it wakes, so the woken thread finds it free."""
    fd = os.eventfd(0, os.EFD_CLOEXEC)
    return Baton(partial(os.eventfd_write, fd, 1), partial(os.eventfd_read, fd), partial(os.close, fd))


def lock_baton() -> Baton:
    """Return a baton over a lock: works everywhere, at about twice the cost."""
    lock = threading.Lock()
    lock.acquire()
    return Baton(lock.release, lock.acquire, lambda: None)


make_baton: Callable[[], Baton] = eventfd_baton if hasattr(os, "eventfd") else lock_baton
