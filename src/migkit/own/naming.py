"""Which harmonised column a heading or a question means: by its words, in three languages, never by its sound.

"Pays de naissance de la mère" is not "Pays de naissance": every word counts. A word may be misspelled or cut short
("pays_naiss"), and their order does not matter.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from migkit.measures.integration.similarity import edit_distance
from migkit.own.delimited import is_nameless
from migkit.reference import ROOT, Field, read_table

#: How well a name agrees: the same; the same words in another order; each word nearly the same or cut short; the
#: words among others, if the codes confirm it. From SURE on nobody needs to look.
SAME, REORDERED, NEARLY, AMONG = 1.0, 0.97, 0.85, 0.7
SURE = 0.95
#: What agrees less says something only if the codes say so too.
LEAST = 0.8
#: A question's words count a little less than the name of the column, and a name behind a number too.
_OF_LABEL, _OF_NUMBERED = 0.99, 0.985
#: Words that say nothing about which column it is.
_FILLER_WORDS = """
a an the of in at to was is this what which s
de du des d la le les l un une en au aux est quel quelle dans ou
da do das dos o os as um uma em no na e qual foi
code codes code2 iso iso3
"""
_FILLERS = frozenset(_FILLER_WORDS.split())
#: Words that make it the answer of somebody else, or about another time.
_OTHER_WORDS = """
head chief spouse wife husband partner mother father parent parents son daughter child children sibling brother
sister grandmother grandfather mom pop sp interviewer respondent employer first second last previous other
marriage married former
chef conjoint conjointe epoux epouse mari femme mere pere parents fils fille enfant enfants frere soeur grand
enqueteur repondant employeur premier premiere second seconde deuxieme dernier derniere precedent
precedente autre mariage union ancien ancienne
chefe conjuge esposa marido mae pai pais filho filha filhos irmao irma avo inquiridor respondente empregador
primeiro primeira segundo segunda ultimo ultima anterior outro outra casamento antigo antiga
""" + " ".join(f"{n}" for n in range(1, 10))
_OTHERS = frozenset(_OTHER_WORDS.split()) - {"pais"}  # "país" is a country in Portuguese, not only parents
#: A question number before the words: "P05_", "Q12A.", "s01q04a:", "3.2 ", "12)". "2e nationalité" has none.
_NUMBERED = re.compile(
    r"\s*(?:[A-Za-z]{1,3}\d+[A-Za-z0-9]{0,4}[\s._:)-]+|\d+(?:\.\d+)*[A-Za-z]?[.:)-]\s*|\d+(?:\.\d+)+ )"
)
#: A heading that is a number and no word: "P12", "s01q04a", "Q_3", "V101.2", "Unnamed: 3".
_CODE = re.compile(r"[A-Za-z]{0,4}_?\d[\w.]*|[A-Za-z]|Unnamed: \d+")


#: "1er", "2e", "1o", "3rd": the number counts.
_ORDINAL = re.compile(r"^(\d{1,2})(?:er|ere|re|e|eme|nd|nde|de|st|rd|th|o|a)$")


def plain_words(text: str) -> str:
    """Lower-case words without accents and punctuation: "Pays de naissance" and "pays_naissance" look alike."""
    whole = text.translate({0x153: "oe", 0x152: "OE", 0xE6: "ae", 0xC6: "AE", 0xDF: "ss", 0xBA: " ", 0xB0: " "})
    bare = "".join(c for c in unicodedata.normalize("NFKD", whole) if not unicodedata.combining(c))
    spread = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", bare)
    return " ".join(_ORDINAL.sub(r"\1", word) for word in re.findall(r"[a-z0-9]+", spread.lower()))


def _telling(words: str) -> tuple[str, ...]:
    """The words that tell, in alphabetical order."""
    return tuple(sorted(word for word in words.split() if word not in _FILLERS))


@dataclass(frozen=True)
class _Index:
    """The names of harmonised columns, to be looked up: compact, by their words, by the words' first letters."""

    compact: dict[str, frozenset[str]]
    words: dict[tuple[str, ...], frozenset[str]]
    letters: dict[tuple[str, ...], frozenset[tuple[tuple[str, ...], str]]]


@cache
def _listed() -> tuple[tuple[str, str, str], ...]:
    rows = read_table(ROOT / "datasets" / "harmonise" / "column_names.csv")
    return tuple((str(r.column), str(r.layout), str(r.name)) for r in rows.itertuples(index=False))


