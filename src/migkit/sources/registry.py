"""The instruments that look at the world: one line each, in the order in which they are used.

A source is a function ``observe(world, model, seed, *seen)``; ``seen`` are the records of those that it needs.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module

from migkit.reference import KitError, _, dictionary
from migkit.sources.records import ErrorModel, Observed
from migkit.world import World


@dataclass(frozen=True)
class Instrument:
    """A source by name: where its function stands and whose records it needs."""

    name: str
    place: str
    needs: tuple[str, ...] = ()

    def observe(self, world: World, model: ErrorModel, seed: int, seen: dict[str, Observed]) -> Observed:
        """What this source records of a world."""
        module, _colon, function = self.place.partition(":")
        found: Observed = getattr(import_module(f"migkit.sources.{module}"), function)(
            world, model, seed, *[seen[name] for name in self.needs]
        )
        return found


SOURCES: tuple[Instrument, ...] = (
    Instrument("census", "census:observe"),
    Instrument("pes", "pes:observe", ("census",)),
    Instrument("census_2014", "census:observe"),
    Instrument("labour_force", "labour_force:observe"),
    Instrument("border", "border:observe"),
    Instrument("visas", "visas:observe"),
    Instrument("flow_monitoring", "flow_monitoring:observe"),
    Instrument("roaming", "roaming:observe"),
    Instrument("residence_permits", "residence_permits:observe"),
    Instrument("work_permits", "work_permits:observe"),
    Instrument("refugees", "refugees:observe"),
    Instrument("consular", "consular:observe"),
    Instrument("mirror", "mirror:observe"),
    Instrument("civil", "civil:observe"),
    Instrument("school", "school:observe"),
)
#: Choices of ``--sources`` that are no source: every one of them, or the truth alone.
ALL, TRUTH_ONLY = "all", "truth"


def chosen(names: Iterable[str]) -> tuple[Instrument, ...]:
    """The instruments with these names, in their order; "all" or "truth" (none) may stand instead.

    Raises:
        KitError: for a name that is no source.
    """
    wanted = [name.strip() for name in names if name.strip()] or [ALL]
    known = {each.name for each in SOURCES}
    for name in wanted:
        if name not in known | {ALL, TRUTH_ONLY}:
            raise KitError(
                _("There is no source {name!r}; use {all}, {truth} or some of: {known}.").format(
                    name=name, all=ALL, truth=TRUTH_ONLY, known=", ".join(each.name for each in SOURCES)
                )
            )
    return tuple(each for each in SOURCES if ALL in wanted or each.name in wanted)


def sources_with(tables: Iterable[str]) -> tuple[str, ...]:
    """The sources that make these tables; every source if no table is named."""
    wanted = set(tables)
    return tuple(each.name for each in SOURCES if not wanted or wanted & set(dictionary(each.name).tables))


def error_models(
    instruments: Iterable[Instrument] = SOURCES, defects: str = "typical", rates: dict[str, float] | None = None
) -> dict[str, ErrorModel]:
    """The error models of sources and of those that they need, at a level, with single rates set.

    Args:
        instruments: the sources.
        defects: "none", "typical" or "severe".
        rates: by "source.defect" or "source.defect.group".

    Raises:
        KitError: for an unknown level, source or defect, or a rate that is none.
    """
    used = [name for each in instruments for name in (each.name, *each.needs)]
    single: dict[str, dict[str, float]] = {each.name: {} for each in SOURCES if each.name in used}
    for name, value in (rates or {}).items():
        source, _dot, defect = name.partition(".")
        if defect and source not in single and source in {each.name for each in SOURCES}:
            raise KitError(
                _("The rate {name} is of a source that is not asked for; add {source} to the sources.").format(
                    name=name, source=source
                )
            )
        if not math.isfinite(value):
            raise KitError(
                _("The rate {name} = {value} is not possible; a rate lies between 0 and 1.").format(
                    name=name, value=value
                )
            )
        if source not in single or not defect:
            raise KitError(
                _(
                    "{name!r} names no rate of these sources; write SOURCE.DEFECT, such as census.omitted_person."
                ).format(name=name)
            )
        single[source][defect] = value
    return {name: ErrorModel(dictionary(name), defects, own) for name, own in single.items()}


def observe_all(
    world: World,
    instruments: tuple[Instrument, ...],
    models: dict[str, ErrorModel],
    seed: int,
    tell: Callable[[str], None] = lambda _title: None,
) -> dict[str, Observed]:
    """What the chosen sources record of a world; a source that another needs is used too, but not returned.

    ``tell`` is called with the title of each chosen source before it is used.
    """
    seen: dict[str, Observed] = {}
    by_name = {each.name: each for each in SOURCES}
    for each in instruments:
        tell(dictionary(each.name).title)
        for name in (*each.needs, each.name):
            if name not in seen:
                seen[name] = by_name[name].observe(world, models[name], seed, seen)
    return {each.name: seen[each.name] for each in instruments}
