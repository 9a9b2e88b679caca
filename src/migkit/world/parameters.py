"""The generator's assumptions (datasets/dictionary/world.yml) and the totals it must hit (datasets/countries/)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from migkit.reference import KitError, _, codelist, corridors, country, dictionary, fact, regions
from migkit.world.draws import Ints, apportion

#: Countries whose world the kit can make so far.
MADE: tuple[str, ...] = ("GMB",)
SMALLEST_SCALE = 0.0007
EUROPE = ("ESP", "ITA", "DEU", "GBR", "FRA", "SWE", "CHE", "NOR", "NLD", "AUT", "PRT")


def assumption(name: str) -> Any:
    """The value of one parameter of datasets/dictionary/world.yml."""
    return dictionary("world").parameters[name]["value"]


def country_codes() -> list[str]:
    """All country codes, in the order of the code list; positions in it are how the world stores countries."""
    return [str(code) for code in codelist("country")["code"]]


@dataclass(frozen=True)
class Targets:
    """What the world must add up to, for a country and scale."""

    iso3: str
    scale: float
    residents: int
    migrants: Ints  # origin x sex (men, women), origins in the order of country_codes()
    emigrants: Ints  # destinations in the order of country_codes()
    refugees: int
    share_under_15: float
    region_codes: tuple[str, ...]

    @property
    def foreign_born(self) -> int:
        """The stock of foreign-born residents."""
        return int(self.migrants.sum())


def check_request(iso3: str, scale: float) -> None:
    """Refuse a country or a scale that cannot be made.

    Raises:
        KitError: one sentence that says what to give instead.
    """
    name = country(iso3).name["en"]
    if iso3.upper() not in MADE:
        raise KitError(
            _("The kit cannot yet make data for {name} ({code}); it can for {made}.").format(
                name=name, code=iso3, made=", ".join(MADE)
            )
        )
    if not SMALLEST_SCALE <= scale <= 1.0:
        raise KitError(
            _("The scale {scale} is out of range; give a number from {low} (about 2,000 persons) to 1.").format(
                scale=scale, low=SMALLEST_SCALE
            )
        )


def _by_country(known: dict[str, float], rest: float, others: dict[str, float]) -> list[float]:
    weights = dict.fromkeys(country_codes(), 0.0) | known
    total = sum(others.values())
    for code, share in others.items():
        weights[code] += max(rest, 0.0) * share / total
    return list(weights.values())


def migrant_stock(iso3: str, year: int) -> float:
    """The stock of migrants carried from the last published year on, at the growth of the years before it."""
    base, before = int(assumption("stock_year")), int(assumption("stock_growth_from"))
    last = fact(iso3, "migrant_stock", base).value
    growth = last / fact(iso3, "migrant_stock", before).value
    return float(last * growth ** ((year - base) / (base - before)))


def _migrants(iso3: str, scale: float, year: int) -> Ints:
    base = int(assumption("stock_year"))
    published = fact(iso3, "migrant_stock", base).value
    known = {row["origin"]: float(row["value"]) for row in corridors(destination=iso3).to_dict("records")}
    weights = _by_country(known, published - sum(known.values()), assumption("other_origins"))
    total = round(migrant_stock(iso3, year) * scale)
    by_origin = apportion(total, weights)
    women_share = fact(iso3, "migrant_stock", base, sex="F").value / published
    women = apportion(round(total * women_share), by_origin.astype(np.float64))
    return np.stack([by_origin - women, women], axis=1)


def _emigrants(iso3: str, scale: float) -> Ints:
    published = fact(iso3, "emigrant_stock", int(assumption("emigrant_stock_year"))).value
    known = {row["destination"]: float(row["value"]) for row in corridors(origin=iso3).to_dict("records")}
    weights = _by_country(known, published - sum(known.values()), assumption("other_destinations"))
    return apportion(round(published * scale), weights)


def targets(iso3: str, scale: float) -> Targets:
    """The totals for a country and scale, from published figures.

    Raises:
        KitError: for a country or scale that cannot be made.
    """
    iso3 = iso3.upper()
    check_request(iso3, scale)
    year = int(assumption("population_year"))
    return Targets(
        iso3=iso3,
        scale=scale,
        residents=round(fact(iso3, "population_midyear", year).value * 1000 * scale),
        migrants=_migrants(iso3, scale, year),
        emigrants=_emigrants(iso3, scale),
        refugees=round(fact(iso3, "refugees_hosted", int(assumption("refugees_year"))).value * scale),
        share_under_15=fact(iso3, "share_under_15", year).value / 100,
        region_codes=tuple(regions(iso3)["code"]),
    )
