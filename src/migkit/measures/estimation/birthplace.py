"""Migration that places of birth show: who lives elsewhere than born, and what changed between two censuses."""

from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import is_unknown, need_columns, numbers, shown
from migkit.measures.estimation.matrices import no_sums, place_values
from migkit.reference import KitError, _


def lifetime_migration(matrix: pd.DataFrame) -> pd.DataFrame:
    """Lifetime migrants of each place: those who live elsewhere than where they were born.

    ::

        in  = residents born elsewhere (its column without the diagonal)
        out = born there, living elsewhere (its row without the diagonal)
        net = in - out

    Places of birth may outnumber those of residence ("Abroad", "All others"): such a row has its ``out``, those
    who live in the places of the table, but nobody counted its residents, so ``in`` and ``net`` stay blank. People
    whose birthplace is not stated (a row "Not stated", X or XXX) are not taken for migrants; the column
    ``not_stated`` shows them.

    Source: United Nations, Manual VI (1970), on direct measures, table 1.

    Args:
        matrix: persons by place of birth (rows) and place of residence (columns); the same places, in any order,
            and other places of birth if need be.

    Returns:
        One row a place with ``in``, ``out`` and ``net``; ``in`` and ``out`` both add up to all lifetime migrants.

    Raises:
        KitError: if a place of residence is no place of birth or a number is missing or negative.

    >>> matrix = pd.DataFrame({"North": [90, 5], "South": [10, 95]}, index=["North", "South"])
    >>> print(lifetime_migration(matrix))
           in  out  net
    North   5   10   -5
    South  10    5    5
    """
    places, cells, unknown, whole = _births_by_residence(matrix)
    homes = list(matrix.columns)
    here = _diagonal(places, homes)
    moved = np.where(here, 0.0, cells)
    result = pd.DataFrame(
        {"in": pd.Series(moved.sum(axis=0), index=homes).reindex(places), "out": moved.sum(axis=1)}, index=places
    )
    result["net"] = result["in"] - result["out"]
    if unknown is not None:
        result["not_stated"] = pd.Series(unknown, index=homes).reindex(places)
    if not whole:
        return result
    return result.astype("int64" if set(homes) == set(places) else "Int64")


def _diagonal(places: pd.Index, homes: list[Any]) -> np.ndarray:
    """True in the cells of those who live where they were born."""
    position = {place: at for at, place in enumerate(homes)}
    here = np.zeros((len(places), len(homes)), dtype=bool)
    for row, place in enumerate(places):
        if place in position:
            here[row, position[place]] = True
    return here


def _births_by_residence(matrix: Any) -> tuple[pd.Index, np.ndarray, np.ndarray | None, bool]:
    """Places of birth, persons by birth and residence, those of no stated birthplace; whether all are counts."""
    what = _("The matrix of birth and residence")
    need_columns(matrix, [], what)
    known = ~is_unknown(pd.Series(list(matrix.index), dtype=object)).to_numpy()
    known |= np.array([label in set(matrix.columns) for label in matrix.index], dtype=bool)
    stated = matrix[known]
    odd = sorted(map(str, set(stated.index) ^ set(matrix.columns)))
    homeless = not set(matrix.columns) <= set(stated.index)
    if not matrix.index.is_unique or not matrix.columns.is_unique or homeless:
        raise KitError(
            _("Rows (birth) and columns (residence) must be the same places, each once; check {places}.").format(
                places=", ".join(odd) or _("for doubles")
            )
        )
    if stated.empty:
        raise KitError(_("The matrix of birth and residence has no rows."))
    no_sums(matrix.index, what)
    whole = all(pd.api.types.is_integer_dtype(kind) for kind in matrix.dtypes)
    cells = np.column_stack(
        [numbers(matrix[place], _("Column {c!r}").format(c=str(place))).to_numpy() for place in matrix.columns]
    )
    unknown = cells[~known].sum(axis=0) if not known.all() else None
    return stated.index, cells[known], unknown, whole


