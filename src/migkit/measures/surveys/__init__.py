"""Household surveys: estimates of rare populations, with the standard error that the design gives them."""

from migkit.measures.surveys.calibration import raked_weights
from migkit.measures.surveys.design import SurveyDesign
from migkit.measures.surveys.design_effects import (
    clustering_effect,
    effective_sample_size,
    intraclass_correlation,
    weighting_effect,
)
from migkit.measures.surveys.estimates import (
    survey_mean,
    survey_proportion,
    survey_quantile,
    survey_ratio,
    survey_total,
)
from migkit.measures.surveys.intervals import confidence_interval
from migkit.measures.surveys.linearisation import cluster_variance, weighted_ratio
from migkit.measures.surveys.rare_populations import (
    chance_to_see,
    neyman_allocation,
    oversampling,
    sample_size,
    what_a_sample_sees,
)
from migkit.measures.surveys.recruitment_cost import (
    INDICATOR_10_7_1,
    recruitment_cost,
    recruitment_exclusions,
    worker_recruitment_cost,
)
from migkit.measures.surveys.remittance_cost import (
    INDICATOR_10_C_1,
    remittance_cost,
    sent_cost,
    service_costs,
)
from migkit.measures.surveys.remittances import (
    outlying_amounts,
    remittance_channels,
    remittances_received,
    yearly_amounts,
)
from migkit.measures.surveys.replication import ReplicateWeights, replicate_weights

__all__ = [
    "INDICATOR_10_7_1",
    "INDICATOR_10_C_1",
    "ReplicateWeights",
    "SurveyDesign",
    "chance_to_see",
    "cluster_variance",
    "clustering_effect",
    "confidence_interval",
    "effective_sample_size",
    "intraclass_correlation",
    "neyman_allocation",
    "outlying_amounts",
    "oversampling",
    "raked_weights",
    "recruitment_cost",
    "recruitment_exclusions",
    "remittance_channels",
    "remittance_cost",
    "remittances_received",
    "replicate_weights",
    "sample_size",
    "sent_cost",
    "service_costs",
    "survey_mean",
    "survey_proportion",
    "survey_quantile",
    "survey_ratio",
    "survey_total",
    "weighted_ratio",
    "weighting_effect",
    "what_a_sample_sees",
    "worker_recruitment_cost",
    "yearly_amounts",
]
