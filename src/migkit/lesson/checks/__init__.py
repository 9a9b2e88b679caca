"""What a check knows of a question: the shape that the answer must have, and the mistakes that beginners make.

A check helps while the participant works. It never knows the right answer, in no form: it looks at the shape, and
it recomputes *wrong* answers from the participant's own data, to say which road led there.

One file for each exercise (``m04_census.py``) holds ``QUESTIONS: dict[str, Question]``. The front end calls::

    review = questions("04_census")["q1"].review(answer, load)    # load(name) -> DataFrame
    review.complaints        # sentences to show, in the language in force; empty if nothing looks wrong
    review.noted             # a neutral sentence to show otherwise; it never says "right"

``review`` does not raise, whatever the answer is.
"""

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd

from migkit.reference import KitError, _
from migkit.reference.language import N_

#: Gives a table by its name: ``data("census_persons")``.
Data = Callable[[str], pd.DataFrame]

#: Labels of rows or columns, or how to find them in the data.
Labels = Sequence[Hashable] | Callable[[Data], Sequence[Hashable]]

TOLERANCE = 1e-6


def same(answer: Any, other: Any, tolerance: float = TOLERANCE) -> bool:
    """Whether two answers agree: numbers within ``tolerance`` (relative), all else exactly, tables cell by cell.

    Order of rows and columns does not matter, nor whether one column is a Series or a table; that of a list does.

    >>> same(1 / 3, 0.33333333333)
    True
    >>> same(pd.Series({"F": 1, "M": 2}), pd.Series({"M": 2.0, "F": 1.0}))
    True
    """
    if isinstance(answer, (pd.Series, pd.DataFrame)) or isinstance(other, (pd.Series, pd.DataFrame)):
        if getattr(answer, "size", None) != getattr(other, "size", None):
            return False
        mine, theirs = cells_of(answer), cells_of(other)
        if mine is None or theirs is None or mine.keys() != theirs.keys():
            return False
        return all(same(mine[key], theirs[key], tolerance) for key in mine)
    if is_number(answer) and is_number(other):
        return bool(np.isclose(float(answer), float(other), rtol=tolerance, atol=tolerance))
    if isinstance(answer, (list, tuple)) and isinstance(other, (list, tuple)):
        pairs = zip(answer, other, strict=False)
        return len(answer) == len(other) and all(same(mine, theirs, tolerance) for mine, theirs in pairs)
    alike = any(isinstance(answer, kind) and isinstance(other, kind) for kind in (str, date, (bool, np.bool_)))
    return alike and bool(answer == other)


def cells_of(table: Any) -> dict[tuple[str, str], Any] | None:
    """A table as {(row, column): value}; a column on its own bears no name.

    None if it is no table, or a label stands there twice.

    >>> cells_of(pd.Series({"F": 1, "M": 2}))
    {('F', ''): 1, ('M', ''): 2}
    """
    if isinstance(table, pd.DataFrame) and table.shape[1] == 1:
        table = table.iloc[:, 0]
    if isinstance(table, pd.Series):
        pairs = {(str(row), ""): value for row, value in zip(table.index, table.tolist(), strict=True)}
        return pairs if len(pairs) == len(table) else None
    if isinstance(table, pd.DataFrame):
        columns = [str(name) for name in table.columns]
        values = table.astype(object).to_numpy().tolist()
        pairs = {
            (str(row), name): value
            for row, line in zip(table.index, values, strict=True)
            for name, value in zip(columns, line, strict=True)
        }
        return pairs if len(pairs) == table.size else None
    return None


def is_number(value: Any) -> bool:
    """True for a finite number of any make (not for True, None, NaN or a text)."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:  # an integer of hundreds of digits
        return False


@dataclass(frozen=True)
class Shape:
    """What an answer must look like. Subclasses say what is wrong with one that does not."""

    def complaints(self, answer: Any, data: Data) -> list[str]:
        """Sentences about the answer's form; none if the form is right."""
        raise NotImplementedError


