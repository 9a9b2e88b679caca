"""Naming cultures and surnames run down the father's line; given names and languages.

A line begins with the oldest ancestor whom the file names. Corridor persons bring their surname with them: it is
that of their whole line at home. Where two lines with different names would meet, the file names no father.
"""

import numpy as np

from migkit.reference import codelist
from migkit.reference.names import cultures
from migkit.world.draws import Bools, Ints, hashed
from migkit.world.naming import draw_culture, draw_given, draw_surname
from migkit.world.parameters import END, assumption
from migkit.world.people import NONE, Persons


def follow(up: Ints) -> Ints:
    """The last one of each chain of links."""
    root = np.where(up == NONE, np.arange(len(up)), up)
    while True:
        further = root[root]
        if np.array_equal(further, root):
            return root
        root = further


def _part_lines(people: Persons, brings: Bools) -> Ints:
    """The root of each line, once no line holds two names brought from elsewhere."""
    who = np.flatnonzero(brings)
    name = people.culture * 100_000 + people.surname
    while True:
        root = follow(people.father)
        # The first of each line decides; all others of another name get a line of their own.
        lines, first = np.unique(root[who], return_index=True)
        decides = np.full(len(people), NONE, dtype=np.int64)
        decides[lines] = who[first]
        own = root[who] == who  # a root that brings a name keeps it
        decides[who[own]] = who[own]
        stranger = who[name[decides[root[who]]] != name[who]]
        if not len(stranger):
            return np.asarray(np.where(decides[root] == NONE, root, decides[root]))
        people.father[stranger] = NONE


def name_lines(people: Persons, seed: int) -> None:
    """Culture and surname of residents, and of their relatives abroad, down the father's line."""
    brings = people.corridor
    source = _part_lines(people, brings)
    ids = people.truth_id[source]
    # Brothers and sisters whose father is not in the file share a line: that of their mother's children.
    mother = people.mother[source]
    ids = np.where(mother != NONE, people.truth_id[np.maximum(mother, 0)], ids)
    culture = draw_culture(people.father_birth[source], hashed(seed, "culture of the line", ids))
    culture = np.where(brings[source], people.culture[source], culture)
    surname = draw_surname(culture, hashed(seed, "surname of the line", ids))
    people.culture = culture.astype(np.int64)
    people.surname = np.where(brings[source], people.surname[source], surname).astype(np.int64)


def name_persons(people: Persons, seed: int) -> None:
    """Given names of those who have none so far, and everybody's main language."""
    unnamed = np.flatnonzero(people.given == NONE)
    year = END.year - people.born[unnamed] // 365.25
    draw = hashed(seed, "given name", people.truth_id[unnamed])
    given = draw_given(people.culture[unnamed], people.woman[unnamed], year.astype(np.int64), draw)
    people.given[unnamed] = given
    codes = list(codelist("language")["code"])
    table = assumption("language_of_culture")
    language = np.array([codes.index(table.get(culture, "OTH")) for culture in cultures()])
    people.language = language[people.culture]
