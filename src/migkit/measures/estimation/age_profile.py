"""The age pattern of migration in a few figures, and the model curve that describes it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from migkit.measures._input import need_columns, number, numbers, one_number, whole_number
from migkit.reference import KitError, _


def migration_age_profile(
    rates: pd.DataFrame,
    age: str = "age",
    rate: str = "rate",
    first: float = 5,
    last: float = 65,
    width: float = 1,
    breadth: int = 5,
) -> pd.Series:
    """The age pattern of migration intensities in five figures.

    ::

        gmr           = width x sum of rates      gross migraproduction rate: moves in a life without death
        peak          = highest rate from age first to last, peak_age its age
        peak_breadth  = sum of the rates of the peak and of so many groups (breadth) on each side
        peak_share    = 100 x peak_breadth / sum of rates

    Source: A. Rogers, Introduction to Multiregional Mathematical Demography (1975), for the gross migraproduction
    rate; M. Bell and S. Muhidin, Cross-National Comparisons of Internal Migration (2009); A. Bernard, M. Bell and
    E. Charles-Edwards, Population Studies 68 (2014).

    Args:
        rates: one row an age, in any order.
        age, rate: columns with the age and the rate (a share of the people of that age, not percent).
        first, last: ages within which the peak is sought.
        width: years of an age group.
        breadth: groups on each side of the peak that belong to it.

    >>> rates = pd.DataFrame({"age": [15, 20, 25, 30], "rate": [0.1, 0.3, 0.2, 0.1]})
    >>> migration_age_profile(rates, width=5, breadth=1).round(2).to_dict()
    {'gmr': 3.5, 'peak': 0.3, 'peak_age': 20.0, 'peak_breadth': 0.6, 'peak_share': 85.71}
    """
    what, first, last = _("The table of rates"), one_number(first, "first"), one_number(last, "last")
    around_peak = whole_number(breadth, "breadth")
    need_columns(rates, [age, rate], what)
    table = pd.DataFrame(
        {
            "age": numbers(rates[age], _("Column {c!r}").format(c=age)),
            "rate": numbers(rates[rate], _("Column {c!r}").format(c=rate)),
        }
    ).sort_values("age")
    if table["age"].duplicated().any():
        raise KitError(_("{what} holds an age twice; give one group at a time.").format(what=what))
    window = table[table["age"].between(first, last)].reset_index(drop=True)
    if window.empty or not table["rate"].sum():
        raise KitError(
            _("{what} has no rates between the ages {a:g} and {b:g}.").format(what=what, a=first, b=last)
        )
    ordered = table.reset_index(drop=True)
    peak = window.iloc[int(window["rate"].to_numpy().argmax())]
    at = int((ordered["age"] == peak["age"]).to_numpy().argmax())
    around = ordered["rate"].iloc[max(at - around_peak, 0) : at + around_peak + 1].sum()
    return pd.Series(
        {
            "gmr": number(width, _("The width")) * ordered["rate"].sum(),
            "peak": peak["rate"],
            "peak_age": peak["age"],
            "peak_breadth": around,
            "peak_share": 100 * around / ordered["rate"].sum(),
        }
    )


def rogers_castro(
    ages: Sequence[float] | np.ndarray | pd.Series,
    a1: float = 0.02,
    alpha1: float = 0.10,
    a2: float = 0.06,
    alpha2: float = 0.10,
    mu2: float = 20.0,
    lambda2: float = 0.40,
    c: float = 0.003,
    a3: float = 0.0,
    alpha3: float = 0.0,
    mu3: float = 0.0,
    lambda3: float = 0.0,
    a4: float = 0.0,
    lambda4: float = 0.0,
) -> pd.Series:
    """The model schedule of migration by age: children with their parents, the young who leave, the rest.

    ::

        m(x) = a1 exp(-alpha1 x)
             + a2 exp(-alpha2 (x - mu2) - exp(-lambda2 (x - mu2)))
             + a3 exp(-alpha3 (x - mu3) - exp(-lambda3 (x - mu3)))
             + a4 exp(lambda4 x) + c

    The values given are the fundamental parameters of the model with seven of them, to be replaced by fitted ones.
    Without a3 and a4 nobody moves on retirement, and the old no more than others.

    Source: A. Rogers and L. J. Castro, Model Migration Schedules (1981).

    Args:
        ages: ages in years.
        a1, alpha1: level and decline of the children's curve.
        a2, alpha2, mu2, lambda2: level, decline, position and rise of the labour-force curve.
        c: the constant.
        a3, alpha3, mu3, lambda3: the same of the curve of retirement (the model with eleven parameters).
        a4, lambda4: level and rise of the curve of the old (nine, or thirteen).

    Raises:
        KitError: if an age is negative, blank or no number, or a parameter is no number.

    >>> rogers_castro([0, 20, 25]).round(4).tolist()
    [0.023, 0.0278, 0.0364]
    """
    x = numbers(ages, _("Ages")).to_numpy()
    for value in (a1, alpha1, a2, alpha2, mu2, lambda2, c, a3, alpha3, mu3, lambda3, a4, lambda4):
        one_number(value, _("A parameter"))
    rate = a1 * np.exp(-alpha1 * x) + a4 * np.exp(lambda4 * x) + c
    for level, decline, position, rise in ((a2, alpha2, mu2, lambda2), (a3, alpha3, mu3, lambda3)):
        rate = rate + level * np.exp(-decline * (x - position) - np.exp(-rise * (x - position)))
    return pd.Series(rate, index=pd.Index(x, name="age"), name="rate")


__all__ = ["migration_age_profile", "rogers_castro"]
