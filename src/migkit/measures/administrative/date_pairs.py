"""Two dates that should be one: how they differ, and what they are with day and month exchanged."""

from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import UNKNOWN_CODES, shown
from migkit.reference import KitError, _


def swapped_day_month(dates: pd.Series) -> pd.Series:
    """The date with day and month in each other's place; missing where that is no other date.

    Args:
        dates: a column of dates (see :func:`clean_dates`).

    >>> list(swapped_day_month(pd.Series(["1984-05-12", "1984-05-31"])).dt.strftime("%Y-%m-%d").fillna("none"))
    ['1984-12-05', 'none']
    """
    days = read_days(dates)
    can = days.dt.day.le(12) & days.dt.day.ne(days.dt.month)
    parts = pd.DataFrame({"year": days.dt.year, "month": days.dt.day, "day": days.dt.month})
    turned = pd.to_datetime(parts.where(can), errors="coerce")
    return pd.Series(turned.to_numpy(), index=dates.index, name=dates.name)


def read_days(dates: Any) -> pd.Series:
    """A column of dates, rows numbered from 0."""
    if not isinstance(dates, pd.Series):
        raise KitError(_("Dates: give a column, such as table['dob']."))
    if dates.dtype.kind == "M":
        days = dates.dt.tz_localize(None) if getattr(dates.dtype, "tz", None) else dates
        plain = days.to_numpy(dtype="datetime64[s]", na_value=np.datetime64("NaT"))
        return pd.Series(pd.Series(plain).dt.normalize())
    held = pd.to_datetime(dates.astype(object).reset_index(drop=True), errors="coerce", format="%Y-%m-%d")
    wrong = held.isna() & ~dates.isin(["", *UNKNOWN_CODES]).to_numpy() & dates.notna().to_numpy()
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        raise KitError(
            _("Row {row} holds {value}, where a date such as 2024-12-31 is needed; see clean_dates.").format(
                row=shown(dates.index[row]), value=shown(dates.iloc[row])
            )
        )
    return held


def compare_dates(one: pd.Series, other: pd.Series) -> pd.Series:
    """How two dates that should be the same differ: what clerks do to a date of birth.

    Args:
        one, other: two columns of dates of the same length, row by row of the same person (or of two records that
            may be one person's).

    Returns:
        A Series with the index of ``one``: "equal", "swapped" (day and month in each other's place),
        "first_january" (same year, one of the two is 1 January), "year_off" (same day and month, one year apart),
        "same_year", "different", or "missing" (one of the two is).

    Raises:
        KitError: if the lengths differ or a value is no date.

    >>> here = pd.Series(["1984-05-12", "1984-05-12", "1984-05-12", "1984-05-12"])
    >>> there = pd.Series(["1984-05-12", "1984-12-05", "1984-01-01", "1985-05-12"])
    >>> list(compare_dates(here, there))
    ['equal', 'swapped', 'first_january', 'year_off']
    """
    a, b = read_days(one), read_days(other)
    if len(a) != len(b):
        raise KitError(_("The two columns of dates have {a} and {b} rows.").format(a=len(a), b=len(b)))
    year = a.dt.year.eq(b.dt.year)
    same_day = a.dt.month.eq(b.dt.month) & a.dt.day.eq(b.dt.day)
    january = (a.dt.day_of_year.eq(1) | b.dt.day_of_year.eq(1)) & year
    answers = np.select(
        [
            a.isna() | b.isna(),
            a.eq(b),
            year & a.dt.month.eq(b.dt.day) & a.dt.day.eq(b.dt.month),
            january,
            same_day & (a.dt.year - b.dt.year).abs().eq(1),
            year,
        ],
        ["missing", "equal", "swapped", "first_january", "year_off", "same_year"],
        default="different",
    )
    return pd.Series(answers, index=one.index, dtype=object)


__all__ = ["compare_dates", "swapped_day_month"]
