"""Fellegi and Sunter's weights: how much each agreement speaks for "the same person", and what to decide.

Two numbers tell the worth of a comparison. m is the chance of a level of agreement among records of the same
person, u among records of two persons. Rare by chance and common in truth weighs much.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from migkit.measures._input import need_columns, number, numbers, one_number, shown, whole_number
from migkit.measures.integration.comparisons import COUNTED, MISSING, OTHER
from migkit.reference import KitError, _

Floats = NDArray[np.float64]
#: Decisions about a pair.
LINK, REVIEW, NON_LINK = "link", "review", "non-link"
#: Odds below which a pair is no rival to another.
NO_CHANCE = 1e-9
#: Levels that speak neither for nor against.
SILENT = (MISSING, COUNTED)


def chance(value: Any, what: str) -> float:
    """``value`` as a probability.

    Args:
        value: a number from 0 to 1.
        what: how messages call it.

    Returns:
        The number.

    Raises:
        KitError: if it is none.

    >>> chance(0.95, "m")
    0.95
    """
    result = one_number(value, what)
    if not 0 <= result <= 1:
        raise KitError(_("{what} is a probability from 0 to 1; got {x}.").format(what=what, x=shown(value)))
    return result


def _log2(ratio: ArrayLike) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log2(np.asarray(ratio, dtype=float)))


def field_weights(fields: pd.DataFrame, m: str = "m", u: str = "u") -> pd.DataFrame:
    """The weights of fields that agree or disagree.

    ::

        agree = log2(m / u)          disagree = log2((1 - m) / (1 - u))

    The weights of the fields add up, if fields err independently of each other. Each point doubles the odds.

    Source: I. P. Fellegi and A. B. Sunter, "A theory for record linkage", Journal of the American Statistical
    Association 64 (1969).

    Args:
        fields: one row a field (its index names it).
        m: the column of the chance to agree for two records of one person.
        u: the column of the chance to agree for records of two persons.

    Returns:
        One row a field: ``m``, ``u``, ``agree``, ``disagree`` (binary digits, "bits").

    Raises:
        KitError: if a column is missing or holds no probability.

    >>> fields = pd.DataFrame({"m": [0.97, 0.97], "u": [0.007, 0.03]}, index=["birth", "sex"])
    >>> print(field_weights(fields).round(3))
              m      u  agree  disagree
    birth  0.97  0.007  7.114    -5.049
    sex    0.97  0.030  5.015    -5.015
    """
    need_columns(fields, [m, u], _("The table of fields"))
    held = {}
    for new, old in (("m", m), ("u", u)):
        what = _("The table of fields, column {c!r}").format(c=str(old))
        held[new] = numbers(fields[old], what)
        high = held[new].gt(1)
        if high.any():
            row = int(high.to_numpy().argmax())
            raise KitError(
                _("{what}: row {row} holds {x}, which is no probability.").format(
                    what=what, row=shown(fields.index[row]), x=shown(fields[old].iloc[row])
                )
            )
    table = pd.DataFrame(held)
    with np.errstate(divide="ignore", invalid="ignore"):
        table["agree"] = _log2(table["m"].to_numpy() / table["u"].to_numpy())
        table["disagree"] = _log2((1 - table["m"].to_numpy()) / (1 - table["u"].to_numpy()))
    return table


def match_probability(weight: Any, prior: float) -> Any:
    """The probability that a pair of this weight is one person.

    ::

        odds = prior / (1 - prior) x 2^weight        probability = odds / (1 + odds)

    Source: the theorem of Bayes; in linkage H. B. Newcombe et al., Science 130 (1959).

    Args:
        weight: the sum of a pair's weights, or a column of them.
        prior: the share of all pairs that are one person, before anything is compared.

    Returns:
        A probability, or a column of them.

    Raises:
        KitError: if the prior is no probability or a weight no number.

    >>> round(match_probability(10, prior=1 / 1001), 4)
    0.5059
    """
    start = chance(prior, "prior")
    one = np.isscalar(weight)
    column = [one_number(weight, "weight")] if one else weight
    bits = pd.to_numeric(pd.Series(column), errors="coerce").astype(float)
    if bits.isna().any():
        raise KitError(
            _("weight: row {row} holds no number.").format(row=shown(bits.index[int(bits.isna().argmax())]))
        )
    with np.errstate(divide="ignore", over="ignore"):
        logit = bits + _log2(start / (1 - start) if start < 1 else np.inf)
        result = pd.Series(1 / (1 + 2.0 ** -logit.to_numpy()), index=bits.index, name="probability")
    return float(result.iloc[0]) if one else result


@dataclass(frozen=True)
class LinkageModel:
    """What agreement is worth.

    Attributes:
        levels: one row a level of a comparison: ``comparison``, ``level``, ``m``, ``u``, ``weight`` = log2(m / u).
        prior: the share of all pairs that are one person.
        steps: how many rounds the estimate took; 0 if it was counted.
        log_likelihood: of the pairs seen, at the end; NaN if it was counted.
    """

    levels: pd.DataFrame
    prior: float
    steps: int = 0
    log_likelihood: float = float("nan")

    def table(self, column: str) -> dict[str, dict[Any, float]]:
        """A column of ``levels`` as comparison -> level -> value."""
        found: dict[str, dict[Any, float]] = {}
        for name, level, value in zip(
            self.levels["comparison"], self.levels["level"], self.levels[column], strict=True
        ):
            found.setdefault(name, {})[level] = float(value)
        return found


def _model(
    order: Mapping[str, Sequence[Any]], m: list[Floats], u: list[Floats], prior: float, **more: Any
) -> LinkageModel:
    rows = [(name, level) for name, levels in order.items() for level in levels]
    table = pd.DataFrame(rows, columns=["comparison", "level"])
    table["m"], table["u"] = np.concatenate(m), np.concatenate(u)
    with np.errstate(divide="ignore", invalid="ignore"):
        table["weight"] = _log2(table["m"].to_numpy() / table["u"].to_numpy())
    return LinkageModel(table, prior, **more)


def _orders(levels: pd.DataFrame, order: Mapping[str, Sequence[Any]] | None) -> dict[str, list[Any]]:
    """The levels of each comparison, best first."""
    if levels.empty or not len(levels.columns):
        raise KitError(_("There is no pair to learn from: the table of levels is empty."))
    found: dict[str, list[Any]] = {}
    for name in levels.columns:
        held = levels[name].astype(object)
        seen = [value for value in held.dropna().unique() if value not in SILENT]
        if order is not None and name in order:
            listed = list(order[name])
        elif set(seen) <= {0, 1}:
            listed = [1, 0]
        elif set(seen) <= {"same", OTHER}:
            listed = ["same", OTHER]
        else:
            raise KitError(
                _(
                    "Say in which order the levels of {name!r} stand, best first: order={{{name!r}: [...]}}."
                ).format(name=name)
            )
        strange = [value for value in seen if value not in listed]
        if strange:
            raise KitError(
                _("The column {name!r} holds {value}, which is no level of it; the levels are: {known}.").format(
                    name=name, value=shown(strange[0]), known=", ".join(map(str, listed))
                )
            )
        found[name] = listed
    return found


def _codes(levels: pd.DataFrame, order: Mapping[str, Sequence[Any]]) -> NDArray[np.int64]:
    """Levels as whole numbers, 0 the best, -1 missing."""
    columns = []
    for name, listed in order.items():
        code = {level: number for number, level in enumerate(listed)}
        held = levels[name].astype(object)
        columns.append([-1 if pd.isna(value) or value in SILENT else code[value] for value in held])
    return np.array(columns, dtype=np.int64).T


def _counts(levels: pd.DataFrame, count: str | None) -> tuple[pd.DataFrame, Floats]:
    need_columns(levels, [] if count is None else [count], _("The table of levels"))
    if count is None:
        return levels, np.ones(len(levels))
    held = numbers(levels[count], _("The table of levels, column {c!r}").format(c=count))
    return levels.drop(columns=count), held.to_numpy()


def count_patterns(levels: pd.DataFrame) -> pd.DataFrame:
    """How many pairs show each pattern of agreement.

    Args:
        levels: one row a pair, one column a comparison, as :func:`compare_pairs` gives.

    Returns:
        One row a pattern, the most frequent first, with a column ``pairs``.

    Raises:
        KitError: if ``levels`` is no table or has a column ``pairs`` already.

    >>> print(count_patterns(pd.DataFrame({"name": [1, 1, 0], "birth": [1, 1, 0]})))
       name  birth  pairs
    0     1      1      2
    1     0      0      1
    """
    need_columns(levels, [], _("The table of levels"))
    if "pairs" in levels.columns or not len(levels.columns):
        raise KitError(_("The table of levels needs a column for each comparison, and none called 'pairs'."))
    names = list(levels.columns)
    held = levels.astype(object).where(levels.notna(), MISSING)
    table = held.groupby(names, sort=False).size().rename("pairs").reset_index()
    by = table[names].astype(str).assign(pairs=-table["pairs"]).sort_values(["pairs", *names], kind="stable")
    return table.loc[by.index].reset_index(drop=True)


def model_from_pairs(
    levels: pd.DataFrame,
    same_person: Any,
    order: Mapping[str, Sequence[Any]] | None = None,
    count: str | None = None,
) -> LinkageModel:
    """The model counted on pairs of which one knows whether they are one person.

    ::

        m(level) = pairs of one person with the level / pairs of one person that state both values
        u(level) = the same among pairs of two persons

    Source: H. B. Newcombe, J. M. Kennedy, S. J. Axford and A. P. James, "Automatic linkage of vital records",
    Science 130 (1959).

    Args:
        levels: one row a pair (or a pattern), one column a comparison: 1 and 0, or names of levels.
        same_person: for each row, True if it is one person.
        order: for comparisons of other levels, their names, best first.
        count: the column of how many pairs a row stands for; without it, one.

    Returns:
        A LinkageModel.

    Raises:
        KitError: if there is no pair of one person or none of two, or a level is not known.

    >>> levels = pd.DataFrame({"name": [1, 1, 1, 0, 0, 0, 0, 1]})
    >>> model_from_pairs(levels, [True] * 4 + [False] * 4).levels[["level", "m", "u"]].values.tolist()
    [[1.0, 0.75, 0.25], [0.0, 0.25, 0.75]]
    """
    table, n = _counts(levels, count)
    listed = _orders(table, order)
    truth = np.asarray(same_person)
    if truth.shape != (len(table),) or pd.isna(truth).any() or not set(truth.tolist()) <= {0, 1}:
        raise KitError(_("same_person: say True or False for each of the {n} rows.").format(n=len(table)))
    truth = truth.astype(bool)
    if not n[truth].sum() or not n[~truth].sum():
        raise KitError(_("Pairs of one person and pairs of two persons are needed; one kind is not there."))
    codes = _codes(table, listed)
    m: list[Floats] = []
    u: list[Floats] = []
    for at, levels_of in enumerate(listed.values()):
        for chances, kind in ((m, truth), (u, ~truth)):
            chances.append(_shares(codes[:, at], n * kind, len(levels_of)))
    return _model(listed, m, u, float(n[truth].sum() / n.sum()))


def _shares(codes: NDArray[np.int64], n: Floats, size: int, smoothing: float = 0.0) -> Floats:
    """The share of each level among those that state both values."""
    stated = codes >= 0
    found = np.bincount(codes[stated], weights=n[stated], minlength=size) + smoothing / size
    total = found.sum()
    return np.asarray(found / total if total else np.full(size, 1 / size))


def model_by_em(
    levels: pd.DataFrame,
    count: str | None = None,
    order: Mapping[str, Sequence[Any]] | None = None,
    partners: tuple[Any, Any] | None = None,
    random_pairs: Mapping[str, Mapping[Any, float]] | None = None,
    all_pairs: float | None = None,
    prior: float = 0.1,
    start_m: float = 0.9,
    smoothing: float = 0.0,
    tolerance: float = 1e-8,
    most_steps: int = 2000,
) -> LinkageModel:
    """The model estimated without knowing a single true pair, by expectation and maximisation.

    ::

        guess m, u and the prior, then again and again:
        E  odds o of each pattern = prior / (1 - prior) x product of m / u;    g = o / (1 + o)
        M  prior = sum of g / pairs;   m(level) = sum of g with the level / sum of g;   u with 1 - g likewise

        where a record has one partner at most, its pairs compete:
        g = o / (1 + sum of o over the pairs of the left record + the same of the right record - o)

    It assumes that fields err independently of each other, among records of one person and among those of two
    (conditional independence). Where they do not, as with sex and given name, the plain form takes chance for
    truth; that each record has one partner at most is what keeps it from that.

    Where only likely pairs were compared (blocking), say how many pairs there are in all (``all_pairs``) and what
    pairs picked at random look like (``random_pairs``): then u follows from these, less the true pairs among
    them, and pairs not compared count as pairs of two persons.

    Source: A. P. Dempster, N. M. Laird and D. B. Rubin, Journal of the Royal Statistical Society B 39 (1977); for
    linkage M. A. Jaro, Journal of the American Statistical Association 84 (1989), and W. E. Winkler, Proceedings
    of the Section on Survey Research Methods, American Statistical Association (1988). One partner: the idea is M.
    Sadinle's, Journal of the American Statistical Association 112 (2017); the sum of odds is an approximation of
    ours (assumption).

    Args:
        levels: one row a pair (or a pattern), one column a comparison: 1 and 0, or names of levels.
        count: the column of how many pairs a row stands for; without it, one.
        order: for comparisons of other levels, their names, best first.
        partners: the left and the right record of each pair, where a record has one partner at most.
        random_pairs: comparison -> level -> share among pairs picked at random.
        all_pairs: how many pairs there are in all, compared or not.
        prior: where to start: the share of pairs that are one person.
        start_m: where to start: m of the best level.
        smoothing: pairs of one person added to each comparison, shared by its levels, so that no m is 0.
        tolerance: stop when no probability moves by more.
        most_steps: stop after so many rounds.

    Returns:
        A LinkageModel.

    Raises:
        KitError: if there are no pairs, or a number is out of range.

    >>> patterns = pd.DataFrame({"name": [1, 1, 1, 0, 1, 0, 0, 0], "birth": [1, 1, 0, 1, 0, 1, 0, 0],
    ...                          "sex": [1, 0, 1, 1, 0, 0, 1, 0], "pairs": [183, 27, 27, 27, 63, 63, 63, 547]})
    >>> model = model_by_em(patterns, count="pairs")
    >>> round(model.prior, 3), model.levels["m"].round(3).tolist()
    (0.25, [0.9, 0.1, 0.9, 0.1, 0.9, 0.1])
    """
    table, n = _counts(levels, count)
    listed = _orders(table, order)
    if not n.sum():
        raise KitError(_("There is no pair to learn from: all counts are 0."))
    compete = None
    if partners is not None:
        sides = [pd.factorize(pd.Series(side).astype(object))[0] for side in partners]
        if any(len(side) != len(table) for side in sides) or any((side < 0).any() for side in sides):
            raise KitError(_("partners: name the left and the right record of each of the pairs."))
        compete = Competition(sides[0], sides[1], np.arange(len(table)))
    return estimate(
        _codes(table, listed),
        n,
        listed,
        compete,
        random_pairs,
        all_pairs,
        prior,
        start_m,
        smoothing,
        tolerance,
        most_steps,
    )


@dataclass(frozen=True)
class Competition:
    """Pairs that compete for their records: of each the left record, the right record and its pattern's row."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    pattern: NDArray[np.int64]

    def expected(self, odds: Floats) -> Floats:
        """How many pairs of each pattern are one person, if a record has one partner at most."""
        # Pairs with next to no chance add nothing, and are most of them.
        row = np.flatnonzero((odds > NO_CHANCE)[self.pattern])
        left, right, pattern = self.left[row], self.right[row], self.pattern[row]
        o = odds[pattern]
        rival = np.bincount(left, o)[left] + np.bincount(right, o)[right]
        return np.asarray(np.bincount(pattern, o / (1 + rival - o), minlength=len(odds)), dtype=float)


