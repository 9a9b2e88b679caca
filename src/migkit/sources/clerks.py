"""How clerks write a person's names and date of birth, and how the same person comes to look like another.

Offices write names in their own language (Diallo, Jallow, Djaló); a clerk may use another office's spelling, a
variant or an initial, or put the surname in the place of the given name. Dates of birth become 1 January, lose the
order of day and month, or slip by a year. Pure functions say what is written; :func:`spoil_identity` enters it all
in the ledger.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from migkit.reference import LANGUAGES
from migkit.reference.names import names, spellings
from migkit.sources.records import ErrorModel, Mask, Recorder, Texts, mapped
from migkit.world.draws import chance

Style = Callable[[str], str]
Chances = NDArray[np.float64]

#: Letters that ICAO Doc 9303, part 3, section 6, writes as more than the letter without its accent.
_ICAO = str.maketrans(
    {"Ä": "AE", "Å": "AA", "Æ": "AE", "Ð": "D", "Ø": "OE", "Ö": "OE", "Ü": "UE", "Þ": "TH", "Œ": "OE", "ẞ": "SS"}
    | {"Ł": "L", "Ŋ": "N", "Ɗ": "D", "Ɓ": "B", "Ƙ": "K", "Ɛ": "E", "Ɔ": "O", "'": None, "’": None, ".": None}
)


def as_written(name: str) -> str:
    """The name as the office writes it by hand: unchanged."""
    return name


def without_accents(name: str) -> str:
    """The name as a machine without accents writes it: ``"Cissé"`` becomes ``"Cisse"``."""
    parts = unicodedata.normalize("NFD", name)
    return "".join(letter for letter in parts if not unicodedata.combining(letter)).replace("ı", "i")


def mrz(name: str) -> str:
    """The name in the machine-readable zone of a passport (ICAO Doc 9303, part 3, sections 4.6 and 6).

    Capitals A to Z only; spaces and hyphens become the filler ``<``; apostrophes fall away.
    """
    capitals = without_accents(name.upper().translate(_ICAO))
    return "".join(letter if "A" <= letter <= "Z" else "<" for letter in capitals)


def passport(name: str) -> str:
    """The name as a reader of passports hands it over: :func:`mrz` with spaces for fillers."""
    return mrz(name).replace("<", " ")


def written_names(
    given: NDArray[np.int_], surname: NDArray[np.int_], language: str | Texts, style: Style = as_written
) -> tuple[Texts, Texts]:
    """Surnames and given names as an office writes them when nothing goes wrong.

    Args:
        given: codes of given names, one for each person; below 0: none.
        surname: codes of surnames.
        language: the office's language ("en", "fr", "pt"), one for all or one for each person.
        style: how the office puts names on paper, such as :func:`passport`.

    Returns:
        The surnames and the given names, as text; blank where there is no code.
    """
    return _written("surnames", surname, language, style), _written("given", given, language, style)


def _written(kind: str, codes: NDArray[np.int_], language: str | Texts, style: Style) -> Texts:
    if isinstance(language, str):
        listed = np.append(_styled(kind, language, style), "")  # code -1 is the blank at the end
        return np.asarray(listed[np.maximum(codes, -1)], dtype=object)
    found = np.full(len(codes), "", dtype=object)
    for each in LANGUAGES:
        of_language = language == each
        found[of_language] = _written(kind, codes[of_language], each, style)
    return found


@cache
def _styled(kind: str, language: str, style: Style) -> Texts:
    return np.array([style(name) for name in spellings(kind, language)], dtype=object)


@cache
def _others(kind: str, style: Style, seen_in_registers: bool) -> dict[str, tuple[str, ...]]:
    """Other ways to write each name: those of the other languages' offices, or the variants seen in registers."""
    listed = names(kind)
    found: dict[str, dict[str, None]] = {}
    for code, further in enumerate(listed.variants):
        official = [style(listed.written[language][code]) for language in LANGUAGES]
        new = [style(name) for name in further] if seen_in_registers else official
        for name in official:
            found.setdefault(name, {}).update(dict.fromkeys(new))
    return {name: tuple(other for other in new if other != name) for name, new in found.items()}


