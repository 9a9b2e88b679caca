"""Inside the sandbox: calls to the kernel that no lesson needs, refused for good before a hand-in's first line.

What they could be used for: opening namespaces and mounting, with the rights that come along; memory that is
counted nowhere; keyrings and queues in which neighbours leave each other something; looking into other processes.
"""

import ctypes
import errno
import platform

#: Numbers of the calls by kind of processor: what ``platform.machine`` says, and what the kernel calls it.
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CLONE = {"x86_64": 56, "aarch64": 220}
_REFUSED = {
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "memfd_create": (319, 279),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    # From here on all processors have the same number.
    "io_uring_setup": (425, 425),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "pidfd_getfd": (438, 438),
    "mount_setattr": (442, 442),
    "memfd_secret": (447, 447),
}
#: Its flags lie in memory, where the filter cannot look; the C library then falls back to ``clone``.
_CLONE3 = 435
#: All that open a namespace.
_NAMESPACES = 0x7E020000
#: Instructions of the filter, and what it answers (<linux/filter.h>, <linux/seccomp.h>).
_LOAD, _IF_EQUAL, _IF_FROM, _IF_ANY, _ANSWER = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_PR_SET_SECCOMP, _FILTER = 22, 2


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("yes", ctypes.c_uint8),
        ("no", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("first", ctypes.POINTER(_Instruction)))


def _program(machine: str) -> list[tuple[int, int, int, int]]:
    """The filter: (instruction, how many to skip if so, and if not, value)."""
    refuse = (_ANSWER, 0, 0, _FAIL | errno.EPERM)
    place = list(_ARCHITECTURES).index(machine)
    lines = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IF_EQUAL, 1, 0, _ARCHITECTURES[machine]),
        refuse,
        (_LOAD, 0, 0, _NUMBER),
        (_IF_FROM, 0, 1, 0x40000000),  # the same calls once more, by 32-bit numbers
        refuse,
        (_IF_EQUAL, 0, 1, _CLONE3),
        (_ANSWER, 0, 0, _FAIL | errno.ENOSYS),
    ]
    for numbers in _REFUSED.values():
        lines += [(_IF_EQUAL, 0, 1, numbers[place]), refuse]
    return [
        *lines,
        (_IF_EQUAL, 0, 3, _CLONE[machine]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_IF_ANY, 0, 1, _NAMESPACES),
        refuse,
        (_ANSWER, 0, 0, _ALLOW),
    ]


def refuse() -> None:
    """Refuse them from now on, in this process and in all that it starts; it must not get new rights already.

    Raises:
        OSError: if this kernel has no such filter.
    """
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        return
    lines = [_Instruction(*line) for line in _program(machine)]
    program = _Program(len(lines), (_Instruction * len(lines))(*lines))
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_PR_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")
