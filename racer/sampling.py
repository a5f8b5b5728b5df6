"""What the executions of a campaign, taken as a sample, say of those that were not run."""

from itertools import accumulate
from typing import TYPE_CHECKING

from racer.core.interleavings import MARKS
from racer.core.result import Share
from racer.core.strategy import Strategy
from racer.core.unseen import Missed, Unseen, no_sample
from racer.strategies import DRAWN
from racer.strategies import strategy as strategy_of
from racer.strategies.pct import Pct
from racer.strategies.portfolio import Portfolio

if TYPE_CHECKING:
    from racer.campaign import Tally


def unseen_of(tally: "Tally", strategy: Strategy, text: str, asked: int) -> Unseen:
    """Return what is known of the interleavings that a campaign of `asked` executions did not show.

    `text` is that of the strategy once it has measured what it needs.
    """
    stopped = tally.executions < asked
    if tally.seen.capped:
        why = f"more interleavings came than the {tally.seen.count:,} that are told apart"
        return Unseen(tally.executions, missed=missed(tally, strategy, text), why=why, stopped=stopped)
    firsts, once = tally.seen.periods()
    return Unseen(
        executions=tally.executions,
        curve=curve(firsts, tally.executions),
        once=once,
        missed=missed(tally, strategy, text),
        why="" if isinstance(strategy, DRAWN) else no_sample(text),
        stopped=stopped,
    )


def curve(firsts: list[int], executions: int) -> tuple[tuple[int, int], ...]:
    """Return how many interleavings had come after so many executions, at each mark and at the end.

    >>> curve([1, 1, 0, 2, 0], 8)
    ((1, 1), (2, 2), (5, 2), (8, 4))
    """
    if not executions:
        return ()
    sums = list(accumulate(firsts))
    early = [(mark, seen) for mark, seen in zip(MARKS, sums, strict=False) if mark < executions]
    return (*early, (executions, sums[-1]))


def shares_of(tally: "Tally", strategy: Strategy, text: str) -> tuple[Share, ...]:
    """Return what each member of a portfolio did, in the portfolio's order; nothing for another strategy."""
    if not isinstance(strategy, Portfolio):
        return ()
    measured = strategy_of(text)
    assert isinstance(measured, Portfolio)
    return tuple(tally.shares.get(member, Share(member)) for member in measured.texts)


def missed(tally: "Tally", strategy: Strategy, text: str) -> tuple[Missed, ...]:
    """Return, for each depth for which executions ran under pct, how likely a bug of that depth was missed."""
    if isinstance(strategy, Pct):
        ran = [(text, tally.executions)]
    else:
        ran = [(share.strategy, share.executions) for share in shares_of(tally, strategy, text)]
    found = []
    for member, executions in ran:
        under = strategy_of(member)
        if isinstance(under, Pct) and under.length is not None and tally.threads:
            found.append(Missed(under.depth, executions, tally.threads, under.length, tally.longest))
    return tuple(found)
