"""Points and comments that a person gave, in a journal of their own: ``manual_grades.jsonl`` in the class.

Formgrader and nbgrader's API write such points straight into the gradebook. Each is written to the journal, safely
on the disk, before the gradebook has it and before formgrader says "saved". So a gradebook that is lost, or was
put back from a copy, gets them again (:func:`reconcile`, at every command); doing so twice changes nothing, and of
several lines about one cell the last one wins.

A grade belongs to the hand-in that was graded when it was given. Graded again, the same hand-in keeps it as it is;
a new version keeps it too, but formgrader shows it under "needs manual grade" until somebody has looked again.
"""

import json
import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbgrader.api import Comment, Grade
from sqlalchemy import Connection, event, inspect, text

from migkit.classroom import files

if TYPE_CHECKING:
    from migkit.classroom.course import Course

#: Student, assignment, notebook, cell and table (``grade`` or ``comment``).
Key = tuple[str, str, str, str, str]

#: What a person gives, by table.
FIELDS = {"grade": ("manual_score", "extra_credit"), "comment": ("manual_comment",)}

PLACE = """
select assignment.name, submitted_assignment.student_id, notebook.name, base_cell.name
from submitted_notebook
join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
join assignment on assignment.id = submitted_assignment.assignment_id
join notebook on notebook.id = submitted_notebook.notebook_id
join base_cell on base_cell.id = :cell
where submitted_notebook.id = :notebook
"""

ROWS = """
select submitted_assignment.student_id, assignment.name, notebook.name, base_cell.name, {table}.id, {columns}
from {table}
join base_cell on base_cell.id = {table}.cell_id
join submitted_notebook on submitted_notebook.id = {table}.notebook_id
join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
join assignment on assignment.id = submitted_assignment.assignment_id
join notebook on notebook.id = submitted_notebook.notebook_id
order by 1, 2, 3, 4
"""


@dataclass(frozen=True)
class Given:
    """What a person gave for one cell: the values of :data:`FIELDS`, and for which hand-in.

    ``open`` says that somebody has still to look (nbgrader's ``needs_manual_grade``).
    """

    key: Key
    values: tuple[Any, ...]
    open: bool
    hand_in: str
    at: str

    def line(self) -> str:
        """For the journal."""
        student, assignment, notebook, cell, table = self.key
        place = {"student": student, "assignment": assignment, "notebook": notebook, "cell": cell, "table": table}
        values = dict(zip(FIELDS[table], self.values, strict=True))
        record = {**place, **values, "open": self.open, "hand_in": self.hand_in, "at": self.at}
        return json.dumps(record, ensure_ascii=False)


def journal_file(root: Path) -> Path:
    """The journal of the class in ``root``."""
    return root / "manual_grades.jsonl"


def read(root: Path) -> dict[Key, list[Given]]:
    """All that was ever given, by cell, the first one first."""
    found: dict[Key, list[Given]] = defaultdict(list)
    for record in files.read_lines(journal_file(root)):
        try:
            place = ("student", "assignment", "notebook", "cell", "table")
            key: Key = tuple(str(record[name]) for name in place)  # type: ignore[assignment]
            values = tuple(record[name] for name in FIELDS[key[-1]])
            found[key].append(Given(key, values, bool(record["open"]), record["hand_in"], record["at"]))
        except (KeyError, TypeError):
            continue
    return found


def graded_hand_in(root: Path, student_id: str) -> str:
    """Fingerprint of what the grading of this participant rests on; empty while nothing is graded to its end."""
    try:
        record = json.loads((root / "reports" / "grading" / f"{student_id}.json").read_text(encoding="utf-8"))
        return str(record["hand_in"])
    except (OSError, ValueError, TypeError, KeyError):
        return ""


def install() -> None:
    """Let this process write each grade and comment of a person to the journal before the gradebook has it."""
    for kind in (Grade, Comment):
        for moment in ("before_insert", "before_update"):
            if not event.contains(kind, moment, _write_down):
                event.listen(kind, moment, _write_down)


