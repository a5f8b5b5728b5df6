"""What a strategy measures before it starts is measured on all of its pilots."""

import racer
from tests.engine.told import both


def test_a_profile_is_that_of_the_longest_pilot_for_each_thread() -> None:
    """A pilot that ends early, by a failure say, makes the rest of a thread look short."""

    def test() -> None:
        total, length = racer.Atomic(0), racer.choose(1000)

        def long() -> None:
            for _ in range(length):
                total.add(1)

        def short() -> None:
            for _ in range(1000 - length):
                total.add(1)

        both(long, short)

    text = racer.explore(test, strategy="surw", executions=1).strategy
    weights = [int(part.partition(":")[2]) for part in text.partition("=")[2].split("+")]
    assert len(weights) == 2
    assert sum(weights) > 1000  # one pilot alone gives exactly that
