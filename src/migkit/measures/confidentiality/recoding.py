"""Coarser codes: fewer different keys, at the price of detail for everybody."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import need_columns, numbers, one_number, shown, tidy
from migkit.measures.confidentiality._release import Release
from migkit.measures.tables import age_groups
from migkit.reference import KitError, _


def global_recode(
    records: pd.DataFrame,
    column: str,
    into: Mapping[Any, Any] | Sequence[int],
    other: Any = None,
) -> Release:
    """Replace the values of a column by coarser ones, in all records alike: countries by regions, ages by bands.

    Source: Hundepool et al., Statistical Disclosure Control (Wiley 2012), chapter 3.

    Args:
        records: one row a person.
        column: what to recode.
        into: a mapping from each value to its group, ``{"GIN": "West Africa", "FRA": "Europe"}``; or the first
            ages of bands, ``[0, 15, 65]`` (the last one is open).
        other: the group of values that the mapping does not name; None keeps them as they are. Blanks stay blank.

    Returns:
        The records with the column recoded, and a log: each old value, its new one and how many ``records``.

    Raises:
        KitError: if the column is missing, or ages make no sense.

    >>> people = pd.DataFrame({"born": ["GIN", "FRA", "MLI"], "age": [3, 17, 80]})
    >>> regions = {"GIN": "West Africa", "MLI": "West Africa", "FRA": "Europe"}
    >>> global_recode(people, "born", regions).frame["born"].tolist()
    ['West Africa', 'Europe', 'West Africa']
    >>> global_recode(people, "age", [0, 15, 65]).frame["age"].tolist()
    ['0-14', '15-64', '65+']
    """
    need_columns(records, [column], _("The file"))
    if isinstance(into, Mapping):
        held = tidy(records[column])
        new = held.map(lambda value: into.get(value, value if other is None else other), na_action="ignore")
    elif isinstance(into, (list, tuple, np.ndarray, pd.Index)):
        new = age_groups(records[column], breaks=list(into)).astype(object)
    else:
        raise KitError(
            _(
                "into is a mapping of values to groups, or a list of first ages such as [0, 15, 65]; got {x}."
            ).format(x=shown(into))
        )
    new = new.rename(column)
    pairs = pd.DataFrame({"old": records[column].astype(object), "new": new}).value_counts(
        dropna=False, sort=False
    )
    log = pairs.rename("records").reset_index()
    log = log.sort_values(["new", "old"], key=lambda each: each.astype(str), ignore_index=True)
    return Release(records.assign(**{column: new}), log)


def top_bottom_code(
    records: pd.DataFrame,
    column: str,
    top: float | None = None,
    bottom: float | None = None,
    replace: str = "limit",
) -> Release:
    """Replace the largest and smallest values, which stand out, by a limit or by the mean of what lies beyond it.

    The mean keeps totals right; the limit is simpler to explain ("85 or older").

    Source: Hundepool et al., Statistical Disclosure Control (Wiley 2012), chapter 3.

    Args:
        records: one row a person.
        column: a column of numbers of 0 or more; blanks stay blank.
        top: values above it are replaced; None leaves the top alone.
        bottom: values below it are replaced; None leaves the bottom alone.
        replace: ``"limit"`` or ``"mean"``.

    Returns:
        The records, and a log with the rows ``top`` and ``bottom``: ``limit``, ``records`` and ``replaced_by``.

    Raises:
        KitError: if the column is missing or holds text, or the limits cross.

    >>> people = pd.DataFrame({"age": [3, 40, 88, 92]})
    >>> top_bottom_code(people, "age", top=85).frame["age"].tolist()
    [3.0, 40.0, 85.0, 85.0]
    >>> top_bottom_code(people, "age", top=85, replace="mean").frame["age"].tolist()
    [3.0, 40.0, 90.0, 90.0]
    """
    need_columns(records, [column], _("The file"))
    if replace not in ("limit", "mean"):
        raise KitError(_("replace is 'limit' or 'mean'; got {x}.").format(x=shown(replace)))
    values = numbers(records[column], _("The file, column {c!r}").format(c=column), missing=True)
    high = np.inf if top is None else one_number(top, "top")
    low = -np.inf if bottom is None else one_number(bottom, "bottom")
    if low > high:
        raise KitError(_("bottom ({low:g}) lies above top ({high:g}).").format(low=low, high=high))
    new, log = values.copy(), {}
    for name, limit, beyond in (("top", high, values.gt(high)), ("bottom", low, values.lt(low))):
        by = limit if replace == "limit" or not beyond.any() else float(values[beyond].mean())
        new = new.mask(beyond, by)
        log[name] = {"limit": limit, "records": int(beyond.sum()), "replaced_by": by if beyond.any() else np.nan}
    return Release(records.assign(**{column: new}), pd.DataFrame.from_dict(log, orient="index"))


__all__ = ["global_recode", "top_bottom_code"]