@cache
def _index(fields: tuple[Field, ...]) -> _Index:
    compact: dict[str, set[str]] = defaultdict(set)
    words: dict[tuple[str, ...], set[str]] = defaultdict(set)
    letters: dict[tuple[str, ...], set[tuple[tuple[str, ...], str]]] = defaultdict(set)
    known = {each.name for each in fields}
    names = [(column, name) for column, _layout, name in _listed() if column in known]
    names += [(each.name, text) for each in fields for text in (each.name, each.label)]
    for column, name in names:
        plain = plain_words(name)
        told = _telling(plain)
        compact[plain.replace(" ", "")].add(column)
        if told:
            words[told].add(column)
            letters[_initials(told)].add((told, column))
    return _Index(
        {key: frozenset(held) for key, held in compact.items()},
        {key: frozenset(held) for key, held in words.items()},
        {key: frozenset(held) for key, held in letters.items()},
    )


def _initials(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(word[0] for word in words))


def agreeing(column: str, label: str, fields: tuple[Field, ...]) -> dict[str, float]:
    """The harmonised columns that the name of a column, or the words the file gives for it, may mean.

    Args:
        column: the heading.
        label: what an SPSS or Stata file says of it; "" if nothing.
        fields: the harmonised columns.

    Returns:
        harmonised column -> how well it agrees (0 to 1). A heading that is no word at all (P12) leaves it to the
        label; a heading and a label that both tell, and tell different things, agree with neither for sure.
    """
    index = _index(fields)
    found: dict[str, float] = {}
    for plain, weight in _ways(column, label):
        for name, score in _agreements(plain, index):
            found[name] = max(found.get(name, 0.0), score * weight)
    return found


def _ways(column: str, label: str) -> Iterator[tuple[str, float]]:
    for text, weight in ((column, 1.0), (label, _OF_LABEL)):
        yield plain_words(text), weight
        if found := _NUMBERED.match(text):
            yield plain_words(text[found.end() :]), weight * _OF_NUMBERED


def _agreements(plain: str, index: _Index) -> Iterator[tuple[str, float]]:
    told = _telling(plain)
    if not told:
        return
    for name in index.compact.get(plain.replace(" ", ""), ()):
        yield name, SAME
    for name in index.words.get(told, ()):
        yield name, REORDERED
    for words, name in index.letters.get(_initials(told), ()):
        if words != told and _nearly(told, words):
            yield name, NEARLY
    if len(told) > 1 and not set(told) & _OTHERS:
        for words, names in index.words.items():
            if len(words) < len(told) and set(words) < set(told) and not _is_code(words):
                for name in names:
                    yield name, AMONG + 0.01 * len(words)


def _is_code(words: tuple[str, ...]) -> bool:
    return all(any(c.isdigit() for c in word) or len(word) < 3 for word in words)


def _nearly(told: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Whether each word is that of the name, nearly that, or its beginning; in whatever order."""
    if len(told) == 1 and len(told[0]) < 4:
        return False  # "mar" may be many things
    rest = list(words)
    for word in told:
        match = next((each for each in rest if _alike(word, each)), None)
        if match is None:
            return False
        rest.remove(match)
    return True


def _alike(word: str, name: str) -> bool:
    """The same, cut short, or with a slip of the pen (two in a long word): "religion" is not "region"."""
    if word == name:
        return True
    if min(len(word), len(name)) < 3 or any(c.isdigit() for c in word + name):
        return False
    return name.startswith(word) or (len(name) >= 5 and edit_distance(word, name) <= (1 if len(name) < 9 else 2))


def of_somebody_else(label: str) -> bool:
    """Whether words speak of another person than the one of the row, or of another time."""
    return bool(set(plain_words(label).split()) & _OTHERS)


def says_nothing(column: str, label: str) -> bool:
    """Whether neither the heading nor the label is a word, so that only the codes can tell what a column is."""
    return not label.strip() and (_CODE.fullmatch(column) is not None or is_nameless(column))


def layouts(column: str, heading: str) -> set[str]:
    """The languages and layouts (en, fr, ipums, dhs...) in which a harmonised column has this heading."""
    return {layout for name, layout, text in _listed() if name == column and text.casefold() == heading.casefold()}


__all__ = ["LEAST", "NEARLY", "SURE", "agreeing", "layouts", "of_somebody_else", "plain_words", "says_nothing"]
