"""How easily a person can be found in a file of records: who shares a key with whom, in the sample and outside.

A *key* is a combination of values that somebody else may know (age group, sex, country of birth, region): the
quasi-identifiers. A key that only one record has is a sample unique; what matters is how many people in the
population have it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import need_columns, number, numbers, shown, weights, whole_number
from migkit.measures.confidentiality._keys import Floats, Ints, check_missing, combinations, key_columns, matched
from migkit.reference import KitError, _


def _shared(records: pd.DataFrame, keys: Any, weight: str | None, missing: str) -> tuple[Ints, Floats, Floats]:
    """The combination of each record; for each combination, f and F."""
    what = _("The file")
    names = key_columns(records, keys, what)
    wildcard = check_missing(missing)
    each = None if weight is None else weights(records, weight, what).to_numpy()
    found = combinations(records, names)
    count = found.count.astype(float)
    if each is None:
        f = matched(found.codes, count, wildcard).round()
        return found.of_record, f, f
    f, population = matched(found.codes, np.column_stack([count, found.added(each)]), wildcard).T
    return found.of_record, f.round(), population


def key_frequencies(
    records: pd.DataFrame, keys: Any, weight: str | None = None, missing: str = "wildcard"
) -> pd.DataFrame:
    """How many records share the key of each record, and how many people in the population (estimated).

    ::

        f = records of the sample with this key
        F = the sum of their weights, which estimates the persons of the population with this key

    A blank in a key may stand for anything (``missing="wildcard"``): it matches every value, and blanks match
    each other. Or it is one more value (``"category"``): safer to count that way where the intruder knows the
    true value that was blanked, because then a record with a blank is as open as before. Codes for "not stated"
    (X, XXX) are values like others: blank them first if they should match anything.

    Source: A. Hundepool et al., Statistical Disclosure Control (Wiley 2012), chapter 3; blanks as in the R package
    sdcMicro (M. Templ, A. Kowarik and B. Meindl, Journal of Statistical Software 67(4), 2015).

    Args:
        records: one row a person of the sample.
        keys: the columns that others may know (quasi-identifiers), one name or several.
        weight: the column of sampling weights; None for a file that holds the whole population.
        missing: ``"wildcard"`` or ``"category"``.

    Returns:
        The index of ``records``; ``f`` (whole numbers) and ``F``.

    Raises:
        KitError: if a column is missing or a weight is no number of 0 or more.

    >>> people = pd.DataFrame({"sex": ["F", "F", "M"], "born": ["GIN", None, "GIN"], "w": [10, 20, 5]})
    >>> key_frequencies(people, ["sex", "born"], weight="w").values.tolist()
    [[2.0, 30.0], [2.0, 30.0], [1.0, 5.0]]
    """
    of_record, f, population = _shared(records, keys, weight, missing)
    return pd.DataFrame(
        {"f": f[of_record].astype("int64"), "F": population[of_record]}, index=records.index, copy=False
    )


def _hypergeometric(f: Floats, z: Floats) -> Floats:
    """2F1(1, 1; f+1; z) for 0 < z < 1; for large f by its series, where scipy's function gives up."""
    from scipy.special import hyp2f1

    small = f <= 30
    term, total = np.ones_like(z), np.ones_like(z)
    for k in range(80):
        term = term * (k + 1) / (f + 1 + k) * z
        total = total + term
    return np.where(small, hyp2f1(1, 1, np.where(small, f, 3) + 1, z), total)


def _expected_inverse(f: Floats, population: Floats, approximate: bool) -> Floats:
    """E(1/F) given f, for each combination."""
    risk = 1 / f
    # A sample cannot be larger than its population; where the weights say so, the risk stays 1/f.
    sampled = population > f * (1 + 1e-12)
    for size in (1, 2, 3):
        rows = np.flatnonzero(sampled & (f == size if size < 3 else f >= size))
        p, n = f[rows] / population[rows], f[rows]
        odds, log = p / (1 - p), -np.log(p)
        if size == 1:
            risk[rows] = odds * log
        elif size == 2:
            risk[rows] = odds - odds**2 * log
        elif approximate:
            risk[rows] = p / (n - (1 - p))
        else:
            # Euler's transformation of p^f/f * 2F1(f, f; f+1; 1-p), which does not overflow for large f.
            risk[rows] = p / n * _hypergeometric(n, 1 - p)
    return risk


