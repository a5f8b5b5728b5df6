"""The invariants of the model, judged: at the moment of a use, at a guest entry, and when the machine has ended.

A judge looks at values that operations have read, at notes that were taken in the step which wrote such a value, or
at the end of the execution: so it finds the same in every execution that orders conflicting operations in the same way.
None knows which scheme it judges.
"""

from racer.kvm.judges.byte_order import check_guests_view
from racer.kvm.judges.dirty import check_dirty
from racer.kvm.judges.entry import came_too_late, entered, note_pending, report_parity
from racer.kvm.judges.log import check_log_bounds, report_index
from racer.kvm.judges.pins import check_canaries, check_pair, check_pins, report_uninitialised
from racer.kvm.judges.requests import check_requests
from racer.kvm.judges.stolen import check_stolen

__all__ = [
    "came_too_late",
    "check_canaries",
    "check_dirty",
    "check_guests_view",
    "check_log_bounds",
    "check_pair",
    "check_pins",
    "check_requests",
    "check_stolen",
    "entered",
    "note_pending",
    "report_index",
    "report_parity",
    "report_uninitialised",
]
