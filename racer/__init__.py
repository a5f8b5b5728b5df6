"""racer runs threaded code under schedules that it chooses, records and repeats.

Real OS threads run one at a time, and a seeded strategy decides at every operation who goes next: a race found once
is found again from its seed. The same code runs free, too, with the threads interleaved by the OS.
"""

from racer.core.call import Call, Specification
from racer.core.errors import (
    DivergenceError,
    FailureError,
    NondeterminismError,
    RacerError,
    ScheduleError,
    StallError,
    UsageError,
)
from racer.core.execution import Execution
from racer.core.finding import Finding, Side
from racer.core.result import Result, Share, Snapshot
from racer.core.schedule import Schedule
from racer.core.trace import Event as TraceEvent
from racer.core.trace import Location, Trace
from racer.core.unseen import Missed, Unseen
from racer.detectors.linearizable import Linearization, linearize
from racer.engine.pool import pin_to
from racer.estimate import Estimate
from racer.explore import DETECTORS, estimate_interleavings, explore, replay, run_free, verify
from racer.strategies import STRATEGIES, strategy
from racer.sync.atomic import Atomic
from racer.sync.barrier import Barrier, BrokenBarrierError
from racer.sync.condition import Condition
from racer.sync.event import Event
from racer.sync.field import field
from racer.sync.history import History
from racer.sync.lifetime import Lifetime
from racer.sync.lock import Lock, RLock, SpinLock
from racer.sync.points import choose, point, sleep, time
from racer.sync.reporting import controlled, count, last_use, side, violation
from racer.sync.resource import Resource
from racer.sync.semaphore import BoundedSemaphore, Semaphore
from racer.sync.shared import Shared
from racer.sync.spinning import may_sleep
from racer.sync.thread import Thread, current_name

__version__ = "0.1.0"

__all__ = [
    "DETECTORS",
    "STRATEGIES",
    "Atomic",
    "Barrier",
    "BoundedSemaphore",
    "BrokenBarrierError",
    "Call",
    "Condition",
    "DivergenceError",
    "Estimate",
    "Event",
    "Execution",
    "FailureError",
    "Finding",
    "History",
    "Lifetime",
    "Linearization",
    "Location",
    "Lock",
    "Missed",
    "NondeterminismError",
    "RLock",
    "RacerError",
    "Resource",
    "Result",
    "Schedule",
    "ScheduleError",
    "Semaphore",
    "Share",
    "Shared",
    "Side",
    "Snapshot",
    "Specification",
    "SpinLock",
    "StallError",
    "Thread",
    "Trace",
    "TraceEvent",
    "Unseen",
    "UsageError",
    "choose",
    "controlled",
    "count",
    "current_name",
    "estimate_interleavings",
    "explore",
    "field",
    "last_use",
    "linearize",
    "may_sleep",
    "pin_to",
    "point",
    "replay",
    "run_free",
    "side",
    "sleep",
    "strategy",
    "time",
    "verify",
    "violation",
]
