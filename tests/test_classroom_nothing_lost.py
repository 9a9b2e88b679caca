"""Nothing lost: receipts, a journal of manual grades, broken gradebooks, full disks, kills at any moment."""

import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner
from nbgrader.api import Gradebook

from classroom_tiny import MODULE, answer, make_class, text
from migkit.classroom import files, gradebooks, grading, handin, manual_grades, rebuild, receipts
from migkit.classroom.course import Course, open_course
from migkit.classroom.handout import release
from migkit.cli.class_ import command
from migkit.reference import ROOT, KitError

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    course = make_class(tmp_path_factory.mktemp("released"))
    release(course)
    return course


@pytest.fixture(scope="module")
def graded(tmp_path_factory, released):
    """Two have handed in and are graded."""
    course = copy_of(released, tmp_path_factory.mktemp("graded"))
    for student, q1 in (("p01", "total = int(data['n'].sum())"), ("p02", "total = 1")):
        handin.accept(course, student, notebook(course, q1), "network", NOON)
    assert all(outcome.graded for outcome in grading.grade(course).outcomes)
    return course


def copy_of(course: Course, folder: Path) -> Course:
    return open_course(str(shutil.copytree(course.root, folder / course.root.name)))


@pytest.fixture
def course(released, tmp_path):
    return copy_of(released, tmp_path)


@pytest.fixture
def marked(graded, tmp_path):
    return copy_of(graded, tmp_path)


def notebook(course, q1="total = 1", q3="Because.") -> bytes:
    return text(answer(course, q1=q1, q3=q3)).encode("utf-8")


def give(course, student="p01", score=2.0, comment="Clear.", cell="q3"):
    """What formgrader does when a trainer gives points."""
    with course.gradebook() as gradebook:
        grade = gradebook.find_grade(cell, MODULE, MODULE, student)
        grade.manual_score, grade.needs_manual_grade = score, score is None
        gradebook.db.commit()
        gradebook.find_comment(cell, MODULE, MODULE, student).manual_comment = comment
        gradebook.db.commit()


def given(course, student="p01", cell="q3"):
    """Points, comment and whether somebody has still to look, as the gradebook has them."""
    rows = manual_grades.rows(course.gradebook_file)
    _id, scores, to_look = rows[student, MODULE, MODULE, cell, "grade"]
    return scores[0], rows[student, MODULE, MODULE, cell, "comment"][1][0], to_look


def put_in_order(course):
    with course.change("test"):
        pass


# Receipts


def test_a_receipt_names_the_file_and_any_sha256_program_shows_the_same_code(course):
    content = notebook(course)
    receipt = handin.accept(course, "p02", content, "network", NOON)
    assert receipt.sha256 == hashlib.sha256(content).hexdigest()
    assert receipt.code.replace("-", "").lower() == receipt.sha256[:16]
    assert (receipt.student_id, receipt.version, receipt.at) == ("p02", 1, "2026-03-02T12:00:00+00:00")
    assert (course.submitted("p02") / f"{MODULE}.ipynb").read_bytes() == content
    assert (course.submitted("p02") / "timestamp.txt").read_text() == "2026-03-02 12:00:00 UTC"
    assert receipts.read(course) == [receipt]


def test_every_version_is_kept_and_the_same_again_gives_the_same_receipt(course):
    first, second = notebook(course, "total = 1"), notebook(course, "total = 2")
    one = handin.accept(course, "p01", first, "network", NOON)
    assert handin.accept(course, "p01", first, "network") == one
    two = handin.accept(course, "p01", second, "network")
    three = handin.accept(course, "p01", first, "network")
    assert [one.version, two.version, three.version] == [1, 2, 3]
    assert [receipts.content(course, each) for each in (one, two, three)] == [first, second, first]
    assert len(list((course.root / "inbox" / "versions").rglob("*.ipynb"))) == 2
    assert [entry.status for entry in handin.journal(course)] == ["taken", "replaced", "replaced"]
    assert receipts.counting(course) == {"p01": three}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b'{"cells": [', "cut off"),
        (b"hello", "not a notebook"),
        (b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "another notebook"),
        (b"x" * (handin.MAX_NOTEBOOK + 1), "larger than 20 MB"),
    ],
)
def test_what_cannot_be_used_is_not_accepted_and_has_no_receipt(course, content, why):
    with pytest.raises(KitError, match=f"Not handed in: .*{why}"):
        handin.accept(course, "p01", content, "network")
    assert receipts.read(course) == []


