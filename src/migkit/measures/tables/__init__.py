"""Tables as an office publishes them: a specification that says everything, and the counts that follow from it."""

from migkit.measures.tables.spec import TableSpec, age_groups, make_table

__all__ = ["TableSpec", "age_groups", "make_table"]
