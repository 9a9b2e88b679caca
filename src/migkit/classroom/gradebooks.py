"""The gradebook: checked, copied before each change, put back from the last good copy if it is broken."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from migkit.classroom import files, notebooks
from migkit.classroom.notebooks import grade_id
from migkit.reference import _
from migkit.reference.files import write_text

if TYPE_CHECKING:
    from migkit.classroom.course import Course

#: How many of the newest copies stay; of older ones the first of each day does.
KEPT = 20
STAMP = re.compile(r"-(\d{8})-(\d{6})-")


def trouble(course: "Course", database: Path | None = None) -> str:
    """What is wrong with the gradebook, in a few words; nothing if it is sound and complete."""
    path = database or course.gradebook_file
    if not path.is_file():
        return _("it is gone")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True)) as connection:
            if connection.execute("pragma integrity_check").fetchone() != ("ok",):
                return _("it is damaged")
            students = {row[0] for row in connection.execute("select id from student")}
            cells = {row[0] for row in connection.execute(CELLS, (course.module, course.module))}
    except sqlite3.OperationalError as problem:
        if re.search(r"no such table|malformed", str(problem)):
            return _("it is damaged")
        raise  # a matter of the disk, or of a lock
    except sqlite3.DatabaseError:
        return _("it is damaged")
    absent = [person.name for person in course.roster().people if person.student_id not in students]
    if absent:
        return _("{names} are not in it").format(names=", ".join(absent))
    lost = graded_cells(course) - cells
    return _("the questions {cells} are not in it").format(cells=", ".join(sorted(lost))) if lost else ""


CELLS = """
select base_cell.name from base_cell
join notebook on notebook.id = base_cell.notebook_id
join assignment on assignment.id = notebook.assignment_id
where base_cell.type in ('GradeCell', 'TaskCell') and notebook.name = ? and assignment.name = ?
"""


def graded_cells(course: "Course") -> set[str]:
    """nbgrader's ids of the cells that earn points, once the assignment is released."""
    if not course.release_notebook.is_file():
        return set()
    marked = [
        (grade_id(cell), cell.metadata.get("nbgrader", {}))
        for cell in notebooks.read(course.release_notebook).cells
    ]
    return {name for name, mark in marked if name and (mark.get("grade") or mark.get("task"))}


def backups(course: "Course") -> list[Path]:
    """The copies of the gradebook, the newest first."""
    found = (course.root / "backups" / "gradebook").glob("gradebook-*-before-*.db")
    return sorted(found, key=lambda path: (_when(path), path.stat().st_mtime_ns), reverse=True)


def _when(path: Path) -> str:
    match = STAMP.search(path.name)
    return "".join(match.groups()) if match else ""


def age(database: Path) -> int:
    """How often sqlite has written to it, from the file's head: an older copy has a smaller number."""
    try:
        with database.open("rb") as file:
            return int.from_bytes(file.read(28)[24:], "big")
    except FileNotFoundError:
        return 0


def remember(course: "Course") -> None:
    """Note how old the gradebook is now."""
    write_text(_noted_age(course), f"{age(course.gradebook_file)}\n")


def is_older(course: "Course") -> bool:
    """Whether an older copy lies where the gradebook was: somebody put it there."""
    try:
        return age(course.gradebook_file) < int(_noted_age(course).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return False


def _noted_age(course: "Course") -> Path:
    return course.root / "backups" / ".gradebook_age"


def thin(course: "Course") -> None:
    """Take away old copies: the newest :data:`KEPT` stay, and the first of each day; and what broke off."""
    for part in (course.root / "backups" / "gradebook").glob(".*.part"):
        part.unlink(missing_ok=True)
    copies = backups(course)
    first_of_day = {_when(path)[:8]: path for path in copies}  # the newest first, so the first of a day is last
    for path in copies[KEPT:]:
        if path not in first_of_day.values():
            path.unlink(missing_ok=True)


def copy_into(source: Path, target: Path) -> None:
    """Give ``target`` the content of the gradebook ``source``, whole or not at all.

    In place where that is possible: a formgrader that is open goes on with the new content. A file that is no
    database any more is moved aside.
    """
    with closing(sqlite3.connect(source)) as good:
        good.execute("select count(*) from sqlite_master")  # is it a database?
    for _attempt in (1, 2):
        try:
            with closing(sqlite3.connect(source)) as good, closing(sqlite3.connect(target)) as connection:
                good.backup(connection)
            return
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            set_aside(target)
    raise sqlite3.DatabaseError(source)


def place_of_broken(database: Path) -> Path:
    """Where a broken gradebook is kept."""
    name = f"{database.stem}-{files.stamp()}-broken.db"
    return files.free_name(database.parent / "backups" / "gradebook" / name)


def set_aside(database: Path) -> Path | None:
    """Move a broken gradebook to backups/, with sqlite's own files beside it: they must not meet another one."""
    if not database.exists():
        return None
    target = place_of_broken(database)
    target.parent.mkdir(parents=True, exist_ok=True)
    for suffix in ("-journal", "-wal", "-shm"):
        beside = database.with_name(database.name + suffix)
        if beside.exists():
            beside.replace(target.with_name(target.name + suffix))
    database.replace(target)
    return target
