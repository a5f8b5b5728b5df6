"""The same work for many tasks, spread over processes that are pinned to a CPU each."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.sharedctypes import Synchronized
from typing import TypeVar

import racer

T = TypeVar("T")
R = TypeVar("R")


def spread(work: Callable[[T], R], tasks: Sequence[T], processes: int) -> list[R]:
    """Return what `work` returns for each task, in their order; in this process if one is enough."""
    if processes == 1:
        return [work(task) for task in tasks]
    context = get_context("spawn")
    slots: Synchronized[int] = context.Value("i", 0)
    with ProcessPoolExecutor(processes, context, _pin, (slots,)) as pool:
        return list(pool.map(work, tasks))


def _pin(slots: "Synchronized[int]") -> None:
    with slots.get_lock():
        slot = slots.value
        slots.value += 1
    racer.pin_to(slot)
