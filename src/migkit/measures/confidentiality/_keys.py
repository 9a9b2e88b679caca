"""The key of a record: its combination of quasi-identifiers, and which other records share it.

Everything is worked out once per *combination* (a few thousand), not per record (perhaps millions).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migkit.measures._input import column_names, in_order, need_columns, shown
from migkit.reference import KitError, _

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

#: How a blank in a key is read: it may stand for anything, or it is one more value.
MISSING = ("wildcard", "category")

#: The code of a blank.
BLANK = -1

#: Codes of several keys are put together in one whole number as long as it stays below this.
_LARGEST = 2**62


@dataclass(frozen=True)
class Combinations:
    """The different keys of a file.

    Attributes:
        codes: one row a combination, one column a key; BLANK where the value is missing.
        of_record: for each record, the row of its combination.
        count: records of each combination.
        levels: for each key, the values that the codes 0, 1, 2... stand for.
    """

    codes: Ints
    of_record: Ints
    count: Ints
    levels: tuple[list[Any], ...]

    def added(self, weights: Floats) -> Floats:
        """The sum of ``weights`` (one a record) in each combination."""
        added = np.bincount(self.of_record, weights=weights, minlength=len(self.count))
        return np.asarray(added, dtype=np.float64)


def check_missing(missing: str) -> bool:
    """True where a blank stands for anything."""
    if missing not in MISSING:
        raise KitError(
            _("missing is 'wildcard' (a blank may stand for anything) or 'category'; got {value}.").format(
                value=shown(missing)
            )
        )
    return missing == "wildcard"


def key_columns(frame: pd.DataFrame, keys: Any, what: str) -> list[Any]:
    """The names of the key columns, all there and at least one."""
    names = column_names(keys, what)
    if not names:
        raise KitError(_("{what}: name at least one key (a quasi-identifier).").format(what=what))
    need_columns(frame, names, what)
    return names


def _codes(column: pd.Series, name: Any) -> tuple[Ints, list[Any]]:
    """Codes in the order of the values, BLANK where missing; empty text is missing."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        # Coded already; categories without records take no part.
        codes, values = np.asarray(column.cat.codes, dtype=np.int64), column.cat.categories
        return _tidied(codes, list(values))
    try:
        codes, values = pd.factorize(column, use_na_sentinel=True)
    except TypeError:
        raise KitError(
            _("The key {name} holds lists or other values that cannot be compared; make them codes.").format(
                name=shown(name)
            )
        ) from None
    return _tidied(codes, list(values))


def _tidied(codes: Ints, held: list[Any]) -> tuple[Ints, list[Any]]:
    """Codes in the order of the values ``held``; empty text becomes BLANK."""
    kept = [value for value in held if not (isinstance(value, str) and not value.strip())]
    levels = in_order(kept)
    place = {value: number for number, value in enumerate(levels)}
    to = np.array([place.get(value, BLANK) for value in held] + [BLANK], dtype=np.int64)
    return to[codes], levels


def numbered(codes: Sequence[Ints] | Ints) -> tuple[Ints, Ints]:
    """One number for each different row of ``codes`` (given as columns), and the first row that has it.

    Numbers follow the order of the codes, so that they do not depend on the order of the rows.
    """
    columns = list(codes)
    together = np.zeros(len(columns[0]), dtype=np.int64)
    size = 1
    for column in columns:
        width = int(column.max(initial=BLANK)) + 2
        if size * width >= _LARGEST:
            together, size = _dense(together)
        together, size = together * width + (column + 1), size * width
    if size <= max(4 * len(together), 1024):
        # Few possible numbers: a table of all of them is quicker than sorting.
        first = np.full(size, len(together), dtype=np.int64)
        first[together[::-1]] = np.arange(len(together))[::-1]
        used = np.flatnonzero(first < len(together))
        place = np.empty(size, dtype=np.int64)
        place[used] = np.arange(len(used))
        return place[together], first[used]
    if len(together) > 100_000:
        # Hashing first, then sorting only the different ones.
        hashed, values = pd.factorize(together)
        order = np.argsort(values)
        place = np.empty(len(values), dtype=np.int64)
        place[order] = np.arange(len(values))
        number = place[hashed]
        first = np.empty(len(values), dtype=np.int64)
        first[number[::-1]] = np.arange(len(number))[::-1]
        return number, first
    _values, first, number = np.unique(together, return_index=True, return_inverse=True)
    return number.reshape(-1).astype(np.int64), first.astype(np.int64)


def _dense(together: Ints) -> tuple[Ints, int]:
    values, number = np.unique(together, return_inverse=True)
    return number.reshape(-1).astype(np.int64), max(len(values), 1)


def combinations(frame: pd.DataFrame, keys: Sequence[Any]) -> Combinations:
    """The different keys of ``frame``."""
    coded = [_codes(frame[name], name) for name in keys]
    columns = [codes for codes, _levels in coded]
    number, first = numbered(columns)
    return Combinations(
        codes=np.column_stack([codes[first] for codes in columns]),
        of_record=number,
        count=np.bincount(number, minlength=len(first)).astype(np.int64),
        levels=tuple(levels for _codes, levels in coded),
    )


def matched(codes: Ints, amounts: Floats, wildcard: bool) -> Floats:
    """For each combination, the ``amounts`` (one or several columns) of all combinations that match it.

    Without blanks (or if a blank is a value like others) a combination matches itself alone. With blanks as
    wildcards two combinations match where they agree in every key that is known in both.
    """
    known = codes != BLANK
    if not wildcard or known.all():
        return amounts
    total = np.zeros_like(amounts)
    pattern, first = numbered([column.astype(np.int64) for column in known.T])
    members = [np.flatnonzero(pattern == number) for number in range(len(first))]
    for one, mine in enumerate(members):
        for other, theirs in enumerate(members):
            both = np.flatnonzero(known[first[one]] & known[first[other]])
            if not len(both):
                total[mine] += amounts[theirs].sum(axis=0)
                continue
            rows = np.concatenate([mine, theirs])
            number, _first = numbered([codes[rows, key] for key in both])
            mine_number, their_number = number[: len(mine)], number[len(mine) :]
            sums = np.zeros((int(number.max(initial=0)) + 1, *amounts.shape[1:]))
            np.add.at(sums, their_number, amounts[theirs])
            total[mine] += sums[mine_number]
    return total


__all__: list[str] = []