def individual_risk(
    records: pd.DataFrame,
    keys: Any,
    weight: str | None = None,
    method: str = "exact",
    missing: str = "wildcard",
) -> pd.DataFrame:
    """The chance that an intruder who finds the key of a record outside points at the right person.

    If F persons of the population share the key, a guess among them is right with chance 1/F. F is not known;
    given f records in the sample it is taken to follow a negative binomial distribution (assumption), and the risk
    is the mean of 1/F::

        p = f / F      F estimated by the sum of the weights
        f = 1          p/(1-p) x ln(1/p)
        f = 2          p/(1-p) - (p/(1-p))^2 x ln(1/p)
        f >= 3         p^f / f x 2F1(f, f; f+1; 1-p)         exact
                       p / (f - (1-p))                       approximate

    Where the file is the whole population (no weights, or weights that add to the records) the risk is 1/f. The
    measure takes the intruder to know that somebody is in the file and to make no mistake: a cautious view. But it
    uses nothing but the key's own records, and takes the sizes of keys to follow the law 1/F (assumption). Where
    sample uniques are mostly common outside it is too high; where many of them are alone in the population too
    (more than the sampled share p), as with detailed keys, it is too low.

    Source: R. Benedetti and L. Franconi, "Statistical and technological solutions for controlled data
    dissemination" (1998); L. Franconi and S. Polettini, "Individual risk estimation in mu-Argus: a review",
    Privacy in Statistical Databases (2004); approximation as in sdcMicro (Templ, Kowarik and Meindl 2015).

    Args:
        records: one row a person of the sample.
        keys: the columns that others may know.
        weight: the column of sampling weights; None for a whole population.
        method: ``"exact"`` or ``"approximate"``.
        missing: ``"wildcard"`` or ``"category"``, see :func:`key_frequencies`.

    Returns:
        The index of ``records``; ``f``, ``F`` and ``risk`` (between 0 and 1).

    Raises:
        KitError: if a column is missing, a weight is no number, or the method is unknown.

    >>> people = pd.DataFrame({"sex": ["F", "M", "M"], "w": [45.5, 60, 40]})
    >>> individual_risk(people, "sex", weight="w").round(5).values.tolist()
    [[1.0, 45.5, 0.08579], [2.0, 100.0, 0.01878], [2.0, 100.0, 0.01878]]
    """
    if method not in ("exact", "approximate"):
        raise KitError(_("There is no method {m}; use 'exact' or 'approximate'.").format(m=shown(method)))
    of_record, f, population = _shared(records, keys, weight, missing)
    risk = _expected_inverse(f, population, method == "approximate")
    return pd.DataFrame(
        {"f": f[of_record].astype("int64"), "F": population[of_record], "risk": risk[of_record]},
        index=records.index,
        copy=False,
    )


def k_anonymity(records: pd.DataFrame, keys: Any, k: int = 3, missing: str = "wildcard") -> pd.Series:
    """Which records share their key with fewer than ``k - 1`` others.

    A file is k-anonymous if every record has at least k - 1 doubles: whoever looks for a person by the key finds k
    or more records. It says nothing about what these records have in common (see :func:`l_diversity`).

    Source: P. Samarati, "Protecting respondents' identities in microdata release", IEEE Transactions on Knowledge
    and Data Engineering 13 (2001); L. Sweeney, "k-anonymity: a model for protecting privacy", International
    Journal of Uncertainty, Fuzziness and Knowledge-Based Systems 10 (2002).

    Args:
        records: one row a person.
        keys: the columns that others may know.
        k: how many must share each key.
        missing: ``"wildcard"`` or ``"category"``, see :func:`key_frequencies`.

    Returns:
        True for each record that violates k-anonymity; ``.sum()`` counts them.

    Raises:
        KitError: if a column is missing or k is below 1.

    >>> people = pd.DataFrame({"sex": ["F", "F", "M"], "born": ["GIN", "GIN", "GIN"]})
    >>> int(k_anonymity(people, ["sex", "born"], k=2).sum())
    1
    """
    k = whole_number(k, "k")
    if k < 1:
        raise KitError(_("k must be 1 or more; got {k}.").format(k=k))
    return key_frequencies(records, keys, None, missing)["f"].lt(k).rename("violates")


@dataclass(frozen=True)
class FileRisk:
    """The risk of a whole file.

    Attributes:
        records: rows of the file.
        sample_uniques: records whose key no other record has.
        violations: for each k, the records that share their key with fewer than k - 1 others.
        expected_reidentifications: the sum of the individual risks: how many records an intruder who tries all of
            them would attach to the right person, on average.
        share: the same as a share of the records.
        threshold: a risk above which a record is called risky.
        above_threshold: records above it.
        largest: the largest individual risk.
    """

    records: int
    sample_uniques: int
    violations: dict[int, int] = field(compare=False)
    expected_reidentifications: float
    share: float
    threshold: float
    above_threshold: int
    largest: float

    def as_table(self) -> pd.Series:
        """One line a measure, for showing."""
        rows: dict[str, float] = {"Records": self.records, "Sample uniques": self.sample_uniques}
        rows |= {f"Violate {k}-anonymity": count for k, count in self.violations.items()}
        rows |= {
            "Expected re-identifications": self.expected_reidentifications,
            "Share of the records": self.share,
            f"Records with a risk above {self.threshold:g}": self.above_threshold,
            "Largest risk": self.largest,
        }
        return pd.Series(rows, dtype=float, name="value")


