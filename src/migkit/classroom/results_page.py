"""The results as a page: for the trainer in the evening, on the projector next morning (without names), on A4."""

from itertools import groupby

from migkit.classroom import pages
from migkit.classroom.items import (
    CLASSES,
    ENOUGH_TO_TELL,
    SMALLEST_GROUP,
    TAIL,
    Distribution,
    Item,
    Mistake,
    distribution,
    groups,
    items,
    mistakes,
)
from migkit.classroom.pages import bullets, meter, paragraph, section, text
from migkit.classroom.scores import Question, Score
from migkit.classroom.standings import Results, Row, number, percent, standing_name
from migkit.reference import _, palette

#: A question of which the class earned less than this is drawn as hard.
HARD = 0.5
#: In a class that is larger than this, the page leaves out mistakes that one person made.
FEW = 8
#: So many are named in a line of what is to be done.
NAMES = 8


def page_title(result: Results) -> str:
    """What the page is called."""
    return _("Results: {name}, {module}").format(name=result.course.root.name, module=result.course.module)


def as_page(result: Results) -> str:
    """The page, which stands alone."""
    body = [
        _keep(result),
        _tiles(result),
        section(_("To do"), bullets(to_do(result))),
        section(_("For the debrief: what people did"), _mistakes(result)),
        section(_("Which questions were hard"), _questions(items(result))),
        section(_("How the totals are spread"), _totals(distribution(result))),
        section(_("By agency and by sex"), _groups(result)),
        section(_("Who earned what"), _people(result)),
        section(_("People to look at"), _look_at(result)),
        section(_("Why points were lost"), _reasons(result)),
        section(_("Hand-ins of nobody in the roster"), _strays(result)),
        section(_("How to read this page"), how_to_read(result)),
        paragraph(_("The data of these exercises are synthetic."), "quiet"),
    ]
    return pages.document(page_title(result), "\n".join(part for part in body if part))


def _keep(result: Results) -> str:
    if result.hidden:
        return paragraph(
            _("Nobody is named here. A code such as {code} stands for one participant; only the trainer can tell.")
            .format(code=result.rows[0].person.student_id if result.rows else "KTBD")
        )  # fmt: skip
    return paragraph(
        _(
            "This page holds marks of people: keep it to yourself. For the projector make one without names: "
            "kit class results {name} --hide-names"
        ).format(name=result.course.root.name),
        "keep",
    )


def _tiles(result: Results) -> str:
    came = sum(row.hand_in is not None for row in result.rows)
    spread = distribution(result)
    tiles = [
        (f"{came} / {len(result.rows)}", _("handed in")),
        (str(len(result.graded)), _("graded")),
        (str(sum(row.standing == "waiting" for row in result.rows)), _("written answers wait")),
    ]
    if spread:
        tiles.append((f"{number(round(spread.mean, 1))} / {number(spread.of)}", _("points on average")))
    made = "".join(f"<li><strong>{text(value)}</strong> {text(words)}</li>" for value, words in tiles)
    return f'<ul class="tiles">{made}</ul>'


def to_do(result: Results) -> list[str]:
    """What waits for the trainer, in the order of the evening."""
    by_standing: dict[str, list[Row]] = {}
    for row in result.rows:
        by_standing.setdefault(row.standing, []).append(row)
    name = result.course.root.name
    sentences = {
        "missing": _("Nothing usable from {n}: {who}."),
        "damaged": _("Damaged hand-in of {n}: {who}. Ask for the file again."),
        "not graded": _("Not graded yet, {n}: {who}. Run kit class grade {name}."),
        "failed": _("Could not be graded, {n}: {who}. The reason stands under “People to look at”."),
        "waiting": _("A written answer waits, {n}: {who}. Give the points in kit class formgrader {name}."),
    }
    lines = []
    for standing, sentence in sentences.items():
        rows = by_standing.get(standing, [])
        if rows and result.hidden:
            lines.append(f"{standing_name(rows[0].standing)}: {len(rows)}")
        elif rows:
            shown = ", ".join(row.person.name for row in rows[:NAMES])
            more = _(" and {n} more").format(n=len(rows) - NAMES) if len(rows) > NAMES else ""
            lines.append(sentence.format(n=len(rows), who=shown + more, name=name))
    return lines


