"""Packages on demand: ``import scipy`` inside a function fetches scipy, once, and goes on.

A cell's own imports are fetched by JupyterLite before the cell runs. What the kit imports within its functions
comes through here.
"""

import ctypes
import io
import site
import sys
import zipfile
from importlib import invalidate_caches
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

from migkit.reference.browser.requests import fetch, weight
from migkit.reference.errors import KitError
from migkit.reference.language import _

#: What an import may fetch. Not all of the edition's packages: many a package only looks whether another is there
#: (pandas for pyarrow, asyncio for ssl), and a look must not cost ten megabytes.
ON_DEMAND = frozenset({"fontTools", "openpyxl", "scipy"})
#: Where Python looks for libraries that several packages share.
LIBRARIES = Path("/usr/lib")


class Finder(MetaPathFinder):
    """Fetches a package at the moment of its import, if it is one of the edition's and not there yet."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Where the module is, after its package was fetched; None if it is none of ours."""
        if fullname not in ON_DEMAND or _key(fullname) not in _lock():
            return None
        _fetch_all(_missing(fullname))
        invalidate_caches()
        return PathFinder.find_spec(fullname, path, target)


def install() -> None:
    """Ask this finder after Python's own, and before Pyodide's, which only says that a package is missing."""
    sys.meta_path.insert(sys.meta_path.index(PathFinder) + 1, Finder())


def _lock() -> dict[str, Any]:
    """The edition's packages as its lock file names them."""
    import pyodide_js

    packages: dict[str, Any] = pyodide_js._api.lockfile_packages.to_py()
    return packages


def _key(name: str) -> str:
    """A package's name as the lock spells it."""
    return name.lower().replace("_", "-")


def _loaded() -> Any:
    """Pyodide's own record of what it has loaded."""
    import pyodide_js

    return pyodide_js.loadedPackages


def _missing(name: str) -> list[dict[str, Any]]:
    """The package and what it needs, needs first, without what is there."""
    lock = _lock()
    found: dict[str, dict[str, Any]] = {}

    def visit(each: str) -> None:
        entry = lock[_key(each)]
        if entry["name"] not in found and not hasattr(_loaded(), entry["name"]):
            for need in entry["depends"]:
                visit(need)
            found[entry["name"]] = entry

    visit(name)
    return list(found.values())


def _fetch_all(entries: list[dict[str, Any]]) -> None:
    import js
    import pyodide_js

    base = pyodide_js._api.config.indexURL
    urls = [js.URL.new(entry["file_name"], base).href for entry in entries]
    names = ", ".join(entry["name"] for entry in entries)
    size = sum(map(weight, urls)) / 1e6
    say = _("Fetching {names} ({size:.1f} MB), once.") if size else _("Fetching {names}, once.")
    print(say.format(names=names, size=size), flush=True)  # noqa: T201
    for entry, url in zip(entries, urls, strict=True):
        _unpack(entry, fetch(url))
        setattr(_loaded(), entry["name"], "default channel")


def _unpack(entry: dict[str, Any], content: bytes) -> None:
    shared = entry["install_dir"] == "dynlib"
    folder = LIBRARIES if shared else Path(site.getsitepackages()[0])
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(folder)
            files = archive.namelist()
    except zipfile.BadZipFile:
        raise KitError(
            _("The package {name} came broken. Reload the page and try again.").format(name=entry["name"])
        ) from None
    for name in files if shared else ():
        if ".so" in Path(name).suffixes:
            _open_library(folder / name)


def _open_library(path: Path) -> None:
    """Load a shared library, and let those that need it find it by its name alone."""
    import pyodide_js

    ctypes.CDLL(str(path))
    known = pyodide_js._module.LDSO.loadedLibsByName
    setattr(known, path.name, getattr(known, str(path)))


__all__ = ["Finder", "install"]
