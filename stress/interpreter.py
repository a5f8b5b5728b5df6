"""Which interpreter this is, in words."""

import platform
import sys
import sysconfig


def has_gil() -> bool:
    """Whether one thread at a time runs Python code."""
    asked = getattr(sys, "_is_gil_enabled", None)
    return True if asked is None else bool(asked())


def described() -> str:
    """Return implementation, version and kind: free-threaded or with the GIL."""
    kind = "free-threaded" if not has_gil() else "GIL"
    if has_gil() and sysconfig.get_config_var("Py_GIL_DISABLED"):
        kind = "free-threaded build with the GIL switched on"
    return f"{platform.python_implementation()} {platform.python_version()} ({kind})"
