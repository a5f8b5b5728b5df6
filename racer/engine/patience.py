"""How long to wait for a thread that comes to no operation: while it sleeps or computes, not while it gets no CPU."""

import os
from pathlib import Path
from typing import NamedTuple

_CAP = 20
_STATE, _USER, _SYSTEM = 0, 11, 12
"""Where state and CPU times stand in /proc/.../stat, counted after the thread's name."""


class Activity(NamedTuple):
    """What the kernel says of a thread: whether it could run, and the CPU time it has had, in seconds."""

    runnable: bool
    cpu: float


def activity_of(native_id: int) -> Activity | None:
    """Return what a thread of this process is doing; None where the platform does not tell."""
    try:
        text = Path(f"/proc/self/task/{native_id}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    ticks = os.sysconf("SC_CLK_TCK")
    return Activity(fields[_STATE] == "R", (int(fields[_USER]) + int(fields[_SYSTEM])) / ticks)


class Patience:
    """Runs out when a thread has slept or computed for `limit` seconds since the last step.

    A thread that is runnable and gets no CPU, on a machine with too much to do, is not to blame: it is waited for
    twenty times as long.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._seen: object = None
        self._since = self._last = 0.0
        self._asleep = 0.0
        self._cpu: float | None = None

    def out(self, beat: object, now: float, native_id: int) -> bool:
        """Return whether it has run out; called every few milliseconds. `beat` changes with every step."""
        if beat != self._seen:
            self._seen, self._since, self._last = beat, now, now
            self._asleep, self._cpu = 0.0, None
            return False
        activity = activity_of(native_id)
        if activity is None:
            return now - self._since > self._limit
        if self._cpu is None:
            self._cpu = activity.cpu
        if not activity.runnable:
            self._asleep += now - self._last
        self._last = now
        spent = self._asleep + activity.cpu - self._cpu
        return spent > self._limit or now - self._since > _CAP * self._limit
