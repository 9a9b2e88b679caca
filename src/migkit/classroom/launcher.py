"""First program inside the sandbox: puts limits on itself, gives up its rights, becomes the notebook's kernel.

Run as a file by :mod:`migkit.classroom.sandbox`; standard library only until the limits are in force.
"""

import json
import os
import shutil
import sys
import threading
import warnings
from pathlib import Path
from typing import Any


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


def copy_files(source: Path, target: Path) -> None:
    """Copy what is in ``source``, contents only: owner and rights are this process's own."""
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        if path.is_dir():
            place.mkdir(exist_ok=True)
        elif path.is_file():
            shutil.copyfile(path, place)


def end_with_the_grader() -> None:
    """End this process when the grader has gone: our input is a pipe from it, which then closes.

    bubblewrap sees to that as well, but not for a grader that is killed while the walls are going up.
    """

    def wait() -> None:
        while os.read(0, 1024):
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True, name="lifeline").start()


def start(settings: dict[str, Any]) -> None:
    """Do what ``settings`` (made by ``sandbox.settings``) says, and run the kernel until it is told to stop."""
    if settings["uid"]:
        become(settings["uid"])
    limit(settings["limits"])
    copy_files(Path(settings["hand_in"]), Path(settings["work"]))
    os.chdir(settings["work"])
    sys.path.append("")  # helpers that belong to the exercise
    # A warning on stderr makes nbgrader give no point for a right answer.
    warnings.simplefilter("ignore")
    if settings["probe"]:
        import ipykernel  # noqa: F401  (can this user read the environment at all?)

        sys.stdout.write("ready")
        return
    from ipykernel.kernelapp import launch_new_instance

    if settings["lifeline"]:
        end_with_the_grader()
    launch_new_instance(argv=settings["arguments"])


if __name__ == "__main__":
    start(json.loads(sys.argv[1]))
