"""The numbers of PAPR: hypercalls, the flags word of H_REGISTER_VPA, return codes."""

H_REGISTER_VPA = 0xDC
H_CEDE = 0xE0
H_CONFER = 0xE4
H_PROD = 0xE8

# H_REGISTER_VPA: what to do stands in three bits of the flags word, numbered from the left: bits 16 to 18.
H_VPA_FUNC_SHIFT = 63 - 18
H_VPA_FUNC_MASK = 7

H_VPA_REG_VPA = 1
H_VPA_REG_DTL = 2
H_VPA_REG_SLB = 3
H_VPA_DEREG_VPA = 5
H_VPA_DEREG_DTL = 6
H_VPA_DEREG_SLB = 7
# 0 and 4 are reserved.

REGISTERING = frozenset((H_VPA_REG_VPA, H_VPA_REG_DTL, H_VPA_REG_SLB))

H_SUCCESS = 0
H_BUSY = 1
H_CLOSED = 2
H_HARDWARE = -1
H_FUNCTION = -2
H_PRIVILEGE = -3
H_PARAMETER = -4
H_NOT_FOUND = -7
H_NO_MEM = -9
H_AUTHORITY = -10
H_RESOURCE = -16
H_P2 = -55
H_P3 = -56
H_P4 = -57
H_P5 = -58
H_TOO_HARD = 9999  # between real-mode and virtual-mode code, never told to a guest

EINVAL = -22  # not PAPR's: what an ioctl gives

L1_CACHE_BYTES = 128

RETURN_NAMES = {
    H_SUCCESS: "H_SUCCESS",
    H_FUNCTION: "H_FUNCTION",
    H_PARAMETER: "H_PARAMETER",
    H_RESOURCE: "H_RESOURCE",
    EINVAL: "EINVAL",
}
FUNCTION_NAMES = {
    H_VPA_REG_VPA: "register VPA",
    H_VPA_REG_DTL: "register DTL",
    H_VPA_REG_SLB: "register SLB shadow",
    H_VPA_DEREG_VPA: "deregister VPA",
    H_VPA_DEREG_DTL: "deregister DTL",
    H_VPA_DEREG_SLB: "deregister SLB shadow",
}


def flags_word(subfunc: int) -> int:
    """Return the flags word (r4) that asks for a subfunction.

    >>> hex(flags_word(H_VPA_REG_VPA)), hex(flags_word(H_VPA_DEREG_SLB))
    ('0x200000000000', '0xe00000000000')
    """
    return subfunc << H_VPA_FUNC_SHIFT


def subfunction(flags: int) -> int:
    """Return the subfunction that a flags word asks for; all other bits are ignored, as KVM does."""
    return (flags >> H_VPA_FUNC_SHIFT) & H_VPA_FUNC_MASK


def return_name(code: int) -> str:
    """Return a return code's name, or the number where it has none here.

    >>> return_name(-16), return_name(7)
    ('H_RESOURCE', '7')
    """
    return RETURN_NAMES.get(code, str(code))
