"""Answers as plain data, the authors' rules, marks: believed nothing, given nothing away, one clear error each."""

import json
import math
import time
import zipfile
from datetime import date, datetime

import nbformat
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import classroom_tiny
from migkit.classroom import plain
from migkit.classroom.causes import Causes
from migkit.classroom.handout import release
from migkit.classroom.marking import MARKING, Column, Instead, Item, Rule, checks_in, describe, mark, read_marking
from migkit.classroom.plain import Other, PlainError, TooBig, fingerprint, from_plain, to_plain
from migkit.lesson.checks import same
from migkit.reference import KitError


def through_json(value):
    return json.loads(json.dumps(to_plain(value), allow_nan=False))


def back(value):
    return from_plain(through_json(value))


# Answers as plain data

WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
NUMBERS = st.one_of(st.integers(-(2**63) + 1, 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False))
SCALARS = st.one_of(NUMBERS, st.booleans(), WORDS, st.datetimes())
LABELS = st.one_of(WORDS, st.integers(-100, 100))
QUICK = settings(max_examples=150, deadline=None)


@QUICK
@given(SCALARS)
def test_a_value_comes_back_as_it_was(value):
    assert back(value) == value
    assert type(back(value)) is type(value)


@QUICK
@given(st.lists(SCALARS, max_size=6))
def test_a_list_comes_back_as_it_was(values):
    assert back(values) == values == back(tuple(values))


@QUICK
@given(st.data())
def test_a_table_comes_back_as_it_was(data):
    rows = data.draw(st.lists(LABELS, max_size=5, unique_by=str))
    columns = data.draw(st.lists(LABELS, max_size=4, unique_by=str))
    kinds = data.draw(st.lists(st.sampled_from([NUMBERS, WORDS, st.booleans()]), min_size=4, max_size=4))
    cells = {
        name: data.draw(st.lists(kind, min_size=len(rows), max_size=len(rows)))
        for name, kind in zip(columns, kinds, strict=False)
    }
    table = pd.DataFrame(cells, index=pd.Index(rows, dtype=object), columns=pd.Index(columns, dtype=object))
    again = back(table)
    assert again.shape == table.shape
    assert list(map(str, again.index)) == list(map(str, rows))
    assert list(map(str, again.columns)) == list(map(str, columns))
    assert same(again, table)
    assert fingerprint(to_plain(again)) == fingerprint(to_plain(table))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "nothing"),
        (..., "nothing"),
        (np.int64(3), "number"),
        (np.float32(0.5), "number"),
        (float("nan"), "number"),
        (pd.NA, "number"),
        (-math.inf, "number"),
        (np.bool_(True), "flag"),
        (date(2024, 7, 1), "date"),
        (pd.Timestamp("2024-07-01 10:00"), "date"),
        (np.datetime64("2024-07-01"), "date"),
        ({"b", "a"}, "list"),
        (np.array([1, 2]), "list"),
        (pd.array([1, None], dtype="Int64"), "list"),
        (pd.Index(["a"]), "list"),
        ({"F": 1}, "table"),
        (pd.crosstab([1, 1], [2, 3], margins=True), "table"),
        (np.zeros((2, 2)), "other"),
        (len, "other"),
        (pd.Timedelta(1), "other"),
        (complex(1, 1), "other"),
        ("a" * (plain.TEXT + 1), "too_big"),
        (10**400, "too_big"),
        (list(range(plain.CELLS + 1)), "too_big"),
        (pd.DataFrame(np.zeros((200, 200))), "too_big"),
        (pd.DataFrame(np.zeros((1, plain.COLUMNS + 1))), "too_big"),
        (pd.Series(["ü" * 5000] * 300), "too_big"),
    ],
)
def test_what_it_is_called(value, kind):
    data = through_json(value)
    assert data["kind"] == kind
    from_plain(data)


