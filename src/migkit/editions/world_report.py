"""The calibration report: one page that needs no other file, and a CSV with every figure that was compared."""

from collections.abc import Callable, Hashable
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from migkit.editions import report_page
from migkit.editions import world_charts as charts
from migkit.reference import _
from migkit.reference.files import write_text
from migkit.reference.language import N_
from migkit.world.calibration import TOLERANCES, YEAR

#: The names of the two files.
PAGE, TABLE = "world_report.html", "world_report.csv"
#: How many corridors to and from countries outside the page shows; the CSV has all.
OUTSIDE = 20

#: One compared figure, by column.
Row = dict[Hashable, Any]

#: What each measure is called on the page.
MEASURES: dict[str, str] = {
    "population": N_("Population"),
    "population_year": N_("Population by year"),
    "age_sex": N_("Population by age and sex"),
    "migrant_stock": N_("Migrant stock"),
    "migrant_women": N_("Women among migrants"),
    "corridor": N_("Corridors among the sixteen"),
    "corridor_outside": N_("Corridors with other countries"),
    "refugees": N_("Refugees"),
    "asylum_seekers": N_("Asylum seekers"),
    "displaced": N_("Internally displaced persons"),
}


def write_report(found: pd.DataFrame, scale: float, seed: int, folder: Path) -> tuple[Path, Path]:
    """Write page and CSV of a comparison (:func:`migkit.world.calibration.compare`) into a folder.

    Returns:
        The paths of the page and of the CSV.
    """
    page, table = folder / PAGE, folder / TABLE
    # Excel needs the mark at the beginning to read accents.
    write_text(table, "\ufeff" + csv(found))
    write_text(page, html(found, scale, seed))
    return page, table


def csv(found: pd.DataFrame) -> str:
    """All compared figures as CSV text, marked as synthetic in each row."""
    rows = found.assign(
        target=found["target"].round(1),
        scaled=found["scaled"].round(1),
        relative_error=found["relative_error"].round(5),
        within=found["within"].map({True: "yes", False: "no"}).fillna(""),
        note="SYNTHETIC DATA beside published figures",
    )
    return rows.to_csv(index=False, lineterminator="\n")


def html(found: pd.DataFrame, scale: float, seed: int) -> str:
    """The page as text."""
    sections = [
        ("summary", _("What the tests judge"), _summary(found)),
        ("population", _("Population in {year}").format(year=YEAR), _population(found)),
        ("years", _("Population from 2005 to 2026"), _years(found)),
        ("ages", _("Age and sex"), _ages(found)),
        ("migrants", _("Migrants by country"), _migrants(found)),
        ("corridors", _("The largest corridors"), _corridors(found)),
        ("matrix", _("All corridors among the sixteen"), _matrix(found)),
        ("outside", _("Corridors with other countries"), _outside(found)),
        ("displaced", _("Refugees, asylum seekers and internally displaced persons"), _displaced(found)),
        ("sources", _("Sources"), _sources(found)),
    ]
    return report_page.page(
        _("The synthetic world beside published figures"),
        _("SYNTHETIC DATA: not official statistics"),
        _reading(scale, seed),
        sections,
    )


def _reading(scale: float, seed: int) -> str:
    text = _(
        "Sixteen countries at scale {scale:g}, seed {seed}: one record stands for {persons:,.0f} persons. "
        "Published figures have their own years; the target is the published figure carried to 1 July {year}. "
        "A figure is within its tolerance if it lies no further from the target than that, or than one record."
    ).format(scale=scale, seed=seed, persons=1 / scale, year=YEAR)
    return f"<p>{escape(text)}</p>"


# --- sections


