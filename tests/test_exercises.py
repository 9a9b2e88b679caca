"""The exercise: valid source, a hand-out without solutions, marks as deserved.

Each answer is marked twice: by the rules of ``marking.yml``, and by the hidden tests that were written by hand for
plain nbgrader (``tests/plain_nbgrader``). The points must be the same.
"""

import ast
import copy
import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.validator import Validator
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

import small_census
import test_checks
from migkit.classroom import grading
from migkit.classroom.causes import Causes
from migkit.classroom.course import new_course
from migkit.classroom.handout import release
from migkit.classroom.marking import mark, read_marking
from migkit.classroom.marks import Mark
from migkit.classroom.plain import to_plain
from migkit.lesson.checks.m04_census import QUESTIONS
from migkit.reference.curriculum import module

solved = test_checks.solved  # the authors' answers on three data sets, for the tests below

EXERCISES = Path(__file__).parents[1] / "exercises"
SOURCE = EXERCISES / "source" / "04_census" / "04_census.ipynb"
NOTEBOOK = nbformat.read(SOURCE, as_version=4)
PLAIN_FOLDER = Path(__file__).parent / "plain_nbgrader"
PLAIN = nbformat.read(PLAIN_FOLDER / "04_census.ipynb", as_version=4)
MARKING = read_marking(SOURCE)
POINTS = {cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader.get("points") for cell in NOTEBOOK.cells}
GRADED = [key for key, points in POINTS.items() if points is not None]
AUTOMATIC = [key for key in GRADED if key != "q11"]
#: Questions in which an answer that is right in part earns part of the points.
PARTIAL = {"q2": (1, 2), "q3": (2,), "q4": (2,), "q6": (1, 1.5, 2.5), "q7": (2,), "q9": (1, 3), "q10": (2,)}


def cell(notebook, grade_id):
    (found,) = [each for each in notebook.cells if each.metadata.nbgrader.grade_id == grade_id]
    return found


# the source


def test_source_is_clean_and_stable():
    assert (NOTEBOOK.nbformat, NOTEBOOK.nbformat_minor) == (4, 5)
    assert NOTEBOOK.metadata.kernelspec.name == "python3"
    for each in NOTEBOOK.cells:
        assert each.id == each.metadata.nbgrader.grade_id  # stable ids: a diff shows what changed, nothing else
        if each.cell_type == "code":
            assert each.outputs == []
            assert each.execution_count is None


def test_points_and_minutes_add_up_to_what_is_announced():
    tasks = [each.source for each in NOTEBOOK.cells if each.metadata.nbgrader.grade_id.endswith("-task")]
    announced = [re.search(r"\*(\d+) points, (\d+) minutes", task) for task in tasks]
    assert all(announced)
    assert [int(found[1]) for found in announced] == [POINTS[key] for key in GRADED]
    assert sum(int(found[2]) for found in announced) == module("04_census").minutes["exercises"]
    assert f"{sum(POINTS[key] for key in GRADED)} points" in cell(NOTEBOOK, "start").source
    assert [f"q{number}" for number in range(1, 12)] == GRADED


def test_every_text_and_every_test_is_locked():
    for each in NOTEBOOK.cells:
        marks = each.metadata.nbgrader
        assert marks.locked != marks.solution
        if marks.grade and not marks.solution:
            one = r'check\("q\w+", \w+\)'
            assert re.fullmatch(rf"{one}|display\({one}, {one}\)", each.source)


def test_the_plain_notebook_is_the_same_exercise_with_hidden_tests():
    assert len(PLAIN.cells) == len(NOTEBOOK.cells)
    for plain, own in zip(PLAIN.cells, NOTEBOOK.cells, strict=True):
        assert plain.metadata == own.metadata
        assert plain.source.split("\n### BEGIN HIDDEN TESTS")[0] == own.source
        assert ("HIDDEN TESTS" in plain.source) == (own.metadata.nbgrader.grade_id in AUTOMATIC)


def test_every_check_has_its_rule_and_its_question():
    assert [item.key for item in MARKING.items] == list(QUESTIONS)
    assert {item.key: item.expression for item in MARKING.items} == {
        key: question.name for key, question in QUESTIONS.items()
    }
    assert {key: sum(item.points for item in MARKING.in_cell(key)) for key in AUTOMATIC} == {
        key: POINTS[key] for key in AUTOMATIC
    }


