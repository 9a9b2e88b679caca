"""The synthetic world beside the figures that others published: what was aimed at, what came out, how far apart.

A *published* figure has its own year. The *target* is that figure carried to the day of the comparison (by the
methods of world/targets.py); where nothing had to be carried, both are the same. Both are persons. *Synthetic* are
records, *scaled* the persons that they stand for.

Rounding: a world at scale 0.001 knows only whole records, so a target of 1,234 persons can at best be met by one
record. A figure is *within* its tolerance if it differs from the target by no more than the tolerance, or by no
more than one record. Figures without a tolerance are shown and not judged.
"""

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from migkit.reference import KitError, _, corridors, countries, fact, population_age_sex, refugees, vital_events

if TYPE_CHECKING:
    from migkit.world.frames import World

#: Relative tolerance of each measure that has one.
TOLERANCES: dict[str, float] = {"population": 0.01, "age_sex": 0.01, "migrant_stock": 0.03, "corridor": 0.05}
#: How many corridors are judged, the largest targets first.
JUDGED_CORRIDORS = 10
#: Measures that count a migration status (codelist migration_status).
STATUSES: dict[str, str] = {"refugees": "refugee", "asylum_seekers": "asylum_seeker", "displaced": "idp"}
#: The years of which the population is compared.
YEARS = range(2005, 2027)
#: The day of a year to which stocks refer, as month and day.
MIDYEAR = "07-01"
#: Year of the comparison.
YEAR = 2024
#: What tells one figure from another.
KEYS = ["measure", "country", "detail"]
#: Columns of the published figures.
PUBLISHED = [*KEYS, "published", "source", "year", "target"]
#: Columns of a comparison.
COLUMNS = [*PUBLISHED, "synthetic", "scaled", "relative_error", "tolerance", "within"]


def compare(published: pd.DataFrame, synthetic: pd.DataFrame, scale: float) -> pd.DataFrame:
    """Each published figure beside the synthetic one.

    Args:
        published: columns of ``PUBLISHED``; country is the country that counts, detail what it counts (an age
            group, the country at the other end of a corridor, a year; may be '').
        synthetic: columns measure, country, detail, synthetic (records); those without a published figure are left
            out.
        scale: share of the real population that the synthetic world has.

    Returns:
        ``COLUMNS``, in the order of ``published``. relative_error is (scaled - target) / target; tolerance is
        missing for what is not judged; within is true, false or missing.
    """
    if not 0 < scale <= 1:
        raise KitError(_("The scale must lie above 0 and be at most 1, not {scale}.").format(scale=scale))
    counted = synthetic.groupby(KEYS, as_index=False, observed=True)["synthetic"].sum()
    found = published.merge(counted, on=KEYS, how="left", validate="one_to_one")
    found["synthetic"] = found["synthetic"].fillna(0).astype("int64")
    found["scaled"] = found["synthetic"] / scale
    off = found["scaled"] - found["target"]
    found["relative_error"] = (off / found["target"]).where(found["target"] > 0)
    found["tolerance"] = _tolerances(found)
    near = off.abs() <= np.maximum(found["tolerance"] * found["target"], 1 / scale) + 1e-6
    found["within"] = near.astype("boolean").where(found["tolerance"].notna())
    return found[COLUMNS]


def _tolerances(found: pd.DataFrame) -> pd.Series:
    """The tolerance of each figure; of the corridors only the largest are judged."""
    tolerance = found["measure"].map(TOLERANCES).astype("float64")
    lanes = found[found["measure"] == "corridor"].sort_values("target", ascending=False, kind="stable")
    tolerance[lanes.index[JUDGED_CORRIDORS:]] = np.nan
    return tolerance


# --- what others published


@cache
def published_figures() -> pd.DataFrame:
    """Every published figure that the world is compared with: the columns of ``PUBLISHED``."""
    sixteen = [one.iso3 for one in countries(training_only=True)]
    parts = [part for iso3 in sixteen for part in (_people(iso3), _migrants(iso3), _displaced(iso3))]
    return pd.concat([*parts, _lanes(sixteen)], ignore_index=True)[PUBLISHED]


def _row(*values: Any) -> dict[str, Any]:
    """One published figure: values in the order of ``PUBLISHED``."""
    return dict(zip(PUBLISHED, values, strict=True))


def _people(iso3: str) -> pd.DataFrame:
    total = fact(iso3, "population_midyear", YEAR)
    rows = [_row("population", iso3, "", total.value * 1000, total.source, YEAR, total.value * 1000)]
    for row in population_age_sex(iso3).to_dict("records"):
        cell = f"{row['sex']} {row['age_group']}"
        rows.append(_row("age_sex", iso3, cell, row["value"], row["source"], YEAR, row["value"]))
    series = vital_events(iso3)
    for row in series[series["year"].isin(YEARS)].to_dict("records"):
        value, year = float(row["population_midyear"]), row["year"]
        rows.append(_row("population_year", iso3, str(year), value, row["source"], year, value))
    return pd.DataFrame(rows)


def _migrants(iso3: str) -> pd.DataFrame:
    # Imported late: what is published can be read without the tables of all corridors.
    from migkit.world.targets import migrant_stock

    stock, women = fact(iso3, "migrant_stock", 2020), fact(iso3, "migrant_stock", 2020, sex="F")
    target = migrant_stock(iso3, YEAR)
    share = women.value / stock.value
    return pd.DataFrame(
        [
            _row("migrant_stock", iso3, "", stock.value, stock.source, 2020, target),
            _row("migrant_women", iso3, "", women.value, women.source, 2020, share * target),
        ]
    )


