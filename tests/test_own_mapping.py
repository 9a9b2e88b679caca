"""The map that the kit proposes is what the file says; what it cannot know it leaves open; a wrong map is told."""

import re

import numpy as np
import pandas as pd
import pytest

import foreign_files
from foreign_files import MARK, NUMBER
from migkit.own import Column, Map, OwnFile, harmonise, propose, read, read_map, write_map
from migkit.own.cells import column_as_text
from migkit.own.mapping import NOT_ASKED, WEIGHT, fields_of
from migkit.own.naming import agreeing, plain_words
from migkit.own.proposing import MOST_CODES
from migkit.own.translating import translate
from migkit.reference import ROOT, KitError, codelist, read_table, table

HANDS = pytest.mark.parametrize("hand", foreign_files.FOREIGN, ids=lambda hand: hand.__name__)


def own_file(path, columns, labels=None, codes=None, missing=None):
    """A file in memory, as reading one gives it."""
    rows = pd.DataFrame({name: column_as_text(pd.Series(cells)) for name, cells in columns.items()})
    return OwnFile(path / "mine.csv", rows, labels or {}, codes or {}, missing or {})


def proposed(path, columns, country="GMB", table="census_persons", **said):
    """The columns of the proposal: harmonised name -> Column."""
    return propose(own_file(path, columns, **said), table, country).columns


def same(got, wanted):
    """Whether harmonised answers are those behind the file; None, NaN and blank are one."""
    if isinstance(got.dtype, pd.CategoricalDtype):
        got, wanted = got.astype(object), wanted.astype(object)
        return got.where(got.notna(), None).tolist() == wanted.where(wanted.notna(), None).tolist()
    return np.allclose(got.astype(float), wanted.astype(float), rtol=1e-6, equal_nan=True)


# -------------------------------------------------------------------------------------- foreign files


@HANDS
def test_what_was_put_in_comes_out(tmp_path, hand):
    path, answers = hand(tmp_path)
    own = read(path)
    mapping = propose(own, country=foreign_files.FOREIGN[hand])
    held = harmonise(own, mapping)
    expected = [name for name in answers if answers[name].notna().any() and name in held.rows]
    absent = set(answers) - set(held.rows)
    assert absent <= foreign_files.NOT_THERE.get(hand, set())
    assert [name for name in expected if not same(held.rows[name], answers[name])] == []
    assert set(held.rows) - set(answers) <= {"person_id", "household_id", "line_no", "ea"}
    assert len(held.rows) == len(answers)


@HANDS
def test_a_map_written_and_read_is_the_proposal(tmp_path, hand):
    path, _answers = hand(tmp_path)
    own = read(path)
    mapping = propose(own, country=foreign_files.FOREIGN[hand])
    write_map(mapping, own, tmp_path / "mine.map.yml")
    assert read_map(tmp_path / "mine.map.yml") == mapping
    again = harmonise(read(path, [each.source for each in mapping.columns.values()]), mapping)
    pd.testing.assert_frame_equal(again.rows, harmonise(own, mapping).rows)


@HANDS
def test_no_name_and_no_identifier_reaches_the_map(tmp_path, hand):
    path, _answers = hand(tmp_path)
    own = read(path)
    write_map(propose(own, country=foreign_files.FOREIGN[hand]), own, tmp_path / "mine.map.yml")
    text = (tmp_path / "mine.map.yml").read_text(encoding="utf-8")
    assert MARK not in text and NUMBER not in text


def test_the_kits_own_file_maps_to_itself_and_for_sure(teaching_data):
    days = {"census_persons": "2024-07-01", "lfs_persons": "2024-10-01"}
    for name, source in (("census_persons", "census"), ("lfs_persons", "labour_force")):
        own = read(teaching_data / f"synthetic_gmb_{name}.csv")
        mapping = propose(own, source)
        assert [each.name for each in mapping.columns.values()] == list(table(name).columns)
        assert all(each.sure and each.source == each.name for each in mapping.columns.values())
        assert mapping.unused == () and mapping.open_codes == {} and mapping.day == days[name]
        assert all(code == word for each in mapping.columns.values() for code, word in each.codes.items())
        held = harmonise(own, mapping)
        assert held.unread == ()
        for each in table(name).fields:
            if each.type == "code":
                was = own.rows[each.name].astype(object)
                assert same(held.rows[each.name], was), each.name


