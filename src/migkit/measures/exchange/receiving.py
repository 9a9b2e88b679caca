"""Read what another country sends: a workbook in the regional template, or SDMX. Nothing that came is dropped."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from migkit.measures._input import shown
from migkit.measures.confidentiality.protect import PUBLISHED, SUPPRESSED
from migkit.measures.exchange.sdmx import component, received_observations, table_label
from migkit.measures.exchange.template import CONTENTS, FIRST_ROW, HIDDEN, NO_VALUE
from migkit.reference import KitError, _

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

#: Columns of an SDMX message that are no classifiers.
_NOT_CLASSIFIERS = {"FREQ", "REF_AREA", "TABLE", "TIME_PERIOD", "OBS_VALUE", "UNIT_MEASURE", "OBS_STATUS",
                    "CONF_STATUS", "COMMENT_OBS", "STRUCTURE", "STRUCTURE_ID", "ACTION"}  # fmt: skip


@dataclass(frozen=True)
class ReceivedTable:
    """One table of a country as it came.

    Attributes:
        key: its name.
        facts: what the sender says of it (title, unit, country, period, source...), as text.
        classifiers: its classifiers, in order.
        cells: a column of text for each classifier, ``value`` (a number, or blank) and ``status``.
        faults: where, and what is wrong there, one a cell or heading that could not be read.
    """

    key: str
    facts: dict[str, str]
    classifiers: tuple[str, ...]
    cells: pd.DataFrame = field(repr=False)
    faults: tuple[tuple[str, str], ...] = ()


def read_workbook(content: bytes) -> dict[str, ReceivedTable]:
    """The tables of a workbook in the regional template, by key.

    The contents sheet says which sheets hold tables; the codes beside the words are read, not the words. A cell
    that holds neither a number nor one of the signs is a fault and counts as missing.

    Args:
        content: the bytes of the file.

    Raises:
        KitError: if it is no workbook, or it has no contents sheet or no table.

    >>> from migkit.measures.exchange.contents import Sender, SentTable
    >>> from migkit.measures.exchange.workbook import to_workbook
    >>> from migkit.measures.tables import TableSpec
    >>> spec = TableSpec("By sex", "All", "persons", "sex", None, (), "Example", key="stock_sex")
    >>> cells = pd.DataFrame({"sex": ["F", "M", "Total"], "value": [3, 2, 5]})
    >>> came = read_workbook(to_workbook([SentTable(spec, cells)], Sender("GMB", "2024")))
    >>> came["stock_sex"].cells["value"].tolist()
    [3.0, 2.0, 5.0]
    """
    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(content), data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, TypeError) as error:
        raise KitError(
            _("This is not an Excel workbook (.xlsx) that can be read; open it in Excel and save it again.")
        ) from error
    named = {sheet.title.casefold(): sheet for sheet in book.worksheets}
    if CONTENTS.casefold() not in named:
        raise KitError(
            _(
                "The workbook has no sheet {name!r}, so it does not follow the template; its sheets are: {have}."
            ).format(name=CONTENTS, have=", ".join(sheet.title for sheet in book.worksheets))
        )
    found: dict[str, ReceivedTable] = {}
    for facts in _listed(named[CONTENTS.casefold()]):
        sheet = named.get(facts.get("sheet", "").casefold())
        key = facts.get("key") or facts.get("sheet", "")
        if key in found:
            raise KitError(_("The contents sheet lists the table {key!r} twice.").format(key=key))
        if sheet is None:
            fault = (
                CONTENTS,
                _("the sheet {name!r} is listed and is not there").format(name=facts.get("sheet", "")),
            )
            found[key] = ReceivedTable(key, facts, (), pd.DataFrame({"value": [], "status": []}), (fault,))
        else:
            found[key] = _read_sheet(sheet, key, facts)
    if not found:
        raise KitError(_("The contents sheet lists no table."))
    return found


def _listed(sheet: Worksheet) -> Iterator[dict[str, str]]:
    """The lines of the contents sheet below its headings."""
    heads: list[str] = []
    for row in sheet.iter_rows(values_only=True):
        texts = ["" if cell is None else str(cell).strip() for cell in row]
        if not heads:
            heads = texts if {"sheet", "key"} <= set(texts) else []
        elif any(texts):
            yield {head: text for head, text in zip(heads, texts, strict=False) if head}


def _read_sheet(sheet: Worksheet, key: str, facts: dict[str, str]) -> ReceivedTable:
    down = [name for name in re.split(r"\s*;\s*", facts.get("rows", "")) if name]
    across = [name for name in re.split(r"\s*;\s*", facts.get("columns", "")) if name]
    left, top = 2 * len(down), FIRST_ROW + 2 * max(len(across), 1)
    if not down:
        fault = (CONTENTS, _("the table {key!r} says no classifier of its rows").format(key=key))
        return ReceivedTable(key, facts, (), pd.DataFrame({"value": [], "status": []}), (fault,))
    heads = list(_heads(sheet, len(across), left))
    lines: list[tuple[Any, ...]] = []
    faults: list[tuple[str, str]] = []
    for number in range(top, sheet.max_row + 1):
        codes = [_code(sheet.cell(number, at).value) for at in range(1, len(down) + 1)]
        values = [sheet.cell(number, at).value for at, _head in heads]
        if not all(codes):
            if any(value is not None for value in values):
                where = f"{sheet.title}!A{number}"
                faults.append((where, _("the row has figures and no code; write the code in the first column")))
                continue
            break  # notes begin below the table
        for (at, head), value in zip(heads, values, strict=True):
            figure, status, wrong = _figure(value)
            if wrong:
                faults.append((f"{sheet.title}!{sheet.cell(number, at).coordinate}", wrong))
            lines.append((*codes, *head, figure, status))
    names = [*down, *across]
    cells = pd.DataFrame(lines, columns=[*names, "value", "status"])
    return ReceivedTable(key, facts, tuple(names), cells.astype({"value": float}), tuple(faults))


def _heads(sheet: Worksheet, levels: int, left: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The columns of figures: number, and the codes of its headings."""
    for at in range(left + 1, sheet.max_column + 1):
        codes = tuple(_code(sheet.cell(FIRST_ROW + 2 * level, at).value) for level in range(max(levels, 1)))
        if all(codes):
            yield at, codes if levels else ()


