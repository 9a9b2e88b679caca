"""The true population of a country, its households, its moves; what every source looks at."""

from migkit.world.build import World, make_world
from migkit.world.parameters import MADE, check_request, migrant_stock, targets

__all__ = ["MADE", "World", "check_request", "make_world", "migrant_stock", "targets"]
