"""The integrated person table: one row a person, from all sources that saw the person.

Sources disagree. Which value survives is a rule, declared as data, one for each variable; where a value came from,
and that sources disagreed, stays visible.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migkit.measures._input import in_order, is_unknown, need_columns, shown
from migkit.measures.integration.evaluation import as_pairs
from migkit.measures.integration.keys import date_text, plain_text, record_ids
from migkit.reference import KitError, _

#: How a value may be chosen.
HOW = ("trusted", "latest", "most_common", "longest")


@dataclass(frozen=True)
class Survivor:
    """Which of several values of one variable survives.

    Attributes:
        variable: the column of the person table.
        how: "trusted": the first of ``order`` that states a value; "latest": the value with the latest date;
            "most_common": what most records say; "longest": the most complete text. Ties go by ``order``.
        order: the sources, the most trusted first; without it, the order in which they were given.
        date: for "latest", the column of the date at which a value was stated.
    """

    variable: str
    how: str = "trusted"
    order: tuple[str, ...] = ()
    date: str | None = None


def integrate(
    sources: Mapping[str, pd.DataFrame],
    links: Mapping[tuple[str, str], pd.DataFrame],
    survivors: Sequence[Survivor],
    ids: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """The integrated person table: one row for each person that any source saw.

    Records that links join, directly or through others, are one person. A person with two records of one source is
    kept, and marked: either the source holds a duplicate, or links went wrong.

    Source: UNECE, Guide to Data Integration for Official Statistics (2017), for the steps; survivorship rules as
    data are ours.

    Args:
        sources: name -> one row a record, columns called alike.
        links: (name, name) -> the links between two sources; first two columns: their identifiers, in that order.
        survivors: one for each variable of the person table.
        ids: source -> the column that identifies its records; for others, the index.

    Returns:
        One row a person, ordered by the first record: ``person`` (a number from 1); ``in_NAME`` for each source
        (whether it saw the person); ``records``; ``two_in_one_source``; and for each variable its value,
        ``VARIABLE_from`` (the source that gave it) and ``VARIABLE_conflict`` (whether known values differ);
        then ``id_NAME``, the first identifier in each source.

    Raises:
        KitError: if a source, column or record that is named is not there, or a rule is not understood.

    >>> census = pd.DataFrame({"sex": ["F", "M"], "job": ["cook", None]}, index=["c1", "c2"])
    >>> permits = pd.DataFrame({"sex": ["F", "M"], "job": ["chef", "driver"]}, index=["p1", "p2"])
    >>> links = {("census", "permits"): pd.DataFrame({"c": ["c1"], "p": ["p1"]})}
    >>> table = integrate({"census": census, "permits": permits}, links,
    ...                   [Survivor("sex"), Survivor("job", order=("permits", "census"))])
    >>> table[["in_census", "in_permits", "sex", "job", "job_from", "job_conflict"]].values.tolist()[0]
    [True, True, 'F', 'chef', 'permits', True]
    >>> len(table)
    3
    """
    if not isinstance(sources, Mapping) or not sources:
        raise KitError(_("sources: give a name and a table for each source."))
    _check_survivors(survivors, sources)
    identifiers = {
        name: record_ids(frame, (ids or {}).get(name), _source(name)) for name, frame in sources.items()
    }
    records = _records(sources, identifiers, survivors)
    records["person"] = _persons(identifiers, links, len(records))
    # Persons are numbered by the order of their first record's identifier, source by source.
    seen = records.groupby(["person", "source"], sort=False, observed=True).size()
    people = pd.Index(np.unique(records["person"].to_numpy()), name="person")
    table = pd.DataFrame(index=people)
    for name in sources:
        table[f"in_{name}"] = people.isin(records.loc[records["source"] == name, "person"])
    table["records"] = records.groupby("person").size().reindex(people).to_numpy(dtype=np.int64)
    most = seen.groupby(level="person").max().reindex(people).to_numpy() if len(seen) else np.zeros(0)
    table["two_in_one_source"] = most > 1
    for rule in survivors:
        value, origin, conflict = _survivor(records, rule, list(sources), people)
        table[rule.variable] = value
        table[f"{rule.variable}_from"] = origin
        table[f"{rule.variable}_conflict"] = conflict
    for name in sources:
        own = records[records["source"] == name].drop_duplicates("person").set_index("person")["id"]
        table[f"id_{name}"] = own.reindex(people).astype(object)
    return table.reset_index().assign(person=lambda frame: frame["person"] + 1)


def _source(name: str) -> str:
    return _("The source {name!r}").format(name=name)


def _check_survivors(survivors: Sequence[Survivor], sources: Mapping[str, pd.DataFrame]) -> None:
    for rule in survivors:
        if not isinstance(rule, Survivor) or rule.how not in HOW:
            raise KitError(
                _("survivors: give Survivor(variable, how) with one of {how}; got {x}.").format(
                    how=", ".join(HOW), x=shown(rule)
                )
            )
        strange = [name for name in rule.order if name not in sources]
        if strange:
            raise KitError(
                _("The order of {v!r} names the source {x!r}; the sources are {known}.").format(
                    v=rule.variable, x=strange[0], known=", ".join(sources)
                )
            )
        if not any(rule.variable in frame.columns for frame in sources.values()):
            raise KitError(_("No source has the column {v!r}.").format(v=rule.variable))
        if rule.how == "latest" and rule.date is None:
            raise KitError(_("The latest {v!r} needs the column of a date: date=.").format(v=rule.variable))
    variables = [rule.variable for rule in survivors]
    if len(set(variables)) < len(variables):
        raise KitError(_("survivors: give one rule for each variable."))


def _records(
    sources: Mapping[str, pd.DataFrame], identifiers: Mapping[str, pd.Series], survivors: Sequence[Survivor]
) -> pd.DataFrame:
    """All records below each other, in the order of their identifiers: source, id and what the rules need."""
    parts = []
    for name, frame in sources.items():
        part = pd.DataFrame({"source": name, "id": identifiers[name].to_numpy()}, index=range(len(frame)))
        for rule in survivors:
            has = rule.variable in frame.columns
            part[f"value {rule.variable}"] = frame[rule.variable].to_numpy(dtype=object) if has else None
            if rule.date is not None:
                need_columns(frame, [rule.date] if has else [], _source(name))
                part[f"date {rule.variable}"] = date_text(frame[rule.date]).to_numpy() if has else None
        place = {value: at for at, value in enumerate(in_order(part["id"]))}
        parts.append(part.astype(object).iloc[np.argsort(part["id"].map(place).to_numpy(dtype=np.int64))])
    return pd.concat(parts, ignore_index=True)


def _persons(
    identifiers: Mapping[str, pd.Series], links: Mapping[tuple[str, str], pd.DataFrame], size: int
) -> NDArray[np.int64]:
    """The person of each record, numbered by first record."""
    start, rows = 0, {}
    for name, ids in identifiers.items():
        rows[name] = {value: start + at for at, value in enumerate(in_order(ids))}
        start += len(ids)
    ends: list[list[int]] = [[], []]
    for names, pairs in links.items():
        if not isinstance(names, tuple) or len(names) != 2 or any(name not in rows for name in names):
            raise KitError(
                _("links: {x} does not name two sources; the sources are {known}.").format(
                    x=names, known=", ".join(rows)
                )
            )
        what = _("The links of {a} and {b}").format(a=names[0], b=names[1])
        table = as_pairs(pairs, what)
        for side, name in enumerate(names):
            for value in table.iloc[:, side]:
                if value not in rows[name]:
                    raise KitError(
                        _("{what} name the record {x}, which {name!r} does not have.").format(
                            what=what, x=shown(value), name=name
                        )
                    )
                ends[side].append(rows[name][value])
    from scipy.sparse import coo_array  # scipy is loaded where it is needed
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(ends[0])), (ends[0], ends[1])), shape=(size, size))
    groups = connected_components(graph, directed=False)[1] if size else np.zeros(0, dtype=np.int64)
    return np.asarray(pd.factorize(groups)[0], dtype=np.int64)


def _survivor(
    records: pd.DataFrame, rule: Survivor, sources: list[str], people: pd.Index
) -> tuple[pd.Series, pd.Series, pd.Series]:
    """The value that survives of each person, its source, and whether known values differ."""
    trust = {name: at for at, name in enumerate([*rule.order, *(s for s in sources if s not in rule.order)])}
    held = records[["person", "source"]].assign(value=records[f"value {rule.variable}"])
    held["trust"] = held["source"].map(trust)
    if rule.how == "latest":
        held["rank"] = records[f"date {rule.variable}"].fillna("").astype(str)
    known = held[~is_unknown(held["value"])].copy()
    known["plain"] = plain_text(known["value"])
    falling = ["rank"]
    if rule.how == "most_common":
        known["rank"] = known.groupby(["person", "plain"])["plain"].transform("size")
    elif rule.how == "longest":
        known["rank"] = known["plain"].str.len()
    elif rule.how == "trusted":
        falling = []
    order = known.sort_values(
        ["person", *falling, "trust"], ascending=[True, *[False] * len(falling), True], kind="stable"
    )
    best = order.drop_duplicates("person").set_index("person")
    differ = known.groupby("person")["plain"].nunique().gt(1).reindex(people, fill_value=False)
    return (
        best["value"].reindex(people).astype(object),
        best["source"].reindex(people).astype(object),
        differ.astype(bool),
    )


def capture_history(persons: pd.DataFrame, sources: Sequence[str]) -> pd.DataFrame:
    """How many persons each combination of sources saw: the table that capture-recapture works on.

    Source: Y. M. M. Bishop, S. E. Fienberg and P. W. Holland, Discrete Multivariate Analysis (1975), chapter 6.

    Args:
        persons: the integrated table, with a column ``in_NAME`` for each source.
        sources: the names.

    Returns:
        One row a combination, all sources first: a column of 1 and 0 for each source, and ``persons``. The
        combination that no source saw has no row: its number is what one wants to estimate.

    Raises:
        KitError: if a column is missing.

    >>> persons = pd.DataFrame({"in_census": [True, True, False], "in_permits": [True, False, True]})
    >>> capture_history(persons, ["census", "permits"]).values.tolist()
    [[1, 1, 1], [1, 0, 1], [0, 1, 1]]
    """
    names = [sources] if isinstance(sources, str) else list(sources)
    need_columns(persons, [f"in_{name}" for name in names], _("The person table"))
    if not names:
        raise KitError(_("sources: name the sources whose combinations are counted."))
    seen = pd.DataFrame({name: persons[f"in_{name}"].astype("int64").to_numpy() for name in names})
    grid = pd.MultiIndex.from_product([[1, 0]] * len(names), names=names)
    counts = seen.value_counts().reindex(grid, fill_value=0) if len(names) > 1 else seen[names[0]].value_counts()
    table = counts.reindex(grid if len(names) > 1 else [1, 0], fill_value=0).rename("persons")
    rows = table.rename_axis(names).reset_index()
    return rows[rows[names].sum(axis=1) > 0].astype("int64").reset_index(drop=True)


def dual_counts(history: pd.DataFrame, first: str, second: str) -> dict[str, int]:
    """Two lists out of a capture history: what :func:`migkit.measures.coverage.dual_system` takes.

    Args:
        history: made by :func:`capture_history`.
        first: the name of one source.
        second: the name of another.

    Returns:
        ``n1``, ``n2`` and ``m``: persons on the first list, on the second, on both.

    Raises:
        KitError: if a column is missing.

    >>> history = pd.DataFrame({"census": [1, 1, 0], "permits": [1, 0, 1], "persons": [64, 16, 16]})
    >>> dual_counts(history, "census", "permits")
    {'n1': 80, 'n2': 80, 'm': 64}
    """
    need_columns(history, [first, second, "persons"], _("The capture history"))
    one, two, n = (history[name] for name in (first, second, "persons"))
    return {
        "n1": int(n[one == 1].sum()),
        "n2": int(n[two == 1].sum()),
        "m": int(n[(one == 1) & (two == 1)].sum()),
    }


__all__ = ["HOW", "Survivor", "capture_history", "dual_counts", "integrate"]
