"""Money that households receive from abroad: how many receive, how much in a year, and in which way."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import (
    NOT_STATED,
    classifier,
    column_names,
    is_unknown,
    need_columns,
    number,
    numbers,
    shown,
    tidy,
)
from migkit.measures.surveys.design import WHAT, SurveyDesign
from migkit.measures.surveys.domain_tables import domains, stacked
from migkit.measures.surveys.estimates import (
    survey_mean,
    survey_quantile,
    survey_ratio,
    survey_total,
)
from migkit.reference import KitError, _

_RECEIVES, _YEAR, _OF_ALL, _IS = "_receives", "_year", "_of_all", "_is"


def _yes(values: pd.Series, yes: Any) -> np.ndarray:
    """1 for yes, 0 for another answer, NaN where not stated."""
    held = tidy(values)
    flag = held.isin(list(yes) if isinstance(yes, (list, tuple)) else [yes])
    return np.where(is_unknown(values), np.nan, flag.astype(float))


def yearly_amounts(
    households: pd.DataFrame,
    amount: str = "remittance_amount",
    months: float | str = 12,
    currency: str | None = None,
    rates: Mapping[str, float] | None = None,
) -> pd.Series:
    """Amounts received as amounts a year, in one currency; blank where the household did not say.

    ::

        amount a year = amount x 12 / months of recall x rate of its currency

    Multiplying a short recall takes the months asked for a usual year: before a feast it is too high. A recall of
    12 months forgets more. Say which it was beside the figure.

    Args:
        households: one row a household.
        amount: column of the amounts received in the period of recall.
        months: length of the period in months, or the column that holds it.
        currency: column of the currency codes, if amounts are not all in one.
        rates: for each currency, units of the wished currency for one unit.

    Raises:
        KitError: if an amount is negative or no number, ``months`` is not above 0, or there are several currencies
            and no rates.

    >>> homes = pd.DataFrame({"amount": [100, 50, None], "recall": [12, 1, 12]})
    >>> yearly_amounts(homes, "amount", months="recall").tolist()
    [100.0, 600.0, nan]
    """
    named = [amount, *([] if currency is None else [currency])]
    need_columns(households, [*named, *([months] if isinstance(months, str) else [])], WHAT)
    sums = numbers(households[amount], _("{w}, column {c}").format(w=WHAT, c=shown(amount)), missing=True)
    if isinstance(months, str):
        spell = numbers(households[months], _("{w}, column {c}").format(w=WHAT, c=shown(months)), missing=True)
        spell = spell.where(sums.notna(), 12.0)
    else:
        spell = pd.Series(number(months, "months"), index=sums.index)
    wrong = spell.isna() | (spell == 0)
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        raise KitError(
            _("Row {row} has an amount, but its months of recall are {x}; they must be above 0.").format(
                row=shown(sums.index[row]), x=shown(spell.iloc[row])
            )
        )
    yearly = sums * 12 / spell
    if currency is None:
        return yearly.rename(amount)
    codes = tidy(households[currency]).where(sums.notna())
    found = sorted(map(str, codes.dropna().unique()))
    if rates is None and len(found) > 1:
        raise KitError(
            _("Amounts are in several currencies ({codes}); give rates to bring them to one.").format(
                codes=", ".join(found)
            )
        )
    if codes[sums.notna()].isna().any():
        raise KitError(_("Column {c}: an amount has no currency.").format(c=shown(currency)))
    if rates is not None:
        if not isinstance(rates, (Mapping, pd.Series)):
            raise KitError(_("rates is a dictionary, currency to number; got {x}.").format(x=shown(rates)))
        missing = [code for code in found if code not in rates]
        if missing:
            raise KitError(_("rates has none for {codes}.").format(codes=", ".join(missing)))
        yearly = yearly * codes.map({code: number(rate, "rate") for code, rate in rates.items()}).astype(float)
    return yearly.rename(amount)


def outlying_amounts(amounts: Any, reach: float = 3.5) -> pd.Series:
    """Which amounts lie so far from the others that somebody should look at the questionnaire.

    ::

        z = 0.6745 x (log amount - median) / median of |log amount - median|          flagged where |z| > reach

    Of logarithms, because money is skewed: half of a usual amount and twice of it are as far. A flag is a
    question, not an error; the largest true amounts are flagged too. Amounts of 0 and blanks are not judged.

    Source: B. Iglewicz and D. C. Hoaglin, How to Detect and Handle Outliers (1993), the modified z-score, which
    they advise to look at above 3.5; here of logarithms, an assumption of the kit.

    Args:
        amounts: one amount a household.
        reach: the z-score above which an amount is flagged.

    Returns:
        True where flagged.

    Raises:
        KitError: if an amount is negative or no number.

    >>> outlying_amounts([100, 120, 80, 110, 95, 12000]).tolist()
    [False, False, False, False, False, True]
    """
    held = numbers(amounts, _("Amounts"), missing=True)
    logs = np.log(held.where(held > 0))
    nobody = pd.Series(False, index=held.index)
    if logs.isna().all():
        return nobody
    away = logs - logs.median()
    spread = away.abs().median()
    if not spread > 0:
        return nobody
    return pd.Series((0.6745 * away / spread).abs() > number(reach, "reach"), index=held.index)


def remittances_received(
    households: pd.DataFrame,
    design: SurveyDesign,
    by: Any = None,
    *,
    received: str = "remittances",
    amount: str = "remittance_amount",
    yes: Any = "Y",
    months: float | str = 12,
    currency: str | None = None,
    rates: Mapping[str, float] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """What households receive from abroad: how many, how much each in a year, and how much in all.

    ::

        receiving   households that receive               share       of all households
        mean        amount a year of those that receive   median      half of them receive less
        per_home    amount a year, all households         total       amount a year, all together

    A household that says it received nothing counts with 0. One that received and does not say how much is
    unanswered in mean, median, per_home and total; the total then is that of those who said, and too low. So it is
    where households keep money from abroad to themselves, which surveys cannot see. The question is not the
    balance of payments: it has goods and money by hand, and leaves out what never reaches a household.

    Source: standard errors of the design, see :func:`survey_mean`; the concepts of remittances: International
    Monetary Fund, International Transactions in Remittances: Guide for Compilers and Users (2009).

    Args:
        households: one row a household that was interviewed.
        design: how households were drawn; weights are those of households.
        by: column or columns of the domains.
        received: column that says whether a household received; ``yes``: its code or codes for yes.
        amount, months, currency, rates: see :func:`yearly_amounts`.
        level: of the confidence intervals.

    Returns:
        One row for each domain and ``measure`` (in the order above): ``estimate``, ``se``, ``cv``, ``low``,
        ``high``, ``n``, ``unanswered``, ``df``, ``deff``, and ``outliers``, amounts that
        :func:`outlying_amounts` flags among those used.

    Raises:
        KitError: if columns or amounts are not what the arguments say, or a household has an amount and did not
            receive.

    >>> homes = pd.DataFrame({"weight": 10.0, "remittances": ["Y", "Y", "N", "N"],
    ...                       "remittance_amount": [100, 300, None, None]})
    >>> table = remittances_received(homes, SurveyDesign("weight"))
    >>> table["estimate"].to_dict()
    {'receiving': 20.0, 'share': 0.5, 'mean': 200.0, 'median': 100.0, 'per_home': 100.0, 'total': 4000.0}
    """
    names = [] if by is None else column_names(by, "by")
    need_columns(households, [received, amount, *names], WHAT)
    flag = _yes(households[received], yes)
    yearly = yearly_amounts(households, amount, months, currency, rates)
    _check_answers(yearly, flag, received)
    ready = households.assign(
        **{
            _RECEIVES: flag,
            _YEAR: yearly.where(flag == 1).to_numpy(),
            _OF_ALL: np.where(flag == 1, yearly.to_numpy(), np.where(flag == 0, 0.0, np.nan)),
        }
    )
    tables = {
        "receiving": survey_total(ready, _RECEIVES, design, by, level=level),
        "share": survey_mean(ready, _RECEIVES, design, by, level=level, interval="logit"),
        "mean": survey_mean(ready, _YEAR, design, by, level=level),
        "median": survey_quantile(ready, _YEAR, design, 0.5, by, level=level),
        "per_home": survey_mean(ready, _OF_ALL, design, by, level=level),
        "total": survey_total(ready, _OF_ALL, design, by, level=level),
    }
    for measure in ("mean", "median"):
        # Of those that received, not of all: a household that received nothing has not failed to answer.
        missing = (flag == 1) & yearly.isna().to_numpy()
        tables[measure]["unanswered"] = [int((rows & missing).sum()) for _label, rows in domains(ready, by)]
    flagged = outlying_amounts(ready[_YEAR]).to_numpy(dtype=bool)
    for measure, table in tables.items():
        money = measure not in ("receiving", "share")
        table["outliers"] = [int((rows & flagged).sum()) if money else 0 for _label, rows in domains(ready, by)]
    return stacked(tables, names, ["measure"])


def _check_answers(yearly: pd.Series, flag: np.ndarray, received: str) -> None:
    odd = yearly.gt(0).to_numpy() & (flag != 1)
    if odd.any():
        raise KitError(
            _("Row {row} has an amount, but {c} does not say that it received ({n} such rows).").format(
                row=shown(yearly.index[int(odd.argmax())]), c=shown(received), n=int(odd.sum())
            )
        )


def remittance_channels(
    households: pd.DataFrame,
    design: SurveyDesign,
    by: Any = None,
    *,
    channel: str = "remittance_channel",
    received: str = "remittances",
    amount: str | None = "remittance_amount",
    yes: Any = "Y",
    months: float | str = 12,
    currency: str | None = None,
    rates: Mapping[str, float] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """In which ways money comes: the share of receiving households, and of the money, in each channel.

    ::

        of households = receiving households that name the channel / those that name any
        of money      = their yearly amounts / yearly amounts of those that name any channel

    Args: as for :func:`remittances_received`; ``channel`` is the column of the main way; ``amount`` None leaves
    the money out.

    Source: standard errors of the design, see :func:`survey_ratio`.

    Returns:
        One row for each domain, ``share`` ("of households", "of money") and channel, as for a proportion; a
        channel that was not stated is a row of its own.

    Raises:
        KitError: if columns or amounts are not what the arguments say.

    >>> homes = pd.DataFrame({"weight": 1.0, "remittances": ["Y", "Y", "N"],
    ...                       "remittance_amount": [100, 300, None], "remittance_channel": ["M", "H", None]})
    >>> table = remittance_channels(homes, SurveyDesign("weight"))
    >>> table["estimate"].to_dict()
    {('of households', 'H'): 0.5, ('of households', 'M'): 0.5, ('of money', 'H'): 0.75, ('of money', 'M'): 0.25}
    """
    names = [] if by is None else column_names(by, "by")
    need_columns(households, [channel, received, *names], WHAT)
    receives = _yes(households[received], yes) == 1
    ways = classifier(households[channel])
    unknown = bool((ways.eq(NOT_STATED) & receives).any())
    levels = [one for one in ways.cat.categories if one != NOT_STATED or unknown]
    bases = {"of households": pd.Series(1.0, index=households.index)}
    if amount is not None:
        bases["of money"] = yearly_amounts(households, amount, months, currency, rates)
    tables = {}
    for (label, base), one in product(bases.items(), levels):
        # Of those that receive; the others stay in the file, blank, so that the error is right.
        whole = base.where(receives).to_numpy()
        through = np.where(ways.eq(one).to_numpy(dtype=bool) | np.isnan(whole), whole, 0.0)
        frame = households.assign(**{_IS: through, _OF_ALL: whole})
        table = survey_ratio(frame, _IS, _OF_ALL, design, by, level=level, interval="logit")
        missing = receives & np.isnan(whole)
        table["unanswered"] = [int((rows & missing).sum()) for _label, rows in domains(frame, by)]
        tables[label, one] = table
    if not tables:
        raise KitError(_("Nobody names a way in column {c}.").format(c=shown(channel)))
    return stacked(tables, names, ["share", channel])


__all__ = [
    "outlying_amounts",
    "remittance_channels",
    "remittances_received",
    "yearly_amounts",
]
