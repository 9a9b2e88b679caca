"""Results: who earned what, what to look at, which questions were hard; on screen, as a page and as a workbook."""

import unicodedata
from collections.abc import Sequence
from pathlib import Path

from migkit.classroom.results_page import as_page
from migkit.classroom.results_xlsx import as_workbook
from migkit.classroom.scores import Question
from migkit.classroom.standings import (
    Results,
    Row,
    Standing,
    number,
    percent,
    results,
    standing_name,
    without_names,
)
from migkit.reference import _
from migkit.reference.files import write_bytes, write_text


def _width(text: str) -> int:
    """Columns that ``text`` takes on the screen: a letter and its accent are one."""
    return len(unicodedata.normalize("NFC", text))


def text_table(heading: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> str:
    """A table for the terminal; columns in ``right`` are set to the right, the last one may run on."""
    widths = [max(_width(row[place]) for row in (heading, *rows)) for place in range(len(heading))]

    def line(row: Sequence[str]) -> str:
        cells = []
        for place, text in enumerate(row):
            space = " " * (widths[place] - _width(text))
            cells.append(space + text if place in right else text + space)
        return "  ".join(cells).rstrip()

    return "\n".join([line(heading), "  ".join("-" * width for width in widths), *map(line, rows)])


def _cell(row: Row, question: Question) -> str:
    score = row.score(question)
    return "-" if score is None else "?" if score.points is None else number(score.points)


def as_text(result: Results) -> str:
    """The table for the screen, with what to look at below it."""
    asked = result.questions
    who = [_("code")] if result.hidden else [_("name"), _("id")]
    heading = [*who, *(q.label for q in asked), _("total"), _("standing")]
    blank = [""] * (len(who) - 1)
    rows = [
        [
            row.person.name,
            *([] if result.hidden else [row.person.student_id]),
            *(_cell(row, question) for question in asked),
            number(row.total),
            standing_name(row.standing),
        ]
        for row in result.rows
    ]
    rows.append([_("out of"), *blank, *(number(q.points) for q in asked), number(result.points), ""])
    rows.append([_("earned by the class"), *blank, *(percent(result.share(q)) for q in asked), "", ""])
    parts = [text_table(heading, rows, frozenset(range(len(who), len(who) + 1 + len(asked))))]
    notes = [f"  {row.person.name}: {text}" for row in result.rows for text in row.look_at]
    if notes:
        parts.append("\n".join([_("To look at:"), *notes]))
    if result.strays and not result.hidden:
        lines = [f"  {entry.file}: {entry.reason}" for entry in result.strays]
        parts.append("\n".join([_("Hand-ins of nobody in the roster (kept in inbox/quarantine):"), *lines]))
    return "\n\n".join(parts)


def write_results(result: Results) -> tuple[Path, Path]:
    """Write the workbook and the page into ``reports/``; gives both paths. Without names they have other names."""
    name = f"{result.course.module}_results{'_no_names' if result.hidden else ''}"
    workbook, page = result.course.reports / f"{name}.xlsx", result.course.reports / f"{name}.html"
    write_bytes(workbook, as_workbook(result))
    write_text(page, as_page(result))
    return workbook, page


__all__ = [
    "Results",
    "Row",
    "Standing",
    "as_page",
    "as_text",
    "as_workbook",
    "number",
    "results",
    "standing_name",
    "text_table",
    "without_names",
    "write_results",
]
