"""Administrative sources: published values, what holds for any data, one clear sentence for what cannot be."""

import datetime as dt
import random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migkit.measures import Estimate
from migkit.measures.administrative import (
    COUNTRY_CODES,
    DATE_CODES,
    RESIDENCE_RULES,
    STAY_STATUS,
    TRAPS,
    DuplicateRule,
    PairingRules,
    ResidenceRule,
    all_crossings,
    clean_countries,
    clean_dates,
    compare_dates,
    country_review,
    crossing_flows,
    daily_counts,
    date_order,
    date_report,
    deduplicate,
    excel_date,
    identity_keys,
    impute_outages,
    link_permits,
    look_alikes,
    missed_shares,
    name_key,
    normalise_name,
    overstayers,
    pair_crossings,
    pairing_report,
    permit_flows,
    permit_stock,
    provisional_flows,
    residence_moves,
    revisions,
    rewriting_rules,
    soundex,
    stock_from_crossings,
    suspect_outages,
    swapped_day_month,
)
from migkit.measures.administrative._country_words import iso_codes
from migkit.measures.administrative.outages import proportional_fit
from migkit.reference import KitError, codelist, countries

settings.register_profile("measures", deadline=None, max_examples=40)
settings.load_profile("measures")

anything = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.integers(-10, 60_000),
    st.floats(allow_nan=True, allow_infinity=True),
    st.booleans(),
    st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31)),
    st.sampled_from(["31/12/2024", "2024-02-30", "XXX", "1/1/24", "12 mai 1984", "0000-00-00", "Niger", "GN"]),
)
columns = st.lists(anything, max_size=12).map(lambda values: pd.Series(values, dtype=object))


def column(*values, **kwargs):
    return pd.Series(list(values), dtype=object, **kwargs)


# ------------------------------------------------------------------------------------------------ names

#: Spellings of one name by offices of French, English and Portuguese language. Written down before the rules were
#: tried on the names of the synthetic world, which they have not seen (see test_world_administrative.py).
SPELLINGS = """
Diallo Jallow Djaló Jalloh DIALLO
Coulibaly Kulubali Kulibali Culubali
Ouédraogo Wedraogo Uedraogo
Ndiaye Njie N’Diaye Njai N'DIAYE
Touré Touray Turé Turay
Cissé Ceesay Sissé Sesay
Diop Jobe
Diouf Joof
Sène Saine
Faye Fye
Sow So Sowe
Jammeh Diamé Djamé
Jatta Diatta Djata
Bojang Bodian Bodjan
Sylla Sillah Sila
Camara Kamara
Conté Conteh Konté
Kouyaté Kuyateh Cuiaté
Diawara Jawara Djauara
Thiam Cham
Diagne Jagne
Ousmane Usman Osman
Ibrahima Ebrima Ibraima
Moustapha Mustafa
Abdoulaye Abdulai Abdoulie
Abdourahmane Abderrahmane Abdul-Rahman
Mohamed Muhammad Mouhamed
Cheikh Sheikh
Thierno Cherno Tcherno
Souleymane Sulayman Suleimane
Kouassi Kwasi
Daouda Dawda Dauda
""".strip().splitlines()


@pytest.mark.parametrize("line", SPELLINGS)
def test_spellings_of_one_name_get_one_key(line):
    assert name_key(column(*line.split())).nunique() == 1


def test_names_that_differ_keep_different_keys():
    names = column(*[line.split()[0] for line in SPELLINGS])
    assert name_key(names).is_unique
    short = column("Ba", "Sow", "Sy", "Ly", "Bio", "Dia", "Ka", "Kane", "Fall", "Faye", "Mbaye", "Mbow")
    assert name_key(short).is_unique


def test_normalised_names_keep_what_tells_and_lose_what_typing_changes():
    written = column("El-Hadj Mamadou", "ALHAJI  Musa", "Côte’s", "Ɓaleeri Ŋom", "محمد", "Hadja", "  ", "12", None)
    assert normalise_name(written).tolist()[:6] == ["el mamadou", "musa", "cotes", "baleeri ngom", "محمد", "hadja"]
    assert normalise_name(written).isna().tolist()[6:] == [True, True, True]
    assert name_key(column("Mohamed Ould Ahmed")).item() == name_key(column("Mohammed Ahmed")).item()
    assert name_key(column("Abdoul Aziz")).item() == name_key(column("Abdel-Aziz")).item()


def test_soundex_is_that_of_the_national_archives_and_of_knuth():
    # US National Archives, The Soundex Indexing System; D. E. Knuth, The Art of Computer Programming 3, section 6.
    published = {
        "Washington": "W252", "Lee": "L000", "Gutierrez": "G362", "Pfister": "P236", "Jackson": "J250",
        "Tymczak": "T522", "Ashcraft": "A261", "VanDeusen": "V532", "Euler": "E460", "Ellery": "E460",
        "Gauss": "G200", "Ghosh": "G200", "Hilbert": "H416", "Heilbronn": "H416", "Knuth": "K530", "Kant": "K530",
        "Lloyd": "L300", "Ladd": "L300", "Lukasiewicz": "L222", "Lissajous": "L222", "Robert": "R163",
        "Rupert": "R163", "Rubin": "R150", "Honeyman": "H555",
    }  # fmt: skip
    assert soundex(column(*published)).tolist() == list(published.values())


def test_every_rule_of_spelling_says_why():
    rules = rewriting_rules()
    assert (rules[["pattern", "why", "example"]] != "").all(axis=None) and rules["pattern"].is_unique


@given(st.lists(st.text(max_size=15), max_size=8))
def test_keys_do_not_depend_on_case_accents_or_company(names):
    names = pd.Series(names, dtype=object)
    keys = name_key(names)
    assert len(keys) == len(names) and keys.index.equals(names.index)
    for name, key in zip(names, keys, strict=True):
        alone = name_key(column(name)).item()
        assert alone == key or (alone is None and key is None)
        assert key is None or key.strip() == key != ""
    assert name_key(column("tOURÉ", "Toure")).nunique() == 1


def test_names_in_any_kind_of_column():
    text = ["Touré", None, "Sow"]
    want = ["tOr", None, "sO"]
    for dtype in (object, "string", "category"):
        got = name_key(pd.Series(text, dtype=dtype, index=[7, 7, 7]))
        assert [None if pd.isna(each) else each for each in got] == want and got.index.tolist() == [7, 7, 7]
    assert name_key(pd.Series([], dtype=object)).empty and name_key(pd.Series([np.nan])).tolist() == [None]
    for wrong in (pd.Series([1, 2]), "Touré", pd.DataFrame({"a": ["x"]}), 3):
        with pytest.raises(KitError):
            name_key(wrong)


# ------------------------------------------------------------------------------------------------ dates

