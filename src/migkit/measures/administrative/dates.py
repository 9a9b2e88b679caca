"""Dates as offices write them, and what was done to each: read, inferred from the column, or left open.

03/04/2024 is 3 April in Dakar and 4 March in a program that was made elsewhere. Which of the two an office means
is said by the user, or shown by the other values of the same column (a 31 stands where the day stands), or left
open.
"""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import UNKNOWN_CODES, need_columns, shown, whole_number
from migkit.measures.administrative.names import folded
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

#: Months in English, French and Portuguese; three letters or more will do where they name one month only.
MONTHS: tuple[tuple[str, ...], ...] = (
    ("january", "janvier", "janeiro"),
    ("february", "fevrier", "fevereiro"),
    ("march", "mars", "marco"),
    ("april", "avril", "abril"),
    ("may", "mai", "maio"),
    ("june", "juin", "junho"),
    ("july", "juillet", "julho"),
    ("august", "aout", "agosto"),
    ("september", "septembre", "setembro"),
    ("october", "octobre", "outubro"),
    ("november", "novembre", "novembro"),
    ("december", "decembre", "dezembro"),
)

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{1,2}:\d{2}.*)?")
_MONTH = re.compile(r"(?:0?[0-9]|1[0-2])\s*[-/.]\s*([12]\d{3})|([12]\d{3})\s*[-/.]\s*(?:0?[0-9]|1[0-2])")
_FIGURES = re.compile(r"(\d{1,4})\s*[-/. ]\s*(\d{1,2})\s*[-/. ]\s*(\d{1,4})(?:[T ,]+\d{1,2}:\d{2}.*)?")
_SMALL = frozenset(("de", "of", "le", "the", "du"))

#: Year, month and day; a year of two digits waits for its century.
_Parts = tuple[int, int, int]


@dataclass(frozen=True)
class _Found:
    """What one value may mean: its readings, each with the order of its parts where that was in doubt."""

    code: str
    readings: tuple[tuple[str, _Parts], ...] = ()
    year: int | None = None


def excel_date(serial: float, epoch: int = 1900) -> dt.date | None:
    """The date of a serial number of Excel; None where there is none.

    ::

        epoch 1900:  day 1 is 1 January 1900; day 60 would be 29 February 1900, a day that never was
        epoch 1904:  day 0 is 1 January 1904 (old files of Macintosh)

    Source: Microsoft, Differences between the 1900 and the 1904 date system in Excel.

    Args:
        serial: the number; what stands behind the point is the time of day.
        epoch: 1900 or 1904.

    Raises:
        KitError: if the epoch is another, or ``serial`` is no number.

    >>> excel_date(45292), excel_date(59), excel_date(60), excel_date(61)
    (datetime.date(2024, 1, 1), datetime.date(1900, 2, 28), None, datetime.date(1900, 3, 1))
    """
    if epoch not in (1900, 1904):
        raise KitError(_("Excel counts days from 1900 or from 1904; got {x}.").format(x=shown(epoch)))
    try:
        day = int(np.floor(float(serial)))
    except (TypeError, ValueError, OverflowError) as error:
        raise KitError(_("A serial number of Excel is a number; got {x}.").format(x=shown(serial))) from error
    if epoch == 1904:
        return dt.date(1904, 1, 1) + dt.timedelta(days=day) if 0 <= day < 2_957_000 else None
    if day < 1 or day == 60 or day > 2_958_465:
        return None
    return dt.date(1899, 12, 31 if day < 60 else 30) + dt.timedelta(days=day)


def _month(word: str) -> int | None:
    if len(word) < 3:
        return None
    found = {number for number, names in enumerate(MONTHS, 1) if any(name.startswith(word) for name in names)}
    return found.pop() if len(found) == 1 else None


def _is_day(parts: _Parts) -> bool:
    year, month, day = parts
    try:
        dt.date(year if year > 99 else 2000, month, day)  # 2000 had a 29 February
    except ValueError:
        return False
    return True


def _arranged(values: tuple[str, str, str], order: str) -> _Parts | None:
    """The parts of a date in figures in this order, if each can be what it is said to be."""
    year, month, day = (values[order.index(part)] for part in "ymd")
    if len(year) not in (2, 4) or len(month) > 2 or len(day) > 2:
        return None
    return (int(year), int(month), int(day)) if len(year) == 2 or int(year) > 99 else None


def _in_figures(values: tuple[str, str, str]) -> _Found:
    """A date in figures: all its readings that are days."""
    orders: tuple[str, ...] = ("dmy", "mdy")
    if len(values[0]) == 4 and len(values[2]) <= 2:
        straight = (int(values[0]), int(values[1]), int(values[2]))
        plain = _Found("parsed", (("ymd", straight),))
        return plain if straight[0] > 99 and _is_day(straight) else _year_first(*straight)
    if len(values[0]) == 2 and len(values[2]) == 2 and int(values[0]) > 31:
        orders = ("ymd", "ydm")
    if values[0].strip("0") == "" and values[1].strip("0") == "" and len(values[2]) == 4 and int(values[2]) > 99:
        return _Found("incomplete", year=int(values[2]))
    arranged = [(order, _arranged(values, order)) for order in orders]
    readings = [(order, parts) for order, parts in arranged if parts and _is_day(parts)]
    if not any(parts for _order, parts in arranged):
        return _Found("unreadable")
    if len(readings) > 1 and len({parts for _order, parts in readings}) == 1:
        return _Found("parsed", (("", readings[0][1]),))  # 03/03/2024: the order does not matter
    return _Found("parsed", tuple(readings)) if readings else _Found("impossible")


