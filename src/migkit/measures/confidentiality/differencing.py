"""The attack with two tables: what a reader learns by taking one release from another."""

from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import column_names, number, whole_number
from migkit.measures.confidentiality._cells import read_cells, values_of
from migkit.reference import _


def differencing_attack(
    first: pd.DataFrame,
    second: pd.DataFrame,
    classifiers: Any,
    value: str = "value",
    minimum: int = 5,
) -> pd.DataFrame:
    """The cells that two releases of a table give away together.

    Two tables that are safe alone may not be safe side by side: a cell hidden in one is printed in the other, or
    two figures for nearly the same people (with and without a district, this month and last month) differ by 1 or
    2, which is a small cell that nobody meant to publish.

    Source: Hundepool et al., Statistical Disclosure Control (Wiley 2012), on linked tables and differencing.

    Args:
        first, second: the two tables, long form, ``value`` blank where hidden; cells that only one has are left
            out.
        classifiers: the classifier columns of both.
        value: the column of figures.
        minimum: a difference of 1 to minimum - 1 is called small.

    Returns:
        One row a cell that is given away: the classifiers, ``first``, ``second``, ``difference`` and ``finding``:
        "small difference", "hidden in the first only" or "hidden in the second only".

    Raises:
        KitError: if a column is missing or a cell stands twice.

    >>> all_ = pd.DataFrame({"born": ["GIN", "SEN"], "value": [41, 30]})
    >>> without_one_camp = pd.DataFrame({"born": ["GIN", "SEN"], "value": [40, 20]})
    >>> differencing_attack(all_, without_one_camp, "born")[["born", "difference", "finding"]].values.tolist()
    [['GIN', 1.0, 'small difference']]
    """
    minimum = whole_number(number(minimum, "minimum"), "minimum")
    tables = []
    for table, what in ((first, _("The first table")), (second, _("The second table"))):
        names = column_names(classifiers, what)
        labels = read_cells(table, names, None, what).labels
        tables.append(labels.assign(figure=values_of(table, value, what, missing=True)))
    both = tables[0].merge(tables[1], on=names, suffixes=("_1", "_2"))
    result = both[names].copy()
    result["first"], result["second"] = both["figure_1"], both["figure_2"]
    result["difference"] = result["first"] - result["second"]
    gap = result["difference"].abs()
    result["finding"] = np.select(
        [
            result["first"].isna() & result["second"].notna(),
            result["second"].isna() & result["first"].notna(),
            gap.gt(0) & gap.lt(minimum),
        ],
        ["hidden in the first only", "hidden in the second only", "small difference"],
        "",
    )
    return result[result["finding"].ne("")].reset_index(drop=True)


__all__ = ["differencing_attack"]
