"""Exports for other programs: plain CSV, and the CSV that Moodle's gradebook imports.

Moodle (*Grades, Import, CSV file*; read from its manual and from ``grade/import/csv`` of its source, for want of a
Moodle to try it in): one row per person; any column may identify the person (*ID number*, *Email address*); the
heading of a grade column is the name of the grade item; a column of feedback can be mapped to an item that exists.
Three things follow. Moodle takes an empty grade as "no grade" and writes that over what it had, so people without
a final grade are left out. It refuses the whole file if one person is not known there. And it compares e-mail
addresses with their capital letters.
"""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from migkit.classroom.standings import Results, Row, number, standing_name
from migkit.reference import KitError, _
from migkit.reference.files import write_bytes

#: What a spreadsheet program takes for the beginning of a formula, also in the wide letters of Asian keyboards.
_FORMULA = re.compile(r"^\s*[=+\-@＝＋－＠]|^[\t\r]")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


def is_formula(text: str) -> bool:
    """Whether a spreadsheet program could run ``text`` instead of showing it; plain numbers are harmless.

    >>> is_formula("=1+1"), is_formula("@SUM(A1)"), is_formula("-0.5"), is_formula("N'Diaye")
    (True, True, False, False)
    """
    return bool(_FORMULA.search(text)) and not _NUMBER.fullmatch(text)


def harmless(text: str) -> str:
    """``text`` as spreadsheet programs show it: an apostrophe stands before what they would take for a formula."""
    return f"'{text}" if is_formula(text) else text


def as_rows(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """CSV in which no cell is a formula."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return target.getvalue()


def as_csv(result: Results) -> str:
    """One line for each participant; points that a person still has to give are empty."""
    who = ("student_id", "first_name", "last_name", "institution", "country")
    rows = []
    for row in result.rows:
        points = [score.points if (score := row.score(question)) else None for question in result.questions]
        rows.append(
            [
                *(getattr(row.person, column) for column in who),
                *("" if value is None else number(value) for value in points),
                "" if row.total is None else number(row.total),
                number(result.points),
                standing_name(row.standing),
                "; ".join(row.look_at),
            ]
        )
    labels = [question.label for question in result.questions]
    return as_rows([*who, *labels, "total", "out_of", "standing", "look_at"], rows)


def final(result: Results) -> tuple[Row, ...]:
    """Those whose grade is final: everything they handed in has its points."""
    return tuple(row for row in result.rows if row.standing == "graded")


def item_name(result: Results) -> str:
    """What the grade is called in Moodle."""
    course = result.course
    return course.module if course.title == course.module else f"{course.module} {course.title}"


def as_moodle(result: Results) -> str:
    """Moodle's CSV: who, the grade, and the points by question as feedback; only final grades.

    Raises:
        KitError: if nobody has a final grade yet.
    """
    people = final(result)
    if not people:
        raise KitError(
            _("Nobody has a final grade yet: grade first, and give the points for written answers in formgrader.")
        )
    item = item_name(result)
    heading = ["First name", "Last name", "ID number", "Email address", item, f"{item} (Feedback)"]
    rows = [
        [
            row.person.first_name,
            row.person.last_name,
            row.person.student_id,
            row.person.email,
            number(row.total),
            _points_in_words(row),
        ]
        for row in people
    ]
    return as_rows(heading, rows)


def _points_in_words(row: Row) -> str:
    each = (
        _("{question}: {points} of {all}").format(
            question=score.question.label, points=number(score.points), all=number(score.question.points)
        )
        for score in row.scores
    )
    return "; ".join(each)


#: How an export is asked for, and what makes it.
FORMATS = {"csv": as_csv, "moodle": as_moodle}


def write_export(result: Results, form: str) -> Path:
    """Write an export into ``reports/``, in UTF-8 with the mark by which Excel knows it (Moodle takes it off)."""
    name = "results" if form == "csv" else form
    path = result.course.reports / f"{result.course.module}_{name}.csv"
    write_bytes(path, FORMATS[form](result).encode("utf-8-sig"))
    return path
