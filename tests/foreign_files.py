"""Files as foreign hands make them: other names, codes, languages, encodings. The people in them are invented.

Each function writes one file and returns it with the frame of harmonised answers behind it, so that a test can
compare what the kit made of the file with what was put in. Names of persons hold MARK, identifiers and addresses
NUMBER, so that a test can search for them all.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat

from migkit.reference import codelist

#: What every name, and every identifier or address, of a person in these files holds; no base64 text can.
MARK, NUMBER = "Zz_q", "Z_ID"
COUNTRIES = ["SEN", "GIN", "GNB", "MLI", "CIV", "NGA", "NER"]


def person_names(n: int) -> list[str]:
    """Names of invented people; some stand in many rows, as real ones do."""
    return [
        f"{('Fatou', 'Awa', 'Ousmane', 'Maria')[i % 4]} {MARK}{('jallow', 'ba', 'traoré')[i % 3]}"
        for i in range(n)
    ]


def truth(n: int = 2_000, seed: int = 4, home: str = "GMB") -> pd.DataFrame:
    """Harmonised answers of n invented people; one in fifty did not say where he or she was born."""
    rng = np.random.default_rng(seed)
    foreign = rng.random(n) < 0.12
    abroad = rng.choice(COUNTRIES, n, p=[0.45, 0.2, 0.1, 0.1, 0.05, 0.05, 0.05])
    frame = pd.DataFrame({"sex": rng.choice(["M", "F"], n)})
    frame["age"] = np.minimum(rng.exponential(24, n).astype(int), 95)
    frame["country_birth"] = np.where(rng.random(n) < 0.02, "XXX", np.where(foreign, abroad, home))
    frame["citizenship"] = np.where(foreign & (rng.random(n) < 0.7), abroad, home)
    frame["education"] = np.where(frame["age"] < 5, None, rng.choice(list("0123"), n, p=[0.4, 0.3, 0.2, 0.1]))
    frame["area"] = rng.choice(["U", "R"], n)
    frame["weight"] = rng.choice([9.5, 10.0, 11.25], n)
    return frame


def ipums(folder: Path, n: int = 2_000) -> tuple[Path, pd.DataFrame]:
    """A Stata file in the manner of an IPUMS extract: upper-case names, number codes, value labels."""
    answers = truth(n)
    birth = dict(
        zip(
            ["GMB", *COUNTRIES, "XXX"],
            [21050, 21100, 21060, 21070, 21080, 21040, 21090, 21095, 99999],
            strict=True,
        )
    )
    names = [
        "Gambia",
        "Senegal",
        "Guinea",
        "Guinea-Bissau",
        "Mali",
        "Côte d'Ivoire",
        "Nigeria",
        "Niger",
        "Unknown",
    ]
    file = pd.DataFrame(
        {
            "COUNTRY": 270,
            "YEAR": 2013,
            "SERIAL": np.arange(n) // 6 + 1,
            "PERNUM": np.arange(n) % 6 + 1,
            "PERWT": answers["weight"],
            "AGE": answers["age"].where(answers.index % 97 != 3, 999),
            "SEX": answers["sex"].map({"M": 1, "F": 2}),
            "BPLCOUNTRY": answers["country_birth"].map(birth),
            "NATION": answers["citizenship"].map(birth),
            "EDATTAIN": answers["education"].map({"0": 1, "1": 2, "2": 3, "3": 4}).fillna(0),
            "URBAN": answers["area"].map({"R": 1, "U": 2}),
        }
    )
    answers.loc[answers.index % 97 == 3, "age"] = np.nan
    # IPUMS knows "secondary completed" alone, and says "lower secondary" nowhere.
    path = folder / "ipumsi_00001.dta"
    pyreadstat.write_dta(
        file,
        str(path),
        column_labels=["Country", "Year", "Household serial number", "Person number", "Person weight", "Age",
                       "Sex", "Country of birth", "Country of citizenship", "Educational attainment",
                       "Urban-rural status"],
        variable_value_labels={
            "SEX": {1: "Male", 2: "Female", 9: "Unknown"},
            "BPLCOUNTRY": dict(zip(birth.values(), names, strict=True)),
            "NATION": dict(zip(birth.values(), names, strict=True)),
            "EDATTAIN": {0: "NIU (not in universe)", 1: "Less than primary completed", 2: "Primary completed",
                         3: "Lower secondary", 4: "Secondary completed", 9: "Unknown"},
            "URBAN": {1: "Rural", 2: "Urban", 9: "Unknown"},
        },
    )  # fmt: skip
    return path, answers


def dhs(folder: Path, n: int = 1_500) -> tuple[Path, pd.DataFrame]:
    """An SPSS file in the manner of a DHS household recode: HV names, weights with six implied decimals."""
    answers = truth(n, seed=9)
    file = pd.DataFrame(
        {
            "HHID": [f"{NUMBER}{each // 6:>9}" for each in range(n)],
            "HVIDX": np.arange(n) % 6 + 1,
            "HV001": np.arange(n) // 60 + 1,
            "HV005": (answers["weight"] * 1e5).round().astype(int),
            "HV104": answers["sex"].map({"M": 1, "F": 2}),
            "HV105": answers["age"].where(answers.index % 50 != 7, 98),
            "HV106": answers["education"].astype(float).where(answers["education"].ne("3"), 3),
            "HV025": answers["area"].map({"U": 1, "R": 2}),
        }
    )
    answers["weight"] = file["HV005"] / 1e6
    answers.loc[answers.index % 50 == 7, "age"] = np.nan
    # DHS knows one "secondary", which the kit takes for the upper, and "higher".
    answers["education"] = answers["education"].replace({"2": "3", "3": "5"})
    path = folder / "GMHR00FL.SAV"
    pyreadstat.write_sav(
        file,
        str(path),
        column_labels=["Case identification", "Line number", "Cluster number",
                       "Household sample weight (6 decimals)", "Sex of household member",
                       "Age of household members",
                       "Highest educational level attained", "Type of place of residence"],
        variable_value_labels={
            "HV104": {1: "Male", 2: "Female"},
            "HV105": {98: "Don't know"},
            "HV106": {0: "No education, preschool", 1: "Primary", 2: "Secondary", 3: "Higher"},
            "HV025": {1: "Urban", 2: "Rural"},
        },
    )  # fmt: skip
    return path, answers


#: French as an office writes it, in the codes of no list.
FRENCH = {
    "GMB": "Gambie", "SEN": "Sénégal", "GIN": "Guinée", "GNB": "Guinée-Bissau", "MLI": "Mali",
    "CIV": "Côte d’Ivoire", "NGA": "Nigéria", "NER": "Niger", "XXX": "Non déclaré",
}  # fmt: skip


def french_csv(folder: Path, n: int = 2_000) -> tuple[Path, pd.DataFrame]:
    """A CSV as French Excel on Windows saves it: semicolons, decimal commas, Windows-1252, names of persons."""
    answers = truth(n, seed=11)
    file = pd.DataFrame(
        {
            "N° d'ordre": np.arange(1, n + 1),
            "Nom et prénoms": person_names(n),
            "Sexe": answers["sex"].map({"M": "Masculin", "F": "Féminin"}),
            "Âge": answers["age"],
            "Pays de naissance": answers["country_birth"].map(FRENCH),
            "Nationalité": answers["citizenship"].map(FRENCH),
            "Niveau d'instruction": answers["education"].map(
                {
                    "0": "Aucun",
                    "1": "Primaire",
                    "2": "Premier cycle du secondaire",
                    "3": "Second cycle du secondaire",
                }
            ),
            "Milieu de résidence": answers["area"].map({"U": "Urbain", "R": "Rural"}),
            "Pondération": answers["weight"].map(lambda value: f"{value:.2f}".replace(".", ",")),
        }
    )
    path = folder / "ménages été.csv"
    file.to_csv(path, sep=";", index=False, encoding="cp1252")
    return path, answers


def portuguese_xlsx(folder: Path, n: int = 300) -> tuple[Path, pd.DataFrame]:
    """A workbook in Portuguese, with ages as text here and there."""
    answers = truth(n, seed=12, home="CPV")
    names = {"CPV": "Cabo Verde", "SEN": "Senegal", "GIN": "Guiné", "GNB": "Guiné-Bissau", "MLI": "Mali",
             "CIV": "Costa do Marfim", "NGA": "Nigéria", "NER": "Níger", "XXX": "Não declarado"}  # fmt: skip
    file = pd.DataFrame(
        {
            "Nome completo": person_names(n),
            "Sexo": answers["sex"].map({"M": "Masculino", "F": "Feminino"}),
            "Idade": answers["age"].astype(object).where(answers.index % 40 != 5, "desconhecida"),
            "País de nascimento": answers["country_birth"].map(names),
            "Nacionalidade": answers["citizenship"].map(names),
        }
    )
    answers.loc[answers.index % 40 == 5, "age"] = np.nan
    path = folder / "agregados.xlsx"
    file.to_excel(path, index=False)
    return path, answers


#: Portuguese as an office writes it.
PORTUGUESE = {
    "GNB": "Guiné-Bissau", "CPV": "Cabo Verde", "SEN": "Senegal", "GIN": "Guiné-Conacri", "MLI": "Mali",
    "CIV": "Costa do Marfim", "NGA": "Nigéria", "NER": "Níger", "GMB": "Gâmbia", "XXX": "NS/NR",
}  # fmt: skip


def unicode_text(folder: Path, n: int = 400) -> tuple[Path, pd.DataFrame]:
    """What Excel calls "Unicode text": UTF-16, tabs, decimal commas; in Portuguese."""
    answers = truth(n, seed=21, home="CPV")
    answers["country_birth"] = answers["country_birth"].replace("GNB", "GIN")
    file = pd.DataFrame(
        {
            "Nome do inquirido": person_names(n),
            "Género": answers["sex"].map({"M": "Homem", "F": "Mulher"}),
            "Idade (anos completos)": answers["age"],
            "País de nascimento": answers["country_birth"].map(PORTUGUESE),
            "Meio de residência": answers["area"].map({"U": "Urbano", "R": "Rural"}),
            "Fator de ponderação": answers["weight"].map(lambda value: f"{value:.2f}".replace(".", ",")),
        }
    )
    path = folder / "Inquérito.txt"
    file.to_csv(path, sep="\t", index=False, encoding="utf-16", lineterminator="\r\n")
    return path, answers.drop(columns=["citizenship", "education"])


def parquet(folder: Path, n: int = 600) -> tuple[Path, pd.DataFrame]:
    """A Parquet file as a data team writes it: categories, nullable numbers, dates, booleans, long identifiers."""
    answers = truth(n, seed=22, home="GHA")
    lost = answers.index % 61 == 2
    rng = np.random.default_rng(5)
    answers["lived_abroad"] = rng.choice(["Y", "N"], n)
    file = pd.DataFrame(
        {
            "person_identifier": pd.Series(2**60 + 3 * np.arange(n, dtype=np.int64)),
            "fullName": person_names(n),
            "Gender": answers["sex"].map({"M": "Male", "F": "Female"}).astype("category"),
            "AgeYears": answers["age"].astype("Int64").mask(lost),
            "DateOfBirth": pd.Timestamp("2021-06-27") - pd.to_timedelta(answers["age"] * 365.25, unit="D"),
            "CountryOfBirth": answers["country_birth"].replace("XXX", None).astype("category"),
            "Citizenship": answers["citizenship"].map(
                {"SEN": "Senegalese", "GIN": "Guinean", "GNB": "Bissau-Guinean", "MLI": "Malian", "CIV": "Ivorian",
                 "NGA": "Nigerian", "NER": "Nigerien", "GHA": "Ghanaian"}
            ),
            "EverLivedAbroad": answers["lived_abroad"].eq("Y"),
            "sample_weight": answers["weight"].astype("Float32"),
        }
    )  # fmt: skip
    answers.loc[lost, "age"] = np.nan
    answers["country_birth"] = answers["country_birth"].replace("XXX", None)
    path = folder / "people.parquet"
    file.to_parquet(path, index=False)
    return path, answers.drop(columns=["education", "area"])


def spss_numbered(folder: Path, n: int = 800) -> tuple[Path, pd.DataFrame]:
    """An SPSS file of Guinea-Bissau: columns called P01, P02..., questions as labels, missing values declared."""
    answers = truth(n, seed=23, home="GNB")
    lost = answers.index % 37 == 4
    birth = {"GNB": 1, "SEN": 2, "GIN": 3, "MLI": 4, "CIV": 5, "NGA": 6, "NER": 7, "XXX": 99}
    words = {1: "01. Guiné-Bissau", 2: "02. Senegal", 3: "03. Guiné-Conacri", 4: "04. Mali",
             5: "05. Costa do Marfim", 6: "06. Nigéria", 7: "07. Níger", 99: "Não sabe"}  # fmt: skip
    file = pd.DataFrame(
        {
            "P01": [f"{NUMBER}-{i:05}" for i in range(n)],
            "P02": person_names(n),
            "P03": answers["sex"].map({"M": 1.0, "F": 2.0}),
            "P04": answers["age"].astype(float).where(~lost, 999.0),
            "P05": answers["country_birth"].map(birth).astype(float),
            "P06": answers["citizenship"].map(birth).astype(float),
            "P07": answers["education"].map({"0": 0.0, "1": 1.0, "2": 2.0, "3": 3.0}).fillna(8.0),
            "P08": [f"Casa de {name}, " + "perto do mercado " * 20 for name in person_names(n)],
            "P09": np.where(answers["age"] >= 12, answers["age"] // 2, np.nan),
            "P10": answers["country_birth"].map(birth).astype(float),
        }
    )
    answers.loc[lost, "age"] = np.nan
    path = folder / "RGPH_GNB.sav"
    pyreadstat.write_sav(
        file,
        str(path),
        column_labels=["Identificação da pessoa", "Nome", "Sexo", "Idade em anos completos",
                       "Q5. Em que país nasceu?", "Nacionalidade", "Nível de instrução mais elevado", "Endereço",
                       "Idade ao primeiro casamento", "País de nascimento do cônjuge"],
        variable_value_labels={
            "P03": {1: "1. Masculino", 2: "2. Feminino"},
            "P04": {999: "Ignorado"},
            "P05": words,
            "P06": words,
            "P07": {0: "Sem instrução", 1: "Ensino básico", 2: "Secundário 1º ciclo", 3: "Secundário 2º ciclo",
                    8: "Não se aplica"},
            "P10": words,
        },
        missing_ranges={"P04": [{"lo": 998.0, "hi": 999.0}], "P05": [99.0]},
    )  # fmt: skip
    return path, answers.drop(columns=["area", "weight"])


def portable(folder: Path, n: int = 200) -> tuple[Path, pd.DataFrame]:
    """An old SPSS portable file: short names, no labels of codes."""
    answers = truth(n, seed=24, home="SEN")
    file = pd.DataFrame(
        {
            "NOM": [name.replace("é", "e") for name in person_names(n)],
            "SEXE": answers["sex"].map({"M": 1.0, "F": 2.0}),
            "AGE": answers["age"].astype(float),
            "NATION": answers["citizenship"],
        }
    )
    path = folder / "ancien.por"
    pyreadstat.write_por(file, str(path), column_labels=["Nom", "Sexe", "Age", "Nationalite"])
    return path, answers[["sex", "age", "citizenship"]]


def messy_csv(folder: Path, n: int = 500) -> tuple[Path, pd.DataFrame]:
    """A CSV of Senegal that nobody tidied: numbered headings, values with line breaks, blank columns."""
    answers = truth(n, seed=25, home="SEN")
    rng = np.random.default_rng(6)
    places = {"SEN01": "DAKAR", "SEN14": "Région de Ziguinchor", "SEN06": "kedougou", "SEN10": "Saint Louis"}
    answers["region"] = rng.choice(sorted(places), n)
    born = answers["country_birth"].map({**FRENCH, "SEN": "Sénégal", "XXX": "NSP"})
    known = codelist("region").set_index("code")["label_fr"]
    home = answers["country_birth"].eq("SEN") & (answers.index % 3 == 0)
    file = pd.DataFrame(
        {
            "N°": [f"{NUMBER}{i}" for i in range(n)],
            "Adresse ; quartier": [
                f"chez {name};\n{NUMBER} rue 10" if i % 7 == 0 else "" for i, name in enumerate(person_names(n))
            ],
            "P01_REGION": answers["region"].map(places),
            "P02_SEXE": answers["sex"].map({"M": "01", "F": "02"}),
            "P03 Âge (années révolues)": answers["age"],
            "P04 - Lieu de naissance": born.where(~home, answers["region"].map(known)),
            "P05_PAYS_NAISS_MERE": "Mali",
            "P06. Situation matrimoniale": np.where(answers["age"] < 15, "", "Célibataire"),
            "": "",
        }
    )
    path = folder / "ménages.csv"
    text = file.to_csv(sep=";", index=False, lineterminator="\r\n")
    path.write_bytes(("\ufeff" + text).encode())
    answers["mother_country_birth"] = "MLI"
    answers["marital"] = np.where(answers["age"] < 15, None, "S")
    return path, answers.drop(columns=["citizenship", "education", "area", "weight"])


def text_workbook(folder: Path, n: int = 150) -> tuple[Path, pd.DataFrame]:
    """A workbook in which numbers are text and a date is a serial number, with very long remarks."""
    answers = truth(n, seed=26, home="BEN")
    file = pd.DataFrame(
        {
            "ID": [f"{NUMBER}{i:04}" for i in range(n)],
            "Sexe": answers["sex"].map({"M": "Homme", "F": "Femme"}),
            "Age": answers["age"].map(str),
            "Pays de naissance": answers["country_birth"].map({**FRENCH, "BEN": "Bénin"}),
            "Date de naissance": 45_000 - 365 * answers["age"],
            "Remarques": [f"{name} " * 600 if i % 10 == 0 else None for i, name in enumerate(person_names(n))],
            "Coef. d'extrapolation": answers["weight"].map(lambda value: f"{value:.2f}".replace(".", ",")),
        }
    )
    path = folder / "bénin.xlsx"
    file.to_excel(path, index=False)
    return path, answers[["sex", "age", "country_birth", "weight"]]


def two_letters(folder: Path, n: int = 300) -> tuple[Path, pd.DataFrame]:
    """Codes of two letters: NO is Norway and NA Namibia, whatever YAML and pandas take them for. No ages."""
    answers = truth(n, seed=27, home="SLE")[["sex", "country_birth", "citizenship"]]
    two = {"SEN": "SN", "GIN": "GN", "GNB": "NO", "MLI": "NA", "CIV": "CI", "NGA": "NG", "NER": "NE", "SLE": "SL",
           "XXX": ""}  # fmt: skip
    file = pd.DataFrame(
        {
            "gender": answers["sex"].str.lower(),
            "birth_country": answers["country_birth"].map(two),
            "nationality": answers["citizenship"].map(two),
        }
    )
    path = folder / "extract.tsv"
    file.to_csv(path, sep="\t", index=False)
    swapped = answers.replace({"GNB": "NOR", "MLI": "NAM"})
    swapped["country_birth"] = swapped["country_birth"].replace("XXX", None)
    return path, swapped


def un_numbers(folder: Path, n: int = 300) -> tuple[Path, pd.DataFrame]:
    """Countries by the numbers of the UN (M49), as text; sexes as 1.0 and 2.0; letters as DOS wrote them."""
    answers = truth(n, seed=28, home="MLI")
    number = {"SEN": "686", "GIN": "324", "GNB": "624", "MLI": "466", "CIV": "384", "NGA": "566", "NER": "562",
              "XXX": "999"}  # fmt: skip
    file = pd.DataFrame(
        {
            "Prénom": person_names(n),
            "Sexe": answers["sex"].map({"M": "1.0", "F": "2.0"}),
            "Âge révolu": answers["age"],
            "Pays de naissance": answers["country_birth"].map(number),
            "Milieu": answers["area"].map({"U": "Urbain", "R": "Rural"}),
        }
    )
    path = folder / "dos.csv"
    file.to_csv(path, sep=";", index=False, encoding="cp850")
    return path, answers.drop(columns=["citizenship", "education", "weight"])


def ehcvm(folder: Path, n: int = 700) -> tuple[Path, pd.DataFrame]:
    """A Stata file in the manner of the household surveys of WAEMU: short French names, labels of codes."""
    answers = truth(n, seed=29, home="BFA")
    numbers = {"BFA": 1, "SEN": 2, "GIN": 3, "GNB": 4, "MLI": 5, "CIV": 6, "NGA": 7, "NER": 8}
    words = {**FRENCH, "BFA": "Burkina Faso", "NGA": "Nigéria"}
    file = pd.DataFrame(
        {
            "hhid": np.arange(n) // 5 + 101,
            "numind": np.arange(n) % 5 + 1,
            "grappe": np.arange(n) // 60 + 1,
            "milieu": answers["area"].map({"U": 1, "R": 2}),
            "hhweight": answers["weight"],
            "sexe": answers["sex"].map({"M": 1, "F": 2}),
            "age": answers["age"],
            "nation": answers["citizenship"].map(numbers),
            "educ_hi": answers["education"].map({"0": 1, "1": 3, "2": 4, "3": 6}),
            "age_conjoint": answers["age"] + 3,
        }
    )
    path = folder / "ehcvm_individu.dta"
    pyreadstat.write_dta(
        file,
        str(path),
        column_labels=["Identifiant ménage", "Numéro individu", "Grappe", "Milieu de résidence",
                       "Pondération ménage", "Sexe", "Age en années", "Nationalité",
                       "Niveau d'éducation achevé", "Age du conjoint"],
        variable_value_labels={
            "milieu": {1: "Urbain", 2: "Rural"},
            "sexe": {1: "Masculin", 2: "Féminin"},
            "nation": {number: words[code] for code, number in numbers.items()},
            "educ_hi": {1: "Aucun", 2: "Maternelle", 3: "Primaire", 4: "Second. gl 1", 6: "Second. gl 2"},
        },
    )  # fmt: skip
    return path, answers.drop(columns=["country_birth"])


#: Each foreign hand, and whose file it is.
FOREIGN = {
    ipums: "GMB", dhs: "GMB", french_csv: "GMB", portuguese_xlsx: "CPV", unicode_text: "CPV", parquet: "GHA",
    spss_numbered: "GNB", portable: "SEN", messy_csv: "SEN", text_workbook: "BEN", two_letters: "SLE",
    un_numbers: "MLI", ehcvm: "BFA",
}  # fmt: skip
#: What was put in and the file does not hold: nobody asks the unasked.
NOT_THERE = {dhs: {"citizenship", "country_birth"}, portuguese_xlsx: {"education", "area", "weight"}}