def test_values_that_need_care():
    assert back({"b", "a", "c"}) == ["a", "b", "c"]
    assert back(2**70) == float(2**70)
    assert math.isnan(back(pd.NA))
    assert math.isnan(back(pd.Series([1, None])).iloc[1])
    assert back("half \ud800 a pair") == "half ? a pair"
    assert back(pd.Series({("a", 1): 2})).index.nlevels == 2
    assert back(pd.Series([1], index=pd.IntervalIndex.from_tuples([(0, 5)]))).index.tolist() == ["(0, 5]"]
    assert back(pd.Series([...])).iloc[0] is ...
    assert isinstance(back(pd.Series([pd.DataFrame({"a": [1]}), 2])).iloc[0], pd.DataFrame)
    assert back(pd.Series([date(2024, 7, 1)])).iloc[0] == datetime(2024, 7, 1)
    assert pd.api.types.is_integer_dtype(back(pd.Series([1, 2])))
    assert back(pd.Series([1, 2], index=["a", "a"])).index.tolist() == ["a", "a"]
    assert back(pd.DataFrame(index=["a"])).shape == (1, 0)


def test_an_estimate_is_told_as_such():
    class Estimate:
        value = 3.5

    class Trap:
        @property
        def value(self):
            raise SystemError

    assert back(Estimate()).value is not None
    assert repr(back(Estimate())) == "Estimate"
    assert back(Trap()).value is None


def test_what_a_subclass_overrides_is_not_asked():
    class Text(str):
        def __str__(self):
            raise RuntimeError

        def __eq__(self, other):
            return True

        __hash__ = str.__hash__

    class Table(pd.DataFrame):
        @property
        def size(self):
            return 0

        def iloc(self):
            raise RuntimeError

        shape = columns = index = size

    class Hostile:
        def __getattr__(self, name):
            raise RuntimeError

        def __repr__(self):
            raise RuntimeError

    assert type(back(Text("a"))) is str
    assert same(back(Table({"F": [1], "M": [2]})), pd.DataFrame({"F": [1], "M": [2]}))
    assert isinstance(back(Hostile()), Other)


FORGED = [
    None,
    3,
    [],
    {},
    {"kind": "pickle"},
    {"kind": ["number"]},
    {"kind": "number"},
    {"kind": "number", "value": "3", "whole": True},
    {"kind": "number", "value": True, "whole": True},
    {"kind": "number", "value": math.nan, "whole": False},
    {"kind": "number", "value": 10**30, "whole": True},
    {"kind": "number", "value": 3, "whole": True, "more": 1},
    {"kind": "number", "value": "nan", "whole": True},
    {"kind": "flag", "value": 1},
    {"kind": "text", "value": "\ud800"},
    {"kind": "text", "value": "a" * (plain.TEXT + 1)},
    {"kind": "date", "value": "now"},
    {"kind": "date", "value": 3},
    {"kind": "list", "items": {}},
    {"kind": "list", "items": [[1]]},
    {"kind": "list", "items": [{"kind": "list", "items": []}]},
    {"kind": "list", "items": [1] * (plain.CELLS + 1)},
    {"kind": "other", "type": "<script>", "has_value": False},
    {"kind": "other", "type": "a" * 100, "has_value": False},
    {"kind": "too_big", "type": "int", "size": "1"},
    {"kind": "table", "series": False, "rows": ["a"], "columns": ["b"], "cells": []},
    {"kind": "table", "series": False, "rows": ["a"], "columns": ["b"], "cells": [[1, 2]]},
    {"kind": "table", "series": True, "rows": ["a"], "columns": ["b"], "cells": [[1]]},
    {"kind": "table", "series": True, "rows": ["a"], "columns": [], "cells": [1]},
    {"kind": "table", "series": True, "rows": [["a", ["b"]]], "columns": [], "cells": [[1]]},
    {"kind": "table", "series": True, "rows": [{"kind": "nothing"}], "columns": [], "cells": [[1]]},
    {"kind": "table", "series": True, "rows": [[]], "columns": [], "cells": [[1]]},
    {"kind": "table", "series": False, "rows": [], "columns": list(range(plain.COLUMNS + 1)), "cells": []},
    {"kind": "table", "series": False, "rows": [*range(300)], "columns": [*range(90)], "cells": [[0] * 90] * 300},
]  # fmt: skip


