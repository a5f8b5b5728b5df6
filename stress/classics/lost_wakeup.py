"""Lost wake-up: a thread looks at a flag, then waits for a notification that came in between.

RADBench's third kind (race, atomicity, deadlock), with no second lock; KVM's H_CEDE against H_PROD was such a one.
Mended by looking at the flag under the condition's lock.
"""

import racer
from stress.classics.classic import together


def body(waiters: int = 1, *, fixed: bool = False) -> None:
    """Let so many threads wait until one more says that all is ready."""
    condition = racer.Condition(racer.Lock(name="lock"))
    ready = racer.Shared(False, name="ready")

    def wait() -> None:
        if fixed:
            with condition:
                while not ready.value:
                    condition.wait()
        elif not ready.value:
            with condition:
                condition.wait()

    def tell() -> None:
        if fixed:
            with condition:
                ready.value = True
                condition.notify_all()
        else:
            ready.value = True
            with condition:
                condition.notify_all()

    threads = [racer.Thread(target=wait, name=f"waiter{n}") for n in range(waiters)]
    together([*threads, racer.Thread(target=tell, name="teller")])