def test_columns_of_a_labour_force_survey(tmp_path):
    columns = proposed(
        tmp_path,
        {
            "grappe": [1, 1, 2, 2] * 5,
            "Poids de sondage": [10.5, 11.0] * 10,
            "Sexe": ["Homme", "Femme"] * 10,
            "Statut dans l'emploi": ["Employeur", "Salarié"] * 10,
            "Heures par semaine": [40, 98] * 10,
            "Salaire mensuel": ["125 000", "80 000"] * 10,
        },
        table="labour_force",
        country="SEN",
    )
    assert {name: each.source for name, each in columns.items()} == {
        "psu": "grappe", "weight": "Poids de sondage", "sex": "Sexe", "status_employment": "Statut dans l'emploi",
        "hours": "Heures par semaine", "earnings": "Salaire mensuel",
    }  # fmt: skip


# --------------------------------------------------------------------------------------- names of columns


def meant(heading, label=""):
    """The harmonised column that a heading means for sure, the one it may mean with "?", or None."""
    found = agreeing(heading, label, fields_of(table("census_persons")))
    best = max(found, key=lambda name: found[name], default=None)
    if best is None or found[best] < 0.8:
        return None
    return best if found[best] >= 0.95 else best + "?"


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("AGE", "age"), ("Âge", "age"), ("idade", "age"), ("age_in_years", "age"), ("P05_AGE", "age"),
        ("Age at first marriage", None), ("Âge au premier mariage", None), ("Idade ao primeiro casamento", None),
        ("age_conjoint", None), ("Age of mother", None), ("age group", None), ("AGE2", None),
        ("Country of birth", "country_birth"), ("countryOfBirth", "country_birth"),
        ("COUNTRY_BIRTH", "country_birth"), ("birth country", "country_birth"),
        ("Pays de naissance", "country_birth"), ("pays_naissanc", "country_birth?"),
        ("País de nascimento", "country_birth"), ("Pais de nascmento", "country_birth?"),
        ("Naturalidade", "country_birth"), ("Country of birth of mother", "mother_country_birth"),
        ("Pays de naissance de la mère", "mother_country_birth"),
        ("Pays de naissance du père", "father_country_birth"),
        ("País de nascimento da mãe", "mother_country_birth"), ("Country of birth of spouse", None),
        ("Pays de naissance du conjoint", None), ("Country of birth of head", None), ("Date of birth", None),
        ("Date de naissance", None), ("Place of birth", "country_birth"), ("Year of birth", None), ("Sex", "sex"),
        ("SEXE", "sex"), ("Sexo", "sex"), ("Gender", "sex"), ("Género", "sex"), ("s01q01. Sexe", "sex"),
        ("Sex of household head", None), ("Sexe du chef de ménage", None), ("Sexo do chefe do agregado", None),
        ("Nationalité", "citizenship"), ("Natinalité", "citizenship?"), ("2e nationalité", "citizenship_2"),
        ("Deuxième nationalité", "citizenship_2"), ("Nationality of spouse", None), ("Nationalité du chef", None),
        ("Religion", None), ("Région", "region"), ("Region of birth", "region_birth"), ("Regiao", "region"),
        ("Niveau d'instruction", "education"), ("niv_instr", "education?"), ("Niveau d'instruction du père", None),
        ("Year of arrival", "arrival_year"), ("Année d'arrivée", "arrival_year"),
        ("Ano de chegada", "arrival_year"), ("Year of departure", None), ("Month of survival", None),
        ("Year", None), ("Name", None), ("Nom", None), ("N° d'ordre", "line_no"), ("Poids", "weight"),
        ("Peso", "weight"), ("Birth weight", None), ("hv005", "weight"), ("PERWT", "weight"), ("HV104", "sex"),
        ("HL4", "sex"), ("milieu", "area"),
    ],
)  # fmt: skip
def test_a_heading_means_what_all_its_words_say(heading, name):
    assert meant(heading) == name


