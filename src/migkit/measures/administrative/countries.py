"""From what people write for a country to its ISO code: and what must be looked at before it is believed.

A file of one office holds "Mali", "ML", "MLI", "466", "malienne" and "Soudan français" for one country, and
"Guinée" for four. Each value gets a code and how it was found; what may be another country is flagged, never
guessed.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import UNKNOWN_CODES, column_names, need_columns, number, shown, tidy
from migkit.measures.administrative._country_words import (
    FIPS_ONLY,
    FIPS_OTHER,
    FORMER_NAMES,
    NATIONALITIES,
    NOT_STATED_WORDS,
    OTHER_CODES,
    OTHER_NAMES,
    TRAPS,
    Trap,
    iso_codes,
    listed,
)
from migkit.measures.administrative.names import folded
from migkit.reference import LANGUAGES, KitError, _, codelist
from migkit.reference.language import N_

#: How a value was read, and what that means.
COUNTRY_CODES: dict[str, str] = {
    "declared": N_("as the user said"),
    "alpha3": N_("ISO 3166 code of three letters"),
    "alpha2": N_("ISO 3166 code of two letters"),
    "numeric": N_("ISO 3166 code of three digits (M49)"),
    "special": N_("code of passports or of the kit that is no country's in ISO 3166"),
    "name": N_("name of the country"),
    "nationality": N_("nationality, written as the country"),
    "former": N_("former name, code or nationality"),
    "ambiguous": N_("more than one country can be meant: no code"),
    "proposed": N_("nearly the name of a country: no code, a proposal"),
    "not_found": N_("no country is written so"),
    "missing": N_("nothing written, or not stated"),
}

#: Words around a name that say nothing about which country it is.
_FILLER_WORDS = """
the la le les l a o of de du des d da do in and et e y republic republique republica state etat estado
islamic islamique federal federale
nationality nationalite nacionalidade citizen citoyen citoyenne cidadao cidada country pays pais
"""
_FILLERS = frozenset(_FILLER_WORDS.split())


@cache
def _words() -> dict[str, dict[str, str]]:
    """Of each folded word the codes it may stand for, each with how: the first of name, nationality, former."""
    found: dict[str, dict[str, str]] = defaultdict(dict)

    def add(code: str, name: str, how: str) -> None:
        if name:
            found[folded(name)].setdefault(code, how)

    known = {three for three, _two, _number in iso_codes()}
    for name, how in (
        ("iso_country", "name"),
        ("country", "name"),
        ("nationality_man", "nationality"),
        ("nationality_woman", "nationality"),
        ("historic_country", "former"),
        ("passport_special", "special"),
    ):
        for row in codelist(name).to_dict("records"):
            for language in LANGUAGES:
                if row["code"] in known or how == "special":
                    add(row["code"], row[f"label_{language}"], how)
        for text, kind in ((OTHER_NAMES, "name"), (NATIONALITIES, "nationality"), (FORMER_NAMES, "former")):
            if kind == how:
                for code, other in listed(text):
                    add(code, other, how)
    return dict(found)


@cache
def _compact() -> dict[str, dict[str, str]]:
    """The same without spaces: "Cote dIvoire", "Guinéebissau"."""
    return {word.replace(" ", ""): codes for word, codes in _words().items()}


@cache
def _codes() -> dict[str, tuple[str, str]]:
    """Of each code, in small letters, the alpha-3 code and how."""
    found: dict[str, tuple[str, str]] = {}
    for three, two, digits in iso_codes():
        found |= {three.lower(): (three, "alpha3"), two.lower(): (three, "alpha2"), digits: (three, "numeric")}
    for code in codelist("nationality")["code"]:
        found.setdefault(code.lower(), (code, "special"))
    found["d"] = ("DEU", "special")  # ICAO Doc 9303 writes Germany as D
    return found


@cache
def _traps() -> tuple[dict[str, Trap], dict[str, Trap]]:
    """The traps by the words they flag, and by the words that they leave undecided."""
    flagged = {word: trap for trap in TRAPS for word in trap.flagged}
    return flagged, {word: trap for trap in TRAPS for word in trap.undecided}


def _core(word: str) -> str:
    """The words that tell, in alphabetical order: "Congo, Democratic Republic of the" is "congo democratic"."""
    told = ["st" if part in ("saint", "sainte", "sao") else part for part in word.split() if part not in _FILLERS]
    return " ".join(sorted(told))


@cache
def _cores() -> dict[str, dict[str, str]]:
    """The same as _words by their cores; a core that two countries share stands for both."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for word, codes in _words().items():
        for code, how in codes.items():
            found[_core(word)].setdefault(code, how)
    return dict(found)


def _exact(word: str) -> tuple[dict[str, str], str]:
    """The codes that a folded word stands for, each with how, and the word that was looked up.

    A plural, the words around a name, their order and the spaces do not matter.
    """
    core = _core(word)
    forms = ((word, _words()), (word.removesuffix("s"), _words()), (word.replace(" ", ""), _compact()))
    for form, words in (*forms, (core, _cores()), (core.removesuffix("s"), _cores())):
        if form in words:
            return words[form], form
    return {}, core


