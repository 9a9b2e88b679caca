"""What is handed on arrives, nothing hidden leaks, and a report finds what is wrong with what came."""

import io
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from pysdmx.io import read_sdmx as pysdmx_read
from pysdmx.model import Codelist, DataStructureDefinition

from migkit.measures.confidentiality.protect import COMPLEMENTARY, PUBLISHED, SMALL, SUPPRESSED
from migkit.measures.exchange import (
    Sender,
    SentTable,
    compare_received,
    empty_workbook,
    quality_report,
    read_sdmx,
    read_workbook,
    sdmx_code,
    sdmx_structure,
    table_label,
    to_sdmx_csv,
    to_sdmx_ml,
    to_workbook,
)
from migkit.measures.exchange.receiving import ReceivedTable
from migkit.measures.tables import TableSpec, long_table
from migkit.reference import KitError

settings.register_profile("exchange", deadline=None, max_examples=20)
settings.load_profile("exchange")

WHO = Sender("GMB", "2024", "Bureau of Statistics", "info@example.org", synthetic=True)
BIRTH = TableSpec(
    "Residents by country of birth and sex", "Usual residents", "persons", "country_birth", "sex", ("A note.",),
    "Census 2024 (synthetic)", key="stock_birth_sex", standard="A manual",
)  # fmt: skip
AGE = TableSpec("Residents by age", "Usual residents", "persons", "age_group", None, (), "Census", key="stock_age")
READERS = {
    "workbook": lambda sent: read_workbook(to_workbook(sent, WHO)),
    "csv": lambda sent: read_sdmx(to_sdmx_csv(sent, WHO)),
    "xml": lambda sent: read_sdmx(to_sdmx_ml(sent, WHO)),
}


@pytest.fixture
def people():
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "country_birth": rng.choice(["GMB", "SEN", "GIN", "XXX"], 400, p=[0.7, 0.2, 0.08, 0.02]),
            "sex": rng.choice(["F", "M"], 400),
            "age_group": pd.Categorical(rng.choice(["0-4", "5-9", "80+"], 400), ["0-4", "5-9", "80+"]),
        }
    )


@pytest.fixture
def sent(people):
    return [SentTable(spec, long_table(people, spec)) for spec in (BIRTH, AGE)]


def tidy(cells, names):
    return cells.sort_values(list(names)).reset_index(drop=True)[[*names, "value", "status"]]


# there and back


@pytest.mark.parametrize("way", READERS)
def test_every_cell_arrives(sent, way):
    came = READERS[way](sent)
    assert list(came) == [table.spec.key for table in sent]
    for table in sent:
        names = table.spec.classifiers
        pd.testing.assert_frame_equal(
            tidy(came[table.spec.key].cells, names), tidy(table.cells, names), check_dtype=False
        )
        assert not came[table.spec.key].faults


@pytest.mark.parametrize("way", READERS)
def test_what_was_sent_needs_no_question(sent, way):
    report = quality_report(READERS[way](sent))
    assert report[report["severity"] == "error"].empty
    assert set(report["check"]) <= {"metadata"}  # SDMX data carry no title and no source


labels = st.text(alphabet="abcdefghijklmnopqrstuvwxyzé -'&/", min_size=1, max_size=12).filter(
    lambda t: t.strip() == t
)
figures = st.one_of(st.integers(0, 10**9).map(float), st.floats(0, 1e9).map(lambda x: round(x, 3)), st.none())


@given(
    st.lists(labels, min_size=1, max_size=4, unique_by=sdmx_code),
    st.lists(labels, min_size=1, max_size=3, unique_by=sdmx_code),
    st.lists(figures, min_size=12, max_size=12),
    st.sampled_from(list(READERS)),
)
def test_any_labels_and_figures_arrive(down, across, values, way):
    cells = pd.DataFrame(product(down, across), columns=["what", "where"])
    cells["value"] = pd.Series(values[: len(cells)], dtype=float)
    spec = TableSpec("Any", "All", "persons", "what", "where", (), "Example", key="any")
    came = READERS[way]([SentTable(spec, cells)])["any"].cells
    keys = (lambda each: each) if way == "workbook" else sdmx_code
    assert came["what"].tolist() == [keys(each) for each in cells["what"]]
    assert np.allclose(came["value"], cells["value"], equal_nan=True)


@given(st.integers(0, 120), st.integers(0, 40))
def test_codes_of_ages_lead_back(first, width):
    for label in (f"{first}-{first + width}", f"{first}+", "Total", "Not stated"):
        assert table_label(sdmx_code(label)) == label


# what must not leave


