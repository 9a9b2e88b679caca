"""Administrative sources: cleaning, duplicates, and the way from events to stocks and flows."""

from migkit.measures.administrative.names import name_key, normalise_name, rewriting_rules, soundex

__all__ = ["name_key", "normalise_name", "rewriting_rules", "soundex"]
