"""What protection costs: how far the released data lie from the original, beside the risk that was removed."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import NOT_STATED, column_names, is_unknown, need_columns, numbers, shown, weights
from migkit.measures.confidentiality._keys import check_missing
from migkit.measures.confidentiality.file_risk import file_risk
from migkit.reference import KitError, _


def il1s(original: pd.DataFrame, released: pd.DataFrame, columns: Any) -> pd.Series:
    """The information lost in numeric columns: mean absolute change, in standard deviations.

    ::

        IL1s = 1/n x sum of |x - z| / (sqrt(2) x S)      x original, z released, S standard deviation of x

    0: nothing changed. 0.56 (1 / sqrt(pi)) is the distance to noise as large as the column itself. Rows in which
    either value is blank are left out of the mean.

    Source: W. E. Yancey, W. E. Winkler and R. H. Creecy, "Disclosure risk assessment in perturbative microdata
    protection", Inference Control in Statistical Databases (2002).

    Args:
        original, released: the same rows in the same order.
        columns: numeric columns of 0 or more in both.

    Returns:
        One value a column; ``.mean()`` is the measure for all. NaN where a column does not vary.

    Raises:
        KitError: if a column is missing or holds text, or the rows differ.

    >>> a = pd.DataFrame({"income": [1.0, 2.0, 3.0]})
    >>> il1s(a, a.assign(income=[2.0, 2.0, 2.0]), "income").round(4).tolist()
    [0.4714]
    """
    names = column_names(columns, _("The original file"))
    _same_rows(original, released, names)
    result = {}
    for name in names:
        x = numbers(
            original[name], _("The original file, column {c!r}").format(c=str(name)), missing=True
        ).to_numpy()
        z = numbers(
            released[name], _("The released file, column {c!r}").format(c=str(name)), missing=True
        ).to_numpy()
        spread = float(pd.Series(x).std())
        gaps = np.abs(x - z)
        both = gaps[~np.isnan(gaps)]
        result[name] = float(both.mean() / (np.sqrt(2) * spread)) if spread > 0 and len(both) else np.nan
    return pd.Series(result, dtype=float, name="IL1s")


def _same_rows(original: pd.DataFrame, released: pd.DataFrame, columns: Sequence[Any]) -> None:
    need_columns(original, columns, _("The original file"))
    need_columns(released, columns, _("The released file"))
    if len(original) != len(released) or not original.index.equals(released.index):
        raise KitError(
            _("The two files must hold the same rows in the same order; they have {a} and {b} rows.").format(
                a=len(original), b=len(released)
            )
        )


def _table(records: pd.DataFrame, by: list[Any], each: pd.Series) -> pd.Series:
    """Persons in each cell; blanks and codes for unknown as "Not stated"."""
    labels = [records[name].astype(object).mask(is_unknown(records[name]), NOT_STATED).astype(str) for name in by]
    return each.groupby(labels, sort=True, observed=True).sum()


def table_distance(
    original: pd.DataFrame, released: pd.DataFrame, by: Any, weight: str | None = None
) -> dict[str, float]:
    """How far a table made from the released file lies from the same table made from the original.

    ::

        hellinger        sqrt(1/2 x sum of (sqrt(p) - sqrt(q))^2),  p and q the shares of the cells: 0 to 1
        moved            1/2 x sum of |p - q|: the share of persons that stand in another cell
        largest_change   the largest |released - original| / original among cells that were not empty
        cells_lost       cells of the original that are empty now

    Source: Hundepool et al. (2012), on information loss in tables.

    Args:
        original, released: two files of persons; they need not have the same rows.
        by: the columns that make the table, such as ``"country_birth"``; blanks are a cell of their own.
        weight: the column of weights in both.

    Raises:
        KitError: if a column is missing or a weight is no number.

    >>> a = pd.DataFrame({"born": ["GIN", "GIN", "MLI", "SEN"]})
    >>> found = table_distance(a, a.assign(born=["GIN", "GIN", "MLI", None]), "born")
    >>> found["moved"], found["cells_lost"]
    (0.25, 1.0)
    """
    names = column_names(by, _("The original file"))
    counts = []
    for records, what in ((original, _("The original file")), (released, _("The released file"))):
        need_columns(records, names, what)
        counts.append(_table(records, names, weights(records, weight, what)))
    before, after = counts[0].align(counts[1], fill_value=0.0)
    p, q = (each / each.sum() if each.sum() > 0 else each for each in (before, after))
    held = before[before > 0]
    change = (after[before > 0] - held).abs() / held
    return {
        "hellinger": float(np.sqrt(((np.sqrt(p) - np.sqrt(q)) ** 2).sum() / 2)),
        "moved": float((p - q).abs().sum() / 2),
        "largest_change": float(change.max()) if len(change) else 0.0,
        "cells_lost": float(((before > 0) & (after == 0)).sum()),
    }


def compare_release(
    original: pd.DataFrame,
    released: pd.DataFrame,
    keys: Any,
    weight: str | None = None,
    numeric: Sequence[Any] = (),
    tables: Mapping[str, Any] | None = None,
    k: Sequence[int] = (2, 3, 5),
    missing: str = "wildcard",
) -> pd.DataFrame:
    """Risk and utility side by side, before and after protection: what was won and what it cost.

    Risk: records that violate k-anonymity, expected re-identifications, largest individual risk. Utility: blanks
    in the keys, different keys left, information lost in numbers (:func:`il1s`), and for each key and each table
    that matters the distance to the original (:func:`table_distance`).

    Source: the risk-utility view of G. T. Duncan, S. A. Keller-McNulty and S. L. Stokes, "Disclosure risk vs. data
    utility: the R-U confidentiality map" (2001).

    Args:
        original, released: the same rows in the same order.
        keys: the columns that others may know, in both.
        weight: the column of sampling weights; None for a whole population.
        numeric: numeric columns that were changed.
        tables: the tables that matter: a name and the columns that make it, ``{"Stock by country":
            ["country_birth"]}``.
        k: the levels of k-anonymity.
        missing: how blanks in keys are read, see :func:`key_frequencies`.

    Returns:
        One row a measure: ``side`` ("risk" or "utility"), ``measure``, ``original``, ``released``. A distance is 0
        for the original.

    Raises:
        KitError: if a column is missing or the rows differ.

    >>> a = pd.DataFrame({"sex": ["F", "F", "M"], "born": ["GIN", "GIN", "MLI"]})
    >>> b = a.assign(born=["GIN", "GIN", None], sex=["F", "F", None])
    >>> table = compare_release(a, b, ["sex", "born"], k=(2,))
    >>> table[["measure", "original", "released"]].values.tolist()[:2]
    [['Violate 2-anonymity', 1.0, 0.0], ['Expected re-identifications', 2.0, 1.0]]
    """
    names = column_names(keys, _("The original file"))
    _same_rows(original, released, [*names, *numeric, *([] if weight is None else [weight])])
    check_missing(missing)
    before = file_risk(original, names, weight, k, missing=missing)
    after = file_risk(released, names, weight, k, missing=missing)
    risks = [(f"Violate {level}-anonymity", n, after.violations[level]) for level, n in before.violations.items()]
    rows: list[tuple[str, str, float, float]] = [("risk", *each) for each in risks]
    expected = before.expected_reidentifications, after.expected_reidentifications
    rows.append(("risk", "Expected re-identifications", *expected))
    rows.append(("risk", "Largest risk", before.largest, after.largest))
    cells = max(len(original) * len(names), 1)
    blank = [float(file[names].isna().to_numpy().sum()) / cells for file in (original, released)]
    rows.append(("utility", "Share of key values blank", blank[0], blank[1]))
    different = [float(len(file[names].drop_duplicates())) for file in (original, released)]
    rows.append(("utility", "Different keys", different[0], different[1]))
    if len(numeric):
        for name, loss in il1s(original, released, list(numeric)).items():
            rows.append(("utility", f"IL1s of {name}", 0.0, float(loss)))
    wanted: dict[str, Any] = {f"Distribution of {name}": [name] for name in names} | dict(tables or {})
    for title, by in wanted.items():
        if not isinstance(title, str):
            raise KitError(_("tables: name each table in words; got {x}.").format(x=shown(title)))
        found = table_distance(original, released, by, weight)
        for part, label in (
            ("hellinger", "Hellinger distance"),
            ("moved", "share of persons moved"),
            ("largest_change", "largest relative change of a cell"),
            ("cells_lost", "cells lost"),
        ):
            rows.append(("utility", f"{title}: {label}", 0.0, found[part]))
    table = pd.DataFrame(rows, columns=["side", "measure", "original", "released"])
    return table.astype({"original": float, "released": float})


__all__ = ["compare_release", "il1s", "table_distance"]