def _near(word: str, least: float) -> list[tuple[float, str]]:
    """Countries whose name is nearly this word: score and code, best first, one line a country."""
    best: dict[str, float] = {}
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(word)
    for name, codes in _words().items():
        if len(name) < 4:
            continue
        matcher.set_seq1(name)
        if matcher.real_quick_ratio() >= least and matcher.quick_ratio() >= least:
            score = matcher.ratio()
            for code in codes if score >= least else ():
                best[code] = max(score, best.get(code, 0.0))
    return sorted(((round(score, 3), code) for code, score in best.items()), key=lambda each: (-each[0], each[1]))


_FIPS = {**FIPS_OTHER, **FIPS_ONLY}
_Line = tuple[Any, str, str, str, float]


def _read(text: str, fips: bool, least: float) -> _Line:
    """Code, how, trap, proposal and score of one written value."""
    word = folded(text)
    no_answer = word in NOT_STATED_WORDS or (word == "na" and text.upper() != "NA")  # n/a, n.a.
    if not word or no_answer or text.upper() in UNKNOWN_CODES:
        return None, "missing", "", "", np.nan
    flagged, undecided = _traps()
    trap = flagged[word].key if word in flagged else ""
    digits = f"{int(word):03d}" if word.isdecimal() and len(word) <= 3 else word
    if fips and word.upper() in _FIPS:
        own = _codes().get(word, ("", ""))[0]
        return None, "ambiguous", trap or "fips", f"{own} {_FIPS[word.upper()]}".strip(), np.nan
    if digits in _codes():
        return *_codes()[digits], trap, "", np.nan
    if word.upper() in OTHER_CODES:
        return None, "proposed", trap, OTHER_CODES[word.upper()], np.nan
    found, form = _exact(word)
    for each in (word, form):
        if each in undecided and (each == word or not found):
            return None, "ambiguous", undecided[each].key, " ".join(undecided[each].codes), np.nan
    trap = trap or (flagged[form].key if form in flagged else "")
    if len(found) == 1:
        return *next(iter(found.items())), trap, "", np.nan
    if found:
        return None, "ambiguous", trap or "shared_name", " ".join(sorted(found)), np.nan
    near = _near(word, least) if len(word) >= 4 else []
    if not near:
        return None, "not_found", "", "", np.nan
    score = near[0][0]
    close = [code for each, code in near if score - each <= 0.06]
    of_trap = next((each.key for each in TRAPS if len(each.codes) <= 4 and set(close) & set(each.codes)), "")
    return None, "proposed", of_trap, " ".join(close), score


def _as_text(value: Any) -> str:
    """What is written, as text; 324.0 as "324"."""
    if value is None or value is pd.NA or value != value:
        return ""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _declared(decided: Mapping[str, str] | None) -> dict[str, str]:
    known = {three for three, _how in _codes().values()}
    for written, code in (decided or {}).items():
        if code not in known:
            raise KitError(
                _("decided: {code} for {written} is no ISO 3166 code of three letters.").format(
                    code=shown(code), written=shown(written)
                )
            )
    return {folded(str(written)): code for written, code in (decided or {}).items()}


def clean_countries(
    values: pd.Series, decided: Mapping[str, str] | None = None, least_score: float = 0.8
) -> pd.DataFrame:
    """The ISO 3166 code of three letters of what a column holds: codes, names, nationalities, former names.

    Names and nationalities are known in English, French and Portuguese. Nothing is guessed: where more than one
    country can be meant, and where a name is only nearly one, the code stays empty and a proposal is made. A code
    that is right in itself but is often written for another country bears the name of the trap, to be looked at.
    Two-letter codes are ISO's; if the column holds UV, IV, GV or PU, which only the American FIPS list has, the
    codes on which the two lists differ (NG is Niger there) become ambiguous. NA is Namibia: read files with
    ``keep_default_na=False``, or pandas makes it blank.

    Source: ISO 3166-1 and 3166-3; names from Unicode CLDR; FIPS PUB 10-4 (1995, withdrawn 2008); ICAO Doc 9303,
    part 3, for codes of passports. Traps and further names: assumption, from files of the region.

    Args:
        values: a column as the office holds it: text or M49 numbers.
        decided: what the office itself has decided: ``{"Guinée": "GIN"}``.
        least_score: similarity (0 to 1: twice the letters in common over the letters of both) from which a name
            is proposed.

    Returns:
        A table with the index of ``values``: ``written``, ``code`` (None where none is sure), ``how`` (a key of
        ``COUNTRY_CODES``), ``trap`` (a key of ``TRAPS``, "fips", "shared_name" or blank), ``proposal`` (codes,
        apart by spaces) and ``score``.

    Raises:
        KitError: if ``values`` is no column or ``decided`` holds something that is no code.

    >>> column = pd.Series(["Haute-Volta", "Ivoirienne", "Guinée", "Congolais", "Sénégl"])
    >>> print(clean_countries(column)[["code", "how", "trap", "proposal"]].replace("", "-"))
       code          how    trap proposal
    0   BFA       former       -        -
    1   CIV  nationality       -        -
    2   GIN         name  guinea        -
    3  None    ambiguous   congo  COG COD
    4  None     proposed       -      SEN
    """
    if not isinstance(values, pd.Series):
        raise KitError(_("Countries: give a column, such as table['nationality']."))
    least = number(least_score, "least_score")
    chosen = _declared(decided)
    written = pd.Series([_as_text(value) for value in values], index=values.index, dtype=object)
    distinct = written.unique()
    fips = any(text.upper() in FIPS_ONLY for text in distinct)
    lines: dict[str, _Line] = {}
    for text in distinct:
        code = chosen.get(folded(text))
        lines[text] = (code, "declared", "", "", np.nan) if code else _read(text, fips, least)
    columns = ["code", "how", "trap", "proposal", "score"]
    table = pd.DataFrame([lines[text] for text in written], columns=columns, index=values.index)
    table[columns[:4]] = table[columns[:4]].astype(object)
    table["code"] = table["code"].where(table["code"].notna(), None)
    table.insert(0, "written", written)
    return table.astype({"score": float})


