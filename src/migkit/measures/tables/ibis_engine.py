"""The same specification as an Ibis expression: for data that have outgrown one machine, or lie in a database.

Ibis writes one expression in the language of many engines (DuckDB, Spark, PostgreSQL). What travels back is one
row a combination of classifiers; labels and totals are made here, by the code that makes them for a pandas frame.
"""

from collections.abc import Iterator
from functools import reduce
from operator import and_, or_
from typing import Any

import pandas as pd

from migkit.measures._input import NOT_STATED, UNKNOWN_CODES, engine, need_columns
from migkit.measures.tables.derive import Bands, Derived, Groups, code_text, is_plain_number, is_unknown_code
from migkit.measures.tables.keys import Column, classifier_key
from migkit.measures.tables.records import BAD_ROWS, MOST
from migkit.measures.tables.spec import KNOWN, LISTS, ORDERS, Condition, TableSpec, need_spec
from migkit.measures.tables.tabulate import Cells, from_groups, long_of, tabulate, wide_of
from migkit.reference import KitError, _


def ibis_counts(records: Any, spec: TableSpec) -> Any:
    """What a table is made of, as an Ibis expression: a row for each combination of its classifiers.

    Args:
        records: an Ibis table, on any engine.
        spec: the specification.

    Returns:
        An expression with a column for each classifier (``k0``, ``k1`` ...; NULL is "not stated", bands and groups
        are places counted from 0), the records ``n``, the sum of weights ``weight`` and, for sums and means,
        ``amount``. It runs where the data lie; nothing is computed before it is asked for.

    Raises:
        KitError: if a column is missing.

    >>> import ibis
    >>> people = ibis.memtable({"sex": ["F", "M", "F"], "w": [1.5, 2.0, 3.0]})
    >>> spec = TableSpec("By sex", "All", "persons", "sex", None, (), "Example", weight="w")
    >>> ibis_counts(people, spec).order_by("k0").execute()
      k0  n  weight
    0  F  2     4.5
    1  M  1     2.0
    """
    ibis = engine("ibis", "spark")
    need_spec(spec)
    what = _("The data for the table {title!r}").format(title=spec.title)
    need_columns(pd.DataFrame(columns=list(records.columns)), spec.needs(), what)
    if spec.where:
        records = records.filter(_universe(ibis, records, spec))
    keys = {f"k{n}": _key(ibis, records, classifier_key(spec, each)) for n, each in enumerate(spec.classifiers)}
    weight = None if spec.weight is None else _number(ibis, records, spec.weight)
    if spec.of is None:
        n = records.count()
        sums = {"n": n, "weight": n if weight is None else weight.sum()}
    else:
        amount = _number(ibis, records, spec.of)
        sums = {
            "n": amount.count(),
            "weight": amount.count() if weight is None else amount.notnull().ifelse(weight, 0.0).sum(),
            "amount": (amount if weight is None else weight * amount).sum(),
        }
    return records.group_by(**keys).aggregate(**sums)


def table_with_ibis(records: Any, spec: TableSpec) -> pd.DataFrame:
    """The table that :func:`make_table` would make of the same records, counted where they lie.

    Args:
        records: an Ibis table, on any engine.
        spec: the specification.

    Raises:
        KitError: if a column is missing, a weight is blank, negative or no number, or an age is outside its
            groups.

    >>> import ibis
    >>> people = ibis.memtable({"sex": ["F", "M", None]})
    >>> spec = TableSpec("By sex", "All", "persons", "sex", None, (), "Example")
    >>> print(table_with_ibis(people, spec))  # doctest: +NORMALIZE_WHITESPACE
                Total
    sex
    F               1
    M               1
    Not stated      1
    Total           3
    """
    return wide_of(_cells(records, spec), spec)


def long_with_ibis(records: Any, spec: TableSpec) -> pd.DataFrame:
    """The same in the long form, with the records behind each cell (``n``), as :func:`long_table` gives it.

    >>> import ibis
    >>> people = ibis.memtable({"sex": ["F", "M", None]})
    >>> long_with_ibis(people, TableSpec("By sex", "All", "persons", "sex", None, (), "Example"))["value"].tolist()
    [1, 1, 1, 3]
    """
    return long_of(_cells(records, spec), spec)


def _cells(records: Any, spec: TableSpec) -> Cells:
    counts = ibis_counts(records, spec)
    _refuse_bad_numbers(records, spec)
    # Not through pandas: there a blank would turn the codes 1 and 2 into 1.0 and 2.0.
    rows = counts.to_pyarrow().to_pydict()
    columns = [rows[f"k{n}"] for n in range(len(spec.classifiers))]
    sums = {name: [each or 0 for each in rows[name]] for name in ("n", "weight", "amount") if name in rows}
    return from_groups(columns, sums, spec)


def _known(ibis: Any, records: Any, column: str) -> Any:
    """The value of a column, NULL where it is not stated; text without spaces around it."""
    held = records[column]
    if held.type().is_string():
        held = held.strip()
        return held.notin([*UNKNOWN_CODES, "", NOT_STATED]).ifelse(held, ibis.null(str))
    if held.type().is_floating():
        return held.isnan().ifelse(ibis.null(held.type()), held)
    return held


def _number(ibis: Any, records: Any, column: str) -> Any:
    """The value of a column as a number, NULL where it is not stated or is no number."""
    value = _known(ibis, records, column)
    return value.try_cast("float64") if value.type().is_string() else value.cast("float64")


