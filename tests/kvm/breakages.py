"""Every way to break `deferred` in one place that matters, each with the workload that has to notice."""

# ruff: noqa: E501  (a table: one row each)

from typing import NamedTuple


class Breakage(NamedTuple):
    """A change of the scheme's source: `old` stands there exactly once and becomes `new`; `extra` is added at the end."""

    name: str
    old: str
    new: str
    workload: str = "cross-register"
    strategy: str = "random"
    extra: str = ""


HCALL_LOCK = "        tvcpu.vpa_update_lock.acquire()\n        err, vpap"
HCALL_UNLOCK = "            vpap.update_pending = 1\n        tvcpu.vpa_update_lock.release()\n"
UPDATE_LOOP = "            gpa = vpap.next_gpa\n            vcpu.vpa_update_lock.release()\n"
OLD_PAGE = "            kvmppc_unpin_guest_page(kvm, vpap.pinned_addr, vpap.gpa, dirty=vpap.dirty)\n"
START = "        for vcpu in vcpus:\n            kvmppc_start_thread(vcpu)  # B4: after every update\n"
UPDATES = "        if vcpus_to_update:\n            vc.lock.release()  # B1: the update may sleep\n"
SNAPSHOT = "        vcpus_to_update = [vcpu for vcpu in vc.runnable_threads if vpa_update_pending(vcpu)]\n"

