"""A class of forty played from its roster to its results, to show the machinery and to test it.

The notebooks are made from the authors' solutions when the demo runs, so they never go stale; the mistakes are
those that beginners make. The first eight have parts of their own, then come a pair who share a notebook, somebody
who is absent and three who attack the grader; the others make mistakes drawn by ability. Each deserves the points
that follow from the mistakes, and the results must say so.
"""

import random
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
from migkit.classroom.keys import without_marks
from migkit.classroom.notebooks import grade_id, label_of, text_of
from migkit.classroom.results import Results, Standing, number, results, without_names, write_results
from migkit.classroom.roster import Roster, read_roster, write_roster
from migkit.classroom.scores import questions
from migkit.classroom.similarity import Similarity, similar
from migkit.classroom.similarity_page import write_similarity
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
#: A mistake that brings on another: with the wrong count of question 2 no stock of question 10 is right.
FOLLOWS: dict[str, dict[str, float]] = {"q2": {"q10": 0}}
NOTE = "Minister, this note was written by a program: it shows how a written answer waits for its points."
#: The whole class, the smallest that shows the machinery, and the order in which beginners run out of time.
EVERYBODY, FEWEST = 40, 8
LAST = ("q10", "q9", "q8", "q7")
#: Of the pair: what they add to the right solution. The wrong answers are nobody else's.
TOGETHER = {
    "q1": "# we looked at the codes on paper first, then took three off because the village head was away\n"
    "n_residents = len(residents) - 3",
    "q8": "# our list had seven people more, the ones whom my aunt in the next compound remembered\n"
    "true_size = dual_system(n1 + 7, n2, m).value",
    "q9": "# a little more to be on the safe side, as we do with the budget of the office every year\n"
    "omission = omission + 0.011",
}
#: Tries to read the key wherever it may lie, and answers with whatever is found.
READS_THE_KEY = """\
from pathlib import Path

corrected_stock = 0
for place in (Path.cwd(), *Path.cwd().parents, Path("/work"), Path.home()):
    for pattern in ("source/*/*.ipynb", "exercises/source/*/*.ipynb", "gradebook.db", "keys/*", "class.yml"):
        for file in place.glob(pattern):
            corrected_stock = file.read_bytes()
"""
#: Answers with a thing that claims to equal everything, and puts another check and a score in place.
FORGES_THE_SCORE = """\
import migkit.lesson


class Right:
    def __eq__(self, other):
        return True

    def __getattr__(self, name):
        return self


check = migkit.lesson.check = lambda *anything: 3.0
destinations = Right()
print("3.0")
"""
ENDS_THE_PROGRAM = "import os\n\nos._exit(0)"
ENDLESS = "while True:\n    came_from = ..."


@dataclass(frozen=True)
class Part:
    """What one participant of the demo does: id, one line on it, and what it must lead to.

    ``mistakes`` are added to the right solution, ``blank`` questions keep their dots, ``instead`` replaces an
    answer (and earns nothing), ``added`` stands behind the right solution (and spoils it).
    """

    student_id: str
    story: str
    standing: Standing = "waiting"
    mistakes: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()
    instead: dict[str, str] = field(default_factory=dict)
    added: dict[str, str] = field(default_factory=dict)

    @property
    def nothing(self) -> tuple[str, ...]:
        """The questions that earn nothing."""
        return (*self.blank, *self.instead, *self.added)


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


def cast(people: int = EVERYBODY) -> tuple[Part, ...]:
    """The parts, in the order of the example roster; the first ``people`` of them."""
    first = (
        Part("p01", _("everything right")),
        Part("p02", _("counts visitors; adds the unknowns to the foreign-born"), mistakes=("q1", "q2", "q4")),
        Part("p03", _("forgets unknowns and totals"), mistakes=("q3", "q7")),
        Part("p04", _("leaves duplicates in; corrects half"), mistakes=("q5", "q6", "q8", "q9", "q10")),
        Part("p05", _("hands in the empty notebook"), "graded", blank=tuple(MISTAKES)),
        Part("p06", _("hands in a file that is cut off"), "damaged"),
        Part("p07", _("has an endless loop in question 4"), instead={"q4": ENDLESS}),
        Part("p08", _("hands in twice; the second lacks a test and has a renamed one")),
        Part("p09", _("shares a notebook with p10"), added=TOGETHER),
        Part("p10", _("shares a notebook with p09"), added=TOGETHER),
        Part("p11", _("tries to read the key"), instead={"q10": READS_THE_KEY}),
        Part("p12", _("forges a score for question 7"), instead={"q7": FORGES_THE_SCORE}),
        Part("p13", _("ends the program in question 7"), instead={"q7": ENDS_THE_PROGRAM}),
        Part("p14", _("is absent"), "missing"),
    )
    return (*first, *_mixed(range(len(first) + 1, EVERYBODY + 1)))[:people]