def _replaced(written: Texts, table: dict[str, tuple[str, ...]], u: Chances) -> Texts:
    """Each name replaced by one of its others, chosen by ``u``; a name without others stays."""
    new = written.copy()
    for at, (name, level) in enumerate(zip(written, u, strict=True)):
        others = table.get(name)
        if others:
            new[at] = others[int(level * len(others))]
    return new


def other_spelling(kind: str, written: Texts, u: Chances, style: Style = as_written) -> Texts:
    """Names (``kind`` "given" or "surnames") as the office of another language writes them."""
    return _replaced(written, _others(kind, style, False), u)


def variant(kind: str, written: Texts, u: Chances, style: Style = as_written) -> Texts:
    """Names in a variant that registers show; without accents where none is known."""
    new = _replaced(written, _others(kind, style, True), u)
    return np.where(new == written, mapped(written, without_accents), new)


@cache
def _companions(style: Style) -> dict[str, tuple[str, ...]]:
    """For each given name, as each language writes it, the given names of its culture and sex in that language."""
    listed = names("given")
    found: dict[str, tuple[str, ...]] = {}
    for language in LANGUAGES:
        written = _styled("given", language, style)
        for culture, woman in sorted(set(zip(listed.culture.tolist(), listed.woman.tolist(), strict=True))):
            group = tuple(written[(listed.culture == culture) & (listed.woman == woman)])
            for name in group:
                found.setdefault(name, group)
    return found


def doubled(written: Texts, u: Chances, style: Style = as_written) -> Texts:
    """Given names with a second one of the same culture and sex behind them, chosen by ``u``."""
    second = _replaced(written, _companions(style), u)
    pairs = zip(written, second, strict=True)
    return np.array([f"{first} {other}" if other != first else first for first, other in pairs], dtype=object)


def initial(name: str) -> str:
    """The given name as an initial: ``"Mariama"`` becomes ``"M."``."""
    return f"{name[0]}." if name else name


def first_january(day: str) -> str:
    """A date of which only the year is known: ``"1984-05-12"`` becomes ``"1984-01-01"``."""
    return f"{day[:4]}-01-01" if day else day


def estimated(day: str) -> str:
    """A date from an age guessed to the nearest five years: ``"1984-05-12"`` becomes ``"1985-01-01"``."""
    return f"{(int(day[:4]) + 2) // 5 * 5:04d}-01-01" if day else day


def day_and_month_swapped(day: str) -> str:
    """A date in another country's order, if there is such a day: ``"1984-05-12"`` becomes ``"1984-12-05"``."""
    return f"{day[:4]}-{day[8:]}-{day[5:7]}" if day and int(day[8:]) <= 12 else day


def year_off(day: str, years: int) -> str:
    """A date whose year slipped; 29 February becomes 28 February."""
    if not day:
        return day
    return f"{int(day[:4]) + years:04d}-{'02-28' if day[5:] == '02-29' else day[5:]}"


@dataclass(frozen=True)
class Spoiling:
    """One table of one source in the hands of its clerks."""

    recorder: Recorder
    model: ErrorModel
    rng: np.random.Generator

    def has(self, *columns: str) -> bool:
        """Whether the table holds these columns."""
        return all(column in self.recorder.answers for column in columns)

    def hit(self, kind: str) -> Mask:
        """Which records the defect hits; none if the dictionary does not have it."""
        rate = self.model.rate(kind) if kind in self.model.source.defects else 0.0
        return np.asarray(self.rng.random(len(self.recorder)) < rate)

    def enter(self, column: str, where: Mask, new: Texts, kind: str) -> None:
        """Enter ``new``, one value for each record of the mask."""
        values = self.recorder[column].copy()
        values[where] = new
        self.recorder.change(where, column, values, kind)


