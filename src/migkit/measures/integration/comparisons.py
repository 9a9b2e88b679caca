"""Comparisons: how far two records agree on one thing, as levels from "the same" to "other".

A comparison is data: the column, what is prepared of it, and its levels, best first. Each level can be tried in
Python (to be read and taught) and in DuckDB's SQL (for whole registers); a test shows that both agree.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migkit.measures._input import need_columns, shown
from migkit.measures.integration.keys import agreement_key, parse_key
from migkit.measures.integration.similarity import edit_distance, jaro_winkler
from migkit.reference import KitError, _

#: The level of a pair of which one record does not state the value: it speaks neither for nor against.
MISSING = "missing"
#: The level of a pair whose agreement another comparison counts already: it adds nothing either.
COUNTED = "counted elsewhere"
OTHER = "other"

Mask = NDArray[np.bool_]
Test = Callable[[pd.DataFrame, pd.DataFrame], Mask]


@dataclass(frozen=True)
class Level:
    """One degree of agreement.

    Attributes:
        name: what it is called in tables, such as "same spelling".
        sql: the condition in DuckDB's SQL on the prepared columns, ``{c}_l`` for the left record.
        test: the same for two frames of prepared columns with as many rows.
        frequency: the prepared column whose rare values weigh more, or None.
    """

    name: str
    sql: str
    test: Test = field(repr=False, compare=False)
    frequency: str | None = None


@dataclass(frozen=True)
class Comparison:
    """What is compared.

    Attributes:
        name: the comparison's name in tables (the column).
        prepared: prepared columns, each made by a key (see :func:`agreement_key`).
        levels: the degrees of agreement, best first; a pair that meets none is "other".
        blocking: keys that may bring two records together, the strictest first.
        counted: where this holds, another comparison counts the agreement: the pair is "counted elsewhere".
    """

    name: str
    prepared: Mapping[str, str]
    levels: tuple[Level, ...]
    blocking: tuple[str, ...] = ()
    counted: Level | None = None

    @property
    def main(self) -> str:
        """The prepared column without which there is nothing to compare."""
        return next(iter(self.prepared))

    @property
    def level_names(self) -> list[str]:
        """The levels, best first, and "other"."""
        return [*(level.name for level in self.levels), OTHER]


def _same(column: str, frequency: bool = True, name: str = "same") -> Level:
    return Level(
        name,
        f'"{column}_l" = "{column}_r"',
        lambda left, right: _known(left, right, column) & (left[column].to_numpy() == right[column].to_numpy()),
        column if frequency else None,
    )


def _known(left: pd.DataFrame, right: pd.DataFrame, *columns: str) -> Mask:
    known = np.ones(len(left), dtype=bool)
    for column in columns:
        known &= left[column].notna().to_numpy() & right[column].notna().to_numpy()
    return known


def _crossed(mine: str, other: str) -> Level:
    def test(left: pd.DataFrame, right: pd.DataFrame) -> Mask:
        one = left[mine].notna().to_numpy() & (left[mine].to_numpy() == right[other].to_numpy())
        two = left[other].notna().to_numpy() & (left[other].to_numpy() == right[mine].to_numpy())
        return np.asarray(one & two)

    sql = f'"{mine}_l" = "{other}_r" and "{other}_l" = "{mine}_r"'
    return Level("in the other's place", sql, test)


def _alike(column: str, at_least: float) -> Level:
    def test(left: pd.DataFrame, right: pd.DataFrame) -> Mask:
        return np.asarray(jaro_winkler(left[column], right[column]) >= at_least)

    sql = f'jaro_winkler_similarity("{column}_l", "{column}_r") >= {at_least}'
    return Level(f"alike ({at_least:g})", sql, test)


def _slips(column: str, at_most: int) -> Level:
    def test(left: pd.DataFrame, right: pd.DataFrame) -> Mask:
        return np.asarray(edit_distance(left[column], right[column]) <= at_most)

    # Lengths that differ by more cannot be that near: DuckDB need not count.
    near = f'abs(length("{column}_l") - length("{column}_r")) <= {at_most}'
    sql = f'{near} and damerau_levenshtein("{column}_l", "{column}_r") <= {at_most}'
    return Level("1 slip" if at_most == 1 else f"{at_most} slips", sql, test)


def _prepared(column: str, *taken: str) -> dict[str, str]:
    return {f"{column}__{what}": f"{column}:{what}" for what in taken}


def compare_name(column: str, alike: Sequence[float] = (0.92, 0.8)) -> Comparison:
    """A comparison for one name, as offices write it in English, French and Portuguese.

    Levels: the same spelling; another spelling of the name (the same :func:`name_key`); the first of several words
    the same; an initial; alike by Jaro-Winkler; other. Agreement on a rare name weighs more than on a common one.

    Args:
        column: the column of the name.
        alike: limits of Jaro-Winkler similarity, falling.

    Returns:
        A Comparison.

    Raises:
        KitError: if the limits do not fall from 1 to 0.

    >>> compare_name("surname").level_names[:4]
    ['same', 'other spelling', 'first word the same', 'initial']
    """
    key, first, name = f"{column}__key", f"{column}__first_key", f"{column}__name"

    def initial(left: pd.DataFrame, right: pd.DataFrame) -> Mask:
        a, b = left[name].astype(str), right[name].astype(str)
        short = (a.str.len().to_numpy() == 1) | (b.str.len().to_numpy() == 1)
        return np.asarray(_known(left, right, name) & short & (a.str[:1].to_numpy() == b.str[:1].to_numpy()))

    first_letter = f'least(length("{name}_l"), length("{name}_r")) = 1 and "{name}_l"[1] = "{name}_r"[1]'
    return Comparison(
        column,
        {name: f"{column}:name", key: f"{column}:key", first: f"{column}:first_key"},
        (
            _same(name),
            _same(key, name="other spelling"),
            _same(first, name="first word the same"),
            Level("initial", first_letter, initial),
            *(_alike(name, limit) for limit in _falling(alike)),
        ),
        (f"{column}:key", f"{column}:first_3"),
    )


def compare_names(surname: str, given: str, alike: Sequence[float] = (0.92, 0.8)) -> list[Comparison]:
    """Two comparisons for a person's names, which clerks may have put in each other's place.

    The levels are those of :func:`compare_name`; where surname and given name have changed places, the surname is
    "in the other's place" and the given name "counted elsewhere", so that one mistake is not weighed twice.

    Args:
        surname: the column of the surname.
        given: the column of the given name.
        alike: limits of Jaro-Winkler similarity, falling.

    Returns:
        The comparison of surnames and that of given names.

    Raises:
        KitError: if the limits do not fall from 1 to 0, or both names are one column.

    >>> [each.name for each in compare_names("surname", "given")]
    ['surname', 'given']
    >>> compare_names("surname", "given")[0].level_names[2]
    "in the other's place"
    """
    if surname == given:
        raise KitError(_("Surname and given name are the same column, {x}.").format(x=shown(surname)))
    crossed = _crossed(f"{surname}__key", f"{given}__key")
    first, second = compare_name(surname, alike), compare_name(given, alike)
    other = {f"{surname}__key": f"{surname}:key", f"{given}__key": f"{given}:key"}
    same = _both_same(f"{surname}__key", f"{given}__key")
    both = f"{surname}+{given}:key"
    return [
        replace(
            first,
            prepared={**first.prepared, **other},
            levels=(*first.levels[:2], _but(crossed, same), *first.levels[2:]),
            blocking=(*first.blocking, both),
        ),
        replace(second, prepared={**second.prepared, **other}, counted=_but(crossed, same)),
    ]


def _both_same(first: str, second: str) -> Level:
    """Both columns agree as they stand."""
    one, two = _same(first), _same(second)
    return Level("", f"{one.sql} and {two.sql}", lambda left, right: one.test(left, right) & two.test(left, right))


def _but(level: Level, not_this: Level) -> Level:
    """The level, unless another holds too: Ali Ali is no exchange of names."""
    return Level(
        level.name,
        f"({level.sql}) and not coalesce({not_this.sql}, false)",
        lambda left, right: level.test(left, right) & ~not_this.test(left, right),
    )


def _falling(limits: Sequence[float]) -> list[float]:
    listed = [limits] if isinstance(limits, (int, float)) else list(limits)
    if not all(isinstance(x, (int, float)) and 0 < x < 1 for x in listed) or sorted(set(listed))[::-1] != listed:
        raise KitError(
            _("The limits of similarity must fall between 1 and 0, such as (0.92, 0.8); got {x}.").format(x=limits)
        )
    return [float(x) for x in listed]


def compare_date(column: str) -> Comparison:
    """A comparison for dates of birth that were copied, misread or estimated.

    Levels: the same day; day and month in each other's place; same year where one record says 1 January or knows
    the year alone; same day and month, the year off by one; one slip of the hand; 1 January of a year at most
    three away (an age guessed); other.

    Args:
        column: the column of the date.

    Returns:
        A Comparison.

    >>> compare_date("dob").level_names
    ['same', 'day and month swapped', 'year, 1 January', 'year off by one', 'one slip', 'about the year', 'other']
    """
    c = f"{column}__date"

    def parts(frame: pd.DataFrame) -> tuple["pd.Series[float]", pd.Series, pd.Series, pd.Series]:
        text = frame[c].where(frame[c].notna(), "").astype(str).reset_index(drop=True)
        year = pd.to_numeric(text.str[:4], errors="coerce").astype(float)
        return year, text.str[5:7], text.str[8:10], text.str[5:].isin(["01-01", "00-00"])

    def swapped(left: pd.DataFrame, right: pd.DataFrame) -> Mask:
        (y1, m1, d1, _e1), (y2, m2, d2, _e2) = parts(left), parts(right)
        return ((y1 == y2) & (m1 == d2) & (d1 == m2)).to_numpy()

    def estimated(reach: int) -> Test:
        def test(left: pd.DataFrame, right: pd.DataFrame) -> Mask:
            (y1, _m1, _d1, e1), (y2, _m2, _d2, e2) = parts(left), parts(right)
            return (((y1 - y2).abs() <= reach) & (e1 | e2)).to_numpy()

        return test

    def year_off(left: pd.DataFrame, right: pd.DataFrame) -> Mask:
        (y1, m1, d1, _e1), (y2, m2, d2, _e2) = parts(left), parts(right)
        return (((y1 - y2).abs() == 1) & (m1 == m2) & (d1 == d2)).to_numpy()

    year = f'abs("{c}_l"[1:4]::int - "{c}_r"[1:4]::int)'
    unsure = f"(\"{c}_l\"[6:10] in ('01-01', '00-00') or \"{c}_r\"[6:10] in ('01-01', '00-00'))"
    levels = (
        _same(c),
        Level(
            "day and month swapped",
            f'"{c}_l"[1:4] = "{c}_r"[1:4] and "{c}_l"[6:7] = "{c}_r"[9:10] and "{c}_l"[9:10] = "{c}_r"[6:7]',
            swapped,
        ),
        Level("year, 1 January", f"{year} = 0 and {unsure}", estimated(0)),
        Level("year off by one", f'{year} = 1 and "{c}_l"[6:10] = "{c}_r"[6:10]', year_off),
        # Of two texts of one length that are a slip apart, two signs differ at most: hamming is quick to tell.
        Level("one slip", f'hamming("{c}_l", "{c}_r") <= 2 and {_slips(c, 1).sql}', _slips(c, 1).test),
        Level("about the year", f"{year} <= 3 and {unsure}", estimated(3)),
    )
    return Comparison(
        column, {c: f"{column}:date"}, levels, (f"{column}:date", f"{column}:year", f"{column}:month_day")
    )


def compare_code(column: str, alike: Sequence[Sequence[str]] = ()) -> Comparison:
    """A comparison for codes: sex, country of birth, citizenship, district.

    Args:
        column: the column of the code.
        alike: groups of codes that clerks take for each other, such as ``[("NER", "NGA")]``.

    Returns:
        A Comparison with the levels same, (taken for each other,) other.

    Raises:
        KitError: if a code stands in two groups.

    >>> compare_code("citizenship", alike=[("NER", "NGA")]).level_names
    ['same', 'taken for each other', 'other']
    """
    c = f"{column}__plain"
    levels = [_same(c)]
    groups = [[str(code).casefold() for code in group] for group in alike if not isinstance(group, str)]
    flat = [code for group in groups for code in group]
    if len(set(flat)) < len(flat) or len(groups) < len(alike):
        raise KitError(_("alike: give groups of codes, each code in one group; got {x}.").format(x=list(alike)))
    if groups:
        group_of = {code: str(number) for number, group in enumerate(groups) for code in group}

        def confused(left: pd.DataFrame, right: pd.DataFrame) -> Mask:
            a, b = left[c].map(group_of), right[c].map(group_of)
            return np.asarray(a.notna().to_numpy() & (a.to_numpy() == b.to_numpy()))

        def listed(group: list[str]) -> str:
            return ", ".join("'" + code.replace("'", "''") + "'" for code in group)

        sql = " or ".join(f'("{c}_l" in ({listed(g)}) and "{c}_r" in ({listed(g)}))' for g in groups)
        levels.append(Level("taken for each other", f"({sql})", confused))
    return Comparison(column, {c: f"{column}:plain"}, tuple(levels), (f"{column}:plain",))


def compare_text(column: str, alike: Sequence[float] = (0.92, 0.8)) -> Comparison:
    """A comparison for texts such as an address, a place or an employer.

    Args:
        column: the column of the text.
        alike: limits of Jaro-Winkler similarity, falling.

    Returns:
        A Comparison with the levels same, alike (one a limit), other.

    Raises:
        KitError: if the limits do not fall from 1 to 0.

    >>> compare_text("village", alike=[0.9]).level_names
    ['same', 'alike (0.9)', 'other']
    """
    c = f"{column}__plain"
    levels = [_same(c), *(_alike(c, limit) for limit in _falling(alike))]
    return Comparison(column, {c: f"{column}:plain"}, tuple(levels), (f"{column}:plain",))


def compare_identifier(column: str, slips: int = 1) -> Comparison:
    """A comparison for numbers copied by hand: of a passport, a permit, a house, a telephone.

    Args:
        column: the column of the number.
        slips: up to how many slips of the hand have a level of their own.

    Returns:
        A Comparison with the levels same, 1 slip and so on, other.

    Raises:
        KitError: if ``slips`` is not 0, 1, 2 or 3.

    >>> compare_identifier("passport").level_names
    ['same', '1 slip', 'other']
    """
    if slips not in (0, 1, 2, 3):
        raise KitError(_("slips is 0, 1, 2 or 3; got {x}.").format(x=shown(slips)))
    c = f"{column}__plain"
    levels = [_same(c), *(_slips(c, n) for n in range(1, int(slips) + 1))]
    return Comparison(column, {c: f"{column}:plain"}, tuple(levels), (f"{column}:plain",))


def compare_number(column: str, within: Sequence[float] = (1,)) -> Comparison:
    """A comparison for whole or decimal numbers, such as an age or a year of arrival.

    Args:
        column: the column of the number.
        within: differences that have a level of their own, rising.

    Returns:
        A Comparison with the levels same, within the first difference and so on, other.

    Raises:
        KitError: if the differences do not rise from above 0.

    >>> compare_number("age", within=[1, 2]).level_names
    ['same', 'within 1', 'within 2', 'other']
    """
    listed = [within] if isinstance(within, (int, float)) else list(within)
    if not all(isinstance(x, (int, float)) and x > 0 for x in listed) or sorted(set(listed)) != listed:
        raise KitError(_("within: differences above 0 that rise, such as [1, 2]; got {x}.").format(x=within))
    c = f"{column}__plain"

    def close(reach: float) -> Test:
        def test(left: pd.DataFrame, right: pd.DataFrame) -> Mask:
            a, b = (pd.to_numeric(frame[c], errors="coerce").to_numpy(dtype=float) for frame in (left, right))
            return np.asarray(np.abs(a - b) <= reach)

        return test

    apart = f'abs(try_cast("{c}_l" as double) - try_cast("{c}_r" as double))'
    levels = [_same(c), *(Level(f"within {x:g}", f"{apart} <= {x}", close(x)) for x in listed)]
    return Comparison(column, {c: f"{column}:plain"}, tuple(levels), (f"{column}:plain",))


def prepare(frame: pd.DataFrame, comparisons: Sequence[Comparison], what: str = "") -> pd.DataFrame:
    """What the comparisons need of each record: names without accents, keys, dates as text.

    Args:
        frame: one row a record.
        comparisons: what will be compared (see :func:`as_comparisons`).
        what: how messages call the table.

    Returns:
        A frame with the index of ``frame`` and one text column for each thing prepared.

    Raises:
        KitError: if a column is missing or a date cannot be read.

    >>> people = pd.DataFrame({"surname": ["Cissé"], "sex": ["F"]})
    >>> prepare(people, [compare_name("surname"), compare_code("sex")]).iloc[0].tolist()
    ['cisse', 'sIs', 'sIs', 'f']
    """
    needed: dict[str, str] = {}
    for comparison in as_comparisons(comparisons):
        needed.update(comparison.prepared)
    need_columns(
        frame, dict.fromkeys(c for key in needed.values() for c in parse_key(key)[0]), what or _("The table")
    )
    return pd.DataFrame({name: agreement_key(frame, key) for name, key in needed.items()}, index=frame.index)


def as_comparisons(comparisons: Any) -> list[Comparison]:
    """The comparisons as one list, checked; lists within the list are opened.

    Args:
        comparisons: made by ``compare_names`` and its like.

    Returns:
        The list.

    Raises:
        KitError: if it is empty, holds something else or compares one thing twice.

    >>> [each.name for each in as_comparisons([compare_names("surname", "given"), compare_code("sex")])]
    ['surname', 'given', 'sex']
    """
    given = (
        [comparisons]
        if isinstance(comparisons, Comparison) or not isinstance(comparisons, Sequence)
        else comparisons
    )
    listed = [each for entry in given for each in (entry if isinstance(entry, (list, tuple)) else [entry])]
    for each in listed:
        if not isinstance(each, Comparison):
            raise KitError(
                _("compare: give comparisons such as compare_name('surname'); got {x}.").format(x=shown(each))
            )
    names = [each.name for each in listed]
    if not names or len(set(names)) < len(names):
        raise KitError(_("compare: name at least one comparison, and each column once; got {x}.").format(x=names))
    return listed


def compare_pairs(
    left: pd.DataFrame, right: pd.DataFrame, pairs: pd.DataFrame, comparisons: Sequence[Comparison]
) -> pd.DataFrame:
    """The level of agreement of each pair of records, by Python alone.

    Args:
        left: one row a record.
        right: one row a record of the other file.
        pairs: one row a pair: its first two columns are row numbers in ``left`` and ``right``, from 0.
        comparisons: what is compared.

    Returns:
        A frame with the index of ``pairs`` and a column of levels for each comparison, ``"missing"`` where one
        record does not state the value.

    Raises:
        KitError: if a column is missing or a pair names a row that is not there.

    >>> left = pd.DataFrame({"surname": ["Diallo", "Bah"], "sex": ["F", "M"]})
    >>> right = pd.DataFrame({"surname": ["Jallow", "Baa"], "sex": ["F", None]})
    >>> pairs = pd.DataFrame({"left_row": [0, 1], "right_row": [0, 1]})
    >>> compare_pairs(left, right, pairs, [compare_name("surname"), compare_code("sex")])
              surname      sex
    0  other spelling     same
    1  other spelling  missing
    """
    listed = as_comparisons(comparisons)
    made = [prepare(left, listed, _("The left table")), prepare(right, listed, _("The right table"))]
    rows = [pairs.iloc[:, side].to_numpy() for side in (0, 1)]
    for side, (frame, at) in enumerate(zip(made, rows, strict=True)):
        if len(at) and (at.dtype.kind not in "iu" or at.min() < 0 or at.max() >= len(frame)):
            raise KitError(
                _("pairs: column {column!r} must hold row numbers from 0 to {last}.").format(
                    column=str(pairs.columns[side]), last=len(frame) - 1
                )
            )
    a, b = (frame.iloc[at].reset_index(drop=True) for frame, at in zip(made, rows, strict=True))
    found = {each.name: _levels(each, a, b) for each in listed}
    return pd.DataFrame(found, index=pairs.index)


def _levels(comparison: Comparison, a: pd.DataFrame, b: pd.DataFrame) -> NDArray[np.object_]:
    """The first level that holds, tried only where none held before."""
    found = np.full(len(a), OTHER, dtype=object)
    open_ = _known(a, b, comparison.main)
    found[~open_] = MISSING
    if comparison.counted is not None:
        elsewhere = open_ & comparison.counted.test(a, b)
        found[elsewhere] = COUNTED
        open_ &= ~elsewhere
    for level in comparison.levels:
        at = np.flatnonzero(open_)
        if not len(at):
            break
        hit = at[level.test(a.iloc[at].reset_index(drop=True), b.iloc[at].reset_index(drop=True))]
        found[hit] = level.name
        open_[hit] = False
    return found


__all__ = [
    "COUNTED",
    "MISSING",
    "OTHER",
    "Comparison",
    "Level",
    "as_comparisons",
    "compare_code",
    "compare_date",
    "compare_identifier",
    "compare_name",
    "compare_names",
    "compare_number",
    "compare_pairs",
    "compare_text",
    "prepare",
]
