"""Keys: what two records must have in common, written as data.

A key is a column, a column and what is taken of it, or several columns whose order does not matter::

    "sex"                       the value, without regard to case, accents and spaces
    "surname:key"               the same for Diallo, Jallow and Djaló (see name_key)
    "dob:year"                  of a date, the year
    "given_name+surname:key"    both names, in whichever order they stand

Rules of linkage and rules of blocking are lists of such keys, so that they can be shown, counted and changed.
"""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import column_names, is_unknown, need_columns, shown
from migkit.measures.administrative.names import name_key, normalise_name
from migkit.reference import KitError, _


def _mapped(values: pd.Series, one: Callable[[Any], Any]) -> pd.Series:
    """``one`` of each value that is known, worked out once for each; None elsewhere."""
    held = values.astype(object)
    known = ~is_unknown(values)
    table = {value: one(value) for value in held[known].unique()}
    found = [table[value] if fine else None for value, fine in zip(held, known, strict=True)]
    return pd.Series(found, index=values.index, name=values.name, dtype=object)


def _as_text(value: Any) -> str | None:
    """A value as it is compared: 270.0 is 270, "Cissé " is "cisse"."""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        value = int(value)
    letters = unicodedata.normalize("NFKD", str(value).casefold())
    return " ".join("".join(sign for sign in letters if not unicodedata.combining(sign)).split()) or None


def plain_text(values: pd.Series) -> pd.Series:
    """Values as text without case, accents and needless spaces; None where nothing is stated.

    Args:
        values: a column of any kind.

    Returns:
        A Series of text with the same index.

    >>> plain_text(pd.Series(["  Cissé ", 270.0, "X", None])).tolist()
    ['cisse', '270', None, None]
    """
    return _mapped(values, _as_text)


def date_text(values: pd.Series) -> pd.Series:
    """Dates as ``YYYY-MM-DD``; where only the year is known, ``YYYY-00-00``.

    The day is not looked up in a calendar: a day and a month in each other's place must stay to be compared.

    Args:
        values: dates, dates with a time, text such as ``1984-05-12`` or ``19840512``, or years.

    Returns:
        A Series of text with the same index; None where nothing is stated.

    Raises:
        KitError: naming the first row that is none of these.

    >>> date_text(pd.Series(["1984-05-12", "19840512", "1984", None])).tolist()
    ['1984-05-12', '1984-05-12', '1984-00-00', None]
    """
    if values.dtype.kind == "M":
        moments = values.dt.strftime("%Y-%m-%d").astype(object)
        return pd.Series(moments.where(values.notna(), None), index=values.index, name=values.name, dtype=object)

    def one(value: Any) -> str | None:
        if isinstance(value, date):
            return value.strftime("%Y-%m-%d")
        text = str(_as_text(value) or "")[:10].replace("/", "-")
        digits = text.replace("-", "")
        if len(digits) == 4 and digits.isdecimal():
            return f"{digits}-00-00"
        iso = len(text) == 8 or (len(text) == 10 and text[4] == text[7] == "-")
        return (
            f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if len(digits) == 8 and digits.isdecimal() and iso else ""
        )

    found = _mapped(values, one)
    wrong = found.eq("").to_numpy()
    if wrong.any():
        row = int(wrong.argmax())
        raise KitError(
            _(
                "Column {column!r}, row {row}: {value} is no date written year, month, day, such as 1984-05-12 "
                "({n} such rows)."
            ).format(
                column=str(values.name),
                row=shown(values.index[row]),
                value=shown(values.iloc[row]),
                n=int(wrong.sum()),
            )
        )
    return found


def _part_of_date(start: int, end: int) -> Callable[[pd.Series], pd.Series]:
    def part(values: pd.Series) -> pd.Series:
        found = date_text(values).map(lambda day: day[start:end] if isinstance(day, str) else None)
        return found.where(~found.astype(str).str.startswith("00"), None).astype(object)

    return part


def _front(letters: int) -> Callable[[pd.Series], pd.Series]:
    def front(values: pd.Series) -> pd.Series:
        names = normalise_name(values.where(~is_unknown(values)))
        return names.map(lambda name: name[:letters] if isinstance(name, str) else None)

    return front


def _first_word(values: pd.Series) -> pd.Series:
    return name_key(values.where(~is_unknown(values))).map(
        lambda key: key.split(" ")[0] if isinstance(key, str) else None
    )


#: What can be taken of a column, by the word behind the colon.
TRANSFORMS: dict[str, Callable[[pd.Series], pd.Series]] = {
    "plain": plain_text,
    "name": lambda values: normalise_name(values.where(~is_unknown(values))),
    "key": lambda values: name_key(values.where(~is_unknown(values))),
    "first_key": _first_word,
    "initial": _front(1),
    "first_3": _front(3),
    "date": date_text,
    "year": _part_of_date(0, 4),
    "month_day": _part_of_date(5, 10),
}


