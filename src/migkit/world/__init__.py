"""The true population of a country, its households, its moves; what every source looks at."""

from migkit.world.build import make_chunk, make_persons, make_world, number_of_chunks
from migkit.world.frames import World, truth_frames
from migkit.world.parameters import check_request

__all__ = [
    "World",
    "check_request",
    "make_chunk",
    "make_persons",
    "make_world",
    "number_of_chunks",
    "truth_frames",
]
