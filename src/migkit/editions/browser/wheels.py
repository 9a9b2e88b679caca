"""The wheels that the browser's Python takes ``migkit`` and its pure-Python neighbours from.

The same content gives the same bytes. The file name ends in a mark of the content (a build tag, as PEP 427 calls
it), so that a browser may keep the file for ever: other content has another name.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath

from migkit import __version__
from migkit.reference import ROOT, KitError, _
from migkit.reference.files import ZIP_DATE, read_yaml, replacing

PACKAGE = Path(__file__).resolve().parents[2]

#: The floors that a lesson stands on. The test items (``evaluation``) stay out: no notebook reads them, and a
#: learner's kernel should not hold the answers; the home page of the edition brings its own tests.
FLOORS = ("reference", "measures", "lesson")
#: What of the repository a lesson reads; in the wheel it is ``migkit/home/``, where ``reference.ROOT`` finds it.
HOME = (
    "curriculum.yml",
    "datasets/codelists",
    "datasets/countries",
    "datasets/dictionary",
    "datasets/published",
    "locale",
)
#: Of these, what only the generator reads.
GENERATOR = {
    "datasets/countries/fertility_age.csv",
    "datasets/countries/mortality.csv",
    "datasets/countries/vital_events.csv",
}
#: The kinds of files that are read when a lesson runs.
KINDS = {".csv", ".geojson", ".yml", ".mo"}


def build_migkit_wheel(out: Path) -> Path:
    """Pack the floors of ``migkit`` that lessons need, with the reference data, into a wheel in ``out``.

    Returns:
        The wheel, for example ``migkit-0.1.0-0_1a2b3c4d5e6f-py3-none-any.whl``.
    """
    files = {"migkit/__init__.py": (PACKAGE / "__init__.py").read_bytes()}
    for floor in FLOORS:
        for path in sorted((PACKAGE / floor).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                files[f"migkit/{path.relative_to(PACKAGE).as_posix()}"] = path.read_bytes()
    for name, content in _home():
        files[f"migkit/home/{name}"] = content
    head = f"Metadata-Version: 2.1\nName: migkit\nVersion: {__version__}\nLicense: BSD-3-Clause AND CC-BY-4.0\n"
    needs = "".join(f"Requires-Dist: {name}\n" for name in ("matplotlib", "numpy", "pandas"))
    info = f"migkit-{__version__}.dist-info"
    files[f"{info}/METADATA"] = (head + needs).encode()
    for name in ("LICENSE", "LICENSE-CONTENT"):
        files[f"{info}/licenses/{name}"] = (ROOT / name).read_bytes()
    return write_wheel(f"migkit-{__version__}", files, out)


def _home() -> Iterator[tuple[str, bytes]]:
    """The reference data, by their place in the repository; YAML as JSON, see :func:`read_yaml`."""
    for entry in HOME:
        top = ROOT / entry
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.is_file() and path.suffix in KINDS and name not in GENERATOR:
                yield name, _as_json(path) if path.suffix == ".yml" else path.read_bytes()


def _as_json(path: Path) -> bytes:
    """The same content as JSON.

    Raises:
        KitError: if JSON would change it: a date, or a key that is no text.
    """
    content = read_yaml(path)
    try:
        text = json.dumps(content, ensure_ascii=False)
    except TypeError:
        text = "null"
    if json.loads(text) != content:
        raise KitError(
            _("{path}: put quotes around its dates and around keys that are numbers; JSON has neither.").format(
                path=path
            )
        )
    return text.encode()


def pure_wheel(name: str, out: Path) -> Path:
    """Pack an installed pure-Python package (``"ipywidgets"``) into a wheel in ``out``.

    Tests, caches, commands, and parts in C (which PyYAML does without) stay behind.

    Raises:
        KitError: if it is not installed here.
    """
    try:
        found = distribution(name)
    except PackageNotFoundError:
        raise KitError(
            _("The package {name} is not installed here; set the kit up again: python3 kit.py start.").format(
                name=name
            )
        ) from None
    title = re.sub(r"[-_.]+", "_", found.metadata["Name"])
    return write_wheel(f"{title}-{found.version}", dict(_installed(found)), out)


def _installed(found: Distribution) -> Iterator[tuple[str, bytes]]:
    """What a wheel of an installed package holds, but for its WHEEL and RECORD."""
    for place in found.files or ():
        parts = PurePosixPath(place).parts
        if ".." in parts or {"__pycache__", "tests"} & set(parts) or place.suffix in (".so", ".pyd", ".pyc"):
            continue
        in_info = parts[0].endswith(".dist-info")
        if in_info and parts[-1] not in ("METADATA", "entry_points.txt") and "icen" not in parts[-1]:
            continue  # how it came here; a licence stays with its package
        path = Path(str(found.locate_file(place)))
        if path.is_file():
            yield place.as_posix(), path.read_bytes()


def write_wheel(stem: str, files: dict[str, bytes], out: Path) -> Path:
    """Write the wheel: sorted, without dates, with a RECORD; what lies there under the same name is the same."""
    name, version = stem.split("-")
    info = next(
        (key.split("/")[0] for key in sorted(files) if ".dist-info/" in key), f"{name}-{version}.dist-info"
    )
    # Pyodide does not start where a wheel has none.
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    files = {f"{info}/METADATA": metadata, **files}
    mark = hashlib.sha256()
    for place in sorted(files):
        mark.update(f"{place}\0{len(files[place])}\0".encode() + files[place])
    build = f"0_{mark.hexdigest()[:12]}"  # a build tag begins with a digit
    about = f"Wheel-Version: 1.0\nGenerator: migkit\nRoot-Is-Purelib: true\nTag: py3-none-any\nBuild: {build}\n"
    whole = {**files, f"{info}/WHEEL": about.encode()}
    record = "".join(f"{place},{_digest(whole[place])},{len(whole[place])}\n" for place in sorted(whole))
    whole[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    wheel = out / f"{stem}-{build}-py3-none-any.whl"
    with replacing(wheel) as part, zipfile.ZipFile(part, "w") as archive:
        for place in sorted(whole):
            entry = zipfile.ZipInfo(place, ZIP_DATE)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, whole[place], zipfile.ZIP_DEFLATED, 9)
    return wheel


def _digest(content: bytes) -> str:
    """A file's mark, as RECORD writes it."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
    return f"sha256={digest.decode()}"