@pytest.mark.parametrize(
    ("heading", "label", "name"),
    [
        ("P12", "In which country was this person born?", "country_birth"),
        ("Q5A", "Q5A. Quel est votre âge ?", None),
        ("P4", "Age at last birthday", "age"),
        ("V7", "Sex of household head", None),
        ("X", "Lien de parenté avec le chef de ménage", "relationship"),
    ],
)
def test_a_number_for_a_heading_leaves_it_to_the_label(heading, label, name):
    assert meant(heading, label) == name


def test_every_name_leads_to_one_column_and_every_word_to_one_code():
    for name in ("census_persons", "lfs_persons"):
        fields = fields_of(table(name))
        listed = read_table(ROOT / "datasets" / "harmonise" / "column_names.csv")
        listed = listed[listed["column"].isin([each.name for each in fields])]
        for row in listed.itertuples():
            found = agreeing(row.name, "", fields)
            first = [each for each in found if found[each] == max(found.values())]
            ambiguous = name == "lfs_persons" and plain_words(row.name) == "employment status"
            assert first == [row.column] or ambiguous, (row.name, first)
    words = read_table(ROOT / "datasets" / "harmonise" / "code_words.csv")
    words["plain"] = words["word"].map(plain_words)
    assert not words.duplicated(["codelist", "language", "word"]).any()
    assert (words.groupby(["codelist", "plain"])["code"].nunique() == 1).all()
    for row in words[words["codelist"].ne("")].itertuples():
        known = {*codelist(row.codelist)["code"], NOT_ASKED}
        known |= {"HOME", "XXA"} if row.codelist == "country" else set()
        assert row.code in known, row


def test_a_label_of_somebody_else_makes_a_heading_a_guess(tmp_path):
    columns = proposed(
        tmp_path,
        {"sex": ["1", "2"] * 9, "age": ["30"] * 18},
        labels={"sex": "Sex of household head"},
        codes={"sex": {"1": "Male", "2": "Female"}},
    )
    assert not columns["sex"].sure and columns["age"].sure


def test_two_columns_that_fit_alike_are_both_in_doubt(tmp_path):
    columns = proposed(tmp_path, {"Sexe": ["M", "F"] * 5, "Sexo": ["M", "F"] * 5, "Age": ["1"] * 10})
    assert not columns["sex"].sure and columns["sex"].source == "Sexe"
    columns = proposed(tmp_path, {"Sexe": ["M", "F"] * 5, "Sexe du chef": ["M", "F"] * 5})
    assert columns["sex"].sure and len(columns) == 1


def test_codes_alone_tell_only_where_the_heading_is_a_number(tmp_path):
    words = {"Q3": ["Masculin", "Féminin"] * 9, "Q4": ["Urbain", "Rural"] * 9, "Q5": ["oui"] * 18}
    columns = proposed(tmp_path, words)
    assert {name: (each.source, each.sure) for name, each in columns.items()} == {
        "sex": ("Q3", False), "area": ("Q4", False)
    }  # fmt: skip
    with pytest.raises(KitError, match="none of its columns was recognised"):
        proposed(tmp_path, {"Enquêteur": ["Masculin", "Féminin"] * 9})


def test_a_person_number_that_repeats_is_no_identifier(tmp_path):
    columns = proposed(tmp_path, {"id person": ["1", "2", "3"] * 9, "age": ["4"] * 27})
    assert "person_id" not in columns


# ------------------------------------------------------------------------------------------------ codes


