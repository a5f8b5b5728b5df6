"""What is wrong with an execution: detectors, a file each, that judge it after it has ended."""

from typing import Final

from racer.core.detector import Detector
from racer.detectors.atomic_sleep import AtomicSleep
from racer.detectors.data_race import DataRace
from racer.detectors.double_release import DoubleRelease
from racer.detectors.leak import Leak
from racer.detectors.lock_discipline import LockDiscipline
from racer.detectors.lock_order import CircularLocking
from racer.detectors.lockset import Lockset
from racer.detectors.lost_wakeup import LostWakeup
from racer.detectors.release_by_another import ReleaseByAnother
from racer.detectors.starvation import Starvation
from racer.detectors.uninitialised_lock import UninitialisedLock

_DETECTORS: Final[tuple[Detector, ...]] = (
    DataRace(),
    LockDiscipline(),
    Lockset(),
    CircularLocking(),
    AtomicSleep(),
    UninitialisedLock(),
    DoubleRelease(),
    ReleaseByAnother(),
    Leak(),
    LostWakeup(),
    Starvation(),
)

ALL: Final = {detector.name: detector for detector in _DETECTORS}
"""The detectors by name, in the order in which they judge."""
