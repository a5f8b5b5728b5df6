"""Bluetooth driver: a worker looks whether the driver is stopping before it counts itself in.

The driver of "KISS: keep it simple and sequential" (Qadeer, Wu, PLDI 2004), bluetooth_driver of SCTBench: between the
look and the count the driver stops, and the worker uses what is gone. Mended by counting in first.
"""

import racer
from stress.classics.classic import together


def body(workers: int = 1, *, fixed: bool = False) -> None:
    """Let so many threads use a driver that one more stops."""
    stopping = racer.Shared(False, name="stopping")
    stopped = racer.Shared(False, name="stopped")
    inside = racer.Atomic(0, name="inside")

    def use() -> None:
        if stopped.value:
            raise RuntimeError("the driver is used after it has stopped")

    def work() -> None:
        if fixed:
            inside.add(1)
            if not stopping.value:
                use()
            inside.add(-1)
        elif not stopping.value:
            inside.add(1)
            use()
            inside.add(-1)

    def stop() -> None:
        stopping.value = True
        inside.wait(lambda n: n == 0)
        stopped.value = True

    threads = [racer.Thread(target=work, name=f"worker{n}") for n in range(workers)]
    together([*threads, racer.Thread(target=stop, name="stopper")])
