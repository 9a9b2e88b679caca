"""Hand-ins as they come: by every route, in every state; each reported by name and kept."""

import io
import os
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell

from classroom_tiny import MODULE, answer, make_class, make_zip, text
from migkit.classroom import files, handin
from migkit.classroom.course import open_course
from migkit.classroom.handin import clean_stem, collect, journal, missing
from migkit.classroom.handout import release
from migkit.classroom.roster import plain
from migkit.reference import KitError


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Making a class takes seconds, copying one a moment."""
    course = make_class(tmp_path_factory.mktemp("template"))
    release(course)
    return course


@pytest.fixture
def course(template, tmp_path):
    shutil.copytree(template.root, tmp_path / "kit" / template.root.name)
    return open_course(str(tmp_path / "kit" / template.root.name))


@pytest.fixture
def stick(tmp_path):
    (tmp_path / "stick").mkdir()
    return tmp_path / "stick"


def put(stick, name, content, when=None):
    path = stick / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    if when:
        os.utime(path, (when, when))
    return path


def submitted(course, student):
    path = course.submitted(student) / f"{MODULE}.ipynb"
    return path.read_text(encoding="utf-8") if path.exists() else None


def by_file(entries):
    return {entry.file: entry for entry in entries}


@pytest.mark.parametrize(
    "name",
    [
        f"{MODULE}_p02.ipynb",
        f"Copy of {MODULE}_p02 (1).ipynb",
        f"{MODULE}_P02-Copy1.ipynb",
        f"p02/{MODULE}.ipynb",
        f"p02/{MODULE} (1).ipynb",
        f"group A/Inês Gomes/{MODULE}.ipynb",
        f"Gomes_Ines_{MODULE}_final.ipynb",
        f"{MODULE}_ines gomes.ipynb",
        "p02/Untitled.ipynb",
        f"Ines_Gomes_123_assignsubmission_file_/{MODULE}.ipynb",
    ],
)
@pytest.mark.parametrize("route", ["folder", "zip", "zip in a zip", "zip in a folder"])
def test_every_name_by_every_route_reaches_its_owner(course, stick, name, route):
    notebook = text(answer(course))
    place = stick
    if route == "folder":
        put(stick, name, notebook)
    else:
        content = make_zip({name: notebook, f"__MACOSX/{name}": "junk", ".DS_Store": "x"})
        if route == "zip in a zip":
            content = make_zip({"all/inner.zip": content})
        place = put(stick, "hand-ins.zip", content)
        place = stick if route == "zip in a folder" else place
    (entry,) = collect(course, place)
    assert (entry.status, entry.student_id) == ("taken", "p02")
    assert submitted(course, "p02") == notebook
    assert "UTC" in (course.submitted("p02") / "timestamp.txt").read_text(encoding="utf-8")
    assert {person.student_id for person in missing(course)} == {"p01", "p03", "a+b_c"}


def test_the_notebook_itself_may_say_whose_it_is(course, stick):
    said = answer(course)
    said.metadata["kit"] = {"participant": "p03"}
    put(stick, "homework.ipynb", text(said))
    told = answer(course)
    told.cells.insert(0, new_code_cell('participant_id = "p01"'))
    put(stick, f"{MODULE}.ipynb", text(told))
    found = by_file(collect(course, stick))
    assert found["homework.ipynb"].student_id == "p03"
    assert found[f"{MODULE}.ipynb"].student_id == "p01"


def test_name_and_notebook_that_disagree_are_left_to_the_trainer(course, stick):
    said = answer(course)
    said.metadata["kit"] = {"participant": "p03"}
    put(stick, f"{MODULE}_p01.ipynb", text(said))
    (entry,) = collect(course, stick)
    assert entry.status == "unknown"
    assert "p01" in entry.reason
    assert "p03" in entry.reason
    assert (course.root / entry.kept).read_bytes()


def test_what_cannot_be_used_is_named_and_kept_with_its_reason(course, stick, monkeypatch):
    monkeypatch.setattr(handin, "MAX_NOTEBOOK", 200_000)
    whole = text(answer(course))
    other = text(answer(course)).replace('"grade_id": "', '"grade_id": "other_')
    cases = {
        f"{MODULE}_p01.ipynb": (whole[: len(whole) // 2], "damaged", "cut off"),
        f"{MODULE}_p02.ipynb": ("", "damaged", "empty"),
        f"{MODULE}_p03.ipynb": ("hello, this is a text", "damaged", "not a notebook"),
        f"a+b c/{MODULE}.ipynb": (other, "damaged", "another notebook"),
        f"{MODULE}_zoe.ipynb": (whole, "unknown", "nobody in the roster"),
        f"x/{MODULE}_p01.ipynb": ('{"cells": [1, 2]}', "damaged", "damaged"),
        f"y/{MODULE}_p02.ipynb": ("[]", "damaged", "not a notebook"),
        f"z/{MODULE}_p03.ipynb": ("x" * 300_000, "refused", "larger than"),
        "broken.zip": (b"PK\x03\x04 nonsense", "refused", "damaged"),
    }
    for name, (content, _status, _reason) in cases.items():
        put(stick, name, content)
    found = by_file(collect(course, stick))
    assert set(found) == set(cases)
    for name, (content, status, reason) in cases.items():
        assert found[name].status == status, found[name]
        assert reason in found[name].reason
        if status != "refused":
            assert (course.root / found[name].kept).read_bytes() == content.encode()
            assert reason in (course.root / f"{found[name].kept}.reason.txt").read_text(encoding="utf-8")
    assert found[f"{MODULE}_p01.ipynb"].student_id == "p01"
    assert submitted(course, "p01") is None
    assert len(journal(course)) == len(cases)
    collect(course, stick)
    assert len(journal(course)) == len(cases), "the same again must add nothing"


def test_zips_and_links_that_lead_elsewhere_are_refused(course, stick, tmp_path):
    notebook = text(answer(course))
    link = zipfile.ZipInfo(f"{MODULE}_p03.ipynb")
    link.external_attr = 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"../../../{MODULE}_p01.ipynb", notebook)
        archive.writestr(f"/etc/{MODULE}_p02.ipynb", notebook)
        archive.writestr(link, "/etc/passwd")
    put(stick, "evil.zip", buffer.getvalue())
    secret = put(tmp_path, "secret.ipynb", notebook)
    (stick / f"{MODULE}_a+b c.ipynb").symlink_to(secret)
    entries = collect(course, stick)
    assert [entry.status for entry in entries] == ["refused"] * 4
    assert not (course.root / "submitted").exists() or not list((course.root / "submitted").rglob("*.ipynb"))
    assert not list(tmp_path.glob(f"{MODULE}_p01.ipynb"))


def test_a_folder_link_is_not_followed(course, stick, tmp_path):
    put(tmp_path / "elsewhere", f"{MODULE}_p01.ipynb", text(answer(course)))
    (stick / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    with pytest.raises(KitError, match="No notebook was found"):
        collect(course, stick)


def test_a_zip_bomb_is_stopped_at_the_limit(course, stick, monkeypatch):
    monkeypatch.setattr(handin, "MAX_NOTEBOOK", 1_000_000)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{MODULE}_p01.ipynb", b"0" * 50_000_000)
    put(stick, "bomb.zip", buffer.getvalue())
    (entry,) = collect(course, stick)
    assert entry.status == "refused"
    assert "larger than" in entry.reason


def test_a_second_hand_in_replaces_the_first_which_is_kept(course, stick):
    first, second = text(answer(course, q1="total = 1")), text(answer(course, q1="total = 2"))
    put(stick, f"{MODULE}_p01.ipynb", first)
    assert [e.status for e in collect(course, stick)] == ["taken"]
    assert [e.status for e in collect(course, stick)] == ["unchanged"]
    put(stick, f"{MODULE}_p01.ipynb", second)
    (entry,) = collect(course, stick)
    assert entry.status == "replaced"
    assert submitted(course, "p01") == second
    assert (course.root / entry.kept).read_text(encoding="utf-8") == first
    put(stick, f"{MODULE}_p01.ipynb", first)
    (entry,) = collect(course, stick)
    assert entry.status == "older", "an old stick must not undo a newer hand-in"
    assert submitted(course, "p01") == second


def test_of_two_at_once_the_newer_is_used_and_the_other_kept(course, stick):
    old, new = text(answer(course, q1="total = 1")), text(answer(course, q1="total = 2"))
    put(stick, f"{MODULE}_p01.ipynb", new, when=1_700_000_000)
    put(stick, f"old/{MODULE}_p01.ipynb", old, when=1_600_000_000)
    put(stick, f"same/{MODULE}_p01.ipynb", new, when=1_650_000_000)
    found = by_file(collect(course, stick))
    assert found[f"{MODULE}_p01.ipynb"].status == "taken"
    assert found[f"old/{MODULE}_p01.ipynb"].status == "older"
    assert found[f"same/{MODULE}_p01.ipynb"].status == "unchanged"
    assert (course.root / found[f"old/{MODULE}_p01.ipynb"].kept).read_text(encoding="utf-8") == old
    assert submitted(course, "p01") == new
    assert "2023-11-14" in (course.submitted("p01") / "timestamp.txt").read_text(encoding="utf-8")


def test_two_people_of_one_name_are_left_to_the_trainer(tmp_path, stick):
    roster = "student_id,first_name,last_name\nx1,Awa,Ba\nx2,Awa,Ba\n"
    course = make_class(tmp_path / "kit", roster=roster)
    release(course)
    put(stick, f"{MODULE}_Awa_Ba.ipynb", text(answer(course)))
    (entry,) = collect(course, stick)
    assert entry.status == "unknown"
    assert "x1, x2" in entry.reason


def test_places_that_hold_nothing(course, tmp_path):
    with pytest.raises(KitError, match="USB stick"):
        collect(course, tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(KitError, match="No notebook"):
        collect(course, tmp_path / "empty")
    with pytest.raises(KitError, match="neither"):
        collect(course, put(tmp_path, "x.docx", "x"))


def test_nothing_is_collected_before_the_release(tmp_path, stick):
    with pytest.raises(KitError, match="release first"):
        collect(make_class(tmp_path / "kit"), stick)


def test_a_half_written_line_of_the_journal_is_passed_over(course, stick):
    put(stick, f"{MODULE}_p01.ipynb", text(answer(course)))
    collect(course, stick)
    with course.journal.open("a", encoding="utf-8") as file:
        file.write('{"status": "taken", "file": "x')
    assert len(journal(course)) == 1


def test_a_lock_of_a_dead_command_counts_for_nothing_and_a_living_one_is_respected(course, stick):
    put(stick, f"{MODULE}_p01.ipynb", text(answer(course)))
    lock = course.root / "backups" / ".lock"
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom migkit.classroom import files\n"
        "with files.only_one(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(lock)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(KitError, match=rf"Another command \(process {holder.pid}\)"):
            collect(course, stick)
        holder.kill()
    assert len(collect(course, stick)) == 1
    with files.only_one(lock), ThreadPoolExecutor(1) as other, pytest.raises(KitError, match="Another command"):
        other.submit(collect, course, stick).result()


@given(
    st.text(alphabet="ab_ ()123", min_size=1, max_size=12),
    st.sampled_from(["Copy of {}", "{} (1)", "{}-Copy1", "{} - Copie"]),
)
def test_copy_marks_come_off_whatever_the_name(stem, mark):
    stem = clean_stem(stem)
    assert plain(clean_stem(mark.format(stem))) == plain(stem)


def test_of_a_whole_work_the_exercise_is_taken_and_its_lack_is_told(course, stick):
    notebook = text(answer(course))
    work = {"work.json": "{}", "p01/notebooks/tiny.ipynb": notebook, "p01/exercises/tiny/tiny.ipynb": notebook}
    put(stick, "migration_kit_work_2026-11-29.zip", make_zip(work))
    lesson = {"work.json": "{}", "p02/notebooks/tiny.ipynb": notebook}
    put(stick, "all.zip", make_zip({"p02.zip": make_zip(lesson)}))
    entries = by_file(collect(course, stick))
    assert {name: (entry.status, entry.student_id) for name, entry in entries.items()} == {
        "migration_kit_work_2026-11-29.zip/p01/exercises/tiny/tiny.ipynb": ("taken", "p01"),
        "all.zip/p02.zip": ("refused", entries["all.zip/p02.zip"].student_id),
    }
    assert "no exercise of this class" in entries["all.zip/p02.zip"].reason
    (entry,) = collect(course, stick / "all.zip")  # told, not passed over, also where nothing else lies
    assert entry.status == "refused"