BREAKAGES = (
    # do_h_register_vpa: the checks
    Breakage("the alignment check is dropped", "vpa & (L1_CACHE_BYTES - 1) or not vpa", "not vpa"),
    Breakage("address 0 is let through", "vpa & (L1_CACHE_BYTES - 1) or not vpa", "vpa & (L1_CACHE_BYTES - 1)"),
    Breakage("a failed pin is not noticed", "            if not va:\n                return H_PARAMETER\n", ""),
    Breakage("the length is read as a word always", "LENGTH_HWORD if subfunc == H_VPA_REG_VPA else LENGTH_WORD", "LENGTH_WORD"),
    Breakage("the length is read as half a word always", "LENGTH_HWORD if subfunc == H_VPA_REG_VPA else LENGTH_WORD", "LENGTH_HWORD"),
    Breakage("the page read for the length stays pinned", "            kvmppc_unpin_guest_page(kvm, va)\n            # it holds its own header and ends with its page\n", ""),
    Breakage("the length may exceed the page", "length > nb.value or length < SIZEOF_REG_VPA", "length < SIZEOF_REG_VPA"),
    Breakage("the length may be below the header", "length > nb.value or length < SIZEOF_REG_VPA", "length > nb.value"),
    Breakage("a deregistration keeps its address", "        else:\n            vpa = 0\n", ""),
    Breakage("an unknown target is not refused", "return H_PARAMETER\n        subfunc =", "tvcpu = vcpu\n        subfunc ="),
    # do_h_register_vpa: the request
    Breakage("the hypercall takes no lock", HCALL_LOCK, "        err, vpap", "cross-register", "random",
             "_release"),
    Breakage("the hypercall takes the caller's lock", HCALL_LOCK, "        vcpu.vpa_update_lock.acquire()\n        err, vpap",
             extra="_release_callers"),
    Breakage("the hypercall keeps the lock", HCALL_UNLOCK, "            vpap.update_pending = 1\n"),
    Breakage("the caller is checked instead of the target", "self.check_request(tvcpu,", "self.check_request(vcpu,"),
    Breakage("next_gpa is not recorded", "            vpap.next_gpa = vpa\n", ""),
    Breakage("len is not recorded", "            vpap.len = length\n", ""),
    Breakage("update_pending is not set", HCALL_UNLOCK, "            pass\n        tvcpu.vpa_update_lock.release()\n"),
    # check_request
    Breakage("a VPA has to have 1024 bytes", "length < SIZEOF_LPPACA:", "length < 1024:"),
    Breakage("a VPA may have any length", "if length < SIZEOF_LPPACA:", "if False:"),
    Breakage("a DTL may be shorter than an entry", "if length < SIZEOF_DTL_ENTRY:", "if False:"),
    Breakage("a DTL's length is not rounded", "            length -= length % SIZEOF_DTL_ENTRY\n", ""),
    Breakage("a DTL needs no VPA", "if not vpa_is_registered(tvcpu.vpa):\n                return H_RESOURCE, None, length\n"
             "            return H_SUCCESS, tvcpu.dtl", "if False:\n                pass\n            return H_SUCCESS, tvcpu.dtl"),
    Breakage("an SLB shadow needs no VPA", "if not vpa_is_registered(tvcpu.vpa):\n                return H_RESOURCE, None, length\n"
             "            return H_SUCCESS, tvcpu.slb_shadow", "if False:\n                pass\n            return H_SUCCESS, tvcpu.slb_shadow"),
    Breakage("a VPA goes before its DTL", "vpa_is_registered(tvcpu.dtl) or vpa_is_registered(tvcpu.slb_shadow)",
             "vpa_is_registered(tvcpu.slb_shadow)"),
    Breakage("a VPA goes before its SLB shadow", "vpa_is_registered(tvcpu.dtl) or vpa_is_registered(tvcpu.slb_shadow)",
             "vpa_is_registered(tvcpu.dtl)"),
    Breakage("a DTL's deregistration hits the SLB shadow", "if subfunc == H_VPA_DEREG_DTL:\n            return H_SUCCESS, tvcpu.dtl",
             "if subfunc == H_VPA_DEREG_DTL:\n            return H_SUCCESS, tvcpu.slb_shadow"),
    Breakage("a reserved subfunction succeeds", "        return H_PARAMETER, None, length\n\n    def", "        return H_SUCCESS, None, length\n\n    def"),
    Breakage("pending requests do not count as registered", "    if vpap.update_pending:\n        return vpap.next_gpa != 0\n", ""),
    # kvmppc_update_vpa
    Breakage("the page is pinned under vpa_update_lock", UPDATE_LOOP, "            gpa = vpap.next_gpa\n", extra="_no_retake"),
    Breakage("next_gpa is not compared again", "            if gpa == vpap.next_gpa:\n                break\n", "            break\n"),
    Breakage("the retry forgets its pin", "            if va:\n                kvmppc_unpin_guest_page(kvm, va)\n\n", "\n"),
    Breakage("update_pending is cleared before the pin", UPDATE_LOOP, "            vpap.update_pending = 0\n" + UPDATE_LOOP,
             extra="_no_clearing"),
    Breakage("update_pending is not cleared", "        vpap.update_pending = 0\n", ""),
    Breakage("a page too short is taken", "if va and nb.value < vpap.len:", "if False:", "remap"),
    Breakage("a missing page is measured", "if va and nb.value < vpap.len:", "if nb.value < vpap.len:", "remap"),
    Breakage("a page too short stays pinned", "            # the area is dropped\n            kvmppc_unpin_guest_page(kvm, va)\n",
             "", "remap"),
    Breakage("a page too short is unpinned and used", "            va = NULL\n        if vpap.pinned_addr", "        if vpap.pinned_addr",
             "remap"),
    Breakage("the old page stays pinned", OLD_PAGE, "            pass\n"),
    Breakage("the new page is unpinned", OLD_PAGE, OLD_PAGE.replace("(kvm, vpap.pinned_addr,", "(kvm, va,")),
    Breakage("pinned_addr is not stored", "        vpap.pinned_addr = va\n", ""),
    Breakage("pinned_end is not stored", "            vpap.pinned_end = va + vpap.len\n", "            pass\n"),
    # kvmppc_update_vpas
    Breakage("init_vpa runs without a VPA", "            if vcpu.vpa.pinned_addr:  # B3\n    ", "            if True:\n    "),
    Breakage("a VPA is begun anew with every other request", "        if vcpu.vpa.update_pending:\n            self", "        if True:\n            self"),
    Breakage("a log is begun anew with every other request", "        if vcpu.dtl.update_pending:\n            self", "        if True:\n            self"),
    Breakage("an SLB shadow is pinned anew with every other request", "        if vcpu.slb_shadow.update_pending:\n            self",
             "        if True:\n            self"),
    Breakage("init_vpa does not run", "                init_vpa(vcpu.vpa.pinned_addr)\n", "                pass\n"),
    Breakage("dtl_ptr is not reset", "            vcpu.dtl_ptr = vcpu.dtl.pinned_addr\n", ""),
    Breakage("dtl_index is not reset", "            vcpu.dtl_index = 0\n", ""),
    Breakage("the SLB shadow is not updated", "            self.kvmppc_update_vpa(vcpu, vcpu.slb_shadow)\n", "            pass\n"),
    Breakage("the DTL gets the VPA's update", "self.kvmppc_update_vpa(vcpu, vcpu.dtl)", "self.kvmppc_update_vpa(vcpu, vcpu.vpa)"),
    Breakage("the update takes no lock", "        vcpu.vpa_update_lock.acquire()\n        if vcpu.vpa.update_pending:",
             "        if vcpu.vpa.update_pending:"),
    # kvmppc_core_vcpu_free
    Breakage("the free unpins by the end of a VPA", "kvmppc_unpin_guest_page(kvm, vcpu.vpa.pinned_addr,", "kvmppc_unpin_guest_page(kvm, vcpu.vpa.pinned_end,"),
    Breakage("the free forgets the DTL", "        if vcpu.dtl.pinned_addr:\n            kvmppc_unpin_guest_page(kvm, vcpu.dtl.pinned_addr, vcpu.dtl.gpa, dirty=vcpu.dtl.dirty)\n", ""),
    Breakage("the free forgets the SLB shadow",
             "        if vcpu.slb_shadow.pinned_addr:\n            kvmppc_unpin_guest_page(kvm, vcpu.slb_shadow.pinned_addr, vcpu.slb_shadow.gpa, dirty=vcpu.slb_shadow.dirty)\n", "",
             "teardown"),
    Breakage("the free forgets the VPA", "        if vcpu.vpa.pinned_addr:\n            kvmppc_unpin_guest_page(kvm, vcpu.vpa.pinned_addr, vcpu.vpa.gpa, dirty=vcpu.vpa.dirty)\n", "",
             "teardown"),
    Breakage("the free unpins what was never there", "        if vcpu.dtl.pinned_addr:\n            kvmppc", "        if True:\n            kvmppc",
             "teardown"),
    # the run loop
    Breakage("a late joiner is not updated", "        if vpa_update_pending(vcpu):  # B5: or a late joiner would go without\n"
             "            self.kvmppc_update_vpas(vcpu)\n", "", strategy="pct:3"),
    Breakage("a late joiner's dispatch is not logged", "        kvmppc_create_dtl_entry(vcpu)  # B5: before the thread, which will not wait for us\n",
             ""),
    Breakage("a late joiner is started before its log entry", "        kvmppc_create_dtl_entry(vcpu)  # B5: before the thread, which will not"
             " wait for us\n        kvmppc_start_thread(vcpu)\n",
             "        kvmppc_start_thread(vcpu)\n        kvmppc_create_dtl_entry(vcpu)\n", strategy="pct:3"),
    Breakage("the SLB shadow's flag is not looked at", "vcpu.vpa.update_pending or vcpu.slb_shadow.update_pending or",
             "vcpu.vpa.update_pending or"),
    Breakage("the list is walked without vc->lock", SNAPSHOT, "        vcpus_to_update = vc.runnable_threads\n"),
    Breakage("the core is RUNNING while it is updated", "vc.vcore_state = STARTING", "vc.vcore_state = RUNNING"),
    Breakage("the core stays INACTIVE while it is updated",
             "        vc.vcore_state = STARTING  # C3: not RUNNING, or a late joiner would start its thread now\n", ""),
    Breakage("vc->lock is held while pages are pinned", UPDATES, "        if vcpus_to_update:\n", extra="_no_vc_retake"),
    Breakage("only one vcpu is updated", "for vcpu in vcpus_to_update:", "for vcpu in vcpus_to_update[:1]:"),
    Breakage("the runner updates nobody", "            for vcpu in vcpus_to_update:\n                self.kvmppc_update_vpas(vcpu)\n", ""),
    Breakage("threads are started before the update", UPDATES, "        vcpus = assign_ptids(vc)\n" + START + UPDATES,
             extra="_no_late_start"),
    Breakage("dispatches are not logged", "        for vcpu in vcpus:\n            kvmppc_create_dtl_entry(vcpu)\n", ""),
    # what deferred takes from the base
    Breakage("H_PROD wakes the caller", "", "", "cede-prod", extra="from racer.kvm.schemes.immediate import Immediate\n"
             "Deferred.h_prod = Immediate.h_prod\nDeferred.kvmppc_vcpu_woken = Immediate.kvmppc_vcpu_woken\n"),
    Breakage("the entry bump comes before the too-late test", "", "", extra="Deferred.bumps_before_too_late_test = True\n"),
    Breakage("H_CONFER reads the VPA without the lock", "", "", extra="from racer.kvm.layout import YIELD_COUNT\n"
             "def unlocked(self, vcpu):\n    vpa = vcpu.vpa.pinned_addr\n    return vpa.load(YIELD_COUNT) if vpa else 0\n"
             "Deferred.kvmppc_get_yield_count = unlocked\n"),
)  # fmt: skip

