"""Who is a migrant: definitions as data, and the stocks and flows that each of them gives."""

from migkit.measures.definitions.stock_rules import (
    NO,
    NOT_STATED,
    RULES,
    TOTAL,
    UNKNOWN,
    YES,
    Rule,
    classify,
    compare_definitions,
    stock,
)

__all__ = [
    "NO",
    "NOT_STATED",
    "RULES",
    "TOTAL",
    "UNKNOWN",
    "YES",
    "Rule",
    "classify",
    "compare_definitions",
    "stock",
]
