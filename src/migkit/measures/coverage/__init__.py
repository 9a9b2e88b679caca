"""How many the census missed: two lists of the same people, and a post-enumeration survey."""

from migkit.measures._estimate import Estimate
from migkit.measures.coverage.dual_system import chandra_sekar_deming, dual_system
from migkit.measures.coverage.post_enumeration import coverage_rates

__all__ = ["Estimate", "chandra_sekar_deming", "coverage_rates", "dual_system"]
