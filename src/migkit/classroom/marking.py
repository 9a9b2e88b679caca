"""How answers are marked: the authors' ``marking.yml`` beside their notebook, and the comparison with the key.

A rule for each check of a graded cell; its points add up to those of the cell:

```yaml
q1:
  points: 2                 # right or not: migkit.lesson.checks.same decides, unless a tolerance is given
q8:
  points: 3
  within: 1                 # or: relative: 0.01 (a share of the value), or
                            # decimals: 1 (rounded to one decimal or more; a near answer is wrong)
q4:
  points: 3
  order: rows               # none, rows, columns, both; by default none for a table, and rows for a list
  instead:                  # what earns less; the best of them counts
    - points: 2
      say: Right but for the unknowns, which have vanished.
      answer: came_from.drop("XXX")              # computed in the solved notebook
    - points: 1
      say: The capitals are right.
      only: {rows: [Banjul, Dakar]}              # both tables cut down to these
    - points: 1
      say: The totals are missing or wrong.
      without: {rows: [Total], columns: [Total]} # both tables without these
q2:
  points: 3
  each: row                 # or cell: equal parts for each right one. All labels of the key must be there;
                            # more do no harm.
q9:
  points: 4
  each: row
  columns:                  # what each column is worth in a row
    omission_rate: 1.5
    omission_se: {points: 0.5, needs: omission_rate}   # nothing without its rate
```

Nobody but the trainer reads that file: it is never released (``course.configure``).

What a mark says of a wrong answer must not give the key away. It holds no number of the key: how far off an answer
lies is told in coarse bands, without a direction once it is near. Each graded hand-in can so tell its author one
band, and it is the trainer who decides how often to grade.
"""

import ast
import math
import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal, cast

import pandas as pd
import yaml
from nbgrader import utils

from migkit.classroom import notebooks
from migkit.classroom.course import MARKING
from migkit.classroom.marks import Mark, Verdict
from migkit.classroom.notebooks import grade_id
from migkit.classroom.plain import Other, PlainError, TooBig, fingerprint, from_plain
from migkit.lesson.checks import cells_of, is_number, same
from migkit.reference import KitError, _

#: What usually leads to a wrong answer: (question, answer) -> (a sentence, its key), both empty if unknown.
Cause = Callable[[str, Any], tuple[str, str]]

Order = Literal["none", "rows", "columns", "both"]
#: The cells of an answer by (row, column); a list has numbered rows, a single value one cell.
_Cells = dict[tuple[str, str], Any]


@dataclass(frozen=True)
class Column:
    """What a column is worth in each row; ``needs`` names the column without which it earns nothing."""

    name: str
    points: float
    needs: str = ""


@dataclass(frozen=True)
class Rule:
    """When two answers agree, and whether parts of them earn something. Empty: right or not, as ``same`` says."""

    within: float | None = None
    relative: float | None = None
    decimals: int | None = None
    order: Order | None = None
    each: Literal["row", "cell"] | None = None
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True)
class Instead:
    """An answer that earns less: the key cut down to (``only``) or without some labels, or another expression."""

    points: float
    say: str
    only: Mapping[str, frozenset[str]] = field(default_factory=dict)
    without: Mapping[str, frozenset[str]] = field(default_factory=dict)
    answer: str = ""


@dataclass(frozen=True)
class Item:
    """One check of a graded cell: ``check(key, expression)``, what it is worth and by which rule."""

    key: str
    cell: str
    expression: str
    points: float
    rule: Rule = field(default_factory=Rule)
    instead: tuple[Instead, ...] = ()

    def name_of(self, number: int) -> str:
        """Under which name the key's run keeps the answer of ``instead`` number 1, 2 ..."""
        return f"{self.key}/{number}"


@dataclass(frozen=True)
class Marking:
    """The checks of a notebook in their order; none in a plain nbgrader course."""

    items: tuple[Item, ...] = ()

    def in_cell(self, cell_id: str) -> tuple[Item, ...]:
        """The checks of a graded cell."""
        return tuple(item for item in self.items if item.cell == cell_id)

    def wanted(self, cell_id: str) -> dict[str, str]:
        """The expressions that are evaluated after a graded cell of a hand-in, by name."""
        return {item.key: item.expression for item in self.in_cell(cell_id)}

    def wanted_for_key(self, cell_id: str) -> dict[str, str]:
        """Those of the key: the answers, and what else earns points (``q10`` and ``q10/1``)."""
        more = {
            item.name_of(number): entry.answer
            for item in self.in_cell(cell_id)
            for number, entry in enumerate(item.instead, start=1)
            if entry.answer
        }
        return self.wanted(cell_id) | more


