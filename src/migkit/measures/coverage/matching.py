"""Matching a post-enumeration survey to the census: areas, households, persons, and what a clerk must decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migkit.measures._input import in_order, need_columns, shown, tidy
from migkit.measures.coverage.households import prior_odds, prior_of_the_rest
from migkit.measures.integration.comparisons import (
    Comparison,
    as_comparisons,
    compare_code,
    compare_number,
    compare_pairs,
    prepare,
)
from migkit.measures.integration.fellegi_sunter import LinkageModel, chance, model_by_em, pair_weights
from migkit.reference import KitError, _

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


#: What a survey without names compares; with names add ``compare_name("name")``.
WITHOUT_NAMES: tuple[Comparison, ...] = (
    compare_code("sex"),
    compare_number("age", within=[1, 3]),
    compare_code("relationship"),
    compare_code("country_birth"),
    compare_code("citizenship"),
)

#: How often the sure pairs are set aside to look at those who are left.
ELIMINATIONS = 2

#: Assumption: the chance that a person who was not found at home was counted in a given neighbouring area.
NEXT_DOOR = 0.05


@dataclass(frozen=True)
class Matched:
    """The result of matching.

    Attributes:
        persons: one row a person of the survey, with its index: ``match_status`` (M matched, N not found, U to be
            decided), the census identifier (blank unless M), ``step`` ("household", "area", "neighbour"),
            ``probability`` and ``tied`` (another pair was exactly as good).
        review: the pairs for a clerk: for each U the candidates, most probable first, with the level of each
            comparison; the first one is that which the computer would take.
        model: what agreement is worth.
    """

    persons: pd.DataFrame
    review: pd.DataFrame
    model: LinkageModel


def match_to_census(
    survey: pd.DataFrame,
    census: pd.DataFrame,
    comparisons: Sequence[Comparison] = WITHOUT_NAMES,
    area: str = "ea",
    household: tuple[str, str] | None = ("household_no", "household_id"),
    ids: tuple[str, str] = ("pes_id", "person_id"),
    accept: float = 0.8,
    review: float = 0.2,
    neighbours: Mapping[Any, Sequence[Any]] | None = None,
    model: LinkageModel | None = None,
) -> Matched:
    """Look for each person of a post-enumeration survey in the census.

    ::

        1  every person is compared with every record of the same area; each agreement is worth log2(m/u) bits
        2  households: the evidence that two are one is the sum of the best pairs of their members; they are paired
           1:1 where it is stronger than all the ways in which it could come about by chance
        3  probability of a pair = its evidence, with a prior of 1 / records in the area, or of 0.9 / members where
           the households are paired
        4  1:1: each record is given to one person, so that the sum of the evidence is largest; then those who are
           left of a household are compared again with the records that are left of it (twice)
        5  who is left is looked for in the neighbouring areas, among the records that are left
        M from ``accept`` on, U (a clerk decides) from ``review`` on, else N

    u is estimated from all pairs of the areas. m begins as an assumption (0.9 for the best level); once households
    are paired it is estimated (EM) from the pairs within them. Or give a ``model`` from a reviewed sample.
    Search in neighbouring areas only if the E-sample too counts a record there as correct, or the two are out of
    balance.

    Source: United Nations, Post Enumeration Surveys: Operational Guidelines (2010), on matching; I. P. Fellegi and
    A. B. Sunter, Journal of the American Statistical Association 64 (1969); M. A. Jaro, Journal of the American
    Statistical Association 84 (1989), who matched a census test so.

    Args:
        survey: one row a person of the P-sample.
        census: one row a record of a usual resident; areas without survey persons are not looked at.
        comparisons: what is compared, in columns that bear the same name in both tables.
        area: the column of the area in both tables.
        household: the columns of the household in survey and census (their numbers need not agree), or None.
        ids: the identifiers of persons and of records.
        accept, review: probabilities, see above.
        neighbours: for an area the areas next to it.
        model: m and u of the levels, from a reviewed sample or an earlier round.

    Returns:
        Statuses, the queue for the clerk and the model.

    Raises:
        KitError: if a column is missing, an identifier is blank or repeated, an area is blank in the survey, or
            the two tables have no area in common.

    >>> n = np.arange(60)
    >>> listed = pd.DataFrame({"ea": "A", "home": n // 4, "sex": ["M", "F", "F", "M"] * 15, "age": n * 37 % 71,
    ...                        "relationship": ["1", "2", "3", "3"] * 15})
    >>> survey = listed.assign(pes_id=n)
    >>> census = listed.assign(person_id=n + 100).drop(index=[5, 17])
    >>> found = match_to_census(survey, census, WITHOUT_NAMES[:3], household=("home", "home"))
    >>> found.persons["match_status"].value_counts().to_dict()
    {'M': 58, 'N': 2}
    >>> found.persons.loc[found.persons["match_status"].eq("N"), "pes_id"].tolist()
    [5, 17]
    """
    low, high = chance(review, "review"), chance(accept, "accept")
    if not 0 < low <= high < 1:
        raise KitError(_("Give 0 < review <= accept < 1; got {a} and {b}.").format(a=review, b=accept))
    _check(survey, census, area, household, ids)
    listed = as_comparisons(comparisons)
    given = survey.index
    # By identifier, so that ties do not fall by the order of the rows.
    places = _by_identifier(survey[ids[0]])
    survey, census = survey.iloc[places], census.iloc[_by_identifier(census[ids[1]])]
    of_survey, of_census = _places(survey[area]), _places(census[area])
    pairs = _pairs(of_survey, of_census)
    if pairs.empty:
        raise KitError(
            _("Survey and census have no {c!r} in common; check that both write it alike.").format(c=area)
        )
    levels = _levels(survey, census, pairs, listed)
    homes = None if household is None else (_places(survey[household[0]]), _places(census[household[1]]))
    found = model or _model(levels)
    pairs["bits"] = _evidence(levels, found)
    pairs["prior"], pairs["step"] = prior_odds(pairs, homes)
    if model is None and pairs["step"].eq("household").any():
        found = _model(levels, levels[pairs["step"].eq("household")])
        pairs["bits"] = _evidence(levels, found)
        pairs["prior"], pairs["step"] = prior_odds(pairs, homes)
    links = _links(pairs, survey, census, ids, low)
    for _turn in range(ELIMINATIONS):
        sure = links[links["probability"] >= high]
        pairs["prior"] = prior_of_the_rest(pairs, sure)
        links = _links(pairs, survey, census, ids, low)
    next_door = _next_door(links, of_survey, of_census, neighbours or {})
    if len(next_door):
        further = _levels(survey, census, next_door, listed)
        next_door["bits"] = _evidence(further, found)
        next_door["prior"] = prior_odds(next_door, homes, NEXT_DOOR)[0]
        next_door["step"] = "neighbour"
        links = pd.concat([links, _links(next_door, survey, census, ids, low)], ignore_index=True)
        pairs = pd.concat([pairs, next_door], ignore_index=True)
        levels = pd.concat([levels, further], ignore_index=True)
    persons = _persons(survey, census, ids, links, high)
    queue = _queue(survey, census, ids, persons, pairs, levels, links, low)
    return Matched(persons.iloc[np.argsort(places)].set_axis(given, axis=0), queue, found)


def _check(
    survey: pd.DataFrame, census: pd.DataFrame, area: str, household: tuple[str, str] | None, ids: tuple[str, str]
) -> None:
    homes = ("", "") if household is None else household
    for frame, what, identifier, home in (
        (survey, _("The survey"), ids[0], homes[0]),
        (census, _("The census"), ids[1], homes[1]),
    ):
        need_columns(frame, [identifier, area, *([home] if home else [])], what)
        if frame.empty:
            raise KitError(_("{what} has no rows.").format(what=what))
        names = tidy(frame[identifier])
        bad = names.isna() | names.duplicated(keep=False)
        if bad.any():
            raise KitError(
                _("{what}, column {c!r}: {value} is blank or comes more than once ({n} rows).").format(
                    what=what, c=identifier, value=shown(names[bad].iloc[0]), n=int(bad.sum())
                )
            )
    lost = survey[area].isna()
    if lost.any():
        raise KitError(
            _("The survey: {n} persons have no {c!r}; nobody can look for them.").format(n=int(lost.sum()), c=area)
        )


def _by_identifier(values: pd.Series) -> Ints:
    """The rows in the order of their identifiers."""
    return np.asarray(np.argsort(pd.Categorical(tidy(values), in_order(tidy(values))).codes, kind="stable"))


def _places(values: pd.Series) -> pd.Series:
    """Areas or households as text, rows numbered from 0; 7, 7.0 and "7" are the same."""
    held = tidy(values).reset_index(drop=True)
    names = {
        v: str(int(v)) if isinstance(v, (float, np.floating)) and float(v).is_integer() else str(v)
        for v in held.dropna().unique()
    }
    return held.map(names)


def _pairs(of_survey: pd.Series, of_census: pd.Series) -> pd.DataFrame:
    """Every person with every record of the same area: row numbers ``row`` and ``record``, by area and row."""
    left = pd.DataFrame({"area": of_survey, "row": np.arange(len(of_survey))})
    right = pd.DataFrame({"area": of_census, "record": np.arange(len(of_census))})
    both = left.merge(right.dropna(), on="area", how="inner")
    return both.sort_values(["area", "row", "record"], ignore_index=True)


def _levels(
    survey: pd.DataFrame, census: pd.DataFrame, pairs: pd.DataFrame, listed: Sequence[Comparison]
) -> pd.DataFrame:
    """The level of each comparison in each pair, as categories; two values that meet often are compared once."""
    found = {}
    for each in listed:
        left, first_left = _distinct(prepare(survey, [each], _("The survey")))
        right, first_right = _distinct(prepare(census, [each], _("The census")))
        key = left[pairs["row"].to_numpy()] * len(first_right) + right[pairs["record"].to_numpy()]
        met, which = np.unique(key, return_inverse=True)
        at = pd.DataFrame(
            {"row": first_left[met // len(first_right)], "record": first_right[met % len(first_right)]}
        )
        level = compare_pairs(survey, census, at, [each])[each.name]
        code = pd.Categorical(level, categories=[*each.level_names, "missing"])
        found[each.name] = pd.Categorical.from_codes(code.codes[which], dtype=code.dtype)
    return pd.DataFrame(found, index=pairs.index)


def _distinct(prepared: pd.DataFrame) -> tuple[Ints, Ints]:
    """A number for each different row, and where each is found first."""
    number = np.asarray(pd.MultiIndex.from_frame(prepared).factorize()[0], dtype=np.int64)
    return number, np.asarray(np.unique(number, return_index=True)[1], dtype=np.int64)


def _patterns(levels: pd.DataFrame) -> tuple[pd.DataFrame, Ints]:
    """The different patterns of agreement, with how many ``pairs`` show each, and the pattern of each pair."""
    code = np.zeros(len(levels), dtype=np.int64)
    for name in levels:
        code = code * len(levels[name].cat.categories) + levels[name].cat.codes.to_numpy()
    _values, first, which, pairs = np.unique(code, return_index=True, return_inverse=True, return_counts=True)
    return levels.iloc[first].astype(object).assign(pairs=pairs).reset_index(drop=True), which


def _model(levels: pd.DataFrame, at_home: pd.DataFrame | None = None) -> LinkageModel:
    """What agreement is worth: u as the pairs of an area show it, m as the pairs within paired households do.

    All but one in some hundred pairs of an area are two persons, so that their shares are u. Before any household
    is paired, m is an assumption: the best level in nine of ten pairs, the others as often as each other. Within
    paired households about one pair in as many as the members is one person, and EM tells the two kinds apart.
    """
    known: dict[str, dict[Any, float]] = {}
    if at_home is not None and len(at_home):
        patterns, _which = _patterns(at_home)
        order = {str(name): list(at_home[name].cat.categories[:-1]) for name in at_home}
        known = model_by_em(patterns, "pairs", order, prior=0.15, smoothing=1.0).table("m")
    lines = []
    for name in levels:
        listed = list(levels[name].cat.categories[:-1])
        u = levels[name].value_counts().reindex(listed).to_numpy(dtype=float) + 1 / len(listed)
        m = np.array([0.9, *[0.1 / (len(listed) - 1)] * (len(listed) - 1)])
        if known:
            m = np.array([known[str(name)][level] for level in listed])
        frame = pd.DataFrame({"comparison": name, "level": listed, "m": m / m.sum(), "u": u / u.sum()})
        lines.append(frame.assign(weight=np.log2(frame["m"] / frame["u"])))
    return LinkageModel(pd.concat(lines, ignore_index=True), prior=1 / max(len(levels), 2))


def _evidence(levels: pd.DataFrame, model: LinkageModel) -> Floats:
    """The weight of each pair in bits."""
    patterns, which = _patterns(levels)
    if patterns.empty:
        return np.zeros(0)
    worth = pair_weights(patterns.drop(columns="pairs"), model)["weight"]
    return np.asarray(worth.to_numpy(dtype=float)[which])


def _links(
    pairs: pd.DataFrame, survey: pd.DataFrame, census: pd.DataFrame, ids: tuple[str, str], low: float
) -> pd.DataFrame:
    """The pairs that are at least worth a look, each person and each record once."""
    from migkit.measures.integration.assignment import one_to_one

    odds = pairs["bits"] + pairs["prior"]
    likely = pairs.assign(odds=odds)[odds >= np.log2(low / (1 - low))]
    named = pd.DataFrame(
        {
            "person": tidy(survey[ids[0]]).to_numpy()[likely["row"].to_numpy(dtype=int)],
            "census": tidy(census[ids[1]]).to_numpy()[likely["record"].to_numpy(dtype=int)],
            "odds": likely["odds"].to_numpy(),
            "row": likely["row"].to_numpy(dtype=int),
            "record": likely["record"].to_numpy(dtype=int),
            "step": likely["step"].to_numpy(),
        }
    )
    found = one_to_one(named, "odds", at_least=float(np.log2(low / (1 - low))))
    return found.assign(probability=1 / (1 + 2.0 ** -found["odds"].to_numpy(dtype=float)))


def _next_door(
    links: pd.DataFrame, of_survey: pd.Series, of_census: pd.Series, neighbours: Mapping[Any, Sequence[Any]]
) -> pd.DataFrame:
    """The persons who are left with the records that are left in the areas next to theirs."""
    near = [(str(area), str(other)) for area, others in neighbours.items() for other in others if area != other]
    table = pd.DataFrame(near, columns=["area", "other"], dtype=object).drop_duplicates()
    left = pd.DataFrame({"area": of_survey, "row": np.arange(len(of_survey))})
    right = pd.DataFrame({"other": of_census, "record": np.arange(len(of_census))}).dropna()
    left = left[~left["row"].isin(links["row"])].merge(table, on="area")
    pairs = left.merge(right[~right["record"].isin(links["record"])], on="other")
    pairs["area"] = pairs["area"] + " / " + pairs["other"]
    return pairs.drop(columns="other").sort_values(["area", "row", "record"], ignore_index=True)


def _persons(
    survey: pd.DataFrame, census: pd.DataFrame, ids: tuple[str, str], links: pd.DataFrame, high: float
) -> pd.DataFrame:
    """The status of each person of the survey."""
    status = np.full(len(survey), "N", dtype=object)
    record, step = np.full(len(survey), None, dtype=object), np.full(len(survey), None, dtype=object)
    probability, tied = np.zeros(len(survey)), np.zeros(len(survey), dtype=bool)
    rows, sure = links["row"].to_numpy(dtype=int), (links["probability"] >= high).to_numpy(dtype=bool)
    status[rows] = np.where(sure, "M", "U")
    record[rows[sure]] = census[ids[1]].to_numpy(dtype=object)[links["record"].to_numpy(dtype=int)[sure]]
    step[rows], probability[rows], tied[rows] = links["step"], links["probability"], links["tied"]
    return pd.DataFrame(
        {
            ids[0]: survey[ids[0]].to_numpy(dtype=object),
            "match_status": status,
            ids[1]: record,
            "step": step,
            "probability": probability,
            "tied": tied,
        },
        index=survey.index,
    )


def _queue(
    survey: pd.DataFrame,
    census: pd.DataFrame,
    ids: tuple[str, str],
    persons: pd.DataFrame,
    pairs: pd.DataFrame,
    levels: pd.DataFrame,
    links: pd.DataFrame,
    low: float,
) -> pd.DataFrame:
    """For each person in doubt the records that may be his or hers and are nobody else's, the likeliest first."""
    doubt = np.flatnonzero(persons["match_status"].eq("U"))
    sure = links.loc[links["row"].map(persons["match_status"].reset_index(drop=True)).eq("M"), "record"]
    odds = (pairs["bits"] + pairs["prior"]).to_numpy()
    wanted = pairs["row"].isin(doubt).to_numpy() & ~pairs["record"].isin(sure).to_numpy()
    wanted &= odds >= np.log2(low / (1 - low))
    chosen = pairs[wanted]
    table = pd.DataFrame(
        {
            ids[0]: survey[ids[0]].to_numpy(dtype=object)[chosen["row"]],
            ids[1]: census[ids[1]].to_numpy(dtype=object)[chosen["record"]],
            "probability": 1 / (1 + 2.0 ** -odds[wanted]),
            "step": chosen["step"].to_numpy(),
        }
    )
    table = pd.concat([table, levels[wanted].astype(object).reset_index(drop=True)], axis=1)
    place = pd.DataFrame(
        {"row": chosen["row"].to_numpy(), "odds": -odds[wanted], "at": chosen["record"].to_numpy()}
    )
    return table.iloc[place.sort_values(["row", "odds", "at"]).index].reset_index(drop=True)


__all__ = ["WITHOUT_NAMES", "Matched", "match_to_census"]
