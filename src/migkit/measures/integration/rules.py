"""Linkage by rules: two records are one person if certain keys agree. Several passes, the strictest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from migkit.measures._input import shown
from migkit.measures.integration.keys import agreement_key, as_keys, record_ids
from migkit.reference import KitError, _

#: A rule: its name, and the keys that must all agree.
Rules = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class RuleLinks:
    """What rules linked.

    Attributes:
        links: one row a link: ``left_id``, ``right_id``, ``rule``.
        passes: one row a rule: ``keys``, ``links``, and ``not_unique``: records of the left table that agreed with
            some record of the right, but not one to one, and so were left for the next pass.
    """

    links: pd.DataFrame
    passes: pd.DataFrame


def link_by_rules(
    left: pd.DataFrame,
    right: pd.DataFrame,
    rules: Rules,
    left_id: str | None = None,
    right_id: str | None = None,
) -> RuleLinks:
    """Link two registers by rules: pass by pass, one record to one record.

    A pass links two records if all its keys agree and neither has another partner by the same keys. Records that
    are linked leave; the others go on to the next pass. Where a part of a key is not stated, nothing agrees.

    Source: the practice of stepwise deterministic linkage, as in K. M. Campbell, D. Deck and A. Krupski, Health
    Informatics Journal 14 (2008); keys as data are ours.

    Args:
        left: one row a record.
        right: one row a record of the other register, its columns called alike.
        rules: name -> keys that must agree, the strictest rule first; for keys see :func:`agreement_key`.
        left_id: the column that identifies records of ``left``; without it, its index.
        right_id: the same for ``right``.

    Returns:
        RuleLinks.

    Raises:
        KitError: if a column is missing, a key is not understood, a date cannot be read or an identifier stands
            twice.

    >>> census = pd.DataFrame({"surname": ["Diallo", "Bah", "Bah"], "sex": ["F", "M", "M"],
    ...                        "dob": ["1984-05-12", "1990-01-01", "1990-01-01"]}, index=["c1", "c2", "c3"])
    >>> permits = pd.DataFrame({"surname": ["Jallow", "Bah"], "sex": ["F", "M"],
    ...                         "dob": ["1984-05-12", "1990-01-01"]}, index=["p1", "p2"])
    >>> found = link_by_rules(census, permits, {"exact": ["surname", "dob", "sex"],
    ...                                         "by key": ["surname:key", "dob", "sex"]})
    >>> print(found.links)
      left_id right_id    rule
    0      c1       p1  by key
    >>> found.passes["not_unique"].tolist()
    [2, 2]
    """
    tables = {_("The left table"): (left, left_id), _("The right table"): (right, right_id)}
    ids = [record_ids(frame, column, what).to_numpy() for what, (frame, column) in tables.items()]
    if not isinstance(rules, Mapping) or not rules:
        raise KitError(_("rules: give a name and a list of keys for each pass; got {x}.").format(x=shown(rules)))
    links, passes = [], []
    free = [pd.Series(True, index=range(len(frame))) for frame, _id in tables.values()]
    for name, rule in rules.items():
        keys = [
            agreement_key(frame, rule, what).reset_index(drop=True)[rest].dropna()
            for (what, (frame, _id)), rest in zip(tables.items(), free, strict=True)
        ]
        common = keys[0][keys[0].isin(keys[1])]
        single = [key[~key.duplicated(keep=False)] for key in keys]
        found = pd.merge(
            single[0].rename("key").rename_axis("left_row").reset_index(),
            single[1].rename("key").rename_axis("right_row").reset_index(),
            on="key",
        ).sort_values("left_row")
        for rest, side in zip(free, ("left_row", "right_row"), strict=True):
            rest[found[side].to_numpy()] = False
        links.append(found.assign(rule=name))
        passes.append((name, ", ".join(as_keys(rule)), len(found), len(common) - len(found)))
    every = pd.concat(links, ignore_index=True)
    table = pd.DataFrame(
        {
            "left_id": ids[0][every["left_row"].to_numpy(dtype=int)],
            "right_id": ids[1][every["right_row"].to_numpy(dtype=int)],
            "rule": every["rule"].astype(object),
        }
    )
    return RuleLinks(
        table, pd.DataFrame(passes, columns=["rule", "keys", "links", "not_unique"]).set_index("rule")
    )


__all__ = ["RuleLinks", "Rules", "link_by_rules"]
