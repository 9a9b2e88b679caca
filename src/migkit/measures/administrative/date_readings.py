"""What one value may mean as a date, before the column and the user are asked: every reading that is a day."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import UNKNOWN_CODES, shown
from migkit.measures.administrative.names import folded
from migkit.reference import KitError, _

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
Parts = tuple[int, int, int]


@dataclass(frozen=True)
class Found:
    """What one value may mean: its readings, each with the order of its parts where that was in doubt."""

    code: str
    readings: tuple[tuple[str, Parts], ...] = ()
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


def is_day(parts: Parts) -> bool:
    year, month, day = parts
    try:
        dt.date(year if year > 99 else 2000, month, day)  # 2000 had a 29 February
    except ValueError:
        return False
    return True


def _arranged(values: tuple[str, str, str], order: str) -> Parts | None:
    """The parts of a date in figures in this order, if each can be what it is said to be."""
    year, month, day = (values[order.index(part)] for part in "ymd")
    if len(year) not in (2, 4) or len(month) > 2 or len(day) > 2:
        return None
    return (int(year), int(month), int(day)) if len(year) == 2 or int(year) > 99 else None


def _in_figures(values: tuple[str, str, str]) -> Found:
    """A date in figures: all its readings that are days."""
    orders: tuple[str, ...] = ("dmy", "mdy")
    if len(values[0]) == 4 and len(values[2]) <= 2:
        straight = (int(values[0]), int(values[1]), int(values[2]))
        plain = Found("parsed", (("ymd", straight),))
        return plain if straight[0] > 99 and is_day(straight) else _year_first(*straight)
    if len(values[0]) == 2 and len(values[2]) == 2 and int(values[0]) > 31:
        orders = ("ymd", "ydm")
    if values[0].strip("0") == "" and values[1].strip("0") == "" and len(values[2]) == 4 and int(values[2]) > 99:
        return Found("incomplete", year=int(values[2]))
    arranged = [(order, _arranged(values, order)) for order in orders]
    readings = [(order, parts) for order, parts in arranged if parts and is_day(parts)]
    if not any(parts for _order, parts in arranged):
        return Found("unreadable")
    if len(readings) > 1 and len({parts for _order, parts in readings}) == 1:
        return Found("parsed", (("", readings[0][1]),))  # 03/03/2024: the order does not matter
    return Found("parsed", tuple(readings)) if readings else Found("impossible")


def _year_first(year: int, second: int, third: int) -> Found:
    """Year, month and day that are no date as they stand: 2024-25-12, 1985-00-00, 2024-02-30."""
    if year == 0 and second == 0 and third == 0:
        return Found("missing")  # how some systems write a blank
    if year > 99 and is_day((year, third, second)):
        return Found("swapped", (("ydm", (year, third, second)),))
    return Found("incomplete", year=year) if year > 99 and third == 0 and second <= 12 else Found("impossible")


def _in_words(text: str) -> Found:
    """A date with the month as a word: 12 mai 1984, May 12, 1984, 12-MAY-84, mai 1984."""
    plain = folded(re.sub(r"(\d)(?:er|st|nd|rd|th|º|ª)\b", r"\1 ", text))
    words = [word for word in re.findall(r"\d+|[^\W\d_]+", plain) if word not in _SMALL]
    months = [(at, _month(word)) for at, word in enumerate(words) if not word.isdecimal()]
    if len(months) != 1 or months[0][1] is None or not 2 <= len(words) <= 3:
        return Found("unreadable")
    month = months[0][1]
    figures = [word for word in words if word.isdecimal()]
    if len(figures) == 1:
        year = int(figures[0])
        return (
            Found("incomplete", (("", (year, month, 0)),), year) if len(figures[0]) == 4 else Found("unreadable")
        )
    first, last = figures
    day, year_text = (last, first) if len(first) == 4 else (first, last)
    if len(day) > 2 or len(year_text) not in (2, 4):
        return Found("unreadable")
    parts = (int(year_text), month, int(day))
    return Found("parsed", (("", parts),)) if is_day(parts) else Found("impossible")


def _in_digits(text: str, epoch: int) -> Found:
    """Figures without signs between: a year, eight digits, or a serial number of Excel."""
    digits = text.partition(".")[0]
    if len(digits) == 4 and 1000 <= int(digits) < 3000:
        return Found("incomplete", year=int(digits))
    if len(digits) == 8:
        both = [
            ("", (int(digits[:4]), int(digits[4:6]), int(digits[6:]))),
            ("dmy", (int(digits[4:]), int(digits[2:4]), int(digits[:2]))),
            ("mdy", (int(digits[4:]), int(digits[:2]), int(digits[2:4]))),
        ]
        likely = [(order, parts) for order, parts in both if 1000 <= parts[0] < 3000 and is_day(parts)]
        return Found("parsed", tuple(likely)) if likely else Found("impossible")
    serial = excel_date(float(text), epoch) if 4 <= len(digits) <= 6 and int(digits) >= 3000 else None
    return Found("parsed", (("", (serial.year, serial.month, serial.day)),)) if serial else Found("unreadable")


def readings_of(value: Any, epoch: int) -> Found:
    """What one value may mean, before the column and the user are asked."""
    if isinstance(value, (dt.date, np.datetime64)):
        day = pd.Timestamp(value)
        return Found("missing") if pd.isna(day) else Found("clean", (("", (day.year, day.month, day.day)),))
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return Found("missing")
    if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
        text = f"{float(value):.10f}".rstrip("0").rstrip(".") if float(value) >= 0 else "?"
    else:
        text = str(value).strip()
    if not text or text.upper() in UNKNOWN_CODES:
        return Found("missing")
    iso = _ISO.fullmatch(text)
    if iso:
        year, second, third = (int(part) for part in iso.groups())
        if is_day((year, second, third)) and year > 99:
            same = len(text) == 10
            return Found("clean" if same else "parsed", (("", (year, second, third)),))
        return _year_first(year, second, third)
    figures = _FIGURES.fullmatch(text)
    if figures:
        return _in_figures((figures[1], figures[2], figures[3]))
    month = _MONTH.fullmatch(text)
    if month:
        return Found("incomplete", year=int(month[1] or month[2]))
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return _in_digits(text, epoch)
    return _in_words(text)


__all__ = ["excel_date"]
