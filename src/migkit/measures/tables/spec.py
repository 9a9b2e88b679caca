"""The specification of a table: all that a reader needs to understand it, and all that is needed to make it.

**The contract.** A :class:`TableSpec` is data. The same specification runs

* on a pandas frame (:func:`make_table`, :func:`long_table`),
* on a cube that DuckDB made in one pass over a Parquet or CSV file (:func:`make_cube`, :func:`table_from_cube`),
* through Ibis on DuckDB or Spark (:func:`ibis_counts`, :func:`table_with_ibis`),

and gives the same figures, labels and order everywhere.

*Classifiers* are the columns named in ``rows`` and ``columns``: one name, or a tuple of names, any number in all.
A classifier is a column of the data or a name that ``derive`` makes (bands of ages, groups of codes).

*Labels.* Values of a classifier keep their own form; blanks and the codes X and XXX become "Not stated"
(``NOT_STATED``), which is always there, even where it is zero; sums over a classifier carry the label "Total"
(``TOTAL``). Order: the values (categories in their order, others sorted), "Not stated", "Total". A code that no
list knows is a category like others: nothing is dropped.

*The long form* (:func:`long_table`) has one row a cell, all combinations of labels, totals included, in reading
order: a categorical column for each classifier (rows first, then columns), then ``value`` (the figure) and ``n``
(the number of records behind it, not weighted, which disclosure control asks for). :func:`wide_table` brings it
into the shape that is printed; :func:`long_from_table` goes back.

*The universe* is told twice: in words (``universe``) for the reader, and as data (``where``) for the machine. A
person is in it if all conditions hold; where an answer is unknown a condition is neither true nor false, and the
person is left out and counted (:func:`universe_counts`), so that a note can say how many.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from migkit.measures._input import column_names, shown
from migkit.measures.tables.derive import Derived
from migkit.reference import KitError, _

#: A condition: column, operator, values.
Condition = tuple[str, str, tuple[Any, ...]]

LISTS = ("in", "not in")
ORDERS = (">=", ">", "<=", "<")
KNOWN = ("is stated", "is not stated")
MEASURES = ("count", "sum", "mean")
PERCENTS = (None, "row", "column", "total")


@dataclass(frozen=True)
class TableSpec:
    """All that a reader needs to understand a table, and all that is needed to make it.

    Attributes:
        title: what, where, when.
        universe: who is counted, in words.
        unit: what the figures are ("persons").
        rows: the classifier whose values make the rows, or a tuple of classifiers.
        columns: the classifier whose values make the columns, or a tuple; None for a table of totals.
        notes: definitions and warnings that belong under the table.
        source: where the data come from.
        weight: the column of weights; None counts each row once.
        key: a short name, unique among the tables of an office ("stock_birth_sex").
        where: the universe as data: conditions (column, operator, values) that must all hold. Operators: "in",
            "not in"; ">=", ">", "<=", "<" with a number or a date "2024-07-01"; "is stated", "is not stated".
        derive: classifiers that follow from a column (Bands, Groups).
        measure: "count" (of rows, or sum of weights), "sum" or "mean" of the column ``of``.
        of: the column that is summed or averaged.
        percent: None gives figures; "row", "column" or "total" gives them as per cent of the total of the row, of
            the column or of the table.
        standard: which manual recommends the table, if one does.
        proposed: True where the kit proposes the table and no standard does.

    >>> spec = TableSpec(
    ...     "Foreign-born adults", "Born abroad, 15 or more", "persons", "country_birth", "sex", (), "Example",
    ...     where=(("age", ">=", 15), ("country_birth", "not in", "GMB")),
    ... )
    >>> spec.where
    (('age', '>=', (15,)), ('country_birth', 'not in', ('GMB',)))
    """

    title: str
    universe: str
    unit: str
    rows: Any
    columns: Any
    notes: tuple[str, ...]
    source: str
    weight: str | None = None
    key: str = ""
    where: tuple[Any, ...] = ()
    derive: tuple[Derived, ...] = ()
    measure: str = "count"
    of: str | None = None
    percent: str | None = None
    standard: str = ""
    proposed: bool = False

    def __post_init__(self) -> None:
        """Bring lists into tuples and conditions into one form; refuse what cannot be run."""
        for field in ("rows", "columns", "notes"):
            held = getattr(self, field)
            if isinstance(held, list):
                object.__setattr__(self, field, tuple(held))
        conditions = tuple(_condition(each, self.title) for each in self.where)
        object.__setattr__(self, "where", conditions)
        recipes = (self.derive,) if isinstance(self.derive, Derived) else tuple(self.derive)
        if not all(isinstance(recipe, Derived) for recipe in recipes):
            raise KitError(
                _("The table {t!r}: derive lists Bands and Groups; got {v}.").format(
                    t=self.title, v=", ".join(map(shown, recipes))
                )
            )
        object.__setattr__(self, "derive", recipes)
        names = [recipe.name for recipe in recipes]
        for column, operator, _values in conditions:
            if column in names and operator in ORDERS:
                raise KitError(
                    _(
                        "The table {t!r}: {c!r} is derived and has labels, not numbers; put the condition on its "
                        "column, or list the labels."
                    ).format(t=self.title, c=str(column))
                )
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise KitError(_("The table {t!r} derives {name!r} twice.").format(t=self.title, name=twice[0]))
        _one_of(self.measure, MEASURES, "measure", self.title)
        _one_of(self.percent, PERCENTS, "percent", self.title)
        if (self.measure == "count") != (self.of is None):
            raise KitError(
                _(
                    "The table {t!r}: a sum or a mean names its column in `of`, a count does not; got measure "
                    "{m!r} and of {of}."
                ).format(t=self.title, m=self.measure, of=shown(self.of))
            )
        if self.measure == "mean" and self.percent:
            raise KitError(_("The table {t!r}: means cannot be given as per cent.").format(t=self.title))

    @property
    def row_names(self) -> list[Any]:
        """The classifiers of the rows, as a list."""
        return column_names(self.rows, _("The table {t!r}, rows").format(t=self.title))

    @property
    def column_names(self) -> list[Any]:
        """The classifiers of the columns, as a list; empty for a table of totals."""
        if self.columns is None:
            return []
        return column_names(self.columns, _("The table {t!r}, columns").format(t=self.title))

    @property
    def classifiers(self) -> list[Any]:
        """All classifiers, rows first."""
        return [*self.row_names, *self.column_names]

    @property
    def recipes(self) -> dict[Any, Derived]:
        """The derived classifiers that the table or its universe uses, by name."""
        asked = {*self.classifiers, *(column for column, _operator, _values in self.where)}
        return {recipe.name: recipe for recipe in self.derive if recipe.name in asked}

    def needs(self) -> list[Any]:
        """The columns that the data must hold, each once."""
        made = self.recipes
        asked = [*self.classifiers, *(column for column, _operator, _values in self.where)]
        named = [name for name in asked if name not in made]
        named += [recipe.column for recipe in made.values()]
        named += [name for name in (self.weight, self.of) if name is not None]
        return list(dict.fromkeys(named))


def need_spec(spec: Any) -> None:
    """Raise a KitError unless ``spec`` is a specification of a table."""
    if not isinstance(spec, TableSpec):
        raise KitError(
            _("The second argument must be a TableSpec, but it is a {kind}.").format(kind=type(spec).__name__)
        )


def rename_columns(spec: TableSpec, names: Mapping[str, str]) -> TableSpec:
    """The same table for a file whose columns have other names.

    Args:
        spec: the specification.
        names: for each column of the specification the name that the file has for it; others stay. Names that the
            specification derives itself stay too.

    >>> spec = TableSpec("By birthplace", "All", "persons", "country_birth", "sex", (), "Example", weight="weight")
    >>> rename_columns(spec, {"country_birth": "P12", "weight": "poids"}).needs()
    ['P12', 'sex', 'poids']
    """
    made = {recipe.name for recipe in spec.derive}

    def new(name: Any) -> Any:
        return name if name in made else names.get(name, name)

    def each(field: Any) -> Any:
        return tuple(map(new, field)) if isinstance(field, tuple) else new(field)

    return replace(
        spec,
        rows=each(spec.rows),
        columns=each(spec.columns),
        weight=names.get(spec.weight, spec.weight) if spec.weight else spec.weight,
        of=names.get(spec.of, spec.of) if spec.of else spec.of,
        where=tuple((new(column), operator, values) for column, operator, values in spec.where),
        derive=tuple(replace(recipe, column=names.get(recipe.column, recipe.column)) for recipe in spec.derive),
    )


def table_metadata(spec: TableSpec, *, synthetic: bool = False, **more: Any) -> dict[str, Any]:
    """What a table says about itself, as a flat dictionary for a metadata sheet or an exchange file.

    Args:
        spec: the specification.
        synthetic: True if the data were made for training; the mark must then be on every output.
        more: anything else that the office adds (``reference_date="2024-07-01"``).

    Returns:
        key, title, universe, universe_rule, unit, measure, weight, rows, columns, notes, source, standard,
        proposed, synthetic, and what was added.

    >>> spec = TableSpec("By sex", "Adults", "persons", "sex", None, (), "Example", where=(("age", ">=", 18),))
    >>> table_metadata(spec, synthetic=True)["universe_rule"]
    'age >= 18'
    """
    need_spec(spec)
    measure = spec.measure if spec.of is None else f"{spec.measure} of {spec.of}"
    if spec.percent:
        measure += f", per cent of {spec.percent}"
    return {
        "key": spec.key,
        "title": spec.title,
        "universe": spec.universe,
        "universe_rule": " and ".join(map(condition_text, spec.where)),
        "unit": spec.unit,
        "measure": measure,
        "weight": spec.weight or "",
        "rows": tuple(spec.row_names),
        "columns": tuple(spec.column_names),
        "notes": tuple(spec.notes),
        "source": spec.source,
        "standard": spec.standard,
        "proposed": spec.proposed,
        "synthetic": synthetic,
        **more,
    }


def condition_text(condition: Condition) -> str:
    """A condition as a person reads it: ``age >= 15``."""
    column, operator, values = condition
    if operator in KNOWN:
        return f"{column} {operator}"
    listed = ", ".join(map(str, values))
    return f"{column} {operator} ({listed})" if operator in LISTS else f"{column} {operator} {listed}"


def _condition(given: Any, title: str) -> Condition:
    """One condition as column, operator and a tuple of values."""
    if not isinstance(given, (tuple, list)) or not 2 <= len(given) <= 3:
        raise KitError(
            _(
                'The table {t!r}: a condition is (column, operator, values), like ("age", ">=", 15); got {c}.'
            ).format(t=title, c=shown(given))
        )
    column, operator, *rest = given
    _one_of(operator, (*LISTS, *ORDERS, *KNOWN), _("operator of {c!r}").format(c=str(column)), title)
    held = rest[0] if rest else ()
    values = tuple(held) if isinstance(held, (tuple, list, set, frozenset)) else (held,)
    if isinstance(held, (set, frozenset)):
        values = tuple(sorted(values, key=str))
    values = tuple(value.isoformat()[:10] if isinstance(value, dt.date) else value for value in values)
    if operator in KNOWN:
        values = ()
    if operator in LISTS and not values:
        raise KitError(_("The table {t!r}: the condition on {c!r} lists no value.").format(t=title, c=str(column)))
    if operator in ORDERS and (len(values) != 1 or not _has_order(values[0])):
        raise KitError(
            _('The table {t!r}: {c!r} {op} needs one number or one date like "2024-07-01"; got {v}.').format(
                t=title, c=str(column), op=operator, v=", ".join(map(shown, values)) or _("nothing")
            )
        )
    return column, operator, values


def _has_order(value: Any) -> bool:
    if isinstance(value, str):
        try:
            dt.date.fromisoformat(value)
        except ValueError:
            return False
        return True
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value


def _one_of(value: Any, known: tuple[Any, ...], what: str, title: str) -> None:
    if value not in known:
        raise KitError(
            _("The table {t!r}: {what} is {value}; it may be {known}.").format(
                t=title, what=what, value=shown(value), known=", ".join(map(shown, known))
            )
        )


__all__ = ["TableSpec", "rename_columns", "table_metadata"]
