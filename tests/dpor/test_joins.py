"""A join before the start of its thread fails: it is tried before the start, and never before the end."""

import racer


def test_a_join_is_tried_before_the_start() -> None:
    def test() -> None:
        threads: list[racer.Thread] = []

        def join() -> None:
            try:
                threads[1].join()
            except RuntimeError:
                racer.count("not started")
            else:
                racer.count("ended")

        threads += [racer.Thread(target=join), racer.Thread(target=lambda: None)]
        for thread in threads:
            thread.start()

    result = racer.verify(test)
    assert (result.executions, result.counters, result.exhausted) == (2, {"not started": 1, "ended": 1}, True)
