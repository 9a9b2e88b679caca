"""How many move and what it changes: intensity, effectiveness, rates and preference of a system of flows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._estimate import Estimate
from migkit.measures._input import need_columns, number, numbers, shown
from migkit.measures.estimation.focus import (
    migration_acv,
    migration_connectivity,
    migration_gini,
    migration_inequality,
)
from migkit.measures.estimation.matrices import flow_cells, place_values
from migkit.reference import KitError, _


def crude_migration_intensity(migrants: float, population: float) -> float:
    """Migrants in a hundred of those who could have moved.

    ::

        CMI = 100 x M / P

    Source: M. Bell and others, Journal of the Royal Statistical Society A 165 (2002).

    Args:
        migrants: those who changed place in the period (M).
        population: the population at risk (P): for a question on residence five years ago, those aged five and
            more.

    Raises:
        KitError: if the population is 0.

    >>> crude_migration_intensity(50, 1000)
    5.0
    """
    moved, at_risk = number(migrants, _("The migrants")), number(population, _("The population at risk"))
    if at_risk == 0:
        raise KitError(_("The population at risk must be above 0."))
    return 100 * moved / at_risk


def courgeau_k(
    scales: pd.DataFrame,
    n: str = "n",
    cmi: str = "cmi",
    intercept: bool = False,
) -> Estimate:
    """Courgeau's k: the intensity of migration apart from the number of places into which a country is cut.

    ::

        CMI = k x ln(n^2)
        k   = sum x CMI / sum x^2         x = ln(n^2), least squares through the origin
        SE  = square root of  (sum of squared residuals / (m - 1)) / sum x^2       m scales

    The more places, the more moves cross a border; the line through several scales (regions, districts, wards)
    tells the intensity without that. One scale alone gives k without an error.

    Source: D. Courgeau, "Migrants et migrations", Population 28 (1973); P. Rees, M. Bell, O. Duke-Williams and M.
    Blake, Population Studies 54 (2000).

    Args:
        scales: one row a scale.
        n: column with the number of places, 2 or more.
        cmi: column with the crude migration intensity at that scale, in percent.
        intercept: True fits a line with an intercept (needs two scales or more); k is then its slope.

    Returns:
        k, in percent for each unit of ln(n^2), with its standard error (blank where the points leave none).

    Raises:
        KitError: if there are fewer than 2 places, or too few scales.

    >>> scales = pd.DataFrame({"n": [8, 40, 350], "cmi": [2.1, 3.7, 5.9]})
    >>> round(courgeau_k(scales).value, 4)
    0.5032
    """
    what, intercept = _("The table of scales"), intercept is True
    need_columns(scales, [n, cmi], what)
    places = numbers(scales[n], _("{what}, column {c!r}").format(what=what, c=n)).to_numpy()
    y = numbers(scales[cmi], _("{what}, column {c!r}").format(what=what, c=cmi)).to_numpy()
    if (places < 2).any():
        row = shown(scales.index[int((places < 2).argmax())])
        raise KitError(
            _("{what}, column {c}: every scale must have 2 places or more, but row {row} has fewer.").format(
                what=what, c=shown(n), row=row
            )
        )
    x = np.log(places**2)
    if len(x) < 1 + intercept or (intercept and np.ptp(x) == 0):
        raise KitError(_("{what} needs {k} scales that differ, or more.").format(what=what, k=1 + intercept))
    if intercept:
        x, y = x - x.mean(), y - y.mean()
    k = float((x * y).sum() / (x**2).sum())
    left = len(x) - 1 - intercept
    error = float((((y - k * x) ** 2).sum() / left / (x**2).sum()) ** 0.5) if left else float("nan")
    return Estimate(k, error, "courgeau")


def migration_rates(
    matrix: Any, population: Sequence[float] | pd.Series | None = None, per: float = 1000
) -> pd.DataFrame:
    """In-, out-, net and gross migration of each place, with rates and effectiveness.

    ::

        net = in - out        gross = in + out        effectiveness = 100 x net / gross
        rate = per x migrants / population

    Source: United Nations, Manual VI (1970), on rates of migration; H. S. Shryock, J. S. Siegel and associates,
    The Methods and Materials of Demography (1976).

    Args:
        matrix: migrants by origin (rows) and destination (columns).
        population: population at risk of each place (a Series by place, or a list in the order of the rows).
        per: rates are per so many; 1,000 as a rule.

    Returns:
        One row a place: ``in``, ``out``, ``net``, ``gross``, ``effectiveness``, and with ``population`` also
        ``in_rate``, ``out_rate``, ``net_rate``.

    >>> print(migration_rates([[0, 30], [10, 0]], population=[1000, 2000]).round(1))
         in   out   net  gross  effectiveness  in_rate  out_rate  net_rate
    1  10.0  30.0 -20.0   40.0          -50.0     10.0      30.0     -20.0
    2  30.0  10.0  20.0   40.0           50.0     15.0       5.0      10.0
    """
    places, cells = flow_cells(matrix, _("The matrix of flows"))
    table = pd.DataFrame({"in": cells.sum(axis=0), "out": cells.sum(axis=1)}, index=places)
    table["net"], table["gross"] = table["in"] - table["out"], table["in"] + table["out"]
    table["effectiveness"] = 100 * table["net"] / table["gross"].where(table["gross"] > 0)
    if population is not None:
        at_risk = pd.Series(place_values(population, places, _("The population")), index=places)
        for name in ("in", "out", "net"):
            table[f"{name}_rate"] = (
                number(per, _("The base of the rates")) * table[name] / at_risk.where(at_risk > 0)
            )
    return table


def migration_preference(
    matrix: Any, population: Sequence[float] | pd.Series | None = None, expected: str = "population"
) -> pd.DataFrame:
    """Each flow in percent of what is expected: above 100 is preferred, below 100 avoided.

    ::

        preference = 100 x M_ij / E_ij
        "population"  E_ij = M / P x P_i x P_j / (P - P_i)     all leave alike, and go where people are
        "margins"     E_ij = M_i. x M_.j / (M - M_.i)          those who leave i go where migrants go

    Source: H. S. Shryock, J. S. Siegel and associates, The Methods and Materials of Demography (1976), after R.
    Bachi; "margins": the same with migrants in the place of population.

    Args:
        matrix: migrants by origin (rows) and destination (columns).
        population: population of each place; not needed for ``"margins"``.
        expected: ``"population"`` or ``"margins"``.

    Returns:
        A matrix of the same places, blank on the diagonal and where nothing is expected.

    >>> print(migration_preference([[0, 30, 10], [10, 0, 10], [10, 10, 0]], [100, 100, 100]).round(1))
          1      2     3
    1   NaN  225.0  75.0
    2  75.0    NaN  75.0
    3  75.0   75.0   NaN
    """
    places, cells = flow_cells(matrix, _("The matrix of flows"))
    moved = cells.sum()
    if not isinstance(expected, str) or expected not in ("population", "margins"):
        raise KitError(
            _("The expected flows are by 'population' or by 'margins'; got {e}.").format(e=shown(expected))
        )
    if expected == "population":
        if population is None:
            raise KitError(_("Preference by population needs the population of each place."))
        size = place_values(population, places, _("The population"))
        others = size.sum() - size
        leave, arrive = moved / size.sum() * size if size.sum() else size, size
    else:
        leave, arrive = cells.sum(axis=1), cells.sum(axis=0)
        others = moved - arrive
    share = np.divide(1.0, others, out=np.zeros(len(others)), where=others > 0)
    model = np.outer(leave * share, arrive)
    np.fill_diagonal(model, 0.0)
    index = np.divide(100 * cells, model, out=np.full(cells.shape, np.nan), where=model > 0)
    return pd.DataFrame(index, index=places, columns=places)


def migration_indices(matrix: Any, population: float | Sequence[float] | pd.Series | None = None) -> pd.Series:
    """The usual indices of a system of flows in one column: intensity, effectiveness, connectivity, focus.

    ::

        cmi  = 100 x M / P                                   crude migration intensity
        mei  = 100 x sum of |D_i - O_i| / sum of (D_i + O_i) migration effectiveness index
        anmr = 100 x half the sum of |D_i - O_i| / P         aggregate net migration rate = cmi x mei / 100
        courgeau_k = cmi / ln(n^2)                           from this scale alone
        net_redistribution = half the sum of |D_i - O_i|

    D_i are in-migrants of place i, O_i its out-migrants. For k from several scales see :func:`courgeau_k`. The
    others have functions of their own:
    :func:`migration_connectivity`, :func:`migration_inequality`, :func:`migration_gini`, :func:`migration_acv`.

    Source: M. Bell and others, Journal of the Royal Statistical Society A 165 (2002); M. Bell and S. Muhidin,
    Cross-National Comparisons of Internal Migration (2009).

    Args:
        matrix: migrants by origin (rows) and destination (columns); the diagonal does not count.
        population: population at risk, in total or by place; without it ``cmi``, ``anmr`` and ``courgeau_k`` are
            blank.

    Returns:
        ``places``, ``migrants``, ``net_redistribution``, ``cmi``, ``courgeau_k``, ``mei``, ``anmr``,
        ``connectivity``, ``inequality``, ``gini``, ``gini_uncorrected``, ``gini_rows``,
        ``gini_columns``, ``gini_exchange``, ``mwg_out``, ``mwg_in``, ``mwg_mean``, ``acv``.

    >>> migration_indices([[0, 10, 10], [20, 0, 20], [30, 30, 0]], 1200)[["cmi", "mei", "anmr"]].tolist()
    [10.0, 25.0, 2.5]
    """
    places, cells = flow_cells(matrix, _("The matrix of flows"))
    moved = float(cells.sum())
    gap = float(np.abs(cells.sum(axis=0) - cells.sum(axis=1)).sum())
    cmi = float("nan")
    if population is not None:
        whole = np.isscalar(population)
        size = population if whole else place_values(population, places, _("The population")).sum()
        cmi = crude_migration_intensity(moved, float(number(size, _("The population at risk"))))
    mei = 100 * gap / (2 * moved)
    gini = migration_gini(matrix)
    return pd.Series(
        {
            "places": float(len(places)),
            "migrants": moved,
            "net_redistribution": gap / 2,
            "cmi": cmi,
            "courgeau_k": cmi / np.log(len(places) ** 2),
            "mei": mei,
            "anmr": cmi * mei / 100,
            "connectivity": migration_connectivity(matrix),
            "inequality": migration_inequality(matrix),
            "gini": gini.total,
            "gini_uncorrected": migration_gini(matrix, corrected=False).total,
            "gini_rows": gini.rows,
            "gini_columns": gini.columns,
            "gini_exchange": gini.exchange,
            "mwg_out": gini.out_weighted,
            "mwg_in": gini.in_weighted,
            "mwg_mean": gini.mean_weighted,
            "acv": migration_acv(matrix)["acv"],
        },
        name="index",
    )


__all__ = [
    "courgeau_k",
    "crude_migration_intensity",
    "migration_indices",
    "migration_preference",
    "migration_rates",
]
