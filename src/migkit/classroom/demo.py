"""A class of eight played from its roster to its results, to show the machinery and to test it.

The notebooks are made from the authors' solutions when the demo runs, so they never go stale; the mistakes are
those that beginners make. Each deserves the points that follow from the mistakes, and the results must say so.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode
from nbgrader import utils

from migkit.classroom import files, notebooks
from migkit.classroom.course import EXAMPLE_ROSTER, Course, new_course
from migkit.classroom.feedback import give_feedback
from migkit.classroom.grading import Progress, Report, grade
from migkit.classroom.handin import Entry, collect
from migkit.classroom.handout import release
from migkit.classroom.notebooks import grade_id, text_of
from migkit.classroom.results import Results, Standing, number, results, write_results
from migkit.classroom.scores import label_of, questions
from migkit.reference import KitError, _
from migkit.reference.files import write_text

MODULE = "04_census"
SEED = 20260401
#: Line added to the right solution of a question, and the points that the mistake leaves.
MISTAKES: dict[str, tuple[str, float]] = {
    "q1": ("n_residents = len(persons)  # visitors too", 0),
    "q2": (
        'birthplace = pd.Series({"native": native, "foreign_born": foreign_born + not_stated, "not_stated": 0})',
        1,
    ),
    "q3": ('fb_by_age_sex = fb_by_age_sex.loc[["0-14", "15-24", "25-64", "65+"], ["F", "M"]]', 2),
    "q4": (
        'came_from = persons.loc[persons["country_5y"] != "GMB", "country_5y"].value_counts()  # visitors too',
        0,
    ),
    "q5": ('doubling_rule = "foreign_citizen"', 0),
    "q6": ('reading = "highly accurate"', 3),
    "q7": ('destinations = destinations.drop(index="Total", columns="Total")', 2),
    "q8": ("true_size = dual_system(len(records), n2, m).value  # duplicates too", 0),
    "q9": ("omission = omission * 100  # percent", 0),
    "q10": (
        'corrected_stock = birthplace["foreign_born"] / (1 - coverage.loc["foreign_born", "omission_rate"])',
        2,
    ),
}
NOTE = "Minister, this note was written by a program: it shows how a written answer waits for its points."


@dataclass(frozen=True)
class Part:
    """What one participant of the demo does: id, one line on it, and what it must lead to."""

    student_id: str
    story: str
    standing: Standing
    mistakes: tuple[str, ...] = ()
    #: Points of a question that differ from what its own mistake leaves (a mistake that another one brings on).
    lost: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Played:
    """The demo, played: what came out, what differs from what was deserved (best: nothing), how long it took."""

    course: Course
    entries: tuple[Entry, ...]
    report: Report
    results: Results
    feedback: Path
    page: Path
    differences: tuple[str, ...]
    seconds: dict[str, float]


def cast() -> tuple[Part, ...]:
    """The eight, in the order of the example roster."""
    return (
        Part("p01", _("everything right"), "waiting"),
        Part(
            "p02",
            _("counts visitors; adds the unknowns to the foreign-born"),
            "waiting",
            ("q1", "q2", "q4"),
            {"q10": 0},
        ),
        Part("p03", _("forgets unknowns and totals"), "waiting", ("q3", "q7")),
        Part("p04", _("leaves duplicates in; corrects half"), "waiting", ("q5", "q6", "q8", "q9", "q10")),
        Part("p05", _("hands in the empty notebook"), "graded"),
        Part("p06", _("hands in a file that is cut off"), "damaged"),
        Part("p07", _("has an endless loop in question 4"), "waiting", lost={"q4": 0}),
        Part("p08", _("hands in twice; the second lacks a test and has a renamed one"), "waiting"),
    )


def solved(source: NotebookNode, released: NotebookNode, mistakes: tuple[str, ...] = ()) -> NotebookNode:
    """The participants' notebook with the authors' solutions, except for ``mistakes``."""
    solutions = {grade_id(cell): _without_marks(cell.source) for cell in source.cells if utils.is_solution(cell)}
    notebook = notebooks.clone(released)
    for cell in notebook.cells:
        name = grade_id(cell)
        if name not in solutions or not utils.is_solution(cell):
            continue
        if cell.cell_type == "markdown":
            cell.source = NOTE
            continue
        wrong = MISTAKES[label_of(name)][0] if label_of(name) in mistakes else ""
        cell.source = f"{solutions[name]}\n{wrong}".strip()
    return notebook


def _without_marks(text: str) -> str:
    return "\n".join(
        line for line in text.splitlines() if "BEGIN SOLUTION" not in line and "END SOLUTION" not in line
    )


def _cell(notebook: NotebookNode, name: str) -> NotebookNode:
    found: NotebookNode = next(cell for cell in notebook.cells if grade_id(cell) == name)
    return found


def _loop(notebook: NotebookNode) -> NotebookNode:
    """Question 4 never ends."""
    _cell(notebook, "q4-answer").source = "while True:\n    came_from = ..."
    return notebook


def _tampered(notebook: NotebookNode) -> NotebookNode:
    """The check of question 2 is deleted, that of question 8 has another id."""
    notebook.cells = [cell for cell in notebook.cells if grade_id(cell) != "q2"]
    _cell(notebook, "q8").metadata["nbgrader"]["grade_id"] = "q8_mine"
    return notebook


def _hand_in(course: Course, folder: Path) -> list[Path]:
    """Put the hand-ins into ``folder`` as a USB stick brings them; gives the places to collect, in order."""
    source = notebooks.read(course.source_notebook)
    released = notebooks.read(course.release_notebook)

    def write(name: str, notebook: NotebookNode, stick: str = "second round") -> None:
        write_text(folder / stick / name, text_of(notebook))

    parts = {part.student_id: part for part in cast()}
    write(f"p08/{MODULE}.ipynb", released, stick="first round")
    write(f"{MODULE}_p01.ipynb", solved(source, released))
    write(f"Copy of {MODULE}_p02 (1).ipynb", solved(source, released, parts["p02"].mistakes))
    write(f"Inês Gomes/{MODULE}.ipynb", solved(source, released, parts["p03"].mistakes))
    entries: dict[str, Path | bytes] = {
        f"p04/{MODULE}.ipynb": text_of(solved(source, released, parts["p04"].mistakes)).encode(),
        f"__MACOSX/p04/._{MODULE}.ipynb": b"\x00\x05\x16\x07",
    }
    files.write_zip(folder / "second round" / "hand-ins from the tablet.zip", entries)
    write(f"{MODULE}_p05.ipynb", released)
    whole = text_of(solved(source, released))
    write_text(folder / "second round" / f"{MODULE}_p06.ipynb", whole[: len(whole) // 2])
    write(f"{MODULE}_p07.ipynb", _loop(solved(source, released)))
    write(f"p08/{MODULE}.ipynb", _tampered(solved(source, released)))
    write(f"{MODULE}_visitor.ipynb", released)
    return [folder / "first round", folder / "second round"]


def deserved(part: Part, worth: dict[str, float]) -> dict[str, float]:
    """The points that a participant of the demo deserves, by question; written answers are left out."""
    if part.standing == "graded":
        return dict.fromkeys(worth, 0.0)
    left = {label: MISTAKES[label][1] for label in part.mistakes} | part.lost
    return {label: left.get(label, points) for label, points in worth.items()}


def differences(result: Results) -> list[str]:
    """Where the results are not what was deserved, in words."""
    worth = {question.label: question.points for question in result.questions if not question.written}
    found = []
    for part, row in zip(cast(), result.rows, strict=True):
        if row.standing != part.standing:
            found.append(
                _("{id}: the standing is “{got}”, deserved is “{want}”").format(
                    id=part.student_id, got=row.standing, want=part.standing
                )
            )
        if part.standing == "damaged":
            continue
        earned = {score.question.label: score.points for score in row.scores if not score.question.written}
        for label, points in deserved(part, worth).items():
            if earned.get(label) != points:
                text = _("{id}, {question}: {got} points, deserved are {want}")
                found.append(
                    text.format(
                        id=part.student_id, question=label, got=number(earned.get(label)), want=number(points)
                    )
                )
    if [entry.file for entry in result.strays] != [f"{MODULE}_visitor.ipynb"]:
        found.append(_("the notebook of the unknown visitor is not reported"))
    return found


def play(
    folder: Path,
    say: Callable[[str], None] = lambda text: None,
    progress: Progress | None = None,
    cell_seconds: int = 10,
    scale: float = 0.01,
    write_data: Callable[[str, float, int, Path], object] | None = None,
) -> Played:
    """Play the class in ``folder``, which must not hold one yet.

    Args:
        folder: where the class and its hand-ins are put.
        say: told each step.
        progress: told whose turn it is in grading.
        cell_seconds: how long a cell may run; short, because one participant waits for it in vain.
        scale: of the class's data.
        write_data: as in :func:`migkit.classroom.course.new_course`.

    Raises:
        KitError: if a step fails.
    """
    times: dict[str, float] = {}
    began = time.monotonic()

    def step(name: str, text: str) -> None:
        nonlocal began
        times[name] = round(time.monotonic() - began, 1)
        began = time.monotonic()
        say(f"{text} ({times[name]:.1f} s)")

    course, roster = new_course(
        "demo", EXAMPLE_ROSTER, MODULE, seed=SEED, scale=scale, folder=folder, write_data=write_data
    )
    step("new", _("class with {n} synthetic participants made").format(n=len(roster.people)))
    release(course)
    step("release", _("hand-out made, without solutions and hidden tests"))
    if {q.label for q in questions(course) if not q.written} != set(MISTAKES):
        raise KitError(
            _("The demo knows other questions than {module} has; mend MISTAKES in demo.py.").format(module=MODULE)
        )
    entries = [entry for place in _hand_in(course, folder / "hand-ins") for entry in collect(course, place)]
    step("collect", _("{n} files looked at").format(n=len(entries)))
    report = grade(course, cell_seconds=cell_seconds, progress=progress)
    step("grade", _("{n} hand-ins graded").format(n=len(report.outcomes)))
    feedback, pages = give_feedback(course)
    step("feedback", _("{n} pages of feedback made").format(n=len(pages)))
    result = results(course)
    _table, page = write_results(result)
    step("results", _("results written"))
    return Played(course, tuple(entries), report, result, feedback, page, tuple(differences(result)), times)
