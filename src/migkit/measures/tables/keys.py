"""What counts are broken down by: columns, recipes and universes, each known by what it is and not by its name."""

from dataclasses import dataclass
from typing import Any

from migkit.measures.tables.derive import Derived, Groups
from migkit.measures.tables.spec import Condition, TableSpec


@dataclass(frozen=True)
class Column:
    """A column of the records, as it stands."""

    name: Any


@dataclass(frozen=True)
class Universe:
    """Who is in a table: conditions, and the recipes that they use."""

    conditions: tuple[Condition, ...]
    recipes: tuple[Derived, ...]


Key = Column | Universe | Derived


def classifier_key(spec: TableSpec, classifier: Any) -> Column | Derived:
    """What a classifier of a specification is."""
    recipe = spec.recipes.get(classifier)
    if recipe is None:
        return Column(classifier)
    # Where codes outside the groups keep their name, count by the column; codes are put into groups afterwards.
    return Column(recipe.column) if isinstance(recipe, Groups) and recipe.keeps_codes else recipe


def universe_key(spec: TableSpec) -> Universe | None:
    """The universe of a specification, None if everybody is in it."""
    if not spec.where:
        return None
    asked = {column for column, _operator, _values in spec.where}
    return Universe(spec.where, tuple(recipe for name, recipe in spec.recipes.items() if name in asked))


def keys_of(spec: TableSpec) -> list[Key]:
    """All that counts must be broken down by to make a table: its classifiers and its universe, each once."""
    universe = universe_key(spec)
    asked: list[Key] = [classifier_key(spec, each) for each in spec.classifiers]
    return list(dict.fromkeys(asked if universe is None else [*asked, universe]))
