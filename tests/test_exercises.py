"""The exercise in nbgrader: valid source, a hand-out without solutions, marks as deserved."""

import ast
import copy
import json
import os
import re
import shutil
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.validator import Validator
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

import small_census
import test_checks
from migkit.lesson.checks.m04_census import QUESTIONS
from migkit.reference.curriculum import module

solved = test_checks.solved  # the authors' answers on three data sets, for the tests below

EXERCISES = Path(__file__).parents[1] / "exercises"
SOURCE = EXERCISES / "source" / "04_census" / "04_census.ipynb"
NOTEBOOK = nbformat.read(SOURCE, as_version=4)
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
            assert "### BEGIN HIDDEN TESTS" in each.source


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


# the hidden tests, run here on three data sets


def marks(key, names):
    """What the graded cell gives for the answers in ``names``: its last number, all points, or 0 for an error."""
    tree = ast.parse(cell(NOTEBOOK, key).source)
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


@pytest.fixture
def on_their_data(solved, monkeypatch):
    """The authors' answers, and the graded cells reading the same data."""
    names, data = solved
    names = copy.copy(names)
    names["load"] = data
    return names, data


@pytest.mark.parametrize("key", AUTOMATIC)
def test_solution_earns_all_points(key, on_their_data):
    assert marks(key, on_their_data[0]) == POINTS[key]


@pytest.mark.parametrize("key", AUTOMATIC)
def test_dots_earn_nothing(key, on_their_data):
    names, _data = on_their_data
    for question in QUESTIONS.values():
        if question.key.split("_")[0] == key:
            names[question.name] = ...
    assert marks(key, names) == 0


@pytest.mark.parametrize("key", [key for key in QUESTIONS if QUESTIONS[key].mistakes])
def test_mistakes_do_not_earn_the_points(key, on_their_data):
    names, data = on_their_data
    names["reading"] = ...
    for mistake in QUESTIONS[key].mistakes:
        wrong = mistake.wrong(data)
        if wrong is not None:
            earned = marks(key, {**names, QUESTIONS[key].name: wrong})
            assert earned == 0 or earned in PARTIAL.get(key, ()), mistake.message


@pytest.mark.parametrize("key", ["q5", "q6"])
def test_only_one_word_is_right(key, on_their_data):
    names, _data = on_their_data
    question = QUESTIONS["q6_reading" if key == "q6" else key]
    earned = [marks(key, {**names, question.name: option}) for option in question.shape.options]
    assert earned.count(POINTS[key]) == 1
    assert sum(earned) == POINTS[key] + (len(earned) - 1) * (3 if key == "q6" else 0)


def test_parts_of_an_answer_earn_parts_of_the_points(on_their_data):
    names, _data = on_their_data
    assert marks("q2", {**names, "birthplace": names["birthplace"].replace(names["not_stated"], 0)}) == 2
    inner = names["fb_by_age_sex"].drop(index=["Not stated", "Total"], columns=["Not stated", "Total"])
    assert marks("q3", {**names, "fb_by_age_sex": inner}) == 2
    if "XXX" in names["came_from"]:
        assert marks("q4", {**names, "came_from": names["came_from"].drop("XXX")}) == 2
    one = names["whipple_by_birth"].copy()
    one["native"] = 100.0
    assert marks("q6", {**names, "whipple_by_birth": one, "reading": "?"}) == 1.5
    assert marks("q7", {**names, "destinations": names["destinations"].drop(index="Total", columns="Total")}) == 2
    assert marks("q9", {**names, "omission": names["omission"].assign(omission_se=0.0)}) == 3
    missed = names["coverage"].loc["foreign_born", "omission_rate"]
    assert marks("q10", {**names, "corrected_stock": names["foreign_born"] / (1 - missed)}) == 2


def test_rounding_to_what_one_prints_is_no_mistake(on_their_data):
    names, _data = on_their_data
    assert marks("q6", {**names, "whipple_by_birth": names["whipple_by_birth"].round(1)}) == POINTS["q6"]
    assert marks("q8", {**names, "true_size": round(names["true_size"])}) == POINTS["q8"]
    assert marks("q9", {**names, "omission": names["omission"].round(4)}) == POINTS["q9"]
    assert marks("q10", {**names, "corrected_stock": round(names["corrected_stock"])}) == POINTS["q10"]


def test_messages_of_hidden_tests_hold_no_value(on_their_data, capsys):
    """What a participant may read after grading says where to look, never the number."""
    names, _data = on_their_data
    for key in AUTOMATIC:
        answers = {question.name: 1 for question in QUESTIONS.values()}
        said = []
        try:
            exec(cell(NOTEBOOK, key).source, {**names, **answers, "check": len, "print": said.append})
        except Exception as error:
            said.append(str(error))
        for value in (names["n_residents"], names["foreign_born"], names["true_size"], names["corrected_stock"]):
            assert str(int(value)) not in " ".join(said)


# nbgrader itself


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course in a folder of its own, with the exercise released and graded for four participants."""
    root = tmp_path_factory.mktemp("course")
    # nbgrader calls alembic by its name, so the environment's programs must be on the path.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        yield _course(root)


def _course(root):
    shutil.copytree(EXERCISES / "source", root / "source")
    config = Config(PyFileConfigLoader("nbgrader_config.py", path=str(EXERCISES)).load_config())
    config.CourseDirectory.root = str(root)
    api = NbGraderAPI(config=config)
    return root, api


@pytest.fixture(scope="module")
def released(course):
    root, api = course
    result = api.generate_assignment("04_census", force=True, create=True)
    assert result["success"], result.get("log")
    return nbformat.read(root / "release" / "04_census" / "04_census.ipynb", as_version=4)


@pytest.mark.slow
def test_release_holds_neither_solutions_nor_hidden_tests(released):
    text = json.dumps(released)
    for mark in ("BEGIN SOLUTION", "HIDDEN TESTS", "MARK SCHEME"):
        assert mark not in text
    assert len(released.cells) == len(NOTEBOOK.cells)
    for key in AUTOMATIC:
        one = r'check\("q\w+", \w+\)'
        assert re.fullmatch(rf"{one}|display\({one}, {one}\)", cell(released, key).source)
        answer = cell(released, f"{key}-answer").source
        assert "YOUR CODE HERE" in answer
        inside = re.search(r"### BEGIN SOLUTION\n(.*)### END", cell(NOTEBOOK, f"{key}-answer").source, re.S)[1]
        assert not {line for line in inside.splitlines() if len(line) > 12} & set(answer.splitlines())
    assert cell(released, "q11").source == "**Your note**\n\nYOUR ANSWER HERE"
    names = {"_key", "_right", "same(", "_points"}
    assert not any(name in cell(released, key).source for key in AUTOMATIC for name in names)


@pytest.mark.slow
def test_release_runs_from_top_to_bottom_without_an_error_before_question_one(released):
    """The three dots are no error in themselves: the check asks for an answer."""
    assert cell(released, "q1-answer").source.startswith("residents = ...\nn_residents = ...\n# YOUR CODE HERE")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*not in session")  # SQLAlchemy about nbgrader's own gradebook
def test_grading(course, released, tmp_path_factory, monkeypatch):
    root, api = course
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
def test_nbgrader_validates_the_source(tmp_path, monkeypatch):
    monkeypatch.setenv("KIT_DATA", str(small_census.write(tmp_path / "data", seed=12)))
    shutil.copy(SOURCE, tmp_path)
    assert Validator(ignore_checksums=True).validate(str(tmp_path / SOURCE.name)) == {}