def estimate(
    codes: NDArray[np.int64],
    n: Floats,
    order: Mapping[str, Sequence[Any]],
    compete: Competition | None = None,
    random_pairs: Mapping[str, Mapping[Any, float]] | None = None,
    all_pairs: float | None = None,
    prior: float = 0.1,
    start_m: float = 0.9,
    smoothing: float = 0.0,
    tolerance: float = 1e-8,
    most_steps: int = 2000,
) -> LinkageModel:
    """:func:`model_by_em` on patterns that are numbers already, as whole registers need it.

    Args:
        codes: one row a pattern, one column a comparison: the number of its level, 0 the best, -1 missing.
        n: how many pairs show the pattern.
        order: comparison -> its levels, best first.
        compete: the pairs, where a record has one partner at most.
        random_pairs: as for ``model_by_em``, and so are the others.
        all_pairs: see there.
        prior: see there.
        start_m: see there.
        smoothing: see there.
        tolerance: see there.
        most_steps: see there.

    Returns:
        A LinkageModel.

    Raises:
        KitError: if a number is out of range.

    >>> codes, n = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([40.0, 5, 5, 50])
    >>> estimate(codes, n, {"name": [1, 0], "birth": [1, 0]}).levels["comparison"].tolist()
    ['name', 'name', 'birth', 'birth']
    """
    sizes = [len(each) for each in order.values()]
    total = float(n.sum()) if all_pairs is None else number(all_pairs, "all_pairs")
    if total < n.sum():
        raise KitError(
            _("all_pairs ({all:g}) is less than the pairs of the table ({n:g}).").format(all=total, n=n.sum())
        )
    rounds, first = whole_number(most_steps, "most_steps"), chance(start_m, "start_m")
    m = [np.array([first, *[(1 - first) / max(size - 1, 1)] * (size - 1)]) for size in sizes]
    seen = None if random_pairs is None else _random_shares(random_pairs, order)
    u = [_shares(codes[:, at], n, size) for at, size in enumerate(sizes)] if seen is None else seen
    state = _State(m, u, chance(prior, "prior"), 0, float("nan"))
    for step in range(1, rounds + 1):
        new = _round(codes, n, total, state, seen, compete, smoothing, step)
        moved = max(
            abs(new.prior - state.prior),
            *(float(np.abs(a - b).max()) for a, b in zip(new.m + new.u, state.m + state.u, strict=True)),
        )
        state = new
        if moved < tolerance:
            break
    return _model(order, state.m, state.u, state.prior, steps=state.steps, log_likelihood=state.log_likelihood)


