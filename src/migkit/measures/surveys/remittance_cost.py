"""SDG indicator 10.c.1: what it costs to send money home, as a proportion of the amount sent."""

from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import (
    TOTAL,
    classifier,
    column_names,
    need_columns,
    number,
    numbers,
    shown,
    tidy,
    whole_number,
)
from migkit.measures.surveys.domain_tables import labelled
from migkit.reference import KitError, _

#: The indicator's official name.
INDICATOR_10_C_1 = "Remittance costs as a proportion of the amount remitted"
#: Targets for 2030: the average of all services, and the most that any corridor should cost.
AVERAGE_TARGET, CORRIDOR_TARGET = 0.03, 0.05

_WHAT = "The table of services"


def service_costs(
    services: pd.DataFrame,
    amount: str = "amount",
    fee: str = "fee",
    rate: str | None = "rate",
    market_rate: str | None = "market_rate",
) -> pd.DataFrame:
    """What each service costs: the fee and what is lost on the exchange rate, as shares of the amount sent.

    ::

        fee share        = fee / amount sent
        exchange margin  = (market rate - rate of the service) / market rate
        cost             = fee share + exchange margin

    Rates are units of the receiving currency for one unit of the sending currency. A service without a fee may be
    the dearest, by its rate. A rate above the market's makes the margin negative.

    Source: World Bank, Remittance Prices Worldwide, methodology; SDG indicator metadata 10.c.1.

    Args:
        services: one row a service that was asked for its price.
        amount: column of the amount sent (of the size asked for: 200 US dollars or their worth).
        fee: column of the fee, in the same currency.
        rate, market_rate: columns of the two exchange rates; None where both sides use one currency (margin 0).

    Returns:
        The index of ``services``: ``fee_share``, ``margin``, ``cost``; blank where a number was not stated.

    Raises:
        KitError: if a number is negative, or an amount or rate is 0.

    >>> quotes = pd.DataFrame({"amount": [200, 200], "fee": [10, 0], "rate": [600, 588], "market_rate": 600})
    >>> service_costs(quotes).round(3).values.tolist()
    [[0.05, 0.0, 0.05], [0.0, 0.02, 0.02]]
    """
    if (rate is None) != (market_rate is None):
        raise KitError(_("Name both rate and market_rate, or neither where one currency is used on both sides."))
    names = [amount, fee, *([] if rate is None or market_rate is None else [rate, market_rate])]
    need_columns(services, names, _WHAT)
    held = {
        name: numbers(services[name], _("{w}, column {c}").format(w=_WHAT, c=shown(name)), missing=True)
        for name in names
    }
    for name in names:
        if name != fee and held[name].eq(0).any():
            row = held[name].index[int(held[name].eq(0).to_numpy().argmax())]
            raise KitError(_("{w}, column {c}: row {row} holds 0.").format(w=_WHAT, c=shown(name), row=shown(row)))
    share = held[fee] / held[amount]
    if rate is None or market_rate is None:
        margin = share * 0.0
    else:
        margin = (held[market_rate] - held[rate]) / held[market_rate]
    return pd.DataFrame({"fee_share": share, "margin": margin, "cost": share + margin})


