"""Exits (and entries) that nobody recorded: how often, what they do to a stock, and how to put them back."""

from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._estimate import Estimate
from migkit.measures._input import TOTAL, classifier, need_columns, number, shown, whole_number
from migkit.measures.administrative._events import once, read_crossings
from migkit.reference import KitError, _


def _rates(pairs: dict[str, int]) -> dict[str, float]:
    """Shares missed and their standard errors from the counts of what follows what."""
    ee, ex, xx, xe = (float(pairs[key]) for key in ("EE", "EX", "XX", "XE"))
    out = dict.fromkeys(("missed_exit", "missed_exit_se", "missed_entry", "missed_entry_se"), np.nan)
    if ee + ex == 0 or xx + xe == 0:
        return out
    a, b = ee / (ee + ex), xx / (xx + xe)
    var_a, var_b = a * (1 - a) / (ee + ex), b * (1 - b) / (xx + xe)
    if b < 1:
        out["missed_exit"] = a / (1 - b)
        out["missed_exit_se"] = (var_a / (1 - b) ** 2 + var_b * a**2 / (1 - b) ** 4) ** 0.5
    if a < 1:
        out["missed_entry"] = b / (1 - a)
        out["missed_entry_se"] = (var_b / (1 - a) ** 2 + var_a * b**2 / (1 - a) ** 4) ** 0.5
    return out


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

        a = share of entries whose next event is another entry      q = share of exits not recorded
        b = share of exits whose next event is another exit         r = share of entries not recorded

        a = q(1 - r) / (1 - qr)      b = r(1 - q) / (1 - qr)
        so   q = a / (1 - b)         r = b / (1 - a)

    Both a and b are needed: if an exit and the entry after it are missed together, nothing looks wrong. Standard
    errors by the delta method. Assumes that each crossing is missed by chance, alike for all and whatever happened
    at the one before, and that those who cross again are missed as often as those who do not: compute it by post
    or by way of travelling where these differ.

    Source: our derivation (assumption), in the manner of capture and recapture: G. A. F. Seber, The Estimation of
    Animal Abundance (2nd ed. 1982); delta method: ibid., section 1.3.3.

    Args:
        events: one row a crossing.
        person, time, direction, entry, exit, repeat_minutes: as for pair_crossings.
        by: a column to compute the shares by, such as the way of travelling; a pair belongs to its first event.

    Returns:
        One row a group, a last one "Total": ``EE``, ``EX``, ``XX``, ``XE`` (how often what followed what),
        ``missed_exit``, ``missed_exit_se``, ``missed_entry``, ``missed_entry_se`` (shares, 0 to 1; missing where
        nobody crossed again).

    Raises:
        KitError: as for pair_crossings.

    >>> events = pd.DataFrame({
    ...     "person": ["A"] * 6, "direction": ["E", "X", "E", "E", "X", "E"],
    ...     "date": ["2024-01-01", "2024-01-09", "2024-02-01", "2024-03-01", "2024-03-09", "2024-04-01"],
    ... })
    >>> missed_shares(events).loc["Total", ["EE", "EX", "missed_exit"]].astype(float).round(3).tolist()
    [1.0, 2.0, 0.333]
    """
    every = read_crossings(events, person, time, direction, entry, exit)
    taken, _again = once(every, number(repeat_minutes, "repeat_minutes"))
    here = ~taken.last
    after = np.r_[taken.enters[1:], False][: len(here)]
    kind = np.where(taken.enters, np.where(after, "EE", "EX"), np.where(after, "XE", "XX"))[here]
    groups = pd.Series(TOTAL, index=range(int(here.sum())), dtype=object)
    lines = {}
    if by is not None:
        need_columns(events, [by], _("The table of crossings"))
        groups = classifier(events[by].reset_index(drop=True)).iloc[taken.row[here]].reset_index(drop=True)
        for level in groups.cat.categories:
            of_level = kind[groups.eq(level).to_numpy(dtype=bool)]
            if len(of_level):
                lines[level] = {key: int((of_level == key).sum()) for key in ("EE", "EX", "XX", "XE")}
    lines[TOTAL] = {key: int((kind == key).sum()) for key in ("EE", "EX", "XX", "XE")}
    table = pd.DataFrame.from_dict(
        {label: pairs | _rates(pairs) for label, pairs in lines.items()}, orient="index"
    )
    return table.astype(dict.fromkeys(("EE", "EX", "XX", "XE"), "int64")).rename_axis(index=by or "group")


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
