"""Corrections that leave a trace: what each rule changes, and a log from which the original comes back."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import need_columns, shown
from migkit.measures.census_quality.conditions import meets, read_operand
from migkit.measures.census_quality.edits import Rules, chosen_rules, lacking, prepared
from migkit.measures.census_quality.rules import FATAL, EditRule, EditSetting, with_derived
from migkit.reference import KitError, _

LOG_COLUMNS = ["row", "position", "column", "old", "new", "rule"]


@dataclass(frozen=True)
class Correction:
    """What to do with a record that fails a rule.

    Attributes:
        rule: key of the rule.
        column: the column to change.
        to: the new value, written as in a condition: ``blank``, ``12``, ``'S'``, a name in CAPITALS or a column
            (a derived one too).
    """

    rule: str
    column: str
    to: str


#: For each ready fatal rule one change that ends the contradiction. Assumption: the question that is asked first,
#: or that more people answer well (age, birthplace, "ever lived abroad"), is believed. An office will decide anew.
MIGRATION_CORRECTIONS: tuple[Correction, ...] = (
    Correction("age_too_high", "age", "blank"),
    Correction("age_below_zero", "age", "blank"),
    Correction("born_after_census", "birth_date", "blank"),
    Correction("age_and_birth_date", "age", "age_by_birth_date"),
    Correction("arrival_before_birth", "arrival_year", "blank"),
    Correction("arrival_after_census", "arrival_year", "blank"),
    Correction("arrival_month", "arrival_month", "blank"),
    Correction("duration_over_age", "duration", "blank"),
    Correction("arrival_without_move", "arrival_year", "blank"),
    Correction("previous_country_is_home", "previous_country", "blank"),
    Correction("child_under_5_had_residence", "country_5y", "blank"),
    Correction("child_under_1_had_residence", "country_1y", "blank"),
    Correction("abroad_5y_arrived_earlier", "arrival_year", "blank"),
    Correction("abroad_1y_arrived_earlier", "arrival_year", "blank"),
    Correction("abroad_5y_never_abroad", "lived_abroad", "YES"),
    Correction("same_citizenship_twice", "citizenship_2", "blank"),
    Correction("stateless_with_second", "citizenship_2", "blank"),
    Correction("two_heads", "relationship", "RELATIVE"),
    Correction("no_head", "relationship", "HEAD"),
    Correction("head_under_12", "age", "blank"),
    Correction("spouse_under_12", "age", "blank"),
    Correction("married_under_12", "marital", "SINGLE"),
    Correction("mother_too_young", "mother_id", "blank"),
    Correction("mother_too_old", "mother_id", "blank"),
)


@dataclass(frozen=True)
class Corrected:
    """A corrected table and how it came about.

    Attributes:
        persons: the table after the corrections; that which was given is unchanged.
        log: one row a change: ``row`` (index label), ``position``, ``column``, ``old``, ``new``, ``rule``.
    """

    persons: pd.DataFrame
    log: pd.DataFrame


def correct_edits(
    persons: pd.DataFrame,
    rules: Rules = None,
    setting: EditSetting | None = None,
    corrections: Iterable[Correction] = MIGRATION_CORRECTIONS,
    most_rounds: int = 10,
) -> Corrected:
    """End the fatal contradictions by the corrections given, and write down each change.

    The rules are gone through in their order, again and again until none fails: one correction may wake another
    rule. Queries are left as they are. Believe the log more than the result: a rule that changes much says that a
    question went wrong, and then the questionnaire, not the file, needs correction.

    Source: United Nations, Handbook on Population and Housing Census Editing, Revision 1 (2010), which asks that
    every change be recorded and the original kept.

    Args:
        persons: one row a person.
        rules, setting: as for :func:`check_edits`; of the rules only the fatal ones are used.
        corrections: at most one for each rule and column.
        most_rounds: how often the rules are gone through.

    Returns:
        The corrected table and the log; :func:`undo_corrections` gives the original back.

    Raises:
        KitError: if a fatal rule that fails has no correction, or the corrections run in a circle.

    >>> people = pd.DataFrame({"age": [8, 40], "marital": ["M", "M"]})
    >>> result = correct_edits(people, ["married_under_12"])
    >>> result.persons["marital"].tolist(), result.log[["old", "new", "rule"]].values.tolist()
    (['S', 'M'], [['M', 'S', 'married_under_12']])
    """
    setting = setting or EditSetting()
    able = [r for r in chosen_rules(rules) if r.severity == FATAL and not lacking(r, persons, setting)]
    remedies: dict[str, list[Correction]] = {}
    for each in corrections:
        remedies.setdefault(each.rule, []).append(each)
    work, log = persons.copy(), []
    for _round in range(most_rounds):
        changes: list[tuple[Any, ...]] = []
        frame = None  # worked out anew only after a change
        for rule in able:
            frame = prepared(work, able, setting) if frame is None else frame
            fresh = _apply(rule, remedies, work, frame, setting)
            frame = None if fresh else frame
            changes += fresh
        log += changes
        if not changes:
            return Corrected(work, _log(log, persons))
    raise KitError(
        _("The corrections did not come to rest after {n} rounds; the last rules to change a value were {rules}.")
        .format(n=most_rounds, rules=", ".join(sorted({change[-1] for change in changes})))
    )  # fmt: skip


def _apply(
    rule: EditRule,
    remedies: dict[str, list[Correction]],
    work: pd.DataFrame,
    frame: pd.DataFrame,
    setting: EditSetting,
) -> list[tuple[Any, ...]]:
    """Correct ``work`` in place where the rule fails; returns position, column, old, new, rule of each change."""
    failed = np.flatnonzero(meets(rule.condition, frame, setting.names).to_numpy(dtype=bool))
    if not len(failed):
        return []
    if rule.key not in remedies:
        raise KitError(
            _("Rule {key} fails in {n} rows and has no correction; give one, or leave the rule out.").format(
                key=shown(rule.key), n=len(failed)
            )
        )
    changes = []
    for remedy in remedies[rule.key]:
        column = setting.columns.get(remedy.column, remedy.column)
        need_columns(work, [column], _("The table of persons"))
        new = _values(remedy, work, setting)[failed]
        old = work[column].to_numpy(dtype=object)[failed]
        put(work, column, failed, new)
        kept = work[column].to_numpy(dtype=object)[failed]
        changes += [
            (int(place), column, before, after, rule.key)
            for place, before, after in zip(failed, old, kept, strict=True)
            if not _same(before, after)
        ]
    if not changes:
        raise KitError(
            _("The correction of rule {key} changes nothing, so the rule goes on failing.").format(
                key=shown(rule.key)
            )
        )
    return changes


def _values(remedy: Correction, work: pd.DataFrame, setting: EditSetting) -> np.ndarray:
    if remedy.to.strip() == "blank":
        return np.full(len(work), None, dtype=object)
    kind, value = read_operand(remedy.to)
    if kind == "column":
        held = with_derived(work, {value}, setting)
        need_columns(held, [value], _("The table of persons"))
        return np.asarray(held[value].to_numpy(dtype=object))
    if kind == "name":
        value = setting.names.get(value)
        if value is None:
            raise KitError(_("The name {name} has no value in this setting.").format(name=remedy.to))
    return np.full(len(work), value, dtype=object)


def _same(one: Any, other: Any) -> bool:
    return bool(pd.isna(one) and pd.isna(other)) or bool(not pd.isna(one) and not pd.isna(other) and one == other)


def put(table: pd.DataFrame, column: str, places: np.ndarray, values: np.ndarray) -> None:
    """Write ``values`` into rows of ``table``, in place; the column changes its type only where it must.

    >>> people = pd.DataFrame({"age": [3, 4]})
    >>> put(people, "age", np.array([1]), np.array([None]))
    >>> people["age"].tolist()
    [3, None]
    """
    held = table[column]
    if pd.api.types.is_float_dtype(held.dtype) and isinstance(held.dtype, np.dtype):
        filled = held.to_numpy(copy=True)
        filled[places] = [np.nan if pd.isna(value) else float(value) for value in values]
        table[column] = pd.Series(filled, index=held.index)
        return
    mixed = held.to_numpy(dtype=object, copy=True)
    mixed[places] = values
    whole = pd.api.types.is_integer_dtype(held.dtype)
    if whole:
        mixed[places] = [value if pd.isna(value) else int(value) for value in mixed[places]]
    fresh = pd.Series(mixed, index=held.index, dtype=object)
    fits = not whole or not isinstance(held.dtype, np.dtype) or not fresh.isna().any()
    if isinstance(held.dtype, pd.CategoricalDtype) and not set(fresh.dropna()) <= set(held.cat.categories):
        fits = False
    table[column] = fresh.astype(held.dtype) if fits else fresh


def _log(changes: list[tuple[Any, ...]], persons: pd.DataFrame) -> pd.DataFrame:
    place, column, old, new, rule = map(list, zip(*changes, strict=True)) if changes else ([], [], [], [], [])
    return written(persons, np.array(place, dtype=np.int64), column, old, new, rule)


def written(
    persons: pd.DataFrame, places: np.ndarray, column: list[str], old: list[Any], new: list[Any], rule: list[str]
) -> pd.DataFrame:
    """A log of changes; values stay what they were, so that a blank comes back as the same blank.

    >>> people = pd.DataFrame({"age": [8]}, index=["a"])
    >>> written(people, np.array([0]), ["age"], [8], [None], ["some rule"])["row"].tolist()
    ['a']
    """
    held = {
        "row": persons.index.to_numpy(dtype=object)[places],
        "position": places,
        "column": column,
        "old": old,
        "new": new,
        "rule": rule,
    }
    return pd.DataFrame(
        {name: pd.Series(values, dtype="int64" if name == "position" else object) for name, values in held.items()}
    )


def undo_corrections(persons: pd.DataFrame, log: pd.DataFrame) -> pd.DataFrame:
    """The original values: the log read from its end to its beginning.

    Args:
        persons: a corrected table, with the rows in the order in which it came out.
        log: its log, or several one after the other.

    Raises:
        KitError: if the table does not hold what the log says was written.

    >>> people = pd.DataFrame({"age": [8, 40], "marital": ["M", "M"]})
    >>> result = correct_edits(people, ["married_under_12"])
    >>> undo_corrections(result.persons, result.log).equals(people)
    True
    """
    need_columns(log, LOG_COLUMNS, _("The log of corrections"))
    work = persons.copy()
    for change in reversed(log.to_dict("records")):
        column, place = change["column"], int(change["position"])
        need_columns(work, [column], _("The corrected table"))
        if not 0 <= place < len(work) or not _same(work[column].iloc[place], change["new"]):
            raise KitError(
                _(
                    "Row {row}, column {column}: the table does not hold {value}, which the log says it does."
                ).format(row=shown(change["row"]), column=shown(column), value=shown(change["new"]))
            )
        put(work, column, np.array([place]), np.array([change["old"]], dtype=object))
    return work


__all__ = ["LOG_COLUMNS", "MIGRATION_CORRECTIONS", "Corrected", "Correction", "correct_edits", "put",
           "undo_corrections"]  # fmt: skip
