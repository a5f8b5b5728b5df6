"""Worker processes, each pinned to a CPU of its own, that run cells or other jobs and tell how far they are."""

import os
import signal
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

import racer
from stress.cell import CONTROLLED, FAULT, Cell, Outcome, Progress
from stress.judge import UNKNOWN
from stress.runner import Tell, run_cell
from stress.verify.cell import BoundedCell
from stress.verify.runner import verify_cell

Report = tuple[int, Any]
"""A job's number, and Progress or what came of it."""

Run = Callable[[Any, Tell], Any]


def cpus() -> int:
    """Return how many CPUs this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def work(pipe: Connection, slot: int, run: Run) -> None:
    """Run cells that come through the pipe until None comes. What happens here depends on the cell alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    racer.pin_to(slot)
    while (job := pipe.recv()) is not None:
        number, cell = job
        pipe.send((number, run(cell, partial(send, pipe, number))))


def send(pipe: Connection, number: int, now: Progress) -> None:
    """Tell the parent how far a cell is."""
    pipe.send((number, now))


def outcome_of(cell: Cell, tell: Tell) -> Outcome:
    """Run a cell; a fault of the harness is an outcome too, for the other cells still run."""
    try:
        return verify_cell(cell, tell) if isinstance(cell, BoundedCell) else run_cell(cell, tell)
    except Exception:
        return Outcome(cell, UNKNOWN, FAULT, traceback.format_exc())


def fault(cell: Cell, code: int | None) -> Outcome:
    """Return the outcome of a cell whose process died."""
    return Outcome(cell, UNKNOWN, FAULT, f"the worker process ended with code {code}")


class Crew:
    """A fixed number of workers. Jobs are handed out in order; which worker gets which makes no difference.

    `run`, a function of a module, is what a worker does with a job, a cell if nothing else is said; `died` tells what
    comes of a job whose worker died. A worker whose news say that it is `broken` is replaced.
    """

    def __init__(self, size: int, run: Run = outcome_of, died: Callable[[Any, int | None], Any] = fault) -> None:
        self.size = size
        self.job = run
        self.died = died
        self.workers: dict[Connection, SpawnProcess] = {}
        self.busy: dict[Connection, tuple[int, Any]] = {}

    def run(self, cells: Sequence[Any]) -> Iterator[Report]:
        """Yield progress and outcomes with the cell's number. Free cells wait until the others are done."""
        try:
            self.start(min(self.size, len(cells)))
            waiting = deque(enumerate(cells))
            while waiting or self.busy:
                self.hand_out(waiting)
                # A bounded wait, so that Ctrl-C is noticed on every platform.
                for pipe in wait(list(self.busy), timeout=1.0):
                    assert isinstance(pipe, Connection)
                    yield self.receive(pipe)
        finally:
            self.stop()

    def start(self, size: int) -> None:
        """Start the workers deaf to Ctrl-C: it reaches every process of a terminal, and the parent acts on it.

        Blocked, not ignored, meanwhile: what comes while they start is delivered to the parent afterwards.
        """
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            for slot in range(size):
                self.hire(slot)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def hire(self, slot: int) -> None:
        """Start one worker."""
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        worker = context.Process(target=work, args=(theirs, slot, self.job), daemon=True)
        worker.start()
        theirs.close()
        self.workers[ours] = worker

    def hand_out(self, waiting: deque[tuple[int, Any]]) -> None:
        """Give every idle worker a cell; a free one only when nobody else works, for it measures real parallelism."""
        for pipe in self.workers:
            if not waiting:
                return
            alone = getattr(waiting[0][1], "mode", CONTROLLED) != CONTROLLED
            if pipe in self.busy or (alone and self.busy):
                continue
            self.busy[pipe] = waiting.popleft()
            pipe.send(self.busy[pipe])
            if alone:
                return

    def receive(self, pipe: Connection) -> Report:
        """Return one report; a worker that died is replaced and its cell is a fault."""
        try:
            number, news = pipe.recv()
        except (EOFError, OSError):
            number, cell = self.busy.pop(pipe)
            worker = self.workers.pop(pipe)
            worker.join()
            self.hire(len(self.workers))
            return number, self.died(cell, worker.exitcode)
        if not isinstance(news, Progress):
            del self.busy[pipe]
            if getattr(news, "broken", False):
                self.replace(pipe)
        return number, news

    def replace(self, pipe: Connection) -> None:
        """End a worker that something still runs in, and start another."""
        worker = self.workers.pop(pipe)
        worker.terminate()
        worker.join()
        pipe.close()
        self.hire(len(self.workers))

    def stop(self) -> None:
        """End the workers, in the middle of their cells if need be."""
        for pipe, worker in self.workers.items():
            if pipe in self.busy or not worker.is_alive():
                worker.terminate()
            else:
                pipe.send(None)
        for pipe, worker in self.workers.items():
            worker.join()
            pipe.close()
        self.workers.clear()
        self.busy.clear()
