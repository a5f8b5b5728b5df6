"""What a campaign says of the executions it did not run, as sentences."""

import math
from collections.abc import Iterable

from racer.core.unseen import CONFIDENCE, Missed, Unseen

_MOST_DIGITS = 6


def sentences(unseen: Unseen) -> Iterable[str]:
    """Yield what is to be said of interleavings that were not seen; nothing of a campaign that a finding ended."""
    if unseen.stopped:
        return
    if unseen.curve:
        executions, distinct = zip(*unseen.curve, strict=True)
        yield f"After {listed(executions)} executions there were {listed(distinct)} interleavings."
    if unseen.exhausted:
        yield "Every interleaving was executed."
    elif unseen.why:
        yield f"How likely the next execution shows a new one is not known: {unseen.why}."
    elif unseen.new is not None:
        said = novelty(unseen.new, unseen.at_most() or 0.0)
        yield f"The next execution would show a new interleaving with {said}."
    if unseen.missed:
        missed = misses(unseen.missed)
        yield f"{missed[0].upper()}{missed[1:]}."


def novelty(guess: float, most: float) -> str:
    """Return the probability of something new as estimated, and what it is at most.

    >>> novelty(0.05, 0.0934)
    'a probability of about 0.050, at most 0.094 (95 % confidence)'
    >>> novelty(1.0, 1.0)
    'a probability of about 1 (no bound below 1 is known)'
    """
    if most >= 1:
        return f"a probability of about {chance(guess)} (no bound below 1 is known)"
    sure = f"{CONFIDENCE * 100:.0f} % confidence"
    return f"a probability of about {chance(guess)}, at most {chance(most, up=True)} ({sure})"


def listed(numbers: Iterable[int]) -> str:
    """Return numbers as a list in a sentence.

    >>> listed([1, 2, 5000])
    '1, 2, 5,000'
    """
    return ", ".join(f"{number:,}" for number in numbers)


def misses(missed: Iterable[Missed]) -> str:
    """Return how likely bugs were missed, the highest probability for each depth.

    >>> misses([Missed(2, 200, threads=5, length=400, longest=400), Missed(3, 200, threads=5, length=400, longest=400)])
    'a bug that takes 2 pairs of steps in a certain order would have been missed with probability up to 0.905, 3 pairs \
0.99976'
    """
    every = list(missed)
    worst: dict[int, float] = {}
    for each in every:
        worst[each.depth] = max(worst.get(each.depth, 0.0), each.probability)
    (depth, probability), *deeper = sorted(worst.items())
    pairs = "one pair" if depth == 1 else f"{depth} pairs"
    more = "".join(f", {d} pairs {chance(p, up=True)}" for d, p in deeper)
    # pct changes priorities in the first `length` steps only.
    reach = min(each.length for each in every)
    within = f", if within the first {reach} steps" if any(each.longest > each.length for each in every) else ""
    return (
        f"a bug that takes {pairs} of steps in a certain order would have been missed with probability up to "
        f"{chance(probability, up=True)}{more}{within}"
    )


def chance(probability: float, *, up: bool = False) -> str:
    """Return a probability as text, with as many digits as tell it from 0 and 1; with `up` never less than it is.

    >>> chance(0.0), chance(0.25), chance(0.0074), chance(0.99983), chance(1.0), chance(1e-9), chance(0.301, up=True)
    ('0', '0.25', '0.0074', '0.99983', '1', 'below 0.000001', '0.31')
    """
    smaller = min(probability, 1 - probability)
    if smaller <= 0:
        return f"{probability:.0f}"
    if smaller < 10**-_MOST_DIGITS:
        return f"below {10**-_MOST_DIGITS:.6f}" if probability < smaller * 2 else f"above {1 - 10**-_MOST_DIGITS:.6f}"
    digits = min(_MOST_DIGITS, max(2, 1 - math.floor(math.log10(smaller))))
    scaled = probability * 10**digits
    return f"{(math.ceil(scaled - 1e-9) if up else round(scaled)) / 10**digits:.{digits}f}"
