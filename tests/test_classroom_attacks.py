"""All hostile hand-ins of tests/attacks in one class, graded at once and beside honest ones."""

import functools
import hashlib
import io
import json
import os
import re
import shutil
import socket
import sqlite3
import stat
import threading
import time
import tracemalloc
import zipfile
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import pytest
from nbconvert.exporters import HTMLExporter

import migkit
from attacks.course import MODULE, hand_in, make_trusted_class
from attacks.hostile import ATTACKS, HALF, HONEST, RIGHT_TOTAL, SOLUTION_WORD
from migkit.classroom import grading, handin, notebooks, results, sandbox, scores, workers
from migkit.classroom.course import open_course
from migkit.classroom.feedback import give_feedback, shown_html
from migkit.classroom.preprocessors import make_workers, read_assignment
from migkit.classroom.restoring import restore

pytestmark = [pytest.mark.sandbox, pytest.mark.alone]

#: Words that only a page in which something ran, or which asked for something, could hold.
BAD = (
    "<script",
    "onerror=",
    "onload=",
    "onfocus=",
    "<iframe",
    "javascript:",
    "<svg",
    "<form",
    'src="https://example',
)
#: What the attacks may change: their own place in the class, and what grading writes for all.
OWN = ("autograded", "feedback", "reports", "backups", "gradebook.db", "trainer/keys", "manual_grades.jsonl")


class Graded:
    """The class after grading and feedback, and what was seen meanwhile."""

    def __init__(self, folder: Path) -> None:
        self.course = make_trusted_class(folder, [*HONEST, *ATTACKS])
        self.reached: list[object] = []
        with socket.create_server(("127.0.0.1", 0)) as server:
            threading.Thread(target=self._listen, args=(server,), daemon=True).start()
            self._hand_in(folder / "in", server.getsockname()[1])
            before = self.files()
            limits = sandbox.Limits(
                memory=400, scratch=100, file=300, output=1, cell_seconds=4, notebook_seconds=60
            )
            with workers.at_work(lambda: make_workers(self.course, limits)):
                self.report = grading.grade(self.course)
        self.outcomes = {outcome.student_id: outcome for outcome in self.report.outcomes}
        self.pages = {page.parent.parent.name: page.read_text("utf-8") for page in give_feedback(self.course)[1]}
        after = self.files()
        self.changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))

    def _listen(self, server: socket.socket) -> None:
        try:
            while True:
                self.reached.append(server.accept())
        except OSError:
            return

    def _hand_in(self, folder: Path, port: int) -> None:
        folder.mkdir()
        values = {
            "class": str(self.course.root),
            "kit": str(Path(migkit.__file__).parent),
            "port": str(port),
        }
        notebooks = {
            "honest": hand_in(self.course),
            "half": hand_in(self.course, **HALF),
            **{name: attack.notebook(self.course, values) for name, attack in ATTACKS.items()},
        }
        for name, notebook in notebooks.items():
            text = json.dumps(notebook)  # as it is: nbformat would not write what no program writes
            (folder / f"{MODULE}_{name}.ipynb").write_text(text, encoding="utf-8")
        self.entries = {entry.student_id: entry for entry in handin.collect(self.course, folder)}

    def files(self) -> dict[str, str]:
        """The content of the class's files by name, without those that grading writes."""
        root = self.course.root
        named = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
        return {
            name: hashlib.sha256(path.read_bytes()).hexdigest()
            for name, path in named.items()
            if not name.startswith(OWN) and not name.endswith(".lock")
        }

    def told(self, student: str) -> str:
        """All that the trainer and the participant read about a hand-in."""
        outcome = self.outcomes[student]
        said = [score.message for score in scores.scores(self.course, student)]
        return " ".join(
            [outcome.reason, *outcome.notes, *(mark.cause or mark.off for mark in outcome.marks), *said]
        )

    def printed(self, student: str) -> str:
        """What its code put out while it was graded."""
        notebook = scores.read_autograded(self.course, student)
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        return "\n".join(
            str(output.get("text", output.get("evalue", output.get("data", "")))) for output in outputs
        )


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    return Graded(tmp_path_factory.mktemp("attacks"))


