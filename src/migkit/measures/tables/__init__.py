"""Tables as an office publishes them: a specification that says everything, and the counts that follow from it."""

from migkit.measures.tables.derive import Bands, Groups, age_groups, derive
from migkit.measures.tables.spec import TableSpec, rename_columns, table_metadata
from migkit.measures.tables.tabulate import long_from_table, long_table, make_table, wide_table
from migkit.measures.tables.universe import in_universe, universe_counts

__all__ = [
    "Bands",
    "Groups",
    "TableSpec",
    "age_groups",
    "derive",
    "in_universe",
    "long_from_table",
    "long_table",
    "make_table",
    "rename_columns",
    "table_metadata",
    "universe_counts",
    "wide_table",
]
