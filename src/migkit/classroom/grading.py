"""Grading: hand-ins run side by side in the sandbox, and nbgrader's autograde takes in one after the other.

Nothing but nbgrader's own converter, in this process, writes to the gradebook; see
:class:`migkit.classroom.preprocessors.SandboxedExecute` for what it does with a hand-in. The workers are only told
ahead whose turn comes next.
"""

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from migkit.classroom import files, handin, keys, notebooks, receipts, sandbox
from migkit.classroom.course import Course
from migkit.classroom.marking import Marking, read_marking
from migkit.classroom.marks import Mark
from migkit.classroom.preprocessors import make_job, make_workers, marks_of, read_assignment
from migkit.classroom.restoring import NOTES, restore
from migkit.classroom.roster import Person
from migkit.classroom.workers import Workers, at_work
from migkit.reference import KitError, _
from migkit.reference.files import write_text

#: Called before each hand-in: how many are done, how many there are, whose turn it is.
Progress = Callable[[int, int, Person], None]


@dataclass(frozen=True)
class Outcome:
    """How the grading of one hand-in went. ``hand_in`` is the fingerprint of what was graded, on what."""

    student_id: str
    graded: bool
    hand_in: str
    reason: str = ""
    notes: tuple[str, ...] = field(default=())
    seconds: float = 0.0
    marks: tuple[Mark, ...] = field(default=())


@dataclass(frozen=True)
class Report:
    """What one run of grading did; ``unprotected`` is empty where the sandbox's walls stand."""

    outcomes: tuple[Outcome, ...]
    unchanged: tuple[str, ...]
    unprotected: str
    seconds: float


def outcome_file(course: Course, student_id: str) -> Path:
    """Where the outcome of the last grading is kept: nbgrader cannot tell a finished grading from a broken one."""
    return course.reports / "grading" / f"{student_id}.json"


def read_outcome(course: Course, student_id: str) -> Outcome | None:
    """The outcome of the last grading, if there was one that came to its end."""
    try:
        values = json.loads(outcome_file(course, student_id).read_text(encoding="utf-8"))
        marks = tuple(Mark(**record) for record in values["marks"])
        return Outcome(**{**values, "notes": tuple(values["notes"]), "marks": marks})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def fingerprint(course: Course, student_id: str) -> str:
    """What the grade rests on: the hand-in and the assignment. Another fingerprint means: grade again."""
    hand_in = course.submitted(student_id) / f"{course.module}.ipynb"
    return _fingerprint_of(course, hand_in.read_bytes())


def _fingerprint_of(course: Course, hand_in: bytes) -> str:
    return files.sha256(hand_in + course.exercise())


def graded_version(course: Course, student_id: str) -> bytes | None:
    """The very notebook that was graded, which need not be the last one handed in; None if nothing was."""
    outcome = read_outcome(course, student_id)
    mine = [receipt for receipt in receipts.read(course) if receipt.student_id == student_id]
    versions = (receipts.content(course, receipt) for receipt in reversed(mine))
    return next((one for one in versions if outcome and _fingerprint_of(course, one) == outcome.hand_in), None)


def handed_in(course: Course) -> list[Person]:
    """Who has handed in, in the order of the roster."""
    return [
        person
        for person in course.roster().people
        if (course.submitted(person.student_id) / f"{course.module}.ipynb").is_file()
    ]


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else _("no reason given")


def _fault_of_the_first_cell(notebook: NotebookNode) -> str:
    """What went wrong in the first cell of code, if that one is the assignment's own; empty if nothing did."""
    first = next((cell for cell in notebook.cells if cell.cell_type == "code"), None)
    mark = first.metadata.get("nbgrader", {}) if first else {}
    if not first or not mark.get("locked") or mark.get("grade"):
        return ""
    errors = [output for output in first.outputs if output.output_type == "error"]
    return f"{errors[0].ename}: {errors[0].evalue}" if errors else ""


