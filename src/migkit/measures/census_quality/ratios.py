"""Sex ratios and age ratios of five-year groups, each step of the United Nations index in a column."""

import numpy as np
import pandas as pd

from migkit.measures._input import need_columns, numbers
from migkit.reference import KitError, _

#: How often the group itself stands in the denominator of its age ratio: between its two neighbours, once each.
AGE_RATIO_METHODS: dict[str, int] = {"un": 0, "zelnik": 1, "ramachandran": 2}


def _groups(table: pd.DataFrame, age: str, male: str, female: str) -> pd.DataFrame:
    """The groups from the youngest to the oldest, checked."""
    need_columns(table, [age, male, female], _("The table of age groups"))
    ages, males, females = (
        numbers(table[column], label)
        for column, label in ((age, _("Ages")), (male, _("Males")), (female, _("Females")))
    )
    frame = pd.DataFrame(
        {"age": ages.to_numpy(), "male": males.to_numpy(), "female": females.to_numpy()}
    ).sort_values("age", ignore_index=True)
    if not np.allclose(np.diff(frame["age"]), 5):
        raise KitError(_("The age groups must be five years wide and follow one another: 0, 5, 10 and so on."))
    return frame.astype({"age": "int64"})


def _closed(frame: pd.DataFrame, open_group: bool, first: int | None, last: int | None) -> pd.Series:
    """Which groups take part: closed, and from ``first`` to ``last``."""
    used = pd.Series(True, index=frame.index)
    if open_group and len(frame):
        used.iloc[-1] = False
    if first is not None:
        used &= frame["age"] >= first
    if last is not None:
        used &= frame["age"] <= last
    if used.sum() < 4:
        raise KitError(_("The index needs at least four closed age groups; got {n}.").format(n=int(used.sum())))
    if frame.loc[used, ["male", "female"]].eq(0).any(axis=None):
        raise KitError(
            _("An age group has no males or no females, so its ratios cannot be computed; use fewer groups.")
        )
    return used


def age_sex_ratios(
    table: pd.DataFrame,
    age: str = "age",
    male: str = "male",
    female: str = "female",
    open_group: bool = True,
    method: str = "un",
    first: int | None = None,
    last: int | None = None,
) -> pd.DataFrame:
    """The sex ratios and age ratios of five-year groups, with the differences that the UN index averages.

    ::

        sex ratio   = 100 x males / females             difference: from the group before
        age ratio   = 100 x P / mean of the two neighbours                          "un"
                      300 x P / (P before + P + P after)                            "zelnik"
                      400 x P / (P before + 2 P + P after)                          "ramachandran"
        deviation   = age ratio - 100

    Without errors and sudden events the age ratio is near 100 and the sex ratio changes slowly. Zelnik's and
    Ramachandran's forms leave the group itself in the denominator, so that one bad group weighs less.

    Source: United Nations, Manual II: Methods of Appraisal of Quality of Basic Data for Population Estimates
    (1956); Shryock, Siegel and Associates, The Methods and Materials of Demography, chapter on age composition.

    Args:
        table: one row for each five-year group.
        age, male, female: its columns (first age of the group; persons).
        open_group: whether the oldest row is an open group ("75+"), which has no ratios to compare.
        method: ``"un"``, ``"zelnik"`` or ``"ramachandran"``.
        first, last: first ages of the youngest and the oldest group to use, for example 0 and 65; all by default.

    Returns:
        One row a group (index: its first age): ``male``, ``female``, ``used``, ``sex_ratio``,
        ``sex_ratio_difference``, ``male_age_ratio``, ``male_deviation``, ``female_age_ratio``,
        ``female_deviation``. A ratio that has no neighbour is blank.

    Raises:
        KitError: if a column is missing, a group is empty, the groups are not five years wide or fewer than four.

    >>> table = pd.DataFrame({"age": range(0, 30, 5), "male": [90, 80, 80, 60, 50, 90], "female": 80})
    >>> steps = age_sex_ratios(table)[["sex_ratio", "sex_ratio_difference", "male_age_ratio"]]
    >>> print(steps.round(1))  # doctest: +NORMALIZE_WHITESPACE
         sex_ratio  sex_ratio_difference  male_age_ratio
    age
    0        112.5                   NaN             NaN
    5        100.0                 -12.5            94.1
    10       100.0                   0.0           114.3
    15        75.0                 -25.0            92.3
    20        62.5                 -12.5             NaN
    25         NaN                   NaN             NaN
    """
    if method not in AGE_RATIO_METHODS:
        raise KitError(
            _("There is no method {method!r}; use one of {known}.").format(
                method=method, known=", ".join(AGE_RATIO_METHODS)
            )
        )
    frame = _groups(table, age, male, female)
    frame["used"] = _closed(frame, open_group, first, last)
    inside = frame["used"]
    frame["sex_ratio"] = (100 * frame["male"] / frame["female"].where(frame["female"] > 0)).where(inside)
    frame["sex_ratio_difference"] = frame["sex_ratio"].diff()
    own = AGE_RATIO_METHODS[method]
    for sex in ("male", "female"):
        persons = frame[sex].where(inside)
        around = persons.shift() + own * persons + persons.shift(-1)
        frame[f"{sex}_age_ratio"] = 100 * (2 + own) * persons / around
        frame[f"{sex}_deviation"] = frame[f"{sex}_age_ratio"] - 100
    return frame.set_index("age")


__all__ = ["AGE_RATIO_METHODS", "age_sex_ratios"]
