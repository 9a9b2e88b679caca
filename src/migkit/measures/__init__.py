"""The statistics that the kit teaches: pure functions, data frames in, data frames out.

They take the office's own file as readily as the kit's: column names are arguments, unknown answers are shown,
and what cannot be computed is said in one sentence (``KitError``). A room for each topic: ``definitions``,
``tables``, ``census_quality``, ``coverage``, ``surveys``, ``administrative``, ``integration``,
``confidentiality``, ``estimation``, ``exchange``. Here stand the few that the first lessons use.
"""

from migkit.measures.census_quality import AgeSexAccuracy, digit_shares, myers, un_age_sex_accuracy, whipple
from migkit.measures.coverage import Estimate, chandra_sekar_deming, coverage_rates, dual_system
from migkit.measures.definitions import RULES, Rule, classify, compare_definitions, stock
from migkit.measures.estimation import emigrants_from_households, lifetime_migration, survival_ratio_migration
from migkit.measures.surveys import weighted_ratio
from migkit.measures.tables import TableSpec, age_groups, make_table

__all__ = [
    "RULES",
    "AgeSexAccuracy",
    "Estimate",
    "Rule",
    "TableSpec",
    "age_groups",
    "chandra_sekar_deming",
    "classify",
    "compare_definitions",
    "coverage_rates",
    "digit_shares",
    "dual_system",
    "emigrants_from_households",
    "lifetime_migration",
    "make_table",
    "myers",
    "stock",
    "survival_ratio_migration",
    "un_age_sex_accuracy",
    "weighted_ratio",
    "whipple",
]