@pytest.mark.parametrize("data", FORGED, ids=lambda data: str(data)[:40])
def test_a_forged_answer_is_refused(data):
    for read in (from_plain, fingerprint):
        with pytest.raises(PlainError):
            read(data)
    forged = mark(Item("q1", "q1", "x", 2), data, {"q1": to_plain(1)}, no_cause)
    assert (forged.verdict, forged.points) == (("unreadable", 0) if data is not None else ("missing", 0))


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=8,
)
NAMES = sorted(set().union(*plain._FIELDS.values()))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(plain._FIELDS)), st.lists(JSON, min_size=4, max_size=4), JSON)
def test_forged_answers_of_any_shape_end_as_such(kind, values, whatever):
    for data in ({"kind": kind, **dict(zip(sorted(plain._FIELDS[kind]), values, strict=False))}, whatever):
        try:
            value = from_plain(data)
        except PlainError:
            continue
        fingerprint(data)
        describe(value)


def test_deep_nesting_is_refused():
    deep = "x"
    for _level in range(100_000):
        deep = [deep]
    with pytest.raises(PlainError):
        from_plain({"kind": "list", "items": deep})
    with pytest.raises(PlainError):
        from_plain({"kind": "table", "series": True, "rows": [deep], "columns": [], "cells": [[1]]})


def test_the_largest_answer_is_read_in_a_moment():
    for table in (
        pd.DataFrame(np.random.default_rng(1).random((20, plain.COLUMNS))),
        pd.Series(map(str, range(20_000))),
    ):
        data = through_json(table)
        began = time.process_time()
        mark(Item("q1", "q1", "x", 2), data, {"q1": to_plain(table)}, no_cause)
        assert time.process_time() - began < 3


def test_equal_answers_have_one_fingerprint():
    def of(value):
        return fingerprint(through_json(value))

    table = pd.DataFrame({"F": [1, 2], "M": [3, 4]}, index=["a", "b"])
    assert of(table) == of(table.astype(float)) == of(table.iloc[::-1, ::-1]) == of(table * (1 + 1e-13))
    assert of(table) != of(table.T)
    assert of(table["F"]) == of(table[["F"]]) == of(table["F"].rename("other"))
    assert of(3) == of(3.0) != of("3")
    assert of(0.0) == of(-0.0)
    assert len({of(value) for value in (1, True, "1", None, [1], float("nan"), table, table + 1)}) == 8


# What the authors write


def no_cause(_question, _value):
    return "", ""


def graded(source, points, grade_id):
    cell = nbformat.v4.new_code_cell(source)
    return classroom_tiny.marked(cell, grade_id, grade=True, points=points)


CELLS = (("check('q1', total)", 2, "t1"), ("display(check('q2', share), check('q2_word', word))", 4, "t2"))
RULES = "q1:\n  points: 2\nq2:\n  points: 3\nq2_word:\n  points: 1\n"


def write(folder, rules, cells=CELLS):
    path = folder / "exercise.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[graded(*cell) for cell in cells]), path)
    if rules is not None:
        path.with_name(MARKING).write_text(rules, encoding="utf-8")
    return path


