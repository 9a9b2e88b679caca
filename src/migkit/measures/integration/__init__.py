"""Linking sources: rules, weights, quality against the truth, and the integrated person table."""

__all__: list[str] = []
