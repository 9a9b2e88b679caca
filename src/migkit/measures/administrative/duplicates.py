"""The same person or the same event twice in one register: found by rules, settled or put before a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migkit.measures._input import column_names, is_unknown, need_columns, shown, tidy
from migkit.measures.administrative.date_pairs import read_days, swapped_day_month
from migkit.measures.administrative.names import name_key, normalise_name
from migkit.reference import KitError, _

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class DuplicateRule:
    """Records that agree on all these columns may be one.

    Attributes:
        name: what the rule is called in reports.
        on: the columns; a record in which one of them is blank or unknown is left out of the rule.
        sure: whether the rule decides. If not, the records go to the review list.
    """

    name: str
    on: tuple[str, ...]
    sure: bool = True


#: Rules on the columns that identity_keys makes, from the surest to the weakest (assumption).
PERSON_RULES: tuple[DuplicateRule, ...] = (
    DuplicateRule("same name, date of birth and sex", ("name", "birth_day", "sex")),
    DuplicateRule("another spelling, same date of birth and sex", ("name_key", "birth_day", "sex")),
    DuplicateRule("day and month swapped", ("name_key", "birth_either", "sex"), sure=False),
    DuplicateRule("same year of birth", ("name_key", "birth_year", "sex"), sure=False),
)


@dataclass(frozen=True)
class Deduplication:
    """What became of a register.

    Attributes:
        kept: the records that stay, as they were, in their order.
        clusters: one row for each record: ``cluster`` (a number), ``size``, ``kept`` (yes or no), ``rule`` (by
            which it is in the cluster; blank if alone).
        review: records that an unsure rule brings together across clusters: ``group``, ``rule``, ``row``
            (position), ``cluster``.
        report: one line a rule, and before and after: ``records``.
    """

    kept: pd.DataFrame
    clusters: pd.DataFrame
    review: pd.DataFrame
    report: pd.Series


def identity_keys(
    records: pd.DataFrame,
    surname: str = "surname",
    given: str | None = "given",
    birth: str = "dob",
    sex: str | None = "sex",
) -> pd.DataFrame:
    """Columns by which two records of one person can be found although they are not written alike.

    Args:
        records: one row a record.
        surname, given: columns of the names; given may be None where one column holds the full name.
        birth: the column of the date of birth (see clean_dates).
        sex: the column of the sex, or None.

    Returns:
        A table with the index of ``records``: ``name`` and ``name_key`` (words in alphabetical order, so that
        surname and given name may change places), ``birth_day`` (blank where it is 1 January, which many share),
        ``birth_either`` (the same for a date and the one with day and month swapped), ``birth_year``, ``sex``.

    Raises:
        KitError: if a column is missing or a date cannot be read.

    >>> people = pd.DataFrame({"surname": ["Diallo", "Mamadou"], "given": ["Mamadou", "JALLOW"],
    ...                        "dob": ["1984-05-12", "1984-12-05"], "sex": ["M", "M"]})
    >>> identity_keys(people)[["name_key", "birth_either"]].drop_duplicates().values.tolist()
    [['JAlO mAmdO', '1984-05-12']]
    """
    names = [surname, *([given] if given else [])]
    need_columns(records, [*names, birth, *([sex] if sex else [])], _("The table of records"))
    parts = [records[name].astype(object).where(records[name].notna(), "").astype(str) for name in names]
    full = pd.Series([" ".join(each) for each in zip(*parts, strict=True)], index=records.index, dtype=object)
    day = read_days(records[birth])
    swapped = swapped_day_month(day)
    known = day.notna() & day.dt.day_of_year.ne(1)
    either = day.where(swapped.isna() | (day < swapped), swapped)
    table = pd.DataFrame(
        {
            "name": _sorted_words(normalise_name(full)),
            "name_key": _sorted_words(name_key(full)),
            "birth_day": day.dt.strftime("%Y-%m-%d").astype(object).where(known, None).to_numpy(),
            "birth_either": either.dt.strftime("%Y-%m-%d").astype(object).where(known, None).to_numpy(),
            "birth_year": [None if pd.isna(each) else int(each) for each in day.dt.year],
        },
        index=records.index,
        dtype=object,
    )
    return table.assign(sex=tidy(records[sex]) if sex else "any")


def _sorted_words(names: pd.Series) -> pd.Series:
    table = {name: " ".join(sorted(name.split())) for name in names.dropna().unique()}
    return names.map(lambda name: table.get(name))


def _groups(records: pd.DataFrame, rule: DuplicateRule) -> Ints:
    """A number for each record: those of one number agree by the rule; -1 where a column is not known."""
    need_columns(records, rule.on, _("The table of records (rule {name})").format(name=shown(rule.name)))
    held = pd.DataFrame({name: tidy(records[name]).to_numpy() for name in rule.on})
    known = np.ones(len(held), dtype=bool)
    for name in rule.on:
        known &= ~is_unknown(held[name]).to_numpy(dtype=bool)
    found = np.full(len(held), -1, dtype=np.int64)
    if known.any():
        found[known] = held[known].groupby(list(rule.on), sort=False, observed=True).ngroup().to_numpy()
    return found


def _clusters(groups: Sequence[Ints], n: int) -> Ints:
    """Records that any group holds together, directly or through others, get one number, in order of rows."""
    label = np.arange(n, dtype=np.int64)
    known = [(np.flatnonzero(group >= 0), group[group >= 0]) for group in groups]
    changed = True
    while changed:  # everybody takes the lowest number in the group, until nobody has a lower one to take
        before = label.copy()
        for rows, group in known:
            lowest = np.full(int(group.max(initial=-1)) + 1, n, dtype=np.int64)
            np.minimum.at(lowest, group, label[rows])
            label[rows] = lowest[group]
        changed = bool((label != before).any())
    return np.asarray(pd.factorize(label)[0], dtype=np.int64)


def _chosen(records: pd.DataFrame, clusters: Ints, keep: str, by: str | None) -> NDArray[np.bool_]:
    """Which record of each cluster stays."""
    n = len(records)
    rank: NDArray[Any] = np.arange(n, dtype=np.float64) * (-1 if keep == "last" else 1)
    if keep == "fullest":
        rank = np.zeros(n)
        for name in records.columns:
            rank += is_unknown(records[name]).to_numpy(dtype=float)
    elif by is not None:
        need_columns(records, [by], _("The table of records"))
        held = records[by].reset_index(drop=True)
        values = held if held.dtype.kind in "iufM" else tidy(held).astype(str).where(held.notna(), None)
        rank = values.rank(method="dense", ascending=keep == "first", na_option="bottom").to_numpy(dtype=float)
    order = np.lexsort((np.arange(n), rank, clusters))
    kept = np.zeros(n, dtype=bool)
    kept[order[np.diff(clusters[order], prepend=-1) > 0]] = True
    return kept


def deduplicate(
    records: pd.DataFrame,
    rules: Sequence[DuplicateRule] = PERSON_RULES,
    keys: pd.DataFrame | None = None,
    keep: str = "fullest",
    by: str | None = None,
) -> Deduplication:
    """Find the records of one register that are one person (or one event), keep one of each, list the doubtful.

    ::

        sure rules      records that agree are linked; linked records, directly or through others, are a cluster
        unsure rules    records that agree but stand in different clusters are listed for a person to decide
        keep            "fullest" (fewest blanks), "first" or "last" (in the order of ``by``, else of the file)

    Nothing is merged or changed: the record that stays, stays as it was.

    Source: W. E. Winkler and others on deterministic matching in P. Christen, Data Matching (2012), chapter 6; the
    rules themselves are assumptions, to be changed by the office.

    Args:
        records: one row a record.
        rules: what makes records one; their columns are in ``records`` or in ``keys``.
        keys: further columns, row by row, for example from :func:`identity_keys`.
        keep: which record of a cluster stays.
        by: the column by which "first" and "last" are told, such as the day of registration; blanks come last.

    Returns:
        A :class:`Deduplication`; its ``report`` gives the records before, found by each rule, and after.

    Raises:
        KitError: if a column is missing, the keys have other rows, or ``keep`` is unknown.

    >>> register = pd.DataFrame({
    ...     "surname": ["Diallo", "Jallow", "Sow"], "given": ["Awa", "Hawa", "Issa"],
    ...     "dob": ["1984-05-12", "1984-05-12", "1990-01-01"], "sex": ["F", "F", "M"],
    ... })
    >>> done = deduplicate(register, keys=identity_keys(register))
    >>> done.report[["before", "after"]].tolist(), done.clusters["cluster"].tolist()
    ([3, 2], [0, 0, 1])
    """
    if keep not in ("first", "last", "fullest"):
        raise KitError(_("keep is 'first', 'last' or 'fullest'; got {x}.").format(x=shown(keep)))
    need_columns(records, [], _("The table of records"))
    table = records.reset_index(drop=True)
    if keys is not None:
        if len(keys) != len(records):
            raise KitError(
                _("The keys have {k} rows, the records {r}; make them from the same table.").format(
                    k=len(keys), r=len(records)
                )
            )
        extra = keys.reset_index(drop=True)
        table = pd.concat([table.drop(columns=[c for c in extra if c in table]), extra], axis=1)
    rules = list(rules)
    column_names([rule.name for rule in rules], _("The rules"))
    found = {rule.name: _groups(table, rule) for rule in rules}
    sure = [rule.name for rule in rules if rule.sure]
    clusters = _clusters([found[name] for name in sure], len(records))
    kept = _chosen(records, clusters, keep, by)
    size = np.bincount(clusters, minlength=1)[clusters] if len(clusters) else clusters
    why = np.full(len(records), "", dtype=object)
    for name in reversed(sure):
        why[_shared(found[name])] = name
    listed = pd.DataFrame({"cluster": clusters, "size": size, "kept": kept, "rule": why}, index=records.index)
    review = _review(rules, found, clusters)
    report = {"before": len(records)}
    report |= {name: int(_shared(found[name]).sum()) for name in sure}
    report["clusters of several"] = int((np.bincount(clusters, minlength=1) > 1).sum())
    report |= {"after": int(kept.sum()), "for review": int(review["row"].nunique())}
    return Deduplication(records[kept], listed, review, pd.Series(report, dtype="int64", name="records"))


def _shared(group: Ints) -> NDArray[np.bool_]:
    """Whether a record's group holds another one."""
    size = np.bincount(group[group >= 0], minlength=1)
    return np.asarray((group >= 0) & (size[np.maximum(group, 0)] > 1))


def _review(rules: Sequence[DuplicateRule], found: dict[str, Ints], clusters: Ints) -> pd.DataFrame:
    """Records of different clusters that an unsure rule brings together, group by group."""
    lines = []
    for rule in rules:
        if rule.sure:
            continue
        rows = np.flatnonzero(_shared(found[rule.name]))
        held = pd.DataFrame({"key": found[rule.name][rows], "row": rows, "cluster": clusters[rows]})
        several = held.groupby("key")["cluster"].transform("nunique") > 1
        lines.append(held[several.to_numpy(dtype=bool)].assign(rule=rule.name))
    columns = ["group", "rule", "row", "cluster"]
    if not lines:
        return pd.DataFrame({"group": [], "rule": [], "row": [], "cluster": []}).astype({"row": "int64"})
    table = pd.concat(lines, ignore_index=True)
    table["group"] = table.groupby(["rule", "key"], sort=False).ngroup()
    return table.sort_values(["group", "row"], kind="stable")[columns].reset_index(drop=True)


__all__ = ["PERSON_RULES", "Deduplication", "DuplicateRule", "deduplicate", "identity_keys"]