# Reading what the authors wrote


def checks_in(cell_source: str) -> list[tuple[str, str]]:
    """The checks of a graded cell, ``check("q3", EXPRESSION)``, as (key, expression) in their order.

    Raises:
        KitError: if one has no key in quotation marks, or no answer.

    >>> checks_in('display(check("q6", index), check("q6_reading", reading))')
    [('q6', 'index'), ('q6_reading', 'reading')]
    """
    try:
        tree = ast.parse(cell_source)
    except SyntaxError:
        return []  # the notebook itself will say so when it runs
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_check(node.func)]
    found = []
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        key = call.args[0] if call.args else None
        answer = call.args[1] if len(call.args) > 1 else _keyword(call, "answer")
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str) or answer is None:
            raise KitError(
                _("A check of a graded cell names question and answer, check(“q3”, answer), not {text}.").format(
                    text=ast.unparse(call)
                )
            )
        found.append((key.value, ast.unparse(answer)))
    return found


def _is_check(function: ast.expr) -> bool:
    return isinstance(function, ast.Name) and function.id == "check"


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((word.value for word in call.keywords if word.arg == name), None)


def read_marking(source_notebook: Path) -> Marking:
    """The checks of the authors' notebook with their rules; none if no ``marking.yml`` lies beside it.

    Raises:
        KitError: naming file, question and field, if rules and notebook do not fit together.
    """
    path = source_notebook.with_name(MARKING)
    if not path.is_file():
        return Marking()
    rules = _rules(path)
    items: list[Item] = []
    for cell in notebooks.read(source_notebook).cells:
        if cell.cell_type != "code" or not utils.is_grade(cell) or utils.is_solution(cell):
            continue
        own = [_item(path, key, grade_id(cell), text, rules) for key, text in checks_in(cell.source)]
        if not own:
            continue
        if "HIDDEN TESTS" in cell.source:
            raise _fault(path, own[0].key, "", _("the graded cell holds hidden tests too; keep one of the two"))
        worth, given = float(cell.metadata.nbgrader.get("points") or 0), sum(item.points for item in own)
        if not math.isclose(worth, given):
            what = _("the checks of cell {cell} are worth {given:g} points together, the cell itself {worth:g}")
            raise _fault(path, own[0].key, "points", what.format(cell=own[0].cell, given=given, worth=worth))
        items += own
    keys = [item.key for item in items]
    for key in keys:
        if keys.count(key) > 1:
            raise _fault(path, key, "", _("two graded cells hold a check of that name"))
    for key in rules:
        if key not in keys:
            what = _("no graded cell of {notebook} holds such a check; there are: {keys}")
            raise _fault(path, key, "", what.format(notebook=source_notebook.name, keys=", ".join(keys)))
    return Marking(tuple(items))


def _fault(path: Path, key: str, name: str, why: str) -> KitError:
    """One sentence: which file, which question, which field, and why."""
    where = _("{file}, question {key}").format(file=path, key=key) if key else str(path)
    return KitError(f"{where}, {name}: {why}." if name else f"{where}: {why}.")