def test_rules_and_notebook_are_read_together(tmp_path):
    assert read_marking(write(tmp_path, None)).items == ()
    instead = "  instead:\n  - {points: 1, say: Nearly., answer: total - 1}\n"
    marking = read_marking(write(tmp_path, RULES.replace("q2:", f"{instead}q2:")))
    assert [(item.key, item.cell, item.expression, item.points) for item in marking.items] == [
        ("q1", "t1", "total", 2),
        ("q2", "t2", "share", 3),
        ("q2_word", "t2", "word", 1),
    ]
    assert marking.wanted("t1") == {"q1": "total"}
    assert marking.wanted_for_key("t1") == {"q1": "total", "q1/1": "total - 1"}
    assert marking.wanted_for_key("t2") == {"q2": "share", "q2_word": "word"}
    assert marking.wanted_for_key("other") == {}


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("q1: [", "line 1"),
        ("- q1", "write a question and its rule"),
        ("q1:\n", "question q1: its rule is missing"),
        ("q1/1: {points: 2}", "letters, digits and _ only"),
        (RULES + "q1:\n  points: 2\n", "line 7: “q1” stands there twice"),
        (RULES.replace("q1:\n  points: 2\n", ""), "question q1: the cell t1 holds this check, but no rule"),
        (RULES + "q3: {points: 1}\n", "question q3: no graded cell of exercise.ipynb holds such a check"),
        (RULES.replace("points: 3", "points: 2"), "question q2, points: the checks of cell t2 are worth 3 points"),
        (RULES.replace("points: 2", "within: 2"), "question q1, points: say what the check is worth"),
        (RULES.replace("points: 2", "points: two"), "question q1, points: write a number"),
        (RULES.replace("points: 2", "points: -2"), "question q1, points: write a number that is not negative"),
        (RULES.replace("points: 2", "points: .nan"), "question q1, points: write a number"),
        (
            RULES.replace("points: 2", "points: 2\n  tolerance: 1"),
            "question q1, tolerance: there is no such field",
        ),
        (RULES.replace("points: 2", "points: 2\n  within: 1\n  decimals: 1"), "give one of within, relative"),
        (RULES.replace("points: 2", "points: 2\n  decimals: 1.5"), "q1, decimals: write a whole number"),
        (RULES.replace("points: 2", "points: 2\n  order: sorted"), "q1, order: write one of: none, rows"),
        (RULES.replace("points: 2", "points: 2\n  each: row\n  order: rows"), "q1, order: parts are marked"),
        (RULES.replace("points: 2", "points: 2\n  each: column"), "q1, each: write one of: row, cell"),
        (RULES.replace("points: 2", "points: 2\n  columns: {a: 1}"), "q1, columns: it needs"),
        (
            RULES.replace("points: 2", "points: 2\n  each: row\n  columns: [a]"),
            "q1, columns: write a line for each",
        ),
        (
            RULES.replace("points: 2", "points: 2\n  each: row\n  columns: {a: {points: 1, needs: b}, b: 1}"),
            "q1, columns, a, needs: name a column that stands above",
        ),
        (
            RULES.replace("points: 2", "points: 2\n  each: row\n  columns: {a: {needs: b}}"),
            "q1, columns, a, points: say what the column is worth",
        ),
        (RULES.replace("points: 2", "points: 2\n  instead: 1"), "q1, instead: write a list"),
        *(
            (RULES.replace("points: 2", f"points: 2\n  instead: [{{{entry}}}]"), f"question q1, instead 1, {said}")
            for entry, said in (
                ("say: a, answer: b", "points: it must be more than 0"),
                ("points: 2, say: a, answer: b", "points: it must be more than 0 and less than 2"),
                ("points: 1, answer: b", "say: say in a sentence"),
                ("points: 1, say: a", "answer: give one of only"),
                ("points: 1, say: a, answer: b, only: {rows: [x]}", "answer: give one of only"),
                ("points: 1, say: a, answer: 'b +'", "answer: it is no expression"),
                ("points: 1, say: a, only: [x]", "only: write it like {rows"),
                ("points: 1, say: a, without: {row: [x]}", "without: write it like"),
                ("points: 1, say: a, without: {rows: x}", "without: write it like"),
                ("points: 1, say: a, answer: b, cause: c", "cause: there is no such field"),
            )
        ),
    ],
)
def test_a_mistake_of_the_authors_is_one_clear_sentence(tmp_path, rules, said):
    path = write(tmp_path, rules)
    with pytest.raises(KitError) as caught:
        read_marking(path)
    assert said in str(caught.value)
    assert str(path.with_name(MARKING)) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_check_that_names_nothing_is_an_error(tmp_path):
    for source in ("check('q1')", "check(key, total)", "check()"):
        with pytest.raises(KitError, match="names question and answer"):
            read_marking(write(tmp_path, RULES, ((source, 2, "t1"), CELLS[1])))
    with pytest.raises(KitError, match="two graded cells"):
        read_marking(write(tmp_path, RULES, (*CELLS, ("check('q1', other)", 2, "t3"))))
    with pytest.raises(KitError, match="hidden tests too"):
        hidden = "check('q1', total)\n### BEGIN HIDDEN TESTS\nassert total == 3\n### END HIDDEN TESTS"
        read_marking(write(tmp_path, RULES, ((hidden, 2, "t1"), CELLS[1])))


