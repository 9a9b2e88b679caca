"""Preference for each last digit of age: Bachi's index, and Whipple's index digit by digit."""

from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import whole_number
from migkit.measures.census_quality.ages import by_single_age
from migkit.reference import KitError, _


def modified_whipple(ages: Any, counts: Any = None, first: int = 23, last: int = 62) -> pd.Series:
    """Whipple's idea applied to each last digit of age: 1 where a digit is neither liked nor avoided.

    ::

        W(d) = 5 x sum of P(x)  /  sum of P(x-2) + P(x-1) + P(x) + P(x+1) + P(x+2)
               over the ages x from first to last that end in d

    Each age is compared with the five years around it, so that the index needs no more than a straight line over
    five years. 0 says that nobody reports the digit, 5 that all do.

    Source: A. Noumbissi, Population 47 (1992), for the digits 0 and 5; T. Spoorenberg and C. Dutreuilh, Population
    62 (2007), for all ten digits.

    Args:
        ages, counts: as for :func:`whipple`.
        first, last: the ages between which x lies; two more years are read on both sides.

    Returns:
        The index of each digit 0 to 9; blank where nobody is near its ages.

    Raises:
        KitError: if the range is shorter than ten years or nobody is in it.

    >>> modified_whipple(range(0, 100)).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    first, last = whole_number(first, _("The first age")), whole_number(last, _("The last age"))
    if last - first < 9 or first < 2:
        raise KitError(
            _("The ages must span ten years or more and begin at 2 or later; got {first} to {last}.").format(
                first=first, last=last
            )
        )
    return _modified(by_single_age(ages, counts, first - 2, last + 2, step=1), range(10))


def _modified(single: pd.Series, digits: range) -> pd.Series:
    """The index of each digit from persons by single age; the first and last two ages serve as neighbours only."""
    around = single.rolling(5, center=True).sum()
    tested = pd.DataFrame({"at": single, "around": around}).iloc[2:-2]
    sums = tested.groupby(tested.index % 10).sum().reindex(digits)
    index = 5 * sums["at"] / sums["around"].where(sums["around"] > 0)
    return pd.Series(index, name="index").rename_axis(index="digit")


def total_modified_whipple(ages: Any, counts: Any = None, first: int = 23, last: int = 62) -> float:
    """All preferences and avoidances in one number: the sum over the digits of \\|W(d) - 1\\|.

    0 means no preference. 16 is reached where all ages end in 0 or 5; W(d) as in :func:`modified_whipple`, whose
    arguments and source hold here too. A digit near whose ages nobody is found counts as 0.

    Source: T. Spoorenberg and C. Dutreuilh, Population 62 (2007).

    >>> total_modified_whipple(range(0, 100))
    0.0
    >>> total_modified_whipple(range(0, 100, 5))
    16.0
    """
    return float(modified_whipple(ages, counts, first, last).fillna(0.0).sub(1).abs().sum())


def bachi_shares(
    ages: Any, counts: Any = None, first: int = 23, last: int = 77, method: str = "original"
) -> pd.Series:
    """Percentage of persons at each last digit by Bachi's method; 10 for each where there is no preference.

    ::

        digit d: let a be the age among first ... first + 4 with the last digit d or d +/- 5; L whole decades fit
        share = mean of the shares of d among ages a ... a+L-1 and among ages a+1 ... a+L           "original"
        share = its persons in both ranges / all persons in both ranges                             "pooled"

    The digit stands at both ends of its ranges or in their middle, so that the slope of the age pyramid drops out.

    Source: R. Bachi, Bulletin of the International Statistical Institute 33 (1951); Shryock, Siegel and
    Associates, The Methods and Materials of Demography. The US Census Bureau's spreadsheet SINGAGE pools.

    Args:
        ages, counts: as for :func:`whipple`.
        first, last: the ages that may be used; five years more than whole decades, such as 23 to 77, use all.
        method: ``"original"`` or ``"pooled"``, see above.

    Raises:
        KitError: if the range is too short or nobody is in one of the windows.

    >>> bachi_shares([30, 40, 50, 60]).tolist()
    [100.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    """
    if method not in ("original", "pooled"):
        raise KitError(_("There is no method {method!r}; use 'original' or 'pooled'.").format(method=method))
    first, last = whole_number(first, _("The first age")), whole_number(last, _("The last age"))
    length = (last - first - 4) // 10 * 10
    if length < 10:
        raise KitError(
            _("Bachi's method needs at least 15 years of age, such as 23 to 77; got {first} to {last}.").format(
                first=first, last=last
            )
        )
    single = by_single_age(ages, counts, first, first + 4 + length, step=1)
    shares = []
    for digit in range(10):
        start = first + (digit - first) % 5
        windows = [single.loc[low : low + length - 1] for low in (start, start + 1)]
        wholes = np.array([window.sum() for window in windows])
        parts = np.array([window[window.index % 10 == digit].sum() for window in windows])
        if (wholes == 0).any():
            raise KitError(_("Nobody has an age from {first} to {last}.").format(first=start, last=start + length))
        shares.append(100 * (parts.sum() / wholes.sum() if method == "pooled" else (parts / wholes).mean()))
    return pd.Series(shares, index=pd.RangeIndex(10, name="digit"), name="percent")


def bachi(ages: Any, counts: Any = None, first: int = 23, last: int = 77, method: str = "original") -> float:
    """Bachi's index: the least share of persons (in per cent) who report an age with a wrong last digit.

    ::

        index = half the sum over the ten digits of |share - 10|

    0 means no preference, 90 that all ages end in the same digit. Shares, arguments and source as for
    :func:`bachi_shares`.

    >>> bachi(range(0, 100))
    0.0
    >>> bachi([30, 40, 50, 60])
    90.0
    """
    return float(bachi_shares(ages, counts, first, last, method).sub(10).abs().sum() / 2)


__all__ = ["bachi", "bachi_shares", "modified_whipple", "total_modified_whipple"]
