"""Post-randomisation (PRAM): values are exchanged at random with known chances, so counts can be put right."""

import numpy as np
import pandas as pd

from migkit.measures._input import need_columns, number, numbers, shown, tidy
from migkit.measures.confidentiality._keys import Floats
from migkit.measures.confidentiality._release import Release
from migkit.measures.confidentiality.masking import by_index
from migkit.reference import KitError, _


def pram_matrix(values: pd.Series, keep: float = 0.8, invariant: bool = True) -> pd.DataFrame:
    """The chances with which each value becomes each other one.

    ::

        invariant       P = keep x I + (1 - keep) x (1 p')    each row: the own value kept with chance keep,
        otherwise a
                                                            value drawn from the file's shares p; then p P = p
        not invariant   keep on the diagonal, (1 - keep) / (m - 1) elsewhere

    With an invariant matrix the counts of the released file are right on average as they are.

    Source: J. M. Gouweleeuw, P. Kooiman, L. C. R. J. Willenborg and P. P. de Wolf, "Post randomisation for
    statistical disclosure control: theory and implementation", Journal of Official Statistics 14 (1998); the
    matrix itself is the simplest invariant one.

    Args:
        values: the column.
        keep: the chance to be left alone, 0 to 1.
        invariant: see above.

    Returns:
        Rows: true values; columns: released values; rows add to 1.

    Raises:
        KitError: if there are no values or keep is not between 0 and 1.

    >>> pram_matrix(pd.Series(["A", "A", "A", "B"]), keep=0.8).round(2).values.tolist()
    [[0.95, 0.05], [0.15, 0.85]]
    """
    if not isinstance(values, pd.Series):
        raise KitError(_("One column is needed; got a {kind}.").format(kind=type(values).__name__))
    keep = number(keep, "keep")
    if keep > 1:
        raise KitError(_("keep is a chance and lies between 0 and 1; got {x:g}.").format(x=keep))
    held = tidy(values).dropna()
    shares = held.value_counts(normalize=True)
    levels = sorted(shares.index, key=lambda each: (str(type(each)), each))
    if not levels:
        raise KitError(_("The column has no values, so there is nothing to exchange."))
    m, p = len(levels), shares.reindex(levels).to_numpy(float)
    if invariant:
        chances = keep * np.eye(m) + (1 - keep) * np.tile(p, (m, 1))
    elif m == 1:
        chances = np.ones((1, 1))
    else:
        chances = np.full((m, m), (1 - keep) / (m - 1))
        np.fill_diagonal(chances, keep)
    index = pd.Index(levels, name="true")
    return pd.DataFrame(chances, index=index, columns=pd.Index(levels, name="released"))


def _checked(matrix: pd.DataFrame) -> Floats:
    if not isinstance(matrix, pd.DataFrame) or matrix.empty or list(matrix.index) != list(matrix.columns):
        raise KitError(
            _("The matrix must be a table with the same values, in the same order, in rows and columns.")
        )
    chances = matrix.to_numpy(float)
    if (chances < 0).any() or np.abs(chances.sum(axis=1) - 1).max() > 1e-9:
        raise KitError(_("Each row of the matrix must hold chances that add to 1."))
    return chances


