"""Small file habits that the class rests on: nothing half-written, nothing replaced without a copy."""

import hashlib
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil

from migkit.reference import KitError, _
from migkit.reference.files import replacing


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


def append_line(path: Path, line: str) -> None:
    """Add a line to a journal and put it safely on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


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


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Let one command at a time change a class; a lock left by a power cut counts for nothing.

    Raises:
        KitError: if another command is at work.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    except FileExistsError:
        holder = _holder(lock)
        if holder:
            raise KitError(
                _("Another command (process {pid}) is changing this class; wait until it is done.").format(
                    pid=holder
                )
            ) from None
        lock.unlink(missing_ok=True)
        handle = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    me = psutil.Process()
    os.write(handle, f"{me.pid} {me.create_time()}".encode())
    os.close(handle)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _holder(lock: Path) -> int:
    """The process that holds the lock, or 0 if it is gone (its number may be another program's by now)."""
    try:
        pid, started = lock.read_text(encoding="ascii").split()
        if abs(psutil.Process(int(pid)).create_time() - float(started)) < 1:
            return int(pid)
    except (OSError, ValueError, psutil.Error):
        pass
    return 0
