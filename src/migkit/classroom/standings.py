"""Where each participant stands: what was handed in and when, what it earned and why. All reports read it here."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from migkit.classroom import files
from migkit.classroom.course import Course
from migkit.classroom.grading import fingerprint, read_outcome
from migkit.classroom.handin import Entry, journal
from migkit.classroom.marks import Mark
from migkit.classroom.roster import Person
from migkit.classroom.scores import Question, Score, questions, scores
from migkit.reference import _
from migkit.reference.files import write_text

Standing = Literal["graded", "waiting", "not graded", "failed", "damaged", "missing"]


@dataclass(frozen=True)
class HandIn:
    """What counts of a participant: the file, when its computer saved it, when it came here."""

    file: str
    saved: datetime | None
    came: datetime | None
    versions: int


@dataclass(frozen=True)
class Row:
    """One participant: standing, scores by question (none unless graded), and what the trainer should look at.

    ``marks`` say why; a course in plain nbgrader's form has none.
    """

    person: Person
    standing: Standing
    scores: tuple[Score, ...] = ()
    look_at: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    hand_in: HandIn | None = None

    @property
    def total(self) -> float | None:
        """Points so far, or None if nothing was graded."""
        return sum(score.points or 0 for score in self.scores) if self.scores else None

    def score(self, question: Question) -> Score | None:
        """The score for ``question``, if this row was graded."""
        return next((score for score in self.scores if score.question.label == question.label), None)


@dataclass(frozen=True)
class Results:
    """The whole class. With ``hidden`` nobody is named: codes stand where names stood, and files are not told."""

    course: Course
    questions: tuple[Question, ...]
    rows: tuple[Row, ...]
    strays: tuple[Entry, ...]
    hidden: bool = False

    @property
    def points(self) -> float:
        """What the whole assignment is worth."""
        return sum(question.points for question in self.questions)

    @property
    def graded(self) -> tuple[Row, ...]:
        """The rows that have scores."""
        return tuple(row for row in self.rows if row.scores)

    def share(self, question: Question) -> float | None:
        """The part of its points that the class earned for ``question`` (0 to 1); None while some are missing."""
        earned = [s.points for row in self.rows for s in row.scores if s.question.label == question.label]
        given = [points for points in earned if points is not None]
        if len(given) < len(earned):
            return None
        return sum(given) / (len(given) * question.points) if given and question.points else None


def standing_name(standing: Standing) -> str:
    """What people call it."""
    return {
        "graded": _("graded"),
        "waiting": _("written answer waits"),
        "not graded": _("not graded yet"),
        "failed": _("could not be graded"),
        "damaged": _("damaged hand-in"),
        "missing": _("nothing handed in"),
    }[standing]


def number(value: float | None) -> str:
    """Points as people write them: 2, 1.5; a dash for none."""
    return "-" if value is None else f"{round(value, 2):g}"


def percent(share: float | None) -> str:
    """A share as people write it; a dash for none."""
    return "-" if share is None else f"{share:.0%}"


def _time(text: str) -> datetime | None:
    """A time as the journal or nbgrader wrote it, on this computer's clock; None if it is no time."""
    try:
        known = datetime.fromisoformat(text.strip().replace(" UTC", "+00:00"))
    except ValueError:
        return None
    return (known if known.tzinfo else known.replace(tzinfo=UTC)).astimezone()


def _hand_in(course: Course, person: Person, mine: list[Entry]) -> HandIn | None:
    """What counts of ``person``; its line in the journal is the last one about this very content."""
    folder = course.submitted(person.student_id)
    path = folder / f"{course.module}.ipynb"
    if not path.is_file():
        return None
    content = files.sha256(path.read_bytes())
    used = [entry for entry in mine if entry.sha256 == content and entry.status in ("taken", "replaced")]
    stamp = folder / "timestamp.txt"
    return HandIn(
        used[-1].file if used else path.name,
        _time(stamp.read_text(encoding="utf-8")) if stamp.is_file() else None,
        _time(used[-1].at) if used else None,
        len({entry.sha256 for entry in mine if entry.status in ("taken", "replaced", "older")}) or 1,
    )


def _row(course: Course, person: Person, mine: list[Entry]) -> Row:
    notes: list[str] = []
    if sum(entry.status in ("taken", "replaced") for entry in mine) > 1:
        notes.append(_("handed in more than once; the last one counts"))
    bad = [entry for entry in mine if entry.status in ("damaged", "refused")]
    notes += [_("{file}: {why}").format(file=entry.file, why=entry.reason) for entry in bad]
    came = _hand_in(course, person, mine)
    if came is None:
        return Row(person, "damaged" if bad else "missing", look_at=tuple(notes))
    outcome = read_outcome(course, person.student_id)
    if outcome is None or outcome.hand_in != fingerprint(course, person.student_id):
        return Row(person, "not graded", look_at=tuple(notes), hand_in=came)
    if not outcome.graded:
        return Row(person, "failed", look_at=(*notes, outcome.reason), hand_in=came)
    own = tuple(scores(course, person.student_id))
    notes += outcome.notes
    waits = any(score.points is None for score in own)
    return Row(person, "waiting" if waits else "graded", own, tuple(notes), outcome.marks, came)


def results(course: Course) -> Results:
    """The results of everybody in the roster, and hand-ins that belong to nobody."""
    by_person: dict[str, list[Entry]] = {}
    for entry in journal(course):
        by_person.setdefault(entry.student_id, []).append(entry)
    rows = tuple(_row(course, person, by_person.get(person.student_id, [])) for person in course.roster().people)
    return Results(course, tuple(questions(course)), rows, tuple(by_person.get("", [])))


def code_key(course: Course) -> bytes:
    """The secret from which the codes of participants come: made once, kept where nothing is handed out from."""
    path = course.root / "trainer" / "codes.key"
    if not path.is_file():
        write_text(path, secrets.token_hex(32))
    return path.read_text(encoding="ascii").strip().encode("ascii")


def codes(student_ids: Iterable[str], key: bytes) -> dict[str, str]:
    """A code such as ``KTBD`` for each participant, in the order of the codes: without vowels, so never a word.

    The same key gives the same codes; without it nobody can tell whose they are. When somebody joins the class,
    the others keep theirs (at most, all get one letter more, so that they still differ).

    >>> codes(["p01", "p02"], b"secret") == codes(["p02", "p01"], b"secret")
    True
    """
    consonants = str.maketrans("0123456789abcdef", "BCDFGHJKLMNPRSTW")
    letters = {
        student_id: hmac.digest(key, student_id.encode(), hashlib.sha256).hex().translate(consonants)
        for student_id in student_ids
    }
    length = next(n for n in range(4, 65) if len({text[:n] for text in letters.values()}) == len(letters))
    return {student_id: text[:length] for student_id, text in sorted(letters.items(), key=lambda pair: pair[1])}


def without_names(result: Results) -> Results:
    """The same results for the projector: codes for names, in their order; no id, no file, nobody's notes.

    Agency and sex stay with the person for the tables by group; no report shows them line by line.
    """
    by_id = {row.person.student_id: row for row in result.rows}
    order = codes(by_id, code_key(result.course))
    rows = []
    for student_id, code in order.items():
        row = by_id[student_id]
        person = replace(row.person, student_id=code, first_name="", last_name=code, email="")
        hand_in = row.hand_in and replace(row.hand_in, file="", saved=None, came=None)
        rows.append(replace(row, person=person, look_at=(), hand_in=hand_in))
    return replace(result, rows=tuple(rows), hidden=True)