def file_risk(
    records: pd.DataFrame,
    keys: Any,
    weight: str | None = None,
    k: Sequence[int] = (2, 3, 5),
    threshold: float = 0.1,
    method: str = "exact",
    missing: str = "wildcard",
) -> FileRisk:
    """The risk of a file as a whole: sample uniques, violations of k-anonymity, expected re-identifications.

    ::

        expected re-identifications = sum of the individual risks
        share = expected re-identifications / records

    A low mean can hide a few records at high risk: look at ``largest`` and ``above_threshold`` too.

    Source: as :func:`individual_risk`; global risk: L. Franconi and S. Polettini (2004), Hundepool et al. (2012).

    Args:
        records: one row a person of the sample.
        keys: the columns that others may know.
        weight: the column of sampling weights; None for a whole population.
        k: the levels of k-anonymity to report.
        threshold: an individual risk above it counts as high.
        method, missing: see :func:`individual_risk`.

    Raises:
        KitError: if a column is missing, a weight is no number or k is below 1.

    >>> people = pd.DataFrame({"sex": ["F", "M", "M"], "w": [45.5, 60, 40]})
    >>> risk = file_risk(people, "sex", weight="w", k=(2, 3))
    >>> risk.sample_uniques, risk.violations, round(risk.expected_reidentifications, 4)
    (1, {2: 1, 3: 3}, 0.1233)
    """
    threshold = number(threshold, "threshold")
    levels = [whole_number(each, "k") for each in (k if isinstance(k, (list, tuple)) else [k])]
    if any(each < 1 for each in levels):
        raise KitError(_("k must be 1 or more; got {k}.").format(k=min(levels)))
    table = individual_risk(records, keys, weight, method, missing)
    risk = table["risk"]
    return FileRisk(
        records=len(table),
        sample_uniques=int(table["f"].eq(1).sum()),
        violations={each: int(table["f"].lt(each).sum()) for each in levels},
        expected_reidentifications=float(risk.sum()),
        share=float(risk.mean()) if len(table) else 0.0,
        threshold=threshold,
        above_threshold=int(risk.gt(threshold).sum()),
        largest=float(risk.max()) if len(table) else 0.0,
    )


def household_risk(records: pd.DataFrame, risk: str = "risk", household: str = "household") -> pd.Series:
    """The chance that at least one member of the household is found, and with him or her all the others.

    ::

        1 - product over the members of (1 - risk)

    taking the members to be found independently of each other (assumption).

    Source: hierarchical risk as in Templ, Kowarik and Meindl (2015); Hundepool et al. (2012), chapter 3.

    Args:
        records: one row a person, with the individual risk and the household.
        risk: the column of individual risks (0 to 1).
        household: the column that names the household; a person without one stands alone.

    Returns:
        One value a person, the index of ``records``; members of a household share it.

    Raises:
        KitError: if a column is missing or a risk is not between 0 and 1.

    >>> people = pd.DataFrame({"household": [1, 1, 2], "risk": [0.1, 0.2, 0.05]})
    >>> household_risk(people).round(2).tolist()
    [0.28, 0.28, 0.05]
    """
    what = _("The table of persons")
    need_columns(records, [risk, household], what)
    each = numbers(records[risk], _("{what}, column {column!r}").format(what=what, column=risk))
    if each.gt(1).any():
        row = int(each.gt(1).to_numpy().argmax())
        raise KitError(
            _("{what}: row {row} holds the risk {value:g}; a risk lies between 0 and 1.").format(
                what=what, row=shown(records.index[row]), value=each.iloc[row]
            )
        )
    codes, names = pd.factorize(records[household], use_na_sentinel=True)
    alone = codes < 0
    codes = np.where(alone, len(names) + np.arange(len(codes)), codes)
    with np.errstate(divide="ignore"):
        missed = np.bincount(codes, weights=np.log1p(-each.to_numpy()))
    return pd.Series(-np.expm1(missed[codes]), index=records.index, name="household_risk")


__all__ = ["FileRisk", "file_risk", "household_risk", "individual_risk", "k_anonymity", "key_frequencies"]
