"""The authors' solutions, which participants see once the trainer has released them, and not before.

Releasing is a decision of a person. It is written down in the class folder (``solutions_released.json``: what was
done, when, by whom) and can be taken back, for those who hand in later. Everything that shows a solution or an
expected value asks here first.
"""

import getpass
import json
import re
from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import Any, Literal

from nbformat import NotebookNode
from nbgrader import utils

from migkit.classroom import files, notebooks
from migkit.classroom.course import Course
from migkit.classroom.keys import read_key, without_marks
from migkit.classroom.notebooks import grade_id, label_of
from migkit.classroom.plain import from_plain
from migkit.classroom.scores import without_hidden
from migkit.reference import KitError, _
from migkit.reference.files import write_text

#: A line in which the participant's own code was to stand.
DOTS = re.compile(r"^\s*\w+ = \.\.\.\s*$")


@dataclass(frozen=True)
class Act:
    """What somebody decided about the solutions of a class, and when."""

    act: Literal["released", "withdrawn"]
    at: str
    by: str


def acts(course: Course) -> list[Act]:
    """All that was decided so far, in order; nothing at first.

    Raises:
        KitError: if the record cannot be read: nobody may guess whether solutions are out.
    """
    path = course.root / "solutions_released.json"
    if not path.exists():
        return []
    try:
        return [Act(**record) for record in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError) as trouble:
        raise KitError(
            _(
                "{path} cannot be read. Delete it if the solutions of this class are not to be seen; "
                "then kit class solutions {name} releases them anew."
            ).format(path=path, name=course.root.name)
        ) from trouble


def in_force(course: Course) -> Act | None:
    """The decision by which participants may see the solutions, if there is one."""
    made = acts(course)
    return made[-1] if made and made[-1].act == "released" else None


def _record(course: Course, act: Literal["released", "withdrawn"], by: str) -> Act:
    done = Act(act, files.now().isoformat(), by or _login())
    records = [asdict(each) for each in (*acts(course), done)]
    write_text(course.root / "solutions_released.json", json.dumps(records, indent=1, ensure_ascii=False))
    return done


def _login() -> str:
    """Who is at the keyboard, as far as the computer knows."""
    try:
        return getpass.getuser()
    except (OSError, ImportError, KeyError):  # Windows without a name in the environment
        return _("unknown")


def release(course: Course, by: str = "") -> Act:
    """Let participants see the solutions: from now on in feedback, and as a notebook in ``release/``.

    Args:
        course: the class.
        by: who decides this, by default who is logged in.

    Raises:
        KitError: if nothing was handed out yet.
    """
    if not course.release_notebook.is_file():
        raise KitError(_("This class has no assignment yet; run kit class release first."))
    with course.change("solutions"):
        done = _record(course, "released", by)  # first: nothing is to be seen without a decision
        write_text(course.solutions_notebook, notebooks.text_of(_notebook(course)))
    return done


def withdraw(course: Course, by: str = "") -> Act:
    """Take the solutions back: the notebook and all feedback that was made meanwhile go, and are made anew.

    Raises:
        KitError: if they are not released.
    """
    if in_force(course) is None:
        raise KitError(_("The solutions of {name} are not released.").format(name=course.root.name))
    with course.change("solutions"):
        pages = (course.root / "feedback").glob(f"*/{course.module}/*.html")
        for path in (course.solutions_notebook, course.feedback_zip, *pages):
            path.unlink(missing_ok=True)
        return _record(course, "withdrawn", by)  # last: cut off before, the same command does it again


def _solved(cell: NotebookNode) -> str:
    """An answer cell of the authors as it is to be read: the solution in place of the dots."""
    source = without_marks(without_hidden(cell.source))
    if "BEGIN SOLUTION" not in cell.source:
        return source.strip()
    return "\n".join(line for line in source.splitlines() if not DOTS.match(line)).strip()


def _notebook(course: Course) -> NotebookNode:
    """The authors' notebook for handing out: solutions in, tests out, and nothing that makes it a hand-in."""
    notebook = notebooks.clone(notebooks.read(course.source_notebook))
    for cell in notebook.cells:
        cell.source = _solved(cell) if utils.is_solution(cell) else without_hidden(cell.source)
        cell.metadata.pop("nbgrader", None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    first = notebooks.as_node({"cell_type": "markdown", "metadata": {}, "source": f"# {_('Solutions')}"})
    if notebook.get("nbformat_minor", 0) >= 5:
        first["id"] = "solutions"
    notebook.cells.insert(0, first)
    notebook.metadata["kit"] = {"solutions": course.module}
    return notebook


def by_question(course: Course) -> dict[str, list[NotebookNode]]:
    """The authors' answer cells of each question (by its label), readable; nothing while they are not released."""
    if in_force(course) is None:
        return {}
    found: defaultdict[str, list[NotebookNode]] = defaultdict(list)
    waiting: list[NotebookNode] = []
    for cell in notebooks.read(course.source_notebook).cells:
        if utils.is_solution(cell):
            waiting.append(notebooks.as_node({"cell_type": cell.cell_type, "source": _solved(cell)}))
        if utils.is_grade(cell):
            found[label_of(grade_id(cell))] += waiting
            waiting = []
    return dict(found)


def expected(course: Course, student_id: str) -> dict[str, Any]:
    """The right answers on a participant's own data, by check; nothing unless they are released and known."""
    key = read_key(course, student_id) if in_force(course) else None
    return {name: from_plain(answer) for name, answer in key.items()} if key else {}
