"""How the browser edition is put together: what is replaced, what is left alone, and what is said if it fails."""

import hashlib
import io
import json
import os
import shutil
import tarfile
from pathlib import Path

import pytest

from migkit.editions.browser import build, packing, pyodide_files
from migkit.editions.browser.layout import MANIFEST
from migkit.editions.browser.trees import put_in_place
from migkit.reference import KitError


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def silent(share: float, text: str) -> None:
    """Nobody watches."""


# ---- a folder in place of another -----------------------------------------------------------------------------


def test_what_is_the_same_keeps_its_time_and_its_packed_copy(tmp_path):
    old = write(tmp_path / "old", a_dot_js="a", a_dot_js_dot_gz="packed", b_dot_js="b", b_dot_js_dot_gz="packed")
    write(old, gone_dot_js="x", rooms__gone_dot_js="x", stays__mine_dot_js="x")
    os.utime(old / "a.js", (1, 1))
    put_in_place(write(tmp_path / "new", a_dot_js="a", b_dot_js="changed"), old, stays=("stays",))
    held = {path.relative_to(old).as_posix() for path in old.rglob("*")}
    assert held == {"a.js", "a.js.gz", "b.js", "stays", "stays/mine.js"}
    assert (old / "a.js").stat().st_mtime == 1
    assert (old / "b.js").read_text(encoding="utf-8") == "changed"


# ---- packed copies and manifest -------------------------------------------------------------------------------


@pytest.fixture
def edition(tmp_path: Path) -> Path:
    out = write(tmp_path / "kit", index_dot_html="<p>" * 999, lite__a_dot_js="a " * 999, lite__small_dot_js="a")
    write(
        out, **{"data__t_dot_csv": "1,2\n" * 999, "readme_dot_txt": "r " * 999, "launcher__s_dot_txt": "s " * 999}
    )
    packing.pack(out, silent)
    return out


def test_files_of_somebodys_own_beside_the_edition_are_left_alone(edition):
    write(
        edition,
        photos_dot_tar_dot_gz="mine",
        notes_dot_csv="my own " * 999,
        notes_dot_csv_dot_gz="mine",
        x_dot_br="x",
    )
    packing.pack(edition, silent)
    assert (edition / "photos.tar.gz").read_text(encoding="utf-8") == "mine"
    assert (edition / "notes.csv.gz").read_text(encoding="utf-8") == "mine"
    assert (edition / "x.br").is_file()
    manifest = packing.write_manifest(edition, {})
    assert sorted(manifest["files"]) == [
        "data/t.csv", "index.html", "launcher/s.txt", "lite/a.js", "lite/small.js", "readme.txt",
    ]  # fmt: skip


def test_only_what_browsers_fetch_is_packed_and_only_what_changed_again(edition):
    packed = {path.relative_to(edition).as_posix() for path in edition.rglob("*.gz")}
    assert packed == {"data/t.csv.gz", "index.html.gz", "lite/a.js.gz", "readme.txt.gz"}
    said = []
    write(edition, lite__a_dot_js="b " * 999)
    packing.pack(edition, lambda share, name: said.append(name))
    assert said == ["a.js"]
    (edition / "data" / "t.csv").unlink()
    packing.pack(edition, silent)
    assert not (edition / "data" / "t.csv.gz").exists()  # it would be shown in place of nothing


def test_what_is_missing_or_cut_short_is_named_packed_copies_too(edition):
    files = packing.write_manifest(edition, {})["files"]
    assert packing.wrong(edition, files) == []
    (edition / "lite" / "a.js.br").write_bytes(b"cut")
    (edition / "data" / "t.csv").unlink()
    assert packing.wrong(edition, files) == ["data/t.csv", "lite/a.js.br"]


# ---- the folder -----------------------------------------------------------------------------------------------


def test_a_folder_of_somebodys_own_is_refused_and_left_as_it_is(tmp_path):
    write(tmp_path / "mine", letter_dot_txt="mine")
    for place in (tmp_path / "mine", tmp_path / "mine" / "letter.txt"):
        with pytest.raises(KitError, match="nothing of yours is replaced"):
            build.build(out=place)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("there", [False, True])