def _random_shares(
    random_pairs: Mapping[str, Mapping[Any, float]], order: Mapping[str, Sequence[Any]]
) -> list[Floats]:
    need = [name for name in order if name not in random_pairs]
    if need:
        raise KitError(_("random_pairs says nothing about {name!r}.").format(name=need[0]))
    return [
        np.array([chance(random_pairs[name].get(level, 0.0), "random_pairs") for level in each])
        for name, each in order.items()
    ]


@dataclass(frozen=True)
class _State:
    m: list[Floats]
    u: list[Floats]
    prior: float
    steps: int
    log_likelihood: float


def _round(
    codes: NDArray[np.int64],
    n: Floats,
    total: float,
    now: _State,
    seen: list[Floats] | None,
    compete: Competition | None,
    smoothing: float,
    step: int,
) -> _State:
    """One round: what each pattern would be, then the shares among what it would be."""
    one, two = np.full(len(n), now.prior), np.full(len(n), 1 - now.prior)
    for at, (m, u) in enumerate(zip(now.m, now.u, strict=True)):
        stated = codes[:, at] >= 0
        one[stated] *= m[codes[stated, at]]
        two[stated] *= u[codes[stated, at]]
    both = one + two
    with np.errstate(divide="ignore", over="ignore"):
        likelihood = float((n * np.log(both))[n > 0].sum())
    if compete is None:
        same = n * np.divide(one, both, out=np.zeros_like(one), where=both > 0)
    else:
        odds = np.divide(one, two, out=np.full_like(one, np.inf), where=two > 0)
        same = compete.expected(np.minimum(odds, 1e300))
    # Neither none nor all of the pairs: a prior of 0 or 1 no evidence could move.
    prior = float(np.clip(same.sum() / total, 0.001 / total, 1 - 1e-12))
    m_new, u_new = [], []
    for at, m in enumerate(now.m):
        m_new.append(_shares(codes[:, at], same, len(m), smoothing))
        if seen is None:
            u_new.append(_shares(codes[:, at], n - same, len(m)))
        else:  # what random pairs show, less the true pairs among them, but never less than a tenth of it
            rest = np.maximum(seen[at] - prior * m_new[at], seen[at] / 10 + 1e-9)
            u_new.append(rest / rest.sum())
    return _State(m_new, u_new, prior, step, likelihood)


