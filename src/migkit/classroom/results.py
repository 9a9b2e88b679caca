"""Results: who earned what, what to look at, which questions were hard; on screen, as CSV and as a page."""

import csv
import html
import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from migkit.classroom.course import Course
from migkit.classroom.grading import Outcome, fingerprint, read_outcome
from migkit.classroom.handin import Entry, journal
from migkit.classroom.roster import Person
from migkit.classroom.scores import Question, Score, questions, scores
from migkit.reference import _, palette
from migkit.reference.files import write_bytes, write_text

Standing = Literal["graded", "waiting", "not graded", "failed", "damaged", "missing"]


@dataclass(frozen=True)
class Row:
    """One participant: standing, scores by question (none unless graded), and what the trainer should look at."""

    person: Person
    standing: Standing
    scores: tuple[Score, ...] = ()
    look_at: tuple[str, ...] = ()

    @property
    def total(self) -> float | None:
        """Points so far, or None if nothing was graded."""
        return sum(score.points or 0 for score in self.scores) if self.scores else None


@dataclass(frozen=True)
class Results:
    """The whole class."""

    course: Course
    questions: tuple[Question, ...]
    rows: tuple[Row, ...]
    strays: tuple[Entry, ...]

    @property
    def points(self) -> float:
        """What the whole assignment is worth."""
        return sum(question.points for question in self.questions)

    def share(self, question: Question) -> float | None:
        """The part of its points that the class earned for ``question`` (0 to 1); None while some are missing."""
        earned = [s.points for row in self.rows for s in row.scores if s.question.label == question.label]
        given = [points for points in earned if points is not None]
        if len(given) < len(earned):
            return None
        return sum(given) / (len(given) * question.points) if given and question.points else None


def standing_name(standing: Standing) -> str:
    """What people call it."""
    return {
        "graded": _("graded"),
        "waiting": _("written answer waits"),
        "not graded": _("not graded yet"),
        "failed": _("could not be graded"),
        "damaged": _("damaged hand-in"),
        "missing": _("nothing handed in"),
    }[standing]


def _row(course: Course, person: Person, entries: list[Entry]) -> Row:
    mine = [entry for entry in entries if entry.student_id == person.student_id]
    notes: list[str] = []
    if sum(entry.status in ("taken", "replaced") for entry in mine) > 1:
        notes.append(_("handed in more than once; the last one counts"))
    bad = [entry for entry in mine if entry.status in ("damaged", "refused")]
    notes += [_("{file}: {why}").format(file=entry.file, why=entry.reason) for entry in bad]
    if not (course.submitted(person.student_id) / f"{course.module}.ipynb").is_file():
        return Row(person, "damaged" if bad else "missing", look_at=tuple(notes))
    outcome: Outcome | None = read_outcome(course, person.student_id)
    if outcome is None or outcome.hand_in != fingerprint(course, person.student_id):
        return Row(person, "not graded", look_at=tuple(notes))
    if not outcome.graded:
        return Row(person, "failed", look_at=(*notes, outcome.reason))
    own = tuple(scores(course, person.student_id))
    notes += outcome.notes
    waits = any(score.points is None for score in own)
    return Row(person, "waiting" if waits else "graded", own, tuple(notes))


def results(course: Course) -> Results:
    """The results of everybody in the roster, and hand-ins that belong to nobody."""
    entries = journal(course)
    rows = tuple(_row(course, person, entries) for person in course.roster().people)
    strays = tuple(entry for entry in entries if not entry.student_id)
    return Results(course, tuple(questions(course)), rows, strays)


def number(value: float | None) -> str:
    """Points as people write them: 2, 1.5; a dash for none."""
    return "-" if value is None else f"{round(value, 2):g}"


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


def _cells(row: Row, asked: Sequence[Question]) -> list[str]:
    by_label = {score.question.label: score for score in row.scores}
    return [
        ("?" if by_label[q.label].points is None else number(by_label[q.label].points))
        if q.label in by_label
        else "-"
        for q in asked
    ]


def as_text(result: Results) -> str:
    """The table for the screen, with what to look at below it."""
    asked = result.questions
    heading = [_("name"), _("id"), *(q.label for q in asked), _("total"), _("standing")]
    rows = [
        [
            row.person.name,
            row.person.student_id,
            *_cells(row, asked),
            number(row.total),
            standing_name(row.standing),
        ]
        for row in result.rows
    ]
    rows.append([_("out of"), "", *(number(q.points) for q in asked), number(result.points), ""])
    rows.append([_("earned by the class"), "", *(_percent(result.share(q)) for q in asked), "", ""])
    parts = [text_table(heading, rows, frozenset(range(2, 3 + len(asked))))]
    notes = [f"  {row.person.name}: {text}" for row in result.rows for text in row.look_at]
    if notes:
        parts.append("\n".join([_("To look at:"), *notes]))
    if result.strays:
        lines = [f"  {entry.file}: {entry.reason}" for entry in result.strays]
        parts.append("\n".join([_("Hand-ins of nobody in the roster (kept in inbox/quarantine):"), *lines]))
    return "\n\n".join(parts)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def as_csv(result: Results) -> str:
    """One line for each participant; points that a person still has to give are empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    labels = [question.label for question in result.questions]
    who = ("student_id", "first_name", "last_name", "institution", "country")
    writer.writerow([*who, *labels, "total", "out_of", "standing", "look_at"])
    for row in result.rows:
        by_label = {score.question.label: score.points for score in row.scores}
        points = [by_label.get(label) for label in labels]
        writer.writerow(
            [
                *(getattr(row.person, column) for column in who),
                *("" if value is None else number(value) for value in points),
                "" if row.total is None else number(row.total),
                number(result.points),
                standing_name(row.standing),
                "; ".join(row.look_at),
            ]
        )
    return text.getvalue()


STYLE = f"""
body {{ margin: 0; background: {palette.SAND}; color: {palette.INK};
  font: 16px/1.5 "Source Sans 3", "Segoe UI", "Helvetica Neue", Arial, sans-serif; }}
