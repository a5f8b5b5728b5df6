"""The H_REGISTER_VPA calls that real guests made, read from the text that caught them."""

from stress.hcalls.calls import Call, Function, Trace
from stress.hcalls.errors import TraceError
from stress.hcalls.importer import read_trace

__all__ = ["Call", "Function", "Trace", "TraceError", "read_trace"]
