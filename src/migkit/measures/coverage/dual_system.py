"""How many the census missed: two lists of the same people, and a post-enumeration survey.

Two counts that are independent of each other tell how many neither saw. The survey's own share of matched people
estimates the share that the census counted.
"""

import numpy as np
import pandas as pd

from migkit.measures._estimate import Estimate
from migkit.measures._input import (
    TOTAL,
    need_columns,
    numbers,
    one_number,
    shown,
)
from migkit.reference import KitError, _


def _check_lists(n1: float, n2: float, m: float, where: str = "") -> None:
    for name, value in (("n1", n1), ("n2", n2), ("m", m)):
        if not np.isfinite(value) or value < 0:
            raise KitError(
                _("{name} must be a number of 0 or more; got {value}{where}.").format(
                    name=name, value=value, where=where
                )
            )
    if m > min(n1, n2):
        raise KitError(
            _(
                "The matched persons (m = {m:g}) cannot be more than either list (n1 = {n1:g}, n2 = {n2:g})"
                "{where}; check the order: dual_system(n1, n2, m)."
            ).format(m=m, n1=n1, n2=n2, where=where)
        )


def dual_system(n1: float, n2: float, m: float, method: str = "lincoln_petersen") -> Estimate:
    """The size of a population that two independent lists saw in part.

    ::

        Lincoln-Petersen   N = n1 x n2 / m
                           variance = n1 n2 (n1 - m)(n2 - m) / m^3
        Chapman            N = (n1 + 1)(n2 + 1) / (m + 1) - 1
                           variance = (n1 + 1)(n2 + 1)(n1 - m)(n2 - m) / ((m + 1)^2 (m + 2))

    Chapman's form is the better one for small lists: nearly unbiased, and it exists when nobody matched. Both
    assume that being on one list does not change the chance to be on the other, that everybody has the same
    chance, that matching is right and that the lists hold nobody who should not be there.

    Source: C. Chandra Sekar and W. E. Deming, Journal of the American Statistical Association 44 (1949); D. G.
    Chapman, University of California Publications in Statistics 1 (1951); variance of the latter: G. A. F.
    Seber, Biometrics 26 (1970).

    Args:
        n1: persons on the first list (the census).
        n2: persons on the second list (the post-enumeration survey).
        m: persons on both.
        method: ``"lincoln_petersen"`` or ``"chapman"``.

    Raises:
        KitError: if the numbers cannot be, or nobody matched (Lincoln-Petersen), or the method is unknown.

    >>> dual_system(10, 15, 5).value
    30.0
    >>> round(dual_system(10, 15, 5, method="chapman").value, 4)
    28.3333
    """
    n1, n2, m = one_number(n1, "n1"), one_number(n2, "n2"), one_number(m, "m")
    _check_lists(n1, n2, m)
    if method == "lincoln_petersen":
        if m == 0:
            raise KitError(_("Nobody is on both lists, so n1 x n2 / m has no value; use method='chapman'."))
        return Estimate(n1 * n2 / m, (n1 * n2 * (n1 - m) * (n2 - m) / m**3) ** 0.5, method)
    if method == "chapman":
        value = (n1 + 1) * (n2 + 1) / (m + 1) - 1
        variance = (n1 + 1) * (n2 + 1) * (n1 - m) * (n2 - m) / ((m + 1) ** 2 * (m + 2))
        return Estimate(value, variance**0.5, method)
    raise KitError(_("There is no method {method!r}; use 'lincoln_petersen' or 'chapman'.").format(method=method))


def chandra_sekar_deming(strata: pd.DataFrame, n1: str = "n1", n2: str = "n2", m: str = "m") -> pd.DataFrame:
    """The dual-system estimate stratum by stratum, which lessens the error from unequal chances.

    ::

        in each stratum   N = m + U1 + U2 + U1 x U2 / m      U1 = n1 - m, U2 = n2 - m
                          variance = n1 n2 U1 U2 / m^3
        the total adds the strata, and their variances

    Where some groups are harder to count on both lists, one estimate for all is too low; strata in which people
    are alike bring it up.

    Source: C. Chandra Sekar and W. E. Deming, "On a method of estimating birth and death rates and the extent of
    registration", Journal of the American Statistical Association 44 (1949).

    Args:
        strata: one row a stratum (its index names it).
        n1, n2, m: its columns: persons on the first list, on the second list, on both.

    Returns:
        One row a stratum and "Total": ``n1``, ``n2``, ``m``, ``missed_by_both``, ``estimate``, ``se``.

    Raises:
        KitError: if a column is missing or a stratum has nobody on both lists.

    >>> strata = pd.DataFrame({"n1": [80, 30], "n2": [80, 20], "m": [64, 10]}, index=["easy", "hard"])
    >>> print(chandra_sekar_deming(strata).round(1))
            n1   n2   m  missed_by_both  estimate    se
    easy    80   80  64             4.0     100.0   2.5
    hard    30   20  10            20.0      60.0  11.0
    Total  110  100  74            24.0     160.0  11.2
    """
    need_columns(strata, [n1, n2, m], _("The table of strata"))
    if strata.empty:
        raise KitError(_("The table of strata has no rows."))
    held = {
        new: numbers(strata[old], _("The table of strata, column {c!r}").format(c=old))
        for new, old in {"n1": n1, "n2": n2, "m": m}.items()
    }
    table = pd.DataFrame(held)
    if TOTAL in table.index.get_level_values(0):
        raise KitError(
            _("The table of strata has a row {total!r}; leave it out, the sum is made here.").format(total=TOTAL)
        )
    for name, row in table.iterrows():
        where = _(" in stratum {name}").format(name=shown(name))
        _check_lists(row["n1"], row["n2"], row["m"], where)
        if row["m"] == 0:
            raise KitError(
                _("Nobody is on both lists{where}: join it to a stratum that is like it.").format(where=where)
            )
    only_1, only_2 = table["n1"] - table["m"], table["n2"] - table["m"]
    table["missed_by_both"] = only_1 * only_2 / table["m"]
    table["estimate"] = table["m"] + only_1 + only_2 + table["missed_by_both"]
    variance = table["n1"] * table["n2"] * only_1 * only_2 / table["m"] ** 3
    # An index of two keys, or of categories, takes no new label: rebuild it.
    more = table.index.nlevels - 1
    labels = pd.Index([*table.index, (TOTAL, *[""] * more) if more else TOTAL], name=table.index.name)
    if more:
        labels = labels.set_names(list(table.index.names))
    table = pd.concat([table, table.sum().to_frame().T]).set_axis(labels, axis=0)
    table["se"] = [*variance.pow(0.5), variance.sum() ** 0.5]
    counts = ["n1", "n2", "m"]
    if table[counts].mod(1).eq(0).all(axis=None):
        table[counts] = table[counts].astype("int64")
    return table


__all__ = ["chandra_sekar_deming", "dual_system"]
