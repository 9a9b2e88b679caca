"""How good a census is by its own figures: ages, blanks, contradictions."""

from migkit.measures.census_quality.ages import AgeSexAccuracy, digit_shares, myers, un_age_sex_accuracy, whipple

__all__ = ["AgeSexAccuracy", "digit_shares", "myers", "un_age_sex_accuracy", "whipple"]
