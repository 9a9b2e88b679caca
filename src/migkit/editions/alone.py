"""One process at a time: two builds of the book would empty each other's cache."""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path


@contextlib.contextmanager
def alone(lock: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the file ``lock`` until the end of the block; wait for whoever holds it now.

    The system lets go of the lock when its holder ends, however it ends, so a power cut leaves nothing behind.

    Args:
        lock: a file to lock; it is made if needed and stays, empty.
        waiting: called once if somebody else holds the lock.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(lock, os.O_RDWR | os.O_CREAT)
    try:
        if not _take(handle):
            waiting()
            while not _take(handle):
                time.sleep(0.3)
        yield
    finally:
        os.close(handle)


def _take(handle: int) -> bool:
    """Lock the open file, or say that somebody else has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