class _Loader(yaml.SafeLoader):
    """YAML in which a word stands once in a mapping: a second rule for a question would silently win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Look for doubles first."""
        seen = set()
        for key, _value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                what = _("“{word}” stands there twice").format(word=key.value)
                raise yaml.constructor.ConstructorError(problem=what, problem_mark=key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def _rules(path: Path) -> dict[str, dict[str, Any]]:
    """The rules by question, as they stand in the file."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), _Loader) or {}  # a safe loader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise KitError(_("{file}, line {line}: {why}.").format(file=path, line=line, why=error.problem)) from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise KitError(_("{file} cannot be read as YAML: {why}").format(file=path, why=error)) from error
    if not isinstance(content, dict):
        raise _fault(path, "", "", _("write a question and its rule, “q1:” and below it “points: 2”"))
    for key, fields in content.items():
        if not re.fullmatch(r"[A-Za-z]\w*", str(key)):
            raise _fault(path, str(key), "", _("the name of a question holds letters, digits and _ only"))
        if not isinstance(fields, dict):
            raise _fault(path, str(key), "", _("its rule is missing; write “points: 2” below it"))
    return content


def _item(path: Path, key: str, cell: str, expression: str, rules: Mapping[str, dict[str, Any]]) -> Item:
    """One check with its rule."""
    if key not in rules:
        raise _fault(path, key, "", _("the cell {cell} holds this check, but no rule is here").format(cell=cell))
    reader = _Reader(path, key, rules[key])
    points = reader.number("points")
    if points is None:
        raise reader.fault("points", _("say what the check is worth"))
    rule = Rule(
        within=reader.number("within"),
        relative=reader.number("relative"),
        decimals=reader.decimals(),
        order=cast(Order | None, reader.word("order", "none", "rows", "columns", "both")),
        each=cast(Literal["row", "cell"] | None, reader.word("each", "row", "cell")),
        columns=tuple(reader.columns()),
    )
    if sum(value is not None for value in (rule.within, rule.relative, rule.decimals)) > 1:
        raise reader.fault("within", _("give one of within, relative and decimals, not several"))
    if rule.each and rule.order:
        raise reader.fault("order", _("parts are marked one by one, so there is no order; leave it out"))
    if rule.columns and rule.each != "row":
        raise reader.fault("columns", _("it needs “each: row” beside it"))
    instead = tuple(reader.instead(points))
    reader.nothing_else()
    return Item(key, cell, expression, points, rule, instead)


class _Reader:
    """Takes the fields of a rule one by one; what is left at the end is unknown."""

    def __init__(self, path: Path, key: str, fields: Mapping[str, Any], place: str = "") -> None:
        self.path, self.key, self.place = path, key, place
        self.left = {str(name): value for name, value in fields.items()}

    def fault(self, name: str, why: str) -> KitError:
        """The error of a field."""
        return _fault(self.path, self.key, f"{self.place}{name}", why)

    def number(self, name: str) -> float | None:
        """A number that is not negative."""
        value = self.left.pop(name, None)
        if value is None:
            return None
        if not is_number(value) or value < 0:
            raise self.fault(name, _("write a number that is not negative, not {value!r}").format(value=value))
        return float(value)

    def decimals(self) -> int | None:
        """A small whole number."""
        value = self.number("decimals")
        if value is not None and value not in range(13):
            raise self.fault("decimals", _("write a whole number from 0 to 12"))
        return None if value is None else int(value)

    def word(self, name: str, *allowed: str) -> str | None:
        """One of some words."""
        value = self.left.pop(name, None)
        if value is not None and value not in allowed:
            raise self.fault(name, _("write one of: {words}").format(words=", ".join(allowed)))
        return None if value is None else str(value)

    def text(self, name: str) -> str:
        """Words, or nothing."""
        value = self.left.pop(name, "")
        if not isinstance(value, str):
            raise self.fault(name, _("write text, not {value!r}").format(value=value))
        return value.strip()

    def labels(self, name: str) -> dict[str, frozenset[str]]:
        """Row and column labels: ``{rows: [a, b], columns: [c]}``."""
        value = self.left.pop(name, {})
        good = isinstance(value, dict) and value.keys() <= {"rows", "columns"}
        if not good or not all(isinstance(labels, list) and labels for labels in value.values()):
            raise self.fault(name, _("write it like {{rows: [Total], columns: [Total]}}").format())
        return {axis: frozenset(map(str, labels)) for axis, labels in value.items()}

    def columns(self) -> Iterable[Column]:
        """What each column is worth."""
        value = self.left.pop("columns", {})
        if not isinstance(value, dict):
            raise self.fault("columns", _("write a line for each column: its name, a colon, its points"))
        for name, worth in value.items():
            fields = worth if isinstance(worth, dict) else {"points": worth}
            inner = _Reader(self.path, self.key, fields, f"columns, {name}, ")
            points, needs = inner.number("points"), inner.text("needs")
            inner.nothing_else()
            if points is None:
                raise inner.fault("points", _("say what the column is worth in each row"))
            earlier = list(map(str, value))[: list(value).index(name)]
            if needs and needs not in earlier:
                raise inner.fault("needs", _("name a column that stands above it"))
            yield Column(str(name), points, needs)

    def instead(self, points: float) -> Iterable[Instead]:
        """The answers that earn less."""
        value = self.left.pop("instead", [])
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise self.fault("instead", _("write a list, each entry with a dash in front"))
        for number, entry in enumerate(value, start=1):
            inner = _Reader(self.path, self.key, entry, _("instead {n}, ").format(n=number))
            worth, say = inner.number("points"), inner.text("say")
            only, without, answer = inner.labels("only"), inner.labels("without"), inner.text("answer")
            inner.nothing_else()
            if worth is None or not 0 < worth < points:
                raise inner.fault("points", _("it must be more than 0 and less than {n:g}").format(n=points))
            if not say:
                raise inner.fault("say", _("say in a sentence what is right and what is not"))
            if sum(map(bool, (only, without, answer))) != 1:
                raise inner.fault("answer", _("give one of only, without and answer"))
            if answer:
                try:
                    ast.parse(answer, mode="eval")
                except SyntaxError:
                    raise inner.fault("answer", _("it is no expression of Python")) from None
            yield Instead(worth, say, only, without, answer)

    def nothing_else(self) -> None:
        """Refuse what was not asked for."""
        for name in self.left:
            raise self.fault(name, _("there is no such field"))


# Marking


def mark(item: Item, answer: Mapping[str, Any] | None, key: Mapping[str, Mapping[str, Any]], cause: Cause) -> Mark:
    """What an answer earns.

    Args:
        item: the check.
        answer: the answer as plain data, of any shape; None if there was none.
        key: the key's answers as plain data, by the names of :meth:`Marking.wanted_for_key`.
        cause: says what usually leads to a wrong answer.

    Raises:
        KitError: if the key is of no use: the authors' mistake.
    """
    expected = _expected(item, key, item.key)
    unread = Mark(item.key, item.cell, 0, item.points, "missing")
    if answer is None:
        return unread
    try:
        value, print_of = from_plain(answer), fingerprint(answer)
    except PlainError:
        return _of(unread, "unreadable", off=_("what the notebook handed over is no answer"))
    if value is None or _only_dots(value):
        return unread
    said = {"came": describe(value), "fingerprint": print_of}
    if isinstance(value, (Other, TooBig)):
        off = _("it cannot be read as an answer") if isinstance(value, Other) else _("it is too big for an answer")
        return _of(unread, "unreadable", 0, off, **said, **_caused(cause, item, value))
    points, off = _earned(item, value, expected, key)
    if points >= item.points:
        return _of(unread, "right", item.points, **said)
    return _of(unread, "part" if points else "wrong", points, off, **said, **_caused(cause, item, value))


def _of(mark: Mark, verdict: Verdict, points: float = 0, off: str = "", **said: str) -> Mark:
    return Mark(mark.question, mark.cell, points, mark.of, verdict, off=off, **said)


def _caused(cause: Cause, item: Item, value: Any) -> dict[str, str]:
    sentence, key = cause(item.key, value)
    return {"cause": sentence, "cause_key": key}


def _only_dots(value: Any) -> bool:
    """Whether a table was made of names that nobody filled."""
    if not isinstance(value, (pd.Series, pd.DataFrame)) or not value.size:
        return False
    return all(cell is ... for cell in value.to_numpy(dtype=object).ravel())


def _expected(item: Item, key: Mapping[str, Mapping[str, Any]], name: str) -> Any:
    """The key's answer, which must be one."""
    try:
        value = from_plain(key[name])
    except (KeyError, PlainError):
        value = None
    if value is None or isinstance(value, (Other, TooBig)) or _cells(value, item.rule.order) is None:
        raise KitError(
            _(
                "The key gives no answer for {name}: run the authors' notebook with its solutions, and look at "
                "the check in cell {cell} and at {file}."
            ).format(name=name, cell=item.cell, file=MARKING)
        )
    return value


def _earned(item: Item, value: Any, expected: Any, key: Mapping[str, Mapping[str, Any]]) -> tuple[float, str]:
    """The points, and how far off the answer is."""
    if agree(value, expected, item.rule):
        return item.points, ""
    points, off = _parts(item, value, expected) if item.rule.each else 0, _off(value, expected, item.rule)
    for number, entry in enumerate(item.instead, start=1):
        if entry.points > points and _is_instead(item, number, value, expected, key):
            points, off = entry.points, _(entry.say)
    return round(points, 6), off


def _is_instead(item: Item, number: int, value: Any, expected: Any, key: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the answer is the one that entry ``number`` of ``instead`` speaks of."""
    entry = item.instead[number - 1]
    if entry.answer:
        return agree(value, _expected(item, key, item.name_of(number)), item.rule)
    mine, theirs = cells_of(value), cells_of(expected)
    if mine is None or theirs is None:
        return False
    mine, theirs = _cut(mine, entry), _cut(theirs, entry)
    return bool(theirs) and mine.keys() == theirs.keys() and not _differing(mine, theirs, item.rule)


def _cut(cells: _Cells, entry: Instead) -> _Cells:
    """The cells that an entry of ``instead`` looks at."""

    def stays(row: str, column: str) -> bool:
        if entry.only:
            return row in entry.only.get("rows", {row}) and column in entry.only.get("columns", {column})
        return row not in entry.without.get("rows", ()) and column not in entry.without.get("columns", ())

    return {place: cell for place, cell in cells.items() if stays(*place)}


def _parts(item: Item, value: Any, expected: Any) -> float:
    """Points for the parts that are right. An answer that lacks a label of the key has none."""
    mine, theirs = _cells(value, None), cast(_Cells, _cells(expected, None))
    if _form(value) != _form(expected) or mine is None or not theirs.keys() <= mine.keys():
        return 0
    right = {place: _cell_agrees(mine[place], theirs[place], item.rule) for place in theirs}
    rows = list(dict.fromkeys(row for row, _column in theirs))
    if item.rule.columns:
        return sum(_by_column(item, right, row, len(rows)) for row in rows)
    if item.rule.each == "cell":
        return item.points * sum(right.values()) / len(right)
    return item.points * sum(all(right[place] for place in right if place[0] == row) for row in rows) / len(rows)


def _by_column(item: Item, right: Mapping[tuple[str, str], bool], row: str, rows: int) -> float:
    """What the columns of one row earn."""
    worth = sum(column.points for column in item.rule.columns) * rows
    if not math.isclose(worth, item.points) or any(
        (row, column.name) not in right for column in item.rule.columns
    ):
        raise KitError(
            _(
                "{file}, question {key}, columns: the key has {n} rows, so that these columns are worth {worth:g} "
                "points and not {points:g}, or it lacks one of them."
            ).format(file=MARKING, key=item.key, n=rows, worth=worth, points=item.points)
        )
    earned: dict[str, float] = {}
    for column in item.rule.columns:
        if right[row, column.name] and (not column.needs or column.needs in earned):
            earned[column.name] = column.points
    return sum(earned.values())


# Comparing


def agree(value: Any, expected: Any, rule: Rule) -> bool:
    """Whether an answer agrees with the key: ``migkit.lesson.checks.same``, unless the rule says otherwise."""
    if _form(value) != _form(expected):
        return False
    mine, theirs = _cells(value, rule.order), _cells(expected, rule.order)
    if mine is None or theirs is None or mine.keys() != theirs.keys():
        return False
    return not _differing(mine, theirs, rule) and _order_agrees(mine, theirs, rule.order)


def _order_agrees(mine: _Cells, theirs: _Cells, order: Order | None) -> bool:
    axes = {"rows": (0,), "columns": (1,), "both": (0, 1)}.get(order or "none", ())
    return all(_labels(mine, axis) == _labels(theirs, axis) for axis in axes)


def _labels(cells: _Cells, axis: int) -> list[str]:
    """Row (0) or column (1) labels in their order."""
    return list(dict.fromkeys(place[axis] for place in cells))


def _cells(value: Any, order: Order | None) -> _Cells | None:
    """Any answer by its cells; None for a table in which a label stands twice."""
    if isinstance(value, (pd.Series, pd.DataFrame)):
        return cells_of(value)
    if isinstance(value, list):
        items = sorted(value, key=_rank) if order == "none" else value
        return {(str(number), ""): item for number, item in enumerate(items)}
    return {("", ""): value}


def _rank(item: Any) -> tuple[str, Any]:
    """Something to sort by, whatever stands in the list."""
    if is_number(item):
        return "number", float(item)
    return type(item).__name__, str(item)


def _differing(mine: _Cells, theirs: _Cells, rule: Rule) -> int:
    """In how many of the places that both have they differ."""
    both = mine.keys() & theirs.keys()
    return sum(not _cell_agrees(mine[place], theirs[place], rule) for place in both)


def _cell_agrees(mine: Any, theirs: Any, rule: Rule) -> bool:
    if is_number(mine) and is_number(theirs):
        distance = abs(float(mine) - float(theirs))
        if rule.within is not None:
            return distance <= rule.within
        if rule.relative is not None:
            return distance <= rule.relative * abs(float(theirs))
        if rule.decimals is not None:
            # Rounding is forgiven; a near answer is not: a wrong road may end close by.
            rounded = (round(float(theirs), decimals) for decimals in range(rule.decimals, 13))
            return min(abs(float(mine) - near) for near in rounded) < 1e-9
    return (_is_empty(mine) and _is_empty(theirs)) or same(mine, theirs)


def _is_empty(cell: Any) -> bool:
    return isinstance(cell, float) and math.isnan(cell)


# Saying it


def _form(value: Any) -> str:
    """What kind of thing an answer is, in words that need no translation."""
    if isinstance(value, (pd.Series, pd.DataFrame)):
        return "table"
    if isinstance(value, bool):
        return "flag"
    for form, kinds in (("list", list), ("text", str), ("date", date), ("number", (int, float))):
        if isinstance(value, kinds):
            return form
    return "other"


def _form_name(form: str) -> str:
    return {
        "table": _("a table"),
        "flag": _("True or False"),
        "list": _("a list"),
        "text": _("text"),
        "date": _("a date"),
        "number": _("a number"),
    }.get(form, _("something else"))


def _off(value: Any, expected: Any, rule: Rule) -> str:
    """How far off a wrong answer is, in words that hold nothing of the key."""
    form = _form(expected)
    if _form(value) != form:
        return _("{wanted} is wanted, and this is {have}").format(
            wanted=_form_name(form), have=_form_name(_form(value))
        )
    if form == "number":
        return _distance(float(value), float(expected))
    if form not in ("table", "list"):
        return _("another answer is right")
    mine, theirs = _cells(value, rule.order), cast(_Cells, _cells(expected, rule.order))
    if mine is None:
        return _("a row or a column appears twice")
    said = [*_labels_off(mine, theirs, 0), *_labels_off(mine, theirs, 1)]
    both, wrong = len(mine.keys() & theirs.keys()), _differing(mine, theirs, rule)
    if wrong:
        one_column = len(_labels(theirs, 1)) == 1
        text = _("{n} of {all} rows differ") if one_column else _("{n} of {all} cells differ")
        said.append(text.format(n=wrong, all=both))
    return "; ".join(said) or _("the order is another one")


def _labels_off(mine: _Cells, theirs: _Cells, axis: int) -> list[str]:
    """How many labels are missing or too many: not which."""
    have, want = set(_labels(mine, axis)), set(_labels(theirs, axis))
    missing, extra = len(want - have), len(have - want)
    texts = (
        (_("rows missing: {n}"), _("rows too many: {n}")),
        (_("columns missing: {n}"), _("columns too many: {n}")),
    )[axis]
    return [text.format(n=n) for text, n in zip(texts, (missing, extra), strict=True) if n]


def _distance(value: float, expected: float) -> str:
    """The band in which a wrong number lies; the nearer, the less is said."""
    if not math.isfinite(value):
        return _("it is no finite number")
    if expected == 0 or not math.isfinite(expected):
        return _("another number is right")
    if value * expected < 0:
        return _("it has the wrong sign")
    times = value / expected
    for limit, text in ((0.01, _("very near: within 1 per cent")), (0.1, _("near: within 10 per cent"))):
        if abs(times - 1) <= limit:
            return text
    if times > 1:
        return _("too high: more than twice as much") if times > 2 else _("too high")
    return _("too low: less than half") if times < 0.5 else _("too low")


def describe(value: Any, most: int = 6) -> str:
    """An answer in a few words, as its author wrote it; at most some 200 characters."""
    if isinstance(value, TooBig):
        return _("{make}, too big to be handed over").format(make=value.make)
    if isinstance(value, Other):
        return repr(value)
    if isinstance(value, pd.DataFrame) and value.shape[1] != 1:
        return _("a table of {rows} rows and {columns} columns").format(
            rows=value.shape[0], columns=value.shape[1]
        )
    if isinstance(value, (pd.Series, pd.DataFrame)):
        column = value if isinstance(value, pd.Series) else value.iloc[:, 0]
        pairs = [f"{_short(label)}: {_short(cell)}" for label, cell in zip(column.index, column, strict=True)]
        if len(pairs) > most:
            return _("a column of {n} rows").format(n=len(pairs))
        return ", ".join(pairs) or _("an empty table")
    if isinstance(value, list):
        shown = ", ".join(map(_short, value[:most]))
        return f"[{shown}, …] ({len(value)})" if len(value) > most else f"[{shown}]"
    return _short(value, 120)


def _short(value: Any, most: int = 24) -> str:
    """One value on one line."""
    if isinstance(value, pd.DataFrame):
        return _("a whole table")
    if value is ...:
        return "..."
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:.10g}" if isinstance(value, float) else str(value)
    text = "".join(letter if letter.isprintable() else " " for letter in str(value)[: 2 * most])
    return text if len(text) <= most else f"{text[: most - 1]}…"
