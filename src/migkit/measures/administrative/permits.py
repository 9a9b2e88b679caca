"""Permits are not persons: stocks on a day, and arrivals told from renewals."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import NOT_STATED, need_columns, number, shown, tidy
from migkit.measures.administrative._events import (
    DAY,
    Bools,
    Ints,
    as_times,
    free_names,
    moment,
    person_codes,
    seconds,
)
from migkit.reference import KitError, _
from migkit.reference.language import N_

#: What a permit is in the chain of its holder's permits.
LINKS: dict[str, str] = {
    "first": N_("the holder's first permit on file"),
    "renewal": N_("follows another permit of the holder within the gap"),
    "return": N_("follows another permit of the holder after a longer gap: a new stay"),
    "not_usable": N_("no holder or no date of issue"),
}


def _days(permits: pd.DataFrame, column: str) -> tuple[Ints, Bools]:
    what = _("The table of permits, column {column}").format(column=shown(column))
    whole, missing = seconds(permits[column], what)
    return whole // DAY, missing


def _at(at: Any) -> list[int]:
    many = at if isinstance(at, Iterable) and not isinstance(at, str) else [at]
    return [moment(day, "at") // DAY for day in many]


def _dates_make_sense(permits: pd.DataFrame, issue: str, expiry: str) -> None:
    start, no_start = _days(permits, issue)
    end, no_end = _days(permits, expiry)
    wrong = (end < start) & ~no_start & ~no_end
    if wrong.any():
        row = int(wrong.argmax())
        raise KitError(
            _(
                "The table of permits: row {row} expires ({end}) before it is issued ({start}); mend it first "
                "({n} such rows)."
            ).format(
                row=shown(permits.index[row]),
                end=shown(permits[expiry].iloc[row]),
                start=shown(permits[issue].iloc[row]),
                n=int(wrong.sum()),
            )
        )


def permit_stock(
    permits: pd.DataFrame,
    at: Any,
    person: Any = "person_no",
    issue: str = "issue_date",
    expiry: str = "expiry_date",
    closed: str | None = "closed_date",
    grace_days: float = 0,
) -> pd.DataFrame:
    """How many permits and how many persons a register shows on a day, by what one is ready to believe.

    ::

        open     issued by that day, not closed by that day (what a register shows that nobody closes)
        valid    open, and the day lies not after the day of expiry
        grace    open, and the day lies not more than grace_days after it (renewals come late)

    Persons are counted once, however many permits they hold.

    Source: UN, Recommendations on Statistics of International Migration, Revision 1 (1998), on residence permits
    as a source: they are documents, not persons. The rules of validity and grace are assumptions.

    Args:
        permits: one row a permit.
        at: a day, or several.
        person: the column of the holder's number, or several columns that say who it is.
        issue, expiry: columns of the day of issue and the last day of validity.
        closed: the column of the day on which the permit was closed, blank where it is open; None if there is
            none.
        grace_days: so many days after expiry a holder still counts under "grace".

    Returns:
        One row a day (index ``date``): ``open_permits``, ``valid_permits``, ``valid_persons``, ``grace_persons``,
        ``expired_open`` (open permits that are expired), ``no_expiry`` (open permits without a day of expiry: in
        none of the others but the first), ``no_person`` (valid permits without a holder's number: in no count of
        persons) and ``no_issue`` (permits without a day of issue: in no count).

    Raises:
        KitError: if a column is missing, a date cannot be read, or a permit expires before it is issued.

    >>> permits = pd.DataFrame({
    ...     "person_no": ["A", "A", "B", "C"],
    ...     "issue_date": ["2022-01-01", "2023-01-01", "2019-05-01", "2023-03-01"],
    ...     "expiry_date": ["2023-01-01", "2025-01-01", "2021-05-01", "2024-03-01"],
    ...     "closed_date": ["", "", "", "2023-12-01"],
    ... })
    >>> permit_stock(permits, "2024-01-01")[["open_permits", "valid_permits", "valid_persons"]].values.tolist()
    [[3, 1, 1]]
    """
    need_columns(permits, [issue, expiry, *([closed] if closed else [])], _("The table of permits"))
    grace = number(grace_days, "grace_days")
    _dates_make_sense(permits, issue, expiry)
    who, _keys = person_codes(permits, person, _("The table of permits"))
    start, no_start = _days(permits, issue)
    end, no_end = _days(permits, expiry)
    shut, still = _days(permits, closed) if closed else (start, np.ones(len(start), dtype=bool))
    lines = []
    days = _at(at)
    for day in days:
        open_ = ~no_start & (start <= day) & (still | (shut > day))
        valid = open_ & ~no_end & (day <= end)
        late = open_ & ~no_end & (day <= end + grace)
        lines.append(
            {
                "open_permits": int(open_.sum()),
                "valid_permits": int(valid.sum()),
                "valid_persons": len(np.unique(who[valid & (who >= 0)])),
                "grace_persons": len(np.unique(who[late & (who >= 0)])),
                "expired_open": int((open_ & ~no_end & (day > end)).sum()),
                "no_expiry": int((open_ & no_end).sum()),
                "no_person": int((valid & (who < 0)).sum()),
                "no_issue": int(no_start.sum()),
            }
        )
    return pd.DataFrame(lines, index=pd.Index(as_times([day * DAY for day in days]), name="date"))


def link_permits(
    permits: pd.DataFrame,
    person: Any = "person_no",
    issue: str = "issue_date",
    expiry: str = "expiry_date",
    gap_days: float = 180,
) -> pd.DataFrame:
    """Put the permits of one holder in a chain: first permits, renewals, returns after a long gap.

    ::

        gap = day of issue - latest expiry of the holder's earlier permits
        renewal if gap <= gap_days, else return (a new stay)

    Source: the rule of chaining is an assumption; that renewals are no arrivals: UN, Recommendations on Statistics
    of International Migration, Revision 1 (1998), on residence permits as a source.

    Args:
        permits: one row a permit.
        person: the column of the holder's number, or several that say who it is (name key, date of birth).
        issue, expiry: columns of the day of issue and the last day of validity; without expiry it never ends.
        gap_days: the longest gap between two permits of one stay.

    Returns:
        A copy of ``permits`` with ``stay`` (number of the stay, counted over all holders; missing where not
        usable), ``step`` (1 for the first permit of a stay), ``gap`` (days; negative where permits overlap) and
        ``link`` (a key of ``LINKS``).

    Raises:
        KitError: as for :func:`permit_stock`.

    >>> permits = pd.DataFrame({
    ...     "person_no": ["A", "A", "A", "B"],
    ...     "issue_date": ["2018-01-01", "2020-02-01", "2024-06-01", "2023-03-01"],
    ...     "expiry_date": ["2020-01-01", "2022-02-01", "2026-06-01", "2025-03-01"],
    ... })
    >>> link_permits(permits)[["person_no", "stay", "step", "gap", "link"]]
      person_no  stay  step   gap     link
    0         A     1     1  <NA>    first
    1         A     1     2    31  renewal
    2         A     2     1   851   return
    3         B     3     1  <NA>    first
    """
    need_columns(permits, [issue, expiry], _("The table of permits"))
    free_names(permits, ["stay", "step", "gap", "link"], _("The table of permits"))
    longest = number(gap_days, "gap_days")
    _dates_make_sense(permits, issue, expiry)
    who, _keys = person_codes(permits, person, _("The table of permits"))
    start, no_start = _days(permits, issue)
    end, no_end = _days(permits, expiry)
    end = np.where(no_end, 10**7, end)
    usable = np.flatnonzero((who >= 0) & ~no_start)
    rows = usable[np.lexsort((end[usable], start[usable], who[usable]))]
    held = pd.DataFrame({"who": who[rows], "start": start[rows], "end": end[rows]})
    before = held.groupby("who")["end"].cummax().groupby(held["who"]).shift()
    gap = (held["start"] - before).astype("Int64")
    new = gap.isna() | gap.gt(longest)
    chain = new.cumsum()
    link = np.where(gap.isna(), "first", np.where(new, "return", "renewal"))
    n = len(permits)
    stay, step = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    stay[rows], step[rows] = chain.to_numpy(), held.groupby(chain).cumcount().to_numpy() + 1
    gaps = pd.array([pd.NA] * n, dtype="Int64")
    gaps[rows] = gap.to_numpy()
    links = np.full(n, "not_usable", dtype=object)
    links[rows] = link
    out = np.isin(np.arange(n), rows, invert=True)
    return permits.assign(
        stay=pd.array(stay, dtype="Int64"), step=pd.array(step, dtype="Int64"), gap=gaps, link=links
    ).assign(stay=lambda table: table["stay"].mask(out), step=lambda table: table["step"].mask(out))


def permit_flows(
    linked: pd.DataFrame,
    issue: str = "issue_date",
    written: str | None = "first_or_renewal",
    first: Any = "F",
) -> pd.DataFrame:
    """Arrivals by year from permits: every permit, those written as first, and those that are first by the chain.

    Args:
        linked: what :func:`link_permits` returned.
        issue: the column of the day of issue.
        written: the column in which the office says whether it is a first permit; None if there is none.
        first: its code for a first permit.

    Returns:
        One row a year, a last one "Not stated" for permits without a day of issue: ``permits`` (counting them all
        as arrivals), ``written_first``, ``first`` and ``returns`` by the chain, ``arrivals`` (their sum),
        ``renewals``, ``written_first_but_renewal``, ``inflation`` (permits over arrivals: how often an arrival is
        counted if renewals count too).

    >>> permits = pd.DataFrame({
    ...     "person_no": ["A", "A", "B"], "issue_date": ["2018-01-01", "2020-01-01", "2020-03-01"],
    ...     "expiry_date": ["2020-01-01", "2022-01-01", "2022-03-01"], "first_or_renewal": ["F", "F", "F"],
    ... })
    >>> flows = permit_flows(link_permits(permits)).reset_index()
    >>> flows[["year", "permits", "arrivals", "written_first_but_renewal", "inflation"]]
       year  permits  arrivals  written_first_but_renewal  inflation
    0  2018        1         1                          0        1.0
    1  2020        2         1                          1        2.0
    """
    need_columns(linked, [issue, "link", *([written] if written else [])], _("The table of linked permits"))
    day, missing = _days(linked, issue)
    year = pd.Series(as_times(day * DAY)).dt.year
    said = tidy(linked[written]).eq(first).to_numpy(dtype=bool) if written else np.zeros(len(linked), dtype=bool)
    link = linked["link"].to_numpy(dtype=object)
    counted = pd.DataFrame(
        {
            "permits": 1,
            "written_first": said,
            "first": link == "first",
            "returns": link == "return",
            "arrivals": np.isin(link, ["first", "return"]),
            "renewals": link == "renewal",
            "written_first_but_renewal": said & (link == "renewal"),
        }
    )
    label = year.astype("Int64").astype(object).where(~missing, NOT_STATED)
    table = counted.groupby(label.rename("year"), sort=False).sum().astype("int64")
    table = table.loc[
        [*sorted(y for y in table.index if y != NOT_STATED), *([NOT_STATED] if missing.any() else [])]
    ]
    table["inflation"] = table["permits"] / table["arrivals"].where(table["arrivals"] > 0)
    return table


__all__ = ["LINKS", "link_permits", "permit_flows", "permit_stock"]
