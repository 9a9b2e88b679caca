"""Days on which the system of a post was down: what it would have recorded, and how sure that is."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migkit.measures._estimate import Estimate
from migkit.measures._input import TOTAL, need_columns, number, numbers, shown, tidy
from migkit.measures.administrative._events import DAY, Bools, Ints, as_times, moment, seconds
from migkit.reference import KitError, _

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class OutageAdjustment:
    """What the days without the system add to a count.

    Attributes:
        total: the count of all days, with the standard error of what was imputed.
        by_post: one row a post and a last one "Total": ``recorded`` (on days that worked), ``outage_days``,
            ``imputed``, ``se``, ``total``, ``dispersion``.
        days: one row for each outage day: ``post``, ``date``, ``recorded``, ``expected``.
    """

    total: Estimate
    by_post: pd.DataFrame
    days: pd.DataFrame


def daily_counts(
    events: pd.DataFrame, first: Any, last: Any, post: str = "post_code", date: str = "date", posts: Any = None
) -> pd.DataFrame:
    """Records by post and day, with a row for days that have none.

    Args:
        events: one row a record.
        first, last: the first and the last day to count.
        post, date: its columns.
        posts: the posts to show, also those without any record; without it, those that have one.

    Returns:
        Columns ``post``, ``date``, ``count``; posts in order, each with all its days. Records of other days, posts
        not listed, or without post or day are not in it.

    Raises:
        KitError: if a column is missing or a date cannot be read.

    >>> days = ["2024-01-01", "2024-01-01", "2024-01-02"]
    >>> events = pd.DataFrame({"post_code": ["P1", "P1", "P2"], "date": days})
    >>> daily_counts(events, "2024-01-01", "2024-01-02")["count"].tolist()
    [2, 0, 0, 1]
    """
    need_columns(events, [post, date], _("The table of records"))
    begin, end = moment(first, "first") // DAY, moment(last, "last") // DAY
    if end < begin:
        raise KitError(_("The last day ({b}) lies before the first ({a}).").format(a=first, b=last))
    when, missing = seconds(events[date], _("The table of records, column {c}").format(c=shown(date)))
    day, where = when // DAY, tidy(events[post])
    known = sorted(where.dropna().unique(), key=str) if posts is None else list(dict.fromkeys(posts))
    at = (
        pd.Index(known, dtype=object).get_indexer(pd.Index(where, dtype=object))
        if known
        else np.full(len(day), -1)
    )
    inside = ~missing & (day >= begin) & (day <= end) & (at >= 0)
    n = int(end - begin) + 1
    cell = at[inside] * n + (day[inside] - begin)
    return pd.DataFrame(
        {
            "post": pd.Series(np.repeat(np.array(known, dtype=object), n), dtype=object),
            "date": as_times(np.tile(np.arange(begin, end + 1), len(known)) * DAY),
            "count": np.bincount(cell.astype(np.int64), minlength=n * len(known)).astype(np.int64),
        }
    )


@dataclass(frozen=True)
class _Fit:
    """The expected count of each day of a post, and what its estimate rests on."""

    expected: Floats
    dispersion: float
    design: Floats
    inverse: NDArray[Any]


def _nearest(codes: Ints, used: Bools) -> Ints:
    """Each code, or the nearest one that has days on which the system worked."""
    known = np.unique(codes[used])
    return np.asarray(known[np.abs(codes[:, None] - known[None, :]).argmin(axis=1)], dtype=np.int64)


def proportional_fit(count: Floats, month: Ints, weekday: Ints, used: Bools) -> Floats:
    """Month effect times weekday effect such that the sums by month and by weekday are those observed."""
    expected = np.ones(len(count))
    for _round in range(200):
        before = expected.copy()
        for codes in (month, weekday):
            observed = np.bincount(codes[used], count[used], minlength=codes.max() + 1)
            fitted = np.bincount(codes[used], expected[used], minlength=codes.max() + 1)
            expected *= np.divide(observed, fitted, out=np.zeros_like(observed), where=fitted > 0)[codes]
        if np.allclose(expected, before, rtol=1e-10, atol=1e-12):
            break
    return expected


def _fit(count: Floats, date: pd.Series, used: Bools) -> _Fit:
    month = _nearest((date.dt.year * 12 + date.dt.month).to_numpy(dtype=np.int64), used)
    month, weekday = month - month.min(), _nearest(date.dt.day_of_week.to_numpy(dtype=np.int64), used)
    expected = proportional_fit(count, month, weekday, used)
    columns = [(month == code).astype(float) for code in np.unique(month)]
    columns += [(weekday == code).astype(float) for code in np.unique(weekday)[1:]]
    design = np.column_stack(columns)
    alive = used & (expected > 0)
    information = design[alive].T @ (design[alive] * expected[alive][:, None])
    free = int(alive.sum()) - int(np.linalg.matrix_rank(information)) if alive.any() else 0
    pearson = float(((count[alive] - expected[alive]) ** 2 / expected[alive]).sum())
    return _Fit(expected, max(1.0, pearson / free) if free > 0 else 1.0, design, np.linalg.pinv(information))


def _per_post(
    daily: pd.DataFrame, outages: pd.DataFrame, names: tuple[str, str, str]
) -> tuple[pd.DataFrame, Bools]:
    """The daily counts with plain names, and which days were outages; each post and day once."""
    post, date, count = names
    what = _("The table of daily counts")
    need_columns(daily, names, what)
    need_columns(outages, [date], _("The table of outages"))
    need_columns(outages, [post if post in outages else "post_code", date], _("The table of outages"))
    tables = []
    for table, where in ((daily, post), (outages, post if post in outages else "post_code")):
        when, missing = seconds(table[date], _("{what}, column {c}").format(what=what, c=shown(date)))
        held = pd.DataFrame({"post": tidy(table[where]).to_numpy(), "day": when // DAY})
        tables.append(held[~missing & held["post"].notna()] if table is outages else held)
    held = tables[0].assign(count=numbers(daily[count], what).to_numpy())
    if held.duplicated(["post", "day"]).any():
        row = int(held.duplicated(["post", "day"]).to_numpy().argmax())
        raise KitError(
            _("The table of daily counts has more than one row for post {p} on {d}; add them up first.").format(
                p=shown(held["post"].iloc[row]), d=shown(daily[date].iloc[row])
            )
        )
    down = pd.MultiIndex.from_frame(held[["post", "day"]]).isin(pd.MultiIndex.from_frame(tables[1]))
    held["date"] = as_times(held["day"].to_numpy() * DAY)
    return held, np.asarray(down, dtype=bool)


def impute_outages(
    daily: pd.DataFrame,
    outages: pd.DataFrame,
    post: str = "post",
    date: str = "date",
    count: str = "count",
) -> OutageAdjustment:
    """The crossings of days without the system, estimated from comparable days of the same post.

    ::

        expected(day) = effect of its month x effect of its weekday      (log-linear model, fitted to the days that
                                                                          worked by iterative proportional fitting)
        dispersion f  = sum (count - expected)^2 / expected / (days - parameters), at least 1
        imputed       = sum of expected over the outage days
        variance      = f x imputed                                      (what chance does on these days)
                        + f x g' (X'WX)^-1 g,  g = sum of expected x X   (what is not known about the effects)

    Assumes that travellers did not wait for the system to come back or cross elsewhere, and that outages do not
    choose busy days. A month without a working day is taken as the nearest one that has some.

    Source: P. McCullagh and J. A. Nelder, Generalized Linear Models (2nd ed. 1989), chapters 6 and 9, for
    log-linear models and overdispersion; W. E. Deming and F. F. Stephan, Annals of Mathematical Statistics 11
    (1940), for the fitting.

    Args:
        daily: one row for each post and day, also for days without any record (see :func:`daily_counts`).
        outages: one row for each post and day without the system; the post's column is ``post`` or "post_code".
        post, date, count: columns of ``daily``.

    Returns:
        An :class:`OutageAdjustment`. What a post recorded on an outage day (part of the day) is replaced by what
        is expected of the whole day.

    Raises:
        KitError: if a column is missing, a post has outages only, or a day stands twice.

    >>> days = pd.date_range("2024-01-01", periods=28)
    >>> daily = pd.DataFrame({"post": "P1", "date": days, "count": [10, 10, 10, 10, 10, 20, 20] * 4})
    >>> done = impute_outages(daily.assign(count=daily["count"].where(daily["date"] != "2024-01-13", 0)),
    ...                       pd.DataFrame({"post": ["P1"], "date": ["2024-01-13"]}))
    >>> round(done.total.value), done.days["expected"].round(6).tolist()
    (360, [20.0])
    """
    held, down = _per_post(daily, outages, (post, date, count))
    counts = held["count"].to_numpy(dtype=float)
    lines: dict[Hashable, dict[str, float]] = {}
    expected = np.zeros(len(held))
    for code, rows in _rows_by_post(held).items():
        off = down[rows]
        recorded = float(counts[rows][~off].sum())
        line = {
            "recorded": recorded,
            "outage_days": float(off.sum()),
            "imputed": 0.0,
            "se": 0.0,
            "dispersion": np.nan,
        }
        if off.any():
            if off.all():
                raise KitError(
                    _("Post {p} has no day on which the system worked; nothing can be compared.").format(
                        p=shown(code)
                    )
                )
            fit = _fit(counts[rows], held["date"].iloc[rows], ~off)
            expected[rows] = fit.expected
            imputed = float(fit.expected[off].sum())
            g = (fit.expected[off][:, None] * fit.design[off]).sum(axis=0)
            variance = fit.dispersion * (imputed + float(g @ fit.inverse @ g))
            line |= {"imputed": imputed, "se": variance**0.5, "dispersion": fit.dispersion}
        lines[code] = line | {"total": recorded + line["imputed"]}
    columns = ["recorded", "outage_days", "imputed", "se", "total", "dispersion"]
    table = pd.DataFrame.from_dict(lines, orient="index", columns=columns)
    everything = table[["recorded", "outage_days", "imputed", "total"]].sum()
    se = float((table["se"] ** 2).sum() ** 0.5)
    table.loc[TOTAL] = everything.reindex(columns)
    table.loc[TOTAL, "se"] = se
    table = table.astype({"recorded": float, "outage_days": "int64"}).rename_axis(index="post")
    days = pd.DataFrame(
        {
            "post": held["post"].to_numpy(dtype=object),
            "date": held["date"].to_numpy(),
            "recorded": counts,
            "expected": expected,
        }
    )[down].reset_index(drop=True)
    return OutageAdjustment(Estimate(float(everything["total"]), se, "log-linear imputation"), table, days)


def _rows_by_post(held: pd.DataFrame) -> dict[Hashable, Ints]:
    """Positions of the rows of each post, in order of day, posts in order of their code."""
    order = np.lexsort((held["day"].to_numpy(), held["post"].astype(str).to_numpy()))
    groups: dict[Hashable, list[int]] = {}
    posts = held["post"].to_numpy(dtype=object)
    for row in order:
        groups.setdefault(posts[row], []).append(int(row))
    return {code: np.array(rows, dtype=np.int64) for code, rows in groups.items()}


def suspect_outages(
    daily: pd.DataFrame,
    outages: pd.DataFrame,
    post: str = "post",
    date: str = "date",
    count: str = "count",
    chance: float = 0.001,
) -> pd.DataFrame:
    """Days without any record although the post expects so many that chance alone hardly explains it.

    ::

        chance of no record = exp(-expected)                              if the dispersion f is 1
                              f ** (-expected / (f - 1))                  if it is more (negative binomial)

    The days found are left out and the rest is fitted again, until no more are found.

    Source: the negative binomial with variance f times mean: P. McCullagh and J. A. Nelder, Generalized Linear
    Models (2nd ed. 1989), chapter 6; its use here is ours (assumption).

    Args:
        daily, outages, post, date, count: as for :func:`impute_outages`.
        chance: a day is suspect if the chance of no record is below it.

    Returns:
        One row for each suspect day that is not among the outages: ``post``, ``date``, ``expected``, ``chance``.
        It can be added to the outages.

    Raises:
        KitError: as for :func:`impute_outages`, and if ``chance`` is not between 0 and 1.

    >>> days = pd.date_range("2024-01-01", periods=28)
    >>> daily = pd.DataFrame({"post": "P1", "date": days, "count": [30] * 10 + [0] + [30] * 17})
    >>> suspect_outages(daily, pd.DataFrame({"post": [], "date": []}))["date"].dt.day.tolist()
    [11]
    """
    least = number(chance, "chance")
    if not 0 < least < 1:
        raise KitError(_("chance lies between 0 and 1, for example 0.001; got {x}.").format(x=chance))
    held, down = _per_post(daily, outages, (post, date, count))
    counts = held["count"].to_numpy(dtype=float)
    found = []
    for code, rows in _rows_by_post(held).items():
        used = ~down[rows]
        while used.any():
            fit = _fit(counts[rows], held["date"].iloc[rows], used)
            f = fit.dispersion
            none = np.exp(-fit.expected) if f < 1.0001 else np.exp(-fit.expected * np.log(f) / (f - 1))
            new = used & (counts[rows] == 0) & (none < least)
            if not new.any():
                break
            found += [
                (code, held["date"].iloc[rows[at]], fit.expected[at], none[at]) for at in np.flatnonzero(new)
            ]
            used &= ~new
    table = pd.DataFrame(found, columns=["post", "date", "expected", "chance"])
    table["date"] = table["date"].astype("datetime64[s]")
    return table.sort_values(["post", "date"], kind="stable").reset_index(drop=True)


__all__ = ["OutageAdjustment", "daily_counts", "impute_outages", "suspect_outages"]
