"""Small file habits that the class rests on: nothing half-written, nothing replaced without a copy."""

import errno
import hashlib
import json
import os
import re
import shutil
import sqlite3
import sys
import tempfile
import threading
import time
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from migkit.reference import KitError, _
from migkit.reference.files import replacing, write_bytes

#: What a system says that has no such call for this kind of disk (some sticks and network folders).
CANNOT = {errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


def sha256(content: bytes) -> str:
    """The content's fingerprint."""
    return hashlib.sha256(content).hexdigest()


def now() -> datetime:
    """This moment, in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def stamp() -> str:
    """This moment as part of a file name."""
    return now().strftime("%Y%m%d-%H%M%S")


def free_name(path: Path) -> Path:
    """``path``, or the first of ``path-2``, ``path-3``, ... that does not exist yet."""
    candidate, number = path, 2
    while candidate.exists():
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return candidate


def sync_folder(folder: Path) -> None:
    """Put the names in ``folder`` safely on the disk too: after a power cut a file without its name is lost."""
    if sys.platform == "win32":
        return  # Windows has no such call; its file system keeps a journal of names
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as trouble:
        if trouble.errno not in CANNOT:
            raise
    finally:
        os.close(handle)


def keep(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` so that no power cut takes it away: content, name and folders."""
    new = [folder for folder in path.parents if not folder.exists()]
    write_bytes(path, content)
    for folder in (path.parent, *(made.parent for made in new)):
        sync_folder(folder)


def append_line(path: Path, line: str) -> None:
    """Add a line to a journal and put it safely on the disk.

    What a power cut or a full disk left of an earlier line is closed first, so that it spoils no other line.
    """
    new = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b", buffering=0) as file, _held(file.fileno()):
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 1, 0))
        start = b"" if file.read(1) in (b"", b"\n") else b"\n"
        content = start + line.encode("utf-8") + b"\n"
        if file.write(content) != len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        os.fsync(file.fileno())
    if new:
        sync_folder(path.parent)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a journal, each a JSON object; one that was left half-written is passed over."""
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict):
            yield record


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Say in one sentence what is wrong with the disk, instead of a traceback.

    Raises:
        KitError: if the disk that holds ``folder`` is full or cannot be written, or the gradebook is in use.
    """
    from sqlalchemy.exc import OperationalError  # heavy, and most commands have it by now

    try:
        yield
    except OSError as trouble:
        if trouble.errno in (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)):
            fuller = min((folder, Path(tempfile.gettempdir())), key=lambda place: shutil.disk_usage(place).free)
            raise _disk_error(fuller, full=True) from trouble
        inside = trouble.filename and Path(os.fsdecode(trouble.filename)).is_relative_to(folder)
        if trouble.errno == errno.EIO or (inside and trouble.errno in (errno.EROFS, errno.EACCES, errno.EPERM)):
            raise _disk_error(folder, full=False) from trouble
        raise
    except (sqlite3.OperationalError, OperationalError) as trouble:
        if "database is locked" in str(trouble):
            raise KitError(
                _("Another program has the gradebook of {folder} open and busy; close it and try again.").format(
                    folder=folder
                )
            ) from trouble
        full = "disk is full" in str(trouble) or shutil.disk_usage(folder).free < 65536
        if not full and not re.search(r"readonly|disk I/O|unable to open", str(trouble)):
            raise
        raise _disk_error(folder, full) from trouble


def _disk_error(folder: Path, full: bool) -> KitError:
    if full:
        return KitError(
            _(
                "The disk that holds {folder} is full: free some space and give the same command again; "
                "nothing that was acknowledged is lost."
            ).format(folder=folder)
        )
    return KitError(
        _(
            "The disk that holds {folder} cannot be written (read-only, protected or damaged): make it writable "
            "and give the same command again; nothing that was acknowledged is lost."
        ).format(folder=folder)
    )


def backup_database(database: Path, folder: Path, reason: str) -> Path | None:
    """Copy a sqlite database, whole and consistent even while somebody uses it; None if there is none yet."""
    if not database.exists():
        return None
    target = free_name(folder / f"{database.stem}-{stamp()}-before-{reason}.db")
    with (
        replacing(target) as part,
        closing(sqlite3.connect(database)) as source,
        closing(sqlite3.connect(part)) as copy,
    ):
        source.backup(copy)
    return target


def write_zip(target: Path, entries: dict[str, Path | bytes]) -> None:
    """Write a zip of ``entries`` (name inside: file or content); same content, same bytes."""
    with replacing(target) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(entries):
            info = zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            content = entries[name]
            if isinstance(content, bytes):
                archive.writestr(info, content)
            else:
                with content.open("rb") as file, archive.open(info, "w") as place:
                    shutil.copyfileobj(file, place)


#: Locks that threads of this process hold or wait for: the system's own locks are between processes.
_threads: dict[str, threading.Lock] = defaultdict(threading.Lock)


@contextmanager
def only_one(lock: Path, wait: float = 0) -> Iterator[None]:
    """Let one command (process or thread) at a time do something; the lock goes with the process that held it.

    Args:
        lock: the file of the lock; it stays and means nothing by itself.
        wait: how many seconds to wait for the other one.

    Raises:
        KitError: if another command is still at work then.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + wait
    own = _threads[str(lock)]
    if not own.acquire(timeout=wait) if wait else not own.acquire(blocking=False):
        raise _busy(os.getpid())
    try:
        with lock.open("a+b", buffering=0) as file:
            while not _try_to_hold(file.fileno()):
                if time.monotonic() > until:
                    file.seek(0)
                    text = file.read(20)
                    raise _busy(int(text) if text.isdigit() else 0)
                time.sleep(0.02)
            try:
                file.truncate(0)
                file.write(str(os.getpid()).encode("ascii"))
                yield
            finally:
                _let_go(file.fileno())
    finally:
        own.release()


def _busy(pid: int) -> KitError:
    return KitError(
        _("Another command (process {pid}) is changing this class; wait until it is done.").format(pid=pid or "?")
    )


@contextmanager
def _held(handle: int) -> Iterator[None]:
    """An open file for this process alone; a moment's work, so others simply wait."""
    while not _try_to_hold(handle):
        time.sleep(0.005)
    try:
        yield
    finally:
        _let_go(handle)


if sys.platform == "win32":
    import msvcrt

    #: Windows locks bytes, and nobody else can read a locked one: this one is far behind the end.
    FAR = 1 << 30

    def _try_to_hold(handle: int) -> bool:
        os.lseek(handle, FAR, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _let_go(handle: int) -> None:
        os.lseek(handle, FAR, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_to_hold(handle: int) -> bool:
        try:
            # Not flock: a child of a fork that outlives us must not go on holding the class.
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as trouble:
            if trouble.errno in (errno.EACCES, errno.EAGAIN):
                return False
            if trouble.errno not in CANNOT:
                raise
        return True

    def _let_go(handle: int) -> None:
        with suppress(OSError):  # closing the file lets go too
            fcntl.lockf(handle, fcntl.LOCK_UN)