def _grade_one(course: Course, api: Any, person: Person) -> Outcome:
    """Grade one hand-in; whatever happens comes back as an outcome."""
    began = time.monotonic()
    mark = fingerprint(course, person.student_id)
    result = api.autograde(course.module, person.student_id, force=True, create=True)
    seconds = round(time.monotonic() - began, 1)
    path = course.autograded(person.student_id) / f"{course.module}.ipynb"
    if not result["success"] or not path.is_file():
        why = _last_line(result.get("log", "") or result.get("error", ""))
        log = course.reports / "grading" / f"{person.student_id}.log"
        write_text(log, f"{result.get('log', '')}\n{result.get('error', '')}")
        reason = _("nbgrader could not grade it; {log} holds the details").format(log=log.relative_to(course.root))
        return Outcome(person.student_id, False, mark, reason=f"{reason} ({why})"[:300], seconds=seconds)
    notebook = notebooks.read(path)
    fault = _fault_of_the_first_cell(notebook)
    if fault:
        shutil.rmtree(path.parent)  # a page of zeros that nobody earned must not be handed back
        reason = _(
            "the first cell, which is not {name}'s own, failed here ({fault}): mend this machine or "
            "the class's data and grade again"
        ).format(name=person.name, fault=fault)
        return Outcome(person.student_id, False, mark, reason=reason[:400], seconds=seconds)
    notes = tuple(notebook.metadata.get(NOTES, []))
    return Outcome(person.student_id, True, mark, notes=notes, seconds=seconds, marks=marks_of(notebook))


def _begin(course: Course, workers: Workers, marking: Marking, person: Person) -> None:
    """Let the workers begin with a hand-in before its turn. A guess: what nbgrader asks for then counts."""
    try:
        if marking.items:
            keys.expect_key(course, person.student_id, workers)
        folder = course.submitted(person.student_id)
        hand_in = restore(notebooks.read(folder / f"{course.module}.ipynb"), read_assignment(course))
        job = make_job(course, person.student_id, hand_in, marking, folder)
        extra = keys.other_files(course.source_notebook.parent)
        workers.expect(replace(job, files={**job.files, **extra}))
    except Exception:  # whatever is wrong with it is found and told when its turn comes
        return


def grade(
    course: Course,
    everybody: bool = False,
    student_ids: tuple[str, ...] = (),
    cell_seconds: int = 60,
    notebook_seconds: int = sandbox.Limits.notebook_seconds,
    progress: Progress | None = None,
) -> Report:
    """Grade the hand-ins that are not graded yet (or have changed since), each in its own sandbox.

    An interrupted run goes on where it stopped: what is done is written down hand-in by hand-in.

    Args:
        course: the class.
        everybody: grade those again that are graded already.
        student_ids: only these.
        cell_seconds: how long one cell may run.
        notebook_seconds: how long one hand-in may run in all.
        progress: told whose turn it is.

    Raises:
        KitError: if nothing was released or handed in, or an id is not in the roster.
    """
    began = time.monotonic()
    for student_id in student_ids:
        course.roster().find(student_id)
    if not course.release_notebook.is_file():
        raise KitError(_("This class has no assignment yet; run kit class release first."))
    handin.settle(course)
    people = [p for p in handed_in(course) if not student_ids or p.student_id in student_ids]
    if not people:
        raise KitError(_("Nobody has handed in yet; run kit class collect first."))
    wanted = [p for p in people if everybody or not _is_done(course, p)]
    unchanged = tuple(p.student_id for p in people if p not in wanted)
    outcomes: list[Outcome] = []
    if wanted:
        limits = sandbox.Limits(cell_seconds=cell_seconds, notebook_seconds=notebook_seconds)
        marking = read_marking(course.source_notebook)
        with course.change("grade"), at_work(lambda: make_workers(course, limits)) as workers:
            api = course.api(SandboxedExecute={"timeout": cell_seconds, "notebook_seconds": notebook_seconds})
            begun = 0
            for number, person in enumerate(wanted):
                if progress:
                    progress(number, len(wanted), person)
                for ahead in wanted[begun : number + 1 + 2 * workers.jobs]:
                    _begin(course, workers, marking, ahead)
                begun = number + 1 + 2 * workers.jobs
                # Interrupted from here on, this hand-in counts as not graded.
                outcome_file(course, person.student_id).unlink(missing_ok=True)
                outcome = _grade_one(course, api, person)
                write_text(outcome_file(course, person.student_id), json.dumps(asdict(outcome), indent=1))
                outcomes.append(outcome)
    unprotected = sandbox.unprotected(sandbox.find_mode())
    return Report(tuple(outcomes), unchanged, unprotected, round(time.monotonic() - began, 1))


def _is_done(course: Course, person: Person) -> bool:
    """Whether this very hand-in was graded to the end."""
    last = read_outcome(course, person.student_id)
    return last is not None and last.graded and last.hand_in == fingerprint(course, person.student_id)
