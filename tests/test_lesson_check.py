"""check(): a helping box, never a traceback, never an expected value; and what becomes of a user's mistake."""

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from migkit.lesson import check, checking, data
from migkit.lesson.box import Box
from migkit.lesson.checks import questions
from migkit.lesson.practice.m04_census import QUESTIONS as TURNS
from migkit.measures import dual_system, whipple
from migkit.reference import KitError


class Nasty:
    """An answer that fights back."""

    def __eq__(self, other):
        raise ZeroDivisionError

    __hash__ = None

    def __len__(self):
        raise RuntimeError

    def __repr__(self):
        raise RuntimeError


STRANGE = [
    ...,
    None,
    "12",
    float("nan"),
    [1, 2],
    {},
    pd.DataFrame(),
    pd.Series([1, "a"]),
    Nasty(),
    check,
    b"x",
    10**400,
]
KEYS = [*questions("04_census"), *TURNS]


@pytest.mark.parametrize("key", KEYS)
def test_no_answer_however_strange_raises(teaching_data, key):
    for answer in STRANGE:
        box = check(key, answer)
        assert isinstance(box, Box)
        assert box.kind != "right"
        assert box.lines
        assert "Traceback" not in repr(box)


@pytest.mark.parametrize("key", KEYS)
def test_no_answer_yet_is_no_mistake(teaching_data, key):
    assert check(key).kind == check(key, None).kind == "turn"


def test_a_check_that_stumbles_keeps_the_lesson_going(monkeypatch):
    monkeypatch.setattr(checking, "_find", lambda question, module: 1 / 0)
    box = check("q1", 3)
    assert box.kind == "mend"
    assert "ZeroDivisionError" in repr(box)


def test_an_unknown_question_is_answered_with_those_there_are():
    said = repr(check("turn11", 3))
    assert "turn1" in said and "q1" in said and "Did you mean" in said


def test_an_unknown_module_is_a_sentence():
    assert "no checks" in repr(check("q1", 3, module="99_nothing"))


def test_missing_data_are_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("KIT_DATA", str(tmp_path))
    monkeypatch.setattr(data, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert "kit.py data" in repr(check("turn1", 3))


@pytest.mark.parametrize("key", TURNS)
def test_the_right_answer_of_a_turn_is_called_right(teaching_data, key):
    turn = TURNS[key]
    box = check(key, turn.right(data.load))
    assert box.kind == "right"
    assert turn.because in repr(box)


@pytest.mark.parametrize("key", TURNS)
def test_each_likely_mistake_of_a_turn_is_recognised(teaching_data, key):
    turn = TURNS[key]
    for mistake in turn.mistakes:
        box = check(key, mistake.wrong(data.load))
        assert box.kind == "look", mistake.message
        assert box.lines == [mistake.message]


@pytest.mark.parametrize("key", TURNS)
def test_an_answer_that_is_merely_off_is_not_called_right(teaching_data, key):
    turn = TURNS[key]
    off = turn.right(data.load) * 0.93
    off = round(off) if turn.shape.whole else off
    assert check(key, off).kind == "look"


@pytest.mark.parametrize("key", list(questions("04_census")))
def test_a_check_of_the_exercise_never_says_right(teaching_data, key):
    question = questions("04_census")[key]
    wrong = [mistake.wrong(data.load) for mistake in question.mistakes]
    # A mistake that this data set does not allow has no answer.
    for answer in (each for each in wrong if each is not None):
        assert check(key, answer).kind == "look"
    assert not hasattr(question, "right")


def test_a_box_tells_its_kind_without_colour():
    for kind, word in (
        ("right", "Right"),
        ("look", "Look again"),
        ("mend", "Please mend"),
        ("note", "Note"),
        ("turn", "Your turn"),
    ):
        box = Box(kind, "q1", ["one <b>"])
        assert word in repr(box)
        page = box._repr_html_()
        assert word in page
        assert "one &lt;b&gt;" in page
        assert re.search(r'aria-hidden="true"[^>]*>.</span>', page)


def test_a_mistake_shows_as_one_box_and_stops_the_run(tmp_path):
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError
    from nbformat.v4 import new_code_cell, new_notebook

    book = new_notebook(
        cells=[new_code_cell("from migkit.lesson import load"), new_code_cell('load("published/none")')]
    )
    with pytest.raises(CellExecutionError):
        NotebookClient(book, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = book.cells[1].outputs
    assert "Please mend" in shown[0]["data"]["text/html"]
    assert "Traceback" not in str(shown)


def test_the_lesson_package_is_light(tmp_path: Path):
    """Nothing heavy is imported with it: the browser edition has numpy, pandas and matplotlib only."""
    # pandas itself loads pyarrow where the group "office" brought it; without it an import of ours fails here.
    code = (
        "import sys; sys.modules['pyarrow'] = None; import migkit.lesson;"
        "print([n for n in ('ipywidgets', 'pyarrow', 'polars', 'duckdb', 'scipy', 'matplotlib.pyplot', "
        "'openpyxl', 'migkit.world', 'migkit.sources') if sys.modules.get(n)])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize("key", [key for key in TURNS if not TURNS[key].shape.whole])
def test_a_rounded_right_answer_is_right(teaching_data, key):
    exact = TURNS[key].right(data.load)
    for decimals in (0, 1, 2):
        box = check(key, round(exact, decimals))
        assert box.kind == "right"
    assert check(key, round(exact) + 1).kind == "look"


def test_a_comma_in_a_number_is_named(teaching_data):
    assert "47.4" in repr(check("turn3", (47, 4)))


def test_an_estimate_is_asked_for_its_value(teaching_data):
    assert ".value" in repr(check("q8", dual_system(10, 15, 5)))


def test_tables_in_place_of_counts_are_named(teaching_data):
    table = data.load("census_persons")
    said = repr(check("q2", pd.Series({"native": table, "foreign_born": table, "not_stated": table})))
    assert "len(" in said


def test_the_dual_system_estimate_of_the_lesson_exceeds_both_lists(teaching_data):
    """The lesson says so beside the right answer."""
    turn = TURNS["turn6"]
    found, checked = data.load("pes_persons"), data.load("pes_followup")
    assert turn.right(data.load) > max((checked["outcome"] == "C").sum(), (found["match_status"] != "U").sum())


@pytest.mark.parametrize(
    "wrong", [lambda: whipple(pd.DataFrame({"age": [30]})), lambda: dual_system(pd.Series([True, False]), 3, 2)]
)
def test_a_table_where_one_column_or_number_is_needed_is_a_sentence(wrong):
    with pytest.raises(KitError, match=r"age'\]|\.sum\(\)"):
        wrong()