DATES = [
    ("2024-12-31", "2024-12-31", "clean"),
    ("31/12/2024", "2024-12-31", "parsed"),
    ("12-31-2024", "2024-12-31", "parsed"),
    ("31.12.2024", "2024-12-31", "parsed"),
    ("2024/12/31", "2024-12-31", "parsed"),
    ("20241231", "2024-12-31", "parsed"),
    ("31122024", "2024-12-31", "parsed"),
    ("2024-01-31T12:00:00", "2024-01-31", "parsed"),
    ("03/03/2024", "2024-03-03", "parsed"),
    ("12 mai 1984", "1984-05-12", "parsed"),
    ("May 12, 1984", "1984-05-12", "parsed"),
    ("12 de maio de 1984", "1984-05-12", "parsed"),
    ("12 févr. 1990", "1990-02-12", "parsed"),
    ("3 ago 2001", "2001-08-03", "parsed"),
    ("1er août 1990", "1990-08-01", "parsed"),
    (45300, "2024-01-09", "parsed"),
    (45300.75, "2024-01-09", "parsed"),
    ("45300", "2024-01-09", "parsed"),
    (dt.date(2020, 5, 6), "2020-05-06", "clean"),
    ("2024-25-12", "2024-12-25", "swapped"),
    ("01/01/1980", "1980-01-01", "first_january"),
    ("1980-01-01", "1980-01-01", "first_january"),
    ("29/02/2024", "2024-02-29", "parsed"),
    ("29/02/2023", None, "impossible"),
    ("31/02/1990", None, "impossible"),
    ("2024-02-30", None, "impossible"),
    ("32/13/1990", None, "impossible"),
    ("1984", None, "incomplete"),
    (1984, None, "incomplete"),
    ("mai 1984", None, "incomplete"),
    ("00/00/1984", None, "incomplete"),
    ("12/2024", None, "incomplete"),
    ("abc", None, "unreadable"),
    ("jui 1990", None, "unreadable"),
    (999, None, "unreadable"),
    (True, None, "unreadable"),
    ("", None, "missing"),
    (None, None, "missing"),
    ("XXX", None, "missing"),
    ("0000-00-00", None, "missing"),
    ("1650-05-05", None, "out_of_range"),
]


@pytest.mark.parametrize(("written", "date", "code"), DATES, ids=lambda value: str(value))
def test_dates_as_offices_write_them(written, date, code):
    read = clean_dates(column(written)).iloc[0]
    assert read["code"] == code
    assert (None if pd.isna(read["date"]) else read["date"].strftime("%Y-%m-%d")) == date


def test_two_readings_are_decided_by_the_user_or_the_column_or_not_at_all():
    alone = clean_dates(column("03/04/2024")).iloc[0]
    assert alone["code"] == "ambiguous" and pd.isna(alone["date"]) and alone["year"] == 2024
    assert alone["readings"] == "2024-03-04 or 2024-04-03"
    for order, want in (("dmy", "2024-04-03"), ("mdy", "2024-03-04")):
        said = clean_dates(column("03/04/2024"), order=order).iloc[0]
        assert said["code"] == "parsed" and str(said["date"].date()) == want
    for evidence, want in (("25/12/2024", "2024-04-03"), ("12/25/2024", "2024-03-04")):
        shown = clean_dates(column("03/04/2024", evidence)).iloc[0]
        assert shown["code"] == "inferred" and str(shown["date"].date()) == want
    both = column("03/04/2024", "25/12/2024", "12/25/2024")
    assert clean_dates(both)["code"].tolist() == ["ambiguous", "parsed", "parsed"]
    assert date_order(both).to_dict() == {"day_first": 1, "month_first": 1, "either": 1, "order": None}
    assert clean_dates(both, order="dmy")["code"].tolist() == ["parsed", "parsed", "impossible"]


def test_years_of_two_digits_need_a_pivot_or_a_limit():
    assert clean_dates(column("31/12/84"))["code"].item() == "ambiguous"
    assert clean_dates(column("31/12/84", "31/12/26", "31/12/27"), pivot=26)["year"].tolist() == [1984, 2026, 1927]
    born = clean_dates(column("31/12/84", "31/12/24"), latest="2025-06-30")
    assert born["year"].tolist()[0] == 1984 and born["code"].tolist() == ["parsed", "ambiguous"]
    assert clean_dates(column("12-DEZ-84"), pivot=30)["date"].item() == pd.Timestamp("1984-12-12")


def test_serial_numbers_are_those_of_excel():
    # Microsoft support: 1 is 1 January 1900, 39448 is 1 January 2008, 2958465 is 31 December 9999.
    assert excel_date(1) == dt.date(1900, 1, 1) and excel_date(39448) == dt.date(2008, 1, 1)
    assert excel_date(2958465) == dt.date(9999, 12, 31) and excel_date(60) is None and excel_date(0) is None
    assert excel_date(0, epoch=1904) == dt.date(1904, 1, 1)
    assert excel_date(39448 - 1462, epoch=1904) == dt.date(2008, 1, 1)  # the two systems are 1,462 days apart
    assert clean_dates(column(39448.0))["date"].item() == pd.Timestamp("2008-01-01")


@given(st.dates(dt.date(1850, 1, 2), dt.date(2100, 12, 31)), st.sampled_from(["/", "-", ".", " "]))
def test_what_is_written_is_read_back(day, sign):
    d, m, y = f"{day.day:02d}", f"{day.month:02d}", f"{day.year}"
    for text, order in (
        (sign.join((d, m, y)), "dmy"),
        (sign.join((m, d, y)), "mdy"),
        (sign.join((y, m, d)), None),
    ):
        read = clean_dates(column(text), order=order).iloc[0]
        assert read["date"].date() == day
        open_ = clean_dates(column(text)).iloc[0]
        assert (
            open_["date"].date() == day
            if order is None or day.day > 12 or day.day == day.month
            else (open_["code"] == "ambiguous" and day.isoformat() in open_["readings"])
        )


@given(columns)
def test_any_column_of_dates_is_answered_row_by_row(values):
    values.index = [0] * len(values)
    before = values.copy()
    read = clean_dates(values)
    assert len(read) == len(values) and read.index.equals(values.index) and set(read["code"]) <= set(DATE_CODES)
    dated = ~read["code"].isin(["ambiguous", "impossible", "incomplete", "missing", "unreadable", "out_of_range"])
    assert (read["date"].notna() == dated).all()
    assert date_report(read)["records"].sum() == len(values)
    pd.testing.assert_series_equal(values, before)


def test_dates_that_should_agree_are_compared():
    here = column(
        "1984-05-12", "1984-05-12", "1984-05-12", "1984-05-12", "1984-05-12", "1984-05-12", "", "1984-05-05"
    )
    there = column(
        "1984-05-12", "1984-12-05", "1984-01-01", "1983-05-12", "1984-07-30", "1990-05-13", "x" * 0, "1984-05-05"
    )
    want = ["equal", "swapped", "first_january", "year_off", "same_year", "different", "missing", "equal"]
    assert compare_dates(here, there).tolist() == want == compare_dates(there, here).tolist()
    turned = swapped_day_month(here)
    assert turned.iloc[0] == pd.Timestamp("1984-12-05") and turned.isna().tolist()[6:] == [True, True]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: clean_dates(["2024-01-01"]), "column"),
        (lambda: clean_dates(column("x"), order="ymd"), "dmy"),
        (lambda: clean_dates(column("x"), pivot=200), "pivot"),
        (lambda: clean_dates(column("x"), earliest="soon"), "earliest"),
        (lambda: clean_dates(column("x"), earliest="2024-01-02", latest="2024-01-01"), "after"),
        (lambda: clean_dates(column(["2024"])), "no date"),
        (lambda: excel_date(1, epoch=1970), "1904"),
        (lambda: compare_dates(column("1984-05-12"), column()), "rows"),
        (lambda: compare_dates(column("12/05/1984"), column("1984-05-12")), "clean_dates"),
    ],
)
def test_dates_that_cannot_be_asked_for(call, words):
    with pytest.raises(KitError, match=words):
        call()


