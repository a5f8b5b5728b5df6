"""The same work in several forked processes, one to a CPU, with shared counters for progress."""

import mmap
import os
import pickle
import signal
import sys
import time
import warnings
from collections.abc import Callable
from typing import BinaryIO

from racer.core.errors import RacerError, UsageError
from racer.engine.pool import pin_to

_POLL = 0.05
_WORD = 8


class Board:
    """Words of 64 bits that all processes see; each word has one writer, so nothing is locked."""

    def __init__(self, words: int) -> None:
        self._memory = mmap.mmap(-1, max(words, 1) * _WORD)
        self._words = memoryview(self._memory).cast("Q")

    def __getitem__(self, at: int) -> int:
        """Return a word."""
        return self._words[at]

    def __setitem__(self, at: int, value: int) -> None:
        """Set a word."""
        self._words[at] = value


def run_in_processes(work: Callable[[int], object], jobs: int, tick: Callable[[], None]) -> list[object]:
    """Return what work(0) .. work(jobs-1) return, each run in a process of its own; `tick` is called meanwhile.

    Raises what a work raises. On any error, Ctrl-C included, the processes still running are ended.
    """
    if not hasattr(os, "fork"):
        raise UsageError(f"jobs must be 1 on this platform ({sys.platform} cannot fork), got {jobs}")
    children = [_fork(work, job) for job in range(jobs)]
    try:
        return _gather(children, tick)
    finally:
        for pid, pipe in children:
            pipe.close()
            _end(pid)


def _fork(work: Callable[[int], object], job: int) -> tuple[int, BinaryIO]:
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # idle pool threads: the child makes its own
        pid = os.fork()
    if pid:
        os.close(writing)
        os.set_blocking(reading, False)
        return pid, os.fdopen(reading, "rb", buffering=0)
    os.close(reading)
    _child(work, job, writing)
    raise AssertionError("a forked child came back")


def _child(work: Callable[[int], object], job: int, writing: int) -> None:
    """Work, send the result or the error, and end at once: nothing of the parent is run or flushed here."""
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted and ends its children
        pin_to(job)
        try:
            answer: object = (True, work(job))
        except Exception as error:  # raised again in the parent
            answer = (False, error if isinstance(error, RacerError) else RacerError(f"{type(error).__name__}: {error}"))
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(answer, pipe)
        status = 0
    finally:
        os._exit(status)


def _gather(children: list[tuple[int, BinaryIO]], tick: Callable[[], None]) -> list[object]:
    received = [bytearray() for _ in children]
    open_ends = dict(enumerate(pipe for _, pipe in children))
    while open_ends:
        idle = True
        for job, pipe in list(open_ends.items()):
            chunk = pipe.read(1 << 20)
            if chunk:
                received[job] += chunk
                idle = False
            elif chunk is not None:
                del open_ends[job]
                _look_for_failure(received[job])
        if idle:
            tick()
            time.sleep(_POLL)
    return [pickle.loads(data)[1] for data in received]  # noqa: S301  (written by our own child)


def _look_for_failure(data: bytearray) -> None:
    if not data:
        raise RacerError("a process of the campaign ended without a result (killed?)")
    well, answer = pickle.loads(data)  # noqa: S301  (written by our own child)
    if not well:
        raise answer


def _end(pid: int) -> None:
    done, _ = os.waitpid(pid, os.WNOHANG)
    if not done:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