def _write_down(_mapper: Any, connection: Connection, row: Any) -> None:
    """Called by SQLAlchemy for each row that it is about to write."""
    root = _class_of(connection)
    if root is None or not _by_a_person(row):
        return
    place = {"cell": row.cell_id or row.cell.id, "notebook": row.notebook_id or row.notebook.id}
    found = connection.execute(text(PLACE), place).fetchone()
    if found is None:
        return
    assignment, student, notebook, cell = found
    table = row.__tablename__
    given = Given(
        (student, assignment, notebook, cell, table),
        tuple(getattr(row, name) for name in FIELDS[table]),
        bool(getattr(row, "needs_manual_grade", False)),
        graded_hand_in(root, student),
        files.now().isoformat(),
    )
    files.append_line(journal_file(root), given.line())


def _class_of(connection: Connection) -> Path | None:
    """The class whose gradebook this is, or None: a gradebook made beside, or one of no class."""
    database = Path(connection.engine.url.database or "")
    known = database.name == "gradebook.db" and (database.parent / "class.yml").is_file()
    return database.parent if known else None


def _by_a_person(row: Any) -> bool:
    """Whether a person's points or comment change; or a person has looked again and let the points stand."""
    changes = inspect(row).attrs
    for name in FIELDS[row.__tablename__]:
        history = changes[name].history
        if history.has_changes() and (history.deleted or list(history.added) != [None]):
            return True
    if row.__tablename__ == "comment" or row.manual_score is None:
        return False
    return bool(changes["needs_manual_grade"].history.has_changes() and not row.needs_manual_grade)


def rows(database: Path) -> dict[Key, tuple[str, tuple[Any, ...], bool]]:
    """What the gradebook holds, by cell: the row's id, a person's values, whether somebody has still to look."""
    found = {}
    with closing(sqlite3.connect(database)) as connection:
        for table, names in FIELDS.items():
            flag = "needs_manual_grade" if table == "grade" else "0"
            query = ROWS.format(table=table, columns=", ".join([*(f"{table}.{name}" for name in names), flag]))
            for student, assignment, notebook, cell, row_id, *values, looked in connection.execute(query):
                found[student, assignment, notebook, cell, table] = (row_id, tuple(values), bool(looked))
    return found


def reconcile(course: "Course", database: Path | None = None) -> int:
    """Bring gradebook and journal together; gives how many cells of the gradebook had to be put right.

    A value that the journal knows from before, or none, means that the gradebook is behind: it was put back from a
    copy, made anew, or the machine stopped between journal and gradebook. It gets the last line. A value that the
    journal does not know was given where nobody wrote it down (plain nbgrader, no kit): the journal gets it.
    """
    path = database or course.gradebook_file
    given = read(course.root)
    behind: dict[Key, tuple[str, Given, bool]] = {}
    for key, (row_id, values, looked) in rows(path).items():
        lines = given.get(key, [])
        nothing = tuple(None for _value in values)
        if not lines or values not in (nothing, *(line.values for line in lines)):
            if values != nothing and path == course.gradebook_file:
                new = Given(key, values, looked, graded_hand_in(course.root, key[0]), files.now().isoformat())
                files.append_line(journal_file(course.root), new.line())
            continue
        last = lines[-1]
        to_look = _to_look(course.root, last, looked)
        if values != last.values or looked != to_look:
            behind[key] = (row_id, last, to_look)
    if behind:
        _write(path, behind)
    return len(behind)


def _to_look(root: Path, last: Given, looked: bool) -> bool:
    """Whether formgrader should ask for another look at this cell; ``looked``: whether it does."""
    if last.key[-1] == "comment":
        return False
    hand_in = graded_hand_in(root, last.key[0])
    if not hand_in or not last.hand_in:
        return looked  # it is being graded, or was not graded by the kit
    if last.hand_in == hand_in:
        return last.open
    return looked if last.values[0] is None else True


def _write(database: Path, behind: dict[Key, tuple[str, Given, bool]]) -> None:
    """Put values into the gradebook, all of them or none."""
    with closing(sqlite3.connect(database)) as connection, connection:
        for key, (row_id, last, to_look) in behind.items():
            table = key[-1]
            changes = dict(zip(FIELDS[table], last.values, strict=True))
            if table == "grade":
                changes["needs_manual_grade"] = to_look
            columns = ", ".join(f"{name} = ?" for name in changes)
            connection.execute(f"update {table} set {columns} where id = ?", (*changes.values(), row_id))
