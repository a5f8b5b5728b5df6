"""The scheme `single-vcpu`: Linux from v5.17 on for POWER9 and later (ecb6a720; the path began in v4.20 with 95a6432c).

A vcpu runs on its own, on the CPU of its task: no vcore is shared, nobody waits for others, vc->lock is not taken. What
was asked for is applied just before interrupts go off for the guest entry, every time. Guest entry and exit are C code.
H_PROD wakes its target (8464c884, v4.10: P8), a VPA of 640 bytes will do (eaac112e, v4.14: B8), vcpus are found without
kvm->lock (5a3f4936, v5.2: B15). The rewrite lost the stolen time of the dispatch log (B14).
"""

import racer
from racer.kvm.areas import KvmppcVpa
from racer.kvm.dispatch_log import kvmppc_create_dtl_entry
from racer.kvm.guest import kvmhv_p9_guest_entry
from racer.kvm.layout import SIZEOF_LPPACA
from racer.kvm.papr import H_PARAMETER, H_SUCCESS, H_VPA_REG_VPA
from racer.kvm.schemes.base import Scheme
from racer.kvm.schemes.own_task import OwnTask
from racer.kvm.specification import SINCE_V4_14
from racer.kvm.stolen_time import NotLogged, StolenTime
from racer.kvm.vcpu import Vcpu


class SingleVcpu(OwnTask):
    """S6."""

    rules = SINCE_V4_14  # B8
    sizeof_lppaca = SIZEOF_LPPACA  # D11
    finds_vcpus_under_kvm_lock = False  # B15
    shares_vcores = False
    stolen_time: type[StolenTime] = NotLogged  # B14
    bugs = OwnTask.bugs - {"P8", "B8", "B15", "D10", "D11"} | {"B14"}

    h_prod = Scheme.h_prod  # P8
    kvmppc_vcpu_woken = Scheme.kvmppc_vcpu_woken

    def check_request(self, tvcpu: Vcpu, subfunc: int, length: int) -> tuple[int, KvmppcVpa | None, int]:
        """Return the code, the area to change if it is a success, and its length. Called with vpa_update_lock held."""
        if subfunc == H_VPA_REG_VPA:
            if length < SIZEOF_LPPACA:  # B8: not sizeof(struct lppaca)
                return H_PARAMETER, None, length
            return H_SUCCESS, tvcpu.vpa, length
        return super().check_request(tvcpu, subfunc, length)

    def kvmppc_run_vcpu(self, vcpu: Vcpu) -> None:
        """Run a vcpu until it has something to do outside the guest."""
        vcpu.trap = None
        vcpu.ceded = 0
        while vcpu.trap is None:
            if vcpu.ceded:
                self.kvmppc_vcpu_block(vcpu)
            self.kvmppc_update_vpas(vcpu)
            # interrupts are off from here on: nothing below may sleep
            kvmppc_create_dtl_entry(vcpu)
            kvmhv_p9_guest_entry(vcpu)

    def kvmppc_vcpu_block(self, vcpu: Vcpu) -> None:
        """Sleep until a ceded vcpu has reason to run."""
        wq = vcpu.vcore.wq
        seen = wq.load()
        while not self.kvmppc_vcpu_woken(vcpu):
            racer.may_sleep("kvmppc_vcpu_block")
            wq.wait(lambda now, seen=seen: now != seen)  # type: ignore[misc]
            seen = wq.load()
        vcpu.prodded = 0
        vcpu.ceded = 0