@dataclass(frozen=True)
class Number(Shape):
    """One number.

    Attributes:
        whole: a count, without decimals.
        low, high: bounds that hold for any data (0 and 1 for a share), never bounds around the answer.
        advice: what to do when it lies outside.
    """

    whole: bool = False
    low: float = 0
    high: float | None = None
    advice: str = ""

    def complaints(self, answer: Any, data: Data) -> list[str]:
        """Says whether it is no single number, or an impossible one."""
        if isinstance(answer, (pd.Series, pd.DataFrame, np.ndarray, list, tuple)):
            if isinstance(answer, tuple) and all(map(is_number, answer)):
                return [
                    _(
                        "A comma parts two numbers in Python. Write a decimal with a point (47.4) and thousands "
                        "without a sign (13480)."
                    )
                ]
            kind = _("table") if isinstance(answer, (pd.Series, pd.DataFrame)) else _("list")
            return [
                _(
                    "The answer is one number, but this is a {kind} of {n} values. Take the number out, for "
                    "example with len(...), .sum() or .loc[...]."
                ).format(kind=kind, n=len(answer))
            ]
        if isinstance(answer, str):
            return [_("The answer is a number, but this is text: write it without quotation marks.")]
        if is_number(getattr(answer, "value", None)):
            return [_("This holds the number and its standard error. Take the number out: put .value behind it.")]
        if not is_number(answer):
            return [_("The answer is one number, but this is {value!r}.").format(value=answer)]
        if self.whole and float(answer) != int(answer):
            return [_("This question counts persons, so the answer has no decimals.")]
        if answer < self.low or (self.high is not None and answer > self.high):
            return [_outside(self.low, self.high, self.advice)]
        return []


@dataclass(frozen=True)
class Table(Shape):
    """A table, or one column with labels (a Series), of numbers.

    Attributes:
        columns: the labels that must be there, given or found from the data; empty for one column of any name.
        rows: the row labels that must be there, likewise; empty leaves them free.
        sums: the label of a row and column of totals that must add up, if the table has one.
        low, high: bounds for every cell that hold for any data (0 and 1 for shares).
        advice: what to do when a cell lies outside.
        exact: decimals that the numbers must have (fewer: they were rounded); None if rounding does no harm.
    """

    columns: Labels = ()
    rows: Labels = ()
    sums: str | None = None
    low: float = 0
    high: float | None = None
    advice: str = ""
    exact: int | None = None

    def complaints(self, answer: Any, data: Data) -> list[str]:
        """Says what is missing, in excess, turned round, empty or does not add up."""
        if not isinstance(answer, (pd.DataFrame, pd.Series)):
            return [
                _(
                    "The answer is a table, but this is {kind}. "
                    "A table comes from value_counts(), crosstab() or a measure."
                ).format(kind=_kind(answer))
            ]
        table = answer.to_frame() if isinstance(answer, pd.Series) else answer
        if table.empty:
            return [_("The table is empty: no row fits your filter. Look at the codes with value_counts() first.")]
        if not table.index.is_unique or not table.columns.is_unique:
            return [_("A row or a column appears twice; each label must be there once.")]
        if any(cell is ... for cell in table.astype(object).to_numpy().ravel()):
            return [_("Some cells of the table still hold the dots: compute each of them above.")]
        if any(isinstance(cell, (pd.DataFrame, pd.Series)) for cell in table.astype(object).to_numpy().ravel()):
            return [_("Some cells hold a whole table instead of a number: put len( ... ) around each of them.")]
        wrong_labels = self._labels(table, _found(self.rows, data), _found(self.columns, data))
        if wrong_labels:
            return wrong_labels
        if table.isna().any(axis=None):
            return [_("There are empty cells (NaN). Where nobody was counted, write 0: .fillna(0).")]
        if not all(pd.api.types.is_numeric_dtype(kind) for kind in table.dtypes):
            return [_("Every cell must be a number; some hold text.")]
        return self._bounds(table) or self._totals(table)

    def _labels(self, table: pd.DataFrame, rows: list[str], columns: list[str]) -> list[str]:
        have_rows, have_columns = list(map(str, table.index)), list(map(str, table.columns))
        if columns and rows and set(rows) <= set(have_columns) and set(columns) <= set(have_rows):
            return [_("The table is turned round: rows and columns are exchanged. Turn it with .T")]
        if rows and table.shape[1] > (len(columns) or 1) and set(rows) <= set(map(str, table.iloc[:, 0])):
            return [
                _("The row labels stand in the column {name!r}. Make them the index: .set_index({name!r})").format(
                    name=table.columns[0]
                )
            ]
        said = []
        if columns:
            said += _difference(_("columns"), columns, have_columns)
        elif table.shape[1] != 1:
            said.append(_("One column of numbers is wanted, but there are {n}.").format(n=table.shape[1]))
        return said + (_difference(_("rows"), rows, have_rows) if rows else [])

    def _bounds(self, table: pd.DataFrame) -> list[str]:
        values = table.astype(float)
        if values.lt(self.low).any(axis=None) or (self.high is not None and values.gt(self.high).any(axis=None)):
            return [_outside(self.low, self.high, self.advice)]
        if self.exact is not None and np.allclose(values, values.round(self.exact - 1), rtol=0, atol=1e-12):
            return [_("These numbers are rounded. Leave them as they come; round only in what you publish.")]
        return []

    def _totals(self, table: pd.DataFrame) -> list[str]:
        if self.sums is None:
            return []
        for axis, frame in ((_("row"), table), (_("column"), table.T)):
            if self.sums in frame.index:
                parts = frame.drop(index=self.sums).sum()
                if not np.allclose(parts.astype(float), frame.loc[self.sums].astype(float)):
                    return [
                        _("The {axis} {name!r} is not the sum of the others.").format(axis=axis, name=self.sums)
                    ]
        return []


