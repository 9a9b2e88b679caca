"""Linking two registers whole: probabilistic linkage with Splink on DuckDB, from two tables to links.

The parts are those of the other modules: keys and comparisons are data, the model is estimated by the same
expectation and maximisation that is taught, each record gets one partner at most. Splink finds the candidates,
compares and scores them inside DuckDB, so that registers of hundreds of thousands fit a laptop.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import engine, in_order, need_columns, number, whole_number
from migkit.measures.integration.assignment import one_to_one as assigned
from migkit.measures.integration.blocking import Blocking, as_rules, choose_blocking
from migkit.measures.integration.comparisons import COUNTED, MISSING, OTHER, Comparison, as_comparisons, prepare
from migkit.measures.integration.fellegi_sunter import Competition, LinkageModel, chance, estimate
from migkit.measures.integration.keys import agreement_key, record_ids
from migkit.reference import KitError, _

#: Registers that make no more pairs than this are compared pair by pair, without blocking.
ALL_PAIRS = 1_000_000
#: What blocking is called where there is none.
EVERY_PAIR = "every pair"


@dataclass(frozen=True)
class Linkage:
    """What linking two registers gave.

    Attributes:
        links: one row a link: ``left_id``, ``right_id``, ``weight``, ``probability``, ``tied`` (True if another
            pair of one of the records has the same weight: look at it).
        pairs: every pair compared whose probability is at least ``keep``: ``left_id``, ``right_id``, ``weight``,
            ``probability`` and the level of each comparison.
        model: what agreement is worth, and the share of all pairs that are one person.
        blocking: one row a rule: the keys and how many pairs no rule before had made.
        threshold: the probability from which on a pair could become a link.
        records: how many records left and right had.
    """

    links: pd.DataFrame
    pairs: pd.DataFrame
    model: LinkageModel
    blocking: pd.DataFrame
    threshold: float
    records: tuple[int, int]

    @property
    def expected_pairs(self) -> float:
        """How many pairs of one person the model expects among all, compared or not."""
        return self.model.prior * self.records[0] * self.records[1]


def link(
    left: pd.DataFrame,
    right: pd.DataFrame,
    compare: Sequence[Comparison],
    blocking: Blocking | None = None,
    left_id: str | None = None,
    right_id: str | None = None,
    left_columns: Mapping[str, str] | None = None,
    right_columns: Mapping[str, str] | None = None,
    threshold: float = 0.5,
    one_to_one: bool = True,
    frequencies: bool = True,
    keep: float = 0.001,
    pairs_per_record: float = 3,
    random_pairs: float = 1_000_000,
    seed: int = 1,
) -> Linkage:
    """Link two registers without a common number: which records are the same person, and how sure is it?

    ::

        1. prepare: names without accents and with keys, dates as text
        2. block: compare only pairs that agree on some keys (all pairs of small registers)
        3. u: what pairs picked at random agree on; m and the prior: by EM over the patterns of all candidates
        4. weight = sum of log2(m / u), with more for rare names and dates than for common ones
        5. probability by the prior; pairs at the threshold or above, one partner for each record

    No true pair is needed. The same registers, settings and seed give the same links in whatever order the records
    stand.

    Source: I. P. Fellegi and A. B. Sunter (1969); M. A. Jaro (1989); the engine: R. Linacre et al., "Splink: free
    software for probabilistic record linkage at scale", International Journal of Population Data Science 7 (2022).

    Args:
        left: one row a record.
        right: one row a record of the other register.
        compare: what is compared: ``compare_name("surname", other="given_name")``, ``compare_date("dob")`` ...
        blocking: rules of which a pair must meet one, each a list of keys; without them, they are chosen by
            counting pairs.
        left_id: the column that identifies records of ``left``; without it, its index.
        right_id: the same for ``right``.
        left_columns: the columns of ``left`` that are called otherwise: ``{"surname": "nom"}``.
        right_columns: the same for ``right``.
        threshold: the lowest probability of a link.
        one_to_one: whether a record has one partner at most; False if a register may hold a person twice.
        frequencies: whether agreement on a rare value weighs more than on a common one.
        keep: pairs of a lower probability are not handed back.
        pairs_per_record: how many candidates a record may have by one chosen rule.
        random_pairs: how many pairs picked at random show what agreement by chance is.
        seed: which records are picked to learn about chance agreement.

    Returns:
        A Linkage.

    Raises:
        KitError: if a column is missing, a value cannot be read, an identifier stands twice, or Splink is not
            installed.

    >>> from migkit.measures.integration.comparisons import compare_code, compare_date, compare_name
    >>> names = ["Diallo", "Bah", "Sow", "Barry", "Camara", "Touré", "Keïta", "Sylla", "Cissé", "Traoré"]
    >>> census = pd.DataFrame({"nom": names, "dob": [f"19{60 + i}-0{1 + i % 9}-1{i % 7}" for i in range(10)]})
    >>> permits = pd.DataFrame({"surname": ["Jallow", "Baa", "Sowe"], "dob": census["dob"].tolist()[:3]})
    >>> found = link(census, permits, [compare_name("surname"), compare_date("dob")],
    ...              left_columns={"surname": "nom"})
    >>> found.links[["left_id", "right_id"]].values.tolist()
    [[0, 0], [1, 1], [2, 2]]
    """
    comparisons = as_comparisons(compare)
    limits = chance(threshold, "threshold"), chance(keep, "keep")
    start, picked = whole_number(seed, "seed"), max(number(random_pairs, "random_pairs"), 1.0)
    sides = [
        _Side.of(frame, column, columns, what)
        for frame, column, columns, what in (
            (left, left_id, left_columns, _("The left table")),
            (right, right_id, right_columns, _("The right table")),
        )
    ]
    made = [prepare(side.frame, comparisons, side.what) for side in sides]
    rules = _rules(sides, comparisons, blocking, pairs_per_record)
    if not len(left) or not len(right):
        return _nothing(comparisons, rules, limits[0], (len(left), len(right)))
    work = _Work(sides, made, comparisons, rules)
    try:
        model, fresh = work.learn(start, picked)
        pairs = work.score(model, frequencies, limits[1], one_to_one)
    finally:
        work.close()
    likely = pairs[pairs["probability"] >= limits[0]]
    if one_to_one:
        links = assigned(likely, at_least=-np.inf if likely.empty else float(likely["weight"].min()))
    else:
        links = likely.assign(tied=False)
    return Linkage(
        links[["left_id", "right_id", "weight", "probability", "tied"]].reset_index(drop=True),
        pairs,
        model,
        pd.DataFrame({"rule": [" + ".join(rule) or EVERY_PAIR for rule in rules], "new_pairs": fresh}),
        limits[0],
        (len(left), len(right)),
    )


@dataclass(frozen=True)
class _Side:
    """One register, its columns under common names, in the order of its identifiers."""

    frame: pd.DataFrame
    ids: "pd.Series"
    what: str

    @staticmethod
    def of(frame: pd.DataFrame, column: str | None, columns: Mapping[str, str] | None, what: str) -> "_Side":
        ids = record_ids(frame, column, what)
        renamed = frame
        if columns:
            need_columns(frame, columns.values(), what)
            taken = [new for new, old in columns.items() if new in frame.columns and new != old]
            renamed = frame.drop(columns=taken).rename(columns={old: new for new, old in columns.items()})
        place = pd.Series(range(len(ids)), index=ids.to_numpy())
        order = place[in_order(ids)].to_numpy(dtype=int) if len(ids) else np.zeros(0, dtype=int)
        return _Side(renamed.iloc[order].reset_index(drop=True), ids.iloc[order].reset_index(drop=True), what)


def _rules(
    sides: Sequence[_Side], comparisons: Sequence[Comparison], blocking: Blocking | None, pairs_per_record: float
) -> list[list[str]]:
    """Blocking rules; a rule without keys is every pair."""
    if blocking is not None:
        return as_rules(blocking)
    if len(sides[0].ids) * len(sides[1].ids) <= ALL_PAIRS:
        return [[]]
    return choose_blocking(sides[0].frame, sides[1].frame, comparisons, pairs_per_record)


def _nothing(
    comparisons: Sequence[Comparison], rules: Sequence[Sequence[str]], threshold: float, records: tuple[int, int]
) -> Linkage:
    """The linkage of a register without records."""
    pairs = pd.DataFrame(columns=["left_id", "right_id", "weight", "probability", *(c.name for c in comparisons)])
    levels = pd.DataFrame(columns=["comparison", "level", "m", "u", "weight"])
    links = pairs[["left_id", "right_id", "weight", "probability"]].assign(tied=pd.Series(dtype=bool))
    table = pd.DataFrame({"rule": [" + ".join(rule) or EVERY_PAIR for rule in rules], "new_pairs": 0})
    return Linkage(links, pairs, LinkageModel(levels, 0.0), table, threshold, records)


class _Work:
    """The registers inside DuckDB while they are linked."""

    def __init__(
        self,
        sides: Sequence[_Side],
        made: Sequence[pd.DataFrame],
        comparisons: Sequence[Comparison],
        rules: Sequence[Sequence[str]],
    ) -> None:
        self.splink, duckdb = engine("splink"), engine("duckdb")
        self.sides, self.made, self.comparisons, self.rules = sides, made, comparisons, rules
        #: Prepared columns and blocking keys go by short names that any file's column names cannot break.
        self.short = {name: f"p{at}" for at, name in enumerate(made[0].columns)}
        keys = list(dict.fromkeys(key for rule in rules for key in rule))
        self.key = {key: f"b{at}" for at, key in enumerate(keys)}
        self.connection = duckdb.connect()
        self.connection.execute("SET enable_progress_bar = false")  # a measure prints nothing
        for name, side, frame in zip(("left_", "right_"), sides, made, strict=True):
            table = frame.rename(columns=self.short)
            for key, short in self.key.items():
                table[short] = agreement_key(side.frame, key, side.what)
            table = table.astype(object).where(table.notna(), None)
            table.insert(0, "row_", np.arange(len(table), dtype=np.int64))
            columns = ", ".join(f'"{column}"::varchar as "{column}"' for column in table.columns[1:])
            self.connection.register("given", table)
            self.connection.execute(f"create table {name} as select row_, {columns} from given order by row_")
            self.connection.unregister("given")
        self.api = self.splink.DuckDBAPI(self.connection)
        # Splink puts left and right in the order of these names; short ones keep its keys of pairs small.
        self.tables = [
            self.api.register(name, dataset_display_name=shown_as)
            for name, shown_as in (("left_", "a"), ("right_", "b"))
        ]

    def close(self) -> None:
        self.connection.close()

    def _sql(self, text: str) -> str:
        for name, short in self.short.items():
            text = text.replace(f'"{name}_l"', f'"{short}_l"').replace(f'"{name}_r"', f'"{short}_r"')
        return text

    def _silent(self, comparison: Comparison) -> str:
        """Where the comparison says nothing: missing, or counted elsewhere."""
        short = self.short[comparison.main]
        elsewhere = f" or ({self._sql(comparison.counted.sql)})" if comparison.counted else ""
        return f'"{short}_l" is null or "{short}_r" is null{elsewhere}'

    def _linker(self, model: LinkageModel | None, frequencies: bool) -> Any:
        """Splink's linker for the two tables, with or without a model."""
        rules = [
            {"blocking_rule": " and ".join(f"l.{self.key[key]} = r.{self.key[key]}" for key in rule) or "1=1"}
            for rule in self.rules
        ]
        settings = {
            "link_type": "link_only",
            "unique_id_column_name": "row_",
            "probability_two_random_records_match": model.prior if model else 0.0001,
            "comparisons": [self._for_splink(each, model, frequencies) for each in self.comparisons],
            "blocking_rules_to_generate_predictions": rules,
            "retain_matching_columns": True,
        }
        return self.splink.Linker(self.tables, settings, log_level="ERROR", validate_settings=False)

    def _for_splink(self, comparison: Comparison, model: LinkageModel | None, frequencies: bool) -> dict[str, Any]:
        levels: list[dict[str, Any]] = [
            {"sql_condition": self._silent(comparison), "label_for_charts": MISSING, "is_null_level": True}
        ]
        m, u = ({}, {}) if model is None else (model.table("m"), model.table("u"))
        for level in [*comparison.levels, None]:
            name = OTHER if level is None else level.name
            entry: dict[str, Any] = {
                "sql_condition": "ELSE" if level is None else self._sql(level.sql),
                "label_for_charts": name,
            }
            if model is not None:
                entry["m_probability"] = m[comparison.name][name]
                entry["u_probability"] = u[comparison.name][name]
            if level is not None and level.frequency is not None and frequencies:
                entry["tf_adjustment_column"] = self.short[level.frequency]
                entry["tf_adjustment_weight"] = 1.0
                entry["disable_tf_exact_match_detection"] = True
            levels.append(entry)
        return {"output_column_name": self._short_name(comparison), "comparison_levels": levels}

    def _short_name(self, comparison: Comparison) -> str:
        return f"c{self.comparisons.index(comparison)}"

    def _levels(self, pairs: str) -> str:
        """An SQL query: the level of each comparison, 0 the best, -1 missing, for ``pairs`` (row_l, row_r)."""
        cases = []
        for each in self.comparisons:
            levels = " ".join(f"when {self._sql(level.sql)} then {at}" for at, level in enumerate(each.levels))
            cases.append(
                f"(case when {self._silent(each)} then -1 {levels} else {len(each.levels)} end)::tinyint as "
                f"{self._short_name(each)}"
            )
        columns = ", ".join(
            f'l."{short}" as "{short}_l", r."{short}" as "{short}_r"' for short in self.short.values()
        )
        return (
            f"select row_l, row_r, {', '.join(cases)} from (select row_l, row_r, {columns} from ({pairs}) "
            f"join left_ l on l.row_ = row_l join right_ r on r.row_ = row_r)"
        )

    def _patterns(self, levelled: str) -> pd.DataFrame:
        """How many pairs of a query show each pattern of levels, with a number for each pattern."""
        names = ", ".join(self._short_name(each) for each in self.comparisons)
        self.connection.execute(
            f"create or replace table patterns as select row_number() over (order by {names}) - 1 as pattern, * "
            f"from (select {names}, count(*) as n from ({levelled}) group by all)"
        )
        found: pd.DataFrame = self.connection.execute("select * from patterns order by pattern").df()
        return found

    def learn(self, seed: int, wanted: float) -> tuple[LinkageModel, list[int]]:
        """The model, and how many new pairs each blocking rule made."""
        self.linker = self._linker(None, False)
        blocked = self.linker.inference.compute_blocked_pairs_for_predict()
        self.blocked = blocked.physical_name
        made = self.connection.execute(
            f"select match_key::int as rule, count(*) as n from {self.blocked} group by rule"
        ).fetchall()
        fresh = [dict(made).get(at, 0) for at in range(len(self.rules))]
        chosen = [self._sample(side, at, seed, wanted) for at, side in enumerate(self.sides)]
        random = self._patterns(
            self._levels(f"select l.row_ as row_l, r.row_ as row_r from {chosen[0]} l cross join {chosen[1]} r")
        )
        row = "split_part(join_key_{0}, '-__-', 2)::integer as row_{0}"
        candidates = f"select {row.format('l')}, {row.format('r')} from {self.blocked}"
        self.connection.execute(f"create table levelled as {self._levels(candidates)}")
        patterns = self._patterns("from levelled")
        if patterns.empty:
            raise KitError(_("No two records agree on any blocking rule; loosen the rules, or check the columns."))
        names = [self._short_name(each) for each in self.comparisons]
        pairs = self.connection.execute(
            f"select row_l, row_r, pattern::integer as pattern from levelled "
            f"join patterns using ({', '.join(names)})"
        ).fetchnumpy()
        self.connection.execute("drop table levelled")
        # DuckDB's threads hand rows over in any order; sums must not hang on it.
        order = np.argsort(pairs["row_l"].astype(np.int64) * len(self.sides[1].ids) + pairs["row_r"])
        pairs = {name: np.asarray(values)[order] for name, values in pairs.items()}
        size = len(self.sides[0].ids), len(self.sides[1].ids)
        model = estimate(
            patterns[names].to_numpy(dtype=np.int64),
            patterns["n"].to_numpy(dtype=float),
            {each.name: each.level_names for each in self.comparisons},
            Competition(pairs["row_l"], pairs["row_r"], pairs["pattern"]),
            self._shares(random),
            float(size[0] * size[1]),
            prior=min(size) / (size[0] * size[1]) / 2,
            smoothing=1.0,
            tolerance=1e-5,
        )
        return model, fresh

    def _sample(self, side: _Side, at: int, seed: int, wanted: float) -> str:
        """A table of records picked by their identifiers: the same whatever the order of the file."""
        other = len(self.sides[1 - at].ids)
        size = max(int(max(wanted**0.5, wanted / max(other, 1))), 1)
        name = f"sample_{at}"
        key = f"{seed:016d}"[:16]
        rank = pd.util.hash_pandas_object(side.ids.astype(str), index=False, hash_key=key)
        rows = np.sort(np.argsort(rank.to_numpy(), kind="stable")[:size])
        self.connection.register("picked", pd.DataFrame({"row_": rows}))
        self.connection.execute(f"create or replace table {name} as select row_ from picked")
        self.connection.unregister("picked")
        return name

    def _shares(self, patterns: pd.DataFrame) -> dict[str, dict[Any, float]]:
        """The share of each level among random pairs that state both values; half a pair where none showed it."""
        shares: dict[str, dict[Any, float]] = {}
        for each in self.comparisons:
            codes = patterns[self._short_name(each)].to_numpy()
            stated = codes >= 0
            names = each.level_names
            counts = np.bincount(
                codes[stated], weights=patterns["n"].to_numpy(dtype=float)[stated], minlength=len(names)
            )
            counts = np.maximum(counts, 0.5)
            shares[each.name] = dict(zip(names, (counts / counts.sum()).tolist(), strict=True))
        return shares

    def score(self, model: LinkageModel, frequencies: bool, keep: float, compete: bool) -> pd.DataFrame:
        """The pairs with their levels, weight and probability."""
        scorer = self._linker(model, frequencies)
        registered = self.api.register(self.blocked)
        scorer.table_management.register_blocked_pairs_for_predict(registered)
        found = scorer.inference.predict(threshold_match_probability=keep if keep > 0 else None)
        prior = float(np.log2(model.prior / (1 - model.prior)))
        levels = ", ".join(f"gamma_{self._short_name(each)}" for each in self.comparisons)
        table = self.connection.execute(
            f"select row__l as row_l, row__r as row_r, match_weight, {levels} from {found.physical_name} "
            "order by row_l, row_r"
        ).df()
        odds = np.exp2(np.minimum(table["match_weight"].to_numpy(dtype=float), 1000))
        rows = [table[name].to_numpy(dtype=np.int64) for name in ("row_l", "row_r")]
        pairs = Competition(rows[0], rows[1], np.arange(len(table)))
        result = pd.DataFrame(
            {
                "left_id": self.sides[0].ids.to_numpy()[rows[0]],
                "right_id": self.sides[1].ids.to_numpy()[rows[1]],
                "weight": table["match_weight"] - prior,
                "probability": pairs.expected(odds) if compete else odds / (1 + odds),
            }
        )
        for each in self.comparisons:
            # Splink counts levels from the worst (0) up, missing is -1.
            names = np.array([*each.level_names[::-1], MISSING], dtype=object)
            found_levels = names[table[f"gamma_{self._short_name(each)}"].to_numpy()]
            stated = [made[each.main].notna().to_numpy()[at] for made, at in zip(self.made, rows, strict=True)]
            found_levels[(found_levels == MISSING) & stated[0] & stated[1]] = COUNTED
            result[each.name] = found_levels
        return result


__all__ = ["ALL_PAIRS", "EVERY_PAIR", "Linkage", "link"]
