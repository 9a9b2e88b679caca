"""The sheets of a workbook in the regional template, drawn by openpyxl: only who writes one waits for it."""

import io
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from migkit.measures._input import TOTAL
from migkit.measures.confidentiality.protect import PUBLISHED, SUPPRESSED
from migkit.measures.exchange.contents import Sender, SentTable, metadata_lines, words_for
from migkit.measures.exchange.template import (
    CONTENTS,
    FACTS,
    FIRST_ROW,
    HIDDEN,
    LEGEND,
    MARK,
    MARK_ROW,
    NO_VALUE,
    PRINTED,
    SENDER_ROW,
    TITLE_ROW,
    UNIVERSE_ROW,
)
from migkit.reference import KitError, _, palette

_INK = palette.INK.lstrip("#")


def _font(**look: Any) -> Font:
    """A font of one family for the whole workbook; cells without a font of their own would show another."""
    return Font(**{"name": "Calibri", "size": 11, "color": _INK, **look})


_HEAD = PatternFill("solid", fgColor=palette.TEAL.lstrip("#"))
_SUM = PatternFill("solid", fgColor=palette.MIST.lstrip("#"))
_LINE = Border(bottom=Side("thin", color=palette.MIST.lstrip("#")))
_CODE = _font(size=8, color="6B7780")


def workbook(
    sent: Sequence[SentTable], names: Sequence[str], sender: Sender, language: str, fill: bool = False
) -> bytes:
    """The workbook of ``sent``, each on the sheet of its name; with ``fill`` without figures, to be filled in."""
    book = Workbook()
    _contents(book.worksheets[0], sent, names, sender)
    for table, name in zip(sent, names, strict=True):
        _table_sheet(book.create_sheet(name), table, sender, language, fill)
    return _saved(book, sender)


def _saved(book: Workbook, sender: Sender) -> bytes:
    book.properties.creator = sender.agency or "migkit"
    book.properties.title = f"{sender.country} {sender.period}" + (f" · {MARK}" if sender.synthetic else "")
    if sender.synthetic:
        book.properties.keywords = "SYNTHETIC"
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def _put(sheet: Worksheet, row: int, column: int, value: Any) -> Cell:
    """Write a value into a cell: lists joined, no control characters, and never a formula."""
    cell: Cell = sheet.cell(row, column)
    if isinstance(value, (tuple, list)):
        value = "; ".join(map(str, value))
    if isinstance(value, bool):
        value = _("yes") if value else _("no")
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub(" ", value)
        cell.data_type = "s"  # what begins with = stays text
    else:
        cell.value = value
    return cell


def _contents(sheet: Worksheet, sent: Sequence[SentTable], names: Sequence[str], sender: Sender) -> None:
    """What each table is: a row a table, every fact of its metadata a column."""
    sheet.title = CONTENTS
    sheet["A1"] = _("Migration tables: {country}, {period}").format(country=sender.country, period=sender.period)
    sheet["A1"].font = _font(bold=True, size=15)
    sheet["A2"] = MARK if sender.synthetic else _("Signs: {signs}").format(signs=_signs())
    sheet["A2"].font = _font(bold=sender.synthetic, color=palette.BRICK.lstrip("#") if sender.synthetic else _INK)
    if sender.synthetic:
        sheet["A3"] = _("Signs: {signs}").format(signs=_signs())
    heads = ["sheet", *FACTS]
    for at, head in enumerate(heads, start=1):
        cell = sheet.cell(5, at, head)
        cell.font, cell.fill = _font(bold=True, color="FFFFFF"), _HEAD
    for row, (table, name) in enumerate(zip(sent, names, strict=True), start=6):
        facts = {"sheet": name, **metadata_lines(table, sender)}
        for at, head in enumerate(heads, start=1):
            cell = _put(sheet, row, at, facts.get(head, ""))
            cell.alignment, cell.border = Alignment(wrap_text=True, vertical="top"), _LINE
        sheet.cell(row, 1).hyperlink = f"#'{name}'!A1"
        sheet.cell(row, 1).font = _font(underline="single", color=palette.TEAL.lstrip("#"))
    widths = {"title": 46, "universe": 34, "notes": 60, "source": 34, "standard": 40, "universe_rule": 30}
    for at, head in enumerate(heads, start=1):
        sheet.column_dimensions[get_column_letter(at)].width = widths.get(head, 24 if at < 3 else 14)
    sheet.freeze_panes = "C6"
    # On paper the facts that a reader asks for first; the others are on the screen.
    sheet.print_area = f"A1:{get_column_letter(1 + len(PRINTED))}{5 + len(sent)}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _signs() -> str:
    return "; ".join(f"{sign} = {_(words)}" for sign, words in LEGEND)


