"""SDG indicator 10.7.1: what it costs a worker to get a job abroad, in months of the pay there."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import column_names, is_unknown, need_columns, number, numbers, shown, tidy
from migkit.measures.surveys.design import WHAT, SurveyDesign
from migkit.measures.surveys.domain_tables import domains, stacked
from migkit.measures.surveys.estimates import survey_mean, survey_quantile, survey_ratio
from migkit.reference import KitError, _

#: The indicator's official name.
INDICATOR_10_7_1 = (
    "Recruitment cost borne by employee as a proportion of monthly income earned in country of destination"
)

#: Why a person is not in the indicator, in the order in which it is asked.
REASONS = (
    "not a migrant worker",
    "not an employee",
    "not for work",
    "no change of residence",
    "before the period",
    "not asked or not stated",
)

_MONTHS, _COST, _INCOME, _NO_COST = "_months", "_cost", "_income", "_no_cost"


def _coded(values: pd.Series, codes: Any) -> np.ndarray:
    """1 where the value is one of ``codes``, 0 where another, NaN where not stated."""
    wanted = list(codes) if isinstance(codes, (list, tuple, set)) else [codes]
    return np.where(is_unknown(values), np.nan, tidy(values).isin(wanted).astype(float))


def worker_recruitment_cost(
    workers: pd.DataFrame,
    cost: str | Sequence[str] = "recruitment_cost",
    income: str = "earnings_abroad",
    *,
    migrant: str | None = None,
    migrant_codes: Any = "Y",
    status: str | None = None,
    employee_codes: Any = "4",
    reason: str | None = None,
    work_codes: Any = "W",
    months_abroad: str | None = None,
    least_months: float = 12,
    years_since: str | None = None,
    within_years: float = 3,
    reimbursed: str | None = None,
) -> pd.DataFrame:
    """Who is in the indicator, and each one's cost in months of his or her own first pay.

    ::

        months = (cost - reimbursed) / monthly income in the country of destination         the same worker's

    In: people who moved to another country, within the period, to work there for wages, whether through an agency
    or not, and whether they are still there or back. Out: those who went to work for themselves, those who went
    for another reason, and those who never became residents there (a season). A worker who paid nothing is in,
    with 0. What the employer paid, or gave back, is not borne by the worker. Money paid without a receipt counts.

    Each condition is judged only if its column is named; one that the questionnaire has already judged needs no
    column. A condition that is not stated leaves the person out, counted as such.

    Source: SDG indicator metadata 10.7.1 (International Labour Organization and World Bank, 2022); ILO and World
    Bank, Statistics for SDG indicator 10.7.1: Guidelines for their Collection (2019). Three years as the period is
    a parameter.

    Args:
        workers: one row a person.
        cost: column of the costs borne, or several that add up (agent, papers, travel ...); a blank among several
            leaves the cost unknown, so write 0 where a blank means nothing.
        income: column of the monthly income in the first job, in the same currency.
        migrant, migrant_codes: column that says whether the person worked abroad, and its codes for yes.
        status, employee_codes: column of the status in employment there, and its codes for employees.
        reason, work_codes: column of the reason for the move, and its codes for work.
        months_abroad, least_months: column of the months of the stay; how many make a change of residence.
        years_since, within_years: column of the years since the job began, and how far back the period goes.
        reimbursed: column of what the employer gave back; blank is nothing.

    Returns:
        One row a person, in the order and with the index of ``workers``: ``eligible``, ``why_not`` (blank if
        eligible), ``cost``, ``income``, ``months`` (blank if cost or income is unknown, or income is 0).

    Raises:
        KitError: if a column is missing, or a number negative.

    >>> people = pd.DataFrame({"abroad": ["Y", "Y", "N"], "recruitment_cost": [600, 0, None],
    ...                        "earnings_abroad": [300, 250, None]})
    >>> worker_recruitment_cost(people, migrant="abroad")[["eligible", "months"]].values.tolist()
    [[True, 2.0], [True, 0.0], [False, nan]]
    """
    costs = column_names(cost, "cost")
    if not costs:
        raise KitError(_("Name the column of the costs, or several."))
    named = [migrant, status, reason, months_abroad, years_since, reimbursed]
    need_columns(workers, [*costs, income, *(name for name in named if name is not None)], WHAT)

    def read(column: str) -> pd.Series:
        what = _("{w}, column {c}").format(w=WHAT, c=shown(column))
        return numbers(workers[column], what, missing=True)

    whole = pd.concat([read(column) for column in costs], axis=1).sum(axis=1, skipna=False)
    if reimbursed is not None:
        whole = (whole - read(reimbursed).fillna(0.0)).clip(lower=0.0)
    pay = read(income)
    conditions = [
        (migrant, migrant_codes, REASONS[0]),
        (status, employee_codes, REASONS[1]),
        (reason, work_codes, REASONS[2]),
    ]
    why = pd.Series("", index=range(len(workers)), dtype=object)
    unknown = np.zeros(len(workers), dtype=bool)
    holds = [(_coded(workers[column], codes), text) for column, codes, text in conditions if column is not None]
    if months_abroad is not None:
        months = read(months_abroad).to_numpy()
        least = number(least_months, "least_months")
        holds.append((np.where(np.isnan(months), np.nan, (months >= least).astype(float)), REASONS[3]))
    if years_since is not None:
        years = read(years_since).to_numpy()
        last = number(within_years, "within_years")
        holds.append((np.where(np.isnan(years), np.nan, (years <= last).astype(float)), REASONS[4]))
    for held, text in holds:
        why = why.mask((why == "") & (held == 0), text)
        unknown |= np.isnan(held)
    why = why.mask((why == "") & unknown, REASONS[5])
    eligible = (why == "").to_numpy()
    table = pd.DataFrame({"eligible": eligible, "why_not": why.to_numpy()}, index=workers.index)
    table["cost"] = whole.where(eligible).to_numpy()
    table["income"] = pay.where(eligible).to_numpy()
    table["months"] = table["cost"] / table["income"].where(table["income"] > 0)
    return table


def recruitment_cost(
    workers: pd.DataFrame,
    design: SurveyDesign,
    by: Any = None,
    cost: str | Sequence[str] = "recruitment_cost",
    income: str = "earnings_abroad",
    *,
    level: float = 0.95,
    **conditions: Any,
) -> pd.DataFrame:
    """SDG 10.7.1, the recruitment cost indicator: cost in months of pay, for all and by corridor, sex or skill.

    ::

        median            half of the workers paid fewer months of their pay
        upper_quartile    a quarter of them paid more
        mean              mean of each worker's months
        ratio_of_means    sum(w cost) / sum(w income)
        no_cost           share of workers who paid nothing

    The indicator is made of each worker's own ratio. The mean of ratios is moved by a few who paid very much for
    little pay; the median is not, and says what is usual. The ratio of means is another thing: months of the
    average pay that all costs together would buy. High earners weigh more in it, and where those with low pay
    paid the more months it lies below the mean of ratios. Do not compare one with the other.

    Source: as for :func:`worker_recruitment_cost`; standard errors of the design, see :func:`survey_mean`.

    Args:
        workers: one row a person of the sample; keep those who are not in the indicator too, for the errors.
        design: how persons were drawn.
        by: column or columns: country of destination (corridor), sex, skill of the occupation, education.
        cost, income: see :func:`worker_recruitment_cost`.
        level: of the confidence intervals.
        conditions: any of ``migrant``, ``status``, ``reason``, ``years_since`` and the other arguments of
            :func:`worker_recruitment_cost`.

    Returns:
        One row for each domain and ``measure``: ``estimate`` (months of pay, or a share), ``se``, ``cv``,
        ``low``, ``high``, ``n`` (workers used), ``unanswered`` (workers in the indicator without cost or income),
        ``df``.
        Domains without any worker in the indicator are left out; "Not stated" is one of them.

    Raises:
        KitError: if columns or numbers are not what the arguments say.

    >>> people = pd.DataFrame({"weight": 1.0, "recruitment_cost": [0, 300, 900], "earnings_abroad": 300})
    >>> table = recruitment_cost(people, SurveyDesign("weight"))
    >>> table["estimate"].round(2).to_dict()
    {'median': 1.0, 'upper_quartile': 3.0, 'mean': 1.33, 'ratio_of_means': 1.33, 'no_cost': 0.33}
    """
    each = worker_recruitment_cost(workers, cost, income, **conditions)
    names = [] if by is None else column_names(by, "by")
    need_columns(workers, names, WHAT)
    used = each["months"].notna()
    ready = workers.assign(
        **{
            _MONTHS: each["months"].to_numpy(),
            _COST: each["cost"].where(used).to_numpy(),
            _INCOME: each["income"].where(used).to_numpy(),
            _NO_COST: np.where(each["cost"].isna(), np.nan, each["cost"].eq(0).astype(float)),
        }
    )
    tables = {
        "median": survey_quantile(ready, _MONTHS, design, 0.5, by, level=level),
        "upper_quartile": survey_quantile(ready, _MONTHS, design, 0.75, by, level=level),
        "mean": survey_mean(ready, _MONTHS, design, by, level=level),
        "ratio_of_means": survey_ratio(ready, _COST, _INCOME, design, by, level=level),
        "no_cost": survey_mean(ready, _NO_COST, design, by, level=level, interval="logit"),
    }
    inside = each["eligible"].to_numpy(dtype=bool)
    workers_in = [int((rows & inside).sum()) for _label, rows in domains(ready, by)]
    for table in tables.values():
        table["unanswered"] = np.array(workers_in) - table["n"].to_numpy()
    table = stacked(tables, names, ["measure"])
    return table[np.repeat(np.array(workers_in) > 0, len(tables))] if names else table


def recruitment_exclusions(workers: pd.DataFrame, **conditions: Any) -> pd.Series:
    """How many persons are in the indicator, and why the others are not: for the note below the table.

    Args:
        workers: one row a person.
        conditions: the arguments of :func:`worker_recruitment_cost`.

    Raises:
        KitError: as there.

    >>> people = pd.DataFrame({"status": ["4", "3", "4"], "recruitment_cost": [0, 30, 90], "earnings_abroad": 30})
    >>> recruitment_exclusions(people, status="status").to_dict()
    {'in the indicator': 2, 'not an employee': 1}
    """
    each = worker_recruitment_cost(workers, **conditions)
    counts = each.loc[~each["eligible"], "why_not"].value_counts()
    rows = {"in the indicator": int(each["eligible"].sum())}
    rows |= {reason: int(counts[reason]) for reason in REASONS if reason in counts.index}
    return pd.Series(rows, dtype="int64", name="persons")


__all__ = [
    "INDICATOR_10_7_1",
    "REASONS",
    "recruitment_cost",
    "recruitment_exclusions",
    "worker_recruitment_cost",
]