def pram(records: pd.DataFrame, column: str, matrix: pd.DataFrame, seed: int = 0) -> Release:
    """Exchange the values of a column at random, with the chances of ``matrix``.

    Nobody can be sure that a value is true, and yet counts can be put right (:func:`pram_correct`): hand out the
    matrix with the file.

    Source: Gouweleeuw et al. (1998).

    Args:
        records: one row a person; blanks stay blank.
        column: what to exchange.
        matrix: chances, rows true values, columns released ones (:func:`pram_matrix`).
        seed: for the random numbers, which follow the order of the index.

    Returns:
        The records, and a log: for each value ``before``, ``after`` and how many records with it ``changed``.

    Raises:
        KitError: if the column is missing, holds a value that the matrix lacks, or the matrix is none.

    >>> people = pd.DataFrame({"status": ["legal"] * 6 + ["irregular"] * 4})
    >>> done = pram(people, "status", pram_matrix(people["status"], keep=0.5), seed=1)
    >>> done.log["before"].tolist(), int(done.log["changed"].sum())
    ([4, 6], 2)
    """
    need_columns(records, [column], _("The file"))
    chances = _checked(matrix)
    held = tidy(records[column])
    code = matrix.index.get_indexer(pd.Index(held))
    strange = (code < 0) & held.notna().to_numpy()
    if strange.any():
        row = int(strange.argmax())
        raise KitError(
            _("Row {row}: the matrix has no row for the value {value} of {column}.").format(
                row=shown(records.index[row]), value=shown(held.iloc[row]), column=shown(column)
            )
        )
    draws = np.random.default_rng(seed).random(len(records))[by_index(records.index)]
    edges = np.cumsum(chances, axis=1)
    edges[:, -1] = 1
    new = (draws[:, None] >= edges[code]).sum(axis=1)
    levels = np.array(list(matrix.columns), dtype=object)
    known = code >= 0
    released = held.copy()
    released[known] = levels[new[known]]
    if isinstance(records[column].dtype, pd.CategoricalDtype):
        released = released.astype(records[column].dtype)
    log = pd.DataFrame(
        {
            "before": np.bincount(code[known], minlength=len(levels)),
            "after": np.bincount(new[known], minlength=len(levels)),
            "changed": np.bincount(code[known & (new != code)], minlength=len(levels)),
        },
        index=pd.Index(levels, name="value"),
    )
    return Release(records.assign(**{column: released}), log)


def pram_correct(counts: pd.Series, matrix: pd.DataFrame) -> pd.DataFrame:
    """The true counts, from the counts in a file that was post-randomised.

    ::

        estimate = counts x inverse of P               (unbiased: E(counts) = true x P)
        variance of counts = sum over true values i of true_i (diag(P_i) - P_i' P_i)

    with the true counts estimated; P_i is row i of P.

    Source: Gouweleeuw et al. (1998).

    Args:
        counts: persons by released value (its index names the values).
        matrix: the chances that were used.

    Returns:
        One row a value: ``counts``, ``estimate`` and ``se`` (from the exchange alone, not from sampling).

    Raises:
        KitError: if a value has no row in the matrix, or the matrix cannot be inverted (keep = 0).

    >>> chances = pram_matrix(pd.Series(["A", "A", "A", "B"]), keep=0.8, invariant=False)
    >>> pram_correct(pd.Series({"A": 65, "B": 35}), chances).round(2).values.tolist()
    [[65.0, 75.0, 6.67], [35.0, 25.0, 6.67]]
    """
    chances = _checked(matrix)
    if not isinstance(counts, pd.Series):
        raise KitError(_("counts must be a column of counts by value, such as file['status'].value_counts()."))
    held = numbers(counts, _("counts"))
    strange = [value for value in held.index if value not in matrix.columns]
    if strange:
        raise KitError(_("The matrix has no column for the value {value}.").format(value=shown(strange[0])))
    t = held.reindex(matrix.columns, fill_value=0).to_numpy(float)
    if np.linalg.cond(chances) > 1e12:
        raise KitError(_("This matrix forgets the true values (keep = 0): the counts cannot be put right."))
    inverse = np.linalg.inv(chances)
    estimate = t @ inverse
    spread = np.diag(estimate @ chances) - chances.T @ np.diag(estimate) @ chances
    variance = np.diag(inverse.T @ spread @ inverse).clip(min=0)
    return pd.DataFrame({"counts": t, "estimate": estimate, "se": np.sqrt(variance)}, index=matrix.columns)


__all__ = ["pram", "pram_correct", "pram_matrix"]
