"""The results as a workbook (XLSX): the same figures as on the page, for those who go on counting."""

import io
import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from migkit.classroom import results_page as page
from migkit.classroom.exports import is_formula
from migkit.classroom.items import distribution, items, mistakes
from migkit.classroom.standings import Results, standing_name
from migkit.reference import _, palette

_HEAD = PatternFill("solid", fgColor=palette.TEAL.lstrip("#"))
_FOOT = PatternFill("solid", fgColor=palette.MIST.lstrip("#"))
_WIDEST = 60
SHARE, POINTS, MOMENT = "0%", "0.##", "yyyy-mm-dd hh:mm"


def _font(**look: Any) -> Font:
    return Font(**{"name": "Calibri", "size": 11, "color": palette.INK.lstrip("#"), **look})


def put(sheet: Worksheet, row: int, column: int, value: Any, form: str = "") -> Cell:
    """Write one cell. Text is always text: what begins like a formula is marked as text and never runs."""
    cell: Cell = sheet.cell(row, column)
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:32_000]
        cell.data_type = "s"  # whatever it begins with
        cell.quotePrefix = is_formula(value)
    else:
        cell.value = value.replace(tzinfo=None) if isinstance(value, datetime) else value
        cell.number_format = form or cell.number_format
    cell.font = _font()
    words = isinstance(value, str)
    cell.alignment = Alignment(vertical="top", wrap_text=words, indent=int(words and column > 1))
    return cell


def fill(
    sheet: Worksheet,
    heading: Sequence[str],
    rows: Sequence[Sequence[Any]],
    forms: dict[int, str] | None = None,
    foot: int = 0,
) -> None:
    """A table from the first row on; ``forms`` are number formats by column, the last ``foot`` rows are totals."""
    for column, title in enumerate(heading, start=1):
        cell = put(sheet, 1, column, title)
        cell.font, cell.fill = _font(bold=True, color=palette.WHITE.lstrip("#")), _HEAD
        longest = max([_length(row[column - 1]) for row in rows] + [min(_length(title), 14)])
        sheet.column_dimensions[get_column_letter(column)].width = min(_WIDEST, longest + 3.5)
    for place, row in enumerate(rows, start=2):
        for column, value in enumerate(row, start=1):
            cell = put(sheet, place, column, value, (forms or {}).get(column, ""))
            if place > len(rows) + 1 - foot:
                cell.font, cell.fill = _font(bold=True), _FOOT
    for place, row in enumerate([heading, *rows], start=1):
        sheet.row_dimensions[place].height = 15.5 * max(
            _lines(value, sheet, column) for column, value in enumerate(row, start=1)
        )
    sheet.freeze_panes = "B2"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"


def _length(value: Any) -> int:
    """Characters that a value takes as it is shown."""
    if isinstance(value, str):
        return len(value)
    return 0 if value is None else len(MOMENT) if isinstance(value, datetime) else 5


def _lines(value: Any, sheet: Worksheet, column: int) -> int:
    """Lines that a text needs in its column: not every program finds the height of a row by itself."""
    width = sheet.column_dimensions[get_column_letter(column)].width - 3.5
    return max(1, math.ceil(_length(value) / width)) if isinstance(value, str) else 1