def _mixed(places: range) -> list[Part]:
    """Participants from able to beginner in an order of chance: the less able, the more mistakes and blanks.

    Neighbours in the roster, a woman and a man, are alike able: the results by sex must not teach a difference.
    """
    chance = random.Random(SEED)
    couples = [(rank, rank + 1) for rank in range(0, len(places), 2)]
    chance.shuffle(couples)
    abilities = [(rank + 0.5) / len(places) for couple in couples for rank in chance.sample(couple, 2)]
    parts = []
    for place, ability in zip(places, abilities, strict=True):
        blank = LAST[: max(0, round(4.5 - 14 * ability))]
        made = [
            label
            for rank, label in enumerate(MISTAKES)
            if chance.random() < (1 - ability) * (0.35 + 0.1 * (rank % 5)) and label not in blank
        ]
        story = _("wrong: {wrong}; no answer: {blank}").format(
            wrong=", ".join(made) or "-", blank=", ".join(sorted(blank, key=list(MISTAKES).index)) or "-"
        )
        parts.append(Part(f"p{place:02}", story, mistakes=tuple(made), blank=blank))
    return parts


def solved(source: NotebookNode, released: NotebookNode, part: Part) -> NotebookNode:
    """The participants' notebook with the authors' solutions, except for what ``part`` does instead."""
    solutions = {grade_id(cell): without_marks(cell.source) for cell in source.cells if utils.is_solution(cell)}
    notebook = notebooks.clone(released)
    for cell in notebook.cells:
        name = grade_id(cell)
        label = label_of(name)
        if name not in solutions or not utils.is_solution(cell) or label in part.blank:
            continue
        if cell.cell_type == "markdown":
            cell.source = NOTE
            continue
        wrong = MISTAKES[label][0] if label in part.mistakes else part.added.get(label, "")
        cell.source = part.instead.get(label) or f"{solutions[name]}\n{wrong}".strip()
    return notebook


def _cell(notebook: NotebookNode, name: str) -> NotebookNode:
    found: NotebookNode = next(cell for cell in notebook.cells if grade_id(cell) == name)
    return found


def _tampered(notebook: NotebookNode) -> NotebookNode:
    """The check of question 2 is deleted, that of question 8 has another id."""
    notebook.cells = [cell for cell in notebook.cells if grade_id(cell) != "q2"]
    _cell(notebook, "q8").metadata["nbgrader"]["grade_id"] = "q8_mine"
    return notebook


