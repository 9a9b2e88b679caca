"""One name in three spellings: what stays when accents, titles and the habits of each office's language are off.

A name that an office of Dakar writes Diallo is Jallow in Banjul and Djaló in Bissau. The rules here are about
spelling, not about names: they say how French, English and Portuguese write one sound, and hold no list of names.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd

from migkit.measures._input import shown
from migkit.reference import KitError, _
from migkit.reference.language import N_


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Words before a name that are not part of it.
TITLES = _words(
    "mr mrs ms miss mme mlle mm dr prof hon chief rev sr sra "
    "alhaj alhaji alhadj alhadji elhaj elhadj elhadji hadj hadji hadja haja haji hajia hajj"
)
#: Small words between the parts of a name: Arabic article and filiation, French and Portuguese "of".
PARTICLES = _words("al el ul bin ben bint ibn ould wuld mint de da do das dos du del d l")
#: Arabic "servant of": written apart or together with the word that follows.
_SERVANT = _words("abd abdel abdal abdul abdoul abdur abdour abder")

#: Letters that are no letter with an accent, and the letters that stand for them.
_LETTERS = str.maketrans(
    {
        "ç": "s",
        "ñ": "ny",
        "ɲ": "ny",
        "ŋ": "ng",
        "ɓ": "b",
        "ɗ": "d",
        "ƙ": "k",
        "ƴ": "y",
        "ɛ": "e",
        "ɔ": "o",
        "ə": "e",
    }
    | {"ǝ": "e", "ı": "i", "ł": "l", "ø": "o", "œ": "oe", "æ": "ae", "ð": "d", "þ": "th"}
)
#: What people type for an apostrophe; ʿ and ʾ of transliterated Arabic too.
_APOSTROPHES = re.compile("['’‘ʼʻ`´ʿʾ\u02b9\u02bb]")


@dataclass(frozen=True)
class Rewrite:
    """One rule of spelling.

    Attributes:
        pattern: a regular expression on small letters without accents.
        becomes: what is written instead. A capital is one sound: C (tch, sh), J (dj), N (gn), W and Y (glides).
        why: whose habit it is, in one sentence.
        example: two spellings that the rule brings together.
    """

    pattern: str
    becomes: str
    why: str
    example: str


_V = "[aeiouy]"
#: The rules, in the order in which they are applied.
REWRITES: tuple[Rewrite, ...] = (
    Rewrite(r"([b-df-hj-np-tv-z])\1+", r"\1", N_("A doubled consonant is one sound."), "Cissé, Cisé"),
    Rewrite(r"^(abd[aeiou]+)l(?=[rsnzdt])", r"\1", N_("The Arabic article takes the next sound."), "Abdulrahman"),
    Rewrite(r"tch|tsh|sch", "C", N_("French and Portuguese write tch, English ch."), "Tcherno, Cherno"),
    Rewrite(r"th?i(?=[aeou])", "C", N_("French writes thi or ti before a vowel, English ch."), "Thiam, Cham"),
    Rewrite(r"ch(?=r)", "k", N_("Before r, ch is k."), "Christian, Cristian"),
    Rewrite(r"[cs]h|^x", "C", N_("ch, sh and the Portuguese x are one sound here."), "Cheikh, Sheikh"),
    Rewrite(
        r"d[iy](?=[aeou])|dj|dg(?=[ei])|j|g(?=eo|e$)", "J", N_("French di and dj, English j."), "Diallo, Jallow"
    ),
    Rewrite(rf"gn(?={_V})|nh(?={_V})|n[iy](?=[aeou])", "N", N_("French gn, English ny, Portuguese nh."), "Diagne"),
    Rewrite(r"([bdgklrt])h", r"\1", N_("An h behind these consonants changes little."), "Sakho, Sako"),
    Rewrite(r"ph", "f", N_("ph is f."), "Joseph, Josef"),
    Rewrite(r"s?c(?=[eiy])", "s", N_("c before e, i and y is s."), "Cissé, Sissé"),
    Rewrite(rf"qu(?={_V})|c?[kq]|c", "k", N_("c, qu and k are one sound."), "Camara, Kamara"),
    Rewrite(r"x", "ks", N_("x is ks."), "Alexandre"),
    Rewrite(r"gu(?=[eiy])", "g", N_("French and Portuguese write gu before e and i."), "Guissé, Gisse"),
    Rewrite(r"z", "s", N_("s and z change places."), "Souza, Sousa"),
    Rewrite(r"n(?=[bp])", "m", N_("n before b and p is m."), "Danba, Damba"),
    Rewrite(
        r"^([^aeiouy]+)[iy]e$", r"\1ai", N_("English ie or ye in a word of one syllable is ai."), "Njie, Njai"
    ),
    Rewrite(r"owe$|oe$|ow(?![aeiouy])", "o", N_("English ow and oe are o."), "Sow, Sowe, So"),
    Rewrite(r"oo|ou", "u", N_("French ou, English oo, Portuguese u."), "Diouf, Joof"),
    Rewrite(r"ee", "i", N_("English ee is i."), "Ceesay, Cissé"),
    Rewrite(r"v", "W", N_("v and w change places."), "Savadogo, Sawadogo"),
    Rewrite(r"^[uw](?=[aeio])", "W", N_("French ou before a vowel, English w."), "Ouédraogo, Wedraogo"),
    Rewrite(r"(?<=[aeio])[uw](?=[aeiou]+[^aeiouywW])", "W", N_("u or w between vowels is w."), "Diawara, Djauara"),
    Rewrite(r"(?<=[^aeiouywW])(?:u|w)(?=[aeo]|i(?![aeou]))", "uW", N_("ou or w between sounds."), "Kouamé, Kwame"),
    Rewrite(r"w", "u", N_("Any other w is u."), "Daouda, Dawda"),
    Rewrite(r"^[iy](?=[aeou])", "Y", N_("At the beginning i before a vowel is y."), "Yoro, Ioro"),
    Rewrite(r"(?<=[aeou])[iy](?=[aeou]+[^aeiouyh])", "Y", N_("i or y between vowels is y."), "Kouyaté, Cuiaté"),
    Rewrite(r"y", "i", N_("Any other y is i."), "Sylla, Silla"),
    Rewrite(r"h", "", N_("Any other h is silent."), "Hassane, Assane"),
    Rewrite(r"(?<=[aeiou])ng$", "n", N_("English ng at the end is a French n."), "Bojang, Bodian"),
)
_COMPILED = [(re.compile(rule.pattern), rule.becomes) for rule in REWRITES]
#: Three classes of vowels; what stands between them is lost in writing.
_SYLLABLE = re.compile("^([^aeiou]*)([aeiou]*)(.*)$")
_CLASSES = str.maketrans("aeiou", "AIIOO")


def folded(text: str) -> str:
    """Small letters and digits without accents and signs; words apart by one space; "U.S.A." is "usa"."""
    parts = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe"))
    plain = "".join(sign for sign in parts if not unicodedata.combining(sign))
    words = re.findall(r"[^\W_]+", plain)
    alone = len(words) > 1 and all(len(word) == 1 for word in words)
    return "".join(words) if alone else " ".join(words)


def _text(value: Any) -> str:
    return "" if value is None or value is pd.NA or value != value else str(value)


@lru_cache(maxsize=100_000)
def _normalised(name: str) -> str:
    """One name in small letters without accents, titles and signs; words apart by one space."""
    folded = unicodedata.normalize("NFC", name).casefold().translate(_LETTERS)
    parts = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", folded))
    letters = "".join(sign if sign.isalpha() else " " for sign in parts if not unicodedata.combining(sign))
    words = letters.split()
    return " ".join([word for word in words if word not in TITLES] or words)


def _joined(words: list[str]) -> list[str]:
    """The words of a name without particles; "abdoul" and the word that follows as one."""
    kept: list[str] = []
    for word in words:
        if kept and kept[-1] in _SERVANT and (word in ("al", "el") or word not in PARTICLES):
            kept[-1] += word
        else:
            kept.append(word)
    return [word for word in kept if word not in PARTICLES] or kept


def _word_key(word: str) -> str:
    if not re.fullmatch("[a-z]+", word):  # another script: the word is its own key
        return word
    if word == "h":  # an initial
        return word
    for pattern, becomes in _COMPILED:
        word = pattern.sub(becomes, word)
    parts: tuple[str, str, str] = _SYLLABLE.findall(word)[0]
    start, first, rest = parts
    last = re.search("[aeiou]$", rest)
    bones = re.sub("[aeiou]", "", rest)
    vowels = re.sub(r"(.)\1+", r"\1", first.translate(_CLASSES))
    if not rest:  # a word of one syllable has little else to tell it by
        return start + re.sub("AO", "O", vowels)
    vowel = "I" if vowels.startswith("AI") else vowels[:1]
    end = "O" if last and last.group() in "ou" else ""
    return start + vowel + re.sub("b$", "p", bones) + end


@lru_cache(maxsize=100_000)
def _key(name: str) -> str:
    return " ".join(_word_key(word) for word in _joined(_normalised(name).split()))


def _each(names: Any, what: str, make: Any) -> pd.Series:
    if not isinstance(names, pd.Series):
        if isinstance(names, (str, bytes, dict, pd.DataFrame)) or not hasattr(names, "__iter__"):
            raise KitError(_("{what}: give a column of names, such as table['surname'].").format(what=what))
        names = pd.Series(list(names), dtype=object)
    if names.dtype.kind in "biufcmM":
        if names.notna().any():
            raise KitError(
                _("{what}: names are text, but this column holds {value}.").format(
                    what=what, value=shown(names.dropna().iloc[0])
                )
            )
        return pd.Series([None] * len(names), index=names.index, name=names.name, dtype=object)
    held = names.astype(object)
    table = {name: make(_text(name)) or None for name in held.dropna().unique()}
    return pd.Series([table.get(name) for name in held], index=names.index, name=names.name, dtype=object)


def normalise_name(names: pd.Series) -> pd.Series:
    """Names without what typing changes: case, accents, apostrophes, hyphens, spaces, titles.

    Letters of African alphabets get their usual stand-ins (ɓ is b, ŋ is ng, ñ is ny); other scripts stay. The
    order of words stays. A title is dropped unless the name has no other word.

    Source: ICAO, Doc 9303, Machine Readable Travel Documents, part 3 (2021), section 6, for accents; the list of
    titles is an assumption of ours.

    Args:
        names: a column of surnames, given names or full names.

    Returns:
        A Series with the same index; None where nothing is written.

    Raises:
        KitError: if the column holds numbers.

    >>> list(normalise_name(pd.Series(["N’DIAYE", "El-Hadj  Oumar", "Côté-Ba", None])))
    ['ndiaye', 'el oumar', 'cote ba', None]
    """
    return _each(names, _("Names"), _normalised)


def name_key(names: pd.Series) -> pd.Series:
    """A key that the French, English and Portuguese spellings of one name share.

    ::

        1. normalise; drop particles (al, ould, de); write Abdoul Aziz as one word
        2. apply the rules of spelling: ou = w = u, dj = di = j, gn = ny = nh, tch = thi = ch, qu = c = k ...
        3. keep what stands before the first vowel, the class of that vowel (A; I for e and i; O for o and u),
           the consonants behind it, and a last O: other vowels are what offices write differently

    Equal keys say that two names may be one, not that they are: use the key to find candidates, and the date of
    birth, the sex and the rest to decide. Names of one syllable keep all their vowels.

    Source: the idea of a phonetic key is R. C. Russell's (Soundex, US patent 1,261,167, 1918) and L. Philips's
    (Metaphone, Computer Language 7, 1990); the rules for three languages are ours (assumption), see
    :func:`rewriting_rules`.

    Args:
        names: a column of surnames, given names or full names.

    Returns:
        A Series with the same index; a name of several words has one key a word, in their order; None where
        nothing is written.

    Raises:
        KitError: if the column holds numbers.

    >>> list(name_key(pd.Series(["Diallo", "JALLOW", "Djaló", "Ouédraogo", "Wedraogo", ""])))
    ['JAlO', 'JAlO', 'JAlO', 'WIdrgO', 'WIdrgO', None]
    """
    return _each(names, _("Names"), _key)


def rewriting_rules() -> pd.DataFrame:
    """The rules of spelling of :func:`name_key`, in their order: pattern, what it becomes, why, an example.

    >>> rewriting_rules().loc[6, ["becomes", "example"]].tolist()
    ['J', 'Diallo, Jallow']
    """
    return pd.DataFrame(
        [(rule.pattern, rule.becomes, _(rule.why), rule.example) for rule in REWRITES],
        columns=["pattern", "becomes", "why", "example"],
    )


_SOUNDEX = {
    letter: digit
    for digit, letters in enumerate(("bfpv", "cgjkqsxz", "dt", "l", "mn", "r"), 1)
    for letter in letters
}


def _soundex(name: str) -> str:
    word = re.sub("[^a-z]", "", _normalised(name))
    if not word:
        return ""
    code, before = word[0].upper(), _SOUNDEX.get(word[0], 0)
    for letter in word[1:]:
        digit = _SOUNDEX.get(letter, 0)
        if digit and digit != before:
            code += str(digit)
        if letter not in "hw":  # h and w do not part two letters of one digit
            before = digit
    return code[:4].ljust(4, "0")


def soundex(names: pd.Series) -> pd.Series:
    """Russell's Soundex: the first letter and three digits, made for English names in American censuses.

    It is here to be compared with :func:`name_key`: it keeps the first letter, which is what French and English
    offices write differently.

    Source: US National Archives, The Soundex Indexing System (rules, with the examples of the tests).

    Args:
        names: a column of names.

    Returns:
        A Series with the same index; None where no letter is written.

    >>> list(soundex(pd.Series(["Robert", "Rupert", "Diallo", "Jallow"])))
    ['R163', 'R163', 'D400', 'J400']
    """
    return _each(names, _("Names"), _soundex)


__all__ = [
    "PARTICLES",
    "REWRITES",
    "TITLES",
    "Rewrite",
    "name_key",
    "normalise_name",
    "rewriting_rules",
    "soundex",
]
