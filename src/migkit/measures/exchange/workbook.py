"""The regional templates as a workbook: a contents sheet with the metadata, and a sheet for each table.

Each sheet holds the codes in grey beside the words: a receiver reads codes, whatever the language of the words.
An empty template is the same workbook without figures.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd

from migkit.measures._input import NOT_STATED, TOTAL
from migkit.measures.exchange.contents import Sender, SentTable, check_set
from migkit.measures.exchange.template import CONTENTS
from migkit.measures.tables import TableSpec
from migkit.reference import KitError, _


def to_workbook(sent: Sequence[SentTable], sender: Sender, language: str = "en") -> bytes:
    """A delivery as a workbook (.xlsx).

    Args:
        sent: the tables.
        sender: who sends them.
        language: the language of the words beside the codes: "en", "fr" or "pt".

    Returns:
        The bytes of the file: write them, whole, where the file shall be.

    Raises:
        KitError: if a table has more rows or columns than a sheet.

    >>> spec = TableSpec("By sex", "All", "persons", "sex", None, (), "Example", key="stock_sex")
    >>> cells = pd.DataFrame({"sex": ["F", "M", "Total"], "value": [3, 2, 5]})
    >>> to_workbook([SentTable(spec, cells)], Sender("GMB", "2024"))[:2]
    b'PK'
    """
    held = check_set(sent)
    from migkit.measures.exchange._sheets import workbook

    return workbook(held, sheet_names([table.spec.key for table in held]), sender, language)


def empty_workbook(
    specs: Sequence[TableSpec], labels: dict[str, Sequence[str]], sender: Sender, language: str = "en"
) -> bytes:
    """The template that an office fills by hand: every cell blank, totals and "Not stated" included.

    Args:
        specs: the specifications of the tables.
        labels: for each classifier its labels, without "Not stated" and "Total".
        sender: who is asked.
        language: the language of the words beside the codes.

    Raises:
        KitError: if the labels of a classifier are missing.

    >>> spec = TableSpec("By sex", "All", "persons", "sex", None, (), "Example", key="stock_sex")
    >>> empty_workbook([spec], {"sex": ["F", "M"]}, Sender("GMB", "2024"))[:2]
    b'PK'
    """
    sent = []
    for spec in specs:
        missing = [name for name in spec.classifiers if name not in labels]
        if missing:
            raise KitError(
                _("The template of {title!r} needs the labels of {names}.").format(
                    title=spec.title, names=", ".join(map(str, missing))
                )
            )
        axes = [[*map(str, labels[name]), NOT_STATED, TOTAL] for name in spec.classifiers]
        cells = pd.DataFrame(product(*axes), columns=spec.classifiers).assign(value=np.nan)
        sent.append(SentTable(spec, cells))
    from migkit.measures.exchange._sheets import workbook

    names = sheet_names([table.spec.key for table in check_set(sent)])
    return workbook(sent, names, sender, language, fill=True)


def sheet_names(keys: Sequence[str]) -> list[str]:
    """Names of sheets that Excel takes: at most 31 characters, each once.

    >>> sheet_names(["stock_birth_sex", "a" * 40, "a" * 41])[1:]
    ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaa_2']
    """
    names: list[str] = []
    for key in keys:
        name, number = key[:31], 2
        while name.casefold() in {CONTENTS.casefold(), *(each.casefold() for each in names)}:
            name = f"{key[: 30 - len(str(number))]}_{number}"
            number += 1
        names.append(name)
    return names


__all__ = ["empty_workbook", "sheet_names", "to_workbook"]