def test_too_little_room_is_said_before_anything_is_written(tmp_path, monkeypatch, there):
    monkeypatch.setattr(shutil, "disk_usage", lambda _place: shutil._ntuple_diskusage(10, 10, 0))
    if there:
        (tmp_path / "kit").mkdir()
    with pytest.raises(KitError, match="Not enough room: the edition needs about 400 MB and 0 MB are free"):
        build.build(out=tmp_path / "kit")
    assert not list(tmp_path.rglob("kit/*"))


@pytest.mark.parametrize(
    ("country", "lang", "said"), [("XXX", "en", "no teaching data"), ("GMB", "xx", "translated")]
)
def test_what_there_is_not_is_said(tmp_path, country, lang, said):
    with pytest.raises(KitError, match=said):
        build.build(country, lang, tmp_path / "kit")
    assert not (tmp_path / "kit").exists()


# ---- steps ----------------------------------------------------------------------------------------------------


def steps(out: Path, done: list[str], state: str = "1", fails: str = "") -> list[build._Step]:
    """Two steps that write a file each; one may fail, while it gathers or while it runs."""

    def gather(name: str) -> None:
        if fails == f"gather {name}":
            raise KitError("not to be had")

    def run(name: str) -> None:
        done.append(name)
        if fails == f"run {name}":
            raise KitError("broken")
        write(out, **{f"lite__{name}": state})

    return [
        build._Step(
            name, name, state, (f"lite/{name}",), lambda say, n=name: run(n), 0.5, lambda say, n=name: gather(n)
        )
        for name in ("a", "b")
    ]


def test_a_step_that_was_done_is_left_alone_and_a_broken_build_goes_on_where_it_stopped(tmp_path):
    done: list[str] = []
    with pytest.raises(KitError):
        build._run(steps(tmp_path, done, fails="run b"), tmp_path, silent)
    assert build._run(steps(tmp_path, done), tmp_path, silent) == ("b",)
    assert build._run(steps(tmp_path, done), tmp_path, silent) == ()
    assert done == ["a", "b", "b"]


def test_a_changed_chapter_is_a_book_to_be_built_and_copied(tmp_path, monkeypatch):
    monkeypatch.setattr(build.book_edition, "state_of", lambda: "other chapters")
    steps_of = {step.name: step for step in build._steps(tmp_path, "GMB", "en", tmp_path, None, dict)}
    assert steps_of["book"].state == "other chapters"


def test_an_edition_stays_whole_when_what_a_new_one_needs_cannot_be_had(tmp_path):
    build._run(steps(tmp_path, []), tmp_path, silent)
    write(tmp_path, **{MANIFEST.replace(".", "_dot_"): "{}"})
    done: list[str] = []
    with pytest.raises(KitError):
        build._run(steps(tmp_path, done, state="2", fails="gather a"), tmp_path, silent)
    assert (tmp_path / MANIFEST).is_file() and not done
    build._run(steps(tmp_path, done, state="2"), tmp_path, silent)
    assert not (tmp_path / MANIFEST).exists()  # it comes back when everything is there


@pytest.mark.parametrize("manifest", ["", "[]", '{"files": {"lite/a": {"bytes": 1}, "lite/c": {"bytes": 5}}}'])
def test_what_was_lost_since_is_made_again(tmp_path, manifest):
    build._run(steps(tmp_path, []), tmp_path, silent)
    (tmp_path / MANIFEST).write_text(manifest, encoding="utf-8")
    build._mend(tmp_path)
    assert build._run(steps(tmp_path, []), tmp_path, silent) == ("a", "b")
    (tmp_path / MANIFEST).write_text('{"files": {"lite/a": {"bytes": 1}}}', encoding="utf-8")
    build._mend(tmp_path)
    assert build._run(steps(tmp_path, []), tmp_path, silent) == ()