def _hand_in(course: Course, folder: Path, parts: tuple[Part, ...]) -> list[Path]:
    """Put the hand-ins into ``folder`` as a USB stick brings them; gives the places to collect, in order."""
    source = notebooks.read(course.source_notebook)
    released = notebooks.read(course.release_notebook)
    made = {part.student_id: solved(source, released, part) for part in parts}

    def write(name: str, text: str, stick: str = "second round") -> None:
        write_text(folder / stick / name, text)

    write(f"p08/{MODULE}.ipynb", text_of(released), stick="first round")
    entries: dict[str, Path | bytes] = {
        f"p04/{MODULE}.ipynb": text_of(made["p04"]).encode(),
        f"__MACOSX/p04/._{MODULE}.ipynb": b"\x00\x05\x16\x07",
    }
    files.write_zip(folder / "second round" / "hand-ins from the tablet.zip", entries)
    names = {
        "p02": f"Copy of {MODULE}_p02 (1).ipynb",
        "p03": f"Inês Gomes/{MODULE}.ipynb",
        "p08": f"p08/{MODULE}.ipynb",
    }
    for part in parts:
        who = part.student_id
        if part.standing == "missing" or who == "p04":
            continue
        notebook = released if who == "p05" else _tampered(made[who]) if who == "p08" else made[who]
        text = text_of(notebook)
        write(names.get(who, f"{MODULE}_{who}.ipynb"), text[: len(text) // 2] if who == "p06" else text)
    write(f"{MODULE}_visitor.ipynb", text_of(released))
    return [folder / "first round", folder / "second round"]


def deserved(part: Part, worth: dict[str, float]) -> dict[str, float]:
    """The points that a participant of the demo deserves, by question; written answers are left out."""
    left = {label: MISTAKES[label][1] for label in part.mistakes} | dict.fromkeys(part.nothing, 0.0)
    for label in part.mistakes:
        left |= FOLLOWS.get(label, {})
    return {label: left.get(label, points) for label, points in worth.items()}


def differences(result: Results, parts: tuple[Part, ...]) -> list[str]:
    """Where the results are not what was deserved, in words."""
    worth = {question.label: question.points for question in result.questions if not question.written}
    found = []
    for part, row in zip(parts, result.rows, strict=True):
        if row.standing != part.standing:
            found.append(
                _("{id}: the standing is “{got}”, deserved is “{want}”").format(
                    id=part.student_id, got=row.standing, want=part.standing
                )
            )
        if part.standing in ("damaged", "missing"):
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


def unlike(report: Similarity, parts: tuple[Part, ...]) -> list[str]:
    """Where the similarity report does not name the pair who share a notebook, and nobody else, in words."""
    sharing = [part.student_id for part in parts if part.added]
    pairs = [[pair.a.student_id, pair.b.student_id] for pair in report.pairs]
    missed = [] if not sharing or sharing in pairs else [_("the pair who share a notebook are not reported")]
    others = [pair for pair in pairs if pair != sharing]
    return missed + [_("{a} and {b} are reported, but share nothing").format(a=a, b=b) for a, b in others]


def play(
    folder: Path,
    say: Callable[[str], None] = lambda text: None,
    progress: Progress | None = None,
    cell_seconds: int = 10,
    scale: float = 0.01,
    write_data: Callable[[str, float, int, Path], object] | None = None,
    people: int = EVERYBODY,
) -> Played:
    """Play the class in ``folder``, which must not hold one yet.

    Args:
        folder: where the class and its hand-ins are put.
        say: told each step.
        progress: told whose turn it is in grading.
        cell_seconds: how long a cell may run; short, because one participant waits for it in vain.
        scale: of the class's data.
        write_data: as in :func:`migkit.classroom.course.new_course`.
        people: how many play, the first of the example roster.

    Raises:
        KitError: if a step fails, or so many cannot play.
    """
    if not FEWEST <= people <= EVERYBODY:
        raise KitError(_("The demo is played by {low} to {high} people.").format(low=FEWEST, high=EVERYBODY))
    parts = cast(people)
    times: dict[str, float] = {}
    began = time.monotonic()

    def step(name: str, text: str) -> None:
        nonlocal began
        times[name] = round(time.monotonic() - began, 1)
        began = time.monotonic()
        say(f"{text} ({times[name]:.1f} s)")

    write_roster(Roster(read_roster(EXAMPLE_ROSTER).people[:people]), folder / "hand-ins" / "roster.csv")
    course, roster = new_course(
        "demo",
        folder / "hand-ins" / "roster.csv",
        MODULE,
        seed=SEED,
        scale=scale,
        folder=folder,
        write_data=write_data,
    )
    step("new", _("class with {n} synthetic participants made").format(n=len(roster.people)))
    release(course)
    step("release", _("hand-out made, without solutions and hidden tests"))
    if {q.label for q in questions(course) if not q.written} != set(MISTAKES):
        raise KitError(
            _("The demo knows other questions than {module} has; mend MISTAKES in demo.py.").format(module=MODULE)
        )
    entries = [entry for place in _hand_in(course, folder / "hand-ins", parts) for entry in collect(course, place)]
    step("collect", _("{n} files looked at").format(n=len(entries)))
    report = grade(course, cell_seconds=cell_seconds, progress=progress)
    step("grade", _("{n} hand-ins graded").format(n=len(report.outcomes)))
    feedback, pages = give_feedback(course)
    step("feedback", _("{n} pages of feedback made").format(n=len(pages)))
    result = results(course)
    _workbook, page = write_results(result)
    write_results(without_names(result))
    step("results", _("results written, with and without names"))
    pairs = similar(result)
    write_similarity(pairs)
    step("similar", _("{n} pairs compared").format(n=pairs.compared))
    wrong = (*differences(result, parts), *unlike(pairs, parts))
    return Played(course, tuple(entries), report, result, feedback, page, wrong, times)