def test_nobody_hands_in_for_somebody_else(course):
    own = answer(course)
    own.metadata["kit"] = {"participant": "p03"}
    with pytest.raises(KitError, match="p03's, not p01's"):
        handin.accept(course, "p01", text(own).encode(), "network")
    with pytest.raises(KitError, match="Nobody in the roster"):
        handin.accept(course, "../p01", notebook(course), "network")


def test_a_stick_does_not_undo_what_came_later_over_the_network(course, tmp_path):
    (tmp_path / "stick").mkdir()
    old = tmp_path / "stick" / f"{MODULE}_p01.ipynb"
    old.write_bytes(notebook(course, "total = 1"))
    os.utime(old, (NOON.timestamp() - 60, NOON.timestamp() - 60))
    handin.accept(course, "p01", notebook(course, "total = 2"), "network", NOON)
    (entry,) = handin.collect(course, tmp_path / "stick")
    assert (entry.status, "version 1 counts" in entry.reason) == ("older", True)
    assert (course.root / entry.kept).read_bytes() == old.read_bytes()
    os.utime(old, (NOON.timestamp() + 60, NOON.timestamp() + 60))
    (entry,) = handin.collect(course, tmp_path / "stick")
    assert entry.status == "replaced"


def test_participants_hand_in_at_once_while_the_class_is_being_graded(course):
    contents = {
        (student, number): notebook(course, f"total = {number}")
        for student in ("p01", "p02", "p03", "a+b_c")
        for number in range(5)
    }
    with course.change("grade"), ThreadPoolExecutor(8) as pool:
        jobs = [
            pool.submit(handin.accept, course, student, content, "network")
            for (student, _number), content in contents.items()
        ]
        given = [job.result(timeout=60) for job in jobs]
    assert sorted(given, key=str) == sorted(receipts.read(course), key=str)
    for student in ("p01", "p02", "p03", "a+b_c"):
        own = [receipt for receipt in receipts.read(course) if receipt.student_id == student]
        assert [receipt.version for receipt in own] == [1, 2, 3, 4, 5]
        place = course.submitted(student) / f"{MODULE}.ipynb"
        assert place.read_bytes() == receipts.content(course, own[-1])


def test_the_next_command_finishes_what_was_cut_short(course):
    content = notebook(course)
    handin.accept(course, "p01", content, "network", NOON)
    handin.accept(course, "p01", notebook(course, "total = 2"), "network", NOON)
    shutil.rmtree(course.submitted("p01"))
    course.journal.unlink()
    (course.submitted("p01").parent / f".{MODULE}.new").mkdir(parents=True)
    put_in_order(course)
    assert b"total = 2" in (course.submitted("p01") / f"{MODULE}.ipynb").read_bytes()
    assert [entry.status for entry in handin.journal(course)] == ["taken", "replaced"]
    (course.submitted("p01") / f"{MODULE}.ipynb").write_bytes(content)
    put_in_order(course)
    assert b"total = 2" in (course.submitted("p01") / f"{MODULE}.ipynb").read_bytes(), "the earlier one was back"
    last = receipts.read(course)[-1]
    receipts.kept_file(course, "p01", last.sha256).unlink()
    put_in_order(course)
    assert b"total = 2" in receipts.content(course, last), "it is taken from submitted/ again"
    assert len(receipts.read(course)) == 2


def test_a_hand_in_that_plain_nbgrader_collected_gets_a_receipt(course):
    place = course.submitted("p03")
    place.mkdir(parents=True)
    (place / f"{MODULE}.ipynb").write_bytes(notebook(course))
    (place / "timestamp.txt").write_text("2026-03-02 12:00:00.123 UTC\n")
    put_in_order(course)
    put_in_order(course)
    (receipt,) = receipts.read(course)
    assert (receipt.student_id, receipt.origin, receipt.at) == ("p03", receipts.FOUND, NOON.isoformat())


def test_half_a_line_of_a_journal_spoils_no_other_line(tmp_path):
    journal = tmp_path / "new" / "x.jsonl"
    files.append_line(journal, '{"n": 1}')
    with journal.open("ab") as file:
        file.write('{"n": "é'.encode()[:-1])
    files.append_line(journal, '{"n": 2}')
    with journal.open("ab") as file:
        file.write(b"\0\0\0\0")
    files.append_line(journal, '{"n": 3}')
    assert [record["n"] for record in files.read_lines(journal)] == [1, 2, 3]