def test_checks_are_found_by_meaning_not_by_text():
    assert checks_in("# check('q1', a)\nx = \"check('q2', b)\"\nmy.check('q3', c)") == []
    assert checks_in("%matplotlib\ncheck('q1', a)") == []
    assert checks_in("check('q1', answer=table.loc['a',\n 'b'])") == [("q1", "table.loc['a', 'b']")]


def test_the_rules_are_never_handed_out(tmp_path):
    course = classroom_tiny.make_class(tmp_path)
    course.source_notebook.with_name(MARKING).write_text("q1:\n  points: 2\n", encoding="utf-8")
    (packed,) = release(course)
    with zipfile.ZipFile(packed) as archive:
        assert not [name for name in archive.namelist() if name.endswith(MARKING)]
    assert not list((course.root / "release").rglob(MARKING))


# Marks


def given_for(answer, key, points=4.0, instead=(), more=None, cause=no_cause, **rule):
    item = Item("q1", "t1", "x", points, Rule(**rule), tuple(instead))
    keys = {"q1": key, **(more or {})}
    return mark(item, through_json(answer), {name: through_json(value) for name, value in keys.items()}, cause)


def points(answer, key, **rule):
    return given_for(answer, key, **rule).points


TABLE = pd.DataFrame({"F": [1, 2], "M": [3, 4]}, index=["a", "b"])


def test_tolerances():
    assert points(100.4, 100, within=0.5) == 4
    assert points(100.6, 100, within=0.5) == 0
    assert points(101, 100, relative=0.01) == 4
    assert points(-101, -100, relative=0.01) == 4
    assert points(101.1, 100, relative=0.01) == 0
    assert points(TABLE + 0.1, TABLE, within=0.1 + 1e-9) == 4
    assert (
        points(1.2, 1.2345, decimals=1)
        == points(1.23, 1.2345, decimals=1)
        == points(1.2345, 1.2345, decimals=1)
        == 4
    )
    assert points(1.24, 1.2345, decimals=1) == points(1.0, 1.2345, decimals=1) == 0
    assert points(1.00000001, 1) == 4
    assert points(1.001, 1) == 0
    assert points(True, 1) == points("1", 1) == points([1], 1) == points(pd.Series([1]), 1) == 0
    assert points(float("inf"), 1, within=1) == points(float("nan"), 1, within=1) == 0


def test_other_makes_of_answers():
    assert points("rough", "rough") == 4
    assert points("Rough", "rough") == 0
    assert points(date(2024, 7, 1), pd.Timestamp(2024, 7, 1)) == 4
    assert points(False, False) == 4
    assert points(pd.Series([1, None]), pd.Series([1, None])) == 4
    assert points(pd.Series([1, 0]), pd.Series([1, None])) == 0


