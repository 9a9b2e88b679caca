"""Citizens of a regional community on a day: membership is dated, and people can have several citizenships."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import column_names, is_unknown, need_columns, shown, tidy
from migkit.measures.definitions._spells import NEVER, date_column, day_number
from migkit.measures.definitions.stock_rules import NO, UNKNOWN, YES
from migkit.reference import ROOT, KitError, _, codelist, member, read_table

#: Protocol A/P.1/5/79 was signed on that day; the kit dates the right of entry from it.
FREE_MOVEMENT_FROM = date(1979, 5, 29)


def founded(organisation: str) -> date:
    """The day from which an organisation has members.

    Raises:
        KitError: if the kit knows no such organisation.

    >>> founded("ECOWAS")
    datetime.date(1975, 5, 28)
    """
    rows = read_table(ROOT / "datasets" / "countries" / "memberships.csv")
    ours = rows["organisation"].eq(organisation) if isinstance(organisation, str) else pd.Series(False, rows.index)
    days = [date.fromisoformat(day) for day in rows["from"][ours] if day]
    if not days:
        raise KitError(
            _("The kit has no members of {organisation}; it knows: {known}.").format(
                organisation=shown(organisation), known=", ".join(sorted(set(rows["organisation"])))
            )
        )
    return min(days)


def _withdrew(iso3: str, organisation: str, on: date) -> bool:
    """Whether a country had left by then whose citizens keep their rights until further notice."""
    rows = read_table(ROOT / "datasets" / "countries" / "memberships.csv")
    rows = rows[(rows["iso3"] == iso3) & (rows["organisation"] == organisation) & (rows["note"] == "withdrew")]
    return any(date.fromisoformat(day) <= on for day in rows["until"] if len(day) > 4)


def _is_citizen(code: str, organisation: str, on: date, rights: bool, until: date | None) -> bool:
    """Whether citizens of a country are citizens of the community, or keep the rights of such, on a day."""
    if on < founded(organisation) or (rights and on < FREE_MOVEMENT_FROM):
        return False
    kept = rights and (until is None or on < until) and _withdrew(code, organisation, on)
    return member(code, organisation, on) or kept


def _days(persons: pd.DataFrame, on: Any) -> pd.Series:
    """The day of each row: one day for all, or a column of days."""
    if isinstance(on, str) and on in persons.columns:
        need_columns(persons, [on], _("The table of persons"))
        held = date_column(persons[on], _("The table of persons, column {c!r}").format(c=on))
    else:
        held = np.full(len(persons), day_number(on, _("The reference date")), dtype=np.int64)
    return pd.Series(held, index=persons.index)


def _codes_known(values: pd.Series, column: str) -> pd.Series:
    """Codes of citizenship as text; a KitError for what is no code of a country."""
    held = tidy(values)
    strange = held[~is_unknown(held) & ~held.isin(set(codelist("nationality")["code"]))]
    if len(strange):
        raise KitError(
            _(
                "Column {c!r}: row {row} holds {value}, which is no country code such as SEN ({n} such rows)."
            ).format(c=column, row=shown(strange.index[0]), value=shown(strange.iloc[0]), n=len(strange))
        )
    return held


def community_citizen(
    persons: pd.DataFrame,
    on: Any,
    citizenships: str | Sequence[str] = "citizenship",
    organisation: str = "ECOWAS",
    rights: bool = False,
    rights_until: Any = None,
) -> pd.Series:
    """Who is a citizen of the community on a day: of one of the states that are its members that day.

    ECOWAS has existed since 28 May 1975; before that nobody is. Mauritania left in 2000 (counted to 31 December:
    the day is not known to the kit); Burkina Faso, Mali and Niger on 29 January 2025. Since that day ECOWAS has
    asked its members to go on recognising their citizens' passports and identity cards that bear its emblem, and
    their right to move, reside and settle without a visa, until further notice. So two questions have two
    answers: is somebody a citizen of the community (``rights=False``), and does somebody enjoy free movement
    (``rights=True``: members' citizens since the Protocol of 29 May 1979, the three states' until
    ``rights_until``)?

    Source: Treaty of ECOWAS (1975); Protocol A/P.1/5/79 relating to Free Movement of Persons, Residence and
    Establishment (1979); ECOWAS Commission, statement of 29 January 2025; dates in
    datasets/countries/memberships.csv.

    Args:
        persons: one row a person (or crossing, or permit).
        on: the day, or the name of a column of days.
        citizenships: the column, or columns, of citizenship (ISO 3166 alpha-3). A blank in the first is unknown,
            in the others "no further citizenship"; XXX is unknown in any. Stateless persons (XXA) are no citizens.
        organisation: a community of datasets/countries/memberships.csv.
        rights: ask for free movement instead of citizenship.
        rights_until: the day from which ECOWAS no longer grants it to the three states; None: it still does.

    Returns:
        "yes" if one citizenship is of a member; "no" if all are known and none is; else "unknown" (also
        where there is no day).

    Raises:
        KitError: if a column is missing, or holds what is no code or no date.

    >>> people = pd.DataFrame({"citizenship": ["SEN", "MLI", "FRA", None], "second": ["", "", "TGO", ""]})
    >>> list(community_citizen(people, "2024-12-31", ["citizenship", "second"]))
    ['yes', 'yes', 'yes', 'unknown']
    >>> list(community_citizen(people, "2025-01-29", ["citizenship", "second"]))
    ['yes', 'no', 'yes', 'unknown']
    >>> list(community_citizen(people, "2025-01-29", rights=True))
    ['yes', 'yes', 'no', 'unknown']
    """
    founded(organisation)
    names = column_names(citizenships, _("The citizenships"))
    if not names:
        raise KitError(_("Name at least one column of citizenship."))
    need_columns(persons, names, _("The table of persons"))
    days = _days(persons, on)
    until = None if rights_until is None else _as_date(day_number(rights_until, "rights_until"))
    yes, unknown = pd.Series(False, index=persons.index), days.eq(NEVER)
    for place, name in enumerate(names):
        codes = _codes_known(persons[name], name)
        blank = codes.isna() | codes.eq("")
        unknown |= is_unknown(codes) & ~(blank & (place > 0))
        pairs = pd.DataFrame({"code": codes.where(~is_unknown(codes), ""), "day": days})
        known = {
            (code, day): _is_citizen(code, organisation, _as_date(day), rights, until)
            for code, day in pairs.drop_duplicates().itertuples(index=False)
            if code and day != NEVER
        }
        yes |= np.array(
            [known.get(pair, False) for pair in zip(pairs["code"], pairs["day"], strict=True)], dtype=bool
        )
    # Before there was a community nobody was its citizen, whatever the citizenship.
    unknown &= days.ge(day_number(founded(organisation), "founded"))
    answers = np.where(yes, YES, np.where(unknown, UNKNOWN, NO))
    return pd.Series(answers, index=persons.index, name="community_citizen")


def _as_date(day: int) -> date:
    """The date of a day number."""
    return date.fromordinal(date(1970, 1, 1).toordinal() + int(day))


__all__ = ["community_citizen", "founded"]
