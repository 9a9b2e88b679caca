"""From records to a table: count every combination of classifiers, then add the totals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import NOT_STATED, TOTAL, classifier, need_columns, numbers, shown, weights
from migkit.measures.tables.derive import Groups, derive, grouped
from migkit.measures.tables.spec import TableSpec, need_spec
from migkit.measures.tables.universe import in_universe
from migkit.reference import KitError, _

#: More cells than this are no table that anybody could read; such a specification is a slip.
MOST_CELLS = 20_000_000
#: Sums of weights keep so many digits, so that the order in which a machine adds does not show.
DIGITS = 12
#: Columns of the long form that are no classifiers.
FIGURES = ("value", "n")


def make_table(persons: pd.DataFrame, spec: TableSpec) -> pd.DataFrame:
    """The table that ``spec`` describes, with totals, and with "Not stated" shown even where it is zero.

    Args:
        persons: one row a person; those outside the universe (``spec.where``) are left out.
        spec: the specification.

    Returns:
        Counts (whole numbers; decimals if weighted). Last row and last column are "Total", before them "Not
        stated", which holds blanks and the codes X and XXX. Every person is in the table once: the corner is the
        universe. Several classifiers make an index of as many levels. A mean or a percentage of nobody is blank.

    Raises:
        KitError: if a column named in the specification is missing, or weights are blank, negative or no numbers.

    >>> people = pd.DataFrame({"sex": ["F", "M", "F"], "birth": ["SEN", "XXX", "GIN"]})
    >>> spec = TableSpec("Residents by birthplace and sex", "All", "persons", "birth", "sex", (), "Example")
    >>> print(make_table(people, spec))  # doctest: +NORMALIZE_WHITESPACE
    sex         F  M  Not stated  Total
    birth
    GIN         1  0           0      1
    SEN         1  0           0      1
    Not stated  0  1           0      1
    Total       2  1           0      3
    """
    return wide_of(tabulate(persons, spec), spec)


def long_table(persons: pd.DataFrame, spec: TableSpec) -> pd.DataFrame:
    """The same table with one row a cell: what exchange, charts and disclosure control read.

    Args:
        persons: one row a person.
        spec: the specification.

    Returns:
        A categorical column for each classifier (rows first), its categories in reading order with "Not stated"
        and "Total" last; then ``value``, the figure, and ``n``, the number of records behind it. All combinations,
        totals included.

    >>> people = pd.DataFrame({"sex": ["F", "M", "F"], "w": [10, 20, 30]})
    >>> long_table(people, TableSpec("By sex", "All", "persons", "sex", None, (), "Example", weight="w"))
              sex  value  n
    0           F   40.0  2
    1           M   20.0  1
    2  Not stated    0.0  0
    3       Total   60.0  3
    """
    return long_of(tabulate(persons, spec), spec)


def wide_table(cells: pd.DataFrame, spec: TableSpec, figure: str = "value") -> pd.DataFrame:
    """The printed shape of a long table.

    Args:
        cells: as :func:`long_table` gives it; a cell that is not there is blank.
        spec: its specification.
        figure: the column to print: "value", or "n" for the records behind it.

    Raises:
        KitError: if a column is missing, or one cell stands there twice.

    >>> people = pd.DataFrame({"sex": ["F", "M", "F"], "birth": ["SEN", "XXX", "GIN"]})
    >>> spec = TableSpec("Residents by birthplace and sex", "All", "persons", "birth", "sex", (), "Example")
    >>> wide_table(long_table(people, spec), spec).equals(make_table(people, spec))
    True
    """
    need_spec(spec)
    need_columns(cells, [*spec.classifiers, figure], _("The long table {t!r}").format(t=spec.title))
    twice = cells.duplicated(spec.classifiers)
    if twice.any():
        first = cells.loc[twice, spec.classifiers].iloc[0].to_dict()
        raise KitError(
            _("The long table {t!r} holds the cell {cell} more than once.").format(
                t=spec.title, cell=", ".join(f"{name}={shown(value)}" for name, value in first.items())
            )
        )
    axes = [_axis(cells[name]) for name in spec.classifiers]
    codes = [
        pd.Index(axis, dtype=object).get_indexer(cells[name].astype(object))
        for axis, name in zip(axes, spec.classifiers, strict=True)
    ]
    shape = tuple(map(len, axes))
    placed = pd.Series(cells[figure].to_numpy(), index=np.ravel_multi_index(codes, shape))
    return _print(axes, placed.reindex(range(int(np.prod(shape)))).to_numpy().reshape(shape), spec)


def long_from_table(table: pd.DataFrame, spec: TableSpec) -> pd.DataFrame:
    """The long form of a table that :func:`make_table` made; the records behind the cells (``n``) are not known.

    Args:
        table: the printed shape.
        spec: its specification.

    Raises:
        KitError: if index and columns are not those of the specification.

    >>> people = pd.DataFrame({"sex": ["F", "M", "F"], "birth": ["SEN", "XXX", "GIN"]})
    >>> spec = TableSpec("Residents by birthplace and sex", "All", "persons", "birth", "sex", (), "Example")
    >>> long_from_table(make_table(people, spec), spec).equals(long_table(people, spec).drop(columns="n"))
    True
    """
    need_spec(spec)
    need_columns(table, [], _("The table {t!r}").format(t=spec.title))
    _check_names(spec)
    down, across = list(table.index.names), list(table.columns.names)
    if down != spec.row_names or (spec.column_names and across != spec.column_names):
        raise KitError(
            _("The table {t!r} should have the rows {rows} and the columns {columns}, but has {have}.").format(
                t=spec.title,
                rows=", ".join(map(str, spec.row_names)),
                columns=", ".join(map(str, spec.column_names)) or _("none"),
                have=f"{', '.join(map(str, down))} / {', '.join(map(str, across))}",
            )
        )
    labels = [*_levels(table.index), *(_levels(table.columns) if spec.column_names else [])]
    return _frame(labels, spec.classifiers, {"value": table.to_numpy().ravel()})


@dataclass(frozen=True)
class Cells:
    """All cells of a table as an array with one axis a classifier; "Not stated" and "Total" close each axis."""

    axes: tuple[tuple[Any, ...], ...]
    value: np.ndarray
    n: np.ndarray


def tabulate(persons: pd.DataFrame, spec: TableSpec) -> Cells:
    """Records to cells: classify, weigh, count, add up."""
    need_spec(spec)
    what = _("The data for the table {title!r}").format(title=spec.title)
    need_columns(persons, spec.needs(), what)
    if not spec.row_names:
        raise KitError(_("The table {t!r} names no classifier for its rows.").format(t=spec.title))
    each = weights(persons, spec.weight, what)
    # All is read, and refused if it cannot be, before the universe is taken: every engine does it so.
    held = {name: derive(persons, recipe) for name, recipe in spec.recipes.items()}
    sums = {"n": np.ones(len(persons)), "weight": each.to_numpy()}
    if spec.of is not None:
        column = _("{what}, column {column!r}").format(what=what, column=spec.of)
        amounts = numbers(persons[spec.of], column, missing=spec.measure == "mean").to_numpy()
        stated = ~np.isnan(amounts)
        sums = {name: values * stated for name, values in sums.items()}
        sums["amount"] = sums["weight"] * np.where(stated, amounts, 0)
    inside = in_universe(persons, spec).fillna(False).to_numpy(dtype=bool)
    columns = [held[name] if name in held else persons[name] for name in spec.classifiers]
    parts = [_part(column[inside], name, spec) for column, name in zip(columns, spec.classifiers, strict=True)]
    return add_up(parts, {name: values[inside] for name, values in sums.items()}, spec)


def from_groups(columns: Sequence[Sequence[Any]], sums: dict[str, Any], spec: TableSpec) -> Cells:
    """Cells from what an engine gives: partial sums by raw values, or by the places of bands and groups.

    Args:
        columns: for each classifier its value in each partial sum; None for "not stated".
        sums: ``n``, ``weight`` and, for sums and means, ``amount`` of each.
        spec: the specification.
    """
    parts = []
    for values, name in zip(columns, spec.classifiers, strict=True):
        recipe = spec.recipes.get(name)
        raw = values if isinstance(values, pd.Series) else pd.Series(list(values), dtype=object)
        if raw.dtype == object and len(raw) and raw.dropna().map(lambda each: isinstance(each, float)).all():
            raw = raw.astype(float)
        if isinstance(recipe, Groups) and recipe.keeps_codes:
            raw = grouped(raw.map(recipe.label), recipe)
        elif recipe is not None:
            places = np.array([-1 if place is None else int(place) for place in values], dtype=int)
            raw = pd.Series(pd.Categorical.from_codes(places, categories=pd.Index(recipe.levels, dtype=object)))
        parts.append(_part(raw, name, spec))
    return add_up(parts, {name: np.asarray(values, dtype=float) for name, values in sums.items()}, spec)


def _part(column: pd.Series, name: Any, spec: TableSpec) -> pd.Series:
    """One classifier of the universe: a categorical whose last category is "Not stated"."""
    recipe = spec.recipes.get(name)
    if isinstance(recipe, Groups) and recipe.keeps_codes:
        column = grouped(column.astype(object), recipe)  # without the codes outside the universe
    if pd.api.types.is_float_dtype(column.dtype):
        held = column.dropna()
        if np.isfinite(held).all() and (held == np.floor(held)).all():
            column = column.astype("Int64")  # a year with blanks beside it is 2015, not 2015.0
    return classifier(column.rename(str(name)))


def add_up(parts: Sequence[pd.Series], sums: dict[str, np.ndarray], spec: TableSpec) -> Cells:
    """Cells from records, or from partial sums that an engine made of them.

    Args:
        parts: the classifiers as categoricals whose last category is "Not stated".
        sums: for each record (or partial sum) ``n``, ``weight`` and, for sums and means, ``amount``.
        spec: the specification.
    """
    axes = tuple((*part.cat.categories, TOTAL) for part in parts)
    size = int(np.prod([len(axis) for axis in axes], dtype=float))
    if size > MOST_CELLS:
        raise KitError(
            _(
                "The table {t!r} would have {n:,} cells; classify by fewer columns, or by groups of their values."
            ).format(t=spec.title, n=size)
        )
    inner = tuple(len(axis) - 1 for axis in axes)
    place = np.ravel_multi_index([part.cat.codes.to_numpy() for part in parts], inner)
    held = {
        name: _with_totals(np.bincount(place, weights=values, minlength=int(np.prod(inner))).reshape(inner))
        for name, values in sums.items()
    }
    figure = held["weight"] if spec.measure == "count" else held["amount"]
    if spec.measure == "mean":
        figure = _over(figure, held["weight"])
    if spec.percent:
        figure = 100 * _over(figure, _base(figure, spec))
    count = spec.measure == "count" and spec.weight is None and not spec.percent
    value = np.rint(figure).astype("int64") if count else _rounded(figure)
    return Cells(axes, value, np.rint(held["n"]).astype("int64"))


def _with_totals(array: np.ndarray) -> np.ndarray:
    for axis in range(array.ndim):
        array = np.concatenate([array, array.sum(axis=axis, keepdims=True)], axis=axis)
    return array


def _over(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Part over whole; blank where the whole is zero."""
    whole = np.broadcast_to(whole, part.shape)
    ratio: np.ndarray = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole != 0)
    return ratio


