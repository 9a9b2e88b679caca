"""Steps of nbgrader's autograding that differ here, at the extension points that nbgrader offers."""

import textwrap
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Integer

from migkit.classroom import keys, notebooks
from migkit.classroom.causes import Causes
from migkit.classroom.course import Course, open_course
from migkit.classroom.marking import Marking, mark, read_marking
from migkit.classroom.marks import Mark
from migkit.classroom.notebooks import grade_id, label_of
from migkit.classroom.restoring import MARKS, STOPPED, Assignment, note, restore
from migkit.classroom.sandbox import Limits
from migkit.classroom.workers import Cell, Job, Ran, Workers, at_work
from migkit.lesson.data import load
from migkit.reference import _


class _WholeNotebook(NbGraderPreprocessor):  # type: ignore[misc]
    """A step that works on the whole notebook."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, cell_index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Nothing to do cell by cell."""
        return cell, resources

    @property
    def course(self) -> Course:
        """The class."""
        return open_course(str(self.config.CourseDirectory.root))


def key_of(cell: NotebookNode, index: int) -> str:
    """What a cell is called in the notes: its id, else its number."""
    return grade_id(cell) or f"#{index + 1}"


def read_assignment(course: Course) -> Assignment:
    """The assignment of a class; read again when one of its files changes."""
    return _read_assignment(*(_stamped(path) for path in (course.source_notebook, course.release_notebook)))


def _stamped(path: Path) -> tuple[Path, int]:
    return path, path.stat().st_mtime_ns


@lru_cache(maxsize=4)
def _read_assignment(source: tuple[Path, int], released: tuple[Path, int]) -> Assignment:
    return Assignment.read(source[0], released[0])


class Restore(_WholeNotebook):
    """Give the hand-in back what the authors locked; see :mod:`migkit.classroom.restoring`."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Do so for the whole notebook."""
        return restore(nb, read_assignment(self.course)), resources


def make_job(course: Course, student_id: str, nb: NotebookNode, marking: Marking, folder: Path) -> Job:
    """What the sandbox is to run; graded cells with checks only hand their answers over."""
    cells = []
    for cell in nb.cells:
        items = marking.in_cell(grade_id(cell)) if utils.is_grade(cell) else ()
        code = cell.cell_type == "code" and not items and cell.source.strip()
        cells.append(Cell(cell.source if code else None, {item.key: item.expression for item in items}))
    return Job(tuple(cells), keys.other_files(folder), keys.data_name(course, student_id))


def make_workers(course: Course, limits: Limits, jobs: int | None = None) -> Workers:
    """Workers that see this class's data, and of the class nothing else."""
    from migkit.classroom.course import hidden_folders

    everybody = course.individual_data if course.individual else None
    return Workers(course.root / "data", everybody, hidden_folders(course.root), limits, jobs)


class SandboxedExecute(_WholeNotebook):
    """Runs the hand-in in the sandbox, compares its answers with the key out here, and puts the scores in.

    Whatever the code does, every cell ends with a result or a reason. Graded cells with checks are not run: their
    answers leave as plain data, and the score that this process finds becomes their output, where nbgrader
    reads it. Graded cells of a course without marking rules run with their tests, as in plain nbgrader.
    """

    timeout = Integer(Limits.cell_seconds, help="Seconds that one cell may run.").tag(config=True)
    memory = Integer(Limits.memory, help="Megabytes of memory for one hand-in.").tag(config=True)
    processes = Integer(Limits.processes, help="Processes and threads of one hand-in.").tag(config=True)
    notebook_seconds = Integer(Limits.notebook_seconds, help="Seconds for one hand-in.").tag(config=True)
    output_limit = Integer(Limits.output, help="Megabytes of output of one hand-in.").tag(config=True)

    @property
    def limits(self) -> Limits:
        """What one hand-in may use."""
        return Limits(
            memory=self.memory,
            processes=self.processes,
            output=self.output_limit,
            cell_seconds=self.timeout,
            notebook_seconds=self.notebook_seconds,
        )

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Run, mark, write down."""
        course, student = self.course, resources["nbgrader"]["student"]
        marking = read_marking(course.source_notebook)
        job = make_job(course, student, nb, marking, Path(resources["metadata"]["path"]))
        with at_work(lambda: make_workers(course, self.limits, jobs=1)) as workers:
            key = keys.make_key(course, student, workers) if marking.items else {}
            ran = workers.run(job)
        _show(nb, ran)
        if marking.items:
            _mark(nb, course, student, marking, key, ran)
        return nb, resources


def _show(nb: NotebookNode, ran: Ran) -> None:
    """Put the outputs into the notebook, and why cells were stopped."""
    for number, cell in enumerate(nb.cells):
        if cell.cell_type == "code":
            cell.outputs = [notebooks.as_node(output) for output in ran.outputs.get(number, [])]
    for number, reason in sorted(ran.stopped.items()):
        key = key_of(nb.cells[number], number)
        nb.metadata.setdefault(STOPPED, {})[key] = reason
        note(nb, _("cell {cell} was stopped: {reason}").format(cell=key, reason=reason))


def _mark(nb: NotebookNode, course: Course, student: str, marking: Marking, key: keys.Key, ran: Ran) -> None:
    """Compare the answers with the key; the points become the output of the graded cell."""
    causes = _causes(course.module, course.settings.country, course.data_of(student))
    found: list[Mark] = []
    for cell in nb.cells:
        items = marking.in_cell(grade_id(cell)) if utils.is_grade(cell) else ()
        if not items:
            continue
        marks = [mark(item, ran.answers.get(item.key), key, causes.of) for item in items]
        marks = [_stopped(each, nb.metadata.get(STOPPED, {})) for each in marks]
        cell.outputs = _score(marks)
        found += marks
    nb.metadata[MARKS] = [each.as_record() for each in found]


def _stopped(found: Mark, stopped: dict[str, str]) -> Mark:
    """The mark of an answer that is missing because its cell was stopped says so."""
    reason = next((why for name, why in stopped.items() if label_of(name) == label_of(found.cell)), "")
    if found.verdict != "missing" or not reason:
        return found
    return replace(found, verdict="stopped", cause=reason, cause_key="stopped")


def _said(mark: Mark) -> str:
    """A mark for the trainer in formgrader, whose pages do not wrap outputs."""
    head = _("{question}: {points:g} of {of:g} points.").format(
        question=mark.question, points=mark.points, of=mark.of
    )
    came = _("Answer: {answer}").format(answer=mark.came) if mark.came else ""
    lines = [line for text in (head, came, mark.off, mark.cause) if text for line in textwrap.wrap(text, 100)]
    return "\n".join(lines) + "\n"


def _score(marks: list[Mark]) -> list[NotebookNode]:
    """Outputs as nbgrader expects them: lines for people, and the points as the value of the cell."""
    text = "".join(map(_said, marks))
    total = round(sum(each.points for each in marks), 6)
    return [
        notebooks.output(output_type="stream", name="stdout", text=text),
        notebooks.as_node(
            {
                "output_type": "execute_result",
                "data": {"text/plain": repr(float(total))},
                "metadata": {},
                "execution_count": None,
            }
        ),
    ]


@lru_cache(maxsize=8)
def _causes(module: str, country: str, data: Path) -> Causes:
    """What usually leads to a wrong answer on these data; kept, because all that share the data share it."""
    return Causes(module, lambda name: load(name, country=country, folder=data))


def marks_of(nb: NotebookNode) -> tuple[Mark, ...]:
    """The marks that grading left in an autograded notebook."""
    return tuple(Mark(**record) for record in nb.metadata.get(MARKS, []))
