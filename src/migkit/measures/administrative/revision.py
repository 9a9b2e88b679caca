"""How a flow from crossings is revised while the rule's window runs, and what it is expected to become."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import need_columns, number, whole_number
from migkit.measures.administrative._events import as_times, moment, read_crossings
from migkit.measures.administrative.residence import (
    EMIGRATION,
    FINAL,
    IMMIGRATION,
    UNDETERMINED,
    ResidenceRule,
    all_periods,
    moves_table,
    period_of,
    rule_of,
    stated_residence,
)
from migkit.reference import KitError, _


def revisions(
    events: pd.DataFrame,
    until: Any,
    lags: Sequence[int] = (0, 3, 6, 9, 12, 16),
    by: str = "quarter",
    rule: str | ResidenceRule = "twelve_months",
    person: Any = "person",
    time: str = "date",
    direction: str = "direction",
    entry: Any = "E",
    exit: Any = "X",
    resident: str | None = None,
    repeat_minutes: float = 30.0,
) -> pd.DataFrame:
    """How the flow of a period would have been seen so many months after its end, and how it was revised.

    Args:
        events: one row a crossing.
        until: the day up to which the records are complete.
        lags: months after the end of the period.
        by: "year", "quarter" or "month".
        rule, person, time, direction, entry, exit, resident, repeat_minutes: as for residence_moves.

    Returns:
        One row for each period and lag that the records allow: ``period``, ``months_after``, ``final`` and
        ``undetermined`` for ``move`` "immigration" and "emigration". Final figures can only grow as the lag
        grows, and nothing is undetermined once the window is over. The sum of the two is what is possible at the
        time; it may still grow, because who has become a resident can emigrate.

    Raises:
        KitError: as for residence_moves.

    >>> events = pd.DataFrame({"person": ["A", "B", "B"], "date": ["2023-02-01", "2023-03-01", "2023-07-01"],
    ...                        "direction": ["E", "E", "X"]})
    >>> seen = revisions(events, "2024-07-01", lags=(0, 6, 12))
    >>> first = seen[(seen["period"] == "2023Q1") & (seen["move"] == "immigration")]
    >>> first[["months_after", "final", "undetermined"]]
       months_after  final  undetermined
    0             0      0             2
    2             6      0             1
    4            12      1             0
    """
    months = sorted({whole_number(lag, "lags") for lag in lags})
    if not months or months[0] < 0:
        raise KitError(_("lags are months after the end of a period: one number of 0 or more, or several."))
    end, chosen = moment(until, "until"), rule_of(rule)
    minutes, said = number(repeat_minutes, "repeat_minutes"), stated_residence(events, resident)
    every = read_crossings(events, person, time, direction, entry, exit, said)
    times = every.time[every.time < end]
    covered = period_of(pd.Series(as_times([times.min(), times.max()] if len(times) else [])), by)
    lines = []
    known: dict[int, pd.DataFrame] = {}
    for period in all_periods(covered):
        for lag in months:
            next_day = period.end_time.normalize() + pd.Timedelta(days=1)
            day = moment(next_day + pd.DateOffset(months=lag), "lags")
            if day > end:
                continue
            if day not in known:
                known[day] = moves_table(every, said, day, chosen, minutes)
            moves = known[day]
            of_period = moves[period_of(moves["date"], by).isin([period])]
            for move in (IMMIGRATION, EMIGRATION):
                decided = of_period.loc[of_period["move"].eq(move), "decided"]
                n = [int(decided.eq(each).sum()) for each in (FINAL, UNDETERMINED)]
                lines.append((str(period), lag, move, *n))
    return pd.DataFrame(lines, columns=["period", "months_after", "move", "final", "undetermined"])


def provisional_flows(seen: pd.DataFrame) -> pd.DataFrame:
    """The flow of each period as it is expected to become, from how earlier periods were revised.

    ::

        share(k)  = (final now - final at lag k) / undetermined at lag k, summed over the earlier periods of
                    which nothing is undetermined any more
        expected  = final + share(k) x undetermined
        variance  = undetermined x share x (1 - share) x (1 + undetermined / undetermined at lag k of those)

    Source: that such estimates are provisional, and revised once the window is over, is the practice of Stats NZ
    and the Australian Bureau of Statistics; the formula is ours (assumption: the undetermined of today turn out
    like those of before, each by itself).

    Args:
        seen: what :func:`revisions` returned.

    Returns:
        One row for each period, move and lag: the columns of ``seen`` and ``share``, ``expected``, ``se``. Where
        nothing earlier is complete, share and expected are missing; where nothing is undetermined, expected is
        final.

    >>> seen = pd.DataFrame({
    ...     "period": ["2022", "2022", "2023"], "months_after": [0, 12, 0], "move": "immigration",
    ...     "final": [10, 40, 12], "undetermined": [60, 0, 80],
    ... })
    >>> provisional_flows(seen)[["period", "months_after", "share", "expected"]]
      period  months_after  share  expected
    0   2022             0    NaN       NaN
    1   2022            12    NaN      40.0
    2   2023             0    0.5      52.0
    """
    columns = ["period", "months_after", "move", "final", "undetermined"]
    need_columns(seen, columns, _("The table of revisions"))
    table = seen.reset_index(drop=True).copy()
    share, base = np.full(len(table), np.nan), np.zeros(len(table))
    last = table.sort_values("months_after").groupby(["move", "period"], observed=True).last()
    complete = last[last["undetermined"].eq(0)]["final"]
    for at in range(len(table)):
        row = table.iloc[at]
        alike = table[table["move"].eq(row["move"]) & table["months_after"].eq(row["months_after"])]
        alike = alike[alike["period"] < row["period"]]
        later = complete.reindex(pd.MultiIndex.from_arrays([alike["move"], alike["period"]])).to_numpy(dtype=float)
        known = ~np.isnan(later)
        base[at] = alike["undetermined"].to_numpy()[known].sum()
        grown = (later - alike["final"].to_numpy())[known].sum()
        share[at] = grown / base[at] if base[at] else np.nan
    open_ = table["undetermined"].to_numpy(dtype=float)
    spread = open_ * share * (1 - share) * (1 + open_ / np.where(base > 0, base, np.nan))
    table["share"] = share
    table["expected"] = np.where(open_ == 0, table["final"], table["final"] + share * open_)
    table["se"] = np.where(open_ == 0, 0.0, np.sqrt(np.maximum(spread, 0)))
    return table


__all__ = ["provisional_flows", "revisions"]