def spoil_identity(
    recorder: Recorder,
    model: ErrorModel,
    rng: np.random.Generator,
    surname: str = "surname",
    given: str = "given",
    birth: str = "dob",
    style: Style = as_written,
    latest: str = "2026-06-30",
) -> None:
    """Let clerks spoil names and dates of birth, after records were left out, doubled and made up.

    The rates are those of the source's own dictionary (group "all") under name_other_spelling, name_variant,
    name_initial, name_swapped, dob_first_january, dob_estimated, dob_swapped and dob_year_off. A key that the
    dictionary does not have is left out, and so is a column that the table does not have. Each step draws its own
    numbers whatever the rates are, so that changing one rate leaves the other defects as they were.

    Args:
        recorder: the table's records.
        model: the source's rates.
        rng: a stream of its own.
        surname: the column of surnames.
        given: the column of given names.
        birth: the column of dates of birth (ISO text, blank if not known).
        style: how the office puts names on paper, as for :func:`written_names`.
        latest: no date of birth slips past this day.
    """
    clerk = Spoiling(recorder, model, rng)
    _spoil_names(clerk, {"surnames": surname, "given": given}, style)
    _spoil_birth(clerk, birth, latest)


def _spoil_names(clerk: Spoiling, columns: dict[str, str], style: Style) -> None:
    """Spellings of another office, variants and second names, initials, names in each other's place."""
    held = {kind: column for kind, column in columns.items() if clerk.has(column)}
    n = len(clerk.recorder)
    where = clerk.hit("name_other_spelling")
    chances = dict(zip(columns, clerk.rng.random((2, n)), strict=True))
    for kind, column in held.items():
        new = other_spelling(kind, clerk.recorder[column][where], chances[kind][where], style)
        clerk.enter(column, where, new, "name_other_spelling")
    # Surname in a variant, given name in a variant, or a second given name: one of the three.
    where, way, u = clerk.hit("name_variant"), clerk.rng.integers(0, 3, n), clerk.rng.random(n)
    for number, (kind, column) in enumerate(held.items()):
        these = where & (way == number)
        new = variant(kind, clerk.recorder[column][these], u[these], style)
        clerk.enter(column, these, new, "name_variant")
    if "given" in held:
        these = where & (way == 2)
        new = doubled(clerk.recorder[held["given"]][these], u[these], style)
        clerk.enter(held["given"], these, new, "name_variant")
    where = clerk.hit("name_initial")
    if "given" in held:
        short = mapped(clerk.recorder[held["given"]][where], initial)
        clerk.enter(held["given"], where, mapped(short, style), "name_initial")
    where = clerk.hit("name_swapped")
    if len(held) == 2:
        first, last = clerk.recorder[held["given"]][where], clerk.recorder[held["surnames"]][where]
        clerk.enter(held["surnames"], where, first, "name_swapped")
        clerk.enter(held["given"], where, last, "name_swapped")


def _spoil_birth(clerk: Spoiling, birth: str, latest: str) -> None:
    """1 January, an estimated year, day and month swapped, a year too early or too late."""
    steps: list[tuple[str, Mask, Callable[[str], str]]] = [
        ("dob_first_january", clerk.hit("dob_first_january"), first_january),
        ("dob_estimated", clerk.hit("dob_estimated"), estimated),
        ("dob_swapped", clerk.hit("dob_swapped"), day_and_month_swapped),
    ]
    slipped, later = clerk.hit("dob_year_off"), chance(clerk.rng, 0.5, len(clerk.recorder))
    steps += [
        ("dob_year_off", slipped & ~later, partial(year_off, years=-1)),
        ("dob_year_off", slipped & later, partial(year_off, years=1)),
    ]
    if not clerk.has(birth):
        return
    for kind, where, one in steps:
        old = clerk.recorder[birth][where]
        new = mapped(old, one)
        clerk.enter(birth, where, np.where(new <= latest, new, old), kind)
