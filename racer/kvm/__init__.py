"""The subject: a model of the areas that KVM on POWER keeps for each virtual processor, and of their users."""

from racer.kvm.vcpu import LEAVE, Exit, Guest, Vcpu
from racer.kvm.vm import Vm

__all__ = ["LEAVE", "Exit", "Guest", "Vcpu", "Vm"]