# -------------------------------------------------------------------------------------------- countries


@pytest.mark.parametrize(
    ("written", "code", "how", "trap"),
    [
        ("Niger", "NER", "name", "niger_nigeria"),
        ("NE", "NER", "alpha2", "niger_nigeria"),
        ("NG", "NGA", "alpha2", "niger_nigeria"),
        ("NGA", "NGA", "alpha3", ""),
        ("Nigeria", "NGA", "name", ""),
        ("Nigérien", "NER", "nationality", "niger_nigeria"),
        ("nigériane", "NGA", "nationality", "niger_nigeria"),
        ("République du Niger", "NER", "name", ""),
        ("Guinée", "GIN", "name", "guinea"),
        ("Guinéenne", "GIN", "nationality", "guinea"),
        ("Guineense", None, "ambiguous", "guinea"),
        ("Guinée-Conakry", "GIN", "name", ""),
        ("Guinea Bissau", "GNB", "name", ""),
        ("GW", "GNB", "alpha2", "guinea"),
        ("GQ", "GNQ", "alpha2", "guinea"),
        ("GINEE EQUATORIALE", None, "proposed", "guinea"),
        ("Guinée équatoriale", "GNQ", "name", ""),
        ("Papua New Guinea", "PNG", "name", ""),
        ("Congo", "COG", "name", "congo"),
        ("Congolais", None, "ambiguous", "congo"),
        ("nationalité congolaise", None, "ambiguous", "congo"),
        ("Congo, Democratic Republic of the", "COD", "name", ""),
        ("Zaïre", "COD", "former", ""),
        ("Dominican", None, "ambiguous", "dominica"),
        ("République dominicaine", "DOM", "name", ""),
        ("Ivoirien", "CIV", "nationality", ""),
        ("IVOIRIENNE", "CIV", "nationality", ""),
        ("Cote d Ivoire", "CIV", "name", ""),
        ("Haute-Volta", "BFA", "former", ""),
        ("Upper Volta", "BFA", "former", ""),
        ("Dahomey", "BEN", "former", ""),
        ("Gold Coast", "GHA", "former", ""),
        ("Soudan français", "MLI", "former", ""),
        ("Maliens", "MLI", "nationality", ""),
        ("de nationalité malienne", "MLI", "nationality", ""),
        ("Costa do Marfim", "CIV", "name", ""),
        ("Cap-Vert", "CPV", "name", ""),
        ("U.S.A.", "USA", "alpha3", ""),
        ("566", "NGA", "numeric", ""),
        (324, "GIN", "numeric", ""),
        (324.0, "GIN", "numeric", ""),
        ("4", "AFG", "numeric", ""),
        ("D", "DEU", "special", ""),
        ("XXA", "XXA", "special", ""),
        ("XXX", None, "missing", ""),
        ("", None, "missing", ""),
        ("Ghanna", None, "proposed", ""),
        ("Nigera", None, "proposed", "niger_nigeria"),
        ("AOF", None, "ambiguous", "former_union"),
        ("NA", "NAM", "alpha2", "namibia_not_stated"),
        ("N/A", None, "missing", ""),
        ("inconnu", None, "missing", ""),
        ("Apatride", "XXA", "special", ""),
        ("Senegambia", None, "ambiguous", "former_union"),
        ("Atlantis", None, "not_found", ""),
        ("UTO", None, "not_found", ""),
    ],
)
def test_countries_as_files_write_them(written, code, how, trap):
    read = clean_countries(column(written)).iloc[0]
    assert (read["code"], read["how"], read["trap"]) == (code, how, trap)


def test_all_codes_of_iso_3166_and_all_names_of_the_lists_are_read():
    codes = pd.DataFrame(list(iso_codes()), columns=["three", "two", "number"])
    assert len(codes) == 250 and codes["three"].is_unique  # 249 and Kosovo, which has user-assigned codes
    assert sorted(codes["three"]) == sorted(codelist("iso_country")["code"])
    for kind in codes:
        assert (clean_countries(codes[kind])["code"] == codes["three"]).all(), kind
    for one in countries():
        if one.iso3 in set(codes["three"]):
            assert (codes.set_index("three").loc[one.iso3] == [one.iso2, one.m49]).all()
    for name, loose in (
        ("iso_country", ()),
        ("nationality_man", ("GNB",)),
        ("nationality_woman", ("GNB",)),
        ("historic_country", ()),
    ):
        rows = codelist(name)
        for language in ("en", "fr", "pt"):
            read = clean_countries(rows[f"label_{language}"])["code"]
            wrong = rows[read.ne(rows["code"]).to_numpy() & ~rows["code"].isin(loose).to_numpy()]
            assert wrong.empty, (name, language, wrong)


def test_names_that_others_test_get_the_same_code_or_none():
    # Pairs that the tests of the R package countrycode 1.6 name as easily mistaken.
    pairs = {
        "republic of congo": "COG", "congo, rep.": "COG", "congo-brazzaville": "COG", "french congo": "COG",
        "dem rep of the congo": "COD", "dr congo": "COD", "belgian congo": "COD", "congo-kinshasa": "COD",
        "Dominica": "DMA", "Dominican Republic": "DOM", "Guinea": "GIN", "Equatorial Guinea": "GNQ",
        "Guinea-Bissau": "GNB", "Papua New Guinea": "PNG", "Niger": "NER", "Nigeria": "NGA",
        "democratic people's republic of korea": "PRK", "Republic of China": "TWN", "hellenic republic": "GRC",
        "swiss confederation": "CHE", "Micronesia (Federated States of)": "FSM", "Ireland (Northern)": "GBR",
        "Samoa": "WSM", "American Samoa": "ASM", "South Sudan": "SSD", "Virgin Islands, British": "VGB",
    }  # fmt: skip
    read = clean_countries(column(*pairs))
    assert (read["code"].isna() | read["code"].eq(list(pairs.values()))).all()
    assert read["code"].notna().mean() > 0.9


def test_a_column_in_fips_codes_is_not_read_as_iso():
    read = clean_countries(column("NG", "UV", "NI", "ML"))
    assert read["code"].tolist() == [None, None, None, "MLI"]
    assert read["proposal"].tolist()[:3] == ["NGA NER", "BFA", "NIC NGA"]
    assert clean_countries(column("NG", "BF"))["code"].tolist() == ["NGA", "BFA"]


