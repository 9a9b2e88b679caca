"""Names: the lists are whole and neutral, draws follow their weights and periods, and cost little."""

import unicodedata

import numpy as np
import pytest

from migkit.reference import LANGUAGES, KitError, codelist, countries
from migkit.reference.names import (
    culture_weights,
    cultures,
    names,
    office_language,
    spelling,
    spellings,
    variants,
)
from migkit.world.naming import BINS, draw_culture, draw_given, draw_surname


def code_of(kind, culture, written, language="fr"):
    listed = names(kind)
    return int(
        np.flatnonzero((listed.written[language] == written) & (listed.culture == cultures().index(culture)))[0]
    )


def test_every_training_country_has_cultures_of_its_own():
    for country in countries(training_only=True):
        shares = culture_weights(country.iso3)
        assert set(shares) <= set(cultures())
        assert shares != culture_weights("XRW")
        assert sum(shares.values()) == pytest.approx(1.0)


def test_a_country_without_rows_has_the_names_of_the_rest_of_the_world():
    assert culture_weights("FJI") == culture_weights("XRW")


@pytest.mark.parametrize("kind", ["given", "surnames"])
def test_names_are_written_as_names(kind):
    listed = names(kind)
    for language in LANGUAGES:
        for written in listed.written[language]:
            assert written == unicodedata.normalize("NFC", written.strip()) != ""
            assert written[0].isupper()
    for code, others in enumerate(listed.variants):
        own = {listed.written[language][code] for language in LANGUAGES}
        assert not own & set(others), f"{kind} {code}: a variant repeats a spelling"
    assert (listed.weight > 0).all()
    assert (listed.since < listed.until).all()


def test_every_culture_has_a_dozen_names_for_each_sex_and_a_dozen_surnames():
    given, surnames = names("given"), names("surnames")
    for culture, code in enumerate(cultures()):
        for woman in (False, True):
            assert ((given.culture == culture) & (given.woman == woman)).sum() >= 12, code
        assert (surnames.culture == culture).sum() >= 12, code


def test_one_name_has_the_spelling_of_each_administration():
    diallo = code_of("surnames", "fula", "Diallo")
    assert [spelling("surnames", diallo, language) for language in LANGUAGES] == ["Jallow", "Diallo", "Djaló"]
    coulibaly = code_of("surnames", "bambara", "Coulibaly")
    assert "Kulubali" in variants("surnames", coulibaly)
    assert spellings("surnames", "pt")[coulibaly] == "Culibali"


def test_offices_write_in_the_working_language_of_their_country():
    assert [office_language(iso3) for iso3 in ("GMB", "SEN", "GNB", "MLI", "BFA", "NER", "MRT")] == [
        "en",
        "fr",
        "pt",
        "fr",
        "fr",
        "fr",
        "fr",
    ]


def test_an_unknown_list_is_refused_in_one_sentence():
    with pytest.raises(KitError, match="no list of names"):
        names("nicknames")


def test_draws_follow_the_shares_of_the_country():
    codes = list(codelist("country")["code"])
    u = (np.arange(20_000) + 0.5) / 20_000
    drawn = draw_culture(np.full(len(u), codes.index("GMB")), u)
    assert drawn.dtype == np.int32
    for culture, share in culture_weights("GMB").items():
        assert (drawn == cultures().index(culture)).mean() == pytest.approx(share, abs=1.5 / BINS)


def test_draws_keep_to_culture_sex_and_period_of_birth():
    rng = np.random.default_rng(1)
    n = 50_000
    culture, woman = rng.integers(0, len(cultures()), n), rng.random(n) < 0.5
    born = rng.integers(1905, 2026, n)
    given = draw_given(culture, woman, born, rng.random(n))
    listed = names("given")
    assert (listed.culture[given] == culture).all()
    assert (listed.woman[given] == woman).all()
    first = born - born % 5  # periods of five years
    assert ((listed.since[given] <= first) & (first < listed.until[given])).all()
    surname = draw_surname(culture, rng.random(n))
    assert (names("surnames").culture[surname] == culture).all()
    assert given.dtype == surname.dtype == np.int32


def test_names_have_fashions():
    u = (np.arange(4096) + 0.5) / 4096
    igbo = np.full(len(u), cultures().index("igbo"))
    grandmothers = set(draw_given(igbo, np.ones(len(u), bool), np.full(len(u), 1940), u))
    granddaughters = set(draw_given(igbo, np.ones(len(u), bool), np.full(len(u), 2010), u))
    assert grandmothers - granddaughters and granddaughters - grandmothers