@dataclass(frozen=True)
class Choice(Shape):
    """One of a few words. A check never says which: there would soon be only one left."""

    options: tuple[str, ...] = ()

    def complaints(self, answer: Any, data: Data) -> list[str]:
        """Says whether it is none of the options."""
        if isinstance(answer, str) and answer in self.options:
            return []
        return [_("Choose one of these words, in quotation marks: {options}.").format(
            options=", ".join(f'"{option}"' for option in self.options))]  # fmt: skip


def _outside(low: float, high: float | None, advice: str) -> str:
    if high is None:
        said = _("A number here is below {low:g}, which cannot be.").format(low=low)
    else:
        said = _("A number here cannot be: it must lie from {low:g} to {high:g}.").format(low=low, high=high)
    return f"{said} {_(advice)}".strip()


def _found(labels: Labels, data: Data) -> list[str]:
    return [str(label) for label in (labels(data) if callable(labels) else labels)]


def _kind(answer: Any) -> str:
    if isinstance(answer, str):
        return _("text")
    return _("a single number") if is_number(answer) else type(answer).__name__


def _difference(what: str, wanted: Sequence[str], have: Sequence[str]) -> list[str]:
    missing = [name for name in wanted if name not in have]
    extra = [name for name in have if name not in wanted]
    said = []
    if missing:
        said.append(_("Missing {what}: {names}.").format(what=what, names=_few(missing)))
    if extra:
        said.append(_("{what} too many: {names}.").format(what=what.capitalize(), names=_few(extra)))
    return said


def _few(names: Sequence[str], most: int = 6) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else _("{shown} and {n} more").format(shown=shown, n=len(names) - most)


@dataclass(frozen=True)
class Mistake:
    """A road that beginners take: where it leads is recomputed from the data, so the message fits any data set.

    Attributes:
        message: what to look at again, in plain words (English; shown through ``_()``).
        wrong: the answer to which the mistake leads; None where it would lead to the right one in these data.
    """

    message: str
    wrong: Callable[[Data], Any]


@dataclass(frozen=True)
class Slip:
    """An error of an earlier question that the participant carries on: later answers start from the wrong data.

    Attributes:
        message: where to go back to (English; shown through ``_()``).
        alter: the data as the participant then sees them.
    """

    message: str
    alter: Callable[[Data], Data]


