"""Which cells of an office's tables are the same, and which add up to others, across tables of different people.

A reader lays all tables side by side. The women born in Guinea stand in the table of all residents and in that of
the foreign-born; the foreign-born aged 15 to 24 are those of two groups of five years in another table. Disclosure
control must know these ties, or it hides in one table what another gives away.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from migkit.measures.definitions import NOT_STATED
from migkit.measures.tables import Bands, Groups, TableSpec

#: A cell: labels (classifier, label) without totals, and the conditions of the universe that no label says.
Identity = frozenset[tuple[Hashable, ...]]
#: A sum that holds: the cell, and the cells that add up to it.
Relation = tuple[Identity, tuple[Identity, ...]]


def identity(spec: TableSpec, labels: frozenset[tuple[str, str]]) -> Identity:
    """What a cell of a table counts, told in one way whatever the table.

    A condition that asks for one code is a label; a group of one code is that code; a group of all the other codes
    ("Born abroad") is the condition that says so; a condition that a label implies goes.

    Args:
        spec: the table.
        labels: the cell's labels without "Total".
    """
    facts: set[tuple[Hashable, ...]] = set(spec.where)
    recipes = {recipe.name: recipe for recipe in spec.derive}
    for name, label in labels:
        recipe = recipes.get(name)
        if isinstance(recipe, Groups):
            facts.add(_group(recipe, label))
        else:
            facts.add((name, label))
    facts = {_as_label(fact) for fact in facts}
    known = {fact[0]: fact[1] for fact in facts if len(fact) == 2}
    return frozenset(fact for fact in facts if not _implied(fact, known))


def _as_label(fact: tuple[Hashable, ...]) -> tuple[Hashable, ...]:
    """A condition that allows one code says what a label says."""
    if len(fact) == 3 and fact[1] == "in" and isinstance(fact[2], tuple) and len(fact[2]) == 1:
        return (fact[0], fact[2][0])
    return fact


def _group(recipe: Groups, label: str) -> tuple[Hashable, ...]:
    codes = dict(recipe.groups)
    if label in codes and len(codes[label]) == 1:
        return (recipe.column, codes[label][0])
    if label == recipe.other:
        named = tuple(code for group in codes.values() for code in group)
        return (recipe.column, "not in", named)
    return (recipe.column if label == NOT_STATED else recipe.name, label)


def _implied(fact: tuple[Hashable, ...], known: dict[Hashable, Hashable]) -> bool:
    """Whether a label says already what a condition asks: a country of birth that is not the own one."""
    if len(fact) != 3 or fact[1] != "not in" or fact[0] not in known or not isinstance(fact[2], tuple):
        return False
    return known[fact[0]] not in (*fact[2], NOT_STATED)


def relations(specs: Sequence[TableSpec], cells: Sequence[Identity]) -> Iterator[Relation]:
    """The sums over ages that hold between tables: a wide band is the narrow ones in it, "15 or more" its bands.

    Args:
        specs: the tables.
        cells: every cell that some table shows, by its identity.
    """
    there = set(cells)
    bands = list(
        dict.fromkeys(r for spec in specs for r in spec.derive if isinstance(r, Bands) and r.since is None)
    )
    limits = list(dict.fromkeys(c for spec in specs for c in spec.where if c[1] == ">="))
    for cell in dict.fromkeys(cells):
        for wide in bands:
            label = next((fact[1] for fact in cell if len(fact) == 2 and fact[0] == wide.name), None)
            if label in wide.labels:
                low, high = _ends(wide, wide.labels.index(str(label)))
                yield from _sums(cell, (wide.name, label), low, high, bands, there)
        for column, operator, values in limits:
            if (column, operator, values) in cell:
                fits = [each for each in bands if each.column == column]
                yield from _sums(cell, (column, operator, values), values[0], None, fits, there)


def _ends(bands: Bands, place: int) -> tuple[float, float | None]:
    last = place + 1 == len(bands.breaks)
    return bands.breaks[place], None if last else bands.breaks[place + 1]


def _sums(
    cell: Identity,
    fact: tuple[Hashable, ...],
    low: float,
    high: float | None,
    bands: Sequence[Bands],
    there: set[Identity],
) -> Iterator[Relation]:
    """The cell as the sum of the bands from ``low`` to ``high``, in each table that shows them all."""
    for narrow in bands:
        if fact[0] == narrow.name:
            continue
        ends = [_ends(narrow, place) for place in range(len(narrow.labels))]
        inside = [at for at, (begin, end) in enumerate(ends) if begin >= low and _within(end, high)]
        if not inside or ends[inside[0]][0] != low or ends[inside[-1]][1] != high:
            continue
        parts = tuple((cell - {fact}) | {(narrow.name, narrow.labels[at])} for at in inside)
        if all(part in there for part in parts):
            yield cell, parts


def _within(end: float | None, high: float | None) -> bool:
    """Whether a band that ends at ``end`` (None: open) lies below ``high`` (None: no limit)."""
    return high is None or (end is not None and end <= high)


__all__ = ["Identity", "Relation", "identity", "relations"]
