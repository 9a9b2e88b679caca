"""Stocks and flows of a world, and the balance between them.

residents(end) = residents(start) + births - deaths + immigrations - emigrations, exactly, from
``world.history_from`` on; by citizenship also plus the changes of citizenship of residents. A stock counts those
who live in the country on a day; a flow counts the events after the first day, up to and with the last.
"""

from datetime import date

import numpy as np
import pandas as pd

from migkit.world.build import World

FLOWS = ["births", "deaths", "immigrations", "emigrations"]


def _text(values: pd.Series) -> pd.Series:
    return values.astype("object").fillna("").astype("str").reset_index(drop=True)


def _citizenship(persons: pd.DataFrame, day: pd.Series) -> pd.Series:
    changed = persons["citizenship_date"].reset_index(drop=True) <= day.reset_index(drop=True)
    return _text(persons["citizenship"]).where(changed, _text(persons["citizenship_at_birth"]))


def _home_spells(world: World) -> pd.DataFrame:
    """Spells in the country, with what came before and after, and the person's row."""
    spells = world.spells
    person = pd.Series(pd.Index(world.persons["truth_id"]).get_indexer(spells["truth_id"]))
    home = _text(spells["country"]) == world.iso3
    frame = pd.DataFrame(
        {
            "person": person,
            "start": spells["start"].reset_index(drop=True),
            "end": spells["end"].reset_index(drop=True),
            "born": person != person.shift(),
            "from_home": home.shift(fill_value=False) & (person == person.shift()),
            "to_abroad": ~home.shift(-1, fill_value=True) & (person == person.shift(-1)),
            "died": spells["end"].reset_index(drop=True) == world.persons["death_date"].iloc[person].to_numpy(),
        }
    )
    return frame[home].reset_index(drop=True)


def _group(world: World, who: pd.Series, day: pd.Series, by: str | None) -> pd.Series:
    persons = world.persons.iloc[who.to_numpy()]
    if by is None:
        return pd.Series("total", index=range(len(persons)), dtype="str")
    if by == "citizenship":
        return _citizenship(persons, day)
    return _text(persons[by])


def _stock(world: World, spells: pd.DataFrame, day: date, by: str | None) -> pd.Series:
    moment = pd.Timestamp(day)
    held = spells[(spells["start"] <= moment) & (spells["end"].isna() | (spells["end"] > moment))]
    when = pd.Series(moment, index=range(len(held)))
    return _group(world, held["person"], when, by).value_counts()


def _flow(world: World, events: pd.DataFrame, when: str, shift: int, by: str | None) -> pd.Series:
    day = events[when] - pd.Timedelta(days=shift)
    return _group(world, events["person"], day, by).value_counts()


def _changes(world: World, spells: pd.DataFrame, start: date, end: date) -> pd.Series:
    persons = world.persons
    day = persons["citizenship_date"]
    hit = (day > pd.Timestamp(start)) & (day <= pd.Timestamp(end)) & (day > persons["birth_date"])
    who = spells[spells["person"].isin(np.flatnonzero(hit))]
    when = day.iloc[who["person"].to_numpy()].reset_index(drop=True)
    who = who.reset_index(drop=True)
    before = when - pd.Timedelta(days=1)
    # Living in the country on the day before and on the day: the spell, or two neighbouring ones, must hold both.
    on_day = (who["start"] <= when) & (who["end"].isna() | (who["end"] > when))
    day_before = (who["start"] <= before) | who["from_home"]
    stays = who[on_day & day_before]
    persons = persons.iloc[stays["person"].to_numpy()]
    gains = _text(persons["citizenship"]).value_counts()
    return gains.sub(_text(persons["citizenship_at_birth"]).value_counts(), fill_value=0)


def balance(world: World, start: date, end: date, by: str | None = None) -> pd.DataFrame:
    """Stocks at both ends and the flows between.

    Args:
        world: the truth.
        start: first day; from ``world.history_from`` on the flows are complete.
        end: last day.
        by: None, or a column of persons: "country_birth", "sex" or "citizenship".

    Returns:
        One row for each group, with columns residents_start, births, deaths, immigrations, emigrations,
        citizenship_changes, residents_end and error (zero if the account ties).
    """
    spells = _home_spells(world)

    def within(column: str) -> pd.Series:
        return (spells[column] > pd.Timestamp(start)) & (spells[column] <= pd.Timestamp(end))

    entered, ended = within("start"), within("end")
    parts = {
        "residents_start": _stock(world, spells, start, by),
        "births": _flow(world, spells[entered & spells["born"]], "start", 0, by),
        "deaths": _flow(world, spells[ended & spells["died"]], "end", 1, by),
        "immigrations": _flow(world, spells[entered & ~spells["born"] & ~spells["from_home"]], "start", 0, by),
        "emigrations": _flow(world, spells[ended & spells["to_abroad"]], "end", 1, by),
        "residents_end": _stock(world, spells, end, by),
    }
    table = pd.DataFrame(parts).fillna(0).astype("int64")
    changes = _changes(world, spells, start, end) if by == "citizenship" else pd.Series(dtype="float64")
    table.insert(5, "citizenship_changes", changes.reindex(table.index).fillna(0).astype("int64"))
    entries = table["births"] + table["immigrations"] + table["citizenship_changes"]
    exits = table["deaths"] + table["emigrations"]
    table["error"] = table["residents_start"] + entries - exits - table["residents_end"]
    return table.sort_index()
