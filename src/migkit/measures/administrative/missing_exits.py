"""Exits (and entries) that nobody recorded: how often, what they do to a stock, and how to put them back."""

from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._estimate import Estimate
from migkit.measures._input import TOTAL, classifier, need_columns, number, shown, whole_number
from migkit.measures.administrative._events import once, read_crossings
from migkit.reference import KitError, _

#: What follows what: entry or exit, then entry, exit or nothing.
PAIRS = ("EE", "EX", "E_last", "XX", "XE", "X_last")


def _missed(ee: float, ex: float, xx: float, xe: float) -> tuple[float, float]:
    """Shares of exits and of entries missed, from the chances of what follows an entry and an exit."""
    u, v = (
        ee / xe,
        xx / ex,
    )
    more = 1 - u * v
    return u / (ex * more + u), v / (xe * more + v)


def _with_errors(counts: dict[str, int]) -> dict[str, float]:
    """Shares missed, and their standard errors by the delta method with numerical derivatives."""
    names = ("missed_exit", "missed_exit_se", "missed_entry", "missed_entry_se")
    entries, exits = (
        counts["EE"] + counts["EX"] + counts["E_last"],
        counts["XX"] + counts["XE"] + counts["X_last"],
    )
    if not counts["EX"] or not counts["XE"]:
        return dict.fromkeys(names, np.nan)
    p = np.array([counts["EE"] / entries, counts["EX"] / entries, counts["XX"] / exits, counts["XE"] / exits])
    variance = np.zeros((4, 4))
    for at, n in ((0, entries), (2, exits)):
        of_one = p[at : at + 2]
        variance[at : at + 2, at : at + 2] = (np.diag(of_one) - np.outer(of_one, of_one)) / n
    step = 1e-6 * np.eye(4)
    slopes = np.array([np.subtract(_missed(*(p + each)), _missed(*(p - each))) / 2e-6 for each in step]).T
    errors = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", slopes, variance, slopes), 0))
    return dict(zip(names, (v for pair in zip(_missed(*p), errors, strict=True) for v in pair), strict=True))


def missed_shares(
    events: pd.DataFrame,
    person: Any = "person",
    time: str = "date",
    direction: str = "direction",
    entry: Any = "E",
    exit: Any = "X",
    by: str | None = None,
    repeat_minutes: float = 30.0,
) -> pd.DataFrame:
    """The share of exits, and of entries, that were not recorded, from people who crossed again.

    Who enters twice running must have left in between: this group shows the exits that nobody saw.

    ::

        q, r    share of exits, of entries that are not recorded
        c, d    chance that a person who entered leaves again, that one who left enters again
        EE, EX  share of recorded entries after which the next record is an entry, an exit
        XX, XE  share of recorded exits after which it is an exit, an entry

        EX = c (1 - q) / D     EE = c q d (1 - r) / D     D = 1 - c q d r
        XE = d (1 - r) / D     XX = d r c (1 - q) / D

        so   u = EE / XE = c q      c = EX (1 - u v) + u      q = u / c
             v = XX / EX = d r      d = XE (1 - u v) + v      r = v / d

    The plain share EE / (EE + EX) is too low: an exit and the entry after it may be missed together, and the last
    exit of a person who does not come back is never seen to be missing. Standard errors by the delta method.
    Assumes that each crossing is missed by chance, whatever happened at the one before, and that the chances c and
    d are alike for all in the group. Residents (who come home and stay) and visitors (who come once and leave) are
    not alike: compute it for each of them, by way of travelling too where enough crossed again.

    Source: our derivation (assumption), in the manner of capture and recapture: G. A. F. Seber, The Estimation of
    Animal Abundance (2nd ed. 1982); the delta method is in its section 1.3.3.

    Args:
        events: one row a crossing.
        person, time, direction, entry, exit, repeat_minutes: as for pair_crossings.
        by: a column to compute the shares by, such as the way of travelling; a pair belongs to its first event.

    Returns:
        One row a group, a last one "Total": ``EE``, ``EX``, ``E_last``, ``XX``, ``XE``, ``X_last`` (events by what
        follows), ``missed_exit``, ``missed_exit_se``, ``missed_entry``, ``missed_entry_se`` (shares, 0 to 1;
        missing where too few crossed again).

    Raises:
        KitError: as for pair_crossings.

    >>> days = ["01-01", "01-09", "02-01", "03-01", "03-09", "04-01", "04-09"]
    >>> events = pd.DataFrame({
    ...     "person": ["A"] * 7, "direction": ["E", "X", "E", "E", "X", "E", "X"],
    ...     "date": [f"2024-{day}" for day in days],
    ... })
    >>> missed_shares(events).loc["Total", ["EE", "EX", "XE", "missed_exit"]].astype(float).round(3).tolist()
    [1.0, 3.0, 2.0, 0.333]
    """
    every = read_crossings(events, person, time, direction, entry, exit)
    taken, _again = once(every, number(repeat_minutes, "repeat_minutes"))
    after = np.where(taken.last, "_last", np.where(np.roll(taken.enters, -1), "E", "X"))
    kind = np.char.add(np.where(taken.enters, "E", "X"), after)
    lines = {}
    if by is not None:
        need_columns(events, [by], _("The table of crossings"))
        groups = classifier(events[by].reset_index(drop=True)).iloc[taken.row]
        for level in groups.cat.categories:
            of_level = kind[groups.eq(level).to_numpy(dtype=bool)]
            if len(of_level):
                lines[level] = {key: int((of_level == key).sum()) for key in PAIRS}
    lines[TOTAL] = {key: int((kind == key).sum()) for key in PAIRS}
    every_line = {label: counts | _with_errors(counts) for label, counts in lines.items()}
    table = pd.DataFrame.from_dict(every_line, orient="index")
    return table.astype(dict.fromkeys(PAIRS, "int64")).rename_axis(index=by or "group")