def country_codes(tmp_path, *written, country="GMB", rows=6):
    """What names of countries are proposed to be, each standing in some rows."""
    cells = [text for text in written for _each in range(rows)]
    columns = proposed(tmp_path, {"Country of birth": cells}, country)
    return columns["country_birth"].codes


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Guinée", "GIN"), ("Guinee", "GIN"), ("GUINÉE BISSAU", "GNB"), ("Guiné-Bissau", "GNB"), ("Guiné", "GIN"),
        ("Guinée équatoriale", "GNQ"), ("Guinée Conakry", "GIN"), ("Guineense", "?"),
        ("Papouasie-Nouvelle-Guinée", "PNG"), ("Niger", "NER"), ("Nigéria", "NGA"), ("Nigérien", "NER"),
        ("Nigerian", "NGA"), ("Congo", "COG"), ("Congolais", "?"), ("Haute-Volta", "BFA"),
        ("Côte d’Ivoire", "CIV"), ("Cote d'Ivoire", "CIV"), ("CI", "CIV"), ("SEN - Sénégal", "SEN"),
        ("Sénégal (SN)", "SEN"), ("12. Sénégal", "SEN"), ("Sénégl", "?"), ("Atlantis", "?"),
        ("Autre pays d'Afrique", "XRA"), ("Other country", "XRW"), ("Autre", "XRW"), ("NSP", "XXX"),
        ("Não sabe", "XXX"), ("Not applicable", "-"), ("Apatride", "XXA"), ("Banjul", "GMB"),
        ("Native born", "GMB"), ("XXX", "XXX"),
    ],
)  # fmt: skip
def test_names_of_countries(tmp_path, written, code):
    assert country_codes(tmp_path, written)[written] == code


def test_two_letters_are_countries_and_na_is_one_among_codes_only(tmp_path):
    assert country_codes(tmp_path, "NA", "NO", "SN", "GM") == {"GM": "GMB", "NA": "NAM", "NO": "NOR", "SN": "SEN"}
    assert country_codes(tmp_path, "NA", "Norway", "Senegal", "Gambia")["NA"] == "?"


def test_what_may_be_another_country_is_said_beside_the_code(tmp_path):
    own = own_file(tmp_path, {"Pays de naissance": ["Niger"] * 9 + ["Sénégl"] * 9 + ["Gambie"] * 30})
    write_map(propose(own), own, tmp_path / "m.yml")
    text = (tmp_path / "m.yml").read_text(encoding="utf-8")
    assert '"Niger": "NER"  # 9 rows; NE is Niger and NG Nigeria' in text
    assert '"Sénégl": "?"  # 9 rows; SEN?' in text


@pytest.mark.parametrize(
    ("country", "written", "code"),
    [
        ("SEN", "KÉDOUGOU", "SEN06"), ("SEN", "Saint Louis", "SEN10"), ("SEN", "Région de Thiès", "SEN13"),
        ("SEN", "SEN01", "SEN01"), ("SEN", "14 - Ziguinchor", "SEN14"), ("SEN", "Alibori", "?"),
        ("SEN", "NSP", "X"), ("BEN", "OUEME", "BEN10"), ("BEN", "Département du Zou", "BEN12"),
    ],
)  # fmt: skip
def test_names_of_regions_with_or_without_accents(tmp_path, country, written, code):
    columns = proposed(tmp_path, {"Région": [written] * 9}, country)
    assert columns["region"].codes == {written: code}


def test_lists_of_words_in_three_languages(tmp_path):
    columns = proposed(
        tmp_path,
        {
            "sexe": ["Male / Masculin", "Female / Féminin", "H", "f", "Refus"] * 6,
            "état matrimonial": ["Marié(e) monogame", "Veuf/Veuve", "Célibataire", "Divorcé(e)", "Polygame"] * 6,
            "parentesco": ["Chefe", "Cônjuge", "Filho(a)", "Outro parente", "Não sabe"] * 6,
            "activity status": ["Employed", "Looking for work", "Student", "Housewife", "Retired"] * 6,
        },
    )
    assert list(columns["sex"].codes.values()) == ["F", "M", "M", "X", "F"]
    assert columns["marital"].codes == {
        "Célibataire": "S", "Divorcé(e)": "D", "Marié(e) monogame": "M", "Polygame": "P", "Veuf/Veuve": "W"
    }  # fmt: skip
    assert columns["relationship"].codes["Não sabe"] == "X"
    assert list(columns["activity"].codes.values()) == ["E", "H", "U", "O", "S"]