def _mistakes(result: Results) -> str:
    found = mistakes(result)
    if not found:
        return paragraph(_("Nobody lost a point.")) if result.graded else ""
    shared = [mistake for mistake in found if mistake.count > 1] if len(result.graded) > FEW else list(found)
    rows = []
    for question, those in groupby(shared, key=lambda mistake: mistake.question):
        each = list(those)
        head = f'<th scope="rowgroup" rowspan="{len(each)}">{_question(question)}</th>'
        rows += [[head if n == 0 else pages.SPANNED, _what(m), _how_many(m)] for n, m in enumerate(each)]
    words = _(
        "By question, the most common first; {n} were graded. Begin with the long bars. The words are those that "
        "the participants read; where an answer is wrong in no usual way, let somebody show the way they went."
    ).format(n=len(result.graded))
    if len(shared) < len(found):
        words += " " + _("{n} mistakes that one person made stand in the workbook.").format(
            n=len(found) - len(shared)
        )
    table = pages.table([_("Question"), _("What people did"), _("How many")], rows, _("The most common mistakes"))
    return paragraph(words) + (table if rows else "")


def _question(question: Question) -> str:
    title = f" {text(question.title)}" if question.title != question.label else ""
    return f"{text(question.label)}<span class='quiet'>{title}</span>"


def _what(mistake: Mistake) -> str:
    example = (
        f'<br><span class="quiet">{text(_("for example: {off}").format(off=mistake.example))}</span>'
        if mistake.example
        else ""
    )
    return text(mistake.what) + example


def _how_many(mistake: Mistake) -> str:
    return f'<td class="short">{meter(mistake.question.label, mistake.share, str(mistake.count))}</td>'


def correlation_words(item: Item) -> str:
    """The corrected item-total correlation with its interval, or why there is none."""
    if item.correlation is None or item.interval is None:
        return item.why
    r, low, high = (decimals(value) for value in (item.correlation, *item.interval))
    return _("{r} ({low} to {high})").format(r=r, low=low, high=high)


def decimals(value: float | None) -> str:
    """Two of them, without a minus before nothing."""
    return f"{round(value or 0, 2) + 0.0:.2f}"


def _questions(found: tuple[Item, ...]) -> str:
    rows = []
    for item in found:
        hard = item.difficulty is not None and item.difficulty < HARD
        share = meter(item.question.label, item.difficulty, percent(item.difficulty), hard)
        cells = [_question(item.question), number(item.question.points), f'<td class="short">{share}</td>']
        if item.correlation is None:
            cells.append(f'<td colspan="2" class="quiet">{text(item.why)}</td>')
        else:
            cells += [text(correlation_words(item)), decimals(item.upper_lower)]
        rows.append(cells)
    return paragraph(_("Share of the points that the class earned; below half in red.")) + pages.table(
        [
            _("Question"),
            _("Points"),
            _("Earned by the class (difficulty)"),
            _("Correlation with the rest (95% interval)"),
            _("Upper minus lower 27%"),
        ],
        rows,
        _("Difficulty and discrimination of each question"),
        numbers=frozenset({1, 3, 4}),
    )


def _totals(spread: Distribution | None) -> str:
    if spread is None:
        return ""
    words = _(
        "{n} people, out of {of} points: mean {mean:.1f}, median {median:.1f}, standard deviation {sd:.1f}, "
        "lowest {low}, highest {high}."
    ).format(
        n=len(spread.totals),
        of=number(spread.of),
        mean=spread.mean,
        median=spread.median,
        sd=spread.deviation,
        low=number(min(spread.totals)),
        high=number(max(spread.totals)),
    )
    if spread.waiting:
        words += " " + _("Left out, because it still waits: {labels}.").format(labels=", ".join(spread.waiting))
    return paragraph(words) + histogram(spread)