def test_order_counts_only_where_it_is_asked_for():
    turned, sides = TABLE.iloc[::-1], TABLE[["M", "F"]]
    assert points(turned, TABLE) == points(sides, TABLE) == 4
    assert points(turned, TABLE, order="rows") == points(sides, TABLE, order="columns") == 0
    assert points(sides, TABLE, order="rows") == points(turned, TABLE, order="columns") == 4
    assert points(turned, TABLE, order="both") == points(sides, TABLE, order="both") == 0
    assert given_for(turned, TABLE, order="rows").off == "the order is another one"
    assert points([1, 2], [1, 2]) == points((1, 2), [1, 2]) == points([2, 1], [1, 2], order="none") == 4
    assert points([2, 1], [1, 2]) == points([1, 2, 2], [1, 2], order="none") == 0


def test_each_part_earns_its_points():
    one_wrong = TABLE.assign(F=[1, 0])
    assert points(one_wrong, TABLE, each="row") == 2
    assert points(one_wrong, TABLE, each="cell") == 3
    assert points(TABLE.assign(X=1), TABLE, each="cell") == 4
    assert points(TABLE.drop("a"), TABLE, each="cell") == 0
    assert points([1, 5, 3], [1, 2, 3], points=3, each="row") == 2
    columns = (Column("F", 1.5), Column("M", 0.5, "F"))
    assert points(one_wrong, TABLE, each="row", columns=columns) == 2
    assert points(TABLE.assign(M=0), TABLE, each="row", columns=columns) == 3
    with pytest.raises(KitError, match="question q1, columns: the key has 1 rows"):
        points(TABLE.iloc[:1] + 1, TABLE.iloc[:1], each="row", columns=columns)


def test_the_best_of_what_earns_less_counts():
    total = TABLE.assign(Total=[4, 6])
    entries = (
        Instead(1, "Row a.", only={"rows": frozenset("a"), "columns": frozenset({"F", "M"})}),
        Instead(3, "No totals.", without={"columns": frozenset({"Total"})}),
        Instead(2, "Turned.", answer="x.T"),
        Instead(1, "Column F.", only={"columns": frozenset("F")}),
    )
    more = {"q1/3": total.T}

    def earned(answer):
        found = given_for(answer, total, instead=entries, more=more)
        return found.points, found.verdict, found.off

    assert earned(total) == (4, "right", "")
    assert earned(TABLE) == earned(total.assign(Total=0)) == (3, "part", "No totals.")
    assert earned(total.T) == (2, "part", "Turned.")
    assert earned(total.replace(2, 0)) == (1, "part", "Row a.")
    assert earned(total + 1)[:2] == (0, "wrong")
    assert earned(pd.DataFrame())[:2] == (0, "wrong")
    assert earned("text")[:2] == (0, "wrong")
    with pytest.raises(KitError, match="no answer for q1/3"):
        given_for(total + 1, total, instead=entries)


@pytest.mark.parametrize("key", [None, ..., len, pd.Series([1, 2], index=["a", "a"]), "a" * 20_000])
def test_a_key_that_is_none_is_the_authors_error(key):
    with pytest.raises(KitError, match="The key gives no answer for q1"):
        given_for(1, key)


def test_missing_and_unreadable_answers():
    def asked(question, value):
        return f"{question}: {value!r}", "form"

    for answer in (None, ..., pd.Series([..., ...])):
        assert given_for(answer, TABLE, cause=asked).verdict == "missing"
    strange = given_for(len, TABLE, cause=asked)
    assert (strange.verdict, strange.points, strange.came) == ("unreadable", 0, "builtin_function_or_method")
    assert strange.cause == "q1: builtin_function_or_method"
    assert given_for("a" * 20_000, TABLE).verdict == "unreadable"
    assert mark(Item("q1", "t1", "x", 4), None, {"q1": to_plain(1)}, no_cause).verdict == "missing"


