"""After the matching: the clerk's decisions, the outcome of each census record, and how good the statuses are."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migkit.measures._input import need_columns, shown
from migkit.measures.coverage.post_enumeration import MATCH_STATUSES, OUTCOMES
from migkit.reference import KitError, _


def with_review(
    matched: pd.DataFrame, decisions: pd.DataFrame, ids: tuple[str, str] = ("pes_id", "person_id")
) -> pd.DataFrame:
    """The statuses after a clerk has looked at the doubtful persons.

    Args:
        matched: the ``persons`` of :func:`match_to_census`.
        decisions: one row a decision: the person, and the census record that is his or hers, blank if none is. A
            person without a decision stays U.
        ids: names of both identifiers, as in :func:`match_to_census`.

    Returns:
        A new table of statuses; ``step`` is "review" for those decided.

    Raises:
        KitError: if a person is unknown or not in doubt, is decided twice, or a record is given away twice.

    >>> matched = pd.DataFrame({"pes_id": ["p1", "p2"], "match_status": "U", "person_id": None, "step": "area"})
    >>> done = with_review(matched, pd.DataFrame({"pes_id": ["p1", "p2"], "person_id": ["c9", None]}))
    >>> done[["match_status", "person_id"]].values.tolist()
    [['M', 'c9'], ['N', None]]
    """
    need_columns(matched, [ids[0], "match_status", ids[1], "step"], _("The matched persons"))
    need_columns(decisions, list(ids), _("The decisions"))
    doubt = pd.Index(matched.loc[matched["match_status"].eq("U"), ids[0]])
    wrong = decisions[ids[0]][~decisions[ids[0]].isin(doubt) | decisions[ids[0]].duplicated()]
    if len(wrong):
        raise KitError(
            _("The decisions: {person} is not in doubt, or is decided twice ({n} such rows).").format(
                person=shown(wrong.iloc[0]), n=len(wrong)
            )
        )
    given = dict(zip(decisions[ids[0]], decisions[ids[1]], strict=True))
    result = matched.copy()
    decided = result[ids[0]].isin(given)
    record = result.loc[decided, ids[0]].map(given).astype(object)
    record = record.where(record.notna() & record.ne(""), None)
    result[ids[1]] = result[ids[1]].astype(object)
    result.loc[decided, ids[1]] = record
    result.loc[decided, "match_status"] = np.where(record.notna(), "M", "N")
    result.loc[decided, "step"] = "review"
    taken = result[ids[1]].dropna()
    if taken.duplicated().any():
        raise KitError(
            _("The decisions give the census record {record} to two persons.").format(
                record=shown(taken[taken.duplicated()].iloc[0])
            )
        )
    return result


def record_outcomes(
    census: pd.DataFrame,
    matched: pd.DataFrame,
    followup: Mapping[Any, str] | pd.Series | None = None,
    duplicates: Sequence[Any] = (),
    record_id: str = "person_id",
) -> pd.Series:
    """The outcome of each census record of the sample areas (E-sample): C, D, F, L or U.

    ::

        D  it stands for a person of whom another record was kept
        otherwise what the field check found: C correct, D duplicate, F nobody, L wrong place, U unresolved
        otherwise C, if a person of the survey was matched to it; U, if nobody has looked at it yet

    Source: United Nations, Post Enumeration Surveys: Operational Guidelines (2010), on the E-sample.

    Args:
        census: the census records of the sample areas.
        matched: persons with ``match_status`` and the identifier of their record, of :func:`match_to_census`.
        followup: what the field check found, by identifier of the record.
        duplicates: identifiers of records that were found to be second ones.
        record_id: the column of identifiers in both tables.

    Returns:
        Codes with the index of ``census``.

    Raises:
        KitError: if a column is missing, or a code or a record is unknown.

    >>> census = pd.DataFrame({"person_id": ["c1", "c2", "c3", "c4"]})
    >>> matched = pd.DataFrame({"match_status": ["M", "N"], "person_id": ["c1", None]})
    >>> list(record_outcomes(census, matched, followup={"c2": "F"}, duplicates=["c3"]))
    ['C', 'F', 'D', 'U']
    """
    need_columns(census, [record_id], _("The census"))
    need_columns(matched, ["match_status", record_id], _("The matched persons"))
    names = census[record_id]
    field = dict(followup.items()) if followup is not None else {}
    for code in field.values():
        if code not in OUTCOMES:
            raise KitError(
                _("The field check says {code}; it may say {known}.").format(
                    code=shown(code), known=", ".join(OUTCOMES)
                )
            )
    strange = [each for each in (*field, *duplicates) if each not in set(names)]
    if strange:
        raise KitError(_("There is no census record {name} in the sample areas.").format(name=shown(strange[0])))
    seen = matched.loc[matched["match_status"].eq("M"), record_id]
    outcome = pd.Series(np.where(names.isin(seen), "C", "U"), index=census.index, dtype=object)
    outcome = names.map(field).astype(object).where(names.isin(field), outcome)
    return outcome.mask(names.isin(list(duplicates)), "D").rename("outcome")


def match_quality(status: pd.Series, truth: pd.Series) -> dict[str, float]:
    """How good the statuses are, where the truth is known (a reviewed sample, or synthetic data).

    ::

        missed_matches = N among those truly in the census       false_matches = M among those truly not
        precision      = truly in among M                        recall        = M among those truly in

    All among the resolved (M or N); ``unresolved`` is the share of U among all. The first two are what
    :func:`with_matching_error` asks for.

    Args:
        status: M, N or U.
        truth: True for those who are in the census (in the area searched).

    Returns:
        ``precision``, ``recall``, ``missed_matches``, ``false_matches``, ``unresolved``.

    Raises:
        KitError: if the two are not equally long, or a status is unknown.

    >>> match_quality(pd.Series(list("MMNNU")), pd.Series([True, True, True, False, True]))["missed_matches"]
    0.3333333333333333
    """
    codes, real = pd.Series(status).to_numpy(dtype=object), pd.Series(truth).to_numpy(dtype=bool)
    if len(codes) != len(real):
        raise KitError(_("{a} statuses, but {b} true answers.").format(a=len(codes), b=len(real)))
    odd = [code for code in codes if code not in MATCH_STATUSES]
    if odd:
        raise KitError(
            _("A status is one of {known}, not {code}.").format(
                known=", ".join(MATCH_STATUSES), code=shown(odd[0])
            )
        )
    matched, resolved = codes == "M", codes != "U"

    def share(part: NDArray[np.bool_], whole: NDArray[np.bool_]) -> float:
        return float(part[whole].mean()) if whole.any() else np.nan

    return {
        "precision": share(real, matched),
        "recall": share(matched, resolved & real),
        "missed_matches": share(~matched, resolved & real),
        "false_matches": share(matched, resolved & ~real),
        "unresolved": float((~resolved).mean()) if len(codes) else np.nan,
    }


__all__ = ["match_quality", "record_outcomes", "with_review"]
