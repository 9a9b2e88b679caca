"""Pay and conditions of work, recruitment costs and money sent home, which the truth does not hold.

They are assumptions (datasets/dictionary/labour_force.yml) drawn by table look-up. Each is a pure function of the
world's seed and the true person or household, so every source that asks gets the same answer. Amounts are in units
of the country's currency.
"""

from typing import Any

import numpy as np
import pandas as pd

from migkit.reference import KitError, _, country, dictionary
from migkit.sources.answers import numerals, words
from migkit.sources.records import Texts
from migkit.sources.work_permits import has_formal_job, wages
from migkit.world import World
from migkit.world.draws import Choices, Floats, Ints, hashed

#: Positions in the code list status_employment.
EMPLOYEE, FAMILY_WORKER = 3, 4


def _parameter(name: str) -> Any:
    return dictionary("labour_force").value(name)


def pay_scale(iso3: str) -> dict[str, int]:
    """Of a country's currency: ``typical`` monthly pay, ``step`` of true amounts and ``heap`` of rounded answers.

    Raises:
        KitError: if the dictionary has no pay for the currency.
    """
    currency = country(iso3).currency
    if currency not in _parameter("pay"):
        raise KitError(
            _("datasets/dictionary/labour_force.yml has no pay for {currency} of {iso3}; add it to 'pay'.").format(
                currency=currency or _("the missing currency"), iso3=iso3
            )
        )
    return dict(_parameter("pay")[currency])


def amount(values: Floats, step: int) -> Ints:
    """Amounts rounded to multiples of a step."""
    return np.asarray(np.floor(values / step + 0.5), dtype=np.int64) * step


def from_table(name: str, level: Floats) -> Floats:
    """The value at a level in [0, 1) of a table of evenly spaced quantiles, a parameter of the dictionary."""
    table = np.asarray(_parameter(name), dtype=np.float64)
    return np.interp(level, np.linspace(0.0, 1.0, len(table)), table)


def world_part(codes: Texts) -> Texts:
    """The part of the world of countries: "west_africa" (the training countries), "africa" or "world"."""
    africa = set(_parameter("world_parts")["africa"])

    def part(code: str) -> str:
        if code in africa:
            return "africa"
        return "west_africa" if code and country(code).training else "world"

    distinct, at = np.unique(codes.astype(str), return_inverse=True)
    return np.array([part(code) for code in distinct], dtype=object)[at]


def _by_part(name: str, codes: Texts) -> Floats:
    return np.array([_parameter(name)[part] for part in world_part(codes)], dtype=np.float64)


def conditions(world: World, row: Ints) -> pd.DataFrame:
    """Conditions of the main job of true persons, given by their rows in ``world.persons``.

    Whoever has a formal job and what it pays is the same here and in the register of work permits.

    Returns:
        Text columns status_employment, formality, hours, contract, social_security, earnings (a month), blank
        where they do not apply: for those not employed, contract and social security for all but employees,
        earnings for contributing family workers.
    """
    persons = world.persons.iloc[row]
    ids = persons["truth_id"].to_numpy()

    def level(what: str) -> Floats:
        return hashed(world.seed, f"work {what}", ids)

    works = words(persons["activity"]) == "E"
    occupation = words(persons["occupation"])
    occupation = np.where(np.isin(occupation, list("0123456789")), occupation, "9")  # not known: elementary
    group = occupation.astype(np.int64)
    formal_job = has_formal_job(world)[row]
    status = Choices.of(_parameter("status_by_occupation")).at(group, level("status"))
    status = np.where(formal_job, EMPLOYEE, status)
    registered = level("formality") < np.asarray(_parameter("registered_by_status"))[status]
    formal = formal_job | registered
    share = _parameter("written_contract")
    written = level("contract") < np.where(formal, share["formal"], share["informal"])
    employee, paid = works & (status == EMPLOYEE), works & (status != FAMILY_WORKER)
    hours = np.floor(from_table("hours_spread", level("hours"))).astype(np.int64)
    pay = np.where(formal_job, wages(world, row, occupation), numerals(_earnings(world, row, group)))
    return pd.DataFrame(
        {
            "status_employment": np.where(works, numerals(status + 1), ""),
            "formality": np.where(works, np.where(formal, "F", "I"), ""),
            "hours": np.where(works, numerals(hours), ""),
            "contract": np.where(employee, np.where(written, "W", "O"), ""),
            "social_security": np.where(employee, np.where(formal, "Y", "N"), ""),
            "earnings": np.where(paid, pay, ""),
        }
    )


def _earnings(world: World, row: Ints, group: Ints) -> Ints:
    """Monthly earnings in informal jobs and own businesses, by occupation (``group``, ISCO-08 major groups)."""
    persons = world.persons.iloc[row]
    scale = pay_scale(world.iso3)
    home = pd.Index(world.households["household_ref"]).get_indexer(persons["household_ref"].to_numpy())
    urban = words(world.households["area"], np.asarray(home, dtype=np.int64)) == "U"
    foreign = words(persons["country_birth"]) != world.iso3
    pay = scale["typical"] * np.asarray(_parameter("pay_by_occupation"))[group]
    pay = pay * np.where(words(persons["sex"]) == "F", _parameter("pay_of_women"), 1.0)
    pay = pay * np.where(urban, _parameter("pay_in_towns"), 1.0)
    pay = pay * np.where(foreign, _parameter("pay_of_foreign_born"), 1.0)
    pay = pay * from_table("pay_spread", hashed(world.seed, "work pay", persons["truth_id"].to_numpy()))
    return np.maximum(amount(pay, scale["step"]), scale["step"])


def job_abroad(world: World, ids: Ints, countries_abroad: Texts) -> tuple[Ints, Ints]:
    """Recruitment cost of the first job abroad, and the earnings of its first month, of true persons.

    SDG indicator 10.7.1 is the first divided by the second.
    """
    scale = pay_scale(world.iso3)
    pay = scale["typical"] * _by_part("pay_abroad", countries_abroad)
    pay = pay * from_table("pay_spread", hashed(world.seed, "work pay abroad", ids))
    paid = np.maximum(amount(pay, scale["step"]), scale["step"])
    cost = paid * from_table("recruitment_cost_spread", hashed(world.seed, "work recruitment", ids))
    return amount(cost, scale["step"]), paid


def remittance(world: World, refs: Ints, senders: Texts) -> tuple[Ints, Texts]:
    """Amount that households received from abroad in 12 months, and its main channel, by country of the sender."""
    scale = pay_scale(world.iso3)
    size = scale["typical"] * _by_part("remittance_size", senders)
    size = size * from_table("pay_spread", hashed(world.seed, "remittance size", refs))
    parts = list(_parameter("remittance_channel"))
    table = Choices.of(list(_parameter("remittance_channel").values()))
    part = np.array([parts.index(each) for each in world_part(senders)], dtype=np.int64)
    channel = table.at(part, hashed(world.seed, "remittance channel", refs))
    return np.maximum(amount(size, scale["step"]), scale["step"]), np.array(list("OMBHI"), dtype=object)[channel]