# ---- Pyodide's files ------------------------------------------------------------------------------------------

WHEEL = b"a wheel"
OTHERS = ("pyodide.asm.js", "pyodide.asm.wasm", "pyodide.js", "pyodide.mjs", "python_stdlib.zip")
LOCK = {"packages": {"numpy": {"file_name": "numpy.whl", "sha256": hashlib.sha256(WHEEL).hexdigest()}}}


@pytest.fixture
def published(monkeypatch) -> dict[str, bytes]:
    """A release of our own: the same names, small contents."""
    files = {name: name.encode() for name in OTHERS} | {pyodide_files.LOCK: json.dumps(LOCK).encode()}
    monkeypatch.setattr(
        pyodide_files, "CORE", {name: hashlib.sha256(held).hexdigest() for name, held in files.items()}
    )
    return {**files, "numpy.whl": WHEEL, "scipy.whl": b"not wanted"}


def archive(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:bz2") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"pyodide/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def provide(path: Path, folder: Path) -> Path:
    return pyodide_files.provide(lambda lock: ["numpy"], path, folder)


def test_the_archive_gives_what_is_wanted_wherever_the_lock_lies_in_it(tmp_path, published):
    for number, names in enumerate((sorted(published), sorted(published, reverse=True))):
        given = archive(tmp_path / f"{number}.tar.bz2", {name: published[name] for name in names})
        folder = provide(given, tmp_path / f"kept {number}")
        assert {path.name for path in folder.iterdir()} == {*published} - {"scipy.whl"}


def test_a_file_that_is_not_the_published_one_stops_the_build(tmp_path, published):
    for name in ("pyodide.asm.wasm", "numpy.whl", pyodide_files.LOCK):
        given = archive(tmp_path / "given.tar.bz2", {**published, name: b"{} "})
        with pytest.raises(KitError, match=f"{name} from .* is not the file that Pyodide"):
            provide(given, tmp_path / f"kept {name}")
        assert not (tmp_path / f"kept {name}" / name).exists()


def test_a_wrong_archive_is_said_and_what_was_good_stays(tmp_path, published):
    folder = tmp_path / "kept"
    provide(archive(tmp_path / "good.tar.bz2", published), folder)
    held = {path.name: path.read_bytes() for path in folder.iterdir()}
    whole = (tmp_path / "good.tar.bz2").read_bytes()
    (tmp_path / "cut.tar.bz2").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "page.tar.bz2").write_text("<html>", encoding="utf-8")
    (tmp_path / "empty.tar.bz2").write_bytes(b"")
    archive(tmp_path / "core.tar.bz2", {"pyodide.js": b"x"})
    said = {"cut": "damaged or cut short", "page": "damaged or cut short", "empty": "damaged or cut short"}
    for name, sentence in {**said, "core": "not the full archive", "none": "There is no file"}.items():
        with pytest.raises(KitError, match=sentence):
            provide(tmp_path / f"{name}.tar.bz2", folder)
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == held, name
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["kept"]  # nothing lies about


def test_an_archive_without_a_package_names_it(tmp_path, published):
    del published["numpy.whl"]
    with pytest.raises(KitError, match=r"lacks a part of Pyodide .*: numpy\.whl\. Take the full archive"):
        provide(archive(tmp_path / "given.tar.bz2", published), tmp_path / "kept")


def test_a_download_that_broke_off_is_no_archive(tmp_path, monkeypatch):
    answer = io.BufferedReader(io.BytesIO(b"half"))
    answer.headers = {"Content-Length": "99"}
    monkeypatch.setattr(pyodide_files.urllib.request, "urlopen", lambda url, timeout: answer)
    with pytest.raises(ConnectionError):
        pyodide_files._download("https://example.org/x", tmp_path / "x", silent)


def test_a_full_disk_is_said(tmp_path, published, monkeypatch):
    given = archive(tmp_path / "given.tar.bz2", published)

    def full(self: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(KitError, match="The disk is full"):
        provide(given, tmp_path / "kept")
