"""The similarity report as a page and as a table: neutral words, the evidence, and how else it can come about."""

from pathlib import Path

from migkit.classroom import pages
from migkit.classroom.exports import as_rows
from migkit.classroom.pages import bullets, paragraph, section, text
from migkit.classroom.similarity import OVERLAP, RUNS, CopiedAnswer, Pair, SharedAnswer, Similarity
from migkit.classroom.standings import percent
from migkit.reference import _
from migkit.reference.files import write_bytes, write_text

#: Pairs that get a section of their own; all are in the table.
IN_DETAIL = 40


def judgement() -> str:
    """What the report is, in one paragraph."""
    return _(
        "For the trainer to judge; nothing follows automatically, no point is taken. Talk with the people first."
    )


def ways() -> list[str]:
    """Common ways to arrive at similar work, most of them harmless."""
    return [
        _("They worked in a pair, as they were asked to in the lesson, and kept their notes."),
        _("They copied the same lines from the lesson, the book or the blackboard."),
        _("One helped the other, who then handed in what they had made together."),
        _("They share a computer, and one handed in the other's file by mistake."),
        _("They made the same mistake alone: one that the authors do not know yet looks rare. An answer that "
          "rests on an earlier wrong answer repeats it, so two wrong answers can be one."),
        _("One copied from the other. The report cannot tell who from whom."),
    ]  # fmt: skip


def answer_words(answer: SharedAnswer) -> str:
    """A wrong answer that both gave."""
    words = _("{question}: both answered {came}; {n} of {of} who answered have it").format(
        question=answer.question, came=answer.came or _("the same"), n=answer.holders, of=answer.of
    )
    if answer.bits:
        return _("{words} ({bits:.1f} bits).").format(words=words, bits=answer.bits)
    if answer.cause:
        return _("{words}. A usual mistake leads there, so it counts nothing.").format(words=words)
    return f"{words}."


def copied_words(copied: CopiedAnswer) -> str:
    """An answer that fits somebody else's data."""
    words = _(
        "{question}: the answer of {person} ({came}) is wrong for their data and right for those of {owner}."
    )
    told = words.format(
        question=copied.question, person=copied.person.name, came=copied.came, owner=copied.owner.name
    )
    also = _("It is right for {n} others too.").format(n=copied.others) if copied.others else ""
    return f"{told} {also}".strip()


def in_short(pair: Pair) -> list[str]:
    """Who, the weight of wrong answers, the text in common, answers right for the other's data."""
    counted = sum(1 for answer in pair.answers if answer.bits)
    return [
        pair.a.name,
        pair.b.name,
        str(counted),
        f"{pair.bits:.1f}",
        percent(pair.overlap),
        str(pair.runs),
        str(len(pair.copied)),
    ]


def headings() -> list[str]:
    """Of :func:`in_short`."""
    return [
        _("One"),
        _("Other"),
        _("Rare wrong answers in common"),
        _("Bits"),
        _("Text in common"),
        _("Runs of words"),
        _("Right for the other's data"),
    ]


def as_page(found: Similarity) -> str:
    """The page, which stands alone."""
    title = _("Similar hand-ins: {name}, {module}").format(name=found.course.root.name, module=found.course.module)
    usual = _(
        "{n} pairs were compared. In this class half of the pairs have up to {median} of their text in common, "
        "and 95 in 100 have up to {most}."
    ).format(n=found.compared, median=percent(found.usual_overlap[0]), most=percent(found.usual_overlap[1]))
    body = [
        paragraph(judgement(), "keep"),
        paragraph(_("This page names people: keep it to yourself.")),
        section(_("Common ways to arrive there"), bullets(ways())),
        section(_("Pairs to look at"), paragraph(usual), _table(found), _unread(found)),
        *(_pair(pair) for pair in found.pairs[:IN_DETAIL]),
        section(_("How it is counted"), bullets(legend(found))),
    ]
    return pages.document(title, "\n".join(part for part in body if part))


def _table(found: Similarity) -> str:
    if not found.pairs:
        return paragraph(_("No pair stands out."))
    rows = [[text(cell) for cell in in_short(pair)] for pair in found.pairs]
    return pages.table(headings(), rows, _("The strongest first"), numbers=frozenset({2, 3, 4, 5, 6}))


def _unread(found: Similarity) -> str:
    if not found.unread:
        return ""
    names = ", ".join(person.name for person in found.unread)
    return paragraph(_("Could not be read, and so not compared: {names}.").format(names=names))


def _pair(pair: Pair) -> str:
    lines = [copied_words(copied) for copied in pair.copied]
    lines += [answer_words(answer) for answer in sorted(pair.answers, key=lambda answer: -answer.bits)]
    if pair.same_text:
        words = _("{share} of the text of the one who wrote less stands in the other's notebook too ({n} runs).")
        lines.append(words.format(share=percent(pair.overlap), n=pair.runs))
    shown = f"<pre>{text(chr(10).join(pair.lines))}</pre>" if pair.lines else ""
    title = _("{a} and {b}").format(a=pair.a.name, b=pair.b.name)
    return f'<div class="whole"><h3>{text(title)}</h3>{bullets(lines)}{shown}</div>'


def legend(found: Similarity) -> list[str]:
    """How each column comes about."""
    lines = [
        _("Bits: log2 of how many answered for each who has this wrong answer, added up. 4 bits: one in 16 has "
          "it. An answer that a usual mistake explains counts nothing; a chosen word one bit at most. "
          "In this class a pair is listed from {bits:.1f} bits on: about one pair would have as many by chance."
          ).format(bits=found.from_bits),
        _("Text in common: code and words outside the locked cells, in runs of tokens, without what the hand-out "
          "held, each weighed by how rare it is in the class; as a share of the text of the one who wrote less "
          "(containment, Broder 1997). A pair is listed from {share:.0%} and {runs} runs on.").format(
              share=OVERLAP, runs=RUNS),
    ]  # fmt: skip
    if found.own_data:
        lines.append(
            _("Right for the other's data: wrong for one's own data, and exactly the key of somebody else's.")
        )
    return lines


def write_similarity(found: Similarity) -> tuple[Path, Path]:
    """Write the table (CSV) and the page into ``reports/``; gives both paths."""
    table = found.course.reports / f"{found.course.module}_similar.csv"
    page = found.course.reports / f"{found.course.module}_similar.html"
    write_bytes(table, as_rows(headings(), [in_short(pair) for pair in found.pairs]).encode("utf-8-sig"))
    write_text(page, as_page(found))
    return table, page
