"""Names and the naming cultures they come from, with the spellings of English, French and Portuguese offices.

A *naming culture* says which names are common somewhere; it says nothing about who a person is. The tables stand
in datasets/names/. A name's code is the number of its row in the file, from 0: new names go at the end of a file.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migkit.reference.errors import KitError
from migkit.reference.language import _
from migkit.reference.tables import LANGUAGES, country, datasets_folder, read_table

#: The two lists of names.
KINDS: tuple[str, ...] = ("given", "surnames")
#: Whose cultures stand for a country that country_cultures.csv does not list: the rest of the world.
REST_OF_WORLD = "XRW"
#: In which language offices write names where countries.csv names none that the kit writes in.
WORKING_LANGUAGE: dict[str, str] = {
    **dict.fromkeys(("BFA", "MLI", "MRT", "NER"), "fr"),
    **dict.fromkeys(("CHE", "CMR", "DZA", "FRA", "GAB", "GNQ", "LBN", "MAR"), "fr"),
    "PRT": "pt",
}
_LANGUAGE_CODE: dict[str, str] = {"English": "en", "French": "fr", "Portuguese": "pt"}


@dataclass(frozen=True)
class Names:
    """One list of names, all arrays as long as the file has rows.

    ``since`` and ``until`` are the first year of birth that has the name and the first that has it no more.
    """

    culture: NDArray[np.int64]
    woman: NDArray[np.bool_]
    weight: NDArray[np.float64]
    since: NDArray[np.int64]
    until: NDArray[np.int64]
    written: dict[str, NDArray[np.object_]]
    variants: tuple[tuple[str, ...], ...]


def _read(name: str) -> pd.DataFrame:
    return read_table(datasets_folder() / "names" / f"{name}.csv")


@cache
def cultures() -> tuple[str, ...]:
    """The naming cultures; the code of a culture is its position here."""
    return tuple(_read("cultures")["code"])


@cache
def culture_weights(iso3: str) -> dict[str, float]:
    """A country's naming cultures with their rough shares; those of the rest of the world if it has no row."""
    rows = _read("country_cultures")
    own = rows[rows["iso3"] == iso3]
    own = own if len(own) else rows[rows["iso3"] == REST_OF_WORLD]
    weight = own["weight"].astype(float)
    return dict(zip(own["culture"], weight / weight.sum(), strict=True))


@cache
def names(kind: str) -> Names:
    """The list ``"given"`` or ``"surnames"``.

    Raises:
        KitError: if there is no such list, or a row names a culture that cultures.csv does not have.
    """
    if kind not in KINDS:
        raise KitError(
            _("There is no list of names {kind!r}; use one of {known}.").format(kind=kind, known=", ".join(KINDS))
        )
    rows = _read(kind)
    culture = pd.Index(cultures()).get_indexer(pd.Index(rows["culture"]))
    if (culture < 0).any():
        row = int(np.argmax(culture < 0))
        raise KitError(
            _("datasets/names/{kind}.csv, row {row}: {culture!r} is not in cultures.csv; add it there.").format(
                kind=kind, row=row + 2, culture=rows["culture"].iloc[row]
            )
        )
    blank = pd.Series([""] * len(rows))
    since, until = rows.get("from", blank), rows.get("until", blank)
    return Names(
        culture=culture.astype(np.int64),
        woman=(rows.get("sex", blank) == "F").to_numpy(dtype=bool),
        weight=np.asarray(rows["weight"], dtype=np.float64),
        since=np.asarray(since.where(since != "", "0"), dtype=np.int64),
        until=np.asarray(until.where(until != "", "9999"), dtype=np.int64),
        written={language: rows[f"name_{language}"].to_numpy(dtype=object) for language in LANGUAGES},
        variants=tuple(tuple(text.split()) for text in rows["variants"]),
    )


def spellings(kind: str, language: str) -> NDArray[np.object_]:
    """How an office of ``language`` writes each name of the list, by code."""
    return names(kind).written[language]


def spelling(kind: str, code: int, language: str) -> str:
    """How an office of ``language`` writes one name: ``spelling("surnames", 18, "en")``."""
    return str(spellings(kind, language)[code])


def variants(kind: str, code: int) -> tuple[str, ...]:
    """Other spellings of one name that are seen in registers."""
    return names(kind).variants[code]


def office_language(iso3: str) -> str:
    """In which language a country's offices write names: en, fr or pt (English if they use none of them)."""
    named = _LANGUAGE_CODE.get(country(iso3).official_language)
    return named or WORKING_LANGUAGE.get(iso3, "en")
