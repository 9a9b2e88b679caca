"""The form of the trainer's pages: one file that stands alone, nothing in it loaded or run; for screen and A4."""

import html
from collections.abc import Sequence

from migkit.reference import palette
from migkit.reference.language import current_language

#: Stands for a cell into which the one above reaches.
SPANNED = "\0"
#: Cells of this kind hold numbers, set to the right.
NUMBER = "n"

STYLE = f"""
:root {{ color-scheme: light; }}
* {{ box-sizing: border-box; }}
body {{ margin: 0; background: {palette.SAND}; color: {palette.INK};
  font: 17px/1.5 "Source Sans 3", "Segoe UI", "Helvetica Neue", Arial, sans-serif; }}
main {{ max-width: 76rem; margin: 0 auto; padding: 1.5rem 2rem 3rem; background: {palette.WHITE}; }}
h1 {{ margin: .2rem 0 .6rem; font-size: 1.8rem; line-height: 1.2; color: {palette.TEAL}; }}
h2 {{ margin: 2.4rem 0 .6rem; font-size: 1.35rem; line-height: 1.25; color: {palette.TEAL};
  border-bottom: 2px solid {palette.MIST}; padding-bottom: .2rem; }}
h3 {{ margin: 1.4rem 0 .3rem; font-size: 1.08rem; }}
p, ul, dl {{ margin: .4rem 0 .8rem; max-width: 62rem; }}
dt {{ font-weight: 600; }} dd {{ margin: 0 0 .5rem 1.2rem; }}
.keep {{ max-width: none; background: {palette.SAND}; border-left: 4px solid {palette.BRICK};
  padding: .4rem .9rem; }}
.tiles {{ display: flex; flex-wrap: wrap; gap: .8rem; margin: 1rem 0; padding: 0; list-style: none;
  max-width: none; }}
.tiles li {{ flex: 1 1 9rem; background: {palette.MIST}; padding: .6rem 1rem; }}
.tiles strong {{ display: block; font-size: 1.9rem; line-height: 1.2; color: {palette.TEAL}; }}
table {{ border-collapse: collapse; font-size: .95rem; margin: .4rem 0 .8rem; }}
caption {{ text-align: left; padding: .2rem 0; }}
th, td {{ padding: .32rem .6rem; border: 1px solid #c4d0d5; text-align: left; vertical-align: top; }}
thead th {{ background: {palette.TEAL}; color: {palette.WHITE}; vertical-align: bottom; }}
tbody th {{ font-weight: 600; }}
tfoot th, tfoot td {{ background: {palette.MIST}; font-weight: 600; }}
.n {{ text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }}
.short {{ white-space: nowrap; }}
.full {{ background: #e3efe2; }} .none {{ background: #f6e0db; }} .wait {{ background: {palette.SAND}; }}
.quiet {{ color: #4d5d66; font-weight: 400; }}
.meter {{ display: inline-block; vertical-align: middle; width: 9rem; height: 1rem; background: {palette.MIST};
  margin-right: .6rem; }}
.meter span {{ display: block; height: 100%; background: {palette.TEAL}; }}
.meter.hard span {{ background: {palette.BRICK}; }}
.scroll {{ overflow-x: auto; }} .scroll:focus {{ outline: 3px solid {palette.OCHRE}; }}
svg {{ max-width: 100%; height: auto; }}
code, pre {{ font: .88em/1.4 "Source Code Pro", Consolas, Menlo, monospace; }}
pre {{ white-space: pre-wrap; background: #f6f8f9; padding: .5rem .8rem; margin: .3rem 0; }}
@page {{ size: A4; margin: 13mm 12mm; }}
@media print {{
  * {{ print-color-adjust: exact; -webkit-print-color-adjust: exact; }}
  body {{ background: {palette.WHITE}; font-size: 10pt; line-height: 1.35; }}
  main {{ padding: 0; max-width: none; }}
  h1 {{ font-size: 16pt; }} h2 {{ font-size: 13pt; margin-top: 1.2rem; }}
  h1, h2, h3, caption {{ break-after: avoid; }} tr, svg, .tiles, .whole {{ break-inside: avoid; }}
  thead {{ display: table-header-group; }} tfoot {{ display: table-row-group; }}
  .scroll {{ overflow: visible; }} table {{ font-size: 8.5pt; }} .wide table {{ font-size: 7.5pt; }}
  th, td {{ padding: .16rem .3rem; }} .meter {{ width: 5rem; }}
  .tiles strong {{ font-size: 15pt; }}
}}
"""

text = html.escape


def document(title: str, body: str) -> str:
    """The whole page, in the language in force. Its own policy forbids scripts and everything from elsewhere."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return (
        f'<!DOCTYPE html>\n<html lang="{text(current_language())}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>{text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{text(title)}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )


def table(
    heading: Sequence[str],
    rows: Sequence[Sequence[str]],
    caption: str = "",
    numbers: frozenset[int] = frozenset(),
    foot: Sequence[Sequence[str]] = (),
    kind: str = "",
) -> str:
    """A table from ready cells: plain text must have passed :func:`text`; ``<td>`` and ``<th>`` stand as they are.

    Args:
        heading: of the columns, as plain text.
        rows: of cells; the first of each row heads it.
        caption: what the table shows, as plain text.
        numbers: columns of numbers.
        foot: rows below, such as totals.
        kind: a class of the box around it.
    """

    def line(cells: Sequence[str]) -> str:
        return f"<tr>{''.join(_cell(cell, place, place in numbers) for place, cell in enumerate(cells))}</tr>"

    head = "".join(
        f'<th scope="col"{f" class={NUMBER!r}" if place in numbers else ""}>{text(title)}</th>'
        for place, title in enumerate(heading)
    )
    # A box that scrolls must be reachable by keyboard, and a region needs a name.
    name = text(caption or heading[0])
    return (
        f'<div class="scroll {kind}" tabindex="0" role="region" aria-label="{name}"><table>'
        + (f"<caption>{text(caption)}</caption>" if caption else "")
        + f"<thead><tr>{head}</tr></thead>\n<tbody>{chr(10).join(map(line, rows))}</tbody>"
        + (f"<tfoot>{''.join(map(line, foot))}</tfoot>" if foot else "")
        + "</table></div>"
    )


def _cell(cell: str, place: int, right: bool) -> str:
    if cell.startswith(("<td", "<th", SPANNED)):
        return cell.removeprefix(SPANNED)
    if place == 0:
        return f'<th scope="row">{cell}</th>'
    return f'<td class="{NUMBER}">{cell}</td>' if right else f"<td>{cell}</td>"


def section(title: str, *parts: str) -> str:
    """A heading and what stands under it; nothing if nothing does."""
    inner = "\n".join(part for part in parts if part)
    return f"<h2>{text(title)}</h2>\n{inner}" if inner else ""


def paragraph(words: str, kind: str = "") -> str:
    """A paragraph of plain text."""
    return f'<p class="{kind}">{text(words)}</p>' if kind else f"<p>{text(words)}</p>"


def bullets(lines: Sequence[str]) -> str:
    """A list of lines of plain text; nothing for none."""
    return f"<ul>{''.join(f'<li>{text(line)}</li>' for line in lines)}</ul>" if lines else ""


def meter(label: str, share: float | None, words: str, hard: bool = False) -> str:
    """A bar from 0 to 1 with its value beside it."""
    kind = "meter hard" if hard else "meter"
    return (
        f'<span class="{kind}" role="img" aria-label="{text(label)}: {text(words)}">'
        f'<span style="width:{share or 0:.1%}"></span></span>{text(words)}'
    )
