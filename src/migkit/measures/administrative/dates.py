"""Dates as offices write them, and what was done to each: read, inferred from the column, or left open.

03/04/2024 is 3 April in Dakar and 4 March in a program that was made elsewhere. Which of the two an office means
is said by the user, or shown by the other values of the same column (a 31 stands where the day stands), or left
open.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import need_columns, shown, whole_number
from migkit.measures.administrative.date_readings import Found, Parts, excel_date, is_day, readings_of
from migkit.reference import KitError, _
from migkit.reference.language import N_

#: What was done to a date, in the order of trust.
DATE_CODES: dict[str, str] = {
    "clean": N_("a date, written year-month-day"),
    "parsed": N_("written in another way that has one reading only, or the one that was declared"),
    "inferred": N_("two readings; the column's other values show which"),
    "swapped": N_("year-day-month: the only reading that is a day"),
    "first_january": N_("1 January as written: often only the year is known"),
    "incomplete": N_("only the year, or year and month: no date"),
    "ambiguous": N_("two readings and nothing that decides: no date, both readings given"),
    "out_of_range": N_("earlier or later than can be: no date, the reading given"),
    "impossible": N_("no such day in the calendar: no date"),
    "unreadable": N_("no date is written there"),
    "missing": N_("nothing written, or not stated"),
}


def _distinct(values: Any) -> tuple[pd.Series, list[Any]]:
    """The column as objects and its distinct values; kinds are kept apart (1 and "1")."""
    if not isinstance(values, pd.Series):
        raise KitError(_("Dates: give a column, such as table['dob']."))
    held = values.astype(object)
    return held, list({(type(value), value): value for value in held if _hashable(value)}.values())


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        raise KitError(
            _("Dates: the column holds {value}, which is no date.").format(value=shown(value))
        ) from None
    return True


def date_order(values: pd.Series) -> pd.Series:
    """What a column shows of its own order of day and month.

    A value such as 31/12/2024 shows that the day stands first, one such as 12/31/2024 that the month does.
    03/04/2024 shows nothing.

    Args:
        values: a column of dates as written.

    Returns:
        ``day_first``, ``month_first`` and ``either`` (records), and ``order``: "dmy", "mdy", or None where the
        column shows nothing or both.

    >>> date_order(pd.Series(["31/12/2024", "03/04/2024", "2024-05-06"])).to_dict()
    {'day_first': 1, 'month_first': 0, 'either': 1, 'order': 'dmy'}
    """
    held, distinct = _distinct(values)
    shows = {(type(value), value): _shows(readings_of(value, 1900)) for value in distinct}
    counts = pd.Series([shows[type(value), value] for value in held], dtype=object).value_counts()
    number = {key: int(counts.get(key, 0)) for key in ("day_first", "month_first", "either")}
    order = None
    if bool(number["day_first"]) != bool(number["month_first"]):
        order = "dmy" if number["day_first"] else "mdy"
    return pd.Series({**number, "order": order}, dtype=object)


def _shows(found: Found) -> str:
    orders = [order for order, parts in found.readings if order in ("dmy", "mdy")]
    if len(orders) > 1:
        return "either"
    _order, parts = found.readings[0] if found.readings else ("", (0, 0, 0))
    if not orders or parts[1] == parts[2]:
        return ""
    return "day_first" if orders[0] == "dmy" else "month_first"


@dataclass(frozen=True)
class _Asked:
    """What the user and the column say."""

    order: str | None
    declared: bool
    pivot: int | None
    earliest: dt.date
    latest: dt.date


def _centuries(parts: Parts, asked: _Asked) -> list[dt.date]:
    """The dates that a reading may be: one, or two where the century is not written."""
    year, month, day = parts
    years = [year] if year > 99 else [1900 + year, 2000 + year]
    if year <= 99 and asked.pivot is not None:
        years = [2000 + year] if year <= asked.pivot else [1900 + year]
    return [dt.date(each, month, day) for each in years if is_day((each, month, day))]


_Line = tuple[dt.date | None, str, int | None, str]


def _decide(found: Found, asked: _Asked) -> _Line:
    """Date, code, year and the readings that were left."""
    if found.code in ("missing", "unreadable", "impossible"):
        return None, found.code, None, ""
    if found.code == "incomplete":
        return None, found.code, found.year, ""
    readings, code = found.readings, found.code
    chosen = tuple(each for each in readings if each[0] == asked.order)
    if len(readings) > 1 and chosen:
        readings, code = chosen, ("parsed" if asked.declared else "inferred")
    elif asked.declared and readings[0][0] in ("dmy", "mdy") and not chosen:
        return None, "impossible", None, _several([d for _o, parts in readings for d in _centuries(parts, asked)])
    dates = sorted({date for _order, parts in readings for date in _centuries(parts, asked)})
    can_be = [date for date in dates if asked.earliest <= date <= asked.latest]
    if not can_be:
        return None, ("out_of_range" if dates else "impossible"), None, _several(dates)
    years = {date.year for date in can_be}
    year = years.pop() if len(years) == 1 else None
    if len(can_be) > 1:
        return None, "ambiguous", year, _several(can_be)
    (date,) = can_be
    return date, ("first_january" if (date.month, date.day) == (1, 1) else code), date.year, ""


def _several(dates: list[dt.date]) -> str:
    return " or ".join(date.isoformat() for date in sorted(set(dates)))


def _limit(value: Any, what: str) -> dt.date:
    try:
        day = pd.Timestamp(value)
    except (TypeError, ValueError) as error:
        raise KitError(
            _("{what}: {value} is no date; write it 2024-12-31.").format(what=what, value=shown(value))
        ) from error
    if pd.isna(day):
        raise KitError(_("{what} is missing; write a date such as 2024-12-31.").format(what=what))
    return day.date()


def clean_dates(
    values: pd.Series,
    order: str | None = None,
    pivot: int | None = None,
    earliest: Any = "1800-01-01",
    latest: Any = "2199-12-31",
    excel_epoch: int = 1900,
) -> pd.DataFrame:
    """Dates from what a column holds, with a code of what was done to each; nothing is guessed.

    Read are: 2024-12-31 (with or without a time), 31/12/2024 and 12-31-2024 with / - . or spaces, 20241231, serial
    numbers of Excel from 3000 on, months as words in English, French and Portuguese (12 mai 1984, May 12, 1984,
    12-DEZ-84), years of two digits.

    ::

        two readings of day and month   the declared order decides; else the column's own evidence (date_order);
                                        else the date stays open: "ambiguous"
        two digits for the year         the pivot decides: up to it 20.., above it 19..; else only one of the two
                                        lies between earliest and latest; else "ambiguous"

    Source: ISO 8601-1:2019 for year-month-day; the rules of decision are ours (assumption).

    Args:
        values: a column: text, numbers, dates, or a mixture.
        order: "dmy" or "mdy" if the office says so; with it, a value that fits the other order only is
            "impossible" and its reading is given.
        pivot: the last year of two digits that belongs to the 2000s: with 26, "26" is 2026 and "27" is 1927.
        earliest, latest: first and last day that can be, for example the day of the extract for dates of birth.
        excel_epoch: 1900, or 1904 for old files of Macintosh.

    Returns:
        A table with the index of ``values``: ``written``, ``date`` (datetime; missing where the code says so),
        ``code`` (a key of ``DATE_CODES``), ``year`` (where known, even without the day) and ``readings`` (the
        dates between which nothing decides, or that cannot be, as text).

    Raises:
        KitError: if an argument cannot be.

    >>> column = pd.Series(["2024-12-31", "31/12/2024", "03/04/2024", "12 mai 1984", "31/02/1990", 45292, "1984"])
    >>> print(clean_dates(column)[["date", "code"]])
            date           code
    0 2024-12-31          clean
    1 2024-12-31         parsed
    2 2024-04-03       inferred
    3 1984-05-12         parsed
    4        NaT     impossible
    5 2024-01-01  first_january
    6        NaT     incomplete
    >>> clean_dates(pd.Series(["03/04/2024"]))["readings"].item()
    '2024-03-04 or 2024-04-03'
    """
    if order not in (None, "dmy", "mdy"):
        raise KitError(_("The order of a date is 'dmy' or 'mdy'; got {x}.").format(x=shown(order)))
    if pivot is not None and not 0 <= (pivot := whole_number(pivot, "pivot")) <= 99:
        raise KitError(_("pivot is a year of two digits, 0 to 99; got {x}.").format(x=pivot))
    first, last = _limit(earliest, "earliest"), _limit(latest, "latest")
    if first > last:
        raise KitError(_("earliest ({a}) lies after latest ({b}).").format(a=first, b=last))
    excel_date(1, excel_epoch)
    held, distinct = _distinct(values)
    asked = _Asked(order or date_order(values)["order"], order is not None, pivot, first, last)
    lines = {(type(v), v): _decide(readings_of(v, excel_epoch), asked) for v in distinct}
    rows = [lines[type(value), value] for value in held]
    date, code, year, readings = zip(*rows, strict=True) if rows else ((), (), (), ())
    return pd.DataFrame(
        {
            "written": held,
            "date": pd.Series(np.array(date, dtype="datetime64[s]"), index=held.index),
            "code": pd.Series(code, index=held.index, dtype=object),
            "year": pd.Series(year, index=held.index, dtype="Int64"),
            "readings": pd.Series(readings, index=held.index, dtype=object),
        }
    )


def date_report(cleaned: pd.DataFrame) -> pd.DataFrame:
    """How many dates were read in which way, with an example of each.

    Args:
        cleaned: what :func:`clean_dates` returned.

    Returns:
        One row for each code that occurs, in the order of ``DATE_CODES``: ``records``, ``percent``, ``meaning``,
        ``example``.

    >>> report = date_report(clean_dates(pd.Series(["31/12/2024", "02/02/2024", "?"])))
    >>> report[["records", "example"]].reset_index()
             code  records     example
    0      parsed        2  31/12/2024
    1  unreadable        1           ?
    """
    need_columns(cleaned, ["written", "code"], _("The cleaned dates"))
    codes = cleaned["code"]
    here = [code for code in DATE_CODES if codes.eq(code).any()]
    records = [int(codes.eq(code).sum()) for code in here]
    return pd.DataFrame(
        {
            "records": records,
            "percent": [100 * n / len(codes) for n in records],
            "meaning": [_(DATE_CODES[code]) for code in here],
            "example": [cleaned.loc[codes.eq(code).to_numpy(), "written"].iloc[0] for code in here],
        },
        index=pd.Index(here, name="code", dtype=object),
    )


__all__ = ["DATE_CODES", "clean_dates", "date_order", "date_report"]