def _year_first(year: int, second: int, third: int) -> _Found:
    """Year, month and day that are no date as they stand: 2024-25-12, 1985-00-00, 2024-02-30."""
    if year == 0 and second == 0 and third == 0:
        return _Found("missing")  # how some systems write a blank
    if year > 99 and _is_day((year, third, second)):
        return _Found("swapped", (("ydm", (year, third, second)),))
    return _Found("incomplete", year=year) if year > 99 and third == 0 and second <= 12 else _Found("impossible")


def _in_words(text: str) -> _Found:
    """A date with the month as a word: 12 mai 1984, May 12, 1984, 12-MAY-84, mai 1984."""
    plain = folded(re.sub(r"(\d)(?:er|st|nd|rd|th|º|ª)\b", r"\1 ", text))
    words = [word for word in re.findall(r"\d+|[^\W\d_]+", plain) if word not in _SMALL]
    months = [(at, _month(word)) for at, word in enumerate(words) if not word.isdecimal()]
    if len(months) != 1 or months[0][1] is None or not 2 <= len(words) <= 3:
        return _Found("unreadable")
    month = months[0][1]
    figures = [word for word in words if word.isdecimal()]
    if len(figures) == 1:
        year = int(figures[0])
        return (
            _Found("incomplete", (("", (year, month, 0)),), year) if len(figures[0]) == 4 else _Found("unreadable")
        )
    first, last = figures
    day, year_text = (last, first) if len(first) == 4 else (first, last)
    if len(day) > 2 or len(year_text) not in (2, 4):
        return _Found("unreadable")
    parts = (int(year_text), month, int(day))
    return _Found("parsed", (("", parts),)) if _is_day(parts) else _Found("impossible")


def _in_digits(text: str, epoch: int) -> _Found:
    """Figures without signs between: a year, eight digits, or a serial number of Excel."""
    digits = text.partition(".")[0]
    if len(digits) == 4 and 1000 <= int(digits) < 3000:
        return _Found("incomplete", year=int(digits))
    if len(digits) == 8:
        both = [
            ("", (int(digits[:4]), int(digits[4:6]), int(digits[6:]))),
            ("dmy", (int(digits[4:]), int(digits[2:4]), int(digits[:2]))),
            ("mdy", (int(digits[4:]), int(digits[:2]), int(digits[2:4]))),
        ]
        likely = [(order, parts) for order, parts in both if 1000 <= parts[0] < 3000 and _is_day(parts)]
        return _Found("parsed", tuple(likely)) if likely else _Found("impossible")
    serial = excel_date(float(text), epoch) if 4 <= len(digits) <= 6 and int(digits) >= 3000 else None
    return _Found("parsed", (("", (serial.year, serial.month, serial.day)),)) if serial else _Found("unreadable")


def _found(value: Any, epoch: int) -> _Found:
    """What one value may mean, before the column and the user are asked."""
    if isinstance(value, (dt.date, np.datetime64)):
        day = pd.Timestamp(value)
        return _Found("missing") if pd.isna(day) else _Found("clean", (("", (day.year, day.month, day.day)),))
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return _Found("missing")
    if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
        text = f"{float(value):.10f}".rstrip("0").rstrip(".") if float(value) >= 0 else "?"
    else:
        text = str(value).strip()
    if not text or text.upper() in UNKNOWN_CODES:
        return _Found("missing")
    iso = _ISO.fullmatch(text)
    if iso:
        year, second, third = (int(part) for part in iso.groups())
        if _is_day((year, second, third)) and year > 99:
            same = len(text) == 10
            return _Found("clean" if same else "parsed", (("", (year, second, third)),))
        return _year_first(year, second, third)
    figures = _FIGURES.fullmatch(text)
    if figures:
        return _in_figures((figures[1], figures[2], figures[3]))
    month = _MONTH.fullmatch(text)
    if month:
        return _Found("incomplete", year=int(month[1] or month[2]))
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return _in_digits(text, epoch)
    return _in_words(text)


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
    shows = {(type(value), value): _shows(_found(value, 1900)) for value in distinct}
    counts = pd.Series([shows[type(value), value] for value in held], dtype=object).value_counts()
    number = {key: int(counts.get(key, 0)) for key in ("day_first", "month_first", "either")}
    order = None
    if bool(number["day_first"]) != bool(number["month_first"]):
        order = "dmy" if number["day_first"] else "mdy"
    return pd.Series({**number, "order": order}, dtype=object)


def _shows(found: _Found) -> str:
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


def _centuries(parts: _Parts, asked: _Asked) -> list[dt.date]:
    """The dates that a reading may be: one, or two where the century is not written."""
    year, month, day = parts
    years = [year] if year > 99 else [1900 + year, 2000 + year]
    if year <= 99 and asked.pivot is not None:
        years = [2000 + year] if year <= asked.pivot else [1900 + year]
    return [dt.date(each, month, day) for each in years if _is_day((each, month, day))]


_Line = tuple[dt.date | None, str, int | None, str]


def _decide(found: _Found, asked: _Asked) -> _Line:
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
    lines = {(type(v), v): _decide(_found(v, excel_epoch), asked) for v in distinct}
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


__all__ = [
    "DATE_CODES",
    "clean_dates",
    "compare_dates",
    "date_order",
    "date_report",
    "excel_date",
    "swapped_day_month",
]