def test_every_answer_is_named_in_its_task_and_starts_with_dots():
    for key, question in QUESTIONS.items():
        base = key.split("_")[0]
        assert f"`{question.name}`" in cell(NOTEBOOK, f"{base}-task").source
        before = cell(NOTEBOOK, f"{base}-answer").source.split("### BEGIN SOLUTION")[0]
        after = cell(NOTEBOOK, f"{base}-answer").source.split("### END SOLUTION")[1]
        assert f"{question.name} = ..." in before or f"{question.name} = pd.Series" in after


def test_written_answer_has_its_rubric_in_sight_of_the_grader():
    """Formgrader shows the whole notebook, so the rubric stands in the locked task above the answer."""
    rubric = cell(NOTEBOOK, "q11-task").source
    worth = [int(points) for points in re.findall(r"\*\* \((\d)\) \|", rubric)]
    assert sum(worth) == POINTS["q11"]
    assert "### BEGIN" not in cell(NOTEBOOK, "q11").source  # a heading in markdown, and the book would choke on it


def test_data_are_said_to_be_synthetic():
    assert "synthetic" in cell(NOTEBOOK, "start").source
    assert "illegal" not in SOURCE.read_text(encoding="utf-8")


# two opinions on the same answers, on three data sets


def hidden_tests(key, names):
    """What the plain notebook's cell gives for the answers in ``names``: its last number, all points, or 0."""
    tree = ast.parse(cell(PLAIN, key).source)
    last = ast.Expression(tree.body.pop().value) if isinstance(tree.body[-1], ast.Expr) else None
    names = {**names, "check": lambda *args: None, "print": lambda *args: None}
    try:
        exec(compile(tree, key, "exec"), names)
        score = POINTS[key] if last is None else eval(compile(last, key, "eval"), names)  # noqa: S307
    except Exception:
        return 0
    # nbgrader reads the score from the text of the output, so that must be a plain number
    assert float(repr(score)) <= POINTS[key]
    return score


@dataclass
class Marked:
    """The authors' answers on one data set, and what others earn there."""

    names: dict
    data: Callable
    key: dict
    causes: Causes

    def marks(self, cell_id: str, **answers) -> list[Mark]:
        """By the rules, for the authors' answers with some of them exchanged, through JSON."""
        names = {**self.names, **answers}
        return [
            mark(item, through_json(eval(item.expression, {}, names)), self.key, self.causes.of)  # noqa: S307
            for item in MARKING.in_cell(cell_id)
        ]

    def points(self, cell_id: str, **answers) -> float:
        """By both opinions, which must be one."""
        by_rules = sum(each.points for each in self.marks(cell_id, **answers))
        by_hand = hidden_tests(cell_id, {**self.names, **answers})
        assert by_rules == pytest.approx(by_hand, abs=1e-9)
        return by_rules


def once(function):
    """The function computed once: the hidden tests call it with the same tables each time."""
    kept = []

    def first(*args, **kwargs):
        if not kept:
            kept.append(function(*args, **kwargs))
        return kept[0].copy()

    return first


def through_json(value):
    return json.loads(json.dumps(to_plain(value), allow_nan=False))


@pytest.fixture(scope="module")
def theirs(solved):
    names, data = solved
    names = {**names, "load": data}
    names |= {name: once(names[name]) for name in ("coverage_rates", "compare_definitions")}
    key = {
        name: through_json(eval(expression, names))  # noqa: S307
        for cell_id in AUTOMATIC
        for name, expression in MARKING.wanted_for_key(cell_id).items()
    }
    return Marked(names, data, key, Causes("04_census", data))


def named(cell_id):
    """The names of the answers of a graded cell."""
    return [item.expression for item in MARKING.in_cell(cell_id)]


@pytest.mark.parametrize("key", AUTOMATIC)
def test_solution_earns_all_points(key, theirs):
    assert theirs.points(key) == POINTS[key]
    assert {each.verdict for each in theirs.marks(key)} == {"right"}
    assert {each.off + each.cause for each in theirs.marks(key)} == {""}