def test_receipts_are_printed_and_a_file_is_looked_up(course, tmp_path):
    first = notebook(course, "total = 1")
    one = handin.accept(course, "p01", first, "network", NOON)
    two = handin.accept(course, "p01", notebook(course, "total = 2"), "network", NOON)
    (tmp_path / "mine.ipynb").write_bytes(first)
    assert receipts.look_up(course, tmp_path / "mine.ipynb") == [(one, False)]
    assert receipts.look_up(course, two.code.lower()) == [(two, True)]
    with pytest.raises(KitError, match="neither a file nor a code"):
        receipts.look_up(course, "hello")
    run = CliRunner()
    where = [course.root.name, "--dir", str(course.root.parent)]
    said = run.invoke(command, ["receipts", *where], catch_exceptions=False).output
    assert one.code in said
    assert two.code in said
    assert "nothing handed in" in said
    page = (course.reports / "receipts" / "receipts.html").read_text(encoding="utf-8")
    assert two.code in page
    assert "default-src 'none'" in page
    assert two.sha256 in (course.reports / "receipts" / "p01.txt").read_text(encoding="utf-8")
    check = ["--check", str(tmp_path / "mine.ipynb")]
    said = run.invoke(command, ["receipts", *where, *check], catch_exceptions=False).output
    assert "A later version counts" in said
    said = run.invoke(command, ["receipts", *where, "--check", "0000-0000-0000-0000"], catch_exceptions=False)
    assert "No receipt" in said.output


# Manual grades


def test_points_and_comments_are_in_the_journal_before_the_gradebook_has_them(marked, monkeypatch):
    give(marked, "p01", 2.0, "Clear.")
    (grade,) = manual_grades.read(marked.root)["p01", MODULE, MODULE, "q3", "grade"]
    (comment,) = manual_grades.read(marked.root)["p01", MODULE, MODULE, "q3", "comment"]
    assert (grade.values, grade.open, comment.values) == ((2.0, None), False, ("Clear.",))
    assert grade.hand_in == grading.read_outcome(marked, "p01").hand_in

    def full(_path, _line):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "append_line", full)
    with pytest.raises(OSError, match="No space"):
        give(marked, "p01", 3.0)
    assert given(marked) == (2.0, "Clear.", False), "what is not in the journal is not in the gradebook"


def test_what_nobody_gave_is_not_in_the_journal(marked):
    grading.grade(marked, everybody=True, student_ids=("p01",))
    assert not manual_grades.journal_file(marked.root).exists()


def test_a_lost_gradebook_gets_the_points_again_and_twice_is_no_more_than_once(marked):
    give(marked, "p01", 1.0, "One.")
    put_in_order(marked)  # keeps a copy with 1 point
    give(marked, "p01", 2.0, "Two.")
    give(marked, "p02", 3.0, None)
    journal = manual_grades.journal_file(marked.root).read_bytes()
    points = rebuild._points(marked.gradebook_file)
    for copy in gradebooks.backups(marked)[:2]:  # the second is from before the grading
        shutil.copyfile(copy, marked.gradebook_file)
        put_in_order(marked)
        assert rebuild._points(marked.gradebook_file) == points
        put_in_order(marked)
        assert given(marked, "p01") == (2.0, "Two.", False)
        assert given(marked, "p02") == (3.0, None, False)
    assert manual_grades.journal_file(marked.root).read_bytes() == journal


def test_points_that_were_given_without_the_kit_are_taken_down(marked):
    give(marked, "p01", 1.0, "One.")
    with closing(sqlite3.connect(marked.gradebook_file)) as connection, connection:
        connection.execute("update grade set manual_score = 2.5 where manual_score = 1")
    put_in_order(marked)
    last = manual_grades.read(marked.root)["p01", MODULE, MODULE, "q3", "grade"][-1]
    assert last.values == (2.5, None)
    assert given(marked)[0] == 2.5


def test_graded_again_the_same_hand_in_keeps_its_points_and_a_new_one_asks_for_a_look(marked):
    give(marked, "p01", 2.0, "Clear.")
    grading.grade(marked, everybody=True, student_ids=("p01",))
    assert given(marked) == (2.0, "Clear.", False)
    handin.accept(marked, "p01", notebook(marked, q3="Another answer."), "network")
    grading.grade(marked)
    assert given(marked) == (2.0, "Clear.", True)
    with marked.gradebook() as gradebook:  # the trainer looks and lets the points stand
        gradebook.find_grade("q3", MODULE, MODULE, "p01").needs_manual_grade = False
        gradebook.db.commit()
    put_in_order(marked)
    assert given(marked) == (2.0, "Clear.", False)