def _base(figure: np.ndarray, spec: TableSpec) -> np.ndarray:
    """The total that a percentage refers to: the last place of the axes of columns, of rows or of both."""
    down = len(spec.row_names)
    summed = {
        "row": range(down, figure.ndim),
        "column": range(down),
        "total": range(figure.ndim),
    }[str(spec.percent)]
    place = tuple(slice(-1, None) if axis in summed else slice(None) for axis in range(figure.ndim))
    return np.asarray(figure[place])


def _rounded(figure: np.ndarray) -> np.ndarray:
    """To ``DIGITS`` significant digits."""
    size = np.where((figure == 0) | ~np.isfinite(figure), 1.0, np.abs(figure))
    scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(size)))
    rounded: np.ndarray = np.where(np.isfinite(scale), np.rint(figure * scale) / scale, figure)
    return rounded


def _check_names(spec: TableSpec) -> None:
    """The long form needs a column for each classifier, and two or three for the figures."""
    names = [str(name) for name in spec.classifiers]
    clash = sorted({name for name in names if name in FIGURES or names.count(name) > 1})
    if clash:
        raise KitError(
            _(
                "The long form of {t!r} cannot have a classifier called {name} beside another column of that "
                "name; rename it."
            ).format(t=spec.title, name=shown(clash[0]))
        )