#: Answers as the files of known surveys have them, and the codes that they must get ("?" is open on purpose).
ANSWERS = {
    "relationship": """
Head=1 Wife or husband=2 Son/daughter=3 Son/daughter-in-law=5 Grandchild=5 Parent-in-law=5 Co-spouse=2
Not related=6 Adopted/foster/stepchild=5 SPOUSE / PARTNER=2 UNCLE/AUNT=5 SERVANT (LIVE-IN)=6
OTHER (NOT RELATED)=6 INCONSISTENT=X Chef de ménage=1 Conjoint(e)=2 Fils, fille=3 Père, mère=4
Petits fils, petite fille=5 Autres parents du CM/conjoint=5
Personne non apparentée au CM/conjoint=6 Cônjuge/Companheiro(a)=2 Irmão/Irmã=5 Empregado(a) doméstico(a)=6
Other relative or non-relative=?""",
    "marital": """
Never in union=S Living with partner=M No longer living together/separated=D Single/never married=S Widowed=W
Separated/divorced/spouse absent=D Marié(e) polygame=P Veuf(ve)=W Divorcé(e)=D União de facto=M Solteiro=S
NIU (not in universe)=-""",
    "education": """
No education, preschool=0 Less than primary completed=0 University completed=5 ECE=0 Second. gl 1=2
Second. tech. 2=3 Postsecondaire=4 Maternelle=0 Secondaire 2ème cycle=3 Ensino Básico=1
Nunca frequentou=0 École coranique=? DK=X""",
    "activity": """
Inactive=O Occupé=E En quête du 1er emploi=U Occupée au foyer=H Élève/Étudiant=S Moins de 5 ans=- Doméstica=H
À procura do 1º emprego=U TF cherchant emploi=?""",
    "citizenship": """
Cote d'ivoire=CIV Autre CEDEAO=XRA Autre pays hors Afrique=XRW Guinee=GIN Étranger=XRW Nationale=GMB Non-Gambian=?
Foreign country, not specified=XRW Africa, other, n.s.=XRA Burkina Faso (Upper Volta)=BFA Burkinabè=BFA""",
    "reason": "Raisons familiales=F Insécurité/conflit=P Santé=O Looking for work=W Estudos=S Retour au pays=R",
}


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_of_known_surveys(name):
    written = dict(re.findall(r"\s*(\S.*?)=(\S+)", ANSWERS[name].replace("\n", " ")))
    wanted = next(each for each in fields_of(table("census_persons")) if each.name == name)
    assert translate(dict.fromkeys(written, 9), {}, wanted, "GMB").codes == written
    numbers = {str(at): words for at, words in enumerate(written)}
    labelled = translate(dict.fromkeys(numbers, 9), numbers, wanted, "GMB")
    assert list(labelled.codes.values()) == [written[words] for words in numbers.values()] and labelled.told


def test_bare_numbers_are_open_but_for_the_usual_ones(tmp_path):
    numbers = ["1", "2"] * 9
    columns = proposed(
        tmp_path,
        dict.fromkeys(["Sexe", "Ever lived abroad", "Milieu de résidence", "Niveau d'instruction"], numbers),
    )
    assert columns["sex"].codes == {"1": "M", "2": "F"} and columns["lived_abroad"].codes == {"1": "Y", "2": "N"}
    assert columns["area"].codes == columns["education"].codes == {"1": "?", "2": "?"}
    assert not any(each.sure for each in columns.values())
    columns = proposed(tmp_path, {"education": numbers})
    assert columns["education"].codes == {"1": "1", "2": "2"} and not columns["education"].sure
    columns = proposed(tmp_path, {"Ever lived abroad": ["0", "1"] * 9})
    assert columns["lived_abroad"].codes == {"0": "N", "1": "Y"}


