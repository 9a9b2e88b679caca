"""Copies packed beforehand (gzip, Brotli) and the manifest: what a small server can send without work."""

import gzip
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from migkit import __version__
from migkit.editions import Progress
from migkit.editions.browser.layout import MANIFEST, PACKED, ROOMS, made_here
from migkit.reference.files import sha256, write_bytes, write_text

#: What packing makes smaller; wheels, pictures and fonts are packed already.
KINDS = {".css", ".csv", ".html", ".ipynb", ".js", ".json", ".mjs", ".svg", ".ttf", ".txt", ".wasm", ".xml"}

#: Smaller files cost a request either way.
SMALLEST = 1000


def pack(out: Path, progress: Progress) -> None:
    """Write X.gz and X.br beside each file X that they make smaller; fresh ones are left alone.

    In an edition's folder only: beside its rooms a file X.gz may be somebody's own.
    """
    stale = [path for path in _files(out) if _travels(path, out) and not _is_packed(path)]
    done = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # both packers let other threads run
        for path in pool.map(_pack, sorted(stale, key=lambda path: -path.stat().st_size)):
            done += 1
            progress(done / len(stale), path.name)
    for path in [path for room in ROOMS for path in (out / room).rglob("*")]:
        if path.suffix in PACKED and not path.with_suffix("").is_file():
            path.unlink()  # its original is gone


def _travels(path: Path, out: Path) -> bool:
    """Whether browsers fetch it, and packing makes it smaller."""
    return path.suffix in KINDS and (path.parent == out or path.relative_to(out).parts[0] in ROOMS)


def _pack(path: Path) -> Path:
    import brotli

    content = path.read_bytes()
    for ending in PACKED:
        copy = path.with_name(path.name + ending)
        if ending == ".gz":
            packed = gzip.compress(content, 9, mtime=0)
        else:
            packed = brotli.compress(content, quality=11, lgwin=22)
        if len(content) >= SMALLEST and len(packed) < 0.95 * len(content):
            write_bytes(copy, packed)
            stamp = path.stat().st_mtime_ns
            os.utime(copy, ns=(stamp, stamp))
        else:
            copy.unlink(missing_ok=True)
    return path


def _is_packed(path: Path) -> bool:
    """Whether its copies carry its own time, or it is too small to have any."""
    state = path.stat()
    copies = [path.with_name(path.name + ending) for ending in PACKED]
    return state.st_size < SMALLEST or all(
        copy.is_file() and copy.stat().st_mtime_ns == state.st_mtime_ns for copy in copies
    )


def write_manifest(out: Path, about: dict[str, Any]) -> dict[str, Any]:
    """Write the list of all files with their bytes and SHA-256, and the bytes of their packed copies.

    Args:
        out: the folder of the edition.
        about: what to say of the whole: country, language, Pyodide.
    """
    files = {}
    for path in _files(out):
        entry: dict[str, Any] = {"bytes": path.stat().st_size, "sha256": sha256(path)}
        for ending in PACKED:
            copy = path.with_name(path.name + ending)
            if copy.is_file():
                entry[ending[1:]] = copy.stat().st_size
        files[path.relative_to(out).as_posix()] = entry
    mark = hashlib.sha256(json.dumps(files).encode()).hexdigest()[:16]
    manifest = {
        "edition": mark,  # near the head: the small servers look for it there (assets/launcher)
        "kit": __version__,
        **about,
        "bytes": sum(entry["bytes"] for entry in files.values()),
        "files": files,
    }
    write_text(out / MANIFEST, json.dumps(manifest, indent=1))
    return manifest


def wrong(out: Path, files: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The files of the manifest, and their packed copies, that are missing or were cut short."""
    sizes = {name: entry["bytes"] for name, entry in files.items()}
    for ending in PACKED:
        sizes |= {name + ending: entry[ending[1:]] for name, entry in files.items() if ending[1:] in entry}
    return sorted(name for name, size in sizes.items() if _size(out / name) != size)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def _files(out: Path) -> Iterator[Path]:
    """The kit's own files of an edition, without packed copies and leftovers."""
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out)
        hidden = any(part.startswith(".") for part in name.parts)
        if path.is_file() and path.suffix not in PACKED and not hidden and made_here(name.as_posix()):
            yield path
