"""Checks help and give nothing away: right answers pass, mistakes are named, strange answers end in a sentence."""

import json
import os
import re
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import small_census
from migkit.lesson import load
from migkit.lesson.checks import Choice, Number, Question, Table, is_number, leads_to, questions, same
from migkit.lesson.checks.m04_census import QUESTIONS
from migkit.sources import write_dataset

SOURCE = Path(__file__).parents[1] / "exercises" / "source" / "04_census" / "04_census.ipynb"
#: In the data of seed 3 no visitor came in the last five years: counting visitors is harmless there in question 4.
SEEDS = (1, 3)
#: And the kit's own data, made with another seed than the lesson's, as a class gets them.
WORLD = pytest.param("world", marks=pytest.mark.slow)


def solution(cells):
    """The code of the source notebook's solution cells, without its checks."""
    kept = [cell for cell in cells if cell["cell_type"] == "code" and not cell["metadata"]["nbgrader"]["grade"]]
    return "\n".join("".join(cell["source"]) for cell in kept)


@pytest.fixture(scope="module", params=[*SEEDS, WORLD])
def solved(request, tmp_path_factory):
    """The variables that the authors' solution makes on one data set, and the loader of that data set."""
    folder = tmp_path_factory.mktemp("data")
    if request.param == "world":
        write_dataset("GMB", 0.01, 5, folder)
    else:
        small_census.write(folder, seed=request.param)
    before = os.environ.get("KIT_DATA")
    os.environ["KIT_DATA"] = str(folder)
    try:
        names = {"display": lambda *args: None, "seed": request.param}
        exec(solution(json.loads(SOURCE.read_text(encoding="utf-8"))["cells"]), names)
        tables = {name: load(name) for name in ("census_persons", "census_households", "census_emigrants",
                                                "pes_persons", "pes_followup")}  # fmt: skip
    finally:
        if before is None:
            del os.environ["KIT_DATA"]
        else:
            os.environ["KIT_DATA"] = before
    return names, lambda name: tables[name].copy()


