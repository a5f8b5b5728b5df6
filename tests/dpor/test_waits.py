"""Waits that are foreseen where nobody knows whether they can go on there: nothing is missed."""

import racer


def test_a_wait_that_turns_out_to_be_possible_covers_what_it_may_begin() -> None:
    def test() -> None:
        barrier = racer.Barrier(2)

        def break_and_mend() -> None:
            barrier.abort()
            barrier.reset()

        for target in (break_and_mend, barrier.wait, barrier.wait):
            racer.Thread(target=target).start()
        racer.count(f"broken {barrier.broken}")

    result = racer.verify(test, keep_going=True)
    assert (result.interleavings, result.exhausted) == (180, True)