def pair_weights(levels: pd.DataFrame, model: LinkageModel) -> pd.DataFrame:
    """The weight of each pair, and the probability that it is one person.

    ::

        weight = sum over comparisons of log2(m / u); a comparison that is missing adds 0

    Source: I. P. Fellegi and A. B. Sunter (1969), as :func:`field_weights`.

    Args:
        levels: one row a pair, one column a comparison.
        model: what agreement is worth.

    Returns:
        A frame with the index of ``levels``: a weight for each comparison, ``weight`` and ``probability``.

    Raises:
        KitError: if a comparison or a level is not in the model.

    >>> model = model_from_pairs(pd.DataFrame({"name": [1, 1, 1, 0, 0, 0, 0, 1]}), [True] * 4 + [False] * 4)
    >>> pair_weights(pd.DataFrame({"name": [1, 0]}), model).round(3).values.tolist()
    [[1.585, 1.585, 0.75], [-1.585, -1.585, 0.25]]
    """
    worth = model.table("weight")
    need_columns(levels, worth, _("The table of levels"))
    listed = _orders(levels[list(worth)], {name: list(each) for name, each in worth.items()})
    codes = _codes(levels, listed)
    table = pd.DataFrame(index=levels.index)
    for at, (name, each) in enumerate(worth.items()):
        table[name] = np.append(np.array(list(each.values())), 0.0)[codes[:, at]]
    table["weight"] = table.sum(axis=1)
    table["probability"] = match_probability(table["weight"], model.prior)
    return table