@pytest.mark.parametrize("key", AUTOMATIC)
def test_dots_earn_nothing(key, theirs):
    dots = dict.fromkeys(named(key), ...)
    assert theirs.points(key, **dots) == 0
    assert {each.verdict for each in theirs.marks(key, **dots)} == {"missing"}


def test_a_table_of_dots_is_missing(theirs):
    (each,) = theirs.marks("q2", birthplace=pd.Series({"native": ..., "foreign_born": ..., "not_stated": ...}))
    assert (each.verdict, each.points) == ("missing", 0)


@pytest.mark.parametrize("key", [key for key in QUESTIONS if QUESTIONS[key].mistakes])
def test_mistakes_do_not_earn_the_points(key, theirs):
    for number, mistake in enumerate(QUESTIONS[key].mistakes, start=1):
        wrong = mistake.wrong(theirs.data)
        if wrong is None:
            continue
        answers = {"reading": ..., QUESTIONS[key].name: wrong}
        earned = theirs.points(key, **answers)
        assert earned == 0 or earned in PARTIAL.get(key, ()), mistake.message
        each = theirs.marks(key, **answers)[0]
        assert each.verdict == ("part" if earned else "wrong")
        assert each.off
        assert (each.cause, each.cause_key) == (mistake.message, f"{key}/{number}")


@pytest.mark.parametrize("key", [key for key in QUESTIONS if QUESTIONS[key].slips])
def test_a_mistake_after_a_slip_is_found(key, theirs):
    question = QUESTIONS[key]
    (slip,) = question.slips
    for number, mistake in enumerate(question.mistakes, start=1):
        wrong = mistake.wrong(slip.alter(theirs.data))
        if wrong is not None and not test_checks.same(wrong, mistake.wrong(theirs.data)):
            answers = {"reading": ..., question.name: wrong}
            theirs.points(key, **answers)
            assert theirs.marks(key, **answers)[0].cause_key == f"{key}/{number}+1"


@pytest.mark.parametrize("key", ["q5", "q6"])
def test_only_one_word_is_right(key, theirs):
    question = QUESTIONS["q6_reading" if key == "q6" else key]
    earned = [theirs.points(key, **{question.name: option}) for option in question.shape.options]
    assert earned.count(POINTS[key]) == 1
    assert sum(earned) == POINTS[key] + (len(earned) - 1) * (3 if key == "q6" else 0)


def test_parts_of_an_answer_earn_parts_of_the_points(theirs):
    names = theirs.names
    birthplace, table, came_from = names["birthplace"], names["fb_by_age_sex"], names["came_from"]
    assert theirs.points("q2", birthplace=birthplace.replace(names["not_stated"], 0)) == 2
    assert theirs.points("q2", birthplace=birthplace.replace([names["not_stated"], names["native"]], 0)) == 1
    assert theirs.points("q2", birthplace=pd.concat([birthplace, pd.Series({"Total": 3})])) == 3
    assert theirs.points("q2", birthplace=birthplace.drop("native")) == 0
    inner = table.drop(index=["Not stated", "Total"], columns=["Not stated", "Total"])
    assert theirs.points("q3", fb_by_age_sex=inner) == 2
    assert theirs.points("q3", fb_by_age_sex=inner.drop(columns="F")) == 0
    assert theirs.points("q3", fb_by_age_sex=table.drop(columns="Total")) == 2
    assert theirs.points("q3", fb_by_age_sex=table.assign(M=table["M"] + 1)) == 0
    if "XXX" in came_from:
        assert theirs.points("q4", came_from=came_from.drop("XXX")) == 2
        assert theirs.points("q4", came_from=came_from.replace(came_from["XXX"], -1)) == 0
    one = names["whipple_by_birth"].copy()
    one["native"] = 100.0
    assert theirs.points("q6", whipple_by_birth=one, reading="?") == 1.5
    assert theirs.points("q6", whipple_by_birth=one) == 2.5
    destinations = names["destinations"]
    assert theirs.points("q7", destinations=destinations.drop(index="Total", columns="Total")) == 2
    assert theirs.points("q7", destinations=destinations.drop(index="Total")) == 2
    assert theirs.points("q7", destinations=destinations.assign(Total=0)) == 2
    omission = names["omission"]
    assert theirs.points("q9", omission=omission.assign(omission_se=0.0)) == 3
    assert theirs.points("q9", omission=omission.assign(omission_rate=0.0)) == 0
    half = omission.copy()
    half.loc["native", "omission_rate"] = 0
    assert theirs.points("q9", omission=half) == 2
    assert theirs.points("q9", omission=names["coverage"]) == 4
    missed = names["coverage"].loc["foreign_born", "omission_rate"]
    assert theirs.points("q10", corrected_stock=names["foreign_born"] / (1 - missed)) == 2