def _table_sheet(sheet: Worksheet, table: SentTable, sender: Sender, language: str, fill: bool) -> None:
    spec, labels = table.spec, table.labels
    down, across = spec.row_names, spec.column_names
    rows = list(product(*(labels[name] for name in down)))
    heads = list(product(*(labels[name] for name in across))) or [()]
    width = 2 * len(down) + len(heads)
    if len(rows) + FIRST_ROW + 20 > 1_048_576 or width > 16_384:
        raise KitError(_("The table {title!r} is too large for a sheet.").format(title=spec.title))
    _above(sheet, table, sender)
    top = FIRST_ROW + 2 * max(len(across), 1)
    _headings(sheet, table, heads, language)
    held = {
        tuple(row[:-2]): row[-2:]
        for row in table.cells[[*spec.classifiers, "value", "status"]].itertuples(index=False)
    }
    decimals = bool((table.cells["value"].dropna() % 1 != 0).any())
    for number, row in enumerate(rows, start=top):
        total = TOTAL in row
        for at, (name, code) in enumerate(zip(down, row, strict=True), start=1):
            _put(sheet, number, at, code).font = _CODE
            cell = _put(sheet, number, len(down) + at, words_for(name, code, language))
            cell.font, cell.border = _font(bold=total), _LINE
        for at, head in enumerate(heads, start=2 * len(down) + 1):
            value, status = held.get((*row, *head), (np.nan, PUBLISHED))
            cell = sheet.cell(number, at)
            cell.value = None if fill else _shown(value, status)
            cell.number_format = "#,##0.0" if decimals else "#,##0"
            cell.alignment, cell.border = Alignment(horizontal="right"), _LINE
            cell.font = _font()
            if total or TOTAL in head:
                cell.font, cell.fill = _font(bold=True), _SUM
    last = top + len(rows) - 1
    _below(sheet, table, last + 2)
    _shape(sheet, len(down), len(heads), top)
    if fill:
        _only_numbers(sheet, 2 * len(down) + 1, top, width, last)


def _shown(value: float, status: str) -> Any:
    if status == SUPPRESSED:
        return HIDDEN
    if np.isnan(value):
        return NO_VALUE
    return int(value) if value == int(value) else float(value)


def _above(sheet: Worksheet, table: SentTable, sender: Sender) -> None:
    lines = {
        TITLE_ROW: (table.spec.title, _font(bold=True, size=13)),
        SENDER_ROW: (" · ".join(filter(None, [sender.country, sender.period, sender.agency])), _font()),
        UNIVERSE_ROW: (
            _("{universe} ({unit})").format(universe=table.spec.universe, unit=table.spec.unit),
            _font(),
        ),
    }
    if sender.synthetic:
        lines[MARK_ROW] = (MARK, _font(bold=True, color=palette.BRICK.lstrip("#")))
    elif table.spec.proposed:
        lines[MARK_ROW] = (
            _("Proposed by the training kit; no standard recommends it."),
            _font(italic=True),
        )
    for row, (text, font) in lines.items():
        _put(sheet, row, 1, text).font = font


def _headings(sheet: Worksheet, table: SentTable, heads: Sequence[tuple[str, ...]], language: str) -> None:
    """Two lines for each classifier of the columns: its codes in grey, its words in white on teal."""
    down, across = table.spec.row_names, table.spec.column_names
    left = 2 * len(down)
    bottom = FIRST_ROW + 2 * max(len(across), 1) - 1
    for at, name in enumerate(down, start=1):
        sheet.cell(bottom, at, str(name)).font = _CODE
        cell = sheet.cell(bottom, len(down) + at, str(name).replace("_", " "))
        cell.font, cell.fill = _font(bold=True, color="FFFFFF"), _HEAD
    for level in range(max(len(across), 1)):
        codes, words = FIRST_ROW + 2 * level, FIRST_ROW + 2 * level + 1
        if across:
            sheet.cell(codes, left, str(across[level])).font = _CODE
        for at, head in enumerate(heads, start=left + 1):
            code = head[level] if across else "value"
            _put(sheet, codes, at, code).font = _CODE
            shown = words_for(across[level], code, language) if across else table.spec.unit
            cell = _put(sheet, words, at, shown)
            cell.font, cell.fill = _font(bold=True, color="FFFFFF"), _HEAD
            cell.alignment = Alignment(horizontal="right", vertical="bottom", wrap_text=True)


def _below(sheet: Worksheet, table: SentTable, row: int) -> None:
    lines = [*table.spec.notes, _("Source: {source}").format(source=table.spec.source)]
    if table.spec.standard:
        lines.append(_("Recommended by: {standard}").format(standard=table.spec.standard))
    if table.cells["status"].ne(PUBLISHED).any():
        lines.append(_("Signs: {signs}").format(signs=_signs()))
    for at, line in enumerate(lines):
        _put(sheet, row + at, 1, line).font = _font(size=9)


def _shape(sheet: Worksheet, down: int, across: int, top: int) -> None:
    for at in range(1, down + 1):
        sheet.column_dimensions[get_column_letter(at)].width = 8
        sheet.column_dimensions[get_column_letter(down + at)].width = 30
    for at in range(2 * down + 1, 2 * down + across + 1):
        sheet.column_dimensions[get_column_letter(at)].width = 14
    sheet.freeze_panes = sheet.cell(top, 2 * down + 1)
    sheet.sheet_view.showGridLines = False
    sheet.print_title_rows = f"{FIRST_ROW}:{top - 1}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _only_numbers(sheet: Worksheet, left: int, top: int, right: int, bottom: int) -> None:
    """Excel warns whoever types text into a cell for figures; the signs are let in."""
    where = f"{get_column_letter(left)}{top}"
    rule = DataValidation(type="custom", formula1=f'OR(AND(ISNUMBER({where}),{where}>=0),{where}="c",{where}=":")')
    rule.error = _("A number of 0 or more, or one of the signs c and :")
    rule.showErrorMessage = True
    rule.add(f"{where}:{get_column_letter(right)}{bottom}")
    sheet.add_data_validation(rule)
