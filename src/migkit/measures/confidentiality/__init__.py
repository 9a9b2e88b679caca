"""Protecting people in what is published: risk, disclosure control of files and of tables, and what it costs."""

from migkit.measures.confidentiality._release import Release
from migkit.measures.confidentiality.cell_audit import Audit, audit_table
from migkit.measures.confidentiality.cell_rules import unsafe_cells
from migkit.measures.confidentiality.differencing import differencing_attack
from migkit.measures.confidentiality.diversity import l_diversity, t_closeness
from migkit.measures.confidentiality.file_risk import (
    FileRisk,
    file_risk,
    household_risk,
    individual_risk,
    k_anonymity,
    key_frequencies,
)
from migkit.measures.confidentiality.intruder import link_attack
from migkit.measures.confidentiality.linked import protect_tables
from migkit.measures.confidentiality.masking import add_noise, microaggregate
from migkit.measures.confidentiality.pram import pram, pram_correct, pram_matrix
from migkit.measures.confidentiality.protect import (
    COMPLEMENTARY,
    PUBLISHED,
    SMALL,
    SUPPRESSED,
    protect_table,
    public_version,
)
from migkit.measures.confidentiality.recoding import global_recode, top_bottom_code
from migkit.measures.confidentiality.rounding import audit_rounding, round_table
from migkit.measures.confidentiality.suda import SpecialUniques, suda
from migkit.measures.confidentiality.suppression import local_suppression
from migkit.measures.confidentiality.utility import compare_release, il1s, table_distance

__all__ = [
    "COMPLEMENTARY",
    "PUBLISHED",
    "SMALL",
    "SUPPRESSED",
    "Audit",
    "FileRisk",
    "Release",
    "SpecialUniques",
    "add_noise",
    "audit_rounding",
    "audit_table",
    "compare_release",
    "differencing_attack",
    "file_risk",
    "global_recode",
    "household_risk",
    "il1s",
    "individual_risk",
    "k_anonymity",
    "key_frequencies",
    "l_diversity",
    "link_attack",
    "local_suppression",
    "microaggregate",
    "pram",
    "pram_correct",
    "pram_matrix",
    "protect_table",
    "protect_tables",
    "public_version",
    "round_table",
    "suda",
    "t_closeness",
    "table_distance",
    "top_bottom_code",
    "unsafe_cells",
]
