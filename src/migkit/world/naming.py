"""Names of the true persons: quick draws of naming culture, given name and surname.

Each draw looks up a table of quantiles: a uniform number chooses one of ``BINS`` equal parts of the distribution,
and the part holds the code. Weights are thus kept to about one in ``BINS``, and a draw costs one look-up.
"""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from migkit.reference import codelist
from migkit.reference.names import Names, culture_weights, cultures, names
from migkit.world.draws import Bools, Floats, Ints

Codes = NDArray[np.int32]

#: Equal parts of each distribution.
BINS = 1024
#: Births are looked up by periods of five years, from 1900 on; earlier births use the first, later ones the last.
FIRST_YEAR, YEARS, PERIODS = 1900, 5, 26


def _quantiles(codes: NDArray[np.int64], weights: Floats) -> NDArray[np.int16]:
    """The code that each of ``BINS`` equal parts of a distribution holds."""
    cumulated = np.cumsum(weights) / np.sum(weights)
    middle = (np.arange(BINS) + 0.5) / BINS
    return codes[np.searchsorted(cumulated[:-1], middle, side="right")].astype(np.int16)


def _bin(u: Floats) -> NDArray[np.intp]:
    return (u * BINS).astype(np.intp)


@cache
def _culture_table() -> NDArray[np.int16]:
    """Cultures by country of the code list and part: shape (countries, BINS)."""
    position = {code: at for at, code in enumerate(cultures())}
    rows = []
    for iso3 in codelist("country")["code"]:
        shares = culture_weights(iso3)
        rows.append(_quantiles(np.array([position[c] for c in shares]), np.array(list(shares.values()))))
    return np.array(rows)


def _parts(listed: Names, among: Bools) -> NDArray[np.int16]:
    codes = np.flatnonzero(among)
    return _quantiles(codes, listed.weight[codes])


@cache
def _surname_table() -> NDArray[np.int16]:
    """Surnames by culture and part: shape (cultures, BINS)."""
    listed = names("surnames")
    return np.array([_parts(listed, listed.culture == culture) for culture in range(len(cultures()))])


@cache
def _given_table() -> NDArray[np.int16]:
    """Given names by culture, sex (0 man, 1 woman), period of birth and part."""
    listed = names("given")
    table = np.empty((len(cultures()), 2, PERIODS, BINS), dtype=np.int16)
    for culture in range(len(cultures())):
        for woman in (0, 1):
            own = (listed.culture == culture) & (listed.woman == bool(woman))
            for period in range(PERIODS):
                year = FIRST_YEAR + YEARS * period
                table[culture, woman, period] = _parts(
                    listed, own & (listed.since <= year) & (year < listed.until)
                )
    return table


def draw_culture(country_positions: Ints, u: Floats) -> Codes:
    """The naming culture (position in ``cultures()``) of persons from countries, given as code list positions.

    Args:
        country_positions: position in ``codelist("country")``, one for each person.
        u: uniform numbers in [0, 1), one for each person.
    """
    return _culture_table()[country_positions, _bin(u)].astype(np.int32)


def draw_given(culture: ArrayLike, woman: Bools, birth_year: Ints, u: Floats) -> Codes:
    """A given name (row of given.csv) that was common in the culture for that sex in the year of birth."""
    period = np.clip((np.asarray(birth_year) - FIRST_YEAR) // YEARS, 0, PERIODS - 1)
    cell = (np.asarray(culture, dtype=np.intp) * 2 + woman) * PERIODS + period
    return np.asarray(_given_table().ravel()[cell * BINS + _bin(u)], dtype=np.int32)


def draw_surname(culture: ArrayLike, u: Floats) -> Codes:
    """A surname (row of surnames.csv) of the culture."""
    return _surname_table()[np.asarray(culture, dtype=np.intp), _bin(u)].astype(np.int32)
