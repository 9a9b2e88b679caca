"""First program inside the sandbox: becomes the warm process from which hand-ins are forked.

Run as a file by :mod:`migkit.classroom.sandbox`.
"""

import json
import os
import sys
import warnings
from typing import Any, BinaryIO


def limit(limits: dict[str, int]) -> None:
    """Bound memory (bytes), processor time (seconds), file size (bytes) and the number of processes.

    Windows has no such limits for a process itself; there the watchdog in the grader is the only bound.
    """
    try:
        import resource
    except ImportError:
        return
    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name.upper()}", None)
        if kind is None:
            continue
        _soft, hard = resource.getrlimit(kind)
        ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (ceiling, ceiling))
        except (OSError, ValueError):  # macOS refuses some of them
            continue


def become(uid: int) -> None:
    """Go on as the user ``uid``, in no group but its own, for good."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def channels() -> tuple[BinaryIO, BinaryIO]:
    """Where jobs come in and answers go out; nothing else in this process writes there by accident."""
    inward, outward = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    return os.fdopen(inward, "rb", buffering=0), os.fdopen(outward, "wb", buffering=0)


def start(settings: dict[str, Any]) -> None:
    """Do what ``settings`` (made by ``sandbox.settings``) says, and serve hand-ins until told to stop."""
    # A warning on stderr makes nbgrader give no point for a right answer.
    warnings.simplefilter("ignore")
    inward, outward = channels()
    from migkit.classroom import zygote

    if settings["uid"] and not settings["fork"]:
        become(settings["uid"])
    if settings["probe"]:
        zygote.probe(settings, outward)
        return
    shell = zygote.warm(settings)
    zygote.write_frame(outward, b"E", 0, b'{"ready": true}')
    if settings["fork"]:
        zygote.Zygote(settings, shell, inward, outward).serve()
    else:
        zygote.serve_one(settings, shell, inward, outward)


if __name__ == "__main__":
    start(json.loads(sys.argv[1]))