def _code(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()


def _figure(value: Any) -> tuple[float, str, str]:
    """A cell as value, status, and what is wrong with it ("" if nothing)."""
    if isinstance(value, bool):
        return np.nan, PUBLISHED, _("TRUE or FALSE stands where a number belongs")
    if isinstance(value, (int, float)):
        return float(value), PUBLISHED, "" if value >= 0 else _("the number {v:g} is negative").format(v=value)
    text = "" if value is None else str(value).strip()
    if text in ("", NO_VALUE):
        return np.nan, PUBLISHED, ""
    if text.casefold() == HIDDEN:
        return np.nan, SUPPRESSED, ""
    spelled = re.sub(r"[\s\u00a0\u202f']", "", text)
    if re.fullmatch(r"\d+([.,]\d+)?", spelled):
        return (
            float(spelled.replace(",", ".")),
            PUBLISHED,
            _("the number is written as text: {t}").format(t=shown(text)),
        )
    return np.nan, PUBLISHED, _("neither a number nor one of the signs: {t}").format(t=shown(text[:40]))


def read_sdmx(document: str | bytes, classifiers: Mapping[str, str] | None = None) -> dict[str, ReceivedTable]:
    """The tables of an SDMX message, by key: what the kit writes, and other messages of one observation a row.

    Args:
        document: the message, SDMX-CSV or SDMX-ML, text or bytes.
        classifiers: SDMX name -> the classifier's name here; without it COUNTRY_BIRTH is ``country_birth``.

    Raises:
        KitError: if it is no SDMX data message.

    >>> from migkit.measures.exchange.contents import Sender, SentTable
    >>> from migkit.measures.exchange.sdmx import to_sdmx_ml
    >>> from migkit.measures.tables import TableSpec
    >>> spec = TableSpec("By sex", "All", "persons", "sex", None, (), "Example", key="stock_sex")
    >>> cells = pd.DataFrame({"sex": ["F", "M", "Total"], "value": [3, 2, 5]})
    >>> read_sdmx(to_sdmx_ml([SentTable(spec, cells)], Sender("GMB", "2024")))["stock_sex"].cells["sex"].tolist()
    ['F', 'M', 'Total']
    """
    rows = received_observations(document)
    if "OBS_VALUE" not in rows and {"TIME_PERIOD", "OBS_STATUS"} & set(rows.columns):
        rows["OBS_VALUE"] = None  # a message in which no observation has a value
    if "OBS_VALUE" not in rows:
        raise KitError(
            _("The SDMX message has no OBS_VALUE; its components are: {have}.").format(
                have=", ".join(rows.columns)
            )
        )
    names = {name: name.lower() for name in rows.columns if name not in _NOT_CLASSIFIERS}
    names |= {component(name): here for name, here in (classifiers or {}).items()}
    rows = rows.assign(TABLE=rows.get("TABLE", "table"))
    found = {}
    for (key, *whence), part in rows.groupby(
        ["TABLE", *(name for name in ("REF_AREA", "TIME_PERIOD") if name in rows)], sort=False, dropna=False
    ):
        used = [name for name in names if not part[name].isin(["_Z"]).all() and part[name].notna().any()]
        cells = pd.DataFrame({names[name]: part[name].fillna("").map(table_label) for name in used})
        figures = pd.to_numeric(part["OBS_VALUE"], errors="coerce")
        unreadable = figures.isna() & part["OBS_VALUE"].notna() & ~part["OBS_VALUE"].isin(["", "NaN"])
        cells["value"] = figures.astype(float)
        hidden = pd.Series(False, index=part.index)
        for name, codes in (("CONF_STATUS", ("C", "D", "N", "S")), ("OBS_STATUS", ("Q",))):
            if name in part:
                hidden |= part[name].isin(codes)
        cells["status"] = np.where(hidden & figures.isna(), SUPPRESSED, PUBLISHED)
        faults = tuple(
            (
                _("observation {n}").format(n=int(at) + 1),
                _("no number: {v}").format(v=shown(part.loc[at, "OBS_VALUE"])),
            )
            for at in part.index[unreadable]
        )
        facts = {"key": str(key), "unit": _first(part, "UNIT_MEASURE"), "comment": _first(part, "COMMENT_OBS")}
        facts |= {"country": _first(part, "REF_AREA"), "period": _first(part, "TIME_PERIOD")}
        place = str(key) if str(key) not in found else " ".join([str(key), *map(str, whence)])
        classified = tuple(names[name] for name in used)
        found[place] = ReceivedTable(str(key), facts, classified, cells.reset_index(drop=True), faults)
    return found


def _first(part: pd.DataFrame, name: str) -> str:
    held = part[name].dropna() if name in part else pd.Series(dtype=object)
    return str(held.iloc[0]) if len(held) else ""


__all__ = ["ReceivedTable", "read_sdmx", "read_workbook"]
