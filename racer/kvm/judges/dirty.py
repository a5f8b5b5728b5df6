"""What is judged of the dirty log when all is over: every page that the host wrote to was copied after it."""

from typing import TYPE_CHECKING

import racer
from racer.kvm.dirty_log import PAGE_SHIFT

if TYPE_CHECKING:
    from racer.kvm.vm import Vm


def check_dirty(vm: "Vm") -> None:
    """Report writes of the host's to pages that userspace did not copy afterwards. It has asked once more."""
    log = vm.host.dirty_log
    assert log is not None
    for gfn, wrote in sorted(log.uncopied.items()):
        here = racer.side("check", f"page {gfn << PAGE_SHIFT:#x}", skip=2)
        message = f"{wrote.thread} wrote to the page at {gfn << PAGE_SHIFT:#x}, and the dirty log does not tell"
        racer.violation("lost-dirty", message, sides=(wrote, here))
