"""What no source counts: net migration, lifetime exchange, emigrants, mirror figures, indices of migration."""

from migkit.measures.estimation.net_migration import (
    emigrants_from_households,
    lifetime_migration,
    survival_ratio_migration,
)

__all__ = ["emigrants_from_households", "lifetime_migration", "survival_ratio_migration"]
