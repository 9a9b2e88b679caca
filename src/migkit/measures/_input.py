"""What every measure asks of its input, in one place: clear errors, unknown codes, weights, classifiers."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from migkit.reference import KitError, _

#: Codes that say "not stated" in the kit's files: one letter in short lists, three in country lists.
UNKNOWN_CODES: tuple[str, ...] = ("X", "XXX")

#: Labels that tables carry. They stay English in frames, so that code can name them; pages translate them.
TOTAL = "Total"
NOT_STATED = "Not stated"


def shown(value: Any) -> str:
    """A value for a message: text in quotes, numbers as one writes them (``-1``, not ``np.int64(-1)``)."""
    return f"'{value}'" if isinstance(value, str) else str(value)


def need_columns(frame: pd.DataFrame, names: Iterable[str], what: str) -> None:
    """Raise a KitError unless ``frame`` is a table that holds the columns ``names``."""
    if not isinstance(frame, pd.DataFrame):
        raise KitError(
            _("{what} must be a table (a DataFrame), but it is a {kind}.").format(
                what=what, kind=type(frame).__name__
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


def numbers(values: Any, what: str, *, missing: bool = False) -> pd.Series:
    """``values`` as floats, none of them negative; blanks only where ``missing`` allows them.

    Raises:
        KitError: naming the first row that is not a number, is blank or is negative.
    """
    raw = pd.Series(values) if not isinstance(values, pd.Series) else values
    parsed = pd.to_numeric(raw, errors="coerce").astype("Float64")
    bad = parsed.isna() & raw.notna()
    result = pd.Series(parsed.to_numpy(dtype=float, na_value=np.nan), index=raw.index, name=raw.name)
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
                "{what}: row {row} holds the age {age:.0f}; ages run from 0 to 130, and a code such as 999 "
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


def is_unknown(values: pd.Series) -> pd.Series:
    """True where a value is blank or a code for "not stated"."""
    return values.isna() | values.astype(object).isin([*UNKNOWN_CODES, ""])


def classifier(values: pd.Series) -> pd.Series:
    """``values`` as a categorical in reading order, with "Not stated" last.

    Categories of a categorical column keep their order and stay even when empty (age groups); other values are
    sorted.
    """
    unknown = is_unknown(values)
    if isinstance(values.dtype, pd.CategoricalDtype):
        levels = [level for level in values.cat.categories if level not in (*UNKNOWN_CODES, "", NOT_STATED)]
    else:
        levels = in_order(set(values[~unknown]) - {NOT_STATED})
    filled = values.astype(object).where(~unknown, NOT_STATED)
    return pd.Series(
        pd.Categorical(filled, categories=[*levels, NOT_STATED]), index=values.index, name=values.name
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