@pytest.mark.parametrize(
    ("answer", "key", "off"),
    [
        (1003, 1000, "very near: within 1 per cent"),
        (997, 1000, "very near: within 1 per cent"),
        (1080, 1000, "near: within 10 per cent"),
        (920, 1000, "near: within 10 per cent"),
        (1500, 1000, "too high"),
        (2500, 1000, "too high: more than twice as much"),
        (700, 1000, "too low"),
        (100, 1000, "too low: less than half"),
        (-100, 1000, "it has the wrong sign"),
        (-1500, -1000, "too high"),
        (5, 0, "another number is right"),
        (math.inf, 5, "it is no finite number"),
        ("5", 5, "a number is wanted, and this is text"),
        (5, TABLE, "a table is wanted, and this is a number"),
        ("a", "b", "another answer is right"),
        (TABLE.replace(4, 0), TABLE, "1 of 4 cells differ"),
        (TABLE["F"] + 1, TABLE["F"], "2 of 2 rows differ"),
        (TABLE.drop("a"), TABLE, "rows missing: 1"),
        (TABLE.rename({"a": "x"}), TABLE, "rows missing: 1; rows too many: 1"),
        (TABLE.assign(X=1)[["F", "X"]] + 1, TABLE, "columns missing: 1; columns too many: 1; 2 of 2 cells differ"),
        (pd.concat([TABLE, TABLE]), TABLE, "a row or a column appears twice"),
        ([1, 2], [1, 3, 4], "rows missing: 1; 1 of 2 rows differ"),
    ],
)
def test_how_far_off_in_words(answer, key, off):
    assert given_for(answer, key).off == off


def test_what_is_said_of_a_number_tells_a_band_and_no_more():
    """Near the key no direction, no digit: whoever hands in again and again learns one of few words each time."""
    said = {given_for(answer, 1234.5).off for answer in range(-2000, 5000, 7)}
    assert len(said) <= 8
    assert not any("1234" in off for off in said)


@pytest.mark.parametrize(
    ("value", "came"),
    [
        (13480, "13480"),
        (0.1 + 0.2, "0.3"),
        ("rough", "rough"),
        ("a\nb\x1b[31m" + "c" * 500, "a b [31m" + "c" * 111 + "…"),
        (pd.Series({"native": 1, "foreign_born": 2.5}), "native: 1, foreign_born: 2.5"),
        (pd.Series(range(10)), "a column of 10 rows"),
        (TABLE, "a table of 2 rows and 2 columns"),
        (pd.Series(dtype=float), "an empty table"),
        ([1, "a"], "[1, a]"),
        (list(range(8)), "[0, 1, 2, 3, 4, 5, …] (8)"),
        (True, "True"),
        (pd.Series([..., pd.DataFrame()]), "0: ..., 1: a whole table"),
        (TooBig("DataFrame", 90_000), "DataFrame, too big to be handed over"),
    ],
)
def test_what_came_in_a_few_words(value, came):
    assert describe(back(value) if not isinstance(value, TooBig) else value) == came


# What usually leads there


def test_causes_never_raise_and_compute_once():
    asked = []

    def data(name):
        asked.append(name)
        raise OSError(name)

    causes = Causes("04_census", data)
    assert causes.of("q1", 5) == ("", "")
    assert causes.of("q1", "5")[1] == "form"
    assert causes.of("q1", back({"a": 1}))[1] == "form"
    assert "here" not in causes.of("q3", back(len))[0]
    assert "builtin_function_or_method" in causes.of("q3", back(len))[0]
    assert causes.of("q1", TooBig("DataFrame", 3)) == ("", "")
    before = len(asked)
    assert causes.of("q1", 6) == ("", "")
    assert len(asked) == before
    assert causes.of("no such question", 5) == ("", "")
    assert Causes("no_such_module", data).of("q1", 5) == ("", "")
