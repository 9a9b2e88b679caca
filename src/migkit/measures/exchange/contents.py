"""What is handed on: tables with their specification, the state of each cell, and who sends them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import NOT_STATED, TOTAL, need_columns, shown
from migkit.measures.confidentiality.protect import COMPLEMENTARY, PUBLISHED, SMALL, SUPPRESSED
from migkit.measures.tables import TableSpec, table_metadata
from migkit.reference import KitError, _, codelist, tables
from migkit.reference import label as code_label

#: What a cell may say of itself. Which hidden cell is small and which is hidden for its sake helps an attacker:
#: on the way out both become "suppressed" (see :func:`migkit.measures.confidentiality.protect_table`).
STATUSES: tuple[str, ...] = (PUBLISHED, SUPPRESSED, SMALL, COMPLEMENTARY)

_PERIOD = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-\d{2})?|-Q[1-4])?")


@dataclass(frozen=True)
class Sender:
    """Who sends tables, about where and when.

    Attributes:
        country: the country that the figures are about, ISO 3166-1 alpha-3.
        period: the year, month, quarter or day that they refer to: "2024", "2024-07", "2024-Q3", "2024-07-01".
        agency: the office that made them, in words.
        contact: how to ask it a question (an office's address, never a person's).
        synthetic: True for figures made for training; every output then says so.

    Raises:
        KitError: if the country or the period is not written like this.

    >>> Sender("GMB", "2024", "Bureau of Statistics").period
    '2024'
    """

    country: str
    period: str
    agency: str = ""
    contact: str = ""
    synthetic: bool = False

    def __post_init__(self) -> None:
        """Refuse what nobody could read."""
        if not re.fullmatch("[A-Z]{3}", str(self.country)):
            raise KitError(
                _("The country is given by three capital letters such as GMB; got {value}.").format(
                    value=shown(self.country)
                )
            )
        if not _PERIOD.fullmatch(str(self.period)):
            raise KitError(
                _("The period is written 2024, 2024-07, 2024-Q3 or 2024-07-01; got {value}.").format(
                    value=shown(self.period)
                )
            )


@dataclass(frozen=True)
class SentTable:
    """One table on its way.

    Attributes:
        spec: its specification.
        cells: its long form (:func:`migkit.measures.tables.long_table`): a column for each classifier, ``value``,
            and ``status`` where cells were protected ("small" and "complementary" become "suppressed"). A column
            ``n``, the records behind a cell, is never handed on.

    Raises:
        KitError: if a column is missing, there is no key, a status is unknown, or a cell stands twice.

    >>> spec = TableSpec("By sex", "All", "persons", "sex", None, (), "Example", key="stock_sex")
    >>> cells = pd.DataFrame({"sex": ["F", "M", "Total"], "value": [3, 2, 5], "n": [3, 2, 5]})
    >>> list(SentTable(spec, cells).cells)
    ['sex', 'value', 'status']
    """

    spec: TableSpec
    cells: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        """Bring the cells into one form."""
        spec, cells = self.spec, self.cells
        if not spec.key or not re.fullmatch(r"[A-Za-z]\w*", spec.key):
            raise KitError(
                _(
                    "The table {title!r} needs a key to be exchanged: a short name of letters, digits and _ "
                    "that begins with a letter; got {key}."
                ).format(title=spec.title, key=shown(spec.key))
            )
        what = _("The cells of the table {title!r}").format(title=spec.title)
        need_columns(cells, [*spec.classifiers, "value"], what)
        held = pd.DataFrame({name: cells[name].astype(object) for name in spec.classifiers})
        blank = held.isna().any(axis=1)
        if blank.any():
            row = cells.index[int(blank.to_numpy().argmax())]
            raise KitError(
                _("{what}: row {row} has no label; write {label!r} where an answer is not known.").format(
                    what=what, row=shown(row), label=NOT_STATED
                )
            )
        held = held.map(str)
        held["value"] = _figures(cells["value"], what)
        status = cells["status"].astype(object) if "status" in cells else pd.Series(PUBLISHED, index=cells.index)
        strange = ~status.isin(STATUSES)
        if strange.any():
            raise KitError(
                _("{what}: a status is {value}; it may be {known}.").format(
                    what=what, value=shown(status[strange].iloc[0]), known=", ".join(STATUSES)
                )
            )
        held["status"] = status.where(status.eq(PUBLISHED), SUPPRESSED)
        leak = held["status"].ne(PUBLISHED) & held["value"].notna()
        if leak.any():
            raise KitError(
                _("{what}: {n} suppressed cells still hold their value; blank them before they are sent.").format(
                    what=what, n=int(leak.sum())
                )
            )
        twice = held.duplicated(spec.classifiers)
        if twice.any():
            cell = held.loc[twice, spec.classifiers].iloc[0]
            raise KitError(_("{what}: the cell {cell} stands twice.").format(what=what, cell=", ".join(cell)))
        object.__setattr__(self, "cells", held.reset_index(drop=True))

    @property
    def labels(self) -> dict[str, list[str]]:
        """The labels of each classifier in the order in which they first come."""
        return {name: list(dict.fromkeys(self.cells[name])) for name in self.spec.classifiers}


def _figures(values: pd.Series, what: str) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce")
    wrong = numbers.isna() & values.notna()
    if wrong.any():
        row = values.index[int(wrong.to_numpy().argmax())]
        raise KitError(
            _("{what}: row {row} holds {value}, which is no number.").format(
                what=what, row=shown(row), value=shown(values.loc[row])
            )
        )
    return pd.Series(numbers.to_numpy(dtype=float, na_value=np.nan), index=values.index)


def check_set(sent: Sequence[SentTable]) -> list[SentTable]:
    """The tables of one delivery, each key once.

    >>> check_set([])
    Traceback (most recent call last):
    ...
    migkit.reference.errors.KitError: There is no table to send.
    """
    held: list[SentTable] = list(sent)
    if not held:
        raise KitError(_("There is no table to send."))
    for each in held:
        if not isinstance(each, SentTable):
            raise KitError(
                _("Each table to send must be a SentTable, but one is a {kind}.").format(kind=type(each).__name__)
            )
    keys = [each.spec.key.casefold() for each in held]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise KitError(_("Two tables have the key {key}; each needs its own.").format(key=shown(twice[0])))
    return held


@cache
def codelist_of(classifier: str) -> str:
    """The code list of a classifier by the data dictionary, "" if it has none there (bands of ages are no codes).

    >>> codelist_of("country_birth"), codelist_of("ward")
    ('country', '')
    """
    for described in tables().values():
        for each in described.fields:
            if each.name == classifier and each.codelist and not each.name.startswith("age"):
                return each.codelist
    return ""


def words_for(classifier: str, code: str, language: str = "en") -> str:
    """What a label of a table means, in words: of a code its label, of other labels themselves.

    >>> words_for("country_birth", "SEN", "fr"), words_for("sex", "Total", "pt"), words_for("age_group", "15-19")
    ('Sénégal', 'Total', '15-19')
    """
    if code == TOTAL:
        return {"en": "Total", "fr": "Total", "pt": "Total"}.get(language, TOTAL)
    if code == NOT_STATED:
        return code_label("sex", "X", language)
    name = codelist_of(classifier)
    if name and code in set(codelist(name)["code"]):
        return code_label(name, code, language)
    return code


def metadata_lines(sent: SentTable, sender: Sender) -> dict[str, Any]:
    """What a table says about itself, in the order in which a reader asks.

    >>> spec = TableSpec("By sex", "All", "persons", "sex", None, ("A note.",), "Example", key="stock_sex")
    >>> cells = pd.DataFrame({"sex": ["F", "M"], "value": [3, 2]})
    >>> metadata_lines(SentTable(spec, cells), Sender("GMB", "2024"))["suppressed"]
    0
    """
    hidden = int(sent.cells["status"].ne(PUBLISHED).sum())
    return table_metadata(
        sent.spec,
        synthetic=sender.synthetic,
        country=sender.country,
        period=sender.period,
        agency=sender.agency,
        contact=sender.contact,
        cells=len(sent.cells),
        suppressed=hidden,
    )


__all__ = ["STATUSES", "Sender", "SentTable", "check_set", "codelist_of", "metadata_lines", "words_for"]