def _summary(found: pd.DataFrame) -> str:
    judged = found[found["within"].notna()]
    rows = []
    for measure in TOLERANCES:
        own = judged[judged["measure"] == measure]
        by_error = own.sort_values("relative_error", key=lambda error: error.abs(), na_position="first")
        worst = by_error.to_dict("records")[-1]
        where = f"{charts.name(worst['country'])} {_detail(worst)}".strip()
        inside = int(own["within"].sum())
        rows.append(
            [
                _(MEASURES[measure]),
                _percent(TOLERANCES[measure], sign=False),
                str(len(own)),
                str(inside) if inside == len(own) else _off(str(inside)),
                _percent(worst["relative_error"]),
                escape(where),
            ]
        )
    head = [_("Measure"), _("Tolerance"), _("Figures"), _("Within"), _("Largest difference"), _("Where")]
    note = _(
        "The largest difference may stand for a single record: at a small scale a small figure cannot be met "
        "closer."
    )
    return (
        report_page.table(_("Figures within their tolerance"), head, rows, words={5})
        + f'<p class="note">{escape(note)}</p>'
    )


def _population(found: pd.DataFrame) -> str:
    return _compared(found[found["measure"] == "population"], _("Residents on 1 July 2024"), _country)


def _years(found: pd.DataFrame) -> str:
    rows = found[found["measure"] == "population_year"]
    table = _compared(rows, _("Residents on 1 July of each year"), lambda row: f"{_country(row)}, {row['detail']}")
    return _figure(charts.population_by_year(found), _("Population by country and year")) + report_page.folded(
        table
    )


def _ages(found: pd.DataFrame) -> str:
    rows = found[found["measure"] == "age_sex"]
    table = _compared(rows, _("Residents by sex and age"), lambda row: f"{_country(row)}, {row['detail']}")
    note = _(
        "Published are the totals and the shares under 15 of 2024. The other ages are the kit's reconstruction "
        "from an older edition; the two sexes are split by an assumption."
    )
    return _figure(charts.pyramids(found), _("Age pyramids")) + report_page.note(note) + report_page.folded(table)


def _migrants(found: pd.DataFrame) -> str:
    stock = found[found["measure"] == "migrant_stock"]
    women = found[found["measure"] == "migrant_women"].set_index("country")
    picture = charts.pairs(
        stock,
        [_country(row) for row in stock.to_dict("records")],
        _("Thousand persons born abroad"),
        _("Bars of the published migrant stock of each country, carried to 2024; points for the synthetic one."),
    )
    rows = []
    for row in stock.to_dict("records"):
        own = women.loc[row["country"]]
        aim, share = own["target"] / row["target"], own["scaled"] / max(row["scaled"], 1)
        rows.append([_country(row), f"{100 * aim:.1f}", f"{100 * share:.1f}", f"{100 * (share - aim):+.1f}"])
    head = [_("Country"), _("Published, 2020"), _("Synthetic"), _("Difference, points")]
    return (
        _figure(picture, _("Migrant stock by country"))
        + _compared(stock, _("Residents born abroad"), _country)
        + report_page.table(_("Women per 100 migrants"), head, rows)
    )


def _corridors(found: pd.DataFrame) -> str:
    rows = found[(found["measure"] == "corridor") & found["tolerance"].notna()]
    rows = rows.sort_values("target", ascending=False)
    picture = charts.pairs(
        rows,
        [_lane(row) for row in rows.to_dict("records")],
        _("Thousand persons"),
        _("Bars of the ten largest corridors, carried to 2024, with a point for the synthetic stock of each."),
    )
    return _figure(picture, _("The ten largest corridors")) + _compared(
        rows, _("Residents of one country born in another"), _lane
    )


def _matrix(found: pd.DataFrame) -> str:
    rows = found[found["measure"] == "corridor"].sort_values("target", ascending=False)
    table = _compared(rows, _("Residents of one country born in another"), _lane)
    return _figure(charts.matrix(found), _("Corridors by country of residence and of birth")) + report_page.folded(
        table
    )


