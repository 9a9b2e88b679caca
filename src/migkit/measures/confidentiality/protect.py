"""A table to publish: small cells hidden, further cells hidden for their sake, and the attack tried on it."""

from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import need_columns, number, shown, whole_number
from migkit.measures.confidentiality._cells import (
    Bools,
    Cells,
    Floats,
    Hierarchies,
    cell_name,
    fixed_order,
    need_sums,
    read_cells,
    values_of,
)
from migkit.measures.confidentiality.cell_audit import SAME
from migkit.measures.confidentiality.cell_suppression import Task, heuristic, optimal, tauargus, withstands
from migkit.reference import KitError, _

PUBLISHED = "published"
SMALL = "suppressed: small"
COMPLEMENTARY = "suppressed: complementary"
SUPPRESSED = "suppressed"

#: Above this many cells the search of tau-Argus for the cheapest set takes minutes: "auto" takes the heuristic.
LARGEST_AUTO = 600

METHODS = ("auto", "heuristic", "optimal", "tauargus")


def protect_table(
    table: pd.DataFrame,
    classifiers: Any,
    value: str = "value",
    minimum: int = 5,
    count: str | None = None,
    unsafe: str | None = None,
    slide: float = 0.2,
    hierarchies: Hierarchies | None = None,
    method: str = "auto",
) -> pd.DataFrame:
    """Hide the small cells of a table, and as many others as it takes that nobody can work them out.

    A cell of 1 to ``minimum`` - 1 persons is small and hidden (primary suppression). Because parts add to totals,
    others must go with it (secondary suppression), until the attack of :func:`audit_table` leaves open everything
    that a small cell can be::

        for each small cell:   the attacker's interval covers 1 ... minimum - 1

    though the attacker knows every published cell and that figures are whole. Whoever also uses that zeros are
    published, so that no hidden cell is zero, may raise the lower end (a total of three hidden parts is 3 or
    more), but finds no cell exactly and no upper end below the minimum. The attack is made before the table is
    returned.

    *Give readers* :func:`public_version`: whoever sees which hidden cells are the small ones knows more than this
    attacker. A person who is alone in a cell knows that cell and may see further: no table protects against that.

    Where rows are weighted, give the column of unweighted counts as ``count``: a cell is small if few persons
    answered, however large the estimate. It is hidden wherever the value is.

    Source: Hundepool et al., Statistical Disclosure Control (Wiley 2012), chapter 4. The default minimum is a
    common choice of statistical offices (assumption: use your own).

    Args:
        table: long form: one row a cell, rows of totals labelled "Total"; missing combinations are zero.
        classifiers: the classifier columns, one name or several.
        value: the column of figures.
        minimum: the smallest number of persons that may be shown; 3 or more.
        count: the column of unweighted persons; None if ``value`` counts persons.
        unsafe: a column of True and False that says which cells to hide, instead of the minimum (magnitude tables,
            see :func:`unsafe_cells`).
        slide: with ``unsafe``: how far each of them must be able to slide, as a share of its value.
        hierarchies: codes that are sums of others: ``{"country": {"West Africa": ["GMB", "SEN"]}}``.
        method: how further cells are chosen. ``"heuristic"``: cheapest movements, one cell after the other;
            ``"optimal"``: the cheapest set, small tables only; ``"tauargus"``: the engine of tau-Argus (package
            pytauargus); ``"auto"``: tau-Argus for up to three classifiers and 600 cells where it is installed, the
            heuristic elsewhere: the protection is the same, the choice of cells may differ.

    Returns:
        The table with ``value`` (and ``count``) blank where hidden, and ``status``: "published", "suppressed:
        small" or "suppressed: complementary".

    Raises:
        KitError: if a column is missing, figures are not counts, totals are not the sum of their parts, or the
            table cannot be protected.

    >>> cells = pd.DataFrame({"born": ["GIN", "SEN", "MLI", "Total"], "value": [2, 40, 30, 72]})
    >>> print(protect_table(cells, "born", minimum=5, method="heuristic"))
        born  value                     status
    0    GIN   <NA>          suppressed: small
    1    SEN     40                  published
    2    MLI   <NA>  suppressed: complementary
    3  Total     72                  published
    """
    what = _("The table")
    if method not in METHODS:
        raise KitError(
            _("There is no method {m}; use one of {methods}.").format(m=shown(method), methods=", ".join(METHODS))
        )
    order = fixed_order(table, classifiers, what)
    rows = table.iloc[order]
    cells = read_cells(rows, classifiers, hierarchies, what)
    figures = values_of(rows, value, what)
    need_sums(cells, figures, what)
    if unsafe is not None:
        tasks = [_by_rule(cells, rows, figures, unsafe, number(slide, "slide"), what)]
    else:
        # Whole numbers follow by themselves where the sums form a network: two classifiers without hierarchies.
        whole = cells.labels.shape[1] > 2 or bool(hierarchies)
        persons = None if count is None else values_of(rows, count, what)
        tasks = tasks_by_minimum(cells, figures, persons, minimum, whole, what)
    hidden = _choose(tasks, hierarchies, method)
    for task in tasks:
        if not withstands(task, hidden):
            raise KitError(
                _("The table could not be protected: the attack still finds a hidden cell; join categories.")
            )
    blank, small = np.empty(len(table), dtype=bool), np.empty(len(table), dtype=bool)
    blank[order], small[order] = hidden, tasks[0].small
    return marked(table, blank, small, [value, *([] if count is None else [count])])