def remittance_cost(
    services: pd.DataFrame,
    corridor: Any = "corridor",
    amount: str = "amount",
    fee: str = "fee",
    rate: str | None = "rate",
    market_rate: str | None = "market_rate",
    *,
    weight: str | None = None,
    qualifies: str | None = None,
    yes: Any = "Y",
    cheapest: int = 3,
) -> pd.DataFrame:
    """SDG 10.c.1 by corridor and for all: the average cost, the weighted one, and what a smart sender pays.

    ::

        average    simple mean of the costs of all services
        weighted   sum(weight x cost) / sum(weight), weight the service's share of the market
        smart      mean of the three cheapest services that qualify (Smart Remitter Target, SmaRT)

    Target 10.c has two parts: the average of all services below 3 per cent, and no corridor that costs more than 5
    per cent, judged by its SmaRT average. In the row of all, ``average`` is the simple mean over services, not
    over corridors, and ``smart`` the mean of the corridors' SmaRT averages. A corridor with fewer than three
    services that qualify has no SmaRT average, which is itself news: nobody can be smart there.

    A service qualifies if its price is told openly, if the money arrives within five days and if people can reach
    it; the column ``qualifies`` says so, by the office's judgment. Without it every service counts.

    Source: SDG indicator metadata 10.c.1 (World Bank); World Bank, Getting SmaRT about Remittance Price Monitoring
    (2016).

    Args:
        services: one row a service; one amount for all of them (200 US dollars or their worth).
        corridor: column or columns that name the corridor (sending country, receiving country).
        amount, fee, rate, market_rate: see :func:`service_costs`.
        weight: column of the share of the market; None leaves the weighted average out.
        qualifies, yes: column that says whether a service qualifies, and its code for yes.
        cheapest: services in the SmaRT average.

    Returns:
        One row a corridor and "Total": ``services``, ``unanswered`` (no cost), ``average``, ``weighted``,
        ``lowest``, ``qualifying``, ``smart``, ``meets_3`` (average below 3 per cent), ``meets_5`` (SmaRT average
        not above 5 per cent; blank without one; in the row of all: every corridor that has one).

    Raises:
        KitError: if a column is missing, or a number cannot be.

    >>> quotes = pd.DataFrame({"corridor": "FRA-SEN", "amount": 200, "fee": [4, 8, 9, 20]})
    >>> table = remittance_cost(quotes, rate=None, market_rate=None)
    >>> table.loc["FRA-SEN", ["average", "smart"]].astype(float).round(4).to_dict()
    {'average': 0.0512, 'smart': 0.035}
    """
    names = column_names(corridor, "corridor")
    if not names:
        raise KitError(_("Name the column of the corridors."))
    others = [name for name in (weight, qualifies) if name is not None]
    need_columns(services, [*names, *others], _WHAT)
    if services.empty:
        raise KitError(_("{w} has no rows.").format(w=_WHAT))
    least = whole_number(cheapest, "cheapest")
    if least < 1:
        raise KitError(_("cheapest is 1 or more; got {x}.").format(x=least))
    costs = service_costs(services, amount, fee, rate, market_rate)["cost"].to_numpy()
    held = pd.DataFrame({"cost": costs, "good": True, "weight": np.nan})
    if qualifies is not None:
        held["good"] = (
            tidy(services[qualifies]).isin(list(yes) if isinstance(yes, (list, tuple)) else [yes]).to_numpy()
        )
    if weight is not None:
        what = _("{w}, column {c}").format(w=_WHAT, c=shown(weight))
        held["weight"] = numbers(services[weight], what, missing=True).to_numpy()
    keys = [classifier(services[name]).reset_index(drop=True) for name in names]
    groups = held.groupby(keys if len(keys) > 1 else keys[0], observed=True)
    rows = {name: _corridor_row(group, least) for name, group in groups}
    table = labelled(list(rows.values()), list(rows), names)
    whole = _corridor_row(held, least) | {"smart": table["smart"].mean()}
    judged = table["smart"].dropna()
    whole["meets_5"] = bool((judged <= CORRIDOR_TARGET).all()) if len(judged) else pd.NA
    last = labelled([whole], [TOTAL if len(names) == 1 else (TOTAL, *[""] * (len(names) - 1))], names)
    return pd.concat([table, last]).astype({"meets_3": "boolean", "meets_5": "boolean"})


def _corridor_row(group: pd.DataFrame, cheapest: int) -> dict[str, Any]:
    told = group[group["cost"].notna()]
    good = told.loc[told["good"], "cost"].sort_values()
    weighed = told[told["weight"].notna()]
    of_market = weighed["weight"].sum()
    smart = float(good.iloc[:cheapest].mean()) if len(good) >= cheapest else np.nan
    average = float(told["cost"].mean()) if len(told) else np.nan
    return {
        "services": len(group),
        "unanswered": int(group["cost"].isna().sum()),
        "average": average,
        "weighted": float((weighed["weight"] * weighed["cost"]).sum() / of_market) if of_market > 0 else np.nan,
        "lowest": float(told["cost"].min()) if len(told) else np.nan,
        "qualifying": len(good),
        "smart": smart,
        "meets_3": pd.NA if np.isnan(average) else average < AVERAGE_TARGET,
        "meets_5": pd.NA if np.isnan(smart) else smart <= CORRIDOR_TARGET,
    }


def sent_cost(sent: Any, fees: Any, margins: Any = None) -> float:
    """The weighted cost of transfers that people really made: all costs over all money sent.

    ::

        sum(fee + margin x sent) / sum(sent)

    Args:
        sent: amount of each transfer.
        fees: fee of each.
        margins: exchange margin of each, as a share of the amount; None for 0.

    Raises:
        KitError: if a number is negative or blank, the lists differ in length, or nothing was sent.

    >>> sent_cost([100, 400], [5, 8])
    0.026
    """
    amounts, costs = numbers(sent, _("Amounts sent")), numbers(fees, _("Fees"))
    lost = pd.Series(0.0, index=amounts.index) if margins is None else numbers(margins, _("Margins"))
    if not len(amounts) == len(costs) == len(lost):
        raise KitError(_("Amounts, fees and margins must be equally many."))
    whole = number(amounts.sum(), _("Amounts sent"))
    if whole == 0:
        raise KitError(_("Nothing was sent, so there is no cost of sending."))
    return float((costs.to_numpy() + lost.to_numpy() * amounts.to_numpy()).sum() / whole)


__all__ = [
    "AVERAGE_TARGET",
    "CORRIDOR_TARGET",
    "INDICATOR_10_C_1",
    "remittance_cost",
    "sent_cost",
    "service_costs",
]
