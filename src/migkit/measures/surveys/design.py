"""How a sample was drawn: strata, clusters, weights and, where they are known, the numbers drawn from."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import column_names, in_order, need_columns, numbers, shown, tidy
from migkit.measures.surveys.linearisation import check_lonely, stratum_variances
from migkit.reference import KitError, _

WHAT = "The sample"

#: Where a standard error comes from.
ERRORS = ("linearisation", "jackknife", "brr")


@dataclass(frozen=True)
class SurveyDesign:
    """The columns of a file that say how its rows were drawn.

    A standard error is right only if it knows the design. Strata make it smaller, clusters larger, unequal weights
    as a rule larger. Leave out what the sample did not have: ``SurveyDesign("weight")`` is a weighted sample of
    persons without strata or clusters.

    Attributes:
        weight: column of the weights. None: 1 divided by the sampled share where ``fpc`` gives it, else 1.
        stratum: column of the strata, or several whose combinations are the strata.
        psu: column of the primary sampling units (areas, clusters). None: every row was drawn by itself.
        fpc: column for the finite population correction: how many PSUs the stratum has in the population, or
            the share of them that was drawn (0 to 1). None: as if drawn with replacement, which errs on the large
            side.
        ssu: column of the units drawn within the PSUs, needed for a correction at the second stage only.
        fpc_ssu: as ``fpc``, for the units within the PSU.
        calibrated: columns to whose totals the weights were raked or post-stratified; the standard errors then
            leave out what those totals explain.
        before: column of the weights before that. With it the errors are those that ``rake``, ``postStratify`` and
            ``calibrate`` of R's survey package give; without it, for files that hold the last weights only, those
            of its ``svydesign(calibrate.formula=...)``.
        lonely: what a stratum of one PSU adds: ``"adjust"`` (its distance from the mean of all PSUs; the default,
            for it errs on the large side), ``"certainty"`` (nothing) or ``"fail"`` (an error).
        nest: True if PSU numbers begin anew in each stratum.
        errors: ``"linearisation"``; ``"jackknife"`` (each PSU left out in turn: JK1, with strata JKn); ``"brr"``
            (balanced half-samples, for two PSUs in each stratum; the correction ``fpc`` is left out).
        replicates: columns of replicate weights that came with the file; in place of strata and PSUs.
        scale: with ``replicates``: by what each squared deviation is multiplied, one number or one for each. For R
            replicates: (R - 1) / R for JK1, 1 / R for BRR and the bootstrap, 1 / (R (1 - k)^2) for Fay's with k.

    >>> SurveyDesign("weight", stratum="stratum", psu="ea").psu
    'ea'
    """

    weight: str | None = None
    stratum: str | Sequence[str] | None = None
    psu: str | None = None
    fpc: str | None = None
    ssu: str | None = None
    fpc_ssu: str | None = None
    calibrated: Sequence[str] = field(default=())
    lonely: str = "adjust"
    nest: bool = False
    before: str | None = None
    errors: str = "linearisation"
    replicates: Sequence[str] = field(default=())
    scale: float | Sequence[float] | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be a design."""
        check_lonely(self.lonely)
        if not isinstance(self.errors, str) or self.errors not in ERRORS:
            raise KitError(
                _("errors is one of {ways}; got {x}.").format(
                    ways=", ".join(map(shown, ERRORS)), x=shown(self.errors)
                )
            )
        given = bool(self.replicate_columns)
        if given != (self.scale is not None):
            raise KitError(_("Replicate weights need both replicates, their columns, and scale."))
        if given and (self.errors != "linearisation" or self.calibration_columns):
            raise KitError(_("With replicate weights of the file leave errors and calibrated out: they know it."))
        if self.before is not None and not self.calibration_columns:
            raise KitError(_("Weights before the calibration need calibrated, the columns of the calibration."))
        if (self.ssu is not None or self.fpc_ssu is not None) and self.psu is None:
            raise KitError(_("A second stage (ssu, fpc_ssu) needs the column of the first: name psu too."))

    @property
    def strata_columns(self) -> list[Any]:
        """The columns of the strata as a list."""
        return [] if self.stratum is None else column_names(self.stratum, "stratum")

    @property
    def calibration_columns(self) -> list[Any]:
        """The columns of the calibration as a list."""
        return [] if self.calibrated is None else column_names(self.calibrated, "calibrated")

    @property
    def replicate_columns(self) -> list[Any]:
        """The columns of the replicate weights as a list."""
        return [] if self.replicates is None else column_names(self.replicates, "replicates")

    @property
    def columns(self) -> list[Any]:
        """Every column that the design names."""
        one = [self.weight, self.psu, self.fpc, self.ssu, self.fpc_ssu, self.before]
        several = [*self.strata_columns, *self.calibration_columns, *self.replicate_columns]
        return list(dict.fromkeys([*several, *(name for name in one if name is not None)]))


