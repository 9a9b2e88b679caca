"""Which packages the browser's Python has, what is left out of them, and the lock file that names them.

Pyodide finds a package through a lock file: an import in a cell, or in a function that a cell calls, fetches the
wheel that the lock names. The edition has a lock of its own: Pyodide's packages without what a lesson never opens
(so that the first chart needs half the bytes), the kit itself, and the pure-Python packages of the kit's own
environment.
"""

import fnmatch
import hashlib
import json
import shutil
import sys
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from migkit.editions import Progress
from migkit.editions.browser import wheels
from migkit.editions.browser.pyodide_files import CORE, LOCK, upstream_lock
from migkit.reference.files import ZIP_DATE, replacing, sha256, write_text

#: Pyodide's packages that a lesson loads before its first chart, beside what they depend on.
FIRST: tuple[str, ...] = ("numpy", "pandas", "matplotlib", "ipython", "micropip")

#: Pyodide's packages that are fetched when something imports them. fonttools: saving a chart as PDF.
ON_DEMAND: tuple[str, ...] = ("scipy", "pyarrow", "fonttools")

#: What JupyterLite's kernel asks for by name at its start and the lessons do without: jedi completes code without
#: running it (IPython completes from the values that are there), ssl serves the network. An empty package answers
#: to these names.
LEFT_OUT: tuple[str, ...] = ("jedi", "ssl")

#: What Pyodide's packages are said to need and a lesson does not.
NOT_NEEDED: Mapping[str, frozenset[str]] = {
    "ipython": frozenset({"jedi"}),
    "matplotlib": frozenset({"fonttools"}),
}

#: Files that stay out of the slim copies of Pyodide's wheels, as patterns of their names.
SLIM: Mapping[str, tuple[str, ...]] = {
    "matplotlib": (
        "matplotlib/mpl-data/fonts/afm/*",
        "matplotlib/mpl-data/fonts/pdfcorefonts/*",
        "matplotlib/mpl-data/fonts/ttf/DejaVuSerif*",
        "matplotlib/mpl-data/fonts/ttf/DejaVuSansMono-*",
        "matplotlib/mpl-data/images/*",
        "matplotlib/mpl-data/sample_data/*",
        "matplotlib/backends/web_backend/*",
        "matplotlib/backends/qt_editor/*",
        "*.pyi",
    ),
    "numpy": ("numpy/f2py/src/*", "numpy/_core/include/*", "numpy/_core/lib/*", "*.pyi", "*.pxd"),
    "pandas": ("pandas/io/formats/templates/*.tex", "pandas/_testing/*.pyi", "*.pyi"),
    "pygments": ("pygments/lexers/[!_]*", "pygments/lexers/_*_builtins.py"),
    "pillow": ("PIL/*.pyi",),
    "fonttools": ("fontTools/ufoLib/*",),
}

#: Within a pattern of SLIM, what stays all the same.
KEEP: Mapping[str, tuple[str, ...]] = {
    "pygments": ("pygments/lexers/python.py", "pygments/lexers/special.py", "pygments/lexers/__init__.py"),
}

#: The kit's pure-Python neighbours: how cells import them, what they need. openpyxl is fetched on demand.
NEIGHBOURS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "comm": (("comm",), ("traitlets",)),
    "ipywidgets": (("ipywidgets",), ("comm", "ipython", "traitlets")),
    "pyyaml": (("yaml",), ()),
    "et-xmlfile": (("et_xmlfile",), ()),
    "openpyxl": (("openpyxl",), ("et-xmlfile",)),
}

#: What comes with the kit at once: fetched side by side with it, while the page still starts.
KIT_NEEDS: tuple[str, ...] = (
    "numpy",
    "pandas",
    "matplotlib",
    "matplotlib-inline",
    "ipython",
    "ipywidgets",
)

#: What Python loads before the first cell can run. JupyterLite's kernel asks for the first nine by name.
AT_START: tuple[str, ...] = (
    "micropip",
    "piplite",
    "ssl",
    "sqlite3",
    "ipykernel",
    "comm",
    "pyodide_kernel",
    "jedi",
    "ipython",
    "migkit",
)

#: JupyterLite's own wheels lie in its extension of JupyterLab.
KERNEL_WHEELS = Path(sys.prefix, "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static/pypi")


@dataclass(frozen=True)
class Wheel:
    """A wheel of the edition's own: its file, the names by which cells import it, the packages it needs."""

    name: str
    file: Path
    imports: tuple[str, ...]
    depends: tuple[str, ...] = field(default=())


def upstream_packages(lock: Mapping[str, Any]) -> tuple[str, ...]:
    """The packages of Pyodide that the edition carries: those named above and what they depend on.

    Args:
        lock: Pyodide's own lock file.
    """
    entries = lock["packages"]
    found: set[str] = set()
    left = [*FIRST, *ON_DEMAND]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += _needs(name, entries[name])
    return tuple(sorted(found))


def _needs(name: str, entry: Mapping[str, Any]) -> list[str]:
    """What a package depends on in this edition, in the spelling of the lock's keys."""
    depends = map(_key, entry["depends"])
    return [depend for depend in depends if depend not in NOT_NEEDED.get(name, frozenset())]


