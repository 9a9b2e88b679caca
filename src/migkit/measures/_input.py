"""What every measure asks of its input, in one place: clear errors, unknown codes, weights, classifiers."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from decimal import Decimal
from importlib import import_module
from numbers import Real
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from migkit.reference import KitError, _
from migkit.reference.browser import in_browser

#: Codes that say "not stated" in the kit's files: one letter in short lists, three in country lists.
UNKNOWN_CODES: tuple[str, ...] = ("X", "XXX")

#: Labels that tables carry. They stay English in frames, so that code can name them; pages translate them.
TOTAL = "Total"
NOT_STATED = "Not stated"


def shown(value: Any) -> str:
    """A value for a message, in one line: text in quotes, numbers as one writes them (``-1``)."""
    text = str(value)
    if len(text) > 80 or "\n" in text:
        text = " ".join(text.split())[:77] + "..."
    return f"'{text}'" if isinstance(value, str) else text


def need_columns(frame: pd.DataFrame, names: Iterable[str], what: str) -> None:
    """Raise a KitError unless ``frame`` is a table that holds the columns ``names``."""
    if not isinstance(frame, pd.DataFrame):
        raise KitError(
            _("{what} must be a table (a DataFrame), but it is a {kind}.").format(
                what=what, kind=type(frame).__name__
            )
        )
    names = list(names)
    for name in names:
        if not isinstance(name, Hashable) or isinstance(name, type(pd.NA)):
            raise KitError(_("{what}: name one column where it says {name}.").format(what=what, name=shown(name)))
        if list(frame.columns).count(name) > 1:
            raise KitError(
                _("{what} has more than one column called {name}; rename or drop the others.").format(
                    what=what, name=shown(name)
                )
            )
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise KitError(
            _("{what} has no column {missing}; its columns are: {have}.").format(
                what=what,
                missing=", ".join(shown(name) for name in missing),
                have=", ".join(str(name) for name in frame.columns) or _("none"),
            )
        )


def column_names(by: Any, what: str) -> list[Any]:
    """One column name or several, as a list; none of them twice."""
    names = list(by) if isinstance(by, (list, tuple, pd.Index)) else [by]
    if len(set(map(str, names))) < len(names):
        raise KitError(
            _("{what}: a column is named twice in {names}.").format(what=what, names=", ".join(map(shown, names)))
        )
    return names


def whole_number(value: Any, what: str) -> int:
    """``value`` as a whole number (23.0 will do).

    Raises:
        KitError: if it is none.
    """
    try:
        result = int(value)
    except (TypeError, ValueError, OverflowError):
        result = None
    if result is None or isinstance(value, str) or result != value:
        raise KitError(_("{what} must be a whole number; got {value}.").format(what=what, value=shown(value)))
    return result


def number(value: Any, what: str) -> float:
    """One number of 0 or more.

    Raises:
        KitError: if it is none.
    """
    result = one_number(value, what)
    if not np.isfinite(result) or result < 0:
        raise KitError(
            _("{what} must be a number of 0 or more; got {value}.").format(what=what, value=shown(value))
        )
    return result


def _one_column(values: Any, what: str) -> pd.Series:
    """``values`` as a Series; empty text in it as blank."""
    error = KitError(
        _("{what}: a column or a list of numbers is needed, but this is a {kind}.").format(
            what=what, kind=type(values).__name__
        )
    )
    if isinstance(values, pd.Series):
        raw = values
    elif values is None or isinstance(values, (str, bytes, Mapping, pd.DataFrame)) or np.isscalar(values):
        raise error
    else:
        try:
            raw = pd.Series(values)
        except (TypeError, ValueError):
            raise error from None
    if raw.dtype.kind in "mMc":
        raise KitError(
            _("{what}: numbers are needed, but this column holds {kind}.").format(what=what, kind=raw.dtype)
        )
    if not pd.api.types.is_numeric_dtype(raw.dtype):
        raw = raw.astype(object)
        raw = raw.mask(raw.map(lambda value: isinstance(value, str) and not value.strip()).astype(bool))
    return raw


def _as_floats(raw: pd.Series) -> pd.Series:
    """Each cell as a number; NaN where it is blank or none: a date, a complex number, a list."""
    if raw.dtype == object:
        # Decided by the kinds that occur, which are few. Left to itself, pandas would read dates as numbers.
        kinds = {type(value) for value in raw}
        odd = {kind for kind in kinds if not issubclass(kind, (str, Real, Decimal, np.bool_))}
        if odd:
            raw = raw.mask(raw.map(lambda value: type(value) in odd).astype(bool))
    try:
        parsed = pd.to_numeric(raw, errors="coerce").astype("Float64")
    except OverflowError:  # a whole number that no float can hold
        raw = raw.map(lambda value: np.nan if isinstance(value, int) and abs(value) >= 2**1023 else value)
        parsed = pd.to_numeric(raw, errors="coerce").astype("Float64")
    return pd.Series(parsed.to_numpy(dtype=float, na_value=np.nan), index=raw.index, name=raw.name)


def numbers(values: Any, what: str, *, missing: bool = False) -> pd.Series:
    """``values`` as floats, none of them negative; blanks only where ``missing`` allows them.

    Raises:
        KitError: naming the first row that is not a number, is blank or is negative.
    """
    if isinstance(values, pd.DataFrame):
        raise KitError(
            _("{what}: a whole table was given, where one column is needed, such as table[{column}].").format(
                what=what, column=shown(next((c for c in values.columns if c == "age"), "age"))
            )
        )
    raw = _one_column(values, what)
    result = _as_floats(raw)
    bad = result.isna() & raw.notna()
    if not missing:
        bad |= raw.isna()
    bad |= result.lt(0) | np.isinf(result)
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise KitError(
            _("{what}: row {row} holds {value}, where a number of 0 or more is needed ({n} such rows).").format(
                what=what, row=shown(raw.index[row]), value=shown(raw.iloc[row]), n=int(bad.sum())
            )
        )
    return result


def one_number(value: Any, what: str) -> float:
    """``value`` as one number.

    Raises:
        KitError: if it is a table, a column, a text or anything else; the sentence says how to count rows.
    """
    if isinstance(value, (pd.DataFrame, pd.Series)):
        raise KitError(
            _("{what} must be one number, but it holds {n} rows. Count them: len(...) for a table, ").format(
                what=what, n=len(value)
            )
            + _(".sum() for a condition such as table['sex'] == 'F'.")
        )
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise KitError(
            _("{what} must be one number, but it is {value}.").format(what=what, value=shown(value))
        ) from error


def whole_ages(ages: Any, what: str, *, missing: bool = True) -> pd.Series:
    """``ages`` in completed years (4.7 becomes 4), blanks kept as NaN.

    Raises:
        KitError: if an age is not a number, is negative or is above 130.
    """
    years = np.floor(numbers(ages, what, missing=missing))
    too_old = years.gt(130)
    if too_old.any():
        row = int(too_old.to_numpy().argmax())
        raise KitError(
            _(
                "{what}: row {row} holds the age {age:g}; ages run from 0 to 130, and a code such as 999 "
                "for unknown must be made blank first."
            ).format(what=what, row=shown(years.index[row]), age=years.iloc[row])
        )
    return pd.Series(years, index=years.index, name=years.name)


def weights(frame: pd.DataFrame, weight: str | None, what: str) -> pd.Series:
    """The weight of each row: the column ``weight``, or 1 where there is none."""
    if weight is None:
        return pd.Series(1.0, index=frame.index)
    need_columns(frame, [weight], what)
    return numbers(frame[weight], _("{what}, column {column!r}").format(what=what, column=weight))


def tidy(values: pd.Series) -> pd.Series:
    """``values`` as objects, text without the spaces around it.

    Raises:
        KitError: naming the first row that holds a list or another thing of several values.
    """
    held = values.astype(object)
    try:
        found = held.unique()
    except TypeError:
        raise _several_values(held) from None
    if any(isinstance(value, tuple) for value in found):
        raise _several_values(held)
    padded = {v: v.strip() for v in found if isinstance(v, str) and v != v.strip()}
    return held.map(lambda value: padded.get(value, value)) if padded else held


def _several_values(held: pd.Series) -> KitError:
    """What to say of a column in which some cell holds several values."""
    odd = [not isinstance(value, Hashable) or isinstance(value, tuple) for value in held]
    row = odd.index(True) if True in odd else 0
    return KitError(
        _("Column {c}: row {row} holds a {kind}, where one value is needed ({n} such rows).").format(
            c=shown(held.name), row=shown(held.index[row]), kind=type(held.iloc[row]).__name__, n=sum(odd)
        )
    )


def is_unknown(values: pd.Series) -> pd.Series:
    """True where a value is blank, a code for "not stated" or these words."""
    return values.isna() | tidy(values).isin([*UNKNOWN_CODES, "", NOT_STATED])


def classifier(values: pd.Series) -> pd.Series:
    """``values`` as a categorical in reading order, with "Not stated" last.

    Categories of a categorical column keep their order and stay even when empty (age groups); other values are
    sorted. Spaces around text do not count.

    Raises:
        KitError: if the column holds the word "Total": such a row would be counted as a person.
    """
    unknown = is_unknown(values)
    held = tidy(values)
    if held.eq(TOTAL).any():
        raise KitError(
            _(
                "Column {c!r} holds the value {total!r} in row {row}; leave rows of totals out, the table makes "
                "its own."
            ).format(
                c=str(values.name), total=TOTAL, row=shown(values.index[int(held.eq(TOTAL).to_numpy().argmax())])
            )
        )
    if isinstance(values.dtype, pd.CategoricalDtype):
        every = tidy(pd.Series(values.cat.categories)).drop_duplicates()
        levels = [level for level in every if level not in (*UNKNOWN_CODES, "", NOT_STATED, TOTAL)]
    else:
        levels = in_order(set(held[~unknown]))
    filled = held.where(~unknown, NOT_STATED)
    return pd.Series(
        pd.Categorical(filled, categories=pd.Index([*levels, NOT_STATED], dtype=object)),
        index=values.index,
        name=values.name,
    )


def in_order(values: Iterable[Any]) -> list[Any]:
    """``values`` sorted; mixed kinds (numbers and text) by their text."""
    held: Sequence[Any] = list(values)
    try:
        return sorted(held)
    except TypeError:
        return sorted(held, key=str)


def as_counts(table: pd.DataFrame, weight: str | None) -> pd.DataFrame:
    """Whole numbers where rows were counted, decimals where they were weighted."""
    return table.astype("int64") if weight is None else table.astype(float)


def engine(name: str, group: str = "office") -> ModuleType:
    """The module ``name`` of a package that only size or an office's own file needs.

    Raises:
        KitError: if it is not installed; the sentence says how to install it.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as missing:
        if in_browser():
            text = _(
                "This needs the package {name}, which does not run in a page: do it with the kit installed on a "
                "computer. The kit's readable measures work here."
            )
            raise KitError(text.format(name=missing.name)) from missing
        raise KitError(
            _(
                "This needs the package {name}, which is not installed: run `python3 kit.py install {group}`."
            ).format(name=missing.name, group=group)
        ) from missing


def confidence_level(level: Any) -> float:
    """A confidence level, above 0 and below 1.

    Raises:
        KitError: if it is none.
    """
    if isinstance(level, (int, float)) and 0 < level < 1:
        return float(level)
    raise KitError(_("A confidence level lies between 0 and 1, for example 0.95; got {x}.").format(x=shown(level)))


def signed_numbers(values: Any, what: str) -> pd.Series:
    """``values`` as floats of either sign, blanks as NaN: answers of a survey, differences, balances.

    Raises:
        KitError: naming the first row that is not a number, or is infinite.
    """
    raw = _one_column(values, what)
    result = _as_floats(raw)
    bad = (result.isna() & raw.notna()) | np.isinf(result)
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise KitError(
            _("{what}: row {row} holds {value}, where a number is needed ({n} such rows).").format(
                what=what, row=shown(raw.index[row]), value=shown(raw.iloc[row]), n=int(bad.sum())
            )
        )
    return result
