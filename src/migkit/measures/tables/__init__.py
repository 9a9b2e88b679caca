"""Tables as an office publishes them: a specification that says everything, and the counts that follow from it."""

from migkit.measures.tables.cube import Cube, long_from_cube, make_cube, table_from_cube
from migkit.measures.tables.derive import Bands, Groups, age_groups, derive
from migkit.measures.tables.ibis_engine import ibis_counts, long_with_ibis, table_with_ibis
from migkit.measures.tables.indicators import INDICATORS, INPUTS, Indicator, core_indicators, indicator_inputs
from migkit.measures.tables.recommended import RESIDENTS, recommended_tables, tables_called
from migkit.measures.tables.spec import TableSpec, rename_columns, table_metadata
from migkit.measures.tables.tabulate import long_from_table, long_table, make_table, wide_table
from migkit.measures.tables.universe import in_universe, universe_counts

__all__ = [
    "INDICATORS",
    "INPUTS",
    "RESIDENTS",
    "Bands",
    "Cube",
    "Groups",
    "Indicator",
    "TableSpec",
    "age_groups",
    "core_indicators",
    "derive",
    "ibis_counts",
    "in_universe",
    "indicator_inputs",
    "long_from_cube",
    "long_from_table",
    "long_table",
    "long_with_ibis",
    "make_cube",
    "make_table",
    "recommended_tables",
    "rename_columns",
    "table_from_cube",
    "table_metadata",
    "table_with_ibis",
    "tables_called",
    "universe_counts",
    "wide_table",
]