def test_the_office_decides_and_the_review_is_short():
    written = column("Guinée", "guinee", "Niger", "Niger", "Mali", None)
    read = clean_countries(written, decided={"Guinée": "GNB"})
    assert read["code"].tolist() == ["GNB", "GNB", "NER", "NER", "MLI", None]
    assert read["how"].tolist()[:2] == ["declared", "declared"]
    review = country_review(read)
    assert review["written"].tolist() == ["Niger"] and review["records"].tolist() == [2]
    assert "Nigeria" in review["advice"].item()
    with pytest.raises(KitError, match="Guinée"):
        clean_countries(written, decided={"Guinée": "Guinea"})
    with pytest.raises(KitError, match="column"):
        clean_countries("Mali")


def test_traps_are_whole():
    known = {three for three, _two, _number in iso_codes()}
    assert {code for trap in TRAPS for code in trap.codes} <= known
    words = [word for trap in TRAPS for word in (*trap.flagged, *trap.undecided)]
    assert len(words) == len(set(words))
    for trap in TRAPS:
        for word in trap.flagged:
            assert clean_countries(column(word))["trap"].item() == trap.key, word
        for word in trap.undecided:
            assert clean_countries(column(word))["how"].item() == "ambiguous", word


def test_look_alikes_are_found_by_the_other_columns():
    cards = pd.DataFrame(
        {
            "nationality": ["NER", "NER", "GIN", "MLI", None, "NER"],
            "born": ["NGA", "NGA", "GNB", "NER", "NGA", "MLI"],
            "issued": ["NGA", "NER", "GNQ", "NGA", "NGA", None],
        },
        index=[5, 5, 6, 7, 8, 9],
    )
    found = look_alikes(cards, "nationality", ["born", "issued"])
    assert found["instead"].tolist() == ["NGA", "NGA", "GNB"]
    assert found[["for_it", "against_it"]].to_numpy().tolist() == [[2, 0], [1, 1], [1, 0]]
    assert look_alikes(cards.head(0), "nationality", ["born"]).empty


@given(columns)
def test_any_column_of_countries_is_answered_row_by_row(values):
    known = {three for three, _two, _number in iso_codes()} | set(codelist("nationality")["code"])
    read = clean_countries(values)
    assert read.index.equals(values.index) and set(read["how"]) <= set(COUNTRY_CODES)
    assert set(read["code"].dropna()) <= known
    assert read.loc[read["how"].isin(["ambiguous", "proposed", "not_found", "missing"]), "code"].isna().all()
    country_review(read)


# --------------------------------------------------------------------------------------------- crossings

events_strategy = st.lists(
    st.fixed_dictionaries(
        {
            "person": st.sampled_from(["A", "B", "C", None, ""]),
            "date": st.one_of(
                st.none(), st.dates(dt.date(2023, 1, 1), dt.date(2023, 2, 10)).map(lambda day: day.isoformat())
            ),
            "direction": st.sampled_from(["E", "X", "E", "X", None, "X "]),
        }
    ),
    max_size=25,
).map(lambda rows: pd.DataFrame(rows, columns=["person", "date", "direction"], dtype=object))


@settings(max_examples=20)
@given(events_strategy, st.integers(0, 99))
def test_every_event_is_used_exactly_once_whatever_the_order_of_rows(events, seed):
    stays = pair_crossings(events)
    used = pd.concat([stays["entry_row"], stays["exit_row"]]).dropna().astype(int)
    assert sorted(used) == list(range(len(events)))
    assert set(stays["status"]) <= set(STAY_STATUS)
    complete = stays["status"].eq("complete")
    assert (stays[["entry_row", "exit_row"]].notna().all(axis=1) == complete).all()
    assert (stays.loc[complete, "days"] >= 0).all()
    assert pairing_report(stays)["events"].sum() == len(events)
    order = np.random.default_rng(seed).permutation(len(events))
    again = pair_crossings(events.iloc[order])
    shown = ["person", "entry", "exit", "status"]
    usable = stays["status"].ne("not_usable").to_numpy()
    pd.testing.assert_frame_equal(stays.loc[usable, shown], again.loc[again["status"].ne("not_usable"), shown])


def test_pairing_knows_each_case():
    events = pd.DataFrame(
        [
            ("A", "2024-01-01 08:00", "X"),  # before_records
            ("A", "2024-01-09 08:00", "E"),
            ("A", "2024-01-09 08:10", "E"),  # repeat
            ("A", "2024-02-01 08:00", "E"),  # the entry before has no exit
            ("A", "2024-02-02 08:00", "X"),
            ("A", "2024-02-05 08:00", "X"),  # missing_entry
            ("A", "2024-03-01 08:00", "E"),  # open
            ("B", "2024-01-05", "E"),
            ("B", "2024-01-05", "X"),  # a visit within a day
            ("C", "2023-01-01", "E"),
            ("C", "2024-06-01", "X"),
            (None, "2024-01-05", "E"),  # nobody
        ],
        columns=["person", "date", "direction"],
    )
    stays = pair_crossings(events)
    want = [
        "before_records",
        "missing_exit",
        "repeat",
        "complete",
        "missing_entry",
        "open",
        "complete",
        "complete",
        "not_usable",
    ]
    assert stays["status"].tolist() == want
    assert stays["days"].dropna().tolist() == [1, 0, 517]
    short = pair_crossings(events[events["person"].eq("C")], rules=PairingRules(longest_days=365))
    assert short["status"].tolist() == ["open", "before_records"] or short["status"].tolist() == [
        "missing_exit",
        "missing_entry",
    ]
    away = pair_crossings(events[events["person"].eq("A")], entry="X", exit="E")
    assert away["status"].eq("complete").sum() == 2
    numbered = events.assign(direction=events["direction"].map({"E": 1, "X": 2}))
    assert pair_crossings(numbered, entry=1, exit=2)["status"].tolist() == want
    # Out and in on one day, then out: the traveller lives here. In and out, then in: a visitor.
    one_day = pd.DataFrame({"person": "D", "date": ["2024-01-05", "2024-01-05", "2024-01-09"]})
    for directions, want_two in (("EXX", ["before_records", "complete"]), ("EXE", ["complete", "open"])):
        told = pair_crossings(one_day.assign(direction=list(directions)))
        assert told["status"].tolist() == want_two
    by_two = pair_crossings(events.assign(sex="F"), person=["person", "sex"])
    assert by_two["status"].tolist() == want and by_two.columns.tolist()[:2] == ["person", "sex"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"direction": ["in", "X"]}, "row 0 holds 'in'"),
        ({"date": ["2024-01-01", "31/12/2024"]}, "row 1 holds '31/12/2024'"),
        ({"date": [5, 6]}, "row 0 holds 5"),
    ],
)
def test_crossings_that_cannot_be_read_name_row_and_column(change, words):
    events = pd.DataFrame({"person": ["A", "A"], "date": ["2024-01-01", "2024-02-01"], "direction": ["E", "X"]})
    for call in (pair_crossings, missed_shares, lambda table: residence_moves(table, "2025-01-01")):
        with pytest.raises(KitError, match=words):
            call(events.assign(**change))
        with pytest.raises(KitError, match="no column 'person'"):
            call(events.drop(columns="person"))
    with pytest.raises(KitError, match="two codes"):
        pair_crossings(events, exit="E")


# --------------------------------------------------------------------------------------------- residence