def as_workbook(result: Results) -> bytes:
    """The file's bytes."""
    book = Workbook()
    _people(book.active, result)
    _questions(book.create_sheet(_("Questions")), result)
    _mistakes(book.create_sheet(_("Mistakes")), result)
    _totals(book.create_sheet(_("Totals")), result)
    _groups(book.create_sheet(_("Groups")), result)
    if not result.hidden:
        _look_at(book.create_sheet(_("To look at")), result)
        _reasons(book.create_sheet(_("Reasons")), result)
    fill(book.create_sheet(_("How to read")), [_("What"), _("How it is computed")], page.legend(result))
    book.properties.creator, book.properties.title = "migkit", page.page_title(result)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _people(sheet: Worksheet, result: Results) -> None:
    sheet.title = _("Results")
    heading = (
        [_("Code")] if result.hidden else [_("Name"), _("Id"), _("Agency"), _("Saved"), _("Came"), _("Versions")]
    )
    rows: list[list[Any]] = []
    for row in result.rows:
        came, person = row.hand_in, row.person
        who: list[Any] = [person.name]
        if not result.hidden:
            who += [person.student_id, person.institution]
            who += [came.saved, came.came, came.versions] if came else [None, None, None]
        points = [score.points if (score := row.score(question)) else None for question in result.questions]
        rows.append([*who, *points, row.total, standing_name(row.standing)])
    blank: list[Any] = [None] * (len(heading) - 1)
    asked = result.questions
    rows.append([_("out of"), *blank, *(question.points for question in asked), result.points, None])
    rows.append([_("earned by the class"), *blank, *(result.share(question) for question in asked), None, None])
    first = len(heading) + 1
    forms = {4: MOMENT, 5: MOMENT} if not result.hidden else {}
    forms |= dict.fromkeys(range(first, first + len(asked) + 1), POINTS)
    fill(sheet, [*heading, *(q.label for q in asked), _("Total"), _("Standing")], rows, forms, foot=2)
    for column in range(first, first + len(asked)):
        sheet.cell(len(rows) + 1, column).number_format = SHARE
        sheet.column_dimensions[get_column_letter(column)].width = 7.5
    sheet.auto_filter.ref = f"A1:{get_column_letter(first + len(asked) + 1)}{len(result.rows) + 1}"


def _questions(sheet: Worksheet, result: Results) -> None:
    heading = [
        _("Question"),
        _("Title"),
        _("Points"),
        _("Graded"),
        _("Earned by the class (difficulty)"),
        _("Correlation with the rest"),
        _("Low end of its 95% interval"),
        _("High end"),
        _("Upper minus lower 27%"),
        _("Remark"),
    ]
    rows = [
        [
            item.question.label,
            item.question.title,
            item.question.points,
            item.n,
            item.difficulty,
            item.correlation,
            *(item.interval or (None, None)),
            item.upper_lower,
            item.why,
        ]
        for item in items(result)
    ]
    fill(sheet, heading, rows, {3: POINTS, 5: SHARE, **dict.fromkeys(range(6, 10), "0.00")})


def _mistakes(sheet: Worksheet, result: Results) -> None:
    rows = [
        [each.question.label, each.question.title, each.what, each.count, each.share, each.example]
        for each in mistakes(result)
    ]
    heading = [_("Question"), _("Title"), _("What people did"), _("How many"), _("Share"), _("For example")]
    fill(sheet, heading, rows, {5: SHARE})


def _totals(sheet: Worksheet, result: Results) -> None:
    spread = distribution(result)
    if spread is None:
        fill(sheet, [_("Points"), _("People")], [])
        return
    fill(sheet, [_("Points"), _("People")], list(zip(page.class_names(spread), spread.counts, strict=True)))
    chart = BarChart()
    chart.title, chart.legend, chart.gapWidth = _("How the totals are spread"), None, 15
    chart.x_axis.title, chart.y_axis.title = _("Points"), _("People")
    chart.x_axis.delete = chart.y_axis.delete = False
    last = len(spread.counts) + 1
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=last), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=last))
    chart.series[0].graphicalProperties.solidFill = palette.TEAL.lstrip("#")
    chart.width, chart.height = 22, 10
    sheet.add_chart(chart, "D2")


def _groups(sheet: Worksheet, result: Results) -> None:
    rows = [[title, *row] for title, found in page.groupings(result).items() for row in found]
    fill(sheet, [_("By"), _("Group"), _("Graded"), _("Mean share of the points")], rows, {4: SHARE})


def _look_at(sheet: Worksheet, result: Results) -> None:
    rows = [[row.person.name, row.person.student_id, note] for row in result.rows for note in row.look_at]
    rows += [[_("nobody in the roster"), "", f"{entry.file}: {entry.reason}"] for entry in result.strays]
    fill(sheet, [_("Name"), _("Id"), _("To look at")], rows)


def _reasons(sheet: Worksheet, result: Results) -> None:
    rows = [[row.person.name, row.person.student_id, label, words] for row, label, words in page.reasons(result)]
    fill(sheet, [_("Name"), _("Id"), _("Question"), _("Reason")], rows)
