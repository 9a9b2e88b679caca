"""Countries, facts, code lists, labels and the dictionary are complete and of one mind."""

import json
import re
from datetime import date

import pandas as pd
import pytest

from migkit.reference import (
    ROOT,
    KitError,
    codelist,
    corridors,
    countries,
    country,
    dictionary,
    dictionary_names,
    displacement,
    fact,
    fertility_ages,
    label,
    member,
    mortality_rates,
    population_age_sex,
    posts,
    read_table,
    refugees,
    region_population,
    regions,
    table,
    vital_events,
)
from migkit.reference.dictionary import FIELD_TYPES

CODELISTS = sorted(path.stem for path in (ROOT / "datasets" / "codelists").glob("*.csv"))


def all_fields():
    for source in dictionary_names():
        for entry in dictionary(source).tables.values():
            for field in entry.fields:
                yield entry, field


def test_sixteen_training_countries_have_names_and_neighbours_that_know_each_other():
    training = countries(training_only=True)
    assert len(training) == 16
    known = {c.iso3 for c in training}
    for one in training:
        assert all(one.name[language] for language in ("en", "fr", "pt"))
        for neighbour in one.neighbours:
            if neighbour in known:
                assert one.iso3 in country(neighbour).neighbours


def test_country_answers_in_three_languages_and_refuses_what_it_does_not_know():
    assert country("gmb").name == {"en": "The Gambia", "fr": "Gambie", "pt": "Gâmbia"}
    with pytest.raises(KitError, match=r"GAMBIA.*three letters"):
        country("GAMBIA")


def test_published_figures_are_those_of_the_sources():
    assert fact("GMB", "migrant_stock", 2020).value == 215_659
    assert fact("GMB", "migrant_stock", 2020, sex="F").value == 101_893
    assert fact("GMB", "population_midyear", 2024).value == 2760.0
    assert fact("GMB", "population_midyear", 2024).unit == "thousand"
    assert fact("GMB", "census_population", 2024).value == 2_422_712
    senegal = corridors("GMB", "SEN")
    assert senegal["value"].tolist() == [132_518]
    with pytest.raises(KitError, match="1990, 2000, 2010, 2015, 2020"):
        fact("GMB", "migrant_stock", 2024)


def test_no_fact_is_uncertain_and_each_names_its_source():
    folder = ROOT / "datasets" / "countries"
    for name in ("countries", "facts", "corridors", "regions"):
        text = (folder / f"{name}.csv").read_text(encoding="utf-8")
        assert "?" not in text, name
    facts = read_table(folder / "facts.csv")
    assert (facts["source"] != "").all()
    assert not facts.duplicated(["iso3", "indicator", "year", "sex"]).any()


def test_every_source_and_basis_is_in_the_bibliography():
    entries = set(re.findall(r"@\w+\{([^,\s]+),", (ROOT / "book" / "references.bib").read_text(encoding="utf-8")))
    used = set()
    for name in ("facts", "corridors"):
        used |= set(read_table(ROOT / "datasets" / "countries" / f"{name}.csv")["source"])
    for parameter in dictionary("world").parameters.values():
        used |= set(re.findall(r"\b(?:unwpp|undesa|unhcr|gbos)\d{4}\b", parameter["basis"]))
    assert used <= entries, used - entries


def test_women_and_men_migrants_add_up_to_less_than_all_and_corridors_too():
    for one in countries(training_only=True):
        total = fact(one.iso3, "migrant_stock", 2020).value
        assert 0 < fact(one.iso3, "migrant_stock", 2020, sex="F").value < total
        assert (
            corridors(destination=one.iso3)["value"].sum() <= total * 1.4
        )  # the corridors are of the edition of 2019


def test_membership_is_a_dated_fact():
    assert member("MLI", "ECOWAS", date(2025, 1, 28))
    assert not member("MLI", "ECOWAS", date(2025, 1, 29))
    assert member("GMB", "ECOWAS", date(2026, 1, 1))
    assert member("MRT", "ECOWAS", date(1999, 6, 1))
    assert not member("MRT", "ECOWAS", date(2001, 1, 1))
    assert not member("GMB", "ECOWAS", date(1970, 1, 1))
    assert not member("ESP", "ECOWAS", date(2020, 1, 1))


def test_the_gambia_has_eight_regions_with_fixed_codes():
    rows = regions("GMB")
    assert rows["code"].tolist() == [f"GMB0{n}" for n in range(1, 9)]
    assert rows["name"].iloc[0] == "Banjul" and rows["name"].iloc[7] == "Basse"


