"""Making a gradebook whole from what lies beside it: roster, exercises, graded notebooks, what people gave.

:func:`recover` looks after every class at the beginning of each command; :func:`rebuild` makes the gradebook anew.
"""

import logging
import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader import utils
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades

from migkit.classroom import files, gradebooks, handin, manual_grades, notebooks
from migkit.classroom.course import Course, open_course
from migkit.classroom.notebooks import grade_id
from migkit.classroom.roster import Person
from migkit.reference import KitError, _

LOG = logging.getLogger("migkit")


def open_in_order(name: str, folder: Path | None = None) -> Course:
    """The class called ``name``, as :func:`migkit.classroom.course.open_course` gives it, put in order.

    Commands that only look (results, export) see no half of anything either. Where another command is at work, or
    the class lies on a disk that cannot be written, it is looked at as it is.
    """
    course = open_course(name, folder)
    with suppress(KitError, OSError), files.explained(course.root), files.only_one(course.lock):
        recover(course)
    return course


def recover(course: Course) -> None:
    """Bring a class in order that a power cut, a full disk or somebody's hand left in disorder.

    After it hand-ins agree with their receipts, and the gradebook is sound, has everybody of the roster and holds
    the points that people gave. Where all is well it changes nothing and takes a moment.
    """
    for left in (course.root / "backups").glob(".*-gradebook-*"):
        shutil.rmtree(left, ignore_errors=True)
    handin.settle(course)
    _forget_half_written(course)
    _add_people(course)
    mend(course)
    if gradebooks.is_older(course):
        complete(course, course.gradebook_file)
        LOG.warning("%s", _("The gradebook was an older copy; what was graded and given since is in it again."))
    manual_grades.reconcile(course)


def _forget_half_written(course: Course) -> None:
    """Let those count as not graded whose graded notebook a power cut left half-written: nbgrader wrote it."""
    from migkit.classroom import grading

    for person in course.roster().people:
        outcome = grading.outcome_file(course, person.student_id)
        graded = course.autograded(person.student_id) / f"{course.module}.ipynb"
        if outcome.is_file() and graded.is_file() and not _ends(graded):
            outcome.unlink()
            shutil.rmtree(graded.parent, ignore_errors=True)


def _ends(notebook: Path) -> bool:
    """Whether a notebook's file has an end."""
    with notebook.open("rb") as file:
        file.seek(max(0, notebook.stat().st_size - 16))
        return file.read().rstrip().endswith(b"}")


def mend(course: Course) -> None:
    """Put the gradebook back from its last good copy if it is broken, complete it, and say so in one sentence."""
    what = gradebooks.trouble(course)
    if not what:
        return
    with tempfile.TemporaryDirectory(dir=course.root / "backups", prefix=".mending-gradebook-") as place:
        fresh = Path(place) / "gradebook.db"
        good = next((copy for copy in gradebooks.backups(course) if _is_sound(course, copy, fresh)), None)
        if good is None:
            fresh.unlink(missing_ok=True)
        complete(course, fresh)
        _keep_broken(course)
        gradebooks.copy_into(fresh, course.gradebook_file)
    gradebooks.remember(course)
    where = _("the copy {name}").format(name=good.name) if good else _("the hand-ins")
    said = _(
        "The gradebook was broken ({what}); it was put back from {where}, with what was graded and given since."
    )
    LOG.warning("%s", said.format(what=what, where=where))


def _keep_broken(course: Course) -> None:
    """A copy of the broken gradebook as it is: who knows what may still be read from it."""
    path = course.gradebook_file
    if path.is_file():
        files.keep(gradebooks.place_of_broken(path), path.read_bytes())


def _is_sound(course: Course, copy: Path, fresh: Path) -> bool:
    """Whether a copy, brought to ``fresh``, can be read and knows the assignment; who is missing is added."""
    try:
        gradebooks.copy_into(copy, fresh)
        _add_people(course, fresh)
        return not gradebooks.trouble(course, fresh)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        return False


