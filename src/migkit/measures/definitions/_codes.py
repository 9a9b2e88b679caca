"""The codes of countries in an office's file: as text, and alike in writing to the country that is asked about."""

import numpy as np
import pandas as pd

from migkit.measures._input import is_unknown, tidy
from migkit.reference import KitError, _, codelist


def country_codes(values: pd.Series) -> pd.Series:
    """Country codes as text: without spaces around them, 270 and 270.0 as "270"."""
    held = tidy(values)
    if not pd.api.types.is_numeric_dtype(values.dtype) and held.map(type).isin([str]).all():
        return held
    plain = {v: f"{v:g}" if isinstance(v, (float, np.floating)) else str(v) for v in held.dropna().unique()}
    return held.map(lambda value: plain.get(value, value) if not pd.isna(value) else None)


def as_code(country: object) -> str:
    """The country's code as text."""
    text = str(country).strip() if isinstance(country, (str, int, np.integer)) else ""
    if not text:
        raise KitError(_("The country must be given as its code in the data, for example 'GMB'."))
    return text


def check_country(codes: pd.Series, country: str, column: str) -> None:
    """Catch "Gambia" or "gmb" where the column says "GMB": every person would become foreign."""
    known = codes[~is_unknown(codes)].astype(str)
    alike = known[known.str.casefold().eq(country.casefold()) & known.ne(country)]
    if len(alike) and known.eq(country).any():
        raise KitError(
            _("Column {column!r} writes {country!r} also as {other!r} ({n} rows); make them alike first.").format(
                column=column, country=country, other=alike.iloc[0], n=len(alike)
            )
        )
    if known.empty or known.eq(country).any():
        return
    strange = country not in set(codelist("country")["code"])
    if len(alike) or strange or not known.str.len().eq(len(country)).any():
        raise KitError(
            _(
                "Column {column!r} holds codes such as {example!r}, but the country was given as {country!r}; "
                "give it as the column writes it."
            ).format(column=column, example=(alike if len(alike) else known).iloc[0], country=country)
        )
