"""The book's data pages: a page and a picture for every source, whole and from the dictionary alone."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from migkit.editions import data_pages
from migkit.editions.data_pictures import Fate, fate_of, hundred, picture
from migkit.editions.markdown import NBSP, escaped, plain
from migkit.reference import ROOT, Table, codelist, dictionary, dictionary_names
from migkit.reference.dictionary import Field

SVG = "{http://www.w3.org/2000/svg}"
NAMES = [source.key for source in data_pages.sources()]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_says_all_that_the_dictionary_says(name):
    source = dictionary(name)
    text = data_pages.page(source)
    assert f"(data-{name})=" in text
    for words in (source.summary, source.coverage, source.legal_purpose, source.holder):
        assert plain(words) in text
    for words in (*source.sees, *source.misses, *source.limits):
        assert f"- {plain(words)}" in text
    for table in source.tables.values():
        assert (f"(table-{table.name})=" in text) != table.trainer_only
        if not table.trainer_only:
            assert all(f"| `{column}` |" in text for column in table.columns)
    for table in source.tables.values():
        assert all(plain(field.blank) in text for field in table.fields)
    for defect in source.defects.values():
        assert plain(defect.label) in text
        assert data_pages._basis(defect.basis) in text


@pytest.mark.parametrize("name", NAMES)
def test_every_source_says_who_makes_it_and_what_it_sees_and_misses(name):
    source = dictionary(name)
    assert source.holder and source.sees and source.misses


def test_the_truth_page_holds_what_only_trainers_get():
    text = data_pages.truth()
    for name in set(dictionary_names()) - set(NAMES):
        for table in dictionary(name).tables.values():
            assert all(f"| `{column}` |" in text for column in table.columns)
        for parameter in dictionary(name).parameters:
            assert plain(parameter.replace("_", " ").split()[0]) in text
    for column in ("record_id", "recorded", "true_value", "event"):
        assert f"| `{column}` |" in text


def test_trainer_tables_stay_out_of_a_source_page():
    kept = Field("kept", "Kept", "integer", "A number.", minimum=0, maximum=9)
    tables = {
        name: Table(name, name, "About it.", "one row", "kept", (kept,), {}, trainer_only=secret)
        for name, secret in (("open_table", False), ("truth_table", True))
    }
    text = data_pages.source_page(replace(dictionary("census"), tables=tables))
    assert "open_table" in text
    assert "truth_table" not in text
    assert "| 0–9 |" in text


def test_the_index_links_every_source():
    text = data_pages.index()
    assert [line.split("(#data-")[1].split(")")[0] for line in text.splitlines() if "(#data-" in line] == NAMES


def test_code_lists_give_three_languages():
    text = data_pages.code_lists()
    for row in codelist("sex").to_dict("records"):
        assert f"| `{row['code']}` | {row['label_en']} | {row['label_fr']} | {row['label_pt']} |" in text
    for name in NAMES:
        for table in dictionary(name).tables.values():
            assert all(f"(codes-{field.codelist})=" in text for field in table.fields if field.codelist)


def test_rates_read_as_shares_and_factors():
    assert data_pages._rate("all", 0.013) == f"1.3{NBSP}%"
    assert data_pages._rate("factor_men_20_34", 1.7) == f"men 20–34: ×{NBSP}1.7"


def test_a_basis_cites_the_references_and_keeps_its_words():
    assert data_pages._basis("unwpp2024, rounded; a_b") == f"{{cite:t}}`unwpp2024`, rounded; {escaped('a_b')}"


def test_values_of_parameters_fit_on_a_line():
    assert data_pages._value({"A": 2, "men_20_34": [0.5, 1]}) == "A: 2; men 20–34: 0.5, 1"
    assert "dictionary file" in data_pages._value(list(range(200)))


# ------------------------------------------------------------------------------------------- writing


def test_a_page_comes_and_goes_with_its_dictionary(tmp_path: Path):
    first = data_pages.write_all(tmp_path)
    assert {path.stem for path in first} == set(NAMES)
    stamps = {path: path.stat().st_mtime_ns for path in first}
    (tmp_path / "gone.md").write_text("old", encoding="utf-8")
    (tmp_path / "gone.svg").write_text("old", encoding="utf-8")
    second = data_pages.write_all(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in second} == stamps
    assert set(tmp_path.iterdir()) == set(second)


def test_a_book_without_a_place_for_the_pages_gets_none(tmp_path: Path):
    assert data_pages.write_for(tmp_path) == []
    (tmp_path / "_toc.yml").write_text("root: book/index\n", encoding="utf-8")
    assert data_pages.write_for(tmp_path) == []
    (tmp_path / "_toc.yml").write_text("chapters:\n  - glob: book/sources/*\n", encoding="utf-8")
    assert data_pages.write_for(tmp_path)[0].parent == tmp_path / "book" / "sources"


# ------------------------------------------------------------------------------------------ pictures


def teaching_data(folder: Path, source: str, table: str) -> Path:
    """Ten events: six right, two wrong (one of them in two answers), two left out; one twice, one of nobody."""
    links = [(table, f"r{i}", "true") for i in range(8)] + [(table, "r8", "duplicate"), (table, "r9", "invented")]
    ledger = [
        (table, "", "omitted", ""),
        (table, "", "omitted", ""),
        (table, "r8", "twice", ""),
        (table, "r9", "invented", "sex"),
        (table, "r0", "age", "age"),
        (table, "r0", "sex", "sex"),
        (table, "r1", "age", "age"),
        ("another_table", "", "omitted", ""),
    ]
    name = f"synthetic_gmb_{{}}_{source}-0001.csv"
    pd.DataFrame(links, columns=["table", "record_id", "kind"]).to_csv(folder / name.format("links"), index=False)
    pd.DataFrame(ledger, columns=["table", "record_id", "kind", "field"]).to_csv(
        folder / name.format("ledger"), index=False
    )
    return folder


def test_the_ledger_tells_what_became_of_the_events(tmp_path: Path):
    source = dictionary("census")
    fate = fate_of(source, teaching_data(tmp_path, "census", source.main))
    assert fate == Fate(source.main, right=6, wrong=2, left_out=2, twice=1, invented=1)
    drawn = picture(source, tmp_path)
    for words in (
        "right: 60 per cent",
        "wrong or lost: 20 per cent",
        "left out: 20 per cent",
        "10 recorded twice",
    ):
        assert words in drawn.alt
    rectangles = ElementTree.fromstring(drawn.svg).findall(f"{SVG}rect")
    assert len(rectangles) == 1 + 100 + 3  # the frame, the squares, the key


def test_data_older_than_the_dictionary_give_no_squares(tmp_path: Path):
    assert fate_of(dictionary("census"), teaching_data(tmp_path, "census", "a_table_of_last_year")) is None


@pytest.mark.parametrize("kind", ["links", "ledger"])
def test_half_a_folder_gives_no_squares(tmp_path: Path, kind: str):
    source = dictionary("census")
    (teaching_data(tmp_path, "census", source.main) / f"synthetic_gmb_{kind}_census-0001.csv").unlink()
    assert fate_of(source, tmp_path) is None


@pytest.mark.parametrize("name", NAMES)
def test_without_teaching_data_the_picture_shows_the_rates(name, tmp_path):
    source = dictionary(name)
    drawn = picture(source, tmp_path)
    largest = max(
        (rate, defect.label)
        for defect in source.defects.values()
        for group, rate in defect.rates["typical"].items()
        if not group.startswith("factor")
    )
    root = ElementTree.fromstring(drawn.svg)
    assert largest[1] in drawn.alt and root.findtext(f"{SVG}title") == drawn.alt
    assert largest[1] in [text.text for text in root.findall(f"{SVG}text")]


@pytest.mark.parametrize("counts", [[60, 20, 20], [999, 1, 0], [1, 1, 1], [9999, 1, 1], [0, 0, 3], [1993, 3, 4]])
def test_squares_add_up_to_a_hundred_and_nothing_vanishes(counts):
    parts = hundred(counts)
    assert sum(parts) == 100
    assert all((part > 0) == (count > 0) for part, count in zip(parts, counts, strict=True))


def test_the_contents_take_every_page():
    assert "glob: book/sources/*" in (ROOT / "_toc.yml").read_text(encoding="utf-8")