def _share(share: float | Estimate, what: str) -> tuple[float, float]:
    value, se = (share.value, share.se) if isinstance(share, Estimate) else (share, 0.0)
    if not 0 <= number(value, what) < 1:
        raise KitError(_("{what} is a share from 0 to below 1; got {x}.").format(what=what, x=shown(value)))
    return float(value), number(se, what)


def all_crossings(recorded: float, missed: float | Estimate) -> Estimate:
    """How many crossings there were, if so many were recorded and this share was missed.

    ::

        N = n / (1 - q)
        variance = n q / (1 - q)^2 + n^2 var(q) / (1 - q)^4      (chance of being seen, and doubt about q)

    Source: G. A. F. Seber, The Estimation of Animal Abundance (2nd ed. 1982), section 1.3.3, delta method.

    Args:
        recorded: crossings on record.
        missed: the share that was not recorded, with its standard error (see :func:`missed_shares`).

    Raises:
        KitError: if a number cannot be.

    >>> print(all_crossings(700, Estimate(0.3, 0.02, "re-entries")))
    1,000 (SE 35.28; 95 % 930.8 to 1,069)
    """
    n = number(recorded, "recorded")
    q, se = _share(missed, "missed")
    variance = n * q / (1 - q) ** 2 + n**2 * se**2 / (1 - q) ** 4
    return Estimate(n / (1 - q), variance**0.5, "recorded / (1 - share missed)")


def stock_from_crossings(
    entries: float,
    exits: float,
    start: float = 0,
    missed_entry: float | Estimate = 0.0,
    missed_exit: float | Estimate = 0.0,
) -> Estimate:
    """Persons present, from entries and exits since a start, with what was not recorded put back.

    ::

        present = start + entries / (1 - r) - exits / (1 - q)

    Without the shares (r = q = 0) it is the plain difference, and its error grows for ever: each year adds the
    exits that were missed in it. Bias = q x true exits - r x true entries, since the start.

    Source: balancing equation; the correction is that of :func:`all_crossings`.

    Args:
        entries, exits: recorded since the start.
        start: persons present at the start.
        missed_entry, missed_exit: shares that were not recorded, with their standard errors.

    Raises:
        KitError: if a number cannot be.

    >>> stock_from_crossings(1000, 720).value
    280.0
    >>> round(stock_from_crossings(1000, 720, missed_exit=0.2).value)
    100
    """
    came, left = all_crossings(entries, missed_entry), all_crossings(exits, missed_exit)
    value = number(start, "start") + came.value - left.value
    return Estimate(value, (came.se**2 + left.se**2) ** 0.5, "entries less exits, missed ones put back")


def _overstayed(entries: float, unmatched: Any, q: Any) -> Any:
    return (unmatched - q * entries) / (1 - q)


def overstayers(
    entries: float,
    unmatched: float,
    missed_exit: Estimate,
    method: str = "delta",
    draws: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Visitors who are still here, among entries whose allowed stay is over and that have no exit on record.

    ::

        unmatched U = O + q (N - O)      O stayed on; of the N - O who left, a share q is not on record
        O = (U - q N) / (1 - q)
        variance (delta) = [(N - U) / (1 - q)^2]^2 var(q) + q (N - O) / (1 - q)      (doubt about q, chance)

    The bootstrap draws q from a normal distribution cut at 0 and 1, and the exits missed from a binomial.

    Source: our derivation (assumption); delta method: G. A. F. Seber, The Estimation of Animal Abundance (2nd ed.
    1982), section 1.3.3; bootstrap: B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap (1993), ch. 6.

    Args:
        entries: entries whose allowed stay is over (N).
        unmatched: those of them without an exit on record (U).
        missed_exit: the share of exits that are not recorded, with its standard error (see :func:`missed_shares`).
        method: "delta" or "bootstrap".
        draws: draws of the bootstrap.
        seed: of the bootstrap.

    Returns:
        The persons who stayed on. It may be below 0, which says that q is too high for these entries.

    Raises:
        KitError: if a number cannot be.

    >>> print(overstayers(10_000, 3_700, Estimate(0.3, 0.01, "re-entries")))
    1,000 (SE 142.8; 95 % 720.1 to 1,280)
    """
    n, u = number(entries, "entries"), number(unmatched, "unmatched")
    if u > n:
        raise KitError(_("The unmatched ({u:g}) cannot be more than the entries ({n:g}).").format(u=u, n=n))
    q, se = _share(missed_exit, "missed_exit")
    value = _overstayed(n, u, q)
    if method == "delta":
        chance = q * max(n - value, 0.0) / (1 - q)
        return Estimate(value, ((n - u) ** 2 * se**2 / (1 - q) ** 4 + chance) ** 0.5, method)
    if method != "bootstrap":
        raise KitError(_("There is no method {m}; use 'delta' or 'bootstrap'.").format(m=shown(method)))
    size = whole_number(draws, "draws")
    if size < 2:
        raise KitError(_("The bootstrap needs two draws or more; got {x}.").format(x=size))
    rng = np.random.default_rng(whole_number(seed, "seed"))
    leavers = max(n - value, 0.0)
    missed = rng.binomial(round(leavers), q, size)
    shares = np.clip(rng.normal(q, se, size), 0, 0.999)
    return Estimate(value, float(np.std(_overstayed(n, n - leavers + missed, shares), ddof=1)), method)


__all__ = ["all_crossings", "missed_shares", "overstayers", "stock_from_crossings"]