@dataclass(frozen=True)
class Drawn:
    """A sample as its design sees it: numbers from 0 in place of names.

    Attributes:
        weight: of each row.
        psu, ssu: of each row, as numbers.
        stratum_of: stratum of each PSU, as a number.
        share: sampled share of the PSUs of each stratum (0 where unknown).
        psu_of: PSU of each second-stage unit; share_ssu: sampled share of the units of each PSU.
        margins: numbers of the groups to which the weights were calibrated, one array a margin.
        names: of the strata, for messages.
        lonely: see :class:`SurveyDesign`.
        before: weights before the calibration; the same weights without one.
        errors: as in the design, or "given" where the file has replicate weights.
        replicates: the replicate weights of the file, one column each; scale: of each.

    >>> people = pd.DataFrame({"ea": [1, 1, 2, 3], "weight": 2.0})
    >>> drawn(people, SurveyDesign("weight", psu="ea")).psu
    array([0, 0, 1, 2])
    """

    weight: np.ndarray
    psu: np.ndarray
    ssu: np.ndarray
    stratum_of: np.ndarray
    share: np.ndarray
    psu_of: np.ndarray
    share_ssu: np.ndarray
    margins: tuple[np.ndarray, ...]
    names: Sequence[Any]
    lonely: str
    before: np.ndarray
    errors: str
    replicates: np.ndarray
    scale: np.ndarray

    def df(self, rows: np.ndarray) -> int:
        """Degrees of freedom of the rows marked: their PSUs less their strata, or the replicates less one."""
        if self.errors == "given":
            return len(self.scale) - 1
        psus = np.unique(self.psu[rows])
        return len(psus) - len(np.unique(self.stratum_of[psus]))

    def variance(self, parts: np.ndarray) -> float:
        """Variance of a weighted sum of ``parts``: the linearised estimate, one part a row, 0 outside the domain.

        First stage: PSU totals within strata. Second stage, if the share of units within PSUs is known: their
        totals within PSUs, times the sampled share of the first stage.
        """
        z = self.weight * _residuals(parts, self.before, self.margins)
        totals = np.bincount(self.psu, z, len(self.stratum_of))
        if len(totals) < 2:
            return np.nan
        between = stratum_variances(totals, self.stratum_of, self.share, self.lonely, self.names).sum()
        if not (self.share_ssu.any() and self.share.any()):
            return float(between)
        within = stratum_variances(
            np.bincount(self.ssu, z, len(self.psu_of)), self.psu_of, self.share_ssu, "certainty", self.names
        )
        return float(between + (self.share[self.stratum_of] * within).sum())


def _residuals(parts: np.ndarray, weight: np.ndarray, margins: tuple[np.ndarray, ...]) -> np.ndarray:
    """What the calibration totals do not explain of ``parts``: residuals of a weighted regression on groups."""
    if not margins:
        return parts
    dummies = np.column_stack([np.eye(group.max() + 1)[group] for group in margins])
    root = np.sqrt(weight)
    fit, *_rest = np.linalg.lstsq(dummies * root[:, None], parts * root, rcond=None)
    return np.asarray(parts - dummies @ fit, dtype=float)


def _keys(sample: pd.DataFrame, names: Sequence[Hashable], what: str) -> tuple[np.ndarray, list[Any]]:
    """The rows' combinations of ``names`` as numbers from 0, and the combinations in that order."""
    for name in names:
        blank = sample[name].isna().to_numpy()
        if blank.any():
            raise KitError(
                _(
                    "{what}, column {c}: row {row} is blank ({n} such rows), so its error cannot be estimated."
                ).format(
                    what=what, c=shown(name), row=shown(sample.index[int(blank.argmax())]), n=int(blank.sum())
                )
            )
    held = [tidy(sample[name]) for name in names]
    keys = list(held[0]) if len(held) == 1 else list(zip(*held, strict=True))
    codes, found = pd.factorize(pd.Series(keys, dtype=object, index=range(len(keys))))
    # In the order of their names, so that nothing depends on that of the rows.
    place = {name: at for at, name in enumerate(in_order(found))}
    codes = np.array([place[name] for name in found], dtype=np.int64)[codes]
    return codes, list(place)


def _shares(
    sample: pd.DataFrame, column: str | None, unit: np.ndarray, group_of: np.ndarray, groups: int
) -> np.ndarray:
    """Sampled share of the units of each group: the column says how many there are, or the share itself."""
    if column is None:
        return np.zeros(groups)
    what = _("{what}, column {c}").format(what=WHAT, c=shown(column))
    said = numbers(sample[column], what).to_numpy()
    group = group_of[unit]
    value = np.zeros(groups)
    value[group] = said
    odd = value[group] != said
    if odd.any():
        raise KitError(
            _(
                "{what}: row {row} differs from other rows of its stratum, but there is one number a stratum."
            ).format(what=what, row=shown(sample.index[int(odd.argmax())]))
        )
    units = np.bincount(group_of, minlength=groups)
    if (value <= 1).all():
        if (value <= 0).any():
            raise KitError(_("{what}: a sampled share lies above 0 and at 1 or below.").format(what=what))
        return value
    few = value < units
    if few.any():
        raise KitError(
            _(
                "{what}: {n} units were drawn where the population has {value:g}; "
                "give population sizes in all rows, or sampled shares in all."
            ).format(what=what, n=int(units[few.argmax()]), value=value[few.argmax()])
        )
    return np.asarray(units / value, dtype=float)


