"""A strategy from outside racer: what it answers is looked at before it is believed."""

from racer.core.errors import UsageError
from racer.core.strategy import GIVE_UP, Strategy


class Foreign:
    """Stands before a strategy object of the user's own; `error` is what it did wrong."""

    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy
        self.every_step = bool(strategy.every_step)
        self.error: UsageError | None = None

    @property
    def text(self) -> str:
        """The strategy's own text."""
        return str(self._strategy.text)

    def attach(self, run: object) -> None:
        """Hand on the execution, to a strategy that wants to see it."""
        attach = getattr(self._strategy, "attach", None)
        if attach is not None:
            attach(run)

    def begin(self, seed: int) -> None:
        self.error = None
        self._strategy.begin(seed)

    def created(self, thread: int) -> None:
        self._strategy.created(thread)

    def yielded(self, thread: int) -> None:
        self._strategy.yielded(thread)

    def pick(self, enabled: list[int], current: int) -> int:
        try:
            chosen = self._strategy.pick(list(enabled), current)
        except Exception as error:
            return self._refuse(f"raised {type(error).__name__}: {error}", "pick")
        if chosen not in enabled:
            return self._refuse(f"picked thread {chosen!r}; allowed: {', '.join(map(str, enabled))}", "pick")
        return chosen

    def choose(self, n: int) -> int:
        try:
            chosen = self._strategy.choose(n)
        except Exception as error:
            return self._refuse(f"raised {type(error).__name__}: {error}", "choose")
        if chosen not in range(n):
            return self._refuse(f"chose {chosen!r}; allowed: 0..{n - 1}", "choose")
        return chosen

    def _refuse(self, what: str, where: str) -> int:
        self.error = UsageError(f"strategy {self.text!r} {what} (in {where})")
        return GIVE_UP