def test_rounding_to_what_one_prints_is_no_mistake(theirs):
    names = theirs.names
    assert theirs.points("q6", whipple_by_birth=names["whipple_by_birth"].round(1)) == POINTS["q6"]
    assert theirs.points("q6", whipple_by_birth=names["whipple_by_birth"].round(7)) == POINTS["q6"]
    assert theirs.points("q6", whipple_by_birth=names["whipple_by_birth"] + 0.001) == 1
    assert theirs.points("q8", true_size=round(names["true_size"])) == POINTS["q8"]
    assert theirs.points("q8", true_size=names["true_size"] + 1.01) == 0
    assert theirs.points("q9", omission=names["omission"].round(4)) == POINTS["q9"]
    assert theirs.points("q9", omission=names["omission"].round(2)) < POINTS["q9"]
    assert theirs.points("q10", corrected_stock=round(names["corrected_stock"])) == POINTS["q10"]
    assert theirs.points("q1", n_residents=names["n_residents"] + 1) == 0


@pytest.mark.parametrize("key", AUTOMATIC)
def test_answers_of_another_make_earn_the_same(key, theirs):
    """The right values, dressed otherwise, and what has nothing to do with the question."""
    name = named(key)[0]
    right = theirs.names[name]
    others = [
        None,
        True,
        0,
        -1,
        float("nan"),
        float("inf"),
        "",
        "a",
        [],
        [1, 2],
        (1,),
        {},
        {1},
        len,
        object(),
        pd.NA,
    ]
    others += [
        pd.Series(dtype=float),
        pd.DataFrame(),
        pd.Series([1, 2]),
        np.zeros((2, 2)),
        theirs.names["persons"],
    ]
    if isinstance(right, (pd.Series, pd.DataFrame)):
        others += [
            right.astype(float),
            right.astype(object),
            right.iloc[::-1],
            right.T,
            right.reset_index(),
            right * 100,
        ]
        others += [str(right), right.to_numpy(), right.round(0), right.iloc[:1], pd.concat([right, right])]
    elif isinstance(right, str):
        others += [right.upper(), [right], pd.Series([right]), f"{right} ", type("Text", (str,), {})(right)]
    else:
        others += [float(right), np.float64(right), str(right), [right], pd.Series([right]), -right, right * 1.001]
    for answer in others:
        theirs.points(key, **({name: answer, "reading": ...} if key == "q6" else {name: answer}))


def test_what_the_two_opinions_differ_in(theirs):
    """As tests/plain_nbgrader/README.md says: never to the participant's harm."""
    names = theirs.names
    for key, name in (("q2", "birthplace"), ("q6", "whipple_by_birth")):
        column = {name: names[name].to_frame("n")}
        assert sum(each.points for each in theirs.marks(key, **column)) == POINTS[key]
        assert hidden_tests(key, {**names, **column}) == 0
    assert [each.points for each in theirs.marks("q6", whipple_by_birth=...)] == [0, 1]
    assert hidden_tests("q6", {**names, "whipple_by_birth": ...}) == 0
    assert sum(each.points for each in theirs.marks("q4", came_from=names["came_from"].to_dict())) == 3


def test_what_a_mark_says_holds_no_expected_value(theirs):
    """What a participant may read after grading says where to look, never the number."""
    names = theirs.names
    secrets = [names["n_residents"], names["foreign_born"], names["true_size"], names["corrected_stock"]]
    for key in AUTOMATIC:
        for near in (1, 1000.5):
            for each in theirs.marks(key, **dict.fromkeys(named(key), near)):
                said = f"{each.came} {each.off} {each.cause}"
                assert each.verdict == "wrong"
                assert not any(str(int(value)) in said for value in secrets)