def _key(ibis: Any, records: Any, key: Column | Derived) -> Any:
    """A classifier: a raw value, or the place of a band or group."""
    if isinstance(key, Bands):
        read = _banded(ibis, records, key)
        edges = [*key.breaks[1:], float("inf")]
        return ibis.cases(
            *((read < edge, place) for place, edge in enumerate(edges[:-1])),
            else_=((read >= key.breaks[-1]).ifelse(len(key.breaks) - 1, ibis.null("int64"))),
        )
    if isinstance(key, Groups):
        places = {label: place for place, label in enumerate(key.levels)}
        unknown = ibis.null("int64") if key.unknown == NOT_STATED else ibis.literal(places[key.unknown])
        cases = [(_listed(ibis, records, key.column, codes), places[label]) for label, codes in key.groups]
        grouped = ibis.cases(*cases, else_=places[str(key.other)])
        return _known(ibis, records, key.column).isnull().ifelse(unknown, grouped)
    return _known(ibis, records, key.name)


def _banded(ibis: Any, records: Any, recipe: Bands) -> Any:
    whole = _number(ibis, records, recipe.column).floor()
    return whole if recipe.since is None else recipe.since - whole


def _universe(ibis: Any, records: Any, spec: TableSpec) -> Any:
    made = spec.recipes
    return reduce(and_, (_condition(ibis, records, each, made.get(each[0])) for each in spec.where))


def _condition(ibis: Any, records: Any, condition: Condition, recipe: Derived | None) -> Any:
    """True, false, or NULL where the value is not stated."""
    column, operator, wanted = condition
    if isinstance(recipe, Groups) and recipe.keeps_codes:
        return _condition(ibis, records, (recipe.column, operator, recipe.codes(wanted)), None)
    value = _known(ibis, records, column) if recipe is None else _key(ibis, records, recipe)
    if operator in KNOWN:
        return value.isnull() if operator == "is not stated" else value.notnull()
    if operator in LISTS:
        hit = _listed(ibis, records, column, wanted) if recipe is None else value.isin(recipe.places(wanted))
        if any(map(is_unknown_code, wanted)):
            hit = hit.fill_null(True)
        return hit if operator == "in" else ~hit
    if isinstance(wanted[0], str):
        value, limit = _moment(ibis, records, column), ibis.timestamp(wanted[0])
    else:
        value, limit = _number(ibis, records, column), ibis.literal(float(wanted[0]))
    return {">=": value.__ge__, ">": value.__gt__, "<=": value.__le__, "<": value.__lt__}[operator](limit)


def _moment(ibis: Any, records: Any, column: str) -> Any:
    """The value of a column as a date, NULL where it is not stated or is none."""
    value = _known(ibis, records, column)
    return value.try_cast("timestamp") if value.type().is_string() else value.cast("timestamp")


def _listed(ibis: Any, records: Any, column: str, wanted: Any) -> Any:
    """Whether the value is one of ``wanted``; NULL where it is not stated."""
    value = _known(ibis, records, column)
    texts = [code_text(each) for each in wanted if not is_unknown_code(each)]
    kind = value.type()
    if kind.is_boolean():
        listed: list[Any] = [each == "True" for each in texts if each in ("True", "False")]
    elif kind.is_numeric():
        listed = [float(each) for each in texts if is_plain_number(each)]
        value = value.cast("float64")
    else:
        listed = texts
    return value.isin(listed) if listed else value.isnull().ifelse(ibis.null("boolean"), False)


def _refuse_bad_numbers(records: Any, spec: TableSpec) -> None:
    """Raise the KitError that the pandas engine raises on the same rows."""
    ibis = engine("ibis", "spark")
    checks = list(_bad(ibis, records, spec))
    if not checks:
        return
    some = reduce(or_, (check.fill_null(True) for check in checks))
    rows = records.filter(some).select(*spec.needs()).limit(BAD_ROWS).execute()
    if len(rows):
        # Such engines keep no order of rows.
        rows.index = pd.Index([_("(rows are not numbered here)")] * len(rows))
        tabulate(rows, spec)
        raise KitError(_("The data for the table {t!r} hold a number that cannot be.").format(t=spec.title))


def _bad(ibis: Any, records: Any, spec: TableSpec) -> Iterator[Any]:
    """For each number that a specification asks of a record: whether it cannot be."""

    def outside(value: Any, low: float, high: float) -> Any:
        return ~((value >= low) & (value <= high)).fill_null(False)

    def stated(column: str) -> Any:
        return _known(ibis, records, column).notnull()

    for column in (spec.weight, spec.of if spec.measure == "sum" else None):
        if column is not None:
            yield outside(_number(ibis, records, column), 0, MOST)
    made = spec.recipes
    plain = [recipe.column for recipe in made.values() if isinstance(recipe, Bands)]
    plain += [
        column for column, operator, values in spec.where if operator in ORDERS and not isinstance(values[0], str)
    ]
    plain += [spec.of] if spec.of is not None else []
    for column in plain:
        yield stated(column) & outside(_number(ibis, records, column), 0, MOST)
    for recipe in made.values():
        if isinstance(recipe, Bands):
            high = MOST if recipe.limit is None else recipe.limit
            yield stated(recipe.column) & outside(_banded(ibis, records, recipe), recipe.breaks[0], high)
    for column, operator, values in spec.where:
        if column not in made and operator in ORDERS and isinstance(values[0], str):
            yield stated(column) & _moment(ibis, records, column).isnull()


__all__ = ["ibis_counts", "long_with_ibis", "table_with_ibis"]
