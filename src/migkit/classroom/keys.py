"""The key: what the authors' solutions give on a participant's own data, kept where no hand-in can see it."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from nbgrader import utils

from migkit.classroom import files, notebooks
from migkit.classroom.course import MARKING, Course
from migkit.classroom.marking import Marking, read_marking
from migkit.classroom.notebooks import grade_id
from migkit.classroom.workers import Cell, Job, WorkerError, Workers
from migkit.reference import KitError, _
from migkit.reference.files import write_text

#: Answers of the solved notebook by name, as plain data (:mod:`migkit.classroom.plain`).
Key = dict[str, dict[str, Any]]


def without_marks(source: str) -> str:
    """The authors' code as it runs: nbgrader's marks taken off, what stands between them kept."""
    return "\n".join(
        line for line in source.splitlines() if "BEGIN SOLUTION" not in line and "END SOLUTION" not in line
    )


def read_key(course: Course, student_id: str) -> Key | None:
    """The key of a participant; None if it was not made yet, or the exercise or the data have changed since."""
    try:
        key: Key = json.loads(_file(course, student_id).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return key


def make_key(course: Course, student_id: str, workers: Workers) -> Key:
    """The key of a participant, made now unless it is there.

    Raises:
        KitError: if the solutions fail on these data.
    """
    known = read_key(course, student_id)
    if known is not None:
        return known
    key = _compute(course, student_id, workers, read_marking(course.source_notebook))
    write_text(_file(course, student_id), json.dumps(key))
    return key


def expect_key(course: Course, student_id: str, workers: Workers) -> None:
    """Begin to make a key whose turn comes soon."""
    if read_key(course, student_id) is None:
        workers.expect(_job(course, student_id, read_marking(course.source_notebook)))


def _job(course: Course, student_id: str, marking: Marking) -> Job:
    """Running the authors' notebook, solutions in, on a participant's data."""
    cells = []
    for cell in notebooks.read(course.source_notebook).cells:
        wanted = marking.wanted_for_key(grade_id(cell)) if utils.is_grade(cell) else {}
        code = cell.cell_type == "code" and not wanted
        cells.append(Cell(without_marks(cell.source) if code else None, wanted))
    return Job(tuple(cells), other_files(course.source_notebook.parent), data_name(course, student_id))


def _compute(course: Course, student_id: str, workers: Workers, marking: Marking) -> Key:
    try:
        ran = workers.run(_job(course, student_id, marking))
    except WorkerError as trouble:
        raise KitError(_("The key cannot be made: {why}.").format(why=trouble)) from trouble
    for item in marking.items:
        answer = ran.answers.get(item.key)
        if not isinstance(answer, dict) or answer.get("kind") in (None, "nothing", "other", "too_big"):
            said = [one["evalue"] for outputs in ran.outputs.values() for one in outputs if "evalue" in one]
            raise KitError(
                _(
                    "The key of {question} cannot be made: its solution in {source} gives no plain answer ({why})."
                ).format(question=item.key, source=course.source_notebook, why=said[0] if said else _("no error"))
            )
    return dict(ran.answers)


def data_name(course: Course, student_id: str) -> str:
    """Whose data the sandbox shows: the participant's own folder, or (empty) those of all."""
    return student_id if course.individual else ""


def other_files(folder: Path) -> dict[str, bytes]:
    """The files beside a notebook that its code may need: nothing hidden, no link, no marking rules."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not path.is_symlink()
        and path.suffix != ".ipynb"
        and path.name not in (MARKING, "timestamp.txt")
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }


def _file(course: Course, student_id: str) -> Path:
    name = files.sha256(course.exercise() + _state(course.data_of(student_id)).encode())[:24]
    return course.root / "trainer" / "keys" / f"{name}.json"


def _state(data: Path) -> str:
    """The content of a folder of data, in one word."""
    listing = tuple(
        (path.relative_to(data).as_posix(), path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(data.rglob("*"))
        if path.is_file()
    )
    return _contents(data, listing)


@lru_cache(maxsize=1024)
def _contents(data: Path, listing: tuple[tuple[str, int, int], ...]) -> str:
    return files.sha256(
        "".join(files.sha256((data / name).read_bytes()) + name for name, *_rest in listing).encode()
    )
