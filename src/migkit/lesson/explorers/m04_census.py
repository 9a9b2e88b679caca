"""The explorers of module 04: what a definition, an omission rate and rounded ages do to the figures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from migkit.lesson.data import load, truth
from migkit.lesson.explorers.engine import Bar, Control, Explorer, Frame, number, percent, percent_options
from migkit.lesson.style import synthetic_source
from migkit.measures.census_quality import whipple
from migkit.measures.definitions import RULES, compare_definitions
from migkit.reference import _
from migkit.reference import country as find_country

#: Residence statuses of the usual residents: the universe of every migrant stock of the kit.
RESIDENT = ("UP", "UA")

#: The strongest rounding of the age explorer.
MOST_ROUNDING = 0.4


def _place(country: str) -> str:
    return find_country(country).name["en"]


def stock_by_definition(persons: pd.DataFrame | None = None, country: str = "GMB") -> Explorer:
    """Change the definition of a migrant and see the stock move.

    Args:
        persons: census persons; the lesson's own if left out.
        country: the country of the census.
    """
    people = load("census_persons", country) if persons is None else persons
    universes = {
        "residents": people[people["residence_status"].isin(RESIDENT)],
        "everybody": people,
    }
    tables = {key: compare_definitions(group, country) for key, group in universes.items()}

    def frame(rule: str, universe: str, unknown: str) -> Frame:
        return _definition_frame(tables[universe], rule, unknown == "spread")

    first = tables["residents"]
    return Explorer(
        title=_("How many migrants? It depends on the definition"),
        controls=[
            Control("rule", _("Definition"), [(str(first.loc[key, "title"]), key) for key in first.index]),
            Control(
                "universe",
                _("Who is counted"),
                [(_("Usual residents only"), "residents"), (_("Residents and visitors"), "everybody")],
            ),
            Control(
                "unknown",
                _("People with no answer"),
                [(_("Shown apart"), "shown"), (_("Spread like the others"), "spread")],
            ),
        ],
        frame=frame,
        note=synthetic_source(_place(country)),
    )


def _definition_frame(table: pd.DataFrame, rule: str, spread: bool) -> Frame:
    totals = table["total"].astype(float)
    counts = (table["percent_of_known"].astype(float) / 100 * totals) if spread else table["yes"].astype(float)
    bars = [
        Bar(
            str(table.loc[key, "title"]),
            float(counts[key]),
            float(counts[key] / totals[key]),
            tone=int(key == rule),
        )
        for key in table.index
    ]
    missing = 0.0 if spread else float(table["unknown"].astype(float)[rule])
    total = float(totals[rule])
    bars.append(Bar(_("No answer (chosen definition)"), missing, missing / total, tone=3))
    said = _("{title}: {n} of {total} people, {share}. Rule: {meaning}").format(
        title=table.loc[rule, "title"],
        n=number(counts[rule]),
        total=number(total),
        share=percent(counts[rule] / total),
        meaning=_(RULES[rule].sentence),
    )
    if missing:
        said += " " + _("For {n} people the answer is not known.").format(n=number(missing))
    return Frame(bars, said, unit=_("Persons in the synthetic census; share of all people counted"))


def true_stock(country: str = "GMB") -> pd.Series:
    """True residents born in the country ("native") and abroad ("foreign_born"), from the truth tables."""
    return truth("coverage", country=country).xs("residents", level=1)


def true_ages(country: str = "GMB") -> pd.Series:
    """True residents by single year of age (index), from the truth tables."""
    ages = truth("residents_by_single_age", by=1, country=country)
    return ages.set_axis(ages.index.astype(int), axis=0)


def stock_by_omission(true: pd.Series | None = None, country: str = "GMB") -> Explorer:
    """Let the census miss more natives or more migrants and see the counted stock and its share move.

    Args:
        true: true residents with index "native" and "foreign_born"; the lesson's own truth if left out.
        country: the country of the census.
    """
    truth = true_stock(country) if true is None else true
    natives, migrants = float(truth["native"]), float(truth["foreign_born"])

    def frame(missed_migrants: float, missed_natives: float) -> Frame:
        seen = migrants * (1 - missed_migrants)
        before, after = migrants / (migrants + natives), seen / (seen + natives * (1 - missed_natives))
        bars = [
            Bar(_("Truth"), migrants, before),
            Bar(_("Counted by the census"), seen, after, marker=migrants, tone=1),
        ]
        return Frame(
            bars,
            _omission_words(migrants, seen, before, after),
            _("Foreign-born residents; share of the population"),
        )

    return Explorer(
        title=_("What the census misses"),
        controls=[
            Control("missed_migrants", _("Foreign-born missed"), percent_options(40, 2), "range", start=5),
            Control("missed_natives", _("Others missed"), percent_options(20, 1), "range", start=4),
        ],
        frame=frame,
        marker_label=_("true number"),
        note=synthetic_source(_place(country)),
    )


def _omission_words(migrants: float, seen: float, before: float, after: float) -> str:
    text = _("The census counts {seen} of {all} foreign-born residents; {gap} are missing.").format(
        seen=number(seen), all=number(migrants), gap=number(round(migrants) - round(seen))
    )
    if abs(before - after) < 0.0005:
        return text + " " + _("Their share of the population stays at {share}.").format(share=percent(before))
    words = _("Their share falls from {a} to {b}.") if after < before else _("Their share rises from {a} to {b}.")
    return text + " " + words.format(a=percent(before), b=percent(after))


def age_heaping(true: pd.Series | None = None, country: str = "GMB", last: int = 84) -> Explorer:
    """Let more people round their age and see Whipple's index, the single ages and the five-year groups.

    Args:
        true: true residents by single year of age (index); the lesson's own truth if left out.
        country: the country of the census.
        last: last age shown.
    """
    if true is None:
        true = true_ages(country)
    counts = true.reindex(range(last + 11), fill_value=0).astype(float)

    def frame(rounding: float, digits: str, view: str) -> Frame:
        reported = _rounded(counts, rounding, 10 if digits == "0" else 5)
        index = whipple(list(reported.index), reported.to_list())
        said = _("If {share} of people round their age, Whipple's index is {index}: {verdict}.").format(
            share=percent(rounding, 0), index=f"{index:.0f}", verdict=_whipple_words(index)
        )
        most = _rounded(counts, MOST_ROUNDING, 10 if digits == "0" else 5)
        return _age_frame(counts.loc[:last], reported.loc[:last], most.loc[:last], view, said)

    return Explorer(
        title=_("When people round their age"),
        controls=[
            Control("rounding", _("People who round"), percent_options(100 * MOST_ROUNDING, 4), "range", start=4),
            Control("digits", _("They round to ages ending in"), [(_("0 or 5"), "05"), (_("0 only"), "0")]),
            Control("view", _("Show"), [(_("Single years"), "single"), (_("Five-year groups"), "five")]),
        ],
        frame=frame,
        layout="columns",
        marker_label=_("true number"),
        note=synthetic_source(_place(country)),
    )


def _rounded(counts: pd.Series, share: float, base: int) -> pd.Series:
    """Expected reported ages when ``share`` of those aged 10 or more give the nearest multiple of ``base``."""
    ages = counts.index.to_numpy()
    movers = np.where(ages >= 10, share * counts.to_numpy(), 0.0)
    target = np.where(ages >= 10, (ages + base // 2) // base * base, ages)
    reported = counts - movers
    arrivals = pd.Series(movers).groupby(target).sum()
    return reported.add(arrivals, fill_value=0).reindex(counts.index, fill_value=0)


def _whipple_words(index: float) -> str:
    """The United Nations' words for a value of the index."""
    limits = ((105, _("highly accurate")), (110, _("fairly accurate")), (125, _("approximate")), (175, _("rough")))
    return next((word for limit, word in limits if index < limit), _("very rough"))


def _age_frame(true: pd.Series, reported: pd.Series, most: pd.Series, view: str, said: str) -> Frame:
    """Columns by age; the scale fits the strongest rounding (``most``), so that columns compare."""
    if view == "five":
        true, reported, most = (each.groupby(each.index // 5 * 5).sum() for each in (true, reported, most))
    bars = [
        Bar(
            f"{age}–{age + 4}" if view == "five" else str(age),
            float(reported[age]),
            marker=float(true[age]),
            tone=int(view != "five" and age % 5 == 0),
            quiet=age % 10 != 0,
        )
        for age in true.index
    ]
    top = float(max(true.max(), most.max()))
    return Frame(bars, said, _("Residents by reported age"), top=top)
