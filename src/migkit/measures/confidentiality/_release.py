"""What a method of protection hands back: the data to release, and what was done to them."""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Release:
    """Protected data and the record of what was changed.

    Attributes:
        frame: the data to release; same rows, same columns.
        log: what was changed, one row a column (or a measure); not for readers.
    """

    frame: pd.DataFrame
    log: pd.DataFrame


__all__: list[str] = []
