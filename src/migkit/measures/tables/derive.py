"""Classifiers that follow from a column: age groups and other bands of numbers, groups of codes.

A recipe (:class:`Bands`, :class:`Groups`) is data. Here it runs on a pandas frame; the cube and the Ibis engine
run the same recipe where the data lie.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import (
    NOT_STATED,
    TOTAL,
    UNKNOWN_CODES,
    in_order,
    is_unknown,
    need_columns,
    numbers,
    shown,
    whole_ages,
    whole_number,
)
from migkit.reference import KitError, _

#: Ages above this are no ages: a code for "unknown" was left in.
OLDEST = 130


def code_text(value: Any) -> str:
    """A code as text: ``1``, ``1.0`` and ``"1 "`` are one code in a file that was read in different ways."""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def is_plain_number(code: str) -> bool:
    """Whether a text is what :func:`code_text` writes for a number: 1 is, 01 is not."""
    try:
        return code_text(float(code)) == code
    except ValueError:
        return False


def places_of(levels: Sequence[str], labels: Any) -> list[int]:
    """The places of some labels among the levels, counted from 0; [-1] if none of them is there."""
    texts = {code_text(label) for label in labels}
    return [place for place, level in enumerate(levels) if level in texts] or [-1]


def is_unknown_code(value: Any) -> bool:
    """True for a code that says "not stated", or the words."""
    return code_text(value) in (*UNKNOWN_CODES, "", NOT_STATED)


def check_breaks(breaks: Any) -> tuple[int, ...]:
    """First numbers of bands, checked: whole, 0 or more, rising.

    Raises:
        KitError: if they are not.
    """
    if isinstance(breaks, str) or not isinstance(breaks, (Sequence, np.ndarray, pd.Series, pd.Index)):
        raise KitError(
            _("The breaks are a list of first ages, such as [0, 15, 65]; got {b}.").format(b=shown(breaks))
        )
    firsts = tuple(whole_number(first, _("Each break")) for first in breaks)
    if not firsts or firsts[0] < 0 or any(a >= b for a, b in pairwise(firsts)):
        raise KitError(
            _("The breaks of the age groups must rise, for example [0, 15, 65]; got {b}.").format(b=list(firsts))
        )
    return firsts


def band_labels(firsts: Sequence[int]) -> tuple[str, ...]:
    """ "5-9", but a band of a single number is just "5"; the last one is open: "80+"."""
    closed = [
        str(first) if following == first + 1 else f"{first}-{following - 1}"
        for first, following in pairwise(firsts)
    ]
    return (*closed, f"{firsts[-1]}+")


@dataclass(frozen=True)
class Bands:
    """Bands of a number: age groups, years since arrival, periods of arrival.

    Attributes:
        name: the name of the new classifier.
        column: the column of numbers (0 or more; blanks and unknown codes stay "Not stated").
        breaks: first numbers of the bands; the last band is open.
        since: if given, what is banded is ``since - column``: years since arrival from the year of arrival.
        limit: a larger number is refused, since it is a code left in the data (999); None lets all pass.
        labels: words for the bands, one each; left out: "0-14", "15-64", "65+".

    >>> Bands("age_group", "age", (0, 15, 65)).labels
    ('0-14', '15-64', '65+')
    """

    name: str
    column: str
    breaks: tuple[int, ...]
    since: int | None = None
    limit: int | None = OLDEST
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the breaks and give the bands their words."""
        object.__setattr__(self, "breaks", check_breaks(self.breaks))
        labels = tuple(self.labels) or band_labels(self.breaks)
        object.__setattr__(self, "labels", labels)
        if len(labels) != len(self.breaks) or len(set(labels)) < len(labels):
            raise KitError(
                _("The classifier {name!r} needs one label for each of its {n} bands, no label twice.").format(
                    name=self.name, n=len(self.breaks)
                )
            )

    @property
    def levels(self) -> tuple[str, ...]:
        """The labels in reading order."""
        return self.labels

    def places(self, labels: Any) -> list[int]:
        """The places of some labels among the levels."""
        return places_of(self.levels, labels)


