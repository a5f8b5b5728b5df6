"""What can be wrong with a trace file."""

from pathlib import Path

from racer import UsageError


class TraceError(UsageError):
    """A line of a trace that cannot be read, by file and line (line 0: the file as a whole)."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        self.path = path
        self.line = line
        self.reason = reason
        where = f"{path}:{line}" if line else str(path)
        super().__init__(f"{where}: {reason}")