@pytest.mark.parametrize("status", [SMALL, COMPLEMENTARY, SUPPRESSED])
def test_hidden_cells_leave_without_value_and_without_reason(people, status):
    cells = long_table(people, BIRTH)
    hidden = cells["n"].between(1, 9)
    assert hidden.any()
    cells["status"] = np.where(hidden, status, PUBLISHED)
    cells["value"] = cells["value"].mask(hidden)
    table = SentTable(BIRTH, cells)
    for text in (to_sdmx_csv([table], WHO), to_sdmx_ml([table], WHO)):
        assert "small" not in text and "complementary" not in text
    book = load_workbook(io.BytesIO(to_workbook([table], WHO)))
    shown = [cell.value for row in book["stock_birth_sex"].iter_rows() for cell in row]
    assert shown.count("c") == int(hidden.sum())
    for read in READERS.values():
        came = read([table])["stock_birth_sex"].cells
        assert (came["status"] == SUPPRESSED).sum() == hidden.sum()
        assert came.loc[came["status"] == SUPPRESSED, "value"].isna().all()


def test_a_suppressed_cell_with_its_value_is_refused(people):
    cells = long_table(people, BIRTH).assign(status=SMALL)
    with pytest.raises(KitError, match="still hold their value"):
        SentTable(BIRTH, cells)


def test_the_records_behind_a_cell_never_leave(people):
    cells = long_table(people.assign(weight=1000.0), BIRTH).assign(n=987_654)
    table = SentTable(BIRTH, cells)
    assert "n" not in table.cells
    assert "987654" not in to_sdmx_csv([table], WHO)


def test_synthetic_figures_say_so_everywhere(sent):
    assert "<mes:Test>true</mes:Test>" in sdmx_structure(sent, WHO)
    rows = to_sdmx_csv(sent, WHO).splitlines()[1:]
    assert rows and all("SYNTHETIC" in row for row in rows)
    book = load_workbook(io.BytesIO(to_workbook(sent, WHO)))
    assert all(any("SYNTHETIC" in str(cell.value) for row in sheet["A1:A5"] for cell in row) for sheet in book)
    official = Sender("GMB", "2024")
    assert "SYNTHETIC" not in to_sdmx_csv(sent, official)


def test_no_text_becomes_a_formula(people):
    spec = TableSpec("=cmd|'/c calc'!A1", "@all", "persons", "sex", None, ("=1+1",), "-source", key="x")
    book = load_workbook(io.BytesIO(to_workbook([SentTable(spec, long_table(people, spec))], WHO)))
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)


# the form


def test_structure_and_data_are_valid_by_the_schemas_of_sdmx(sent):
    structure = pysdmx_read(sdmx_structure(sent, WHO), validate=True)
    kinds = [type(each) for each in structure.structures]
    assert DataStructureDefinition in kinds and kinds.count(Codelist) >= 6
    assert len(pysdmx_read(to_sdmx_ml(sent, WHO), validate=True).data) == 1
    codes = next(each for each in structure.structures if getattr(each, "id", "") == "CL_COUNTRY_BIRTH")
    assert {code.id: code.name for code in codes.items}["SEN"] == "Senegal"


def test_sdmx_csv_is_of_version_2(sent):
    heads = to_sdmx_csv(sent, WHO).splitlines()[0].split(",")
    assert heads[:3] == ["STRUCTURE", "STRUCTURE_ID", "ACTION"]
    assert {"REF_AREA", "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS", "CONF_STATUS"} <= set(heads)


def test_the_same_delivery_gives_the_same_bytes(sent):
    assert to_sdmx_ml(sent, WHO) == to_sdmx_ml(sent, WHO)
    assert sdmx_structure(sent, WHO) == sdmx_structure(sent, WHO)


@pytest.mark.parametrize("language, word", [("en", "Senegal"), ("fr", "Sénégal"), ("pt", "Senegal")])
def test_the_workbook_speaks_the_language_and_keeps_the_codes(sent, language, word):
    sheet = load_workbook(io.BytesIO(to_workbook(sent, WHO, language)))["stock_birth_sex"]
    pairs = {(row[0].value, row[1].value) for row in sheet.iter_rows(min_row=8)}
    assert ("SEN", word) in pairs


def test_an_empty_template_can_be_filled_by_hand():
    content = empty_workbook([BIRTH], {"country_birth": ["GMB", "SEN"], "sex": ["F", "M"]}, Sender("SEN", "2025"))
    book = load_workbook(io.BytesIO(content))
    sheet = book["stock_birth_sex"]
    for at, row in enumerate(sheet.iter_rows(min_row=8, max_row=11, min_col=3, max_col=6), start=1):
        for cell in row:
            assert cell.value is None
            cell.value = at
    sheet["C8"], sheet["D8"], sheet["E8"] = "c", "1 234,5", "about ten"
    held = io.BytesIO()
    book.save(held)
    came = read_workbook(held.getvalue())["stock_birth_sex"]
    first = came.cells.set_index(["country_birth", "sex"]).loc["GMB"]
    assert first.loc["F", "status"] == SUPPRESSED
    assert first.loc["M", "value"] == 1234.5
    assert np.isnan(first.loc["Not stated", "value"])
    assert [where.split("!")[1] for where, _what in came.faults] == ["D8", "E8"]


