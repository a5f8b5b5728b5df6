"""When the garbage of executions and free runs is collected: between two of them, when none of their threads runs."""

import gc

_YOUNG = 20_000
_FULL_EVERY = 16
_collections = 0


def collect_young() -> None:
    """Collect the garbage of the executions since the last time, if there is enough of it.

    Now and then all of it: what is alive at a collection of the young is never looked at by another.
    """
    global _collections
    if gc.get_count()[0] > _YOUNG:
        _collections += 1
        gc.collect(2 if _collections % _FULL_EVERY == 0 else 0)
