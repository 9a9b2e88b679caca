"""The bottom floor: countries, code lists, facts with their sources, labels in three languages.

Every other floor may import from here; this one imports from no other.
"""

from migkit.reference.curriculum import Module, curriculum
from migkit.reference.errors import KitError
from migkit.reference.language import _, set_language
from migkit.reference.paths import ROOT

__all__ = ["ROOT", "KitError", "Module", "_", "curriculum", "set_language"]
