"""The scheme `seed-logged`: the patch, and the dispatch log that came with the commit after it (0456ec4f, v3.5-rc).

The runner writes an entry into each vcpu's log when it dispatches it. A vcpu that joins late gets none (B5).
"""

from racer.kvm.dispatch_log import kvmppc_create_dtl_entry
from racer.kvm.schemes.seed import Seed, vpa_update_pending
from racer.kvm.stolen_time import StolenTime
from racer.kvm.vcore import kvmppc_start_thread
from racer.kvm.vcpu import Vcpu


class SeedLogged(Seed):
    """S2'."""

    logs_dispatches = True
    stolen_time: type[StolenTime] = StolenTime  # B13
    bugs = Seed.bugs | {"B13", "D10"}

    def kvmppc_dispatch(self, vcpus: list[Vcpu]) -> None:
        """Start the vcpus' hardware threads, apply what was asked for, log. Called with vc->lock held."""
        for vcpu in vcpus:
            kvmppc_start_thread(vcpu)  # B4
            if vpa_update_pending(vcpu):
                self.kvmppc_update_vpas(vcpu)
            kvmppc_create_dtl_entry(vcpu)