def _add_people(course: Course, database: Path | None = None) -> None:
    """Put those into the gradebook who are in the roster only."""
    path = database or course.gradebook_file
    if not path.is_file():
        return
    try:
        with closing(sqlite3.connect(path)) as connection:
            known = {row[0] for row in connection.execute("select id from student")}
            new = [person for person in course.roster().people if person.student_id not in known]
            with connection:
                connection.executemany(
                    "insert into student (id, first_name, last_name, email) values (?, ?, ?, ?)",
                    [(p.student_id, p.first_name, p.last_name, p.email) for p in new],
                )
    except sqlite3.OperationalError as problem:
        if "no such table" not in str(problem):
            raise
    except sqlite3.DatabaseError:
        return  # found and mended in a moment


def complete(course: Course, database: Path, old: Path | None = None) -> list[Person]:
    """Put into a gradebook all that is known beside it, and nothing twice; an empty one becomes whole.

    Args:
        course: the class.
        database: the gradebook.
        old: one that knows what stands nowhere else (:data:`ONLY_THERE`).

    Returns:
        Who handed in something that has to be graded (again), because its last grading did not come to its end.
    """
    from migkit.classroom import grading  # it grades inside a change, and a change recovers first

    address = f"sqlite:///{database.resolve()}"
    with Gradebook(address, ""):
        pass  # makes the tables
    _add_people(course, database)
    if course.release_notebook.is_file() and gradebooks.trouble(course, database):
        _register(course, address)
    _take_over(old, database)  # before the penalties for being late
    waiting = []
    for person in grading.handed_in(course):
        last = grading.read_outcome(course, person.student_id)
        path = course.autograded(person.student_id) / f"{course.module}.ipynb"
        fresh = last and last.graded and last.hand_in == grading.fingerprint(course, person.student_id)
        if fresh and path.is_file():
            _enter(course, person, path, address)
        else:
            waiting.append(person)
    _take_over(old, database)
    manual_grades.reconcile(course, database)
    return waiting


#: What a trainer sets in formgrader or with nbgrader and no file beside the gradebook holds.
ONLY_THERE = """
update assignment set duedate = (select duedate from old.assignment as o where o.name = assignment.name);
update submitted_assignment set extension = (
  select o.extension from old.submitted_assignment as o
  join old.assignment as theirs on theirs.id = o.assignment_id
  join assignment as ours on ours.name = theirs.name
  where ours.id = submitted_assignment.assignment_id and o.student_id = submitted_assignment.student_id);
update submitted_notebook set flagged = coalesce((
  select o.flagged from old.submitted_notebook as o
  join old.submitted_assignment as theirs on theirs.id = o.assignment_id
  join submitted_assignment as ours on ours.student_id = theirs.student_id
  join old.notebook as their_notebook on their_notebook.id = o.notebook_id
  join notebook as our_notebook on our_notebook.name = their_notebook.name
  where ours.id = submitted_notebook.assignment_id and our_notebook.id = submitted_notebook.notebook_id), flagged);
update student set lms_user_id = (select lms_user_id from old.student as o where o.id = student.id);
"""


def _take_over(old: Path | None, database: Path) -> None:
    """Take over due date, extensions, flags and the ids of another system."""
    if old is None:
        return
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("attach ? as old", (str(old),))
        connection.executescript(f"begin; {ONLY_THERE} commit;")


def _register(course: Course, address: str) -> None:
    """Let nbgrader enter the assignment, as a release does; the notebook that it makes is thrown away."""
    with tempfile.TemporaryDirectory() as place:
        api = course.api(CourseDirectory={"db_url": address, "release_directory": place})
        result = api.generate_assignment(course.module, force=True, create=True)
    if not result["success"]:
        raise KitError(
            _("nbgrader could not enter {module} into the gradebook: {why}").format(
                module=course.module, why=(result.get("error") or result.get("log", "")).strip().splitlines()[-1]
            )
        )


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the warnings about nbgrader's own use of sqlalchemy."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@_quietly()
def _enter(course: Course, person: Person, path: Path, address: str) -> None:
    """Enter the points of a graded notebook, as nbgrader's own steps do; if they are there, nothing."""
    graded = notebooks.read(path)
    with Gradebook(address, "") as gradebook:
        if _has(gradebook, course.module, person, graded):
            return
        clock = course.submitted(person.student_id) / "timestamp.txt"
        at = utils.parse_utc(clock.read_text(encoding="utf-8").strip())
        gradebook.update_or_create_submission(course.module, person.student_id, timestamp=at)
    where = {"student": person.student_id, "assignment": course.module, "notebook": course.module}
    resources = {"nbgrader": {**where, "db_url": address}}
    for step in (SaveAutoGrades, AssignLatePenalties):
        step(config=course.config()).preprocess(graded, resources)