def class_names(spread: Distribution) -> list[str]:
    """The classes of the distribution in points: each holds its lower end, the last one both."""
    step = spread.of / CLASSES
    return [f"{number(step * place)}–{number(step * (place + 1))}" for place in range(CLASSES)]


def histogram(spread: Distribution) -> str:
    """The distribution as a drawing with its numbers in it."""
    wide, high, base, step = 780, 260, 200, 76
    tallest = max(spread.counts)
    bars = []
    for place, (name, count) in enumerate(zip(class_names(spread), spread.counts, strict=True)):
        left, tall = 12 + place * step, round(165 * count / tallest)
        bars.append(
            f'<rect x="{left}" y="{base - tall}" width="{step - 10}" height="{tall}" fill="{palette.TEAL}"/>'
            f'<text x="{left + (step - 10) / 2}" y="{base - tall - 7}" text-anchor="middle">{count or ""}</text>'
            f'<text x="{left + (step - 10) / 2}" y="{base + 20}" text-anchor="middle" font-size="14">{name}</text>'
        )
    told = "; ".join(
        _("{points} points: {n}").format(points=name, n=count)
        for name, count in zip(class_names(spread), spread.counts, strict=True)
    )
    return (
        f'<svg role="img" aria-label="{text(told)}" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" '
        f'font-family="inherit" font-size="17" fill="{palette.INK}">'
        f'<line x1="6" y1="{base}" x2="{wide - 6}" y2="{base}" stroke="{palette.INK}"/>{"".join(bars)}'
        f'<text x="{wide / 2}" y="{base + 48}" text-anchor="middle" font-size="15">'
        f"{text(_('points (each class holds its lower end); above each bar the number of people'))}</text></svg>"
    )


def sex_name(row: Row) -> str:
    """The sex of a participant, as the table names it."""
    return {"F": _("women"), "M": _("men")}.get(row.person.sex, row.person.sex)


def groupings(result: Results) -> dict[str, tuple[tuple[str, int, float], ...]]:
    """The tables by group that may be shown: heading, and for each group its name, number and mean share."""
    found = {
        _("Agency"): groups(result, lambda row: row.person.institution),
        _("Sex"): groups(result, sex_name),
    }
    return {title: tuple((g.name, g.n, g.share) for g in rows) for title, rows in found.items() if rows}


def _groups(result: Results) -> str:
    shown = groupings(result)
    if not shown:
        return ""
    rule = _(
        "Groups below {n} people are put together, and nothing is shown that would give them away: "
        "the rule that we teach for published tables. A difference between small groups is mostly chance."
    ).format(n=SMALLEST_GROUP)
    made = [
        pages.table(
            [title, _("graded"), _("mean share of the points")],
            [
                [text(name), str(n), f'<td class="short">{meter(name, share, percent(share))}</td>']
                for name, n, share in rows
            ],
            _("Results by {what}").format(what=title.lower()),
            numbers=frozenset({1}),
        )
        for title, rows in shown.items()
    ]
    return paragraph(rule) + "".join(made)


def moment(row: Row) -> str:
    """When the hand-in was saved on the participant's computer, else when it came here."""
    when = row.hand_in and (row.hand_in.saved or row.hand_in.came)
    return f"{when:%d.%m. %H:%M}" if when else ""


def _people(result: Results) -> str:
    asked = result.questions
    heading = [_("Code")] if result.hidden else [_("Name"), _("Id"), _("Saved")]
    first = len(heading)
    heading += [*(question.label for question in asked), _("Total"), _("Standing")]
    rows = []
    for row in result.rows:
        who = [text(row.person.name)]
        if not result.hidden:
            who += [f'<td class="short">{text(cell)}</td>' for cell in (row.person.student_id, moment(row))]
        points = [_cell(row.score(question)) for question in asked]
        rows.append([*who, *points, number(row.total), text(standing_name(row.standing))])
    blank = [""] * (first - 1)
    foot = [
        [text(_("out of")), *blank, *(number(question.points) for question in asked), number(result.points), ""],
        [text(_("earned by the class")), *blank, *(percent(result.share(question)) for question in asked), "", ""],
    ]
    numbers = frozenset(range(first, first + len(asked) + 1))
    return pages.table(heading, rows, _("Points by participant and question"), numbers, foot, "wide")


