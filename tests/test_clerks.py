"""How clerks write names and dates: each step alone, then all of them with their ledger."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from migkit.reference import Defect, Source
from migkit.reference.names import names
from migkit.sources import clerks
from migkit.sources.clerks import spoil_identity, written_names
from migkit.sources.records import ErrorModel, Recorder, reproduce

KINDS = (
    "name_other_spelling",
    "name_variant",
    "name_initial",
    "name_swapped",
    "dob_first_january",
    "dob_estimated",
    "dob_swapped",
    "dob_year_off",
)


def model(**rates):
    defects = {
        kind: Defect(kind, kind, "", "", {"typical": {"all": rates[kind]}, "severe": {"all": rates[kind]}}, "")
        for kind in rates
    }
    return ErrorModel(Source("office", "", "", "", "", "", (), {}, defects, {}), "typical")


def texts(*values):
    return np.array(values, dtype=object)


def code(kind, french):
    return int(np.flatnonzero(names(kind).written["fr"] == french)[0])


def recorder(n=4000, style=clerks.as_written):
    rng = np.random.default_rng(7)
    given = rng.integers(0, len(names("given").weight), n)
    surname = rng.integers(0, len(names("surnames").weight), n)
    last, first = written_names(given, surname, "fr", style)
    days = (np.datetime64("1940-01-01") + rng.integers(0, 31_000, n)).astype(str).astype(object)
    event = np.array([f"e{i}" for i in range(n)], dtype=object)
    perfect = {"event": event, "truth_id": event, "surname": last, "given": first, "dob": days}
    return Recorder("cards", pd.DataFrame(perfect), "card_id")


def spoilt(rates, seed=1, style=clerks.as_written, **options):
    rec = recorder(style=style)
    spoil_identity(rec, model(**rates), np.random.default_rng(seed), style=style, **options)
    ids = np.array([f"SYN-{i}" for i in range(len(rec))], dtype=object)
    return rec.finish(ids, ["card_id", "surname", "given", "dob"])


def test_offices_write_one_name_in_their_own_language():
    given, surname = np.array([code("given", "Lamine")] * 3), np.array([code("surnames", "Diallo")] * 3)
    last, first = written_names(given, surname, np.array(["en", "fr", "pt"]))
    assert list(last) == ["Jallow", "Diallo", "Djaló"]
    assert list(first) == ["Lamin", "Lamine", "Lamine"]


def test_no_name_is_blank():
    last, first = written_names(np.array([-1]), np.array([-1]), "en")
    assert (last[0], first[0]) == ("", "")


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("Ouédraogo", "OUEDRAOGO"),
        ("N'Diaye", "NDIAYE"),
        ("Müller", "MUELLER"),
        ("Jean-Marie", "JEAN<MARIE"),
        ("Na Bangna", "NA<BANGNA"),
        ("Gonçalves", "GONCALVES"),
        ("Ayşe", "AYSE"),
        ("Yılmaz", "YILMAZ"),
    ],
)
def test_the_machine_readable_zone_follows_icao_9303(name, zone):
    assert clerks.mrz(name) == zone
    assert clerks.passport(name) == zone.replace("<", " ")


def test_every_name_of_the_lists_fits_the_machine_readable_zone():
    for kind in ("given", "surnames"):
        for language in ("en", "fr", "pt"):
            for name in names(kind).written[language]:
                assert set(clerks.mrz(name)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ<")


def test_dates_of_birth():
    assert clerks.first_january("1984-05-12") == "1984-01-01"
    assert clerks.estimated("1984-05-12") == "1985-01-01"
    assert clerks.day_and_month_swapped("1984-05-12") == "1984-12-05"
    assert clerks.day_and_month_swapped("1984-05-13") == "1984-05-13"
    assert clerks.year_off("1984-02-29", 1) == "1985-02-28"
    assert clerks.year_off("1984-05-12", -1) == "1983-05-12"
    steps = (clerks.first_january, clerks.estimated, clerks.day_and_month_swapped, clerks.initial)
    assert [step("") for step in steps] == [""] * 4


def test_other_spellings_are_those_of_the_other_offices():
    seen = clerks.other_spelling("surnames", texts(*["Diallo"] * 200), np.linspace(0, 0.999, 200))
    assert set(seen) == {"Jallow", "Djaló"}


def test_a_variant_is_listed_or_drops_the_accents():
    seen = clerks.variant("surnames", texts(*["Coulibaly"] * 200), np.linspace(0, 0.999, 200))
    assert "Kulubali" in seen and "Coulibaly" not in seen
    assert list(clerks.variant("surnames", texts("Évé"), np.array([0.5]))) == ["Eve"]


def test_a_second_given_name_is_of_the_same_culture_and_sex():
    (both,) = clerks.doubled(texts("Ngozi"), np.array([0.9]))
    first, second = both.split(" ", 1)
    listed = names("given")
    woman = listed.woman & (listed.culture == listed.culture[code("given", "Ngozi")])
    assert first == "Ngozi" and second in set(listed.written["en"][woman])


def test_without_defects_nothing_changes():
    recorded = spoilt(dict.fromkeys(KINDS, 0.0))
    assert len(recorded.ledger) == 0


def test_a_dictionary_may_have_some_of_the_defects_only():
    assert set(spoilt({"name_swapped": 0.2}).ledger["kind"]) == {"name_swapped"}


def test_a_table_without_names_or_dates_is_left_alone():
    perfect = pd.DataFrame({"event": ["a", "b"], "truth_id": ["1", "2"], "given": ["Awa", "Musa"]})
    rec = Recorder("pupils", perfect, "pupil_id")
    spoil_identity(rec, model(**dict.fromkeys(KINDS, 1.0)), np.random.default_rng(1))
    recorded = rec.finish(texts("SYN-1", "SYN-2"), ["pupil_id", "given"])
    assert set(recorded.ledger["field"]) == {"given"}


@pytest.mark.parametrize("style", [clerks.as_written, clerks.passport])
def test_truth_and_ledger_make_the_records_again(style):
    recorded = spoilt(dict.fromkeys(KINDS, 0.3), style=style)
    assert set(recorded.ledger["kind"]) == set(KINDS)
    pd.testing.assert_frame_equal(reproduce(recorded), recorded.records)


def test_rates_are_realised_where_a_record_can_have_the_defect():
    ledger = spoilt({"name_initial": 0.1, "name_swapped": 0.2, "dob_first_january": 0.3}).ledger
    people = ledger.groupby("kind")["record_id"].nunique() / 4000
    assert people["name_initial"] == pytest.approx(0.1, abs=0.015)
    assert people["name_swapped"] == pytest.approx(0.2, abs=0.02)
    assert people["dob_first_january"] == pytest.approx(0.3, abs=0.025)


def test_another_rate_of_one_defect_leaves_the_others_as_they_were():
    low, high = (spoilt({"name_initial": rate, "dob_swapped": 0.2}).ledger for rate in (0.0, 0.5))
    pd.testing.assert_frame_equal(
        low[low["kind"] == "dob_swapped"].reset_index(drop=True),
        high[high["kind"] == "dob_swapped"].reset_index(drop=True),
    )


def test_spoilt_dates_are_days_and_not_after_the_latest():
    recorded = spoilt(dict.fromkeys(KINDS, 0.5), latest="2024-07-01")
    late = recorded.perfect["dob"].to_numpy() > "2024-07-01"
    for day, was_late in zip(recorded.records["dob"], late, strict=True):
        date.fromisoformat(day)
        assert was_late or day <= "2024-07-01"


def test_passport_names_stay_capitals():
    recorded = spoilt(dict.fromkeys(KINDS, 0.5), style=clerks.passport)
    for column in ("surname", "given"):
        assert recorded.records[column].str.fullmatch(r"[A-Z]+( [A-Z]+)*").all()