def test_every_question_of_the_notebook_has_a_check_and_the_other_way_round():
    cells = json.loads(SOURCE.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    for key, question in QUESTIONS.items():
        assert f'check("{key}", {question.name})' in text
        assert key == question.key
    assert text.count("check(") == len(QUESTIONS)
    assert questions("04_census") == QUESTIONS


@pytest.mark.parametrize("key", QUESTIONS)
def test_right_answers_raise_no_complaint(key, solved):
    names, data = solved
    review = QUESTIONS[key].review(names[QUESTIONS[key].name], data)
    assert review.complaints == ()
    assert review.noted
    assert review.fine


MISTAKES = [(key, number) for key, question in QUESTIONS.items() for number in range(len(question.mistakes))]


@pytest.mark.parametrize(("key", "number"), MISTAKES)
def test_each_mistake_is_named(key, number, solved):
    names, data = solved
    mistake = QUESTIONS[key].mistakes[number]
    answer = mistake.wrong(data)
    if answer is None:  # harmless in these data
        assert (names["seed"], key) in {(3, "q4"), ("world", "q4")}
        return
    assert QUESTIONS[key].review(answer, data).complaints == (mistake.message,)


@pytest.mark.parametrize(("key", "number"), MISTAKES)
def test_no_mistake_holds_the_right_answer(key, number, solved):
    """Not even scaled, exchanged or turned into its complement."""
    names, data = solved
    wrong = QUESTIONS[key].mistakes[number].wrong(data)
    if wrong is None:
        return
    wrong = numbers(wrong)
    right = numbers(names[QUESTIONS[key].name])
    for turned in (wrong, 100 * wrong, wrong / 100, 1 - wrong, 100 - wrong):
        assert len(turned) != len(right) or not np.allclose(np.sort(turned), np.sort(right), rtol=1e-9)


def numbers(answer):
    return np.ravel(
        np.asarray(answer.to_numpy() if isinstance(answer, (pd.Series, pd.DataFrame)) else [answer], dtype=float)
    )


STRANGE = [
    *(
        None,
        ...,
        "",
        "a",
        3.5,
        -1,
        True,
        float("nan"),
        float("inf"),
        10**400,
        complex(1, 1),
        pd.NA,
        pd.Timestamp(0),
    ),
    *([], [1, 2], (1,), {}, {"native": 1}, len, int, object(), np.array([]), np.zeros((2, 2))),
    pd.array([1, None], dtype="Int64"),
    pd.Series([], dtype=float),
    pd.Series([1, 1], index=["a", "a"]),
    pd.Series(["x"]),
    pd.Series({"native": ..., "foreign_born": ...}),
    pd.DataFrame(),
    pd.DataFrame({"a": [1, None]}),
    pd.DataFrame([[1, 2]], columns=["a", "a"]),
    pd.DataFrame({"F": ["x"]}),
]


@pytest.mark.parametrize("key", QUESTIONS)
def test_strange_answers_end_in_a_sentence(key, solved):
    question, data = QUESTIONS[key], solved[1]
    for answer in STRANGE:
        review = question.review(answer, data)
        assert all(isinstance(complaint, str) and complaint for complaint in review.complaints)
        if not (isinstance(question.shape, Number) and is_number(answer)):
            assert review.complaints, answer


class Hostile:
    """An answer that agrees with everything and refuses to be shown."""

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0

    def __repr__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize("key", QUESTIONS)
def test_an_answer_that_equals_everything_is_not_fine(key, solved):
    assert not QUESTIONS[key].review(Hostile(), solved[1]).fine


def no_data(name):
    raise AssertionError(f"{name} is not needed")


@pytest.mark.parametrize(
    ("shape", "answer", "words"),
    [
        (Number(), pd.Series([1]), "Take the number out"),
        (Number(), [1, 2], "list of 2 values"),
        (Number(), "12", "without quotation marks"),
        (Number(), float("nan"), "one number"),
        (Number(whole=True), 2.5, "no decimals"),
        (Number(), -1, "below 0"),
        (Number(high=1, advice="As a share."), 5, "from 0 to 1. As a share."),
        (Table(), 3, "a single number"),
        (Table(), pd.Series([], dtype=float), "no row fits"),
        (Table(), pd.Series([1, 2], index=["a", "a"]), "twice"),
        (Table(), pd.Series([1.0, None]), "NaN"),
        (Table(), pd.Series(["a"]), "Every cell must be a number"),
        (Table(), pd.Series([1, ...]), "still hold the dots"),
        (Table(), pd.DataFrame({"a": [1], "b": [2]}), "One column of numbers"),
        (Table(rows=("a", "b")), pd.Series({"a": 1}), "Missing rows: b"),
        (Table(rows=("a",)), pd.Series({"a": 1, "c": 2}), "Rows too many: c"),
        (Table(columns=("F", "M")), pd.DataFrame({"F": [1]}), "Missing columns: M"),
        (Table(columns=("F", "M"), rows=("a",)), pd.DataFrame({"a": [1, 2]}, index=["F", "M"]), "turned round"),
        (Table(rows=("a", "b")), pd.DataFrame({"who": ["a", "b"], "n": [1, 2]}), r"set_index\('who'\)"),
        (Table(sums="Total"), pd.Series({"a": 1, "b": 2, "Total": 4}), "not the sum"),
        (Table(high=1, advice="Shares."), pd.Series([5.0]), "Shares."),
        (Table(exact=3), pd.Series([0.05, 0.1]), "rounded"),
        (Choice(("rough", "fine")), "Rough", '"rough", "fine"'),
        (Choice(("rough", "fine")), 1, "in quotation marks"),
    ],
)
def test_the_form_is_explained(shape, answer, words):
    complaints = Question("q", "x", shape).review(answer, no_data).complaints
    assert len(complaints) == 1
    assert re.search(words, complaints[0])


def test_rows_of_many_labels_are_not_all_listed():
    shape = Table(rows=lambda data: [str(number) for number in range(50)])
    (complaint,) = Question("q", "x", shape).review(pd.Series({"a": 1}), no_data).complaints[:1]
    assert "44 more" in complaint


@pytest.mark.parametrize("key", [key for key, question in QUESTIONS.items() if question.slips])
def test_an_earlier_slip_does_not_hide_a_mistake(key, solved):
    """Somebody who kept the visitors in question 1 still hears what is wrong later."""
    _names, data = solved
    question = QUESTIONS[key]
    (slip,) = question.slips
    for mistake in question.mistakes:
        answer = mistake.wrong(slip.alter(data))
        if answer is not None and not same(answer, mistake.wrong(data)):
            assert question.review(answer, data).complaints == (mistake.message, slip.message)


@pytest.mark.parametrize("key", [key for key, question in QUESTIONS.items() if question.mistakes])
def test_every_road_has_a_key_of_its_own_and_ends_where_its_mistake_does(key, solved):
    question, data = QUESTIONS[key], solved[1]
    roads = {road.key: road for road in question.roads(data)}
    for number, mistake in enumerate(question.mistakes, start=1):
        answer = mistake.wrong(data)
        if answer is not None:
            assert leads_to(roads[f"{key}/{number}"], answer)
        assert all(
            road.messages[0] == mistake.message
            for road in roads.values()
            if road.key.split("+")[0] == f"{key}/{number}"
        )
    slipped = {road_key for road_key in roads if "+" in road_key}
    assert bool(slipped) == bool(question.slips)


def test_choices_are_never_judged():
    """A check that said "no" to a choice would soon leave only the right one."""
    for question in QUESTIONS.values():
        if isinstance(question.shape, Choice):
            assert question.mistakes == ()
            assert {question.review(option, no_data) for option in question.shape.options} == {
                question.review(question.shape.options[0], no_data)
            }


def test_same_compares_values_not_makes():
    assert same(3, np.int64(3))
    assert same(pd.DataFrame({"n": [1]}, index=["a"]), pd.Series({"a": 1.0}))
    assert same(pd.DataFrame({"F": [1], "M": [2]}), pd.DataFrame({"M": [2], "F": [1]}))
    assert not same(1, 1.001)
    assert not same(1, True)
    assert not same(1, "1")
    assert not same(pd.Series({"a": 1}), pd.Series({"b": 1}))
    assert not same(pd.Series({"a": 1}), 1)
    assert not same(float("nan"), float("nan"))
    assert same([1, "a"], (1.0, "a"))
    assert not same([1, 2], [2, 1])
    assert not same([1], [1, 1])
    assert same(pd.Timestamp(2024, 7, 1), datetime(2024, 7, 1))
    assert same(True, np.bool_(True))
    assert not same(True, False)
    assert not same(Hostile(), 1)


def test_messages_are_plain_and_hold_no_figures_from_data():
    for question in QUESTIONS.values():
        for mistake in question.mistakes:
            assert mistake.message.endswith(".")
            assert "illegal" not in mistake.message.lower()
