"""What the codes of a column mean in the harmonised list: by the file's own labels, else by their words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import pandas as pd

from migkit.measures.administrative.countries import clean_countries, country_review
from migkit.own.cells import FEW, same_code, short_number
from migkit.own.mapping import NOT_ASKED, OPEN, UNKNOWN
from migkit.own.naming import plain_words
from migkit.reference import COUNTRY_NOT_STATED, LANGUAGES, ROOT, Field, codelist, countries, read_table

#: A number before the words of a label: "1. Male", "01 - Masculin", "(2) Oui".
_BEFORE = re.compile(r"^\(?[A-Z]?\d{1,5}[a-z]?\)?\s*[.:=)–-]*\s*(?=[^\W\d])")
#: Two languages in one label: "Male / Masculin"; a code and a name: "SEN - Senegal", "Senegal (SN)".
_BETWEEN = re.compile(r"\s*[/|;=]\s*")
_CODE_AND_NAME = re.compile(r"\s+[–-]\s+|\s*[:/|;=()\[\]]\s*")
#: The usual order in censuses and surveys, for those that say nothing else.
_USUAL: dict[str, dict[str, str]] = {
    "sex": {"1": "M", "2": "F", "9": UNKNOWN, "0": UNKNOWN},
    "yes_no": {"1": "Y", "2": "N", "9": UNKNOWN, "8": UNKNOWN},
}
_USUAL_YES_NO_BY_ZERO = {"1": "Y", "0": "N", "9": UNKNOWN, "8": UNKNOWN}
#: Words around the name of a region that say nothing about which it is.
_AROUND_REGION_WORDS = """
region regiao province provincia district distrito departement departamento state etat county division ilha island
area local government lga city municipality commune of de du do da des la le l d the
"""
_AROUND_REGIONS = frozenset(_AROUND_REGION_WORDS.split())


@dataclass(frozen=True)
class Meaning:
    """What the codes of one column mean.

    Attributes:
        codes: the file's code -> harmonised code, "?" or "-".
        told: whether words said so: bare numbers are only guessed from usage.
        hints: the file's code -> what a person may want to know about it.
    """

    codes: dict[str, str]
    told: bool
    hints: dict[str, str]


def translate(
    counts: dict[str, int],
    labels: dict[str, str],
    wanted: Field,
    country: str,
    missing: Iterable[str] = (),
    ours: bool = False,
) -> Meaning:
    """What the codes of a column mean in the harmonised list.

    Args:
        counts: each code of the file, and in how many rows it stands.
        labels: what the file itself says that a code means.
        wanted: the harmonised column.
        country: whose file it is.
        missing: codes that the file itself declares as missing.
        ours: whether the file may use the kit's own codes: the heading is the harmonised one.

    Returns:
        The codes in their order. What few rows hold, and is neither a short number nor understood nor labelled,
        may name a person: it is left out.
    """
    words = {value: _said(value, labels) for value in counts}
    numbered = wanted.codelist == "country" and not labels and _is_m49(counts, country)
    said = {value: text for value, text in words.items() if numbered or not (text == value and _bare(value))}
    found = _unknown(words, wanted)
    rest = {value: text for value, text in said.items() if value not in found}
    hints: dict[str, str] = {}
    if wanted.codelist == "country":
        found |= _countries(rest, counts, country, hints)
    elif wanted.codelist == "region":
        found |= _regions(rest, country)
    else:
        found |= _listed(rest, wanted.codelist)
    bare = [value for value in counts if value not in said]
    if ours and not labels:
        found |= _own_codes([value for value in counts if value not in found], wanted.codelist, country)
    elif not said:
        found |= _usual(bare, wanted.codelist)
    found |= {
        value: _not_stated(wanted) for value in missing if value in counts and found.get(value, OPEN) == OPEN
    }
    told = bool(said) and (len(said) >= len(bare) or bool(labels))
    order = sorted(counts, key=lambda value: (not _bare(value), len(value) if _bare(value) else 0, value))
    codes = {value: found.get(value, OPEN) for value in order}
    shown = {
        value: word for value, word in codes.items()
        if word != OPEN or value in labels or counts[value] >= FEW or short_number(value)
    }  # fmt: skip
    return Meaning(shown, told, {value: hint for value, hint in hints.items() if value in shown})


def _said(value: str, labels: dict[str, str]) -> str:
    """The words for a code: its label, also where a program took its zeros away; else the code itself."""
    if value in labels:
        return labels[value]
    same = [text for code, text in labels.items() if same_code(code) == same_code(value)]
    return same[0] if len(same) == 1 else value


def _bare(value: str) -> bool:
    return value.lstrip("-").replace(".", "", 1).isdigit()


def _is_m49(counts: dict[str, int], home: str) -> bool:
    """Whether numbers are those of the UN for countries: the most frequent is that of the country itself."""
    most = max(counts, key=lambda value: counts[value], default="")
    return any(each.iso3 == home and each.m49.lstrip("0") == same_code(most) for each in countries())


def _not_stated(wanted: Field) -> str:
    return COUNTRY_NOT_STATED if wanted.codelist == "country" else UNKNOWN


# ------------------------------------------------------------------------------------------------ words


@cache
def _words_of(name: str) -> dict[str, str]:
    """Words of datasets/harmonise/code_words.csv for one list ("" for every list), as plain words: their codes."""
    rows = read_table(ROOT / "datasets" / "harmonise" / "code_words.csv")
    rows = rows[rows["codelist"] == name]
    return {plain_words(word): code for word, code in zip(rows["word"], rows["code"], strict=True)}


@cache
def _labels_of(name: str) -> dict[str, str]:
    """The labels of a code list in three languages, with and without what stands in brackets, and their code."""
    listed = codelist(name)
    found: dict[str, str] = {}
    for language in LANGUAGES:
        for code, words in zip(listed["code"], listed[f"label_{language}"], strict=True):
            found[plain_words(words)] = code
            found.setdefault(plain_words(re.sub(r"\(.*?\)", "", words)), code)
    found.pop("", None)
    return found


def _readings(text: str) -> list[str]:
    """A text, and the same without a number before it and without brackets, each once."""
    bare = _BEFORE.sub("", text)
    return list(dict.fromkeys(filter(None, (text, bare, re.sub(r"\s*[(\[].*?[)\]]\s*", " ", bare).strip()))))


def _look_up(text: str, meanings: dict[str, str]) -> str | None:
    """The code of a text; one in two languages counts if both parts are known and say the same."""
    for reading in _readings(text):
        if code := meanings.get(plain_words(reading)):
            return code
        codes = {meanings.get(plain_words(part)) for part in _BETWEEN.split(reading)}
        if len(codes) == 1 and None not in codes:
            return codes.pop()
    return None


def _unknown(words: dict[str, str], wanted: Field) -> dict[str, str]:
    """Words that say "not stated" or "not asked", whatever the question."""
    own = {} if wanted.codelist in ("country", "region") else _words_of(wanted.codelist)
    found: dict[str, str] = {}
    for value, text in words.items():
        code = _look_up(text, _words_of("")) if _look_up(text, own) is None else None
        if code is not None:
            found[value] = NOT_ASKED if code == NOT_ASKED else _not_stated(wanted)
    return found


def means_blank(text: str) -> bool:
    """Whether words say that there is no answer: not stated, not asked."""
    return _look_up(text, _words_of("")) is not None


def _listed(words: dict[str, str], name: str) -> dict[str, str]:
    """By words; and by letters of the kit's own list, if the column has no other letters."""
    meanings = {**_words_of(name), **_labels_of(name)}
    found = {value: code for value, text in words.items() if (code := _look_up(text, meanings))}
    letters = {code.casefold(): code for code in codelist(name)["code"] if not _bare(code)}
    left = {value: text.casefold() for value, text in words.items() if value not in found}
    if all(len(text) > 2 or text in letters for text in left.values()):
        found |= {value: letters[text] for value, text in left.items() if text in letters}
    return found