def _displaced(iso3: str) -> pd.DataFrame:
    rows = refugees(asylum=iso3)
    then = rows[rows["year"] == YEAR]
    found = []
    for measure, indicator, target in (
        ("refugees", "refugees_hosted", float(then["refugees"].sum())),
        ("asylum_seekers", "asylum_seekers_hosted", float(then["asylum_seekers"].sum())),
        ("displaced", "internally_displaced", None),
    ):
        latest = fact(iso3, indicator, 2025)
        aim = latest.value if target is None else target
        found.append(_row(measure, iso3, "", latest.value, latest.source, 2025, aim))
    return pd.DataFrame(found)


def _lanes(sixteen: list[str]) -> pd.DataFrame:
    """Corridors by destination (country) and origin (detail), as far as they are published."""
    from migkit.world.targets import position, stocks

    matrix = stocks().all
    rows = []
    for row in corridors().to_dict("records"):
        here, there = row["destination"], row["origin"]
        measure = "corridor" if here in sixteen and there in sixteen else "corridor_outside"
        target = float(matrix[position(there), position(here)])
        rows.append(_row(measure, here, there, float(row["value"]), row["source"], row["year"], target))
    return pd.DataFrame(rows)


# --- what the world holds


def counts(world: "World") -> pd.DataFrame:
    """The figures of one world, or of one chunk of it: columns measure, country, detail, synthetic (records).

    Figures of chunks and of countries add up.
    """
    day = pd.Timestamp(f"{YEAR}-{MIDYEAR}")
    persons = world.persons
    residents = persons[persons["status"] == "resident"]
    born_abroad = residents[residents["country_birth"] != world.iso3]
    women = int((born_abroad["sex"] == "F").sum())
    parts = [
        _figure("population", world.iso3, {"": len(residents)}),
        _figure("age_sex", world.iso3, _by_age_and_sex(residents, day)),
        _figure("population_year", world.iso3, _by_year(world)),
        _figure("migrant_stock", world.iso3, {"": len(born_abroad)}),
        _figure("migrant_women", world.iso3, {"": women}),
        *_stocks(born_abroad, _abroad(world, day), world.iso3),
        *(
            _figure(measure, world.iso3, {"": _with_status(world, status, day)})
            for measure, status in STATUSES.items()
        ),
    ]
    return pd.concat(parts, ignore_index=True)


def add_up(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """The counts of several chunks or countries as one table."""
    return pd.concat(list(parts)).groupby(KEYS, as_index=False)[["synthetic"]].sum()


def _figure(measure: str, country: str, values: dict[str, int]) -> pd.DataFrame:
    return pd.DataFrame(
        {"measure": measure, "country": country, "detail": list(values), "synthetic": list(values.values())}
    )


def _by_age_and_sex(residents: pd.DataFrame, day: pd.Timestamp) -> dict[str, int]:
    born = residents["birth_date"].dt
    had_birthday = (born.month < day.month) | ((born.month == day.month) & (born.day <= day.day))
    group = np.minimum(day.year - born.year - ~had_birthday, 100) // 5
    cells = residents["sex"].astype(str) + " " + group.map(_age_group)
    return {str(cell): int(number) for cell, number in cells.value_counts().items()}


def _age_group(number: int) -> str:
    return "100+" if number == 20 else f"{5 * number}-{5 * number + 4}"


def _lasting(rows: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Spells or statuses that hold on a day: the day of the end does not belong to them."""
    return rows[(rows["start"] <= day) & (rows["end"].isna() | (rows["end"] > day))]


def _by_year(world: "World") -> dict[str, int]:
    here = world.spells[world.spells["country"] == world.iso3]
    return {str(year): len(_lasting(here, pd.Timestamp(f"{year}-{MIDYEAR}"))) for year in YEARS}


def _abroad(world: "World", day: pd.Timestamp) -> pd.Series:
    """Where the natives of the country live who live abroad, one value for each of them."""
    persons = world.persons
    natives = persons[(persons["status"] == "abroad") & (persons["country_birth"] == world.iso3)]
    now = _lasting(world.spells, day)
    return pd.Series(now.loc[now["truth_id"].isin(natives["truth_id"]), "country"])


def _stocks(born_abroad: pd.DataFrame, abroad: pd.Series, iso3: str) -> list[pd.DataFrame]:
    """Corridors into the country by origin; out of it only to countries that have no world of their own."""
    sixteen = {one.iso3 for one in countries(training_only=True)}
    parts = []
    for origin, number in born_abroad["country_birth"].astype(str).value_counts().items():
        measure = "corridor" if origin in sixteen else "corridor_outside"
        parts.append(_figure(measure, iso3, {str(origin): int(number)}))
    for place, number in abroad.astype(str).value_counts().items():
        if place not in sixteen and place != iso3:
            parts.append(_figure("corridor_outside", str(place), {iso3: int(number)}))
    return parts


def _with_status(world: "World", status: str, day: pd.Timestamp) -> int:
    """Persons with a migration status in the country on a day."""
    rows = world.statuses
    rows = rows[(rows["status"] == status) & (rows["country"] == world.iso3)]
    return int(_lasting(rows, day)["truth_id"].nunique())
