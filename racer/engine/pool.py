"""A pool of OS threads, all pinned to one CPU, that run the bodies of controlled threads.

Creating a thread for each body costs more than running it, and handing the turn over costs ten times as much across
CPUs as on one (measured: docs/design/hand-over.md).
"""

import os
import threading
from collections.abc import Callable
from typing import Any

from racer.core.errors import UsageError
from racer.engine.baton import Baton, make_baton

_SCHED_BATCH = getattr(os, "SCHED_BATCH", None)


class Worker:
    """One OS thread of the pool: waits for a body, runs it, waits for the next."""

    __slots__ = ("baton", "body", "ident", "native_id", "pool")

    def __init__(self, pool: "Pool", name: str, cpu: int | None) -> None:
        self.pool = pool
        self.baton: Baton = make_baton()
        self.body: Callable[[], None] | None = None
        thread = threading.Thread(target=self._serve, args=(cpu,), name=name, daemon=True)
        thread.start()
        self.ident = thread.ident or 0
        self.native_id = thread.native_id or 0

    def _serve(self, cpu: int | None) -> None:
        pin_this_thread(cpu)
        wait = self.baton.wait
        while True:
            wait()
            body, self.body = self.body, None
            if body is None:  # the pool was closed
                self.baton.close()
                return
            body()
            del body  # not to keep the execution alive until the next one


class Pool:
    """The workers of one process. `idle` is taken from and given back to by whoever has the turn."""

    def __init__(self, cpu: int | None) -> None:
        self.cpu = cpu
        self.idle: list[Worker] = []
        self._native_ids: dict[int, int] = {}

    def take(self) -> Worker:
        """Return an idle worker, making one if there is none."""
        if self.idle:
            return self.idle.pop()
        worker = Worker(self, f"racer-{len(self._native_ids)}", self.cpu)
        self._native_ids[worker.ident] = worker.native_id
        return worker

    def close(self) -> None:
        """End the idle workers."""
        while self.idle:
            self.idle.pop().baton.wake()

    def native_id_of(self, ident: int) -> int:
        """Return the kernel's number of a worker's OS thread, 0 if it is none of this pool's."""
        return self._native_ids.get(ident, 0)


def pin_this_thread(cpu: int | None) -> None:
    """Pin the calling OS thread to one CPU where the platform can; the policy helps only a lock baton."""
    if cpu is None or not hasattr(os, "sched_setaffinity"):
        return
    os.sched_setaffinity(0, {cpu})
    if not hasattr(os, "eventfd") and _SCHED_BATCH is not None:
        os.sched_setscheduler(0, _SCHED_BATCH, os.sched_param(0))


def allowed_cpus() -> list[int]:
    """Return the CPUs this process may run on, ascending (empty where the platform cannot tell)."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


_cpu_slot: int | None = None
_pool: Pool | None = None


def pin_to(slot: Any) -> None:
    """Let the controlled threads of this process run on the slot-th of the allowed CPUs (modulo their number).

    None leaves the choice to racer.
    """
    if slot is not None and (isinstance(slot, bool) or not isinstance(slot, int) or slot < 0):
        raise UsageError(f"pin_to takes a CPU's place, a whole number of at least 0, or None; got {slot!r}")
    global _cpu_slot
    _cpu_slot = slot
    if _pool is not None:
        _pool.close()
    discard()


def pool() -> Pool:
    """Return the pool of this process."""
    global _pool
    if _pool is None:
        cpus = allowed_cpus()
        slot = os.getpid() if _cpu_slot is None else _cpu_slot
        _pool = Pool(cpus[slot % len(cpus)] if cpus else None)
    return _pool


def discard() -> None:
    """Forget the pool: its threads are lost (a stall), or do not exist (in a forked child)."""
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=discard)