def test_letters_of_another_list_are_not_taken_for_ours(tmp_path):
    columns = proposed(tmp_path, {"Situation matrimoniale": ["C", "M", "D", "V"] * 9})
    assert set(columns["marital"].codes.values()) == {"?"}
    columns = proposed(tmp_path, {"Marital status": ["S", "M", "D", "W"] * 9})
    assert set(columns["marital"].codes.values()) == {"S", "M", "D", "W"}


def test_labels_count_and_what_the_file_calls_missing_is_not_stated(tmp_path):
    columns = proposed(
        tmp_path,
        {"P1": ["1", "2", "8", "9", "3"] * 9},
        labels={"P1": "Sexe"},
        codes={"P1": {"1": "Féminin", "2": "Masculin", "9": "ND"}},
        missing={"P1": frozenset({"8"})},
    )
    assert columns["sex"].codes == {"1": "F", "2": "M", "3": "?", "8": "X", "9": "X"}


def test_answers_of_few_that_nobody_understands_stay_out_of_the_map(tmp_path):
    names = [f"chez {MARK} {at}" for at in range(20)]
    own = own_file(tmp_path, {"Pays de naissance": ["Gambie"] * 50 + names + ["Mali"] + ["Ailleurs"] * 5})
    mapping = propose(own)
    assert mapping.columns["country_birth"].codes == {"Ailleurs": "?", "Gambie": "GMB", "Mali": "MLI"}
    write_map(mapping, own, tmp_path / "m.yml")
    text = (tmp_path / "m.yml").read_text(encoding="utf-8")
    assert MARK not in text and "20 other answers, in 20 rows, are not shown" in text
    held = harmonise(own, mapping)
    assert held.rows["country_birth"].eq("XXX").sum() == 25


def test_many_ways_to_write_a_country_are_still_countries(tmp_path):
    ways = [f"Gambie {'x' * at}" for at in range(MOST_CODES + 50)]
    columns = proposed(tmp_path, {"Pays de naissance": ["Gambie"] * 5_000 + ways, "Sexe": ["M"] * (5_450)})
    assert columns["country_birth"].codes["Gambie"] == "GMB"


# ---------------------------------------------------------------------------------------------- numbers


def test_numbers_that_mean_not_stated_are_blank(tmp_path):
    years, weights = [2001, 0, 9999, 1999, 9998], [1.5, 2, 999, 1, 1]
    columns = proposed(tmp_path, {"age": [4, 30, 998, 999, 120], "year of arrival": years, "weight": weights})
    assert columns["age"].blank == ("998", "999")
    assert columns["arrival_year"].blank == ("0", "9998", "9999")
    assert columns["weight"].blank == ()
    columns = proposed(tmp_path, {"month of arrival": [1, 12, 99, 0], "line number": [4, 99, 1, 2]})
    assert columns["arrival_month"].blank == ("0", "99") and columns["line_no"].blank == ()


def test_ages_of_98_and_99_are_ages_unless_labels_or_numbers_say_otherwise(tmp_path):
    old = [*range(60, 100)]
    assert proposed(tmp_path, {"age": old})["age"].blank == ()
    guessed = proposed(tmp_path, {"age": old + [99] * 12})["age"]
    assert guessed.blank == ("99",) and not guessed.sure
    told = proposed(tmp_path, {"age": old}, codes={"age": {"98": "Don't know", "97": "97+"}})["age"]
    assert told.blank == ("98",) and told.sure


def test_words_for_no_answer_among_numbers_are_blank(tmp_path):
    columns = proposed(tmp_path, {"idade": ["4", "5", "6", "ignorado", "NS/NR"]})
    assert set(columns["age"].blank) == {"ignorado", "NS/NR"}


