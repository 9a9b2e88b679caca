"""How good a census is by its own figures: ages, blanks, contradictions."""

from migkit.measures.census_quality.ages import AgeSexAccuracy, digit_shares, myers, un_age_sex_accuracy, whipple
from migkit.measures.census_quality.conditions import meets
from migkit.measures.census_quality.corrections import (
    MIGRATION_CORRECTIONS,
    Corrected,
    Correction,
    correct_edits,
    undo_corrections,
)
from migkit.measures.census_quality.digits import bachi, bachi_shares, modified_whipple, total_modified_whipple
from migkit.measures.census_quality.edits import check_edits, edit_report, lacking
from migkit.measures.census_quality.groups import digit_preference
from migkit.measures.census_quality.imputation import hot_deck
from migkit.measures.census_quality.ratios import age_sex_ratios
from migkit.measures.census_quality.rules import (
    FATAL,
    MIGRATION_RULES,
    QUERY,
    EditRule,
    EditSetting,
    rules_from_table,
)
from migkit.measures.census_quality.unknowns import answer_states, item_nonresponse

__all__ = [
    "FATAL",
    "MIGRATION_CORRECTIONS",
    "MIGRATION_RULES",
    "QUERY",
    "AgeSexAccuracy",
    "Corrected",
    "Correction",
    "EditRule",
    "EditSetting",
    "age_sex_ratios",
    "answer_states",
    "bachi",
    "bachi_shares",
    "check_edits",
    "correct_edits",
    "digit_preference",
    "digit_shares",
    "edit_report",
    "hot_deck",
    "item_nonresponse",
    "lacking",
    "meets",
    "modified_whipple",
    "myers",
    "rules_from_table",
    "total_modified_whipple",
    "un_age_sex_accuracy",
    "undo_corrections",
    "whipple",
]
