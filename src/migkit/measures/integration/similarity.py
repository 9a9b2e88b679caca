"""How alike two written values are: Jaro-Winkler for names, edit distance for numbers and dates.

Plain Python that a learner can follow; each different pair of values is compared once. DuckDB has the same
measures built in, and linkage on whole registers uses those.
"""

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from migkit.measures._input import number, shown
from migkit.reference import KitError, _

#: How many letters at the front count for Winkler's bonus.
PREFIX = 4


def jaro(first: str, second: str) -> float:
    """The similarity of two texts by the letters that they share, from 0 (none) to 1 (the same).

    ::

        jaro = (c/|a| + c/|b| + (c - t)/c) / 3
        c    letters in common: the same letter, no further apart than half the longer text less one
        t    half the number of common letters that stand in another order

    Source: M. A. Jaro, "Advances in record-linkage methodology as applied to matching the 1985 census of Tampa,
    Florida", Journal of the American Statistical Association 84 (1989).

    Args:
        first: a text.
        second: another.

    Returns:
        A number from 0 to 1; 1 for two empty texts.

    Raises:
        KitError: if one of them is no text.

    >>> round(jaro("MARTHA", "MARHTA"), 3)
    0.944
    >>> round(jaro("DIXON", "DICKSONX"), 3)
    0.767
    """
    for value in (first, second):
        if not isinstance(value, str):
            raise KitError(_("Similarity compares two texts; got {value}.").format(value=shown(value)))
    if first == second:
        return 1.0
    reach = max(len(first), len(second), 2) // 2 - 1
    taken = [False] * len(second)
    common_first = []
    for at, letter in enumerate(first):
        for other in range(max(0, at - reach), min(len(second), at + reach + 1)):
            if second[other] == letter and not taken[other]:
                taken[other] = True
                common_first.append(letter)
                break
    c = len(common_first)
    if c == 0:
        return 0.0
    common_second = [letter for letter, was in zip(second, taken, strict=True) if was]
    t = sum(a != b for a, b in zip(common_first, common_second, strict=True)) // 2
    return (c / len(first) + c / len(second) + (c - t) / c) / 3


def jaro_winkler(first: Any, second: Any, bonus: float = 0.1, bonus_above: float = 0.7) -> Any:
    """The similarity of names: Jaro's, raised where the first letters agree, since errors come later in a name.

    ::

        jaro_winkler = jaro + l x bonus x (1 - jaro)      where jaro > bonus_above, else jaro
        l            letters that agree at the front, 4 at most

    Source: W. E. Winkler, "String comparator metrics and enhanced decision rules in the Fellegi-Sunter model of
    record linkage", Proceedings of the Section on Survey Research Methods, American Statistical Association
    (1990).

    Args:
        first: a text, or a column of texts.
        second: a text, or a column with as many rows.
        bonus: the weight of a letter at the front, at most 0.25.
        bonus_above: only pairs that are alike have the bonus.

    Returns:
        A number from 0 to 1, or a column of them with the index of ``first``; blank where a text is blank.

    Raises:
        KitError: if a value is no text, the columns differ in length or the bonus is out of range.

    >>> round(jaro_winkler("MARTHA", "MARHTA"), 3)
    0.961
    >>> round(jaro_winkler("Diallo", "Jallow"), 3), round(jaro_winkler("Diallo", "Dialo"), 3)
    (0.778, 0.967)
    >>> jaro_winkler(pd.Series(["Bah", "Barry", None]), pd.Series(["Ba", "Sow", "Sow"])).round(3).tolist()
    [0.911, 0.0, nan]
    """
    if number(bonus, "bonus") * PREFIX > 1:
        raise KitError(_("bonus is at most 0.25, or a pair could be more than the same; got {x}.").format(x=bonus))

    def one(a: str, b: str) -> float:
        alike = jaro(a, b)
        if alike <= bonus_above:
            return alike
        front = 0
        for x, y in zip(a[:PREFIX], b[:PREFIX], strict=False):
            if x != y:
                break
            front += 1
        return alike + front * bonus * (1 - alike)

    return _each_pair(one, first, second)


def edit_distance(first: Any, second: Any) -> Any:
    """How many slips lead from one text to the other: a sign put in, left out, changed, or two neighbours swapped.

    ::

        d(i, j) = min( d(i-1, j) + 1,  d(i, j-1) + 1,  d(i-1, j-1) + [a_i differs from b_j],
                       d(k-1, l-1) + (i-k-1) + 1 + (j-l-1) )     a_k = b_j, b_l = a_i, the last such before

    Source: F. J. Damerau, Communications of the ACM 7 (1964); R. Lowrance and R. A. Wagner, Journal of the ACM 22
    (1975).

    Args:
        first: a text, or a column of texts.
        second: a text, or a column with as many rows.

    Returns:
        A whole number, or a column of them with the index of ``first``; blank where a text is blank.

    Raises:
        KitError: if a value is no text or the columns differ in length.

    >>> edit_distance("1984-05-12", "1984-05-21"), edit_distance("Sow", "Sowe"), edit_distance("Ba", "Bah")
    (1, 1, 1)
    """
    return _each_pair(_slips, first, second)


def _slips(a: str, b: str) -> int:
    far = len(a) + len(b)
    table = [[far] * (len(b) + 2) for _i in range(len(a) + 2)]
    for i in range(len(a) + 1):
        table[i + 1][1] = i
    for j in range(len(b) + 1):
        table[1][j + 1] = j
    last_row: dict[str, int] = {}
    for i, letter in enumerate(a, start=1):
        last_column = 0
        for j, other in enumerate(b, start=1):
            k, m = last_row.get(other, 0), last_column
            if letter == other:
                last_column = j
            table[i + 1][j + 1] = min(
                table[i][j] + (letter != other),
                table[i + 1][j] + 1,
                table[i][j + 1] + 1,
                table[k][m] + (i - k - 1) + 1 + (j - m - 1),
            )
        last_row[letter] = i
    return table[-1][-1]


def _each_pair(one: Callable[[str, str], float], first: Any, second: Any) -> Any:
    """``one`` of two texts, or of each row of two columns; every different pair is worked out once."""
    if isinstance(first, str) and isinstance(second, str):
        return one(first, second)
    columns = [_texts(values) for values in (first, second)]
    if len(columns[0]) != len(columns[1]):
        raise KitError(
            _("The two columns must have as many rows: one has {a}, the other {b}.").format(
                a=len(columns[0]), b=len(columns[1])
            )
        )
    found: dict[tuple[str, str], float] = {}
    result = []
    for a, b in zip(*columns, strict=True):
        if pd.isna(a) or pd.isna(b):
            result.append(float("nan"))
            continue
        if (a, b) not in found:
            found[a, b] = one(a, b)
        result.append(found[a, b])
    index = first.index if isinstance(first, pd.Series) else None
    return pd.Series(result, index=index, dtype=float)


def _texts(values: Any) -> list[Any]:
    if isinstance(values, (str, bytes, dict, pd.DataFrame)) or not isinstance(values, Iterable):
        raise KitError(
            _("Similarity compares two texts or two columns of texts; got {value}.").format(
                value=type(values).__name__
            )
        )
    listed = list(values)
    for row, value in enumerate(listed):
        if not isinstance(value, str) and not pd.isna(value):
            raise KitError(
                _("Similarity compares texts, but row {row} holds {value}.").format(row=row, value=shown(value))
            )
    return listed


__all__ = ["edit_distance", "jaro", "jaro_winkler"]