def _has(gradebook: Gradebook, module: str, person: Person, graded: Any) -> bool:
    """Whether the gradebook holds the points that stand in a graded notebook."""
    try:
        for cell in graded.cells:
            if utils.is_grade(cell):
                grade = gradebook.find_grade(grade_id(cell), module, module, person.student_id)
                if grade.auto_score != utils.determine_grade(cell)[0]:
                    return False
    except MissingEntry:
        return False
    return True


@dataclass(frozen=True)
class Rebuilt:
    """What became of a gradebook made anew.

    Attributes:
        kept: the old gradebook.
        differences: where the new one differs from the old one, in words.
        graded_again: whose hand-ins were graded again.
    """

    kept: Path | None
    differences: tuple[str, ...]
    graded_again: tuple[str, ...]


def rebuild(course: Course, again: bool = False) -> Rebuilt:
    """Make the gradebook anew: from the roster, the exercises, what is graded, and what people gave.

    The new one is made beside and takes the old one's place at the end; the old one is kept in backups/.

    Args:
        course: the class.
        again: grade all hand-ins again, instead of those only whose grading did not come to its end.

    Raises:
        KitError: if nothing was released yet.
    """
    from migkit.classroom import grading

    handin.wanted_cells(course)
    with course.change("rebuild"):
        before = _points(course.gradebook_file)
        kept = next(iter(gradebooks.backups(course)), None)
        with tempfile.TemporaryDirectory(dir=course.root / "backups", prefix=".new-gradebook-") as place:
            fresh = Path(place) / "gradebook.db"
            waiting = complete(course, fresh, old=course.gradebook_file)
            gradebooks.copy_into(fresh, course.gradebook_file)
    wanted = grading.handed_in(course) if again else waiting
    if wanted:
        grading.grade(course, everybody=again, student_ids=tuple(person.student_id for person in wanted))
    return Rebuilt(
        kept,
        tuple(_differences(before, _points(course.gradebook_file))),
        tuple(person.student_id for person in wanted),
    )


#: By participant, cell and what it is.
Points = dict[tuple[str, str, str], float | str]


def _points(database: Path) -> Points:
    """All points and comments that a gradebook holds."""
    found: Points = {}
    columns = {"grade": ("auto_score", "manual_score", "extra_credit"), "comment": ("manual_comment",)}
    with closing(sqlite3.connect(database)) as connection:
        for table, names in columns.items():
            query = manual_grades.ROWS.format(table=table, columns=", ".join(f"{table}.{name}" for name in names))
            for student, _assignment, _notebook, cell, _id, *values in connection.execute(query):
                pairs = zip(names, values, strict=True)
                found |= {(student, cell, name): value for name, value in pairs if value is not None}
    return found


def _differences(before: Points, after: Points) -> list[str]:
    """Each cell where two gradebooks differ, in words."""
    names = {
        "auto_score": _("points"),
        "manual_score": _("points by hand"),
        "extra_credit": _("extra points"),
        "manual_comment": _("comment"),
    }
    return [
        _("{student}, {cell}, {what}: {old} before, {new} now").format(
            student=key[0],
            cell=key[1],
            what=names[key[2]],
            old=_shown(before.get(key)),
            new=_shown(after.get(key)),
        )
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    ]


def _shown(value: float | str | None) -> str:
    return "-" if value is None else f"“{value}”" if isinstance(value, str) else f"{value:g}"
