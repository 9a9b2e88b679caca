"""Files as foreign hands make them: other names, codes, languages, encodings. The people in them are invented.

Each function writes one file and returns it with the frame of harmonised answers behind it, so that a test can
compare what the kit made of the file with what was put in.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat

COUNTRIES = ["SEN", "GIN", "GNB", "MLI", "CIV", "NGA", "NER"]


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
        column_labels=["Country", "Year", "Household serial number", "Person number", "Person weight", "Age", "Sex",
                       "Country of birth", "Country of citizenship", "Educational attainment", "Urban-rural status"],
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
            "HHID": [f"{each // 6:>12}" for each in range(n)],
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
    path = folder / "GMHR00FL.SAV"
    pyreadstat.write_sav(
        file,
        str(path),
        column_labels=["Case identification", "Line number", "Cluster number", "Household sample weight (6 decimals)",
                       "Sex of household member", "Age of household members", "Highest educational level attained",
                       "Type of place of residence"],
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
            "Nom et prénoms": [f"Prénom{i} Nom{i}" for i in range(n)],
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
