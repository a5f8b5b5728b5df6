"""Deadlocks: who waits for what, and the cycle if there is one."""

import sys
from typing import TYPE_CHECKING

from racer.core.finding import Side
from racer.core.operation import NAMES
from racer.engine import where

if TYPE_CHECKING:
    from racer.engine.thread_state import ThreadState
    from racer.engine.turnstile import Turnstile


def judge(run: "Turnstile") -> None:
    """Report the threads that can never go on; blocked daemon threads alone are no deadlock.

    Called while every blocked thread still stands in its operation, so that its place can be seen.
    """
    blocked = [thread for thread in run.threads if thread.started and not thread.ended]
    if all(thread.daemon for thread in blocked):
        return
    frames = sys._current_frames()
    stacks = [where.stack_of(frames[thread.ident]) for thread in blocked]
    sides = tuple(
        Side(t.shown_name, "wait", _waits_for(t), len(run.order) - 1, stack[0], stack[1:])
        for t, stack in zip(blocked, stacks, strict=True)
    )
    ring = cycle(blocked)
    chain = (
        "a cycle: " + "; ".join(f"{t.shown_name} waits for {_waits_for(t)}, held by {u.shown_name}" for t, u in ring)
        if ring
        else "; ".join(f"{t.shown_name} waits for {_waits_for(t)}" for t in blocked)
    )
    run.found("deadlock", f"no thread can go on: {chain}", sides)


def cycle(blocked: "list[ThreadState]") -> "list[tuple[ThreadState, ThreadState]]":
    """Return the first wait-for cycle, as pairs of a thread and the one it waits for, or nothing."""
    for start in blocked:
        chain: list[ThreadState] = []
        thread = start
        while thread not in chain:
            chain.append(thread)
            ahead = [t for t in thread.operand.holders(thread) if not t.ended]
            if not ahead:
                break
            thread = ahead[0]
        else:
            ring = chain[chain.index(thread) :]
            return list(zip(ring, [*ring[1:], ring[0]], strict=True))
    return []


def _waits_for(thread: "ThreadState") -> str:
    return f"{NAMES[thread.kind]} of {thread.operand.shown_name}"
