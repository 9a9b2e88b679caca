"""Administrative sources: cleaning, duplicates, and the way from events to stocks and flows."""

from migkit.measures.administrative.countries import (
    COUNTRY_CODES,
    TRAPS,
    Trap,
    clean_countries,
    country_review,
    look_alikes,
)
from migkit.measures.administrative.crossings import (
    STAY_STATUS,
    PairingRules,
    pair_crossings,
    pairing_report,
)
from migkit.measures.administrative.date_pairs import compare_dates, swapped_day_month
from migkit.measures.administrative.date_readings import excel_date
from migkit.measures.administrative.dates import DATE_CODES, clean_dates, date_order, date_report
from migkit.measures.administrative.duplicates import (
    PERSON_RULES,
    Deduplication,
    DuplicateRule,
    deduplicate,
    identity_keys,
)
from migkit.measures.administrative.missing_exits import (
    all_crossings,
    missed_shares,
    overstayers,
    stock_from_crossings,
)
from migkit.measures.administrative.names import (
    PARTICLES,
    REWRITES,
    TITLES,
    Rewrite,
    name_key,
    normalise_name,
    rewriting_rules,
    soundex,
)
from migkit.measures.administrative.outages import (
    OutageAdjustment,
    daily_counts,
    impute_outages,
    suspect_outages,
)
from migkit.measures.administrative.permits import LINKS, link_permits, permit_flows, permit_stock
from migkit.measures.administrative.residence import (
    RESIDENCE_RULES,
    ResidenceRule,
    crossing_flows,
    residence_moves,
)
from migkit.measures.administrative.revision import provisional_flows, revisions

__all__ = [
    "COUNTRY_CODES",
    "DATE_CODES",
    "LINKS",
    "PARTICLES",
    "PERSON_RULES",
    "RESIDENCE_RULES",
    "REWRITES",
    "STAY_STATUS",
    "TITLES",
    "TRAPS",
    "Deduplication",
    "DuplicateRule",
    "OutageAdjustment",
    "PairingRules",
    "ResidenceRule",
    "Rewrite",
    "Trap",
    "all_crossings",
    "clean_countries",
    "clean_dates",
    "compare_dates",
    "country_review",
    "crossing_flows",
    "daily_counts",
    "date_order",
    "date_report",
    "deduplicate",
    "excel_date",
    "identity_keys",
    "impute_outages",
    "link_permits",
    "look_alikes",
    "missed_shares",
    "name_key",
    "normalise_name",
    "overstayers",
    "pair_crossings",
    "pairing_report",
    "permit_flows",
    "permit_stock",
    "provisional_flows",
    "residence_moves",
    "revisions",
    "rewriting_rules",
    "soundex",
    "stock_from_crossings",
    "suspect_outages",
    "swapped_day_month",
]