def long_of(cells: Cells, spec: TableSpec) -> pd.DataFrame:
    """Cells one a row."""
    _check_names(spec)
    return _frame(cells.axes, spec.classifiers, {"value": cells.value.ravel(), "n": cells.n.ravel()})


def _frame(axes: Sequence[Any], names: list[Any], figures: dict[str, np.ndarray]) -> pd.DataFrame:
    shape = tuple(map(len, axes))
    places = np.unravel_index(np.arange(int(np.prod(shape))), shape)
    columns: dict[Any, Any] = {
        name: pd.Categorical.from_codes(place, categories=pd.Index(axis, dtype=object))
        for name, axis, place in zip(names, axes, places, strict=True)
    }
    return pd.DataFrame(columns | figures)


def wide_of(cells: Cells, spec: TableSpec) -> pd.DataFrame:
    """Cells in the printed shape."""
    return _print(cells.axes, cells.value, spec)


def _print(axes: Sequence[Any], value: np.ndarray, spec: TableSpec) -> pd.DataFrame:
    down = len(spec.row_names)
    tall = int(np.prod(value.shape[:down]))
    columns = _labels(axes[down:], spec.column_names) if spec.column_names else pd.Index([TOTAL], dtype=object)
    return pd.DataFrame(
        value.reshape(tall, -1).copy(), index=_labels(axes[:down], spec.row_names), columns=columns
    )


def _labels(axes: Sequence[Any], names: list[Any]) -> pd.Index:
    if len(axes) == 1:
        labels: pd.Index = pd.Index(list(axes[0]), dtype=object, name=names[0])
        return labels
    levels: pd.Index = pd.MultiIndex.from_product([pd.Index(axis, dtype=object) for axis in axes], names=names)
    return levels


def _levels(index: pd.Index) -> list[list[Any]]:
    """The labels along each level, in the order in which they stand."""
    if isinstance(index, pd.MultiIndex):
        return [list(dict.fromkeys(index.get_level_values(level))) for level in range(index.nlevels)]
    return [list(index)]


def _axis(column: pd.Series) -> list[Any]:
    """Labels in reading order: categories as they stand, else as they come, "Not stated" and "Total" last."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        held = set(column.unique())
        labels = [label for label in column.cat.categories if label in held]
    else:
        labels = list(dict.fromkeys(column))
    last = [label for label in (NOT_STATED, TOTAL) if label in labels]
    return [*(label for label in labels if label not in last), *last]


__all__ = ["long_from_table", "long_table", "make_table", "wide_table"]
