"""A number that was estimated, with its standard error: what every estimator of the kit gives."""

from dataclasses import dataclass
from statistics import NormalDist

from migkit.reference import KitError, _


@dataclass(frozen=True)
class Estimate:
    """A number that was estimated, and how far chance alone may have moved it.

    Attributes:
        value: the estimate.
        se: its standard error.
        method: how it was made.
    """

    value: float
    se: float
    method: str

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """The confidence interval at ``level`` by the normal approximation: value -/+ z x standard error."""
        if not isinstance(level, (int, float)) or not 0 < level < 1:
            raise KitError(
                _("A confidence level lies between 0 and 1, for example 0.95; got {x}.").format(x=level)
            )
        reach = NormalDist().inv_cdf((1 + level) / 2) * self.se
        return self.value - reach, self.value + reach

    def __str__(self) -> str:
        """Value, standard error and 95 % interval in one line."""
        low, high = self.interval()
        return f"{self.value:,.4g} (SE {self.se:,.4g}; 95 % {low:,.4g} to {high:,.4g})"
