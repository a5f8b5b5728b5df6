"""What is said of executions that were not run: no more than is known, and nothing where nothing is."""

import pytest

from racer.core.unseen import Missed, Unseen
from racer.report.unseen import chance, misses, novelty, sentences

CURVE = ((1, 1), (2, 2), (5, 4), (1000, 60))
AFTER = "After 1, 2, 5, 1,000 executions there were 1, 2, 4, 60 interleavings."
MISSED = Missed(2, 100, threads=3, length=20, longest=20)

SAID = {
    "a sample": (
        Unseen(1000, CURVE, once=5),
        [AFTER, f"The next execution would show a new interleaving with {novelty(0.005, 0.0784)}."],
    ),
    "no sample": (
        Unseen(1000, CURVE, why="there is a reason"),
        [AFTER, "How likely the next execution shows a new one is not known: there is a reason."],
    ),
    "everything": (Unseen(6, exhausted=True), ["Every interleaving was executed."]),
    "stopped": (Unseen(3, ((1, 1), (2, 2), (3, 3)), once=3, missed=(MISSED,), stopped=True), []),
    "under pct": (
        Unseen(0, missed=(MISSED,)),
        ["A bug that takes 2 pairs of steps in a certain order would have been missed with probability up to 0.19."],
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_a_campaign_says_what_is_known_and_no_more(name: str) -> None:
    unseen, said = SAID[name]
    assert list(sentences(unseen)) == said


def test_each_depth_is_told_at_its_worst() -> None:
    easy, hard, deeper = (
        Missed(1, 10, threads=2, length=20, longest=20),
        Missed(1, 10, threads=3, length=20, longest=20),
        Missed(2, 10, threads=3, length=20, longest=20),
    )
    for order in ([easy, hard, deeper], [deeper, hard, easy]):
        assert misses(order) == (
            "a bug that takes one pair of steps in a certain order would have been missed with probability up to "
            "0.018, 2 pairs 0.85"
        )


def test_what_pct_does_not_reach_is_left_out() -> None:
    assert misses([Missed(2, 1, threads=2, length=5, longest=9)]).endswith("0.90, if within the first 5 steps")


@pytest.mark.parametrize("probability", [0.5, 0.1, 0.049, 0.949, 0.951, 0.9999, 0.00012345, 0.99999949, 3e-7])
def test_a_bound_is_never_told_lower_than_it_is_nor_as_certain(probability: float) -> None:
    text = chance(probability, up=True)
    if text.startswith(("below ", "above ")):
        assert min(probability, 1 - probability) < 1e-6
    else:
        assert probability <= float(text) <= probability + max(0.011, 0)
        assert text not in {"0", "1"}
