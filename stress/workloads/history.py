"""What each scheme of the kernel's history may show besides what a workload expects of it."""

from stress.workloads.calls import IMMEDIATE_MAY_SHOW, SEED_MAY_SHOW

# The slips of the seed and its fixes, whatever the workload.
SINCE_SEED = SEED_MAY_SHOW | {
    "deadlock",
    "dispatch-not-logged",
    "last-request",
    "list-changed",
    "return-code",
    "stale-registration",
    "thread-busy",
}
# What userspace finds in every kernel that it can set areas in (D3, D4), and the lock order until v5.1 (B15).
OPEN = frozenset({"area-dependency", "deadlock", "last-request", "return-code"})

MAY_SHOW = {
    "unpinned": IMMEDIATE_MAY_SHOW | {"deadlock", "list-changed", "stale-registration"},
    "immediate": IMMEDIATE_MAY_SHOW | {"deadlock", "list-changed", "stale-registration"},
    "seed": SINCE_SEED,
    "seed-logged": SINCE_SEED,
    "dropped-locks": SINCE_SEED | OPEN,
    "snapshot": SINCE_SEED | OPEN,
    "late-joiners": SINCE_SEED | OPEN,
    "dirty-tracking": OPEN | {"stale-registration", "yield-count-parity"},
    "own-task": OPEN,
    "single-vcpu": OPEN,
    "nested": OPEN,
}


def with_kinds(*kinds: str) -> dict[str, frozenset[str]]:
    """Return what each scheme may show, and these."""
    return {scheme: may | frozenset(kinds) for scheme, may in MAY_SHOW.items()}