@dataclass(frozen=True)
class Road:
    """Where one mistake leads in given data, alone or after a slip.

    Attributes:
        key: ``q2/1`` for the first mistake of q2, ``q2/1+1`` for the same after the first slip.
        messages: what to say of it (English; shown through ``_()``).
        answer: the wrong answer.
    """

    key: str
    messages: tuple[str, ...]
    answer: Any


@dataclass(frozen=True)
class Review:
    """What a check has to say."""

    complaints: tuple[str, ...]
    noted: str

    @property
    def fine(self) -> bool:
        """True if nothing looks wrong, which does not mean that the answer is right."""
        return not self.complaints


@dataclass(frozen=True)
class Question:
    """One question of an exercise.

    Attributes:
        key: "q1", "q2" ...
        name: the name under which the participant keeps the answer.
        shape: what the answer must look like.
        mistakes: the likely mistakes, the most likely first.
        slips: earlier errors with which these mistakes may come together.
        noted: what to say when nothing looks wrong.
    """

    key: str
    name: str
    shape: Shape
    mistakes: tuple[Mistake, ...] = ()
    slips: tuple[Slip, ...] = ()
    noted: str = field(
        default=N_("The form is right, and it is none of the usual mistakes. The trainer's key decides.")
    )

    def review(self, answer: Any, data: Data) -> Review:
        """Look at ``answer``: first its form, then the usual mistakes. Never raises for a strange answer."""
        if answer is None or answer is Ellipsis:
            nothing = _(
                "There is no answer yet: replace the dots in the cell above with your own code, and run it."
            )
            return Review((nothing,), "")
        tables = cache(data)
        complaints = self.complaints(answer, tables)
        if not complaints:
            road = next((road for road in self.roads(tables) if leads_to(road, answer)), None)
            complaints = [_(message) for message in road.messages] if road else []
        return Review(tuple(complaints), "" if complaints else _(self.noted))

    def complaints(self, answer: Any, data: Data) -> list[str]:
        """What is wrong with the form of ``answer``. Never raises."""
        try:
            return self.shape.complaints(answer, data)
        except Exception:  # an answer of a strange make must end in a sentence, not in a traceback
            return [_("This answer has a form that cannot be read: {kind}.").format(kind=_kind(answer))]

    def roads(self, data: Data) -> Iterator[Road]:
        """Where each mistake leads, the most likely first: on these data, then on those that a slip left."""
        for number, mistake in enumerate(self.mistakes, start=1):
            yield from _road(f"{self.key}/{number}", (mistake.message,), mistake, data)
        for after, slip in enumerate(self.slips, start=1):
            altered = cache(slip.alter(data))
            for number, mistake in enumerate(self.mistakes, start=1):
                yield from _road(f"{self.key}/{number}+{after}", (mistake.message, slip.message), mistake, altered)


def _road(key: str, messages: tuple[str, ...], mistake: Mistake, data: Data) -> Iterator[Road]:
    """The road of a mistake, if these data allow it (they may lack a column, or nobody may be concerned)."""
    try:
        answer = mistake.wrong(data)
    except Exception:  # whatever the mistake stumbles over here: it is not this one
        return
    if answer is not None:
        yield Road(key, messages, answer)


def leads_to(road: Road, answer: Any) -> bool:
    """Whether ``answer`` is where the road ends. Never raises."""
    try:
        return same(answer, road.answer)
    except Exception:  # an answer of a strange make
        return False


def questions(slug: str) -> dict[str, Question]:
    """The questions of the exercise of module ``slug``, by key.

    Raises:
        KitError: if that module has no checks.
    """
    name = f"migkit.lesson.checks.m{slug}"
    try:
        return dict(import_module(name).QUESTIONS)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise KitError(_("The module {slug!r} has no checks.").format(slug=slug)) from None


__all__ = [
    "Choice",
    "Data",
    "Mistake",
    "Number",
    "Question",
    "Review",
    "Road",
    "Shape",
    "Slip",
    "Table",
    "cells_of",
    "is_number",
    "leads_to",
    "questions",
    "same",
]