def _outside(found: pd.DataFrame) -> str:
    rows = found[found["measure"] == "corridor_outside"].sort_values("target", ascending=False).head(OUTSIDE)
    picture = charts.pairs(
        rows,
        [_lane(row) for row in rows.to_dict("records")],
        _("Thousand persons"),
        _("Bars of the {n} largest corridors with other countries, with a point for each synthetic stock.").format(
            n=len(rows)
        ),
    )
    caption = _("The {n} largest corridors with other countries").format(n=len(rows))
    note = _(
        "Rest of Africa and rest of the world hold what the published totals of emigrants leave; how it divides "
        "between the two is an assumption."
    )
    return _figure(picture, caption) + _compared(rows, caption, _lane) + report_page.note(note)


def _displaced(found: pd.DataFrame) -> str:
    parts = []
    for measure, title, alt in (
        (
            "refugees",
            _("Thousand refugees by country of asylum"),
            _("Bars of the refugees that each country hosts, carried to 2024; points for the synthetic ones."),
        ),
        (
            "asylum_seekers",
            _("Thousand asylum seekers by country of asylum"),
            _("Bars of the asylum seekers in each country, carried to 2024; points for the synthetic ones."),
        ),
        (
            "displaced",
            _("Thousand internally displaced persons"),
            _("Bars of the internally displaced persons of each country; points for the synthetic ones."),
        ),
    ):
        rows = found[(found["measure"] == measure) & ((found["target"] > 0) | (found["synthetic"] > 0))]
        names = [_country(row) for row in rows.to_dict("records")]
        parts.append(_figure(charts.pairs(rows, names, title, alt), title))
        parts.append(_compared(rows, _(MEASURES[measure]), _country))
    note = _(
        "Published are the totals of mid-2025. How they divide by origin, and the targets of 2024, are "
        "assumptions."
    )
    return report_page.note(note) + "".join(parts)


def _sources(found: pd.DataFrame) -> str:
    keys = sorted({key for text in found["source"] for key in text.split()})
    text = _(
        "Published figures with their sources stand in datasets/countries/; the keys {keys} are those of "
        "book/references.bib. datasets/README.md says which of them the kit carried on, tied together or assumed. "
        "The file {file} beside this page holds every compared figure."
    ).format(keys=", ".join(keys), file=TABLE)
    return f"<p>{escape(text)}</p>"


# --- pieces


def _country(row: Row) -> str:
    return charts.name(row["country"])


def _lane(row: Row) -> str:
    return _("{origin} to {destination}").format(
        origin=charts.name(row["detail"]), destination=charts.name(row["country"])
    )


def _detail(row: Row) -> str:
    if row["measure"] == "corridor":
        return _("from {origin}").format(origin=charts.name(row["detail"]))
    return str(row["detail"])


def _off(text: str) -> str:
    return f'<span class="off">{text}</span>'


def _percent(value: float, sign: bool = True) -> str:
    if pd.isna(value):
        return "–"
    # Adding nought makes -0.00 to 0.00.
    return f"{round(100 * value, 2) + 0.0:+.2f} %" if sign else f"{100 * value:g} %"


def _compared(rows: pd.DataFrame, caption: str, title: Callable[[Row], str]) -> str:
    """A table of compared figures: published, target, synthetic, scaled, difference, verdict."""
    head = [
        "",
        _("Published"),
        _("Year"),
        _("Target"),
        _("Records"),
        _("Scaled up"),
        _("Difference"),
        _("Within tolerance"),
    ]
    verdict = {True: _("yes"), False: _off(_("no"))}
    cells = [
        [
            title(row),
            f"{row['published']:,.0f}",
            str(row["year"]),
            f"{row['target']:,.0f}",
            f"{row['synthetic']:,}",
            f"{row['scaled']:,.0f}",
            _percent(row["relative_error"]),
            "–" if pd.isna(row["within"]) else verdict[bool(row["within"])],
        ]
        for row in rows.to_dict("records")
    ]
    return report_page.table(caption, head, cells)


def _figure(picture: charts.Picture, caption: str) -> str:
    return report_page.figure(picture.address, picture.alt, caption)