def drawn(sample: pd.DataFrame, design: SurveyDesign) -> Drawn:
    """The sample as its design sees it, checked.

    Args:
        sample: one row a person or household that was interviewed.
        design: its columns.

    Raises:
        KitError: if a column is missing, a row has no stratum, PSU or weight, a PSU lies in two strata, or the
            numbers in ``fpc`` cannot be.

    >>> people = pd.DataFrame({"ea": [1, 2], "stratum": "A", "weight": 5.0, "areas": 10})
    >>> drawn(people, SurveyDesign("weight", "stratum", "ea", fpc="areas")).share
    array([0.2])
    """
    if not isinstance(design, SurveyDesign):
        raise KitError(
            _("The design must be a SurveyDesign, such as SurveyDesign('weight', stratum='stratum', psu='psu').")
        )
    need_columns(sample, design.columns, WHAT)
    n = len(sample)
    strata = design.strata_columns
    stratum, names = _keys(sample, strata, WHAT) if strata else (np.zeros(n, dtype=np.int64), [""])
    rows = np.arange(n)
    psu = rows if design.psu is None else _keys(sample, [*(strata if design.nest else []), design.psu], WHAT)[0]
    psus = int(psu.max()) + 1 if n else 0
    stratum_of = np.zeros(psus, dtype=np.int64)
    stratum_of[psu] = stratum
    doubled = stratum_of[psu] != stratum
    if doubled.any():
        raise KitError(
            _(
                "{what}: {psu} {name} lies in more than one stratum; if numbers begin anew in each stratum, "
                "give nest=True."
            ).format(what=WHAT, psu=design.psu, name=shown(sample[design.psu].iloc[int(doubled.argmax())]))
        )
    ssu = rows if design.ssu is None else _keys(sample, [*strata, design.psu, design.ssu], WHAT)[0]
    psu_of = np.zeros(int(ssu.max()) + 1 if n else 0, dtype=np.int64)
    psu_of[ssu] = psu
    share = _shares(sample, design.fpc, psu, stratum_of, len(names))
    share_ssu = _shares(sample, design.fpc_ssu, ssu, psu_of, psus)
    margins = tuple(_keys(sample, [name], WHAT)[0] for name in design.calibration_columns)
    weight = _weight(sample, design, share[stratum], share_ssu[psu])
    replicates, scale = _given_replicates(sample, design)
    return Drawn(
        weight=weight,
        psu=psu,
        ssu=ssu,
        stratum_of=stratum_of,
        share=share,
        psu_of=psu_of,
        share_ssu=share_ssu,
        margins=margins if n else (),
        names=names,
        lonely=design.lonely,
        before=weight if design.before is None else _told_weight(sample, design.before),
        errors="given" if design.replicate_columns else design.errors,
        replicates=replicates,
        scale=scale,
    )


def _given_replicates(sample: pd.DataFrame, design: SurveyDesign) -> tuple[np.ndarray, np.ndarray]:
    """The replicate weights of the file, and the scale of each."""
    columns = design.replicate_columns
    if not columns:
        return np.empty((len(sample), 0)), np.empty(0)
    scale = numbers([design.scale] if np.isscalar(design.scale) else design.scale, "scale").to_numpy()
    if len(scale) not in (1, len(columns)):
        raise KitError(
            _("scale is one number, or one for each of the {n} replicates; got {have}.").format(
                n=len(columns), have=len(scale)
            )
        )
    return np.column_stack([_told_weight(sample, name) for name in columns]), np.full(len(columns), scale)


def _told_weight(sample: pd.DataFrame, name: Any) -> np.ndarray:
    return numbers(sample[name], _("{what}, column {c}").format(what=WHAT, c=shown(name))).to_numpy()


def _weight(sample: pd.DataFrame, design: SurveyDesign, share: np.ndarray, share_ssu: np.ndarray) -> np.ndarray:
    if design.weight is not None:
        column = sample[design.weight]
        if column.isna().any():
            raise KitError(
                _(
                    "{what}, column {c}: row {row} is blank ({n} such rows); keep the rows that were interviewed, "
                    "for they alone have a weight."
                ).format(
                    what=WHAT,
                    c=shown(design.weight),
                    row=shown(sample.index[int(column.isna().to_numpy().argmax())]),
                    n=int(column.isna().sum()),
                )
            )
        return _told_weight(sample, design.weight)
    one = np.ones(len(sample))
    return one / np.where(share > 0, share, one) / np.where(share_ssu > 0, share_ssu, one)


__all__ = ["Drawn", "SurveyDesign", "drawn"]
