"""Workloads and stress runs for the model in `racer.kvm`; used from a checkout, not part of the wheel."""