@dataclass(frozen=True)
class DecisionRule:
    """Fellegi and Sunter's rule: link from ``upper`` on, do not link up to ``lower``, look at what lies between.

    Attributes:
        patterns: one row a pattern, the highest weight first: its levels, ``weight``, ``m``, ``u`` (chances of the
            pattern), ``false_link`` and ``false_nonlink`` (error rates if the cut were at this row), ``decision``.
        upper: link at this weight or above.
        lower: do not link at this weight or below.
        false_link: the chance that a pair of two persons is linked.
        false_nonlink: the chance that a pair of one person is not linked and not looked at.
        review_one: the share of pairs of one person that clerks look at.
        review_two: the share of pairs of two persons that clerks look at.
    """

    patterns: pd.DataFrame
    upper: float
    lower: float
    false_link: float
    false_nonlink: float
    review_one: float
    review_two: float


def decision_rule(model: LinkageModel, false_link: float = 0.001, false_nonlink: float = 0.01) -> DecisionRule:
    """The two thresholds that keep both errors below what is allowed, with the least clerical work.

    ::

        order the patterns by weight, the highest first
        upper: the lowest weight such that    sum of u from the top down to it       <= false_link
        lower: the highest weight such that   sum of m from the bottom up to it      <= false_nonlink

    Fellegi and Sunter let chance decide at the two borders, to use the allowance up; here the border patterns go
    to review.

    Source: I. P. Fellegi and A. B. Sunter, Journal of the American Statistical Association 64 (1969), the
    fundamental theorem.

    Args:
        model: what agreement is worth (at most 2 million patterns).
        false_link: how often a pair of two persons may be linked.
        false_nonlink: how often a pair of one person may be left unlinked.

    Returns:
        A DecisionRule.

    Raises:
        KitError: if an allowance is no probability or there are too many patterns.

    >>> levels = pd.DataFrame({"comparison": ["name"] * 2 + ["birth"] * 2, "level": [1, 0] * 2,
    ...                        "m": [0.9, 0.1] * 2, "u": [0.1, 0.9, 0.02, 0.98]})
    >>> levels["weight"] = np.log2(levels["m"] / levels["u"])
    >>> rule = decision_rule(LinkageModel(levels, prior=0.1), false_link=0.005, false_nonlink=0.02)
    >>> print(rule.patterns.round(3).drop(columns=["m", "u"]))
       name  birth  weight  false_link  false_nonlink  decision
    0     1      1   8.662       0.002           1.00      link
    1     0      1   2.322       0.020           0.19    review
    2     1      0  -0.123       0.118           0.10    review
    3     0      0  -6.463       1.000           0.01  non-link
    """
    allowed = chance(false_link, "false_link"), chance(false_nonlink, "false_nonlink")
    m, u = model.table("m"), model.table("u")
    size = int(np.prod([len(each) for each in m.values()]))
    if size > 2_000_000:
        raise KitError(_("{n} patterns are too many; join levels or leave comparisons out.").format(n=size))
    table = pd.DataFrame(list(product(*m.values())), columns=list(m))
    for name, chances in (("m", m), ("u", u)):
        each = [table[column].map(levels).to_numpy(dtype=float) for column, levels in chances.items()]
        table[f" {name}"] = np.prod(each, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        table["weight"] = _log2(table[" m"].to_numpy() / table[" u"].to_numpy())
    table = table[(table[" m"] > 0) | (table[" u"] > 0)]
    table = table.sort_values("weight", ascending=False, kind="stable").reset_index(drop=True)
    # Patterns of the same weight stand or fall together.
    same = table["weight"].round(12)
    table["false_link"] = table[" u"].cumsum().groupby(same).transform("max").clip(upper=1)
    table["false_nonlink"] = table[" m"][::-1].cumsum()[::-1].groupby(same).transform("max").clip(upper=1)
    link = (table["false_link"] <= allowed[0] + 1e-15).to_numpy()
    leave = (table["false_nonlink"] <= allowed[1] + 1e-15).to_numpy() & ~link
    table["decision"] = np.where(link, LINK, np.where(leave, NON_LINK, REVIEW))
    look = ~link & ~leave
    upper = float(table["weight"][link].min()) if link.any() else float("inf")
    lower = float(table["weight"][leave].max()) if leave.any() else float("-inf")
    columns = [*m, "weight", "m", "u", "false_link", "false_nonlink", "decision"]
    return DecisionRule(
        table.rename(columns={" m": "m", " u": "u"})[columns],
        upper,
        lower,
        float(table[" u"][link].sum()),
        float(table[" m"][leave].sum()),
        float(table[" m"][look].sum()),
        float(table[" u"][look].sum()),
    )


def classify_pairs(weight: Any, upper: float, lower: float) -> pd.Series:
    """What to do with each pair: link, review or leave.

    Source: I. P. Fellegi and A. B. Sunter (1969), as :func:`decision_rule`.

    Args:
        weight: a column of weights (or of probabilities, with thresholds in probabilities).
        upper: link at this value or above.
        lower: do not link at this value or below.

    Returns:
        A Series of "link", "review" and "non-link".

    Raises:
        KitError: if ``lower`` is above ``upper`` or a weight is no number.

    >>> classify_pairs([9.1, 3.0, -6.2], upper=8, lower=-5).tolist()
    ['link', 'review', 'non-link']
    """
    top, bottom = one_number(upper, "upper"), one_number(lower, "lower")
    if not bottom <= top:
        raise KitError(_("lower ({a:g}) must not be above upper ({b:g}).").format(a=bottom, b=top))
    column = weight if isinstance(weight, pd.Series) else pd.Series(weight, dtype=object)
    bits = pd.to_numeric(column, errors="coerce").astype(float)
    if bits.isna().any():
        row = int(bits.isna().to_numpy().argmax())
        raise KitError(
            _("weight: row {row} holds {x}, which is no number.").format(
                row=shown(bits.index[row]), x=shown(column.iloc[row])
            )
        )
    words = np.where(bits >= top, LINK, np.where(bits <= bottom, NON_LINK, REVIEW))
    return pd.Series(words, index=bits.index, name="decision", dtype=object)


__all__ = [
    "LINK",
    "NON_LINK",
    "REVIEW",
    "SILENT",
    "Competition",
    "DecisionRule",
    "LinkageModel",
    "chance",
    "classify_pairs",
    "count_patterns",
    "decision_rule",
    "estimate",
    "field_weights",
    "match_probability",
    "model_by_em",
    "model_from_pairs",
    "pair_weights",
]