def parse_key(key: str) -> tuple[list[str], str]:
    """The columns of a key, and what is taken of them.

    Args:
        key: such as ``"surname"``, ``"dob:year"`` or ``"given_name+surname:key"``.

    Returns:
        The names of the columns, and a key of ``TRANSFORMS``.

    Raises:
        KitError: if the key is no text or names something that cannot be taken.

    >>> parse_key("given_name+surname:key")
    (['given_name', 'surname'], 'key')
    """
    if not isinstance(key, str) or not key.strip(" :+"):
        raise KitError(
            _("A key is written as text, such as 'surname:key' or 'dob:year'; got {key}.").format(key=shown(key))
        )
    columns, colon, taken = key.rpartition(":")
    if not colon:
        columns, taken = key, "plain"
    if taken not in TRANSFORMS:
        raise KitError(
            _("The key {key!r} asks for {taken!r}; what can be taken of a column is: {known}.").format(
                key=key, taken=taken, known=", ".join(TRANSFORMS)
            )
        )
    return column_names([part.strip() for part in columns.split("+")], _("The key {key!r}").format(key=key)), taken


def agreement_key(frame: pd.DataFrame, key: str | Sequence[str], what: str = "") -> pd.Series:
    """The key of each record: records with equal keys agree.

    Args:
        frame: one row a record.
        key: one key, or several that must all agree.
        what: how messages call the table.

    Returns:
        A Series of text with the index of ``frame``; None where a part is not stated, which agrees with nothing.

    Raises:
        KitError: if a column is missing, a key is not understood or a date cannot be read.

    >>> people = pd.DataFrame({"surname": ["Diallo", "Jallow", "X"], "dob": ["1984-05-12", "1984-01-01", "1990"]})
    >>> agreement_key(people, ["surname:key", "dob:year"]).tolist()
    ['JAlO|1984', 'JAlO|1984', None]
    """
    parsed = [parse_key(each) for each in as_keys(key)]
    need_columns(frame, dict.fromkeys(c for columns, _taken in parsed for c in columns), what or _("The table"))
    parts = []
    for columns, taken in parsed:
        values = [TRANSFORMS[taken](frame[column]) for column in columns]
        rows = zip(*values, strict=True)
        parts.append([None if any(map(pd.isna, row)) else "+".join(sorted(row)) for row in rows])
    together = [None if None in row else "|".join(row) for row in zip(*parts, strict=True)]
    return pd.Series(together, index=frame.index, dtype=object)


def as_keys(rule: str | Sequence[str]) -> list[str]:
    """A rule as a list of keys: one text is a rule of one key.

    Args:
        rule: a key, or a list of them.

    Returns:
        The keys, at least one.

    Raises:
        KitError: if it is neither, or empty.

    >>> as_keys("surname:key")
    ['surname:key']
    """
    keys = [rule] if isinstance(rule, str) else list(rule) if isinstance(rule, Iterable) else []
    if not keys:
        raise KitError(_("A rule is a list of keys that must agree; got {rule}.").format(rule=shown(rule)))
    return keys


def record_ids(frame: pd.DataFrame, column: str | None, what: str) -> pd.Series:
    """The identifier of each record: a column, or the index where ``column`` is None.

    Args:
        frame: one row a record.
        column: the column that identifies records, or None.
        what: how messages call the table.

    Returns:
        A Series with the index of ``frame``.

    Raises:
        KitError: if an identifier is blank or stands twice.

    >>> record_ids(pd.DataFrame({"id": ["a", "b"]}), "id", "The register").tolist()
    ['a', 'b']
    """
    need_columns(frame, [] if column is None else [column], what)
    ids = pd.Series(frame.index if column is None else frame[column]).set_axis(frame.index).astype(object)
    name = _("its index") if column is None else _("column {c!r}").format(c=str(column))
    if ids.isna().any():
        raise KitError(
            _("{what}, {name}: row {row} has no identifier ({n} such rows).").format(
                what=what, name=name, row=int(ids.isna().to_numpy().argmax()), n=int(ids.isna().sum())
            )
        )
    twice = ids.duplicated()
    if twice.any():
        raise KitError(
            _(
                "{what}, {name}: {value} stands in more than one row ({n} rows too many); number the records."
            ).format(what=what, name=name, value=shown(ids[twice].iloc[0]), n=int(twice.sum()))
        )
    return ids


__all__ = ["TRANSFORMS", "agreement_key", "as_keys", "date_text", "parse_key", "plain_text", "record_ids"]