# The gradebook


BREAK = {
    "gone": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("hello, this is no database at all"),
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "scribbled": lambda path: path.write_bytes(path.read_bytes()[:4096] + b"\xff" * 65536),
    "fresh": lambda path: (path.unlink(), Gradebook(f"sqlite:///{path}", "").close()),
}


@pytest.mark.parametrize("how", BREAK)
def test_a_broken_gradebook_is_put_back_by_itself_with_one_sentence(marked, how, caplog):
    give(marked, "p01", 2.0, "Clear.")
    before = rebuild._points(marked.gradebook_file)
    BREAK[how](marked.gradebook_file)
    put_in_order(marked)
    assert gradebooks.trouble(marked) == ""
    assert rebuild._points(marked.gradebook_file) == before
    put_in_order(marked)
    (said,) = [record for record in caplog.records if record.name == "migkit"]
    assert "The gradebook was broken" in said.message


def test_without_any_good_copy_the_gradebook_comes_from_the_hand_ins(marked, caplog):
    give(marked, "p01", 2.0, "Clear.")
    before = rebuild._points(marked.gradebook_file)
    for path in (*gradebooks.backups(marked), marked.gradebook_file):
        path.write_bytes(b"rubbish")
    put_in_order(marked)
    assert rebuild._points(marked.gradebook_file) == before
    assert "put back from the hand-ins" in caplog.text


def test_a_gradebook_that_a_command_broke_is_put_back_at_its_end(marked, caplog):
    before = rebuild._points(marked.gradebook_file)
    with marked.change("test"):
        marked.gradebook_file.write_bytes(b"rubbish")
    assert rebuild._points(marked.gradebook_file) == before
    assert "The gradebook was broken (it is damaged)" in caplog.text


def test_a_command_that_only_looks_sees_a_whole_class_too(marked):
    give(marked, "p01", 2.0, "Clear.")
    shutil.rmtree(marked.submitted("p02"))
    marked.gradebook_file.write_bytes(b"rubbish")
    said = CliRunner().invoke(command, ["results", str(marked.root)], catch_exceptions=False).output
    (awa,) = [line for line in said.splitlines() if line.startswith("Awa Ceesay")]
    assert awa.split()[2:8] == ["p01", "2", "1", "2", "5", "graded"]
    assert (marked.submitted("p02") / f"{MODULE}.ipynb").is_file()


def test_a_graded_notebook_that_was_left_half_written_is_graded_again(marked):
    before = rebuild._points(marked.gradebook_file)
    path = marked.autograded("p01") / f"{MODULE}.ipynb"
    path.chmod(0o644)
    os.truncate(path, 500)
    put_in_order(marked)
    assert grading.read_outcome(marked, "p01") is None
    assert [outcome.student_id for outcome in grading.grade(marked).outcomes] == ["p01"]
    assert rebuild._points(marked.gradebook_file) == before


def test_a_gradebook_that_another_program_holds_is_said_to_be_in_use(marked):
    with closing(sqlite3.connect(marked.gradebook_file)) as other:
        other.execute("begin exclusive")
        with pytest.raises(KitError, match="close it and try again"):
            put_in_order(marked)
    put_in_order(marked)


def test_somebody_who_joins_the_roster_joins_the_gradebook(marked):
    with (marked.root / "roster.csv").open("a", encoding="utf-8") as file:
        file.write("p09,Lamin,Jatta\n")
    put_in_order(marked)
    with marked.gradebook() as gradebook:
        assert gradebook.find_student("p09").first_name == "Lamin"


def test_copies_are_thinned_and_never_the_last_one(course, monkeypatch):
    folder = course.root / "backups" / "gradebook"
    shutil.rmtree(folder)
    folder.mkdir()
    for day in range(1, 10):
        for hour in (8, 12, 16):
            (folder / f"gradebook-202603{day:02}-{hour:02}0000-before-grade.db").write_bytes(b"x")
    gradebooks.thin(course)
    left = [path.name.split("-")[1:3] for path in gradebooks.backups(course)]
    assert len(left) == 20 + 3, "the newest twenty, and the first of the 1st, 2nd and 3rd"
    assert {day for day, _time in left} == {f"202603{day:02}" for day in range(1, 10)}
    monkeypatch.setattr(gradebooks, "KEPT", 0)
    gradebooks.thin(course)
    assert {path.name.split("-")[2] for path in gradebooks.backups(course)} == {"080000"}


