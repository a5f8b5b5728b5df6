"""What is wrong with an execution: detectors, a file each, that judge it after it has ended."""

from typing import Final

from racer.core.detector import Detector
from racer.detectors.data_race import DataRace
from racer.detectors.lock_discipline import LockDiscipline
from racer.detectors.lockset import Lockset

ALL: Final[dict[str, Detector]] = {detector.name: detector for detector in (DataRace(), LockDiscipline(), Lockset())}
"""The detectors by name, in the order in which they judge."""