def tasks_by_minimum(
    cells: Cells, figures: Floats, counts: Floats | None, minimum: int, whole: bool, what: str
) -> list[Task]:
    """What to protect where cells of fewer than ``minimum`` persons must not be shown."""
    minimum = whole_number(minimum, "minimum")
    if minimum < 3:
        raise KitError(
            _(
                "minimum must be 3 or more; got {m}. With 2, every cell that is hidden as small is a 1, and "
                "readers know it."
            ).format(m=minimum)
        )
    persons = figures if counts is None else counts
    need_sums(cells, persons, what)
    uneven = np.abs(persons - persons.round()) > SAME
    impossible = uneven if counts is None else uneven | ((persons == 0) & (figures > 0))
    if impossible.any():
        row = int(impossible.argmax())
        raise KitError(
            _(
                "{what}: the cell {cell} holds {value:g} for {persons:g} persons; small cells are judged by "
                "whole, unweighted persons: give their column as count=."
            ).format(what=what, cell=cell_name(cells.labels, row), value=figures[row], persons=persons[row])
        )
    small = (persons > 0) & (persons < minimum)
    down, up = np.where(small, persons - 1, 0), np.where(small, minimum - 1 - persons, 0)
    tasks = [
        Task(cells, persons, small, down, up, 0.0, whole),
        # A reader who knows that no hidden cell is zero still finds none exactly, and no bound below the minimum.
        Task(cells, persons, small, np.zeros(len(small)), np.where(small, up.clip(min=1), 0), 1.0, whole),
    ]
    if counts is not None:
        each = np.divide(figures, persons, out=np.zeros_like(figures), where=persons > 0)
        down, up = np.where(small, figures - each, 0), np.where(small, each * (minimum - 1) - figures, 0)
        tasks.append(Task(cells, figures, small, down.clip(min=0), up.clip(min=0), 0.0))
    return tasks


def _by_rule(cells: Cells, rows: pd.DataFrame, figures: Floats, unsafe: str, slide: float, what: str) -> Task:
    flags = values_of(rows, unsafe, what)
    if not np.isin(flags, (0, 1)).all():
        raise KitError(
            _("{what}: the column {column} must hold True and False.").format(what=what, column=shown(unsafe))
        )
    small = flags == 1
    if (small & (figures == 0)).any():
        raise KitError(
            _("{what}: the cell {cell} is called unsafe but is zero; zeros are published.").format(
                what=what, cell=cell_name(cells.labels, int((small & (figures == 0)).argmax()))
            )
        )
    reach = np.where(small, figures * slide, 0)
    return Task(cells, figures, small, np.minimum(reach, figures), reach, 0.0)


def _choose(tasks: list[Task], hierarchies: Hierarchies | None, method: str) -> Bools:
    """The cells to hide: the choice of the method, mended where the attack gets through."""
    first = tasks[0]
    if not first.small.any():
        return first.small
    hidden: Bools | None = None
    if method == "auto":
        fits = first.cells.labels.shape[1] <= 3 and len(first.figures) <= LARGEST_AUTO
        fits = fits and find_spec("pytauargus") is not None
        try:
            hidden = tauargus(first, hierarchies) if fits else None
        except KitError:
            # A table without all its totals, which the engine does not take.
            hidden = None
        method = "heuristic" if hidden is None else "tauargus"
    if method == "heuristic":
        return heuristic(tasks)
    if hidden is None:
        hidden = optimal(first) if method == "optimal" else tauargus(first, hierarchies)
    return hidden if all(withstands(task, hidden) for task in tasks) else heuristic(tasks, hidden)


def marked(table: pd.DataFrame, blank: Bools, small: Bools, columns: list[str]) -> pd.DataFrame:
    """The table with the figures of ``blank`` cells taken out, and the status of each cell."""
    result = table.copy()
    for column in columns:
        held = result[column]
        if pd.api.types.is_integer_dtype(held.dtype):
            result[column] = held.astype("Int64").mask(blank)
        else:
            result[column] = held.astype(float).mask(blank)
    result["status"] = np.select([small, blank], [SMALL, COMPLEMENTARY], PUBLISHED)
    return result


def public_version(table: pd.DataFrame, status: str = "status") -> pd.DataFrame:
    """The table for readers: they see that a cell is hidden, not which of the two reasons it has.

    A reader who knows that a hidden cell is one of the small ones knows a range for it; two such cells that add to
    a known sum may then be known exactly (2 + 2 = 4 where the minimum is 3).

    Source: Hundepool et al., Statistical Disclosure Control (Wiley 2012), chapter 4.

    Args:
        table: what :func:`protect_table` returns.
        status: its column of statuses.

    Raises:
        KitError: if the column is missing.

    >>> cells = pd.DataFrame({"born": ["GIN", "SEN", "Total"], "value": [2, 40, 42]})
    >>> public_version(protect_table(cells, "born", method="heuristic"))["status"].tolist()
    ['suppressed', 'suppressed', 'published']
    """
    need_columns(table, [status], _("The table"))
    hidden = table[status].isin([SMALL, COMPLEMENTARY, SUPPRESSED])
    return table.assign(**{status: np.where(hidden, SUPPRESSED, PUBLISHED)})


__all__ = ["COMPLEMENTARY", "PUBLISHED", "SMALL", "SUPPRESSED", "protect_table", "public_version"]