def test_a_gradebook_made_anew_equals_the_old_one(marked):
    give(marked, "p01", 2.0, "Clear.")
    with marked.gradebook() as gradebook:
        gradebook.find_grade("q1_test", MODULE, MODULE, "p02").extra_credit = 0.5
        gradebook.find_assignment(MODULE).duedate = datetime(2026, 3, 2, 18, 0)
        gradebook.find_submission_notebook(MODULE, MODULE, "p02").flagged = True
        gradebook.find_submission(MODULE, "p02").extension = timedelta(hours=2)
        gradebook.db.commit()
    before = rebuild._points(marked.gradebook_file)
    run = CliRunner()
    where = [marked.root.name, "--dir", str(marked.root.parent)]
    said = run.invoke(command, ["rebuild", *where], catch_exceptions=False).output
    assert "no difference" in said
    assert rebuild._points(marked.gradebook_file) == before
    with marked.gradebook() as gradebook:
        assert gradebook.find_submission(MODULE, "p01").timestamp == datetime(2026, 3, 2, 12, 0)
        assert gradebook.find_assignment(MODULE).duedate == datetime(2026, 3, 2, 18, 0)
        found = [gradebook.find_submission_notebook(MODULE, MODULE, student) for student in ("p01", "p02")]
        assert [each.flagged for each in found] == [False, True]
        assert [each.assignment.extension for each in found] == [None, timedelta(hours=2)]
    with closing(sqlite3.connect(marked.gradebook_file)) as connection, connection:
        connection.execute("update grade set auto_score = 1.5 where auto_score = 2")
    result = rebuild.rebuild(marked)
    assert result.differences == ("p01, q1_test, points: 1.5 before, 2 now",)
    assert result.kept.is_file()
    assert rebuild._points(marked.gradebook_file) == before


def test_made_anew_what_was_not_graded_to_its_end_is_graded(marked):
    give(marked, "p01", 2.0, "Clear.")
    before = rebuild._points(marked.gradebook_file)
    grading.outcome_file(marked, "p01").unlink()
    assert rebuild.rebuild(marked).graded_again == ("p01",)
    assert rebuild._points(marked.gradebook_file) == before
    assert given(marked)[:2] == (2.0, "Clear.")
    again = rebuild.rebuild(marked, again=True)
    assert (again.graded_again, again.differences) == (("p01", "p02"), ())
    assert given(marked) == (2.0, "Clear.", False)


