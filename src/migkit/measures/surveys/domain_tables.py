"""Domains of a sample, and the tables of estimates that have one row for each of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import NOT_STATED, TOTAL, classifier, column_names, need_columns
from migkit.measures.surveys.design import WHAT

#: Columns of every table of estimates.
COLUMNS = ("estimate", "se", "cv", "low", "high", "n", "unanswered", "df", "deff")


def domains(sample: pd.DataFrame, by: Any) -> Iterator[tuple[Any, np.ndarray]]:
    """Each domain's label and the rows in it, the whole sample last as "Total"; blanks as "Not stated".

    >>> people = pd.DataFrame({"sex": ["M", "F", None]})
    >>> [label for label, rows in domains(people, "sex")]
    ['F', 'M', 'Not stated', 'Total']
    """
    everybody = np.ones(len(sample), dtype=bool)
    names = [] if by is None else column_names(by, "by")
    need_columns(sample, names, WHAT)
    held = [classifier(sample[name]) for name in names]
    if len(held) == 1:
        for code, level in enumerate(held[0].cat.categories):
            rows = (held[0].cat.codes == code).to_numpy(dtype=bool)
            if rows.any() or level != NOT_STATED:
                yield level, rows
    elif held:
        codes = np.column_stack([one.cat.codes for one in held])
        for combination in np.unique(codes, axis=0):
            label = tuple(one.cat.categories[code] for one, code in zip(held, combination, strict=True))
            yield label, (codes == combination).all(axis=1)
    yield (TOTAL, *[""] * (len(names) - 1)) if len(names) > 1 else TOTAL, everybody


def labelled(rows: list[dict[str, Any]], labels: list[Any], names: Sequence[Any]) -> pd.DataFrame:
    """A table of rows whose index holds the domains.

    >>> labelled([{"n": 3}], [("F", "GMB")], ["sex", "born"]).index.names
    FrozenList(['sex', 'born'])
    """
    if len(names) > 1:
        index: pd.Index = pd.MultiIndex.from_tuples(labels, names=list(names))
    else:
        index = pd.Index(labels, name=names[0] if names else None, dtype=object)
    return pd.DataFrame(rows, index=index)


def stacked(tables: Mapping[Any, pd.DataFrame], names: Sequence[Any], key_names: Sequence[Any]) -> pd.DataFrame:
    """Tables of the same domains put together: below each domain one row from each table.

    Args:
        tables: key (or tuple of keys) to table.
        names: columns of the domains; none for a table of all only.
        key_names: names of the keys.

    >>> whole = pd.DataFrame({"estimate": [0.5], "n": [10]}, index=["Total"])
    >>> stacked({"share": whole, "mean": whole * 2}, [], ["measure"])["n"].to_dict()
    {'share': 10, 'mean': 20}
    """
    rows, labels = [], []
    domain_labels = list(next(iter(tables.values())).index) if tables else []
    for at, domain in enumerate(domain_labels):
        front = () if not names else domain if isinstance(domain, tuple) else (domain,)
        for key, table in tables.items():
            label = (*front, *(key if isinstance(key, tuple) else (key,)))
            labels.append(label if len(label) > 1 else label[0])
            rows.append(dict(table.iloc[at]))
    held = labelled(rows, labels, [*names, *key_names])
    order = [name for name in (*COLUMNS, "outliers") if name in held]
    whole = {name: "int64" for name in ("n", "unanswered", "df", "outliers") if name in held}
    return held[order].astype(whole)


__all__ = ["COLUMNS", "domains", "labelled", "stacked"]
