"""Which records contradict themselves, row by row, and a report of how many do."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import is_unknown, shown, weights
from migkit.measures.census_quality.conditions import meets, read_condition
from migkit.measures.census_quality.rules import (
    DERIVED,
    FATAL,
    MIGRATION_RULES,
    EditRule,
    EditSetting,
    with_derived,
)
from migkit.reference import KitError, _

Rules = Mapping[str, EditRule] | Iterable[EditRule | str] | None


def chosen_rules(rules: Rules) -> list[EditRule]:
    """The rules meant: all ready ones, or those given by key or as rules of one's own.

    >>> [rule.key for rule in chosen_rules(["two_heads"])]
    ['two_heads']
    """
    if rules is None:
        return list(MIGRATION_RULES.values())
    given: Iterable[EditRule | str] = rules.values() if isinstance(rules, Mapping) else rules
    if isinstance(rules, (str, EditRule)):
        given = [rules]
    found: dict[str, EditRule] = {}
    for rule in given:
        if isinstance(rule, str) and rule not in MIGRATION_RULES:
            raise KitError(
                _("There is no edit rule called {rule}; use one of {known}.").format(
                    rule=shown(rule), known=", ".join(MIGRATION_RULES)
                )
            )
        one = rule if isinstance(rule, EditRule) else MIGRATION_RULES[rule]
        if one.key in found:
            raise KitError(_("Two rules are called {key}.").format(key=shown(one.key)))
        found[one.key] = one
    return list(found.values())


def lacking(rule: EditRule, persons: pd.DataFrame, setting: EditSetting) -> list[str]:
    """The columns that a rule needs and the file does not have, derived ones by what they are made of.

    >>> lacking(MIGRATION_RULES["arrival_before_birth"], pd.DataFrame({"age": [3]}), EditSetting())
    ['arrival_year']
    """
    have = set(persons.columns)
    missing: list[str] = []
    for name in rule.columns:
        if setting.columns.get(name, name) in have:
            continue
        parts = DERIVED[name][0] if name in DERIVED else (name,)
        missing += [part for part in parts if setting.columns.get(part, part) not in have]
    return list(dict.fromkeys(missing))


def _applicable(rules: Rules, persons: pd.DataFrame, setting: EditSetting) -> list[EditRule]:
    """The rules whose columns are there; ready rules pass over what a file lacks, named ones do not."""
    wanted = chosen_rules(rules)
    able = []
    for rule in wanted:
        missing = lacking(rule, persons, setting)
        if not missing:
            able.append(rule)
        elif rules is not None:
            raise KitError(
                _("Rule {key} needs the column {missing}, which the table of persons does not have.").format(
                    key=shown(rule.key), missing=", ".join(map(shown, missing))
                )
            )
    if not able:
        raise KitError(
            _("No edit rule can be applied; the table of persons has the columns: {have}.").format(
                have=", ".join(map(str, persons.columns)) or _("none")
            )
        )
    return able


def _failing(rule: EditRule, frame: pd.DataFrame, setting: EditSetting) -> np.ndarray:
    return meets(rule.condition, frame, setting.names).to_numpy(dtype=bool)


def prepared(persons: pd.DataFrame, rules: Iterable[EditRule], setting: EditSetting) -> pd.DataFrame:
    """The columns that ``rules`` compare, derived ones included, under the names that the rules use.

    >>> list(prepared(pd.DataFrame({"age": [3], "sex": ["F"]}), chosen_rules(["age_too_high"]), EditSetting()))
    ['age']
    """
    return with_derived(persons, {name for rule in rules for name in rule.columns}, setting)


def _as_text(value: Any) -> str:
    if pd.isna(value):
        return _("blank")
    return f"{value:g}" if isinstance(value, (float, np.floating)) else str(value)


def check_edits(persons: pd.DataFrame, rules: Rules = None, setting: EditSetting | None = None) -> pd.DataFrame:
    """Every contradiction in the records: which rule, which row, which columns, which values.

    A record fails a rule if it meets all tests of the rule's condition; a question that was not answered makes no
    record fail. The file is not changed.

    Source: United Nations, Handbook on Population and Housing Census Editing, Revision 1 (2010); rules as
    conflicts between the columns of a record: I. P. Fellegi and D. Holt, Journal of the American Statistical
    Association 71 (1976).

    Args:
        persons: one row a person. Persons of a household follow one another or not, as the file has it.
        rules: keys of ``MIGRATION_RULES``, rules of one's own, or both; without it every ready rule whose columns
            the table has.
        setting: country, census day, column names and codes of this census.

    Returns:
        One row a failure, in the order of rows and rules: ``row`` (the index label), ``position`` (0 for the first
        row of the table), ``rule``, ``severity``, ``columns``, ``values``.

    Raises:
        KitError: if a rule that was named lacks a column, no rule can be applied, or the setting lacks a fact.

    >>> people = pd.DataFrame({"age": [3, 40], "arrival_year": [1999, 2010]}, index=["A-1", "A-2"])
    >>> failures = check_edits(people, setting=EditSetting("GMB", "2024-07-01"))
    >>> print(failures[["row", "rule", "values"]])
       row                  rule      values
    0  A-1  arrival_before_birth  1999, 2020
    """
    setting = setting or EditSetting()
    able = _applicable(rules, persons, setting)
    frame = prepared(persons, able, setting)
    parts = []
    for number, rule in enumerate(able):
        place = np.flatnonzero(_failing(rule, frame, setting))
        names = list(rule.columns)
        values = [
            ", ".join(map(_as_text, row)) for row in frame[names].iloc[place].itertuples(index=False, name=None)
        ]
        parts.append(
            pd.DataFrame({"position": place, "number": number, "rule": rule.key, "severity": rule.severity,
                          "columns": ", ".join(names), "values": values})
        )  # fmt: skip
    failures = pd.concat(parts, ignore_index=True).sort_values(["position", "number"], ignore_index=True)
    failures.insert(0, "row", persons.index.to_numpy(dtype=object)[failures["position"].to_numpy(dtype=int)])
    return failures.drop(columns="number").astype({"position": "int64"})


def edit_report(
    persons: pd.DataFrame,
    rules: Rules = None,
    setting: EditSetting | None = None,
    weight: str | None = None,
    examples: int = 3,
) -> pd.DataFrame:
    """How often each rule fails, with the share and some examples, and which rules could not be applied.

    ::

        checked = records with an answer in every column that the rule compares and does not ask to be blank
        percent = 100 x failures / checked

    Args:
        persons, rules, setting: as for :func:`check_edits`.
        weight: a column of weights; without it each row counts one.
        examples: how many row labels to show for each rule.

    Returns:
        One row a rule (index: its key): ``severity``, ``sentence``, ``checked``, ``failures``, ``percent``,
        ``examples``, and ``needs``, the columns that are missing where a rule could not be applied. The last row
        "any fatal rule" counts the records that fail at least one of them.

    >>> people = pd.DataFrame({"age": [3, 40, None], "arrival_year": [1999, 2010, 2012]})
    >>> report = edit_report(people, ["arrival_before_birth"], EditSetting("GMB", "2024-07-01"))
    >>> print(report[["checked", "failures", "percent", "examples"]])  # doctest: +NORMALIZE_WHITESPACE
                          checked  failures  percent examples
    rule
    arrival_before_birth        2         1     50.0        0
    any fatal rule              3         1     33.3        0
    """
    setting = setting or EditSetting()
    able = _applicable(rules, persons, setting)
    frame = prepared(persons, able, setting)
    each = weights(persons, weight, _("The table of persons")).to_numpy()
    labels = persons.index.to_numpy(dtype=object)
    lines: dict[str, tuple[object, ...]] = {}
    broken = np.zeros(len(persons), dtype=bool)

    def line(severity: str, sentence: str, checked: np.ndarray, failed: np.ndarray) -> tuple[object, ...]:
        base, bad = each[checked].sum(), each[failed].sum()
        shown_rows = ", ".join(map(str, labels[np.flatnonzero(failed)[:examples]]))
        return severity, sentence, base, bad, round(100 * bad / base, 1) if base else np.nan, shown_rows, ""

    for rule in chosen_rules(rules):
        if rule not in able:
            needs = ", ".join(lacking(rule, persons, setting))
            lines[rule.key] = (rule.severity, _(rule.sentence), 0.0, 0.0, np.nan, "", needs)
            continue
        failed = _failing(rule, frame, setting)
        broken |= failed & (rule.severity == FATAL)
        lines[rule.key] = line(rule.severity, _(rule.sentence), _checked(rule, frame) | failed, failed)
    everybody = np.ones(len(persons), dtype=bool)
    lines["any fatal rule"] = line(FATAL, _("Records that fail at least one fatal rule."), everybody, broken)
    names = ["severity", "sentence", "checked", "failures", "percent", "examples", "needs"]
    table = pd.DataFrame.from_dict(lines, orient="index", columns=names).rename_axis(index="rule")
    return table.astype(
        {"checked": float, "failures": float} if weight else {"checked": "int64", "failures": "int64"}
    )


def _checked(rule: EditRule, frame: pd.DataFrame) -> np.ndarray:
    may_be_blank = {c.column for c in read_condition(rule.condition) if c.sign in ("blank", "given")}
    names = [name for name in rule.columns if name not in may_be_blank]
    known = ~pd.DataFrame({name: is_unknown(frame[name]) for name in names}, index=frame.index)
    return np.asarray(known.all(axis=1), dtype=bool)


__all__ = ["check_edits", "chosen_rules", "edit_report", "lacking", "prepared"]
