"""Hot-deck imputation: a missing answer taken from a person who is like the one who did not answer."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from migkit.measures._input import column_names, is_unknown, need_columns, shown, whole_number
from migkit.measures.census_quality.corrections import Corrected, put, written
from migkit.reference import KitError, _

METHODS = ("random", "sequential")


def hot_deck(
    persons: pd.DataFrame,
    column: str,
    classes: str | Sequence[str],
    seed: int | None = None,
    method: str = "random",
    order: str | None = None,
    asked: pd.Series | None = None,
) -> Corrected:
    """Fill missing answers with those of donors of the same class, and write down each change.

    ::

        class    = same values in all columns of ``classes``; where it has no donor, without the last column,
                   then without the last two, and so on to everybody
        random     a donor drawn with equal chances from the class (needs a seed)
        sequential the nearest donor before in the order, or the first one where there is none before

    The table stays whole and its shares become those of the people like them, which is right only if those who
    did not answer are like those of their class who did. An imputed value is no observation: keep the log, publish
    its share, and never link or follow up persons by it.

    Source: United Nations, Handbook on Population and Housing Census Editing, Revision 1 (2010), on dynamic
    imputation (hot deck).

    Args:
        persons: one row a person.
        column: the column to fill.
        classes: the columns that make people alike, the most important first.
        seed: for the draws of ``"random"``.
        method: ``"random"`` or ``"sequential"``.
        order: a column that puts persons in order (identifier, or area and number); without it the index does. The
            result depends on it, not on the order of the rows.
        asked: True for those to whom the question was put; without it, everybody.

    Returns:
        The filled table and the log, with ``rule`` "hot deck" and the number of classes that agree, such as
        "hot deck 2 of 2".

    Raises:
        KitError: if nobody answered, an order repeats itself, or the seed is missing.

    >>> people = pd.DataFrame({"sex": ["F", "F", "M", "M"], "literate": ["Y", None, "N", None]})
    >>> result = hot_deck(people, "literate", "sex", seed=1)
    >>> result.persons["literate"].tolist(), result.log["rule"].tolist()
    (['Y', 'Y', 'N', 'N'], ['hot deck 1 of 1', 'hot deck 1 of 1'])
    """
    what = _("The table of persons")
    names = column_names(classes, what)
    need_columns(persons, [column, *names, *([] if order is None else [order])], what)
    if method not in METHODS:
        raise KitError(
            _("There is no method {method!r}; use one of {known}.").format(method=method, known=", ".join(METHODS))
        )
    if column in names:
        raise KitError(_("Column {c!r} cannot be its own class.").format(c=column))
    if method == "random" and seed is None:
        raise KitError(_("Draws need a seed, so that they can be repeated: give seed=1."))
    rows = _in_order(persons, order)
    wanted = is_unknown(persons[column]).to_numpy(dtype=bool)
    answered = ~wanted
    if asked is not None:
        if len(asked) != len(persons):
            raise KitError(_("'asked' has {n} values, the table {m} rows.").format(n=len(asked), m=len(persons)))
        put_to = pd.Series(asked).fillna(False).to_numpy(dtype=bool)
        wanted, answered = wanted & put_to, answered & put_to
    if wanted.any() and not answered.any():
        raise KitError(_("Nobody answered {c}, so there is no donor.").format(c=shown(column)))
    rng = np.random.default_rng(None if seed is None else whole_number(seed, _("The seed")))
    donor = np.full(len(persons), -1)
    agree = np.zeros(len(persons), dtype=int)
    todo = rows[wanted[rows]]
    for used in range(len(names), -1, -1):
        if not len(todo):
            break
        keys = _keys(persons, names[:used])
        found = _draw(keys, rows, todo, answered, rng if method == "random" else None)
        donor[todo], agree[todo] = found, used
        todo = todo[found < 0]
    places = np.flatnonzero(wanted)
    values = persons[column].to_numpy(dtype=object)
    work = persons.copy()
    put(work, column, places, values[donor[places]])
    rules = [f"hot deck {agree[place]} of {len(names)}" for place in places]
    old, new = list(values[places]), list(values[donor[places]])
    return Corrected(work, written(persons, places, [column] * len(places), old, new, rules))


def _in_order(persons: pd.DataFrame, order: str | None) -> np.ndarray:
    """The rows by ``order``; it must not repeat itself, or the order of the rows would decide."""
    key = pd.Series(persons.index if order is None else persons[order].to_numpy()).astype(object)
    if key.isna().any() or key.duplicated().any():
        raise KitError(
            _("{what} must be given and differ in every row, so that the result does not depend on their order.")
            .format(what=_("The index") if order is None else _("Column {c!r}").format(c=order))
        )  # fmt: skip
    try:
        return np.argsort(key.to_numpy(), kind="stable")
    except TypeError:
        return np.argsort(key.map(str).to_numpy(), kind="stable")


def _keys(persons: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """A number for each class."""
    if not names:
        return np.zeros(len(persons), dtype=np.int64)
    held = [persons[name].astype(object).where(persons[name].notna(), None) for name in names]
    return np.asarray(pd.MultiIndex.from_arrays(held).factorize()[0], dtype=np.int64)


def _draw(
    keys: np.ndarray, rows: np.ndarray, todo: np.ndarray, answered: np.ndarray, rng: np.random.Generator | None
) -> np.ndarray:
    """A donor for each row of ``todo``, -1 where its class has none; ``rng`` None takes the nearest before."""
    donors = rows[answered[rows]]
    rank = np.empty(len(keys), dtype=np.int64)
    rank[rows] = np.arange(len(rows))
    by_class = np.lexsort((rank[donors], keys[donors]))
    donors = donors[by_class]
    low = np.searchsorted(keys[donors], keys[todo], side="left")
    high = np.searchsorted(keys[donors], keys[todo], side="right")
    if rng is not None:
        at = low + (rng.random(len(todo)) * (high - low)).astype(np.int64)
    else:
        at = np.array([start + max(0, np.searchsorted(rank[donors[start:end]], rank[t]) - 1)
                       for start, end, t in zip(low, high, todo, strict=True)], dtype=np.int64)  # fmt: skip
    safe = np.minimum(at, len(donors) - 1)
    return np.where(high > low, donors[safe] if len(donors) else -1, -1)


__all__ = ["METHODS", "hot_deck"]