# Disks that fail


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 6 MB; gives its folder."""
    place = tmp_path / "disk"
    place.mkdir()
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only root on Linux can mount a small disk")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(place)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path, free: int) -> Path:
    """Leave ``free`` bytes on the disk."""
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file:
        file.write(bytes(max(0, shutil.disk_usage(place).free - free)))
    return filler


WORKS = {
    "hand in": lambda course, n, _folder: handin.accept(course, "p02", notebook(course, q3=f"A{n}"), "network"),
    "collect": lambda course, n, folder: collect_one(course, n, folder),
    "grade by hand": lambda course, n, _folder: give(course, "p01", n / 4, f"Comment {n}."),
    "put in order": lambda course, _n, _folder: put_in_order(course),
}


def collect_one(course, number, folder):
    stick = folder / "stick"
    stick.mkdir(exist_ok=True)
    (stick / f"{MODULE}_p03.ipynb").write_bytes(notebook(course, q3=f"B{number}"))
    return handin.collect(course, stick)


@pytest.mark.parametrize("name", WORKS)
def test_a_full_disk_is_said_in_one_sentence_and_nothing_is_lost(marked, small_disk, tmp_path, name):
    course = copy_of(marked, small_disk)
    give(course, "p01", 3.0, "Before.")
    failed = 0
    for number, free in enumerate([0, 4096, 12288, 40960, 81920, 163840, 245760, 327680], start=1):
        before = receipts.read(course), given(course)
        filler = fill(small_disk, free)
        try:
            WORKS[name](course, number, tmp_path)
        except KitError as trouble:
            failed += 1
            assert "is full" in str(trouble), trouble
        except Exception as trouble:  # formgrader answers with an error of its own
            failed += 1
            assert name == "grade by hand", trouble
        filler.unlink()
        put_in_order(course)
        assert gradebooks.trouble(course) == ""
        assert receipts.read(course)[: len(before[0])] == before[0]
        if name != "grade by hand":
            assert given(course) == before[1]
        WORKS[name](course, number, tmp_path)
    assert failed, "no disk was ever full"
    for receipt in receipts.read(course):
        assert receipts.content(course, receipt)
    if name in ("hand in", "collect"):
        newest = receipts.read(course)
        assert [each.version for each in newest if each.student_id == newest[-1].student_id][-1] == len(
            {each.sha256 for each in newest if each.student_id == newest[-1].student_id}
        )
    if name == "grade by hand":
        assert given(course)[:2] == (2.0, "Comment 8.")


def test_on_a_full_disk_the_class_is_graded_once_there_is_room(marked, small_disk):
    course = copy_of(marked, small_disk)
    handin.accept(course, "p01", notebook(course, "total = int(data['n'].sum())", "Anew."), "network")
    points = rebuild._points(course.gradebook_file)
    filler = fill(small_disk, 100_000)
    try:
        outcomes = grading.grade(course).outcomes
        assert not all(outcome.graded for outcome in outcomes)
    except KitError as trouble:
        assert "is full" in str(trouble)
    filler.unlink()
    grading.grade(course)
    assert grading.read_outcome(course, "p01").graded
    assert rebuild._points(course.gradebook_file) == points


def test_a_read_only_disk_is_said_in_one_sentence_and_nothing_is_lost(marked, small_disk, tmp_path):
    course = copy_of(marked, small_disk)
    give(course, "p01", 3.0, "Before.")
    before = receipts.read(course)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    try:
        for name, work in WORKS.items():
            expected = Exception if name == "grade by hand" else KitError
            with pytest.raises(expected, match=None if name == "grade by hand" else "cannot be written"):
                work(course, 1, tmp_path)
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    assert receipts.read(course) == before
    assert given(course) == (3.0, "Before.", False)
    for number, work in enumerate(WORKS.values(), start=1):
        work(course, number, tmp_path)
    assert given(course)[:2] == (0.75, "Comment 3.")


# Formgrader


@pytest.mark.slow
def test_what_formgrader_has_saved_survives_a_kill_in_the_next_moment(marked):
    with subprocess.Popen(
        [sys.executable, "-m", "migkit.cli", "class", "formgrader", str(marked.root), "--no-browser"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        address, token = re.search(r"(http://\S+)/formgrader\?token=(\w+)", process.stdout.readline()).groups()

        def ask(path, **content):
            request = urllib.request.Request(
                f"{address}/formgrader/api/{path}",
                json.dumps(content).encode() if content else None,
                {"Authorization": f"token {token}", "Content-Type": "application/json"},
                method="PUT" if content else "GET",
            )
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)

        found = {each["student"]: each["id"] for each in ask(f"submitted_notebooks/{MODULE}/{MODULE}")}
        (grade,) = [each for each in ask(f"grades?submission_id={found['p01']}") if each["name"] == "q3"]
        (note,) = [each for each in ask(f"comments?submission_id={found['p01']}") if each["name"] == "q3"]
        ask(f"grade/{grade['id']}", manual_score=1.0, extra_credit=None)
        ask(f"comment/{note['id']}", manual_comment="Which source? É")
        assert ask(f"grade/{grade['id']}", manual_score=2.5, extra_credit=0.5)["manual_score"] == 2.5
        family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
        for each in family:
            each.kill()
    lines = manual_grades.read(marked.root)
    key = ("p01", MODULE, MODULE, "q3")
    assert [each.values for each in lines[*key, "grade"]] == [(1.0, None), (2.5, 0.5)]
    assert lines[*key, "comment"][-1].values == ("Which source? É",)
    put_in_order(marked)
    assert given(marked) == (2.5, "Which source? É", False)


# Kills


@pytest.mark.slow
def test_killed_at_a_hundred_moments_nothing_is_lost_or_doubled_and_the_end_is_the_same(tmp_path):
    report = tmp_path / "kills.json"
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "kill_test.py"), "--json", str(report)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert report.is_file(), done.stderr
    result = json.loads(report.read_text(encoding="utf-8"))
    assert result["complaints"] == []
    assert sum(row["moments"] for row in result["table"].values()) == 100
    assert all(row["in the middle"] for row in result["table"].values()), "no step was interrupted"