def points_of(graded, student):
    return {score.question.label: score.points for score in scores.scores(graded.course, student)}


@pytest.mark.parametrize("student", HONEST)
def test_the_honest_keep_their_points_whatever_their_neighbours_do(graded, student):
    assert points_of(graded, student) == HONEST[student]
    assert graded.outcomes[student].notes == ()


@pytest.mark.parametrize("student", ATTACKS)
def test_each_attack_earns_what_it_has_earned_and_has_a_result(graded, student):
    assert graded.entries[student].status == "taken"
    assert graded.outcomes[student].graded, graded.outcomes[student].reason
    assert points_of(graded, student) == ATTACKS[student].points(), graded.told(student)
    assert ATTACKS[student].told in graded.told(student)
    assert student in graded.pages


def test_no_file_of_the_class_is_changed_and_the_gradebook_is_sound(graded):
    assert graded.changed == []
    assert not (Path(migkit.__file__).parent / "evil").exists()
    with closing(sqlite3.connect(graded.course.gradebook_file)) as database:
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)


def test_nothing_secret_is_read(graded):
    assert "FOUND []" in graded.printed("read")
    assert "HITS 3" in graded.printed("memory"), "two needles and what it planted itself"
    assert "OBJECT" not in graded.printed("memory")
    for student in ATTACKS:
        seen = graded.printed(student) + graded.pages[student] + graded.told(student)
        assert SOLUTION_WORD not in seen, student
        assert str(RIGHT_TOTAL) not in seen, student


def test_nothing_is_written_reached_or_opened(graded):
    assert "WROTE" not in graded.printed("write")
    assert "REACHED" not in graded.printed("network")
    assert graded.reached == []
    assert "DONE []" in graded.printed("kernel")


def test_floods_stay_within_their_limits(graded):
    made = re.search(r"MADE (\d+)\n", graded.printed("inodes"))
    assert int(made.group(1)) <= 20_000
    pairs = re.search(r"SOCKETS (\d+)\n", graded.printed("inodes"))
    assert int(pairs.group(1)) <= 512
    assert "No space left" in graded.printed("disk")
    size = (graded.course.autograded("pieces") / f"{MODULE}.ipynb").stat().st_size
    assert size < 2_000_000


class Seen(HTMLParser):
    """What a browser would run or ask for in a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag in ("script", "iframe", "object", "embed", "form", "svg", "math", "base", "link"):
            self.bad.append(tag)
        self.bad += [f"{name}={value}" for name, value in attrs if name.startswith("on")]
        self.bad += [
            f"{name}={value}"
            for name, value in attrs
            if name in ("href", "src", "srcset", "action") and not (value or "").startswith(("#", "data:image/"))
        ]


@pytest.mark.parametrize("student", ATTACKS)
def test_feedback_runs_nothing(graded, student):
    assert Seen(graded.pages[student]).bad == []


@pytest.mark.parametrize("student", ["html", "types", "renamed", "outputs", "formula", "many", "honest"])
def test_formgrader_runs_nothing_of_a_hand_in(graded, student):
    """With the trainer's rights: a script in an answer could give itself all points."""
    from nbgrader.server_extensions.formgrader import handlers

    config = graded.course.config()
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    path = graded.course.autograded(student) / f"{MODULE}.ipynb"
    names = ("assignment_id", "notebook_id", "submission_id", "base_url", "student", "last_name", "first_name")
    around = {**dict.fromkeys(names, ""), "notebook_path": "", "index": 0, "total": 1}
    page, _resources = HTMLExporter(config=config).from_filename(str(path), resources=around)
    shown = page[page.index('id="notebook-container"') :]
    assert Seen(shown).bad == []
    assert 'id="q4-comment"' in shown, "the trainer can still write"
    if student == "html":
        assert "<b>bold stays</b>" in shown


