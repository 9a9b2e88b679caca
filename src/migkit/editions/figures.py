"""The figures of the slides, drawn when documents are made: from the teaching data and from published figures.

A slide names a figure ``figures/NAME.png``; NAME is a key of ``FIGURES``. Nothing drawn is kept in the
repository, so a figure can never disagree with the data beside it.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from migkit.reference import ROOT, KitError, _

if TYPE_CHECKING:
    import pandas as pd

    from migkit.lesson.charts import Chart

COUNTRY = "GMB"


@dataclass(frozen=True)
class Drawn:
    """A figure on disk, the words that stand for it, and whether it shows synthetic data."""

    path: Path
    alt: str
    synthetic: bool


def _load(name: str) -> "pd.DataFrame":
    """A table of the teaching data, also when the command runs beside the data of a class."""
    from migkit.lesson.data import load

    before = os.environ.get("KIT_DATA")
    os.environ["KIT_DATA"] = str(ROOT / "datasets" / "sample" / COUNTRY)
    try:
        return load(name, COUNTRY)
    finally:
        if before is None:
            del os.environ["KIT_DATA"]
        else:
            os.environ["KIT_DATA"] = before


def _residents() -> "pd.DataFrame":

    persons = _load("census_persons")
    return persons[persons["residence_status"].isin(["UP", "UA"])]


def stock_by_definition() -> "Chart":
    """The same persons counted by five rules."""
    from migkit.lesson.charts import bars
    from migkit.measures.definitions import compare_definitions

    rules = ["foreign_born", "foreign_citizen", "lived_abroad", "foreign_background", "recent_5y"]
    table = compare_definitions(_residents(), COUNTRY, rules)
    return bars(
        table.set_index("title")["yes"],
        _("One census, five numbers"),
        unit=_("Usual residents counted as migrants (sample of 1 in 100)"),
        highlight=[str(table["title"].loc["foreign_born"])],
    )


def pyramid() -> "Chart":
    """Natives and foreign-born by sex and age."""
    from migkit.lesson.charts import pyramid as draw_pyramid
    from migkit.measures.definitions import classify

    residents = _residents()
    born_abroad = classify(residents, "foreign_born", COUNTRY)
    chart = draw_pyramid(residents[born_abroad == "no"], residents[born_abroad == "yes"])
    chart.figure.set_size_inches(7.6, 4.2)  # a slide is wide: lower, its letters stay readable from the last row
    return chart


def heaping_published() -> "Chart":
    """Single ages in the US Census Bureau's example, with heaping anybody can see."""
    from migkit.lesson.charts import heaping

    return heaping(
        _load("published/singage_males").set_index("age")["population"],
        _("Males by single year of age: the example of the US Census Bureau"),
        source=_("Source: US Census Bureau, Population Analysis System, workbook SINGAGE (published example)."),
    )


def heaping_synthetic() -> "Chart":
    """Single ages in the synthetic census."""
    from migkit.lesson.charts import heaping

    return heaping(_residents()["age"], _("The synthetic census of the Gambia, 2024"))


def omission_by_birthplace() -> "Chart":
    """Omission of natives and foreign-born, estimated from the post-enumeration survey."""
    from migkit.lesson.charts import bars
    from migkit.measures.coverage import coverage_rates
    from migkit.measures.definitions import classify

    found, checked = _load("pes_persons"), _load("pes_followup")
    births = _load("census_persons")[["person_id", "country_birth"]]
    checked = checked.merge(births, on="person_id")
    names = {"no": _("Born in the Gambia"), "yes": _("Born abroad"), "unknown": _("Birthplace not stated")}
    for table in (found, checked):
        table["origin"] = classify(table, "foreign_born", COUNTRY).map(names)
    rates = 100 * coverage_rates(found, checked, by="origin")["omission_rate"]
    return bars(
        {name: float(rates[name]) for name in (names["no"], names["yes"])},
        _("Missed by the census, as the second count found"),
        unit=_("Omitted, per cent (estimate from the post-enumeration survey)"),
        highlight=[names["yes"]],
    )


def emigrants_by_country() -> "Chart":
    """Household members abroad by country of residence, as households told the census."""
    from migkit.lesson.charts import bars
    from migkit.reference import label

    table = _load("census_emigrants")
    counts = table["country_residence"].astype(str).value_counts()
    unknown = float(counts.pop("XXX")) if "XXX" in counts else 0.0
    shown = {label("country", str(code)): float(number) for code, number in counts.head(6).items()}
    shown[_("Other countries")] = float(counts.iloc[6:].sum())
    shown[_("Not stated")] = unknown
    return bars(
        shown,
        _("Where households say that their members went"),
        unit=_("Household members abroad (sample of 1 in 100)"),
    )


#: name -> (function, whether it shows synthetic data)
FIGURES: dict[str, tuple[Callable[[], "Chart"], bool]] = {
    "stock_by_definition": (stock_by_definition, True),
    "pyramid": (pyramid, True),
    "heaping_published": (heaping_published, False),
    "heaping_synthetic": (heaping_synthetic, True),
    "omission_by_birthplace": (omission_by_birthplace, True),
    "emigrants_by_country": (emigrants_by_country, True),
}


def is_synthetic(name: str) -> bool:
    """Whether the figure ``name`` shows synthetic data.

    Raises:
        KitError: if there is no such figure.
    """
    if name not in FIGURES:
        raise KitError(
            _("There is no figure {name!r} for slides; use one of {known}.").format(
                name=name, known=", ".join(FIGURES)
            )
        )
    return FIGURES[name][1]


def draw(name: str, folder: Path = ROOT / "_build" / "figures") -> Drawn:
    """Draw the figure ``name`` into ``folder`` as PNG.

    Raises:
        KitError: if there is no such figure, or the teaching data were not made.
    """
    synthetic = is_synthetic(name)
    folder.mkdir(parents=True, exist_ok=True)
    chart = FIGURES[name][0]()
    return Drawn(chart.save(folder / f"{name}.png"), chart.alt, synthetic)
