"""Household surveys: estimates of rare populations, with the standard error that the design gives them."""

from migkit.measures.surveys.linearisation import weighted_ratio

__all__ = ["weighted_ratio"]
