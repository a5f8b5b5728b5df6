"""Where in the code of the subject something happens."""

import os
import sys
from types import CodeType, FrameType

from racer.core.trace import Location

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120  (at import, and hot)
OWN = tuple(os.path.join(_PACKAGE, part) + os.sep for part in ("engine", "sync"))  # noqa: PTH118
"""Where the code lies that is racer's, not the subject's."""

_CALLS_BODIES = (os.path.join(_PACKAGE, "explore.py"), os.path.join(_PACKAGE, "campaign.py"))  # noqa: PTH118


ACCESSORS = frozenset({"__get__", "__set__"})
"""What a field of the subject's own adds to ours is no place: the attribute is used further up."""


class Place:
    """A place taken down cheaply: the line is worked out only when it is asked for."""

    __slots__ = ("code", "instruction")

    def __init__(self, code: CodeType, instruction: int) -> None:
        self.code = code
        self.instruction = instruction

    def __call__(self) -> Location:
        """Return the location."""
        code = self.code
        known = _locations.get((id(code), self.instruction))
        if known is None:
            known = _locations[id(code), self.instruction] = code, _locate(code, self.instruction)
        return known[1]


_locations: dict[tuple[int, int], tuple[CodeType, Location]] = {}
"""Places worked out, by the address of their code, which is kept alive: hashing code costs a microsecond."""


def _locate(code: CodeType, instruction: int) -> Location:
    line = code.co_firstlineno
    for start, end, there in code.co_lines():
        if there is not None and start <= instruction < end:
            line = there
            break
    return Location(_shown(code.co_filename), line, code.co_qualname)


def place_of(frame: FrameType | None, skip: int = 0) -> Place:
    """Return the place of the innermost frame of the subject, `skip` frames further up."""
    frame = _subject(frame, skip)
    return Place(frame.f_code, frame.f_lasti)


def _subject(frame: FrameType | None, skip: int) -> FrameType:
    while frame is not None and frame.f_back is not None and frame.f_code.co_filename.startswith(OWN):
        frame = frame.f_back
    while frame is not None and frame.f_back is not None and frame.f_code.co_name in ACCESSORS:
        frame = frame.f_back
    for _ in range(skip):
        if frame is not None and frame.f_back is not None:
            frame = frame.f_back
    assert frame is not None
    return frame


def stack_of(frame: FrameType | None, skip: int = 0) -> tuple[Place, ...]:
    """Return the places of the subject's frames, innermost first: as `place_of`, and its callers."""
    innermost = _subject(frame, skip)
    places = [Place(innermost.f_code, innermost.f_lasti)]
    caller = innermost.f_back
    while caller is not None and caller.f_code.co_name != "_run_body":  # below that are the engine's own only
        if not caller.f_code.co_filename.startswith(OWN):
            places.append(Place(caller.f_code, caller.f_lasti))
        caller = caller.f_back
    return tuple(places)


def own_globals() -> frozenset[int]:
    """Return what tells racer's own frames in a hurry: the addresses of the globals of its modules, which stay."""
    global _own_globals
    if not _own_globals:
        own = [module for name, module in sys.modules.items() if name.startswith(("racer.engine.", "racer.sync."))]
        _own_globals = frozenset(id(vars(module)) for module in own)
    return _own_globals


_own_globals: frozenset[int] = frozenset()


def stack_here(depth: int, skip: int = 0) -> tuple[Place, ...]:
    """Return the place and its callers, `depth` frames of racer in between."""
    return stack_of(sys._getframe(depth + 1), skip)


def stack_of_error(error: BaseException) -> tuple[Place, ...]:
    """Return the places of the subject in an exception's traceback, innermost first."""
    found: list[Place] = []
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if not code.co_filename.startswith(OWN) and code.co_filename not in _CALLS_BODIES:
            found.append(Place(code, traceback.tb_lasti))
        traceback = traceback.tb_next
    return tuple(reversed(found)) or (Place(stack_of_error.__code__, 0),)


def place_here(depth: int, skip: int = 0) -> Place:
    """Return the place of the subject's frame that called, `depth` frames of racer in between."""
    return place_of(sys._getframe(depth + 1), skip)


def in_finalizer(frame: FrameType | None) -> bool:
    """Return whether a `__del__` is running in or above the frame."""
    while frame is not None:
        if frame.f_code.co_name == "__del__":
            return True
        frame = frame.f_back
    return False


def _shown(file: str) -> str:
    """Return the file as short as it can be shown: relative to the working directory, or to racer's checkout."""
    for base in (os.getcwd(), os.path.dirname(_PACKAGE)):  # noqa: PTH109, PTH120  (strings in, strings out)
        if file.startswith(base + os.sep):
            return file[len(base) + 1 :]
    return file


def text_of_error(error: BaseException) -> str:
    """Return an exception's text, whatever its __str__ does."""
    try:
        return str(error)
    except Exception:  # as traceback does
        return "<exception str() failed>"