def test_messages_of_hidden_tests_hold_no_value(theirs):
    names = theirs.names
    for key in AUTOMATIC:
        answers = {question.name: 1 for question in QUESTIONS.values()}
        said = []
        try:
            exec(cell(PLAIN, key).source, {**names, **answers, "check": len, "print": said.append})
        except Exception as error:
            said.append(str(error))
        for value in (names["n_residents"], names["foreign_born"], names["true_size"], names["corrected_stock"]):
            assert str(int(value)) not in " ".join(said)


# nbgrader itself


@pytest.fixture(scope="module")
def nbgrader_on_the_path():
    """nbgrader calls alembic by its name, so the environment's programs must be on the path."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        yield


def _course(root, source):
    """A course of stock nbgrader in a folder of its own, with the authors' settings, released."""
    shutil.copytree(source, root / "source" / "04_census", ignore=shutil.ignore_patterns("README.md"))
    config = Config(PyFileConfigLoader("nbgrader_config.py", path=str(EXERCISES)).load_config())
    config.CourseDirectory.root = str(root)
    api = NbGraderAPI(config=config)
    result = api.generate_assignment("04_census", force=True, create=True)
    assert result["success"], result.get("log")
    return api, root / "release" / "04_census" / "04_census.ipynb"


@pytest.fixture(scope="module")
def released_file(nbgrader_on_the_path, tmp_path_factory):
    return _course(tmp_path_factory.mktemp("course"), SOURCE.parent)[1]


@pytest.fixture(scope="module")
def released(released_file):
    return nbformat.read(released_file, as_version=4)


@pytest.mark.slow
def test_release_holds_the_notebook_alone(released_file):
    assert [path.name for path in released_file.parent.iterdir()] == ["04_census.ipynb"]


@pytest.mark.slow
def test_release_holds_neither_solutions_nor_hidden_tests(released):
    text = json.dumps(released)
    for secret in ("BEGIN SOLUTION", "HIDDEN TESTS", "MARK SCHEME"):
        assert secret not in text
    assert len(released.cells) == len(NOTEBOOK.cells)
    for key in AUTOMATIC:
        one = r'check\("q\w+", \w+\)'
        assert re.fullmatch(rf"{one}|display\({one}, {one}\)", cell(released, key).source)
        answer = cell(released, f"{key}-answer").source
        assert "YOUR CODE HERE" in answer
        inside = re.search(r"### BEGIN SOLUTION\n(.*)### END", cell(NOTEBOOK, f"{key}-answer").source, re.S)[1]
        assert not {line for line in inside.splitlines() if len(line) > 12} & set(answer.splitlines())
    assert cell(released, "q11").source == "**Your note**\n\nYOUR ANSWER HERE"


@pytest.mark.slow
def test_release_runs_from_top_to_bottom_without_an_error_before_question_one(released):
    """The three dots are no error in themselves: the check asks for an answer."""
    assert cell(released, "q1-answer").source.startswith("residents = ...\nn_residents = ...\n# YOUR CODE HERE")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*not in session")  # SQLAlchemy about nbgrader's own gradebook
def test_stock_nbgrader_grades_the_plain_notebook(nbgrader_on_the_path, tmp_path_factory, monkeypatch):
    root = tmp_path_factory.mktemp("plain")
    api, path = _course(root, PLAIN_FOLDER)
    released = nbformat.read(path, as_version=4)
    monkeypatch.setenv("KIT_DATA", str(small_census.write(tmp_path_factory.mktemp("class"), seed=11)))
    hand_ins = {
        "empty": released,
        "full": _full(released),
        "wrong": _wrong(released),
        "unknown": _wrong(released, drop=True),
    }
    for student, notebook in hand_ins.items():
        folder = root / "submitted" / student / "04_census"
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / "04_census.ipynb")
        result = api.autograde("04_census", student, force=True, create=True)
        assert result["success"], result.get("log")
    earned = {}
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as gradebook:
        for student in hand_ins:
            notebook = gradebook.find_submission_notebook("04_census", "04_census", student)
            earned[student] = {
                grade.name: (grade.auto_score, grade.needs_manual_grade) for grade in notebook.grades
            }
    assert earned["full"] == {key: (POINTS[key], False) for key in AUTOMATIC} | {"q11": (None, True)}
    assert earned["empty"] == dict.fromkeys(GRADED, (0, False))
    # What a beginner is likely to write: some parts are right, no question is.
    assert all(earned["wrong"][key][0] < POINTS[key] for key in AUTOMATIC)
    assert sum(earned["wrong"][key][0] for key in AUTOMATIC) <= 8
    assert earned["unknown"]["q4"] == (2, False)