@pytest.mark.parametrize("name", [*CODELISTS, "country", "region"])
def test_code_lists_are_trilingual_and_without_repetition(name):
    rows = codelist(name)
    assert rows.columns.tolist() == ["code", "label_en", "label_fr", "label_pt"]
    assert rows["code"].is_unique
    assert (rows != "").all(axis=None)
    for column in ("label_en", "label_fr", "label_pt"):
        assert name == "region" or rows[column].is_unique, column


def test_labels_speak_three_languages_and_refuse_the_rest():
    assert [label("sex", "F", lang) for lang in ("en", "fr", "pt")] == ["Female", "Féminin", "Feminino"]
    assert label("country", "XXX") == "Not stated"
    for arguments in (("sex", "Q"), ("sex", "F", "de"), ("no_such_list", "F")):
        with pytest.raises(KitError):
            label(*arguments)


def test_fields_of_every_table_are_described_and_typed():
    for entry, field in all_fields():
        where = f"{entry.name}.{field.name}"
        assert field.label and field.description, where
        assert field.type in FIELD_TYPES, where
        assert (field.type == "code") == bool(field.codelist), where
        if field.codelist:
            codelist(field.codelist)
        if field.type == "integer":
            assert field.minimum is not None and field.maximum is not None, where
    for source in dictionary_names():
        for entry in dictionary(source).tables.values():
            assert entry.key in entry.columns
            assert all(table(parent).key for parent in entry.parents.values())


def test_every_rate_and_assumption_has_a_basis():
    for source in dictionary_names():
        for defect in dictionary(source).defects.values():
            assert defect.basis and defect.unit
            assert set(defect.rates) == {"typical", "severe"}
            for group, rate in defect.rates["typical"].items():
                assert defect.rates["severe"][group] >= rate, (defect.key, group)
        for name, parameter in dictionary(source).parameters.items():
            assert parameter["basis"], name


def test_unknown_dictionary_and_table_are_refused_by_name():
    with pytest.raises(KitError, match=r"'survey'; use one of .*census.*world"):
        dictionary("survey")
    with pytest.raises(KitError, match="no_such_table"):
        table("no_such_table")
    with pytest.raises(KitError, match=r"census_persons.*shoe_size"):
        table("census_persons").field("shoe_size")


def test_boundaries_show_every_training_country_and_stay_small():
    path = ROOT / "datasets" / "countries" / "boundaries.geojson"
    assert path.stat().st_size < 500_000
    shapes = json.loads(path.read_text(encoding="utf-8"))["features"]
    shown = {shape["properties"]["iso3"]: shape["geometry"]["coordinates"] for shape in shapes}
    assert {c.iso3 for c in countries(training_only=True)} <= set(shown)
    gambia = [point for polygon in shown["GMB"] for ring in polygon for point in ring]
    assert len(gambia) > 100
    assert all(-17 < x < -13.7 and 13 < y < 13.9 for x, y in gambia)
    for polygons in shown.values():
        assert all(ring[0] == ring[-1] for polygon in polygons for ring in polygon)


TRAINING = [one.iso3 for one in countries(training_only=True)]
KNOWN = {one.iso3 for one in countries()}


@pytest.mark.parametrize("iso3", TRAINING)
def test_population_by_age_adds_up_to_the_published_total_and_share_under_15(iso3):
    rows = population_age_sex(iso3)
    total = rows["value"].sum()
    assert total == round(1000 * fact(iso3, "population_midyear", 2024).value)
    young = rows[rows["age_group"].isin(["0-4", "5-9", "10-14"])]["value"].sum()
    assert 100 * young / total == pytest.approx(fact(iso3, "share_under_15", 2024).value, abs=0.05)
    assert len(rows) == 42 and not rows.duplicated(["sex", "age_group"]).any()


@pytest.mark.parametrize("iso3", TRAINING)
def test_births_deaths_and_migration_explain_how_the_population_grows(iso3):
    rows = vital_events(iso3).set_index("year")
    assert rows.index.tolist() == list(range(1925, 2031)) and (rows["births"] > 0).all()
    assert rows.loc[2024, "population_midyear"] == round(1000 * fact(iso3, "population_midyear", 2024).value)
    known = rows.loc[2005:2026]
    change = known["births"] - known["deaths"] + known["net_migration"]
    growth = (known["population_midyear"].shift(-1) - known["population_midyear"].shift(1)) / 2
    assert (change - growth).dropna().abs().max() <= 3