main {{ max-width: 70rem; margin: 0 auto; padding: 1.5rem; background: {palette.WHITE}; }}
h1, h2 {{ color: {palette.TEAL}; }}
table {{ border-collapse: collapse; font-size: .95rem; }}
th, td {{ padding: .3rem .6rem; border: 1px solid {palette.MIST}; text-align: left; }}
thead th {{ background: {palette.TEAL}; color: {palette.WHITE}; }}
td.n {{ text-align: right; }}
td.full {{ background: #e6efe5; }} td.none {{ background: #f6e3df; }} td.wait {{ background: {palette.SAND}; }}
.chart {{ display: grid; grid-template-columns: minmax(10rem, 24rem) 1fr 4rem; gap: .3rem .8rem;
  align-items: center; }}
.bar {{ background: {palette.MIST}; height: 1.3rem; }}
.bar div {{ background: {palette.TEAL}; height: 100%; }} .bar.hard div {{ background: {palette.BRICK}; }}
.scroll {{ overflow-x: auto; }}
@media print {{ body {{ background: {palette.WHITE}; }} }}
"""


def as_page(result: Results) -> str:
    """A page that stands alone: chart by question, table, what to look at. Nothing in it is loaded or runs."""
    e = html.escape
    asked = result.questions
    bars = []
    for question in asked:
        share = result.share(question)
        title = question.title if question.title != question.label else ""
        hard = " hard" if share is not None and share < 0.5 else ""
        bars.append(
            f"<div><strong>{e(question.label)}</strong> {e(title)}</div>"
            f'<div class="bar{hard}" role="img" aria-label="{e(question.label)}: {_percent(share)}">'
            f'<div style="width:{(share or 0):.1%}"></div></div><div>{_percent(share)}</div>'
        )
    head = "".join(f'<th scope="col">{e(text)}</th>' for text in (_("Name"), _("Id"), *(q.label for q in asked)))
    body = []
    for row in result.rows:
        by_label = {score.question.label: score for score in row.scores}
        cells = "".join(_page_cell(by_label.get(question.label)) for question in asked)
        body.append(
            f'<tr><th scope="row">{e(row.person.name)}</th><td>{e(row.person.student_id)}</td>{cells}'
            f'<td class="n">{number(row.total)}</td><td>{e(standing_name(row.standing))}</td>'
            f"<td>{e('; '.join(row.look_at))}</td></tr>"
        )
    strays = "".join(f"<li>{e(entry.file)}: {e(entry.reason)}</li>" for entry in result.strays)
    rest = f"<h2>{e(_('Hand-ins of nobody in the roster'))}</h2><ul>{strays}</ul>" if strays else ""
    title = _("Results: {name}, {module}").format(name=result.course.root.name, module=result.course.module)
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>{e(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body><main>\n<h1>{e(title)}</h1>\n"
        f"<h2>{e(_('Which questions were hard'))}</h2>\n"
        f"<p>{e(_('Share of the points that the class earned; below half in red.'))}</p>\n"
        f'<div class="chart">{"".join(bars)}</div>\n<h2>{e(_("Who earned what"))}</h2>\n'
        f'<div class="scroll"><table><thead><tr>{head}'
        f'<th scope="col">{e(_("Total"))} / {number(result.points)}</th>'
        f'<th scope="col">{e(_("Standing"))}</th><th scope="col">{e(_("To look at"))}</th></tr></thead>\n'
        f"<tbody>{''.join(body)}</tbody></table></div>\n{rest}\n"
        f"<p>{e(_('The data of these exercises are synthetic.'))} "
        f"{e(_('This page holds marks of people: keep it to yourself.'))}</p>\n</main></body></html>\n"
    )


def _page_cell(score: Score | None) -> str:
    if score is None:
        return '<td class="n">-</td>'
    if score.points is None:
        return f'<td class="n wait">{html.escape(_("waits"))}</td>'
    kind = " full" if score.full else " none" if score.points == 0 else ""
    return f'<td class="n{kind}" title="{html.escape(score.message)}">{number(score.points)}</td>'


def write_results(result: Results) -> tuple[Path, Path]:
    """Write the CSV (for a spreadsheet program) and the page into ``reports/``; gives both paths."""
    table = result.course.reports / f"{result.course.module}_results.csv"
    page = result.course.reports / f"{result.course.module}_results.html"
    write_bytes(table, as_csv(result).encode("utf-8-sig"))
    write_text(page, as_page(result))
    return table, page