def _full(released):
    """The hand-in of somebody who solved everything, and wrote a note."""
    notebook = copy.deepcopy(released)
    for key in AUTOMATIC:
        cell(notebook, f"{key}-answer").source = cell(NOTEBOOK, f"{key}-answer").source
    cell(notebook, "q11").source = "**Your note**\n\nMinister, about two thousand."
    return notebook


def _wrong(released, drop=False):
    """The hand-in of somebody who made the first listed mistake everywhere, and chose other words."""
    notebook = _full(released)
    for key in AUTOMATIC:
        lines = ["from migkit.lesson.checks.m04_census import QUESTIONS"]
        for question in QUESTIONS.values():
            if question.key.split("_")[0] == key:
                wrong = (
                    "'none of them'"
                    if not question.mistakes
                    else f"QUESTIONS['{question.key}'].mistakes[0].wrong(load)"
                )
                lines.append(f"{question.name} = {wrong}")
        cell(notebook, f"{key}-answer").source += "\n" + "\n".join(lines)
    if drop:
        cell(notebook, "q4-answer").source = (
            cell(NOTEBOOK, "q4-answer").source + "\ncame_from = came_from.drop('XXX')"
        )
    return notebook


@pytest.mark.slow
@pytest.mark.sandbox
@pytest.mark.filterwarnings("ignore")
def test_the_kit_grades_the_exercise(tmp_path):
    """The same four hand-ins through the sandbox, marked by the rules."""
    course = _class_of(tmp_path, ("empty", "full", "wrong", "unknown"))
    released = nbformat.read(course.release_notebook, as_version=4)
    hand_ins = (released, _full(released), _wrong(released), _wrong(released, drop=True))
    for person, notebook in zip(course.roster().people, hand_ins, strict=True):
        course.submitted(person.student_id).mkdir(parents=True)
        nbformat.write(notebook, course.submitted(person.student_id) / "04_census.ipynb")
    report = grading.grade(course)
    assert [outcome.graded for outcome in report.outcomes] == [True] * 4, report.outcomes
    with course.gradebook() as gradebook:
        earned = {
            student: {
                grade.name: (grade.auto_score, grade.needs_manual_grade)
                for grade in gradebook.find_submission_notebook("04_census", "04_census", student).grades
            }
            for student in ("empty", "full", "wrong", "unknown")
        }
    found = {student: grading.read_outcome(course, student).marks for student in earned}
    assert earned["full"] == {key: (POINTS[key], False) for key in AUTOMATIC} | {"q11": (None, True)}
    assert earned["empty"] == dict.fromkeys(GRADED, (0, False))
    assert all(earned["wrong"][key][0] < POINTS[key] for key in AUTOMATIC)
    assert earned["unknown"]["q4"] == (2, False)
    assert {each.verdict for each in found["full"]} == {"right"}
    assert {each.verdict for each in found["empty"]} == {"missing"}
    assert {each.cause_key for each in found["wrong"]} >= {"q1/1", "q2/1", "q3/1", "q7/1", "q8/1", "q10/1"}
    assert not {each.verdict for each in found["wrong"]} & {"right", "missing", "unreadable"}


def _class_of(folder, names):
    """A class on the small census, with the exercise released."""

    def write_data(_country, _scale, seed, out):
        small_census.write(out / "participants", seed)

    roster = folder / "roster.csv"
    lines = [f"{name},Awa,Synthetic {name}" for name in names]
    roster.write_text("\n".join(["student_id,first_name,last_name", *lines]), encoding="utf-8")
    course, _roster = new_course(
        "try", roster, "04_census", seed=11, folder=folder, source=SOURCE.parent, write_data=write_data
    )
    release(course)
    return course


@pytest.mark.slow
def test_nbgrader_validates_the_source(tmp_path, monkeypatch):
    monkeypatch.setenv("KIT_DATA", str(small_census.write(tmp_path / "data", seed=12)))
    shutil.copy(SOURCE, tmp_path)
    assert Validator(ignore_checksums=True).validate(str(tmp_path / SOURCE.name)) == {}
