"""Countries, facts, code lists, labels and the dictionary are complete and of one mind."""

import json
import re
from datetime import date

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
    fact,
    label,
    member,
    read_table,
    regions,
    table,
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
            corridors(destination=one.iso3)["value"].sum() <= total * 1.35
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
    with pytest.raises(KitError, match="census, pes, world"):
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