#: Stats NZ, R package migrbc 2.0.9, tests of the 12/16-month rule (365 and 487 days): initial status (1 resident),
#: directions, days after 2017-01-01, which crossings are long-term migration, and after how many days it is final.
MIGRBC = [
    (1, "E", [0], [0], {}),
    (1, "X", [0], [1], {0: 365}),
    (1, "XE", [0, 10], [0, 0], {}),
    (1, "XEXE", [0, 10, 70, 90], [0, 0, 0, 0], {}),
    (1, "XE", [0, 250], [0, 0], {}),
    (1, "XE", [0, 0], [0, 0], {}),
    (1, "XEX", [0, 10, 70], [1, 0, 0], {0: 425}),
    (1, "XE", [0, 370], [1, 1], {0: 365, 1: 735}),
    (1, "XEXEX", [0, 350, 370, 390, 391], [1, 0, 0, 0, 0], {0: 385}),
    (1, "XEXE", [0, 10, 370, 380], [0, 0, 0, 0], {}),
    (1, "XEXEX", [0, 370, 380, 670, 680], [1, 0, 0, 0, 0], {0: 365}),
]


@pytest.mark.parametrize(("status", "directions", "days", "migrates", "final"), MIGRBC)
@pytest.mark.parametrize("mirrored", [False, True])
def test_scenarios_of_stats_nz(status, directions, days, migrates, final, mirrored):
    if mirrored:  # the package tests the same for non-residents, with arrivals and departures exchanged
        status, directions = 1 - status, directions.translate(str.maketrans("EX", "XE"))
    start = pd.Timestamp("2017-01-01")
    events = pd.DataFrame(
        {
            "person": "P",
            "date": [(start + pd.Timedelta(days=day)).strftime("%Y-%m-%d") for day in days],
            "direction": list(directions),
            "resident": bool(status),
        }
    )
    moves = residence_moves(events, "2030-01-01", "twelve_in_sixteen", resident="resident")
    assert moves["decided"].eq("final").all()
    assert moves["row"].tolist() == [row for row, moved in enumerate(migrates) if moved]
    assert dict(zip(moves["row"], (moves["known_on"] - start).dt.days, strict=True)) == final


histories = st.lists(st.tuples(st.integers(1, 260), st.booleans()), min_size=1, max_size=9)


def by_counting_days(history, until, rule, resident):
    """The same rule, day by day and person by person: what the fast code must agree with."""
    days, directions = [day for day, _enters in history], [enters for _day, enters in history]
    ends = [*days[1:], until]
    inside = {}
    for number, (day, end, enters) in enumerate(zip(days, ends, directions, strict=True)):
        short = end - day <= rule.absence_days and number + 1 < len(days) and rule.absence_days > 0
        for each in range(day, end):
            inside[each] = {enters, not enters} if short else {enters}
    found = []
    state = resident
    for number, (day, enters) in enumerate(history):
        window = range(day, min(day + rule.window_days, until))
        spent = sum(enters in inside[each] for each in window)
        left = max(day + rule.window_days - until, 0)
        if enters != state and spent >= rule.threshold_days:
            found.append((number, "final"))
            state = enters
        elif enters != state and spent + left >= rule.threshold_days:
            found.append((number, "undetermined"))
    return found


@given(
    st.lists(histories, min_size=1, max_size=4),
    st.sampled_from([*RESIDENCE_RULES.values(), ResidenceRule("short", "Short", 30, 45, 5)]),
    st.integers(0, 700),
)
def test_residence_is_what_counting_days_gives(people, rule, more):
    origin, rows, want = pd.Timestamp("2020-01-01"), [], []
    histories = []
    for gaps in people:
        day, history = 0, []
        for gap, enters in gaps:
            day += gap
            history.append((day, enters))
        histories.append(history)
    until = max(history[-1][0] for history in histories) + more
    for number, history in enumerate(histories):
        found = by_counting_days(history, until, rule, not history[0][1])
        want += [(f"P{number}", history[at][0], decided) for at, decided in found if history[at][0] < until]
        rows += [
            (f"P{number}", origin + pd.Timedelta(days=day), "E" if enters else "X") for day, enters in history
        ]
    events = pd.DataFrame(rows, columns=["person", "date", "direction"])
    moves = residence_moves(events.sample(frac=1, random_state=1), origin + pd.Timedelta(days=until), rule)
    got = list(zip(moves["person"], (moves["date"] - origin).dt.days, moves["decided"], strict=True))
    # Two crossings within the same half hour count once; here they are a day apart at least.
    assert got == want