@pytest.mark.parametrize("iso3", TRAINING)
def test_mortality_is_plausible_and_ages_of_mothers_add_up(iso3):
    rates = mortality_rates(iso3)
    assert rates.groupby(["sex", "period"]).size().tolist() == [22] * 10
    widths = [1, 4] + [5] * 20
    for (_sex, period), group in rates.groupby(["sex", "period"]):
        alive, years = 1.0, 0.0
        for rate, width in zip(group["mx"].iloc[:-1], widths, strict=False):
            left = alive * (2 - width * rate) / (2 + width * rate)
            years += width * (alive + left) / 2
            alive = left
        assert 45 < years < 82, (period, years)
    shares = fertility_ages(iso3).groupby("period")["share"].sum()
    assert len(shares) == 4 and shares.between(0.99999, 1.00001).all()


def test_refugees_of_2025_are_those_published():
    for iso3 in TRAINING:
        rows = refugees(asylum=iso3)
        latest = rows[rows["year"] == 2025]
        assert latest["refugees"].sum() == fact(iso3, "refugees_hosted", 2025).value, iso3
        assert latest["asylum_seekers"].sum() == fact(iso3, "asylum_seekers_hosted", 2025).value, iso3
        sent = refugees(origin=iso3)
        published = fact(iso3, "refugees_originating", 2025).value
        assert abs(sent[sent["year"] == 2025]["refugees"].sum() - published) <= 3, iso3
    rows = refugees()
    assert set(rows["coa"]) | set(rows["coo"]) <= KNOWN
    assert not rows.duplicated(["coa", "coo", "year"]).any() and (rows["coa"] != rows["coo"]).all()


@pytest.mark.parametrize("iso3", TRAINING)
def test_every_region_has_its_share_of_the_population(iso3):
    rows = region_population(iso3)
    assert rows["region"].tolist() == regions(iso3)["code"].tolist()
    assert rows["share"].sum() == pytest.approx(1, abs=1e-6) and (rows["share"] > 0).all()
    assert rows["urban_share"].between(0, 1).all() and (rows["migrant_factor"] > 0).all()


def test_each_land_border_has_posts_that_face_each_other():
    rows = posts().set_index("code")
    assert rows.index.is_unique and rows["name"].is_unique
    for code, row in rows.iterrows():
        assert code.startswith(row["iso3"]) and row["region"] in set(regions(row["iso3"])["code"])
        assert bool(row["neighbour"]) == (row["kind"] == "land")
        if row["faces"]:
            opposite = rows.loc[row["faces"]]
            assert opposite["faces"] == code and opposite["iso3"] == row["neighbour"]
            assert opposite["neighbour"] == row["iso3"]
        else:
            assert row["neighbour"] not in TRAINING
    for one in countries(training_only=True):
        own = posts(one.iso3)
        assert {n for n in one.neighbours if n in TRAINING} <= set(own["neighbour"])
        assert "air" in set(own["kind"])
        assert own.groupby("kind")["weight"].sum().round(6).eq(1).all()
    assert set(rows["neighbour"]) <= KNOWN | {""}
    assert set(posts("CPV")["kind"]) == {"air", "sea"}


def test_waves_of_displacement_lie_inside_the_history_and_add_up():
    rows = displacement()
    assert (rows["start"] < rows["end"]).all() and rows["end"].max() <= pd.Timestamp("2024-06-30")
    assert set(rows["cause"]) <= {"conflict", "drought", "flood"}
    for iso3, own in rows.groupby("iso3"):
        assert own["share"].sum() == pytest.approx(1, abs=1e-9)
        codes = set(" ".join(own["regions_from"] + " " + own["regions_to"]).split())
        assert codes <= set(regions(iso3)["code"])
        assert fact(iso3, "internally_displaced", 2025).value > 0
    displaced = {iso3 for iso3 in TRAINING if fact(iso3, "internally_displaced", 2025).value > 0}
    assert displaced == set(rows["iso3"])


def test_corridors_know_their_countries_and_leave_no_emigrant_out():
    rows = corridors()
    assert set(rows["destination"]) | set(rows["origin"]) <= KNOWN
    assert not rows.duplicated(["destination", "origin"]).any()
    for iso3 in TRAINING:
        assert corridors(origin=iso3)["value"].sum() == fact(iso3, "emigrant_stock", 2019).value