# Slips that take three requests between two steps of one update: cross-register shows them, but not soon.
RETRY_BREAKAGES = (
    Breakage("next_gpa is pinned instead of the sample", "kvmppc_pin_guest_page(kvm, gpa, nb, vpap.label)",
             "kvmppc_pin_guest_page(kvm, vpap.next_gpa, nb, vpap.label)"),
    Breakage("next_gpa is not compared again", "            if gpa == vpap.next_gpa:\n                break\n", "            break\n"),
    Breakage("the retry forgets its pin", "            if va:\n                kvmppc_unpin_guest_page(kvm, va)\n\n", "\n"),
)  # fmt: skip

# What goes with a change that needs a second place to be one: (old, new) by the name in `extra`.
SECOND_PLACES = {
    "_release": (HCALL_UNLOCK, "            vpap.update_pending = 1\n"),
    "_release_callers": (HCALL_UNLOCK, "            vpap.update_pending = 1\n        vcpu.vpa_update_lock.release()\n"),
    "_no_retake": ("            vcpu.vpa_update_lock.acquire()\n            if gpa", "            if gpa"),
    "_no_clearing": ("\n        vpap.update_pending = 0\n", "\n"),
    "_no_vc_retake": ("            vc.lock.acquire()\n\n", "\n"),
    "_no_late_start": (START + "        vc.vcore_state = RUNNING\n", "        vc.vcore_state = RUNNING\n"),
}