@given(st.lists(histories, min_size=1, max_size=5), st.integers(0, 400), st.integers(1, 400))
def test_final_figures_only_grow(people, first, more):
    rows = []
    for number, gaps in enumerate(people):
        days = np.cumsum([gap for gap, _enters in gaps])
        rows += [(number, day, "E" if enters else "X") for day, (_gap, enters) in zip(days, gaps, strict=True)]
    events = pd.DataFrame(rows, columns=["person", "day", "direction"])
    events["date"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(events["day"], unit="D")
    early, late = (
        residence_moves(events, pd.Timestamp("2020-06-01") + pd.Timedelta(days=after), "twelve_in_sixteen")
        for after in (first, first + more)
    )
    final = {
        decided: set(moves.loc[moves["decided"].eq(decided), "row"]) for decided, moves in (("final", early),)
    }
    assert final["final"] <= set(late.loc[late["decided"].eq("final"), "row"])


def test_the_threshold_is_a_parameter_and_short_absences_can_be_allowed():
    events = pd.DataFrame(
        {"person": "A", "date": ["2023-01-01", "2023-06-01", "2023-06-21"], "direction": ["E", "X", "E"]}
    )
    assert residence_moves(events, "2024-02-01")["decided"].tolist() == ["undetermined"]  # the second entry
    assert residence_moves(events, "2024-02-01", "twelve_months_visits")["date"].tolist() == [
        pd.Timestamp("2023-01-01")
    ]
    assert residence_moves(events, "2024-02-01", "twelve_in_sixteen")["decided"].tolist() == ["final"]
    for allowed, found in ((20, "2023-01-01"), (19, "2023-06-21")):  # the absence lasts 20 days
        rule = ResidenceRule("visits", "Visits", 200, 200, allowed)
        assert residence_moves(events, "2024-02-01", rule)["date"].tolist() == [pd.Timestamp(found)]
    six = ResidenceRule("six", "Six months", 180, 180)
    assert residence_moves(events, "2024-02-01", six)["date"].tolist() == [pd.Timestamp("2023-06-21")]
    for wrong in ("eleven_months", 12):
        with pytest.raises(KitError, match="rule"):
            residence_moves(events, "2024-02-01", wrong)
    with pytest.raises(KitError, match="window"):
        ResidenceRule("no", "No", 400, 365)
    with pytest.raises(KitError, match="True or False"):
        residence_moves(events.assign(r="yes"), "2024-02-01", resident="r")
    with pytest.raises(KitError, match="until"):
        residence_moves(events, "some day")


def test_flows_and_revisions_add_up():
    rng = np.random.default_rng(3)
    rows = []
    for person in range(400):
        day, enters = int(rng.integers(0, 700)), bool(rng.random() < 0.6)
        for _crossing in range(int(rng.integers(1, 5))):
            rows.append((person, day, "E" if enters else "X"))
            day, enters = day + int(rng.integers(1, 500)), not enters
    events = pd.DataFrame(rows, columns=["person", "day", "direction"])
    events["date"] = pd.Timestamp("2022-01-01") + pd.to_timedelta(events["day"], unit="D")
    moves = residence_moves(events, "2025-01-01", "twelve_in_sixteen")
    flows = crossing_flows(moves, by="quarter")
    assert flows["immigration"].sum() == (moves["move"].eq("immigration") & moves["decided"].eq("final")).sum()
    assert (flows["net"] == flows["immigration"] - flows["emigration"]).all()
    seen = revisions(events, "2025-01-01", by="quarter", rule="twelve_in_sixteen")
    for (_period, _move), group in seen.groupby(["period", "move"]):
        assert group["final"].is_monotonic_increasing
        after = group[group["months_after"].ge(16)]
        assert after["undetermined"].eq(0).all()  # the window of 16 months is over
    last = seen[seen["months_after"].eq(16)].pivot(index="period", columns="move", values="final")
    for period in last.index:
        assert last.loc[period, "immigration"] == flows.loc[period, "immigration"]
    expected = provisional_flows(seen)
    known = expected["expected"].notna()
    assert (expected.loc[known, "expected"] >= expected.loc[known, "final"] - 1e-9).all()
    assert expected.loc[expected["undetermined"].eq(0), "se"].eq(0).all()
    assert revisions(events.head(0), "2025-01-01").empty and provisional_flows(seen.head(0)).empty
    with pytest.raises(KitError, match="quarter"):
        crossing_flows(moves, by="week")


# ----------------------------------------------------------------------------------------------- permits

permit = st.fixed_dictionaries(
    {
        "person_no": st.sampled_from(["A", "B", "C", None]),
        "issue": st.one_of(st.none(), st.integers(0, 1500)),
        "valid": st.one_of(st.none(), st.integers(0, 800)),
        "closed": st.one_of(st.none(), st.integers(0, 1800)),
    }
)


def day_text(day):
    return None if day is None else (dt.date(2018, 1, 1) + dt.timedelta(days=day)).isoformat()


@settings(max_examples=20)
@given(st.lists(permit, max_size=15), st.integers(0, 2000), st.integers(0, 200), st.integers(0, 365))
def test_permits_on_a_day_and_in_a_chain_are_what_counting_gives(rows, at, grace, gap):
    frame = pd.DataFrame(
        {
            "person_no": [row["person_no"] for row in rows],
            "issue_date": [day_text(row["issue"]) for row in rows],
            "expiry_date": [
                None if row["valid"] is None else day_text((row["issue"] or 0) + row["valid"]) for row in rows
            ],
            "closed_date": [day_text(row["closed"]) for row in rows],
        },
        dtype=object,
    )
    got = permit_stock(frame, day_text(at), grace_days=grace).iloc[0]
    held = [
        r
        for r in rows
        if r["issue"] is not None and r["issue"] <= at and (r["closed"] is None or r["closed"] > at)
    ]
    dated = [r for r in held if r["valid"] is not None]
    valid = [r for r in dated if at <= r["issue"] + r["valid"]]
    assert got["open_permits"] == len(held) and got["valid_permits"] == len(valid)
    assert got["valid_persons"] == len({r["person_no"] for r in valid} - {None})
    late = [r for r in dated if at <= r["issue"] + r["valid"] + grace]
    assert got["grace_persons"] == len({r["person_no"] for r in late} - {None})
    assert got["open_permits"] == got["valid_permits"] + got["expired_open"] + got["no_expiry"]
    assert got["no_issue"] == sum(r["issue"] is None for r in rows)

    linked = link_permits(frame, gap_days=gap)
    assert linked.index.equals(frame.index)
    usable = [r for r in rows if r["person_no"] and r["issue"] is not None]
    firsts = linked["link"].eq("first").sum()
    assert firsts == len({r["person_no"] for r in usable})
    assert linked["link"].eq("not_usable").sum() == len(rows) - len(usable)
    assert linked["stay"].nunique() == linked["link"].isin(["first", "return"]).sum()
    flows = permit_flows(linked, written=None)
    assert flows["permits"].sum() == len(rows)
    assert flows["arrivals"].sum() == linked["stay"].nunique()


def test_the_last_day_counts():
    cards = pd.DataFrame(
        {
            "person_no": ["A", "A"],
            "issue_date": ["2022-01-01", "2023-01-31"],
            "expiry_date": ["2023-01-01", "2024-01-31"],
            "closed_date": ["", ""],
        }
    )
    first = cards.head(1)
    assert permit_stock(first, ["2023-01-01", "2023-01-02"])["valid_persons"].tolist() == [1, 0]
    assert permit_stock(first, ["2023-01-11", "2023-01-12"], grace_days=10)["grace_persons"].tolist() == [1, 0]
    assert [link_permits(cards, gap_days=gap)["link"].iloc[1] for gap in (30, 29)] == ["renewal", "return"]
    closed = first.assign(closed_date="2022-06-01")
    assert permit_stock(closed, ["2022-05-31", "2022-06-01"])["valid_persons"].tolist() == [1, 0]


def test_permits_that_expire_before_they_are_issued_are_named():
    permits = pd.DataFrame(
        {"person_no": ["A"], "issue_date": ["2024-01-01"], "expiry_date": ["2023-01-01"], "closed_date": [""]},
        index=["row seven"],
    )
    for call in (link_permits, lambda table: permit_stock(table, "2024-06-01")):
        with pytest.raises(KitError, match="row seven"):
            call(permits)
    with pytest.raises(KitError, match="no column 'expiry_date'"):
        link_permits(permits.drop(columns="expiry_date"))
    with pytest.raises(KitError, match="at"):
        permit_stock(permits.assign(expiry_date="2025-01-01"), "tomorrow")


# -------------------------------------------------------------------------------------------- duplicates


def register():
    return pd.DataFrame(
        {
            "surname": ["Diallo", "Jallow", "Mamadou", "Diallo", "Sow", "Sow", "Ba", None],
            "given": ["Mamadou", "Mamadu", "DIALLO", "Mamadou", "Awa", "Awa", "Issa", None],
            "dob": ["1984-05-12", "1984-05-12", "1984-05-12", "1984-12-05", "1990-01-01", "1990-03-07", "", ""],
            "sex": ["M", "M", "M", "M", "F", "F", "M", ""],
            "phone": ["", "1", "", "", "", "", "", ""],
        }
    )


def test_duplicates_are_settled_or_put_before_a_person():
    people = register()
    done = deduplicate(people, keys=identity_keys(people))
    assert done.report[["before", "after", "clusters of several"]].tolist() == [8, 6, 1]
    assert done.clusters["cluster"].tolist() == [0, 0, 0, 1, 2, 3, 4, 5]
    assert done.kept.index.tolist() == [1, 3, 4, 5, 6, 7]  # of the three, the one with a telephone number
    swapped = done.review[done.review["rule"].eq("day and month swapped")]
    assert sorted(swapped["row"]) == [0, 1, 2, 3]
    year = done.review[done.review["rule"].eq("same year of birth")]
    assert {4, 5} <= set(year["row"])  # 1 January and a full date of the same year
    assert deduplicate(people, keys=identity_keys(people), keep="first").kept.index.tolist()[0] == 0
    assert deduplicate(people, keys=identity_keys(people), keep="last").kept.index.tolist()[0] == 2
    newest = people.assign(day=["2020-01-02", "2020-01-03", "2020-01-01", *["2020-01-01"] * 5])
    assert deduplicate(newest, keys=identity_keys(people), keep="last", by="day").kept.index.tolist()[0] == 1
    assert deduplicate(newest, keys=identity_keys(people), keep="first", by="day").kept.index.tolist()[0] == 2


keyed = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", None]), st.sampled_from(["x", "y", "z", ""])), max_size=15
).map(lambda rows: pd.DataFrame(rows, columns=["k", "m"], dtype=object))
RULES = (DuplicateRule("k", ("k",)), DuplicateRule("both", ("k", "m")), DuplicateRule("m", ("m",), sure=False))