def _own_codes(values: list[str], name: str, country: str) -> dict[str, str]:
    """Codes of the kit's own list; that of regions is one for each country."""
    known = set(codelist(name)["code"])
    if name == "region":
        known = {code for code in known if code.startswith(country)}
    return {value: value for value in values if value in known}


def _usual(values: list[str], name: str) -> dict[str, str]:
    """What bare numbers usually mean, where usage is the same nearly everywhere."""
    usual = _USUAL.get(name, {})
    same = {value: same_code(value) for value in values}
    if name == "yes_no" and "0" in same.values():
        usual = _USUAL_YES_NO_BY_ZERO
    if not {"1", "2", "0"} & set(same.values()) or not set(same.values()) <= set(usual):
        return {}
    return {value: usual[code] for value, code in same.items()}


# ------------------------------------------------------------------------------------ regions, countries


def _region_words(text: str) -> str:
    words = plain_words(text).split()
    return " ".join(word for word in words if word not in _AROUND_REGIONS) or " ".join(words)


@cache
def _region_names(country: str) -> dict[str, str]:
    rows = codelist("region")
    rows = rows[rows["code"].str.startswith(country)]
    names: dict[str, str] = {}
    for language in LANGUAGES:
        for text, code in zip(rows[f"label_{language}"], rows["code"], strict=True):
            names.setdefault(_region_words(text), code)
    return names


