"""How many the census missed: two lists of the same people, and a post-enumeration survey."""

from migkit.measures._estimate import Estimate
from migkit.measures.coverage.assumptions import dependence_table, dependent_lists, with_matching_error
from migkit.measures.coverage.dual_system import chandra_sekar_deming, dual_system
from migkit.measures.coverage.errors import coverage_errors, errors_from_counts, with_movers
from migkit.measures.coverage.intervals import dual_system_interval
from migkit.measures.coverage.matching import WITHOUT_NAMES, Matched, match_to_census
from migkit.measures.coverage.post_enumeration import coverage_rates
from migkit.measures.coverage.statuses import match_quality, record_outcomes, with_review

__all__ = [
    "WITHOUT_NAMES",
    "Estimate",
    "Matched",
    "chandra_sekar_deming",
    "coverage_errors",
    "coverage_rates",
    "dependence_table",
    "dependent_lists",
    "dual_system",
    "dual_system_interval",
    "errors_from_counts",
    "match_quality",
    "match_to_census",
    "record_outcomes",
    "with_matching_error",
    "with_movers",
    "with_review",
]
