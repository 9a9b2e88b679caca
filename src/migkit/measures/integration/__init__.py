"""Linking sources: rules, weights, quality against the truth, and the integrated person table."""

from migkit.measures.integration.assignment import one_to_one
from migkit.measures.integration.blocking import blocking_report, candidate_pairs, choose_blocking
from migkit.measures.integration.clerical import apply_decisions, review_file
from migkit.measures.integration.comparisons import (
    COUNTED,
    MISSING,
    OTHER,
    Comparison,
    Level,
    compare_code,
    compare_date,
    compare_identifier,
    compare_name,
    compare_names,
    compare_number,
    compare_pairs,
    compare_text,
)
from migkit.measures.integration.evaluation import estimated_quality, linkage_quality, quality_curve, true_pairs
from migkit.measures.integration.fellegi_sunter import (
    LINK,
    NON_LINK,
    REVIEW,
    DecisionRule,
    LinkageModel,
    classify_pairs,
    count_patterns,
    decision_rule,
    field_weights,
    match_probability,
    model_by_em,
    model_from_pairs,
    pair_weights,
)
from migkit.measures.integration.keys import agreement_key
from migkit.measures.integration.linkage import Linkage, link
from migkit.measures.integration.persons import Survivor, capture_history, dual_counts, integrate
from migkit.measures.integration.rules import RuleLinks, link_by_rules
from migkit.measures.integration.similarity import edit_distance, jaro, jaro_winkler

__all__ = [
    "COUNTED",
    "LINK",
    "MISSING",
    "NON_LINK",
    "OTHER",
    "REVIEW",
    "Comparison",
    "DecisionRule",
    "Level",
    "Linkage",
    "LinkageModel",
    "RuleLinks",
    "Survivor",
    "agreement_key",
    "apply_decisions",
    "blocking_report",
    "candidate_pairs",
    "capture_history",
    "choose_blocking",
    "classify_pairs",
    "compare_code",
    "compare_date",
    "compare_identifier",
    "compare_name",
    "compare_names",
    "compare_number",
    "compare_pairs",
    "compare_text",
    "count_patterns",
    "decision_rule",
    "dual_counts",
    "edit_distance",
    "estimated_quality",
    "field_weights",
    "integrate",
    "jaro",
    "jaro_winkler",
    "link",
    "link_by_rules",
    "linkage_quality",
    "match_probability",
    "model_by_em",
    "model_from_pairs",
    "one_to_one",
    "pair_weights",
    "quality_curve",
    "review_file",
    "true_pairs",
]