@dataclass(frozen=True)
class Groups:
    """Groups of codes: born in the country or abroad, regions of countries, broad levels of education.

    Attributes:
        name: the name of the new classifier.
        column: the column of codes.
        groups: pairs of a label and its codes, in reading order; a mapping will do.
        other: the label of all codes that no group names; None keeps each of them as a category of its own.

    >>> Groups("born", "country_birth", {"In the country": ["GMB"]}, other="Abroad").levels
    ('In the country', 'Abroad')
    """

    name: str
    column: str
    groups: Any
    other: str | None = None

    def __post_init__(self) -> None:
        """Bring the groups into one form, and refuse a code that stands in two of them."""
        pairs = self.groups.items() if isinstance(self.groups, Mapping) else self.groups
        groups = tuple(
            (str(label), (code_text(codes),) if isinstance(codes, str) else tuple(map(code_text, codes)))
            for label, codes in pairs
        )
        object.__setattr__(self, "groups", groups)
        every = [code for _label, codes in groups for code in codes]
        twice = sorted({code for code in every if every.count(code) > 1})
        if twice:
            raise KitError(
                _("The classifier {name!r} puts the code {code} into two groups.").format(
                    name=self.name, code=shown(twice[0])
                )
            )
        reserved = {NOT_STATED, TOTAL} & set(self.levels)
        if reserved:
            raise KitError(
                _(
                    "The classifier {name!r} cannot call a group {label}; every table makes that one itself."
                ).format(name=self.name, label=shown(min(reserved)))
            )

    @property
    def levels(self) -> tuple[str, ...]:
        """The labels in reading order, ``other`` last."""
        labels = tuple(label for label, _codes in self.groups)
        return labels if self.other is None or self.other in labels else (*labels, self.other)

    @property
    def keeps_codes(self) -> bool:
        """Whether a code outside all groups is a category of its own."""
        return self.other is None

    def places(self, labels: Any) -> list[int]:
        """The places of some labels among the levels."""
        return places_of(self.levels, labels)

    def codes(self, labels: Any) -> tuple[str, ...]:
        """The codes that carry one of the labels, where codes outside all groups keep their own name."""
        texts = {code_text(label) for label in labels}
        within = {code for _label, codes in self.groups for code in codes}
        named = [code for label, codes in self.groups for code in codes if label in texts]
        return (*named, *sorted(texts - within - {label for label, _codes in self.groups}))

    def label(self, code: Any) -> Any:
        """The label of one code; of a blank and of every unknown code the same one."""
        if pd.isna(code) or is_unknown_code(code):
            return self.unknown
        text = code_text(code)
        for label, codes in self.groups:
            if text in codes:
                return label
        own = code.strip() if isinstance(code, str) else code
        return own if self.other is None else self.other

    @property
    def unknown(self) -> str:
        """The label of what is not stated: the group that names an unknown code, else "Not stated"."""
        for label, codes in self.groups:
            if any(map(is_unknown_code, codes)):
                return str(label)
        return NOT_STATED


#: What a specification may ask for.
Derived = Bands | Groups


def derive(frame: pd.DataFrame, recipe: Derived) -> pd.Series:
    """The classifier that ``recipe`` makes of a column, as a categorical in reading order.

    Args:
        frame: any table that holds the column.
        recipe: a :class:`Bands` or a :class:`Groups`.

    Returns:
        One label a row; rows whose value is blank or unknown are blank, and a table shows them as "Not stated".

    Raises:
        KitError: if the column is missing, or a number is no number, negative, below the first band or beyond the
            limit.

    >>> people = pd.DataFrame({"age": [3, 70, None], "birth": ["GMB", "SEN", "XXX"]})
    >>> derive(people, Bands("age_group", "age", (0, 15, 65))).tolist()
    ['0-14', '65+', nan]
    >>> derive(people, Groups("born", "birth", {"Here": ["GMB"]}, other="Abroad")).tolist()
    ['Here', 'Abroad', nan]
    """
    need_columns(frame, [recipe.column], _("The data for the classifier {name!r}").format(name=recipe.name))
    values = frame[recipe.column]
    if isinstance(recipe, Bands):
        return _banded(values, recipe)
    labels = {value: recipe.label(value) for value in values.dropna().unique()}
    held = values.astype(object).map(labels).where(values.notna(), recipe.unknown)
    return grouped(held, recipe)