def birthplace_migration(
    first: pd.DataFrame,
    second: pd.DataFrame,
    survival: pd.Series | float | None = None,
) -> pd.DataFrame:
    """Net migration between two censuses from the places of birth that both of them asked.

    ::

        in    = I1 - S x I0          migrants among those born elsewhere     (I: lifetime in-migrants)
        out   = O1 - S x O0          the same among those born in the place  (O: lifetime out-migrants)
        net   = in - out
        S     = survivors of a place of birth: all of its people in the second census / all in the first

    ``in`` is net too: arrivals less those who went on or home. The ratio of each place of birth belongs to all of
    its people, wherever they live, which is a population closed to migration between the places; so the net
    figures of all places add up to zero. The second census must leave out those born in between (aged less than
    the years between the censuses). Better still, make a pair of matrices for each cohort and add the results.

    Source: United Nations, Manual VI (1970), on place-of-birth statistics of two censuses; H. T. Eldridge and Y.
    Kim, The Estimation of Intercensal Migration from Birth-Residence Statistics (1968).

    Args:
        first, second: persons by place of birth (rows) and residence (columns), as for :func:`lifetime_migration`.
        survival: ratio for each place of birth, or one for all; without it, the ratio of the two censuses. For
            people born outside the places, who come and go, a ratio must be given or they are not closed.

    Returns:
        One row a place of residence: ``in_start``, ``in_end``, ``out_start``, ``out_end`` (lifetime migrants),
        ``in_survivors``, ``out_survivors``, ``net_in``, ``net_out``, ``net``.

    Raises:
        KitError: if the two matrices have other places, or birthplaces are not stated (share them out first).

    >>> before = pd.DataFrame({"North": [90, 10], "South": [10, 190]}, index=["North", "South"])
    >>> after = pd.DataFrame({"North": [72, 8], "South": [18, 172]}, index=["North", "South"])
    >>> print(birthplace_migration(before, after)[["net_in", "net_out", "net"]])
           net_in  net_out   net
    North    -1.0      9.0 -10.0
    South     9.0     -1.0  10.0
    """
    places, start, unknown, _whole = _births_by_residence(first)
    places_2, end, unknown_2, _whole = _births_by_residence(second)
    if set(places) != set(places_2) or set(first.columns) != set(second.columns):
        odd = sorted(map(str, (set(places) ^ set(places_2)) | (set(first.columns) ^ set(second.columns))))
        raise KitError(_("The two censuses must have the same places; check {p}.").format(p=", ".join(odd)))
    if unknown is not None or unknown_2 is not None:
        raise KitError(
            _("Some birthplaces are not stated: share them out over the places of birth before the comparison.")
        )
    homes = list(first.columns)
    frame_2 = pd.DataFrame(end, index=places_2, columns=list(second.columns)).loc[list(places), homes]
    end = frame_2.to_numpy()
    ratio = _survival_of_births(survival, places, homes, start, end)[:, None]
    here = _diagonal(places, homes)
    table = pd.DataFrame(index=pd.Index(homes, name=first.columns.name))
    in_place = {place: row for row, place in enumerate(places)}
    rows = [in_place[home] for home in homes]
    for name, cells in (("start", start), ("end", end), ("survivors", ratio * start)):
        moved = np.where(here, 0.0, cells)
        table[f"in_{name}"], table[f"out_{name}"] = moved.sum(axis=0), moved.sum(axis=1)[rows]
    table["net_in"] = table["in_end"] - table["in_survivors"]
    table["net_out"] = table["out_end"] - table["out_survivors"]
    table["net"] = table["net_in"] - table["net_out"]
    order = [
        "in_start",
        "in_end",
        "out_start",
        "out_end",
        "in_survivors",
        "out_survivors",
        "net_in",
        "net_out",
        "net",
    ]
    return table[order]


def _survival_of_births(
    survival: Any, places: pd.Index, homes: list[Any], start: np.ndarray, end: np.ndarray
) -> np.ndarray:
    """The ratio of each place of birth."""
    if survival is None:
        abroad = [place for place in places if place not in set(homes)]
        if abroad:
            raise KitError(
                _(
                    "People born in {p} come and go: two censuses do not tell how many still live. Give survival."
                ).format(p=", ".join(map(shown, abroad)))
            )
        born = start.sum(axis=1)
        if (born == 0).any():
            raise KitError(
                _(
                    "Nobody born in {p} is in the first census, so they have no survival ratio: give survival."
                ).format(p=shown(places[int((born == 0).argmax())]))
            )
        return np.asarray(end.sum(axis=1) / born)
    values = [survival] * len(places) if np.isscalar(survival) else survival
    ratio = place_values(values, places, _("Survival ratios"))
    if (ratio <= 0).any():
        raise KitError(
            _("Survival ratios must be above 0; {p} has none.").format(p=shown(places[int((ratio <= 0).argmax())]))
        )
    return ratio


__all__ = ["birthplace_migration", "lifetime_migration"]
