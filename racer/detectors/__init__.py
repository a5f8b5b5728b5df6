"""What is wrong with an execution: detectors, a file each, that judge it after it has ended."""

from typing import Final

from racer.core.detector import Detector
from racer.detectors.data_race import DataRace

ALL: Final[dict[str, Detector]] = {detector.name: detector for detector in (DataRace(),)}
"""The detectors by name, in the order in which they judge."""
