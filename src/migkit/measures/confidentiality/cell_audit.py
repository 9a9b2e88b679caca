"""The attack on a table with hidden cells: what the published figures and totals say about them after all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migkit.measures._input import number
from migkit.measures.confidentiality._cells import Bools, Cells, Floats, Hierarchies, read_cells, values_of
from migkit.reference import KitError, _

if TYPE_CHECKING:
    from scipy import sparse

#: Two figures nearer than this are the same to an attacker.
SAME = 1e-6


@dataclass(frozen=True)
class Audit:
    """What an attacker learns about each hidden cell.

    Attributes:
        cells: one row a hidden cell: the classifiers, ``low`` and ``high`` (the figures that it may be),
            ``width``, and ``disclosed`` (True where it can be nothing else).
        width: the width that was asked for.
        protects: True if every hidden cell is left at least this wide, and none is disclosed.
    """

    cells: pd.DataFrame
    width: float
    protects: bool

    @property
    def disclosed(self) -> pd.DataFrame:
        """The hidden cells that the attack finds exactly."""
        return self.cells[self.cells["disclosed"]]


def audit_table(
    table: pd.DataFrame,
    classifiers: Any,
    value: str = "value",
    hierarchies: Hierarchies | None = None,
    least: float = 0.0,
    most: float | None = None,
    width: float = 0.0,
    whole: bool = False,
) -> Audit:
    """Attack a table as a reader could: the smallest and the largest figure that each hidden cell may hold.

    The reader knows the published cells, that parts add to totals, and that no hidden figure is below ``least``.
    Two linear programmes a cell::

        minimise (then maximise) x_i   such that   parts - total = 0 for every sum that the table shows,
                                                   x = the figure for published cells,   x >= least for hidden ones

    A cell whose smallest and largest figure are equal is disclosed, though nobody printed it. A cell that is left
    some way to slide (``width``) is protected as far as that.

    Source: the feasibility interval of Hundepool et al., Statistical Disclosure Control (Wiley 2012), chapter 4;
    M. Fischetti and J. J. Salazar, "Solving the cell suppression problem on tabular data with linear constraints",
    Management Science 47 (2001).

    Args:
        table: the published table, long: one row a cell; ``value`` blank where the cell is hidden. Rows of totals
            carry the label "Total". A cell that has no row is taken to be zero.
        classifiers: its classifier columns, one name or several.
        value: the column of figures.
        hierarchies: codes that are sums of others: ``{"country": {"West Africa": ["GMB", "SEN"]}}``.
        least: the smallest figure that a hidden cell may hold: 0, or 1 where readers know that zeros are shown.
        most: the largest figure, if readers know one; None if not.
        width: how far each hidden cell must be able to slide.
        whole: True for counts: figures are whole numbers. Matters with three classifiers or more, and takes
            longer.

    Raises:
        KitError: if a column is missing, a cell stands twice, or the published figures contradict each other.

    >>> shown = pd.DataFrame({"sex": ["F", "M", "Total"] * 3, "born": ["GIN"] * 3 + ["SEN"] * 3 + ["Total"] * 3,
    ...                       "value": [None, 7, 10, None, 53, 90, 40, 60, 100]})
    >>> audit_table(shown, ["born", "sex"]).disclosed[["born", "sex", "low", "high"]].values.tolist()
    [['GIN', 'F', 3.0, 3.0], ['SEN', 'F', 37.0, 37.0]]
    """
    what = _("The table")
    cells = read_cells(table, classifiers, hierarchies, what)
    figures = values_of(table, value, what, missing=True)
    least, width = number(least, "least"), number(width, "width")
    hidden = np.isnan(figures)
    low, high = attack(cells, figures, hidden, least, np.inf if most is None else number(most, "most"), whole)
    found = table.loc[hidden, list(cells.labels.columns)].copy()
    found["low"], found["high"] = low[hidden], high[hidden]
    found["width"] = found["high"] - found["low"]
    scale = SAME * np.maximum(1, found["low"].abs())
    found["disclosed"] = found["width"].lt(scale)
    held = found["width"].ge(width - scale) & ~found["disclosed"]
    return Audit(found, width, bool(held.all()))


@dataclass(frozen=True)
class Cluster:
    """Hidden cells that sums tie to each other, and what the published figures say of them.

    Attributes:
        places: the cells' positions in the table.
        ties, given: ties x figures = given.
    """

    places: NDArray[np.int64]
    ties: sparse.csr_matrix
    given: Floats


def clusters(cells: Cells, figures: Floats, hidden: Bools) -> Iterator[Cluster]:
    """The hidden cells, in groups that can be attacked one by one: no sum connects two groups."""
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    places = np.flatnonzero(hidden)
    if not len(places):
        return
    sums = cells.sums.tocsc()
    ties = sums[:, places].tocsr()
    used = np.flatnonzero(np.diff(ties.indptr))
    given = -(sums[:, np.flatnonzero(~hidden)] @ figures[~hidden])[used]
    ties = ties[used]
    many, cluster = connected_components(abs(ties).T @ abs(ties) if len(used) else sparse.eye(len(places)))
    of_tie = cluster[ties.indices[ties.indptr[:-1]]]
    for one in range(many):
        members, rows = np.flatnonzero(cluster == one), np.flatnonzero(of_tie == one)
        yield Cluster(places[members], ties[rows][:, members], given[rows])


def extreme(cluster: Cluster, floor: Floats, roof: Floats, one: int, sign: int, whole: bool) -> Floats | None:
    """Figures of the cluster with its cell ``one`` smallest (sign 1) or largest (-1); None if without limit."""
    from scipy.optimize import Bounds, LinearConstraint, linprog, milp

    if not cluster.ties.shape[0]:
        alone = np.asarray(floor if sign > 0 else roof, dtype=float)
        return alone if np.isfinite(alone[one]) else None
    goal = np.zeros(len(floor))
    goal[one] = sign
    given = cluster.given
    done = linprog(goal, A_eq=cluster.ties, b_eq=given, bounds=np.column_stack([floor, roof]), method="highs")
    if whole and done.status == 0 and not is_whole(done.x):
        done = milp(
            goal,
            constraints=LinearConstraint(cluster.ties, given, given),
            bounds=Bounds(floor, roof),
            integrality=np.ones(len(floor)),
        )
    if done.status == 3:
        return None
    if done.status != 0:
        raise KitError(
            _(
                "The figures of the table contradict each other: no figures for the hidden cells agree with the "
                "totals. Give the table before it is rounded, and the smallest hidden figure (least) as it is."
            )
        )
    return np.asarray(done.x)


def is_whole(figures: Floats) -> bool:
    """True if all figures are whole numbers."""
    return bool(np.abs(figures - figures.round()).max(initial=0) < SAME)


def attack(
    cells: Cells, figures: Floats, hidden: Bools, least: Floats | float, most: Floats | float, whole: bool = False
) -> tuple[Floats, Floats]:
    """The smallest and the largest figure of each cell; for published cells the figure itself."""
    low, high = figures.copy(), figures.copy()
    floor = np.broadcast_to(np.asarray(least, dtype=float), figures.shape)
    roof = np.broadcast_to(np.asarray(most, dtype=float), figures.shape)
    for cluster in clusters(cells, figures, hidden):
        at = cluster.places
        for one, place in enumerate(at):
            for end, sign in ((low, 1), (high, -1)):
                found = extreme(cluster, floor[at], roof[at], one, sign, whole)
                end[place] = -sign * np.inf if found is None else found[one] + 0.0
    return low, high


__all__ = ["Audit", "audit_table"]