def _key(name: str) -> str:
    """A package's name as Pyodide spells its lock's keys."""
    return name.replace("_", "-").lower()


def slim(name: str, source: Path, out: Path) -> Path:
    """A copy of one of Pyodide's wheels without the files of SLIM; one that SLIM does not name stays as it is.

    The list of files inside the wheel (RECORD) names what is there, so the copy is a whole wheel again. A shared
    library comes from Pyodide unpacked and is packed here. The name of a copy ends in a mark of its content, so
    that a browser may keep it for ever.
    """
    if name not in SLIM and source.suffix == ".whl":
        with replacing(out / source.name) as part:
            shutil.copyfile(source, part)
        return out / source.name
    packed_copy = out / f".{source.name}"
    with zipfile.ZipFile(source) as given, replacing(packed_copy) as part:
        kept = [entry for entry in given.infolist() if not entry.is_dir() and _stays(name, entry.filename)]
        there = {entry.filename for entry in kept}
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
            for entry in sorted(kept, key=lambda entry: entry.filename):
                content = given.read(entry)
                if entry.filename.endswith(".dist-info/RECORD"):
                    content = _record(content, there)
                packed.writestr(zipfile.ZipInfo(entry.filename, ZIP_DATE), content, zipfile.ZIP_DEFLATED, 9)
    return packed_copy.replace(out / _marked(source.name, sha256(packed_copy)[:12]))


def _marked(file: str, mark: str) -> str:
    """The file's name with a mark: in a wheel's it stands where a build tag stands (PEP 427)."""
    if not file.endswith(".whl"):
        return f"{Path(file).stem}-0_{mark}{Path(file).suffix}"
    name, version, *tags = file.split("-")
    return "-".join((name, version, f"0_{mark}", *tags))


def _stays(name: str, file: str) -> bool:
    matches = any(fnmatch.fnmatchcase(file, pattern) for pattern in SLIM.get(name, ()))
    return not matches or file in KEEP.get(name, ())


def _record(content: bytes, there: set[str]) -> bytes:
    lines = content.decode("utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if line.rsplit(",", 2)[0].strip('"') in there).encode("utf-8")


def fill(out: Path, upstream: Path, say: Progress) -> Path:
    """Put everything that the browser's Python is made of into ``out``: core, wheels and the edition's lock.

    Args:
        out: an empty folder.
        upstream: the folder of Pyodide's files as they were published, and checked.
        say: told how far the work is.

    Returns:
        The lock file, whose name ends in a mark of its content.
    """
    for name in CORE:
        if name != LOCK:
            shutil.copyfile(upstream / name, out / name)
    lock = upstream_lock(upstream)
    packages: dict[str, Any] = {}
    names = upstream_packages(lock)
    for number, name in enumerate(names):
        say(number / len(names), name)
        entry = dict(lock["packages"][name])
        copy = slim(name, upstream / entry["file_name"], out)
        entry |= {"file_name": copy.name, "sha256": sha256(copy), "depends": _needs(name, entry)}
        packages[name] = entry
    for wheel in own_wheels(out):
        packages[_key(wheel.name)] = _entry(wheel)
    text = json.dumps({"info": lock["info"], "packages": dict(sorted(packages.items()))}, indent=1)
    path = out / f"{Path(LOCK).stem}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.json"
    write_text(path, text)
    return path


def own_wheels(out: Path) -> list[Wheel]:
    """The edition's own wheels, in ``out``: the kit, its pure-Python neighbours, JupyterLite's kernel."""
    found = [
        Wheel(name, wheels.pure_wheel(name, out), imports, depends)
        for name, (imports, depends) in NEIGHBOURS.items()
    ]
    found.append(Wheel("migkit", wheels.build_migkit_wheel(out), ("migkit",), KIT_NEEDS))
    for name in ("ipykernel", "piplite", "pyodide_kernel"):
        given = next(KERNEL_WHEELS.glob(f"{name}-*.whl"))
        copy = shutil.copyfile(given, out / _marked(given.name, sha256(given)[:12]))
        found.append(Wheel(name, copy, (name,)))
    about = b"Metadata-Version: 2.1\nName: kit-left-out\nVersion: 1.0\n"
    nothing = wheels.write_wheel("kit_left_out-1.0", {"kit_left_out-1.0.dist-info/METADATA": about}, out)
    return found + [Wheel(name, nothing, ()) for name in LEFT_OUT]


def _entry(wheel: Wheel) -> dict[str, Any]:
    """A wheel as the lock names it."""
    return {
        "name": wheel.name,
        "version": wheel.file.name.split("-")[1],
        "file_name": wheel.file.name,
        "install_dir": "site",
        "sha256": sha256(wheel.file),
        "package_type": "package",
        "imports": list(wheel.imports),
        "depends": list(wheel.depends),
        "unvendored_tests": False,
    }


def loaded_first(lock: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """The files that loading ``names`` fetches, without doubles, in the order in which they are needed."""
    entries = lock["packages"]
    files: dict[str, None] = {}
    seen: set[str] = set()

    def visit(name: str) -> None:
        if name not in seen:
            seen.add(name)
            for depend in entries[name]["depends"]:
                visit(depend)
            files[entries[name]["file_name"]] = None

    for name in names:
        visit(_key(name))
    return list(files)
