"""Readers and writers: the first reader locks the writer out, the last lets it in, and nothing guards their count.

The textbook's first readers-writers lock without its mutex. A wrong count lets the writer in beside a reader, keeps
it out for ever, or opens the door twice. Mended by the mutex.
"""

from contextlib import nullcontext

import racer
from stress.classics.classic import together


def body(readers: int = 2, *, fixed: bool = False) -> None:
    """Let so many threads read a pair that one more writes."""
    mutex, door = racer.Lock(name="mutex"), racer.Lock(name="door")
    inside = racer.Shared(0, name="readers inside")
    first, second = racer.Shared(0, name="first"), racer.Shared(0, name="second")

    def enter() -> None:
        with mutex if fixed else nullcontext():
            now = inside.value + 1
            inside.value = now
            if now == 1:
                door.acquire()

    def leave() -> None:
        with mutex if fixed else nullcontext():
            now = inside.value - 1
            inside.value = now
            if now == 0:
                door.release()

    def read() -> None:
        enter()
        pair = first.value, second.value
        leave()
        assert pair[0] == pair[1], f"a pair half written: {pair}"

    def write() -> None:
        with door:
            first.value = 1
            second.value = 1

    threads = [racer.Thread(target=read, name=f"reader{n}") for n in range(readers)]
    together([*threads, racer.Thread(target=write, name="writer")])
