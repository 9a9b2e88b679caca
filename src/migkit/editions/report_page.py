"""Reports as one page that needs no other file: the frame, tables that scroll, pictures, folded parts."""

from collections.abc import Container, Sequence
from html import escape

from migkit.lesson.style import BRICK, INK, MIST, OCHRE_INK, SAND, TEAL, WHITE
from migkit.reference import _

_STYLE = f"""
body {{ font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; color: {INK}; background: {WHITE}; margin: 0; }}
main, header div {{ max-width: 66rem; margin: 0 auto; padding: 0 1.2rem; }}
header {{ background: {SAND}; border-top: 8px solid {TEAL}; padding: 1.2rem 0 .6rem; }}
h1 {{ margin: .2rem 0; font-size: 1.9rem; line-height: 1.2; }}
h2 {{ color: {TEAL}; margin: 2.4rem 0 .4rem; font-size: 1.35rem; }}
.mark {{ display: inline-block; background: {WHITE}; color: {BRICK}; border: 2px solid {BRICK}; border-radius: 4px;
  padding: .1rem .6rem; font-weight: 700; }}
figure {{ margin: 1rem 0; overflow-x: auto; }}
figure img {{ width: 100%; min-width: 44rem; height: auto; }}
figcaption, caption {{ text-align: left; font-weight: 600; padding: .3rem 0; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; width: 100%; font-size: .92rem; margin: .8rem 0; }}
th, td {{ padding: .28rem .6rem; border-bottom: 1px solid {MIST}; text-align: right; white-space: nowrap; }}
th:first-child, td:first-child, .words {{ text-align: left; }}
thead th {{ border-bottom: 2px solid {TEAL}; vertical-align: bottom; white-space: normal; }}
tbody th {{ font-weight: 400; }}
.off {{ color: {BRICK}; font-weight: 700; }}
.note {{ color: {OCHRE_INK}; }}
details summary {{ cursor: pointer; color: {TEAL}; padding: .4rem 0; }}
nav ul {{ columns: 2; padding-left: 1.2rem; }}
a {{ color: {TEAL}; }}
@media (max-width: 40rem) {{ nav ul {{ columns: 1; }} }}
@media print {{ details {{ display: none; }} }}
"""


def page(title: str, mark: str, intro: str, sections: Sequence[tuple[str, str, str]]) -> str:
    """A whole page as HTML.

    Args:
        title: its title.
        mark: what must be seen first, for example that the data are synthetic.
        intro: what the reader must know, as HTML.
        sections: key, title and HTML of each part; the contents are made from them.
    """
    contents = "".join(f'<li><a href="#{key}">{escape(name)}</a></li>' for key, name, _text in sections)
    body = "".join(
        f'<section aria-labelledby="{key}"><h2 id="{key}">{escape(name)}</h2>{text}</section>'
        for key, name, text in sections
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(mark.partition(':')[0])} · {escape(title)}</title><style>{_STYLE}</style></head><body>"
        f'<header><div><p class="mark">{escape(mark)}</p><h1>{escape(title)}</h1>{intro}</div></header>'
        f'<main><nav aria-label="{escape(_("Contents"))}"><ul>{contents}</ul></nav>{body}</main></body></html>\n'
    )


def table(caption: str, head: list[str], rows: list[list[str]], words: Container[int] = ()) -> str:
    """A table; the first cell of a row heads it. Cells are HTML, the first one and the head are text."""
    top = "".join(
        f'<th scope="col"{_words(at in words)}>{escape(text or _("Figure"))}</th>' for at, text in enumerate(head)
    )
    lines = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td{_words(at in words)}>{cell}</td>" for at, cell in enumerate(row[1:], start=1))
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def note(text: str) -> str:
    """A remark below a table or a figure."""
    return f'<p class="note">{escape(text)}</p>'


def _words(left: bool) -> str:
    return ' class="words"' if left else ""


def figure(address: str, alt: str, caption: str) -> str:
    """A picture with the words that stand for it and its caption."""
    return f'<figure><img src="{address}" alt="{escape(alt)}"><figcaption>{escape(caption)}</figcaption></figure>'


def folded(inside: str) -> str:
    """A table that opens when it is asked for."""
    return f"<details><summary>{escape(_('Show the figures as a table'))}</summary>{inside}</details>"