def test_results_hold_all_and_nothing_that_runs(graded):
    result = results.results(graded.course)
    standing = {row.person.student_id: row.standing for row in result.rows}
    assert set(standing.values()) == {"waiting"}
    assert "\x1b" not in results.as_text(result)
    _workbook, page = results.write_results(result)
    text = page.read_text(encoding="utf-8").replace('<svg role="img" aria-label=', "")  # the page's own chart
    assert not [word for word in BAD if word in text]
    assert str(RIGHT_TOTAL) not in text


# What is handed in


def zipped(*members):
    """A zip of (name, content) or (ZipInfo, content)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def linked(name, target):
    """A member of a zip that is a symbolic link."""
    member = zipfile.ZipInfo(name)
    member.create_system, member.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return member, target


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    people = [f"p{number:02}" for number in range(len(SHAPES) + 1)]
    return make_trusted_class(tmp_path_factory.mktemp("inbox"), people).root


@pytest.fixture
def inbox(made, tmp_path):
    """A class, an honest notebook of theirs, and a folder to collect from."""
    course = open_course(str(shutil.copytree(made, tmp_path / "class")))
    (tmp_path / "in").mkdir()
    return course, json.dumps(hand_in(course)).encode(), tmp_path / "in"


def test_names_and_zips_lead_nowhere(inbox):
    course, honest, folder = inbox
    outside = folder.parent / "outside.ipynb"
    outside.write_bytes(honest)
    (folder / "tiny_p02.ipynb").write_bytes(honest)
    (folder / "link_p01.ipynb").symlink_to(outside)
    (folder / "folder_link").symlink_to(course.root)
    os.mkfifo(folder / "pipe_p01.ipynb")
    (folder / "not a zip.zip").write_bytes(b"\x1f\x8b" + os.urandom(500))
    os.close(os.open(os.fsencode(folder) + b"/tiny_In\xeas_\x1b[2J.ipynb", os.O_CREAT))
    locked = bytearray(zipped(("tiny_p01.ipynb", honest)))
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    inner = zipped(("tiny_p01.ipynb", honest))
    for _level in range(6):
        inner = zipped(("a.zip", inner))
    members = zipped(
        ("../../tiny_p01.ipynb", honest),
        ("/etc/tiny_p01.ipynb", honest),
        ("C:\\tiny_p01.ipynb", honest),
        ("a/..\\..\\tiny_p01.ipynb", honest),
        linked("link/tiny_p01.ipynb", "/etc/passwd"),
        (" " * 60_000 + "p01.ipynb", honest),
        ("x/" * 20_000 + "tiny_p01.ipynb", honest),
        ("CON.ipynb", honest),
        ("=HYPERLINK(1).ipynb", honest),
        ("tiny_p01\n\x1b[2J.ipynb", b""),
    )
    (folder / "names.zip").write_bytes(members)
    (folder / "locked.zip").write_bytes(locked)
    (folder / "deep.zip").write_bytes(inner)
    began = time.monotonic()
    entries = handin.collect(course, folder)
    assert time.monotonic() - began < 10
    taken = [entry for entry in entries if entry.status == "taken"]
    assert [(entry.student_id, entry.file) for entry in taken] == [("p02", "tiny_p02.ipynb")]
    assert all(entry.reason for entry in entries if entry.status != "taken")
    assert len(entries) == 17
    assert not [entry for entry in entries if not entry.file.isprintable()]
    inside = {path.resolve().is_relative_to(course.root) for path in course.root.rglob("*")}
    assert inside == {True}
    assert not [path for path in course.root.rglob("*") if path.is_symlink()]
    assert sorted(path.name for path in folder.parent.iterdir() if path.suffix == ".ipynb") == ["outside.ipynb"]


def test_bombs_go_off_in_nobody_s_memory(inbox, monkeypatch):
    course, honest, folder = inbox
    monkeypatch.setattr(handin, "MAX_NOTEBOOK", 1_000_000)
    monkeypatch.setattr(handin, "_Room", functools.partial(handin._Room, 3_000_000))
    (folder / "bomb.zip").write_bytes(zipped(*[(f"{n}_p01.ipynb", bytes(900_000)) for n in range(40)]))
    (folder / "big.zip").write_bytes(zipped(("tiny_p01.ipynb", bytes(50_000_000))))
    (folder / "nested.zip").write_bytes(zipped(("a.zip", zipped(("b.zip", zipped(("c.zip", bytes(90_000_000))))))))
    (folder / "many.zip").write_bytes(zipped(*[(f"{n}", b"") for n in range(30_000)]))
    (folder / "tiny_p02.ipynb").write_bytes(b" " * 1_200_000 + honest)
    tracemalloc.start()
    entries = handin.collect(course, folder)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert not [entry for entry in entries if entry.status == "taken"]
    assert all(entry.reason for entry in entries)
    assert peak < 60_000_000
    reasons = " ".join(entry.reason for entry in entries)
    for part in ("larger than", "more than 20000 files", "give the hand-ins in parts"):
        assert part in reasons


@pytest.mark.parametrize("tag", ["<div>", "<b>", "<a><p>", "<b x><i></b>", "".join(f"<t{n}>" for n in range(99))])
def test_html_nested_without_end_is_shown_as_text_at_once(tag):
    began = time.monotonic()
    page = shown_html(tag * (190_000 // len(tag)))
    assert time.monotonic() - began < 5, "cleaning it would take minutes"
    assert page.startswith("<pre>&lt;")


def nested(levels):
    """A list in a list in a list."""
    return json.loads("[" * levels + "]" * levels)


SHAPES = (
    lambda nb: nb.update(metadata={"x": nested(500)}),
    lambda nb: nb.update(nbformat=5),
    lambda nb: nb.update(nbformat="4"),
    lambda nb: nb.update(nbformat_minor="x"),
    lambda nb: nb.update(nbformat_minor=[]),
    lambda nb: nb.update(metadata=[]),
    lambda nb: nb["metadata"].update(kit="p01"),
    lambda nb: nb["metadata"].update(kit={"participant": ["p01"] * 9}),
    lambda nb: nb["cells"][3].update(source=["a", 3]),
    lambda nb: nb["cells"][3].update(source=None),
    lambda nb: nb["cells"][3].update(outputs=3),
    lambda nb: nb["cells"][3].update(cell_type=["code"]),
    lambda nb: nb["cells"][3].pop("cell_type"),
    lambda nb: nb["cells"][3].pop("metadata"),
    lambda nb: nb["cells"][3].update(metadata=None),
    lambda nb: nb["cells"].append("cell"),
    lambda nb: nb["metadata"].update(x=[[]] * 600_000),
    lambda nb: nb.update(cells={"a": 1}),
    lambda nb: nb["cells"].extend(nb["cells"] * 3),
)


def test_a_notebook_of_any_shape_is_taken_or_refused_in_words_and_stops_nobody_else(inbox):
    course, honest, folder = inbox
    for number, change in enumerate(SHAPES, start=1):
        odd = json.loads(honest)
        change(odd)
        (folder / f"tiny_p{number:02}.ipynb").write_text(json.dumps(odd), encoding="utf-8")
    (folder / "tiny_p00.ipynb").write_bytes(honest)
    entries = {entry.student_id: entry for entry in handin.collect(course, folder)}
    assert len(entries) == len(SHAPES) + 1
    assert entries["p00"].status == "taken"
    assert {entry.status for entry in entries.values()} <= {"taken", "damaged"}
    for student, entry in entries.items():
        assert entry.status == "taken" or entry.reason
        if entry.status == "taken":
            read = notebooks.read(course.submitted(student) / f"{MODULE}.ipynb")
            restored = restore(read, read_assignment(course))
            assert {notebooks.grade_id(cell) for cell in restored.cells} >= {"setup", "q1", "q2", "q3", "q4"}


def test_a_notebook_with_outputs_of_100_mb_is_refused_with_a_reason(inbox):
    course, honest, folder = inbox
    notebook = json.loads(honest)
    notebook["cells"][3]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 100_000_000}]
    (folder / "tiny_p01.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    (folder / "zipped.zip").write_bytes(zipped(("tiny_p02.ipynb", json.dumps(notebook))))
    entries = handin.collect(course, folder)
    assert {(entry.status, entry.reason) for entry in entries} == {("refused", "it is larger than 20 MB")}