@settings(max_examples=20)
@given(keyed, st.integers(0, 99))
def test_clusters_are_a_partition_that_does_not_depend_on_the_order_of_rows(records, seed):
    done = deduplicate(records, RULES)
    assert done.report["before"] == len(records) and done.report["after"] == done.clusters["cluster"].nunique()
    assert done.clusters["kept"].sum() == len(done.kept) == done.report["after"]
    again = deduplicate(done.kept, RULES)
    assert again.report["after"] == again.report["before"]
    shuffled = records.sample(frac=1, random_state=seed)
    assert deduplicate(shuffled, RULES).report.equals(done.report)
    clusters = deduplicate(shuffled, RULES).clusters["cluster"].sort_index()
    pairs = pd.crosstab(clusters, done.clusters["cluster"].sort_index())
    assert (pairs.gt(0).sum() == 1).all() and (pairs.gt(0).sum(axis=1) == 1).all()
    for _group, rows in done.review.groupby("group"):
        assert rows["cluster"].nunique() > 1


def test_duplicates_that_cannot_be_asked_for():
    people = register()
    with pytest.raises(KitError, match="keep"):
        deduplicate(people, RULES[:1], keep="best")
    with pytest.raises(KitError, match="'k'"):
        deduplicate(people, RULES)
    with pytest.raises(KitError, match="8"):
        deduplicate(people, keys=identity_keys(people).head(3))
    with pytest.raises(KitError, match="Row 0 holds '12/05/1984'"):
        identity_keys(people.assign(dob="12/05/1984"))


# ------------------------------------------------------------------------- outages and missing exits


def test_the_log_linear_fit_is_that_of_glm():
    # A. J. Dobson (1990), the randomized trial in R's help page of glm: residual deviance 5.1291 on 4 degrees of
    # freedom; Pearson's chi-square 5.1732.
    counts = np.array([18, 17, 15, 20, 10, 20, 25, 13, 12], dtype=float)
    outcome, treatment = np.tile([0, 1, 2], 3), np.repeat([0, 1, 2], 3)
    fitted = proportional_fit(counts, outcome, treatment, np.ones(9, dtype=bool))
    deviance = 2 * (counts * np.log(counts / fitted)).sum()
    assert round(deviance, 4) == 5.1291
    assert round(((counts - fitted) ** 2 / fitted).sum(), 4) == 5.1732


def busy_days(days=365, seed=None, factor=1.0):
    date = pd.date_range("2024-01-01", periods=days)
    month, weekday = 20 + 3 * date.month.to_numpy(), np.array([1, 1, 1.5, 1, 2, 0.5, 0.25])[date.weekday]
    expected = factor * month * weekday
    count = expected if seed is None else np.random.default_rng(seed).poisson(expected)
    return pd.DataFrame({"post": "P1", "date": date, "count": count})


def test_what_follows_month_and_weekday_exactly_is_put_back_exactly():
    whole = busy_days()
    down = pd.DataFrame({"post_code": "P1", "date": whole["date"].sample(60, random_state=1).astype(str)})
    seen = whole.assign(count=whole["count"].where(~whole["date"].astype(str).isin(down["date"]), 0))
    done = impute_outages(seen, down)
    assert done.total.value == pytest.approx(whole["count"].sum(), rel=1e-9)
    assert done.by_post.loc["P1", "outage_days"] == 60 and done.by_post.loc["Total", "se"] > 0
    lost = whole.loc[whole["date"].astype(str).isin(down["date"])]
    assert done.days["expected"].to_numpy() == pytest.approx(lost["count"].to_numpy(), rel=1e-9)
    shuffled = impute_outages(seen.sample(frac=1, random_state=2), down.sample(frac=1, random_state=3))
    assert shuffled.total.value == pytest.approx(done.total.value) and shuffled.total.se == pytest.approx(
        done.total.se
    )


def test_without_outages_nothing_is_added_and_what_is_silent_is_suspected():
    whole = busy_days(seed=5)
    none = pd.DataFrame({"post": [], "date": []})
    done = impute_outages(whole, none)
    assert done.total.value == whole["count"].sum() and done.total.se == 0
    assert suspect_outages(whole, none).empty
    quiet = whole.assign(
        count=whole["count"].where(~whole["date"].astype(str).isin(["2024-03-06", "2024-09-13"]), 0)
    )
    assert suspect_outages(quiet, none)["date"].astype(str).tolist() == ["2024-03-06", "2024-09-13"]
    noted = pd.DataFrame({"post": ["P1"], "date": ["2024-03-06"]})
    assert suspect_outages(quiet, noted)["date"].astype(str).tolist() == ["2024-09-13"]


def test_daily_counts_show_days_without_records():
    events = pd.DataFrame({"post_code": ["P1", "P1", None], "date": ["2024-01-01", "2024-01-09", "2024-01-01"]})
    daily = daily_counts(events, "2024-01-01", "2024-01-03", posts=["P2", "P1"])
    assert daily["count"].tolist() == [0, 0, 0, 1, 0, 0]
    assert daily_counts(events.head(0), "2024-01-01", "2024-01-03").empty
    with pytest.raises(KitError, match="before"):
        daily_counts(events, "2024-01-03", "2024-01-01")


@pytest.mark.parametrize(
    ("daily", "outages", "words"),
    [
        (busy_days().assign(count=-1), pd.DataFrame({"post": [], "date": []}), "0 or more"),
        (pd.concat([busy_days(), busy_days()]), pd.DataFrame({"post": [], "date": []}), "more than one row"),
        (busy_days(3), busy_days(3), "no day on which"),
        (busy_days(), pd.DataFrame({"date": []}), "post_code"),
        (busy_days().assign(date="1/1/24"), pd.DataFrame({"post": [], "date": []}), "clean_dates"),
    ],
)
def test_counts_that_cannot_be_adjusted(daily, outages, words):
    with pytest.raises(KitError, match=words):
        impute_outages(daily, outages)