def test_groups_of_ages_are_no_ages(tmp_path):
    codes = {"age": {"1": "0-4", "2": "5-9", "3": "10-14"}, "sex": {"1": "Male", "2": "Female"}}
    columns = proposed(tmp_path, {"age": [1, 2, 3], "sex": [1, 2, 1]}, codes=codes)
    assert list(columns) == ["sex"]


def test_implied_decimals_of_weights(tmp_path):
    def weight(heading, values):
        column = proposed(tmp_path, {heading: values, "age": [1] * len(values)})[WEIGHT]
        return column.divide, column.sure

    assert weight("HV005", [984_312, 1_203_311, 9_411]) == (1e6, True)
    assert weight("V005", [984_312, 1_203_311, 0]) == (1e6, True)
    assert weight("poids", [984_312, 1_203_311, 840_400]) == (1e6, False)
    assert weight("PERWT", [1000, 1000, 2500]) == (100, False)
    assert weight("PERWT", [10, 10, 25]) == (1, True)
    assert weight("PERWT", [10.25, 1000, 800]) == (1, True)
    assert weight("hhweight", [984.3, 1203.3]) == (1, True)


# ---------------------------------------------------------------------------------------- the map as a file


def test_odd_texts_come_back_from_the_map(tmp_path):
    odd = [
        'a"b',
        "a: b",
        "# no",
        "- x",
        "'q'",
        "tab\there",
        "back\\slash",
        "yes",
        "NO",
        "null",
        "~",
        "1e3",
        "é\x81",
    ]
    odd += ["zero\u200bwidth", "line\u2028sep", "two\nlines", "😀", " lead", "{a}", "[b]", "*x", "&y", "!z", "%"]
    columns = {
        "sex": Column("sex", odd[0], dict.fromkeys(odd, "M")),
        "age": Column("age", "a\u2029b"),
    }
    mapping = Map('mine: "file".csv', "census_persons", "GMB", columns, tuple(odd))
    own = own_file(tmp_path, {odd[0]: ["x"], "a\u2029b": ["1"]}, labels={odd[0]: "two\nlines \x07 # é"})
    write_map(mapping, own, tmp_path / "m.yml")
    back = read_map(tmp_path / "m.yml")
    assert back.columns == mapping.columns and back.file == mapping.file
    assert list(back.unused) == odd


GOOD = """\
file: mine.csv
table: census_persons
country: GMB
day: 2024-07-01
columns:
  sex:
    from: P03
    codes:
      1: M
      "2": F
      NO: X
      9: "?"
  age: P04
  country_birth:
    from: P05
    codes:
      NO: NOR
      NA: NAM
"""