def _regions(words: dict[str, str], country: str) -> dict[str, str]:
    names = _region_names(country)
    compact = {name.replace(" ", ""): code for name, code in names.items()}
    codes = {code.casefold(): code for code in names.values()}
    found: dict[str, str | None] = {}
    for value, text in words.items():
        readings = [_region_words(reading) for reading in _readings(text)]
        hits = [names.get(each) or compact.get(each.replace(" ", "")) for each in readings]
        found[value] = codes.get(text.casefold()) or next(filter(None, hits), None)
    return {value: code for value, code in found.items() if code}


def _countries(words: dict[str, str], counts: dict[str, int], home: str, hints: dict[str, str]) -> dict[str, str]:
    """Codes of countries. What is ambiguous stays open, with a hint; a region of the country means the country."""
    own = _words_of("country")
    kit = set(codelist("country")["code"])
    found: dict[str, str] = {}
    rest: dict[str, str] = {}
    for value, text in words.items():
        if code := _look_up(text, own) or (text if text in kit else None):
            found[value] = home if code == "HOME" else code
        else:
            rest[value] = text
    for value, (code, hint) in _cleaned(rest, counts).items():
        if code:
            found[value] = code
        if hint:
            hints[value] = hint
    regions = _regions({value: text for value, text in rest.items() if value not in found}, home)
    return found | dict.fromkeys(regions, home)


def _cleaned(words: dict[str, str], counts: dict[str, int]) -> dict[str, tuple[str, str]]:
    """Value -> code ("" if open) and hint. Nearly written names are only sought where many rows hold them."""
    result: dict[str, tuple[str, str]] = {}
    for frequent, least in ((True, 0.8), (False, 1.0)):
        texts = {
            value: _BEFORE.sub("", text) for value, text in words.items() if (counts[value] >= FEW) == frequent
        }
        read = _read_countries(list(texts.values()), least)
        parts = [
            part for text in texts.values() if not read[text][0] for part in _CODE_AND_NAME.split(text) if part
        ]
        read_parts = _read_countries(parts, 1.0)
        for value, text in texts.items():
            code, hint, open_to = read[text]
            agreed = {read_parts[part][0] for part in _CODE_AND_NAME.split(text) if part in read_parts} - {""}
            if not code and not open_to and len(agreed) == 1:
                code = agreed.pop()
            result[value] = (code, hint)
    return _not_available(result, words)


def _read_countries(texts: list[str], least: float) -> dict[str, tuple[str, str, bool]]:
    """Text -> code ("" if none is sure), hint, and whether it can stand for several countries."""
    if not texts:
        return {}
    written = list(dict.fromkeys(texts))
    cleaned = clean_countries(pd.Series(written, dtype=object), least_score=least)
    advice = country_review(cleaned).set_index("written")["advice"]
    read: dict[str, tuple[str, str, bool]] = {}
    for text, row in zip(written, cleaned.itertuples(index=False), strict=True):
        hint = str(advice.get(row.written, ""))
        if row.code is None and row.proposal:
            hint = " or ".join(str(row.proposal).split()) + "?"
        read[text] = (str(row.code or ""), hint, bool(row.how == "ambiguous"))
    return read


def _not_available(found: dict[str, tuple[str, str]], words: dict[str, str]) -> dict[str, tuple[str, str]]:
    """NA is Namibia among codes of two letters, and "not available" among words."""
    codes = sum(len(text) == 2 for text in words.values())
    for value in found:
        if words[value].upper() == "NA" and codes < max(2, len(words) / 2):
            found[value] = ("", "NAM or " + COUNTRY_NOT_STATED + "?")
    return found


__all__ = ["Meaning", "means_blank", "translate"]
