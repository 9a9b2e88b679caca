"""The intruder: what somebody with a register in hand finds in a released file. For classrooms and for tests."""

from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import need_columns, shown
from migkit.measures.confidentiality._keys import combinations, key_columns, matched
from migkit.reference import KitError, _


def link_attack(released: pd.DataFrame, register: pd.DataFrame, keys: Any, person: str) -> pd.DataFrame:
    """Look up every record of a released file in a register that has names, and see how often the guess is right.

    ::

        candidates = persons of the register whose keys match the record (a blank matches everything)
        chance     = 1 / candidates, if the right person is among them; else 0

    The sum of ``chance`` is the number of right links that an intruder who guesses among the candidates makes on
    average: what :func:`file_risk` estimates without the register.

    Source: the disclosure scenario behind individual risk; Hundepool et al. (2012), chapter 3.

    Args:
        released: the file, with the true person kept by its side (the office knows it; the intruder does not).
        register: one row a person, with the same keys.
        keys: the columns that both have.
        person: the column that names the person in both.

    Returns:
        The index of ``released``; ``candidates`` and ``chance``.

    Raises:
        KitError: if a column is missing, or the register has a person twice.

    >>> register = pd.DataFrame({"person": [1, 2, 3], "sex": ["F", "F", "M"], "born": ["GIN", "GIN", "MLI"]})
    >>> link_attack(register.iloc[[0, 2]], register, ["sex", "born"], "person")["chance"].tolist()
    [0.5, 1.0]
    """
    names = key_columns(released, keys, _("The released file"))
    key_columns(register, names, _("The register"))
    need_columns(released, [person], _("The released file"))
    need_columns(register, [person], _("The register"))
    if person in names:
        raise KitError(_("{column} names the person and cannot be a key.").format(column=shown(person)))
    twice = register[person].duplicated()
    if twice.any():
        raise KitError(
            _("The register holds the person {x} more than once.").format(
                x=shown(register[person].iloc[int(twice.to_numpy().argmax())])
            )
        )
    both = pd.concat([released[names].astype(object), register[names].astype(object)], ignore_index=True)
    groups = combinations(both, names)
    n = len(released)
    in_register = np.bincount(groups.of_record[n:], minlength=len(groups.count)).astype(float)
    candidates = matched(groups.codes, in_register, True)[groups.of_record[:n]]
    place = pd.Index(register[person]).get_indexer(pd.Index(released[person]))
    mine = groups.codes[groups.of_record[:n]]
    theirs = groups.codes[groups.of_record[n:]][place] if len(register) else mine
    fits = ((mine == theirs) | (mine < 0) | (theirs < 0)).all(axis=1) & (place >= 0)
    chance = np.where(fits, 1 / np.maximum(candidates, 1), 0.0)
    return pd.DataFrame({"candidates": candidates.astype("int64"), "chance": chance}, index=released.index)


__all__ = ["link_attack"]