def country_review(cleaned: pd.DataFrame) -> pd.DataFrame:
    """What a person must look at, one line for each way of writing: no code, or a trap.

    Args:
        cleaned: what :func:`clean_countries` returned.

    Returns:
        Columns ``written``, ``records`` (how many), ``code``, ``how``, ``trap``, ``proposal``, ``score``,
        ``advice``; most records first. Values that are missing are not in it.

    >>> column = pd.Series(["Niger", "Niger", "Mali", "Ghanna"])
    >>> print(country_review(clean_countries(column))[["written", "records", "code", "trap"]].replace("", "-"))
      written  records  code           trap
    0   Niger        2   NER  niger_nigeria
    1  Ghanna        1  None              -
    """
    columns = ["written", "code", "how", "trap", "proposal", "score"]
    need_columns(cleaned, columns, _("The cleaned countries"))
    unsure = cleaned[cleaned["code"].isna() & cleaned["how"].ne("missing") | cleaned["trap"].ne("")]
    counts = unsure["written"].value_counts()
    table = unsure[columns].drop_duplicates("written")
    table.insert(1, "records", table["written"].map(counts).astype("int64"))
    advice = {trap.key: _(trap.advice) for trap in TRAPS}
    table["advice"] = table["trap"].map(advice).fillna("").astype(object)
    return table.sort_values(["records", "written"], ascending=[False, True]).reset_index(drop=True)


def look_alikes(records: pd.DataFrame, column: str, evidence: Sequence[str]) -> pd.DataFrame:
    """Records whose country may have been taken for another of a similar name.

    A code NER is right in itself. It becomes doubtful when another column of the same record, such as the state
    that issued the passport or the country of birth, names the other country of the trap: Nigeria.

    Args:
        records: one row a record, with ISO codes of three letters (see :func:`clean_countries`).
        column: the column in doubt.
        evidence: columns that say something about the same thing.

    Returns:
        One row for each doubtful record, with the index of ``records``: ``code``, ``trap``, ``instead`` (the code
        that the evidence names most often), ``for_it`` and ``against_it`` (how many columns say the one and the
        other).

    Raises:
        KitError: if a column is missing.

    >>> cards = pd.DataFrame({"nationality": ["NER", "NER", "MLI"], "born": ["NGA", "NER", "NGA"]})
    >>> look_alikes(cards, "nationality", ["born"])
      code           trap instead  for_it  against_it
    0  NER  niger_nigeria     NGA       1           0
    """
    evidence = column_names(evidence, _("evidence"))
    need_columns(records, [column, *evidence], _("The table of records"))
    held = tidy(records[column]).to_numpy()
    others = [tidy(records[name]).to_numpy() for name in evidence]
    table = pd.DataFrame({"code": held, "trap": "", "instead": None}, index=records.index, dtype=object)
    best, own = np.zeros(len(held), dtype=np.int64), np.zeros(len(held), dtype=np.int64)
    for trap in TRAPS:
        inside = np.isin(held, trap.codes) if len(trap.codes) <= 4 else np.zeros(len(held), dtype=bool)
        for code in trap.codes:
            named = sum((other == code for other in others), np.zeros(len(held), dtype=np.int64))
            own += np.where(inside & (held == code), named, 0)
            better = inside & (held != code) & (named > best)
            table.loc[better, "trap"], table.loc[better, "instead"] = trap.key, code
            best = np.where(better, named, best)
    table["for_it"], table["against_it"] = best, own
    return table[best > 0]


__all__ = ["COUNTRY_CODES", "TRAPS", "Trap", "clean_countries", "country_review", "look_alikes"]
