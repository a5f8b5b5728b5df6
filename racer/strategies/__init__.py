"""Who runs next: a file each, found by name."""

from collections.abc import Callable

from racer.core.errors import UsageError, unknown
from racer.core.strategy import Strategy
from racer.strategies.pct import Pct
from racer.strategies.portfolio import Portfolio
from racer.strategies.pos import Pos
from racer.strategies.random_walk import RandomWalk
from racer.strategies.round_robin import RoundRobin
from racer.strategies.surw import Surw
from racer.strategies.switches import Switches

STRATEGIES = ("random", "pct", "pos", "surw", "portfolio", "round-robin")
"""The names `explore` takes; `pct:3` gives a depth, `pct:3,k=412` a length too, `surw:1=2:2+3:4` a profile."""

FORMS = (
    *("random", "pct", "pct:DEPTH", "pct:DEPTH,k=STEPS", "pos", "surw", "surw:PROFILE", "portfolio", "round-robin"),
    "switches:LIST",
)

DRAWN = (RandomWalk, Pct, Pos, Surw, Portfolio)
"""Strategies under which executions are a sample: each is drawn from one distribution, independently of the others."""


def strategy(text: str) -> Strategy:
    """Return the strategy that a text names; UsageError with the list of those there are."""
    if not isinstance(text, str):
        raise UsageError(f"a strategy is a name or an object with what racer.core.strategy.Strategy has, got {text!r}")
    name, _, parameters = text.partition(":")
    parsed: dict[str, Callable[[str], Strategy]] = {
        "pct": Pct.parse,
        "surw": Surw.parse,
        "portfolio": Portfolio.parse,
        "switches": Switches.parse,
    }
    if name in parsed:
        return parsed[name](parameters)
    simple: dict[str, Callable[[], Strategy]] = {"random": RandomWalk, "pos": Pos, "round-robin": RoundRobin}
    if name not in simple:
        raise unknown("strategy", text, FORMS)
    if parameters:
        raise UsageError(f"strategy {name!r} takes no parameters, got {parameters!r}")
    return simple[name]()


def is_strategy(given: object) -> bool:
    """Return whether an object can serve as a strategy."""
    if isinstance(given, type):
        return False
    methods = ("begin", "created", "pick", "choose", "yielded")
    return all(callable(getattr(given, method, None)) for method in methods) and all(
        hasattr(given, attribute) for attribute in ("text", "every_step")
    )