def test_odd_posts_are_adjusted_all_the_same():
    # A post with a month that never worked, one without any traveller, one day only.
    daily = busy_days(90)
    down = pd.DataFrame({"post": "P1", "date": daily["date"][31:60]})
    assert impute_outages(daily, down).by_post.loc["P1", "imputed"] > 0
    silent = busy_days(30).assign(count=0)
    assert impute_outages(silent, pd.DataFrame({"post": ["P1"], "date": ["2024-01-05"]})).total.value == 0
    two = busy_days(2)
    assert impute_outages(
        two, pd.DataFrame({"post": ["P1"], "date": ["2024-01-02"]})
    ).total.value == pytest.approx(2 * two["count"].iloc[0])
    assert impute_outages(daily.head(0), down.head(0)).total.value == 0


def chain_of_crossings(persons, trips, missed_exit, missed_entry, seed):
    """Travellers who come and go for ever, and what is recorded of it."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "person": np.repeat(np.arange(persons), 2 * trips),
            "direction": np.tile(["E", "X"], persons * trips),
            "date": np.tile(pd.date_range("2023-01-01", periods=2 * trips, freq="9D"), persons),
        }
    )
    lost = np.where(rows["direction"].eq("X"), missed_exit, missed_entry)
    return rows[rng.random(len(rows)) >= lost]


def test_shares_missed_are_found_from_who_follows_whom():
    seen = chain_of_crossings(4000, 12, 0.3, 0.2, seed=1)
    found = missed_shares(seen).loc["Total"]
    assert abs(found["missed_exit"] - 0.3) < 4 * found["missed_exit_se"] < 0.04
    assert abs(found["missed_entry"] - 0.2) < 4 * found["missed_entry_se"] < 0.04
    few = missed_shares(chain_of_crossings(6000, 2, 0.3, 0.2, seed=2)).loc["Total"]
    assert abs(few["missed_exit"] - 0.3) < 4 * few["missed_exit_se"] < 0.06  # most never cross again
    assert abs(few["missed_entry"] - 0.2) < 4 * few["missed_entry_se"] < 0.06
    mirrored = chain_of_crossings(6000, 2, 0.2, 0.3, seed=3)  # who leaves and comes home, and stays
    mirrored["direction"] = mirrored["direction"].map({"E": "X", "X": "E"})
    home = missed_shares(mirrored).loc["Total"]
    assert abs(home["missed_exit"] - 0.3) < 4 * home["missed_exit_se"] < 0.06
    assert home["EE"] / (home["EE"] + home["EX"]) < 0.25  # the plain share is too low
    split = missed_shares(seen.assign(way=np.where(seen["person"] % 2, "land", "air")), by="way")
    assert split.index.tolist() == ["air", "land", "Total"]
    assert (
        split.loc[["air", "land"], ["EE", "EX", "E_last", "XX", "XE", "X_last"]].sum()
        == split.loc["Total", ["EE", "EX", "E_last", "XX", "XE", "X_last"]]
    ).all()
    perfect = missed_shares(chain_of_crossings(10, 3, 0, 0, seed=1)).loc["Total"]
    assert perfect[["missed_exit", "missed_entry"]].tolist() == [0, 0]
    alone = missed_shares(seen.head(0))
    assert alone.loc["Total", ["missed_exit", "missed_entry"]].isna().all()


@given(st.floats(0, 1e6), st.floats(0, 1), st.floats(0, 0.95), st.floats(0, 0.1))
def test_adjusted_numbers_hang_together(entries, share, q, se):
    missed = Estimate(q, se, "given")
    everybody = all_crossings(entries, missed)
    assert everybody.value >= entries - 1e-6 and everybody.se >= 0
    assert all_crossings(entries, 0.0).se == 0
    stayed = overstayers(entries, share * entries, missed)
    assert stayed.value <= share * entries + 1e-6  # some of the unmatched have left unseen
    plain = stock_from_crossings(entries, share * entries, 5)
    assert plain.value == pytest.approx(5 + entries * (1 - share))


def test_the_bootstrap_agrees_with_the_delta_method():
    missed = Estimate(0.3, 0.01, "re-entries")
    delta, boot = overstayers(10_000, 3_700, missed), overstayers(10_000, 3_700, missed, "bootstrap", seed=1)
    assert boot.value == delta.value and boot.se == pytest.approx(delta.se, rel=0.06)
    assert overstayers(10_000, 3_700, missed, "bootstrap", seed=1) == boot


@pytest.mark.parametrize(
    "call",
    [
        lambda: all_crossings(-1, 0.1),
        lambda: all_crossings(10, 1.0),
        lambda: all_crossings(10, Estimate(0.1, -1, "x")),
        lambda: overstayers(10, 11, Estimate(0.1, 0, "x")),
        lambda: overstayers(10, 5, Estimate(0.1, 0, "x"), method="jackknife"),
        lambda: overstayers(10, 5, Estimate(0.1, 0, "x"), method="bootstrap", draws=1),
        lambda: stock_from_crossings("many", 1),
    ],
)
def test_numbers_that_cannot_be(call):
    with pytest.raises(KitError):
        call()


def test_columns_of_the_office_are_not_overwritten():
    permits = pd.DataFrame({"person_no": ["A"], "issue_date": ["2024-01-01"], "expiry_date": ["2025-01-01"]})
    with pytest.raises(KitError, match="'link'"):
        link_permits(permits.assign(link="mine"))
    events = pd.DataFrame({"days": ["A"], "date": ["2024-01-01"], "direction": ["E"]})
    for call in (pair_crossings, lambda table, **names: residence_moves(table, "2025-01-01", **names)):
        with pytest.raises(KitError, match="'days'"):
            call(events, person="days")


@pytest.mark.parametrize(
    "kind",
    [
        pd.to_datetime,
        lambda text: pd.to_datetime(text).dt.tz_localize("UTC"),
        lambda text: pd.to_datetime(text).dt.date,
        lambda text: text.astype("string"),
        lambda text: text.astype("category"),
    ],
)
def test_dates_in_any_kind_of_column(kind):
    dates = kind(pd.Series(["2024-03-05", None, "2024-04-01"]))
    assert clean_dates(dates)["code"].tolist() == ["clean", "missing", "clean"]
    assert swapped_day_month(dates).astype(str).tolist()[0] == "2024-05-03"
    events = pd.DataFrame({"person": "A", "date": dates, "direction": ["E", "E", "X"]})
    assert pair_crossings(events)["status"].tolist() == ["complete", "not_usable"]
    permits = pd.DataFrame({"person_no": "A", "issue_date": dates, "expiry_date": dates, "closed_date": None})
    assert permit_stock(permits, "2024-03-05")["valid_persons"].item() == 1


def test_results_do_not_change_their_input():
    rng = random.Random(1)
    events = pd.DataFrame(
        {
            "person": [rng.choice("AB") for _row in range(9)],
            "date": [f"2024-01-{rng.randrange(1, 28):02d}" for _row in range(9)],
            "direction": [rng.choice("EX") for _row in range(9)],
        }
    )
    before = events.copy(deep=True)
    pair_crossings(events), residence_moves(events, "2024-06-01"), missed_shares(events)
    people, held = register(), register()
    deduplicate(people, keys=identity_keys(people))
    pd.testing.assert_frame_equal(events, before)
    pd.testing.assert_frame_equal(people, held)
