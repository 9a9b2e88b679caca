"""Clerical review: the pairs that a person must look at, side by side, and what the clerks decided."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from migkit.measures._input import in_order, need_columns, shown, tidy
from migkit.measures.integration.evaluation import as_pairs, scores_of
from migkit.measures.integration.fellegi_sunter import LINK, NON_LINK
from migkit.measures.integration.keys import record_ids
from migkit.reference import KitError, _

#: The clerk's columns, left empty for the clerk.
DECISION, CLERK, NOTE = "decision", "clerk", "note"
#: What a clerk may write, in small letters, and what it means. Empty: not decided yet.
WORDS: Mapping[str, str] = {
    **dict.fromkeys(("link", "yes", "y", "1", "oui", "o", "sim", "s"), LINK),
    **dict.fromkeys(("non-link", "no link", "no", "n", "0", "non", "não", "nao"), NON_LINK),
}


def review_file(
    pairs: pd.DataFrame,
    left: pd.DataFrame,
    right: pd.DataFrame,
    columns: Sequence[str],
    between: tuple[float, float] = (0.05, 0.95),
    score: str = "probability",
    left_id: str | None = None,
    right_id: str | None = None,
) -> pd.DataFrame:
    """The pairs for clerical review: both records side by side, the levels of agreement, room for the decision.

    Write it with ``to_excel`` or ``to_csv``; when the clerks are done, read it and give it to
    :func:`apply_decisions`. The file holds names: keep it where the registers are kept.

    Source: the area of clerical review is that of I. P. Fellegi and A. B. Sunter (1969).

    Args:
        pairs: one row a pair: identifiers of left and right first, a column of scores, and any others.
        left: one row a record.
        right: one row a record of the other register, its columns called alike.
        columns: what the clerk sees of each record.
        between: the lowest and highest score to review, both included.
        score: the column of scores.
        left_id: the column that identifies records of ``left``; without it, its index.
        right_id: the same for ``right``.

    Returns:
        One row a pair, the most likely first: ``left_id``, ``right_id``, each column of both sides
        (``surname_left``, ``surname_right``), then the columns of ``pairs``, and empty ``decision``, ``clerk``,
        ``note``.

    Raises:
        KitError: if a column is missing or a pair names a record that is not there.

    >>> pairs = pd.DataFrame({"l": ["a", "b"], "r": ["x", "y"], "probability": [0.6, 0.99]})
    >>> left = pd.DataFrame({"surname": ["Diallo", "Bah"]}, index=["a", "b"])
    >>> right = pd.DataFrame({"surname": ["Jallow", "Baa"]}, index=["x", "y"])
    >>> review_file(pairs, left, right, ["surname"]).iloc[0].tolist()[:4]
    ['a', 'x', 'Diallo', 'Jallow']
    """
    keys, scores = as_pairs(pairs, _("The pairs")), scores_of(pairs, score)
    low, high = between
    if not low <= high:
        raise KitError(_("between: the lowest score first; got {x}.").format(x=between))
    wanted = (scores >= low) & (scores <= high)
    table = keys[wanted].reset_index(drop=True)
    names = [columns] if isinstance(columns, str) else list(columns)
    shown_of: dict[str, dict[str, pd.Series]] = {}
    for side, frame, column in (("left", left, left_id), ("right", right, right_id)):
        what = _("The left table") if side == "left" else _("The right table")
        need_columns(frame, names, what)
        rows = pd.Index(record_ids(frame, column, what)).get_indexer(pd.Index(table[f"{side}_id"]))
        if (rows < 0).any():
            raise KitError(
                _("{what} has no record {x}, which a pair names.").format(
                    what=what, x=shown(table[f"{side}_id"].iloc[int((rows < 0).argmax())])
                )
            )
        shown_of[side] = {name: frame[name].iloc[rows].reset_index(drop=True) for name in names}
    for name in names:
        for side in ("left", "right"):
            table[f"{name}_{side}"] = shown_of[side][name]
    for name in list(pairs.columns)[2:]:
        taken = f"level_{name}" if name in table.columns or name in (DECISION, CLERK, NOTE) else name
        table[taken] = pairs[name].to_numpy()[wanted]
    for name in (DECISION, CLERK, NOTE):
        table[name] = pd.Series([None] * len(table), dtype=object)
    ids = table[["left_id", "right_id"]].astype(str).agg("|".join, axis=1) if len(table) else table["left_id"]
    order = pd.DataFrame({"score": -scores[wanted], "ids": ids.to_numpy()}).sort_values(["score", "ids"]).index
    return table.loc[order].reset_index(drop=True)


def apply_decisions(links: pd.DataFrame, review: pd.DataFrame, one_to_one: bool = True) -> pd.DataFrame:
    """Links after clerical review: what clerks confirmed comes in, what they refused goes out.

    Args:
        links: the links so far; its first two columns are identifiers of left and right.
        review: the file that came back: identifiers of left and right first, and a column ``decision`` that says
            link or non-link (also yes or no, oui or non, sim or não); empty where nobody decided.
        one_to_one: whether a record has one partner at most; a clerk's link then takes the place of a machine's.

    Returns:
        One row a link: ``left_id``, ``right_id``, ``by`` ("machine", or "clerk" where a clerk said link).

    Raises:
        KitError: if a decision is not understood, or two decisions of clerks give a record two partners.

    >>> links = pd.DataFrame({"l": ["a", "b"], "r": ["x", "y"]})
    >>> review = pd.DataFrame({"l": ["a", "a"], "r": ["x", "z"], "decision": ["no", "yes"]})
    >>> apply_decisions(links, review).values.tolist()
    [['a', 'z', 'clerk'], ['b', 'y', 'machine']]
    """
    made, looked = as_pairs(links, _("The links")), as_pairs(review, _("The review"))
    need_columns(review, [DECISION], _("The review"))
    said = tidy(review[DECISION]).map(lambda x: "" if pd.isna(x) else str(x).strip().casefold())
    said = said.replace({"1.0": "1", "0.0": "0", "true": "1", "false": "0"})
    strange = ~said.isin(["", *WORDS])
    if strange.any():
        row = int(strange.to_numpy().argmax())
        raise KitError(
            _(
                "The review, row {row}: the decision {x} is not understood; write link or non-link ({n} rows)."
            ).format(row=shown(review.index[row]), x=shown(review[DECISION].iloc[row]), n=int(strange.sum()))
        )
    meaning = said.map(lambda word: WORDS.get(word, "")).to_numpy()
    yes, no = looked[meaning == LINK], looked[meaning == NON_LINK]
    if one_to_one:
        for side in ("left_id", "right_id"):
            twice = yes[side].duplicated()
            if twice.any():
                raise KitError(
                    _("The review gives the record {x} more than one partner; decide for one.").format(
                        x=shown(yes[side][twice].iloc[0])
                    )
                )
    gone = pd.MultiIndex.from_frame(made).isin(pd.MultiIndex.from_frame(pd.concat([no, yes])))
    rest = made[~gone]
    if one_to_one:
        rest = rest[~rest["left_id"].isin(yes["left_id"]) & ~rest["right_id"].isin(yes["right_id"])]
    table = pd.concat([rest.assign(by="machine"), yes.assign(by="clerk")], ignore_index=True)
    place = {value: at for at, value in enumerate(in_order(table["left_id"].unique()))}
    order = np.argsort(table["left_id"].map(place).to_numpy(dtype=np.int64), kind="stable")
    return pd.DataFrame(table.iloc[order]).reset_index(drop=True)


__all__ = ["CLERK", "DECISION", "NOTE", "WORDS", "apply_decisions", "review_file"]
