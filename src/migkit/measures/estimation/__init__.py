"""What no source counts: net migration, lifetime exchange, emigrants, mirror figures, indices of migration."""

from migkit.measures.estimation.age_profile import migration_age_profile, rogers_castro
from migkit.measures.estimation.balance import residual_migration, vital_statistics_migration
from migkit.measures.estimation.birthplace import birthplace_migration, lifetime_migration
from migkit.measures.estimation.cohorts import BORN, match_cohorts
from migkit.measures.estimation.focus import (
    GiniIndices,
    migration_acv,
    migration_connectivity,
    migration_gini,
    migration_inequality,
)
from migkit.measures.estimation.households import emigrants_from_households
from migkit.measures.estimation.indices import (
    courgeau_k,
    crude_migration_intensity,
    migration_indices,
    migration_preference,
    migration_rates,
)
from migkit.measures.estimation.kin import (
    emigrants_by_multiplicity,
    emigrants_from_children,
    emigrants_from_siblings,
)
from migkit.measures.estimation.matrices import flow_matrix
from migkit.measures.estimation.mirror import (
    DURATION_FACTORS,
    HarmonisedFlows,
    compare_mirror,
    harmonise_flows,
    reconcile_mirror,
)
from migkit.measures.estimation.net_migration import (
    child_net_migration,
    intercensal_migration,
    net_migration_sensitivity,
    survival_ratio_migration,
)
from migkit.measures.estimation.residence import migrants_by_duration, residence_matrix
from migkit.measures.estimation.stocks import flows_from_stocks
from migkit.measures.estimation.survival import census_survival, life_table_survival

__all__ = [
    "BORN",
    "DURATION_FACTORS",
    "GiniIndices",
    "HarmonisedFlows",
    "birthplace_migration",
    "census_survival",
    "child_net_migration",
    "compare_mirror",
    "courgeau_k",
    "crude_migration_intensity",
    "emigrants_by_multiplicity",
    "emigrants_from_children",
    "emigrants_from_households",
    "emigrants_from_siblings",
    "flow_matrix",
    "flows_from_stocks",
    "harmonise_flows",
    "intercensal_migration",
    "life_table_survival",
    "lifetime_migration",
    "match_cohorts",
    "migrants_by_duration",
    "migration_acv",
    "migration_age_profile",
    "migration_connectivity",
    "migration_gini",
    "migration_indices",
    "migration_inequality",
    "migration_preference",
    "migration_rates",
    "net_migration_sensitivity",
    "reconcile_mirror",
    "residence_matrix",
    "residual_migration",
    "rogers_castro",
    "survival_ratio_migration",
    "vital_statistics_migration",
]