# what came in


def received(value, **facts):
    cells = pd.DataFrame({"sex": ["F", "M", "Not stated", "Total"], "value": value, "status": PUBLISHED})
    known = dict.fromkeys(("title", "country", "period", "source"), "x") | {"unit": "persons"}
    return {"stock": ReceivedTable("stock", known | facts, ("sex",), cells)}


@pytest.mark.parametrize(
    "came, check",
    [
        (received([3.0, 2, 0, 9]), "totals"),
        (received([3.0, -2, 0, 1]), "negative"),
        (received([3.0, 2, 5, 10]), "unknown"),
        (received([3.0, np.nan, 0, 3]), "complete"),
        (received([3.0, 2, 0, 5], source=""), "metadata"),
    ],
)
def test_the_report_finds_what_is_wrong(came, check):
    assert check in set(quality_report(came)["check"])


def test_a_sound_table_raises_no_question():
    assert quality_report(received([300.0, 200, 1, 501])).empty


def test_rounded_parts_may_miss_their_total_by_their_rounding():
    assert quality_report(received([301.0, 200, 1, 500])).empty
    assert not quality_report(received([304.0, 200, 1, 500])).empty


def test_a_total_below_its_visible_parts_is_wrong_though_a_part_is_hidden():
    came = received([300.0, np.nan, 0, 290])
    came["stock"].cells.loc[1, "status"] = SUPPRESSED
    assert "totals" in set(quality_report(came)["check"])
    came["stock"].cells.loc[3, "value"] = 302
    assert "totals" not in set(quality_report(came)["check"])


def test_jumps_and_missing_tables_are_asked_about():
    now, before = received([300.0, 200, 0, 500]), received([900.0, 200, 0, 1100])
    report = quality_report(now, {**before, "gone": before["stock"]})
    assert set(report["check"]) == {"change", "complete"}
    assert "900 before, 300 now" in set(report["finding"])


def test_unknown_codes_and_doubled_cells_are_found():
    came = received([300.0, 200, 1, 501])
    came["stock"].cells.loc[0, "sex"] = "W"
    came["stock"].cells.loc[1, "sex"] = "Total"
    found = quality_report(came)
    assert {"codes"} <= set(found["check"])
    assert found["finding"].str.contains("'sex' does not know: W").any()


def test_countries_side_by_side(sent):
    together = compare_received({"GMB": READERS["workbook"](sent), "SEN": READERS["csv"](sent)}, "stock_age")
    assert (together["GMB"] == together["SEN"]).all()
    assert together.index[-1] == "Total"


# what cannot be


@pytest.mark.parametrize(
    "mistake, sentence",
    [
        (lambda: Sender("Gambia", "2024"), "three capital letters"),
        (lambda: Sender("GMB", "last year"), "period is written"),
        (lambda: SentTable(TableSpec("T", "A", "p", "sex", None, (), "S"), pd.DataFrame()), "needs a key"),
        (lambda: SentTable(BIRTH, pd.DataFrame({"sex": ["F"]})), "no column"),
        (lambda: SentTable(AGE, pd.DataFrame({"age_group": ["0-4", "0-4"], "value": [1, 2]})), "stands twice"),
        (lambda: SentTable(AGE, pd.DataFrame({"age_group": ["0-4", None], "value": [1, 2]})), "has no label"),
        (lambda: SentTable(AGE, pd.DataFrame({"age_group": ["0-4"], "value": ["ten"]})), "no number"),
        (lambda: to_workbook([], WHO), "no table to send"),
        (lambda: read_workbook(b"not a workbook"), "not an Excel workbook"),
        (lambda: read_sdmx("a,b\n1,2\n"), "not an SDMX"),
        (lambda: read_sdmx("<?xml version='1.0'?><a/>"), "not an SDMX"),
        (lambda: empty_workbook([BIRTH], {"sex": ["F"]}, WHO), "needs the labels of country_birth"),
    ],
)
def test_mistakes_get_one_sentence(mistake, sentence):
    with pytest.raises(KitError, match=sentence):
        mistake()


def test_two_labels_that_would_become_one_code_are_refused():
    cells = pd.DataFrame({"age_group": ["a b", "a/b"], "value": [1, 2]})
    with pytest.raises(KitError, match="Two labels"):
        to_sdmx_csv([SentTable(AGE, cells)], WHO)


def test_a_workbook_without_the_template_is_refused(tmp_path):
    pd.DataFrame({"a": [1]}).to_excel(tmp_path / "x.xlsx", index=False)
    with pytest.raises(KitError, match="does not follow the template"):
        read_workbook((tmp_path / "x.xlsx").read_bytes())