def grouped(labels: pd.Series, recipe: Groups) -> pd.Series:
    """Labels of groups as a categorical in reading order; codes that kept their own name follow the groups."""
    held = labels.mask(labels.eq(NOT_STATED), None)
    own = in_order(set(held.dropna()) - set(recipe.levels))
    return pd.Series(pd.Categorical(held, categories=[*recipe.levels, *own]), index=labels.index, name=recipe.name)


def band_numbers(values: pd.Series, recipe: Bands) -> pd.Series:
    """The whole numbers that are banded, blank where unknown; refused where they cannot be."""
    what = _("Column {c!r}").format(c=str(recipe.column))
    asked = values
    if not pd.api.types.is_numeric_dtype(values.dtype):
        asked = values.astype(object).mask(is_unknown(values), None)
    read = np.floor(numbers(asked, what, missing=True))
    if recipe.since is not None:
        read = recipe.since - read
    beyond = read.lt(recipe.breaks[0])
    if recipe.limit is not None:
        beyond |= read.gt(recipe.limit)
    if beyond.any():
        row = int(beyond.to_numpy().argmax())
        raise KitError(band_message(recipe, values.iloc[row], int(beyond.sum()), values.index[row]))
    return pd.Series(read, index=values.index)


def band_message(recipe: Bands, value: Any, n: int, row: Any) -> str:
    """The sentence about a number that lies outside all bands."""
    return _(
        "Column {c!r}: row {row} holds {value}, which is outside the groups {first} to {last} of {name!r} "
        "({n} such rows); make codes such as 999 blank first."
    ).format(
        c=str(recipe.column),
        row=shown(row),
        value=shown(value),
        first=shown(recipe.labels[0]),
        last=shown(recipe.labels[-1]),
        name=recipe.name,
        n=n,
    )


def _banded(values: pd.Series, recipe: Bands) -> pd.Series:
    read = band_numbers(values, recipe)
    bins = [*recipe.breaks, np.inf]
    return pd.Series(
        pd.cut(read, bins=bins, right=False, labels=list(recipe.labels)), index=values.index, name=recipe.name
    )


def age_groups(age: Any, width: int = 5, open_at: int = 80, breaks: Sequence[int] | None = None) -> pd.Series:
    """Age groups "0-4", "5-9" ... "80+", in order; blank ages stay blank (a table shows them as "Not stated").

    Args:
        age: ages in completed years.
        width: width of the groups.
        open_at: first age of the open last group.
        breaks: first ages of the groups, for groups of unequal width; the last one is open. Replaces the other
            two.

    Raises:
        KitError: if an age is negative or above 130, or the groups make no sense.

    >>> list(age_groups(pd.Series([3, 17, 80])))
    ['0-4', '15-19', '80+']
    >>> list(age_groups(pd.Series([3, 17, 80]), breaks=[0, 15, 65]))
    ['0-14', '15-64', '65+']
    """
    years = whole_ages(age, _("Ages"))
    if breaks is None:
        width, open_at = whole_number(width, "width"), whole_number(open_at, "open_at")
        if width < 1 or open_at < width:
            raise KitError(
                _(
                    "Age groups need a width of 1 or more and an open group that starts later; got width {width}, "
                    "open group at {open_at}."
                ).format(width=width, open_at=open_at)
            )
        breaks = [*range(0, open_at, width), open_at]
    firsts = check_breaks(breaks)
    if years.lt(firsts[0]).any():
        raise KitError(
            _(
                "Some ages are below the first age group, which starts at {first}; start it at 0 or filter first."
            ).format(first=firsts[0])
        )
    groups = pd.cut(years, bins=[*firsts, np.inf], right=False, labels=list(band_labels(firsts)))
    return pd.Series(groups, index=years.index, name="age_group")


__all__ = ["Bands", "Groups", "age_groups", "derive"]