def map_of(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "mine.map.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return read_map(path)


def test_a_map_typed_by_hand(tmp_path):
    mapping = map_of(tmp_path, GOOD, "utf-8-sig")
    assert mapping.columns["sex"].codes == {"1": "M", "2": "F", "NO": "X", "9": "?"}
    assert mapping.columns["age"] == Column("age", "P04")
    assert mapping.columns["country_birth"].codes == {"NO": "NOR", "NA": "NAM"}
    assert (mapping.country, mapping.day, mapping.unused) == ("GMB", "2024-07-01", ())
    assert map_of(tmp_path, GOOD.replace("\n", "\r\n")) == mapping


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("  age: P04", "\tage: P04", "line 13: a tab stands here"),
        ("      1: M", "      1: [M", "cannot be read as YAML"), ('"2": F', '"2: F', "cannot be read as YAML"),
        ("      1: M", "     1: M", "cannot be read as YAML"),
        ("  age: P04", "  agee: P04", "line 13, column agee: the harmonised table has no such column. Did you"),
        ("  age: P04", "  sex: P04", "line 13: 'sex' stands here again (first in line 6)"),
        ('"2": F', '"1": F', "line 10: '1' stands here again (first in line 9)"),
        ("  age: P04", "  age: P03", "line 13: column 'P03' of the file stands for sex already"),
        ("  age: P04", "  age:", "line 13, column age: the entry `from` must name a column"),
        ("  age: P04", "  age: {from: [P04]}", "line 13, column age: the entry `from` must name a column"),
        ("  age: P04", "  age: {form: P04}", "the entry `from` must name a column"),
        ("  age: P04", "  age: {from: P04, blanks: [9]}", "there is no entry 'blanks'; use from, codes, blank"),
        ("  age: P04", "  age: {from: P04, divide: 0}", "divide must be a number above 0; got '0'"),
        ("  age: P04", "  age: {from: P04, divide: six}", "divide must be a number above 0; got 'six'"),
        ("  age: P04", "  age: {from: P04, blank: {9: x}}", "blank must be a list"),
        ("  age: P04", "  age: {from: P04, codes: {9: X}}", "it holds numbers or text, so it takes no codes"),
        ("1: M", "1: Male", "line 9, column sex: 'Male' is not a harmonised code; its codes are: M, F, X"),
        ("1: M", "1: m", "'m' is not a harmonised code"),
        ("1: M", "1: ", "line 9, column sex: '' is not a harmonised code"),
        ("1: M", "1: [M]", "line 9, column sex: one harmonised code must stand beside '1'"),
        ("NO: NOR", "NO: NO", "line 17, column country_birth: 'NO' is not a harmonised code"),
        ("NO: NOR", "NO: NRW", "'NRW' is not a harmonised code; its codes are: three capital letters"),
        ("country: GMB", "country: Gambia", "line 3: country must be three capital letters such as GMB; got 'Gam"),
        ("country: GMB", "country: GMX", "line 3: country must be three capital letters"),
        ("country: GMB\n", "", "country must be three capital letters"),
        ("2024-07-01", "1/7/2024", "line 4: day must be written year, month, day"),
        ("2024-07-01", "2024-13-01", "line 4: day must be written year, month, day"),
        ("2024-07-01", "2024", "line 4: day must be written year, month, day"),
        ("table: census_persons", "table: cencus", "line 2: No data dictionary describes a table called 'cencus'"),
        ("file: mine.csv", "flie: mine.csv", "line 1: a map has no entry 'flie'; it has file, table"),
        ("file: mine.csv", "unused: P01", "unused must be a list"),
        ("    codes:\n      1: M", "    codes: 1:M", "cannot be read as YAML"),
    ],
)  # fmt: skip
def test_a_wrong_map_is_told_with_its_line(tmp_path, old, new, words):
    assert old in GOOD
    with pytest.raises(KitError) as told:
        map_of(tmp_path, GOOD.replace(old, new, 1))
    assert words in str(told.value) and "mine.map.yml" in str(told.value) and "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no map"), ("columns:", "is no map"), ("- a\n- b\n", "is no map"),
        ("sexe;âge\nM;1\n", "is no map"), ("columns: [sex]", "is no map"),
        ("a: 1\n---\nb: 2\n", "cannot be read as YAML"), ("\x00", "read as YAML"),
        (b"PK\x03\x04\xff\xfe", "is no text in UTF-8"), ("é: 1".encode("cp1252"), "is no text in UTF-8"),
        ("columns:\n  sex:\n    from: P\n    codes: [M, F]\ncountry: GMB\n", 'codes must be lines such as "1": M'),
        ("columns:\n  sex:\n    from: P\n    codes: M\ncountry: GMB\n", 'codes must be lines such as "1": M'),
    ],
)  # fmt: skip
def test_what_is_no_map_is_one_sentence(tmp_path, text, words):
    with pytest.raises(KitError) as told:
        map_of(tmp_path, text)
    assert words in str(told.value) and "\n" not in str(told.value)


def test_a_map_that_is_not_there(tmp_path):
    with pytest.raises(KitError, match="There is no map"):
        read_map(tmp_path / "none.yml")
