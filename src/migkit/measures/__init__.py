"""The statistics that the kit teaches: pure functions, data frames in, data frames out.

They take the office's own file as readily as the kit's: column names are arguments, unknown answers are shown,
and what cannot be computed is said in one sentence (``KitError``). A room for each topic: ``definitions``,
``tables``, ``census_quality``, ``coverage``, ``surveys``, ``administrative``, ``integration``,
``confidentiality``, ``estimation``, ``exchange``. Here stand the few that the first lessons use.

A room is imported when one of its measures is first asked for: all together take seconds on an old laptop.
"""

from importlib import import_module
from typing import Any

_ROOMS = {
    "census_quality": ("AgeSexAccuracy", "digit_shares", "myers", "un_age_sex_accuracy", "whipple"),
    "coverage": ("Estimate", "chandra_sekar_deming", "coverage_rates", "dual_system"),
    "definitions": ("RULES", "Rule", "classify", "compare_definitions", "stock"),
    "estimation": ("emigrants_from_households", "lifetime_migration", "survival_ratio_migration"),
    "surveys": ("weighted_ratio",),
    "tables": ("TableSpec", "age_groups", "make_table"),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = list(_ROOM_OF)


def __getattr__(name: str) -> Any:
    """The measure ``name``, out of its room."""
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'migkit.measures' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{_ROOM_OF[name]}"), name)
    return found


def __dir__() -> list[str]:
    """What completion offers."""
    return sorted({*globals(), *_ROOM_OF})
