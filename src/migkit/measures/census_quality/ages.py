"""How well ages were reported: heaping on digits (Whipple, Myers), smoothness by sex and age (United Nations)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from migkit.measures._input import numbers, whole_ages, whole_number
from migkit.measures.census_quality.ratios import age_sex_ratios
from migkit.reference import KitError, _


def by_single_age(ages: Any, counts: Any, first: int, last: int, step: int = 10) -> pd.Series:
    """Persons at each single age from ``first`` to ``last``, whole ``step`` years; unknown ages are left out.

    >>> by_single_age([30, 30, 31, None], None, 30, 32, step=1).tolist()
    [2.0, 1.0, 0.0]
    """
    first, last = whole_number(first, _("The first age")), whole_number(last, _("The last age"))
    if (last - first + 1) % step or first < 0 or last <= first:
        raise KitError(
            _(
                "The ages must span a multiple of {step} years, such as 23 to 62, so that each digit has the same "
                "chance; got {first} to {last}."
            ).format(step=step, first=first, last=last)
        )
    years = whole_ages(ages, _("Ages"))
    if counts is None:
        each = pd.Series(1.0, index=years.index)
    else:
        each = numbers(counts, _("Counts by age"))
        if len(each) != len(years):
            raise KitError(
                _("There are {a} ages but {c} counts; each age needs its count.").format(a=len(years), c=len(each))
            )
    single = pd.Series(each.to_numpy(), index=years.to_numpy()).groupby(level=0).sum()
    single = single.reindex(range(first, last + 1), fill_value=0.0)
    if single.sum() == 0:
        raise KitError(_("Nobody has an age from {first} to {last}.").format(first=first, last=last))
    return single


def whipple(
    ages: Any, counts: Any = None, digits: Sequence[int] = (0, 5), first: int = 23, last: int = 62
) -> float:
    """Whipple's index: how far reported ages heap on the digits 0 and 5.

    ::

        index = 100 x (persons aged 25, 30, ... 60) / (1/5 of the persons aged 23 to 62)

    100 means no heaping; 500 means that everybody reports an age ending in 0 or 5. A rule of thumb in wide use
    calls data highly accurate below 105, fairly accurate to 110, approximate to 125, rough to 175, very rough
    above.

    Source: E. E. Arriaga, Population Analysis with Microcomputers, volume I (1994); Shryock, Siegel and
    Associates, The Methods and Materials of Demography, chapter on age composition.

    Args:
        ages: one age a person (blanks are left out); or, with ``counts``, the single ages that were counted.
        counts: persons (or weights) at each of ``ages``.
        digits: the digits suspected; (0,) alone or (5,) alone measure one digit.
        first, last: the range of ages: any number of whole decades; for the digits 0 and 5 together also a
            multiple of five years, such as 23 to 67.

    Raises:
        KitError: if ages are negative or nobody is in the range.

    >>> whipple(range(0, 100))
    100.0
    >>> whipple([30, 35, 40, 41], counts=[40, 40, 10, 10])
    450.0
    """
    wanted = {digits} if isinstance(digits, int) else set(digits)
    if not wanted or not wanted <= set(range(10)):
        raise KitError(_("Digits must be from 0 to 9; got {digits}.").format(digits=sorted(wanted, key=str)))
    # 0 and 5 together come once in five years, so that half decades are fair to them.
    single = by_single_age(ages, counts, first, last, step=5 if wanted == {0, 5} else 10)
    heaped = single[(single.index % 10).isin(wanted)].sum()
    expected = single.sum() * len(wanted) / 10
    return float(100 * heaped / expected)


def digit_shares(
    ages: Any,
    counts: Any = None,
    first: int = 10,
    last: int = 89,
    blended: bool = True,
    method: str = "original",
) -> pd.Series:
    """Percentage of persons at each last digit of age, 0 to 9; 10 for each where there is no preference.

    Older ages have fewer people, so the digit that opens the range would look preferred. Myers blends two sums for
    each digit, one from the first decade on and one from the second decade on, which removes that slope::

        digit of rank r in the range (1 to 10):  blended = r x S1 + (10 - r) x S2
        S2 = its persons without the first decade of the range
        S1 = its persons without the last decade ("original") or in the whole range ("textbook")

    With "original" each digit opens the range once and all ten windows are equally long: 10 to 89 stands for the
    windows 10-79, 11-80 ... 19-88. Textbooks after Shryock and Siegel, and the US Census Bureau's spreadsheet
    SINGAGE, keep the last decade in S1; the two results lie close together. To compare with a printed index, find
    out which was used, for which ages, and whether the sum was halved (see :func:`myers`).

    Source: R. J. Myers, "Errors and bias in the reporting of ages in census data", Transactions of the Actuarial
    Society of America 41 (1940); Shryock, Siegel and Associates, The Methods and Materials of Demography.

    Args:
        ages, counts: as for :func:`whipple`.
        first, last: the range of ages, whole decades; at least two if blended.
        blended: False gives the plain percentages.
        method: ``"original"`` or ``"textbook"``, see above.

    Raises:
        KitError: if the range is too short or nobody is in it.

    >>> digit_shares(range(10, 90)).round(1).tolist()
    [10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0]
    """
    if method not in ("original", "textbook"):
        raise KitError(_("There is no method {method!r}; use 'original' or 'textbook'.").format(method=method))
    single = by_single_age(ages, counts, first, last)
    first, last = int(first), int(last)
    by_digit = single.groupby(single.index % 10)
    if blended:
        if last - first < 19:
            raise KitError(_("Myers' blended method needs at least two decades of age, such as 10 to 89."))
        early = single.loc[: last - 10] if method == "original" else single
        late = single.loc[first + 10 :]
        rank = pd.Series({digit: (digit - first) % 10 + 1 for digit in range(10)})
        totals = rank * early.groupby(early.index % 10).sum() + (10 - rank) * late.groupby(late.index % 10).sum()
    else:
        totals = by_digit.sum()
    if totals.sum() == 0:  # the one age that none of the ten windows holds, such as 89 of 10 to 89
        raise KitError(_("Nobody has an age that counts from {a} to {b}.").format(a=first, b=last))
    shares = 100 * totals / totals.sum()
    return pd.Series(shares, name="percent").rename_axis(index="digit").sort_index()


def myers(ages: Any, counts: Any = None, first: int = 10, last: int = 89, method: str = "original") -> float:
    """Myers' blended index: the least share of persons (in per cent) who report an age with a wrong last digit.

    ::

        index = half the sum over the ten digits of |blended percentage - 10|

    0 means no preference for any digit, 90 that all ages end in the same digit. Some authors and SINGAGE leave out
    the half: their index is twice this one.

    Source: as for :func:`digit_shares`, which also explains ``method``.

    >>> myers(range(10, 90))
    0.0
    >>> myers([20, 30, 40, 50])
    90.0
    """
    return float(digit_shares(ages, counts, first, last, method=method).sub(10).abs().sum() / 2)


@dataclass(frozen=True)
class AgeSexAccuracy:
    """The United Nations age-sex accuracy index and its parts.

    Attributes:
        sex_ratio_score: mean absolute difference between the sex ratios of neighbouring age groups.
        age_ratio_score_male, age_ratio_score_female: mean absolute deviation of the age ratios from 100.
        score: 3 x sex ratio score + both age ratio scores; below 20 accurate, 20 to 40 inaccurate, above 40
            highly so.
        adjusted: whether the correction for a population below one million was made.
    """

    sex_ratio_score: float
    age_ratio_score_male: float
    age_ratio_score_female: float
    score: float
    adjusted: bool


def un_age_sex_accuracy(
    table: pd.DataFrame,
    age: str = "age",
    male: str = "male",
    female: str = "female",
    open_group: bool = True,
    adjust_small: bool | None = None,
    method: str = "un",
    first: int | None = None,
    last: int | None = None,
) -> AgeSexAccuracy:
    """The United Nations age-sex accuracy index (joint score) of five-year age groups.

    ::

        score = 3 x sex ratio score + age ratio score of males + age ratio score of females

    Below one million people 3500 / sqrt(T) - 3.5 is taken off, because small numbers alone make ratios jump; T is
    everybody in the table. In a very small population the score can fall below zero: then it says nothing.

    Source: United Nations, Manual II: Methods of Appraisal of Quality of Basic Data for Population Estimates
    (1956); as computed in the US Census Bureau's spreadsheet AGESEX.

    Args:
        table: one row for each five-year group, from the youngest to the oldest.
        age, male, female: its columns (first age of the group; persons).
        open_group: whether the last row is an open group ("75+"), which is then left out of the ratios.
        adjust_small: whether to correct for a small population; by default, when it is below one million.
        method, first, last: form of the age ratios and the groups used, as for :func:`age_sex_ratios`, which shows
            every step.

    Raises:
        KitError: if a column is missing, a group is empty, the groups are not five years wide or fewer than four.

    >>> even = pd.DataFrame({"age": range(0, 80, 5), "male": 1e6, "female": 1e6})
    >>> un_age_sex_accuracy(even).score
    0.0
    """
    steps = age_sex_ratios(table, age, male, female, open_group, method, first, last)
    used = steps[steps["used"]]
    sex_ratio_score = float(used["sex_ratio_difference"].abs().mean())
    male_score = float(used["male_deviation"].abs().mean())
    female_score = float(used["female_deviation"].abs().mean())
    score = 3 * sex_ratio_score + male_score + female_score
    total = float(steps[["male", "female"]].to_numpy().sum())
    adjusted = total < 1e6 if adjust_small is None else adjust_small
    if adjusted:
        score -= 3500 / total**0.5 - 3.5
    return AgeSexAccuracy(sex_ratio_score, male_score, female_score, score, adjusted)


__all__ = ["AgeSexAccuracy", "by_single_age", "digit_shares", "myers", "un_age_sex_accuracy", "whipple"]