def _cell(score: Score | None) -> str:
    if score is None:
        return '<td class="n">-</td>'
    if score.points is None:
        return f'<td class="n wait"><abbr title="{text(_("waits"))}">?</abbr></td>'
    kind = " full" if score.full else " none" if score.points == 0 else ""
    return f'<td class="n{kind}">{number(score.points)}</td>'


def _look_at(result: Results) -> str:
    return bullets([f"{row.person.name}: {note}" for row in result.rows for note in row.look_at])


def reasons(result: Results) -> list[tuple[Row, str, str]]:
    """Who lost points in which question, and why, as far as it is known; nobody's if names are hidden."""
    found: list[tuple[Row, str, str]] = []
    for row in () if result.hidden else result.rows:
        marked = [mark for mark in row.marks if mark.verdict != "right"]
        found += [(row, mark.question, " ".join(filter(None, (mark.off, mark.cause)))) for mark in marked]
        if not row.marks:
            found += [(row, score.question.label, score.message) for score in row.scores if score.message]
    return [(row, label, words) for row, label, words in found if words]


def _reasons(result: Results) -> str:
    found = reasons(result)
    if not found:
        return ""
    rows = [[text(row.person.name), text(label), text(words)] for row, label, words in found]
    table = pages.table([_("Name"), _("Question"), _("Reason")], rows, _("The reason for each lost point"))
    summary = text(_("{n} reasons, by participant").format(n=len(found)))
    return f"<details><summary>{summary}</summary>{table}</details>"


def _strays(result: Results) -> str:
    if result.hidden:
        return ""
    return bullets([f"{entry.file}: {entry.reason}" for entry in result.strays])


def legend(result: Results) -> list[tuple[str, str]]:
    """Each measure, what it says, its formula and its source."""
    return [
        (
            _("Earned by the class (difficulty, the p value of test theory)"),
            _(
                "Mean points divided by the points of the question, over all who were graded; an empty hand-in "
                "counts as 0. Near 1: easy. Below {hard:.0%}: hard, or badly asked."
            ).format(hard=HARD),
        ),
        (
            _("Correlation with the rest (corrected item-total correlation)"),
            _(
                "Pearson's r between the points for this question and those for all other questions (Henrysson "
                "1963); point-biserial where a question is right or wrong. Near 0 or below: the question does not "
                "tell apart those who do well elsewhere; read it again. In brackets Fisher's 95% interval. "
                "Not given for fewer than {n} people."
            ).format(n=ENOUGH_TO_TELL),
        ),
        (
            _("Upper minus lower 27%"),
            _(
                "Difficulty among the best {tail:.0%} by total, minus difficulty among the lowest {tail:.0%} "
                "(Kelley 1939). People who are level at the edge share the places left. From -1 to 1."
            ).format(tail=TAIL),
        ),
        (
            _("What people did"),
            _(
                "Counted once for each person and question, from the grader's marks: the usual mistakes that the "
                "authors described, then answers that are wrong in no usual way."
            )
            if any(row.marks for row in result.rows)
            else _("Counted once for each person and question, from the messages of the tests that failed."),
        ),
        (
            _("Colours and signs"),
            _("Green: all points. Red: none. ?: a written answer that waits. -: not graded."),
        ),
    ]


def how_to_read(result: Results) -> str:
    """The legend as a list of definitions."""
    return f"<dl>{''.join(f'<dt>{text(name)}</dt><dd>{text(words)}</dd>' for name, words in legend(result))}</dl>"
