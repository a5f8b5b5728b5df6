"""What is wrong with an execution: detectors, a file each, that judge it after it has ended."""

from typing import Final

from racer.core.detector import Detector
from racer.detectors.data_race import DataRace
from racer.detectors.lock_discipline import LockDiscipline
from racer.detectors.lock_order import CircularLocking
from racer.detectors.lockset import Lockset

_DETECTORS: Final[tuple[Detector, ...]] = (DataRace(), LockDiscipline(), Lockset(), CircularLocking())

ALL: Final = {detector.name: detector for detector in _DETECTORS}
"""The detectors by name, in the order in which they judge."""
