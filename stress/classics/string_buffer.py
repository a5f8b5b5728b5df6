"""String buffer: a thread asks another buffer for its length, then for so many letters, and there are fewer by now.

stringbuffer-jdk1.4 of SCTBench's CB family: each method holds the buffer's lock, the two together do not. Mended by
holding it over both.
"""

import racer
from stress.classics.classic import together


def body(appends: int = 1, *, fixed: bool = False) -> None:
    """Append a buffer to another so often, while a thread empties it."""
    lock = racer.RLock(name="lock of the source")
    source = racer.Shared("letters", name="source")
    target = racer.Shared("", name="target")

    def length() -> int:
        with lock:
            return len(source.value)

    def letters(wanted: int) -> str:
        with lock:
            text = source.value
        if wanted > len(text):
            raise IndexError(f"{wanted} letters wanted, there are {len(text)}")
        return text[:wanted]

    def append() -> None:
        for _ in range(appends):
            if fixed:
                with lock:
                    target.value += letters(length())
            else:
                target.value += letters(length())

    def empty() -> None:
        with lock:
            source.value = ""

    together([racer.Thread(target=append, name="appender"), racer.Thread(target=empty, name="emptier")])
