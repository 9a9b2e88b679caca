"""The picture on a source's data page: of 100 things that the source was meant to record, what became of them.

The counts come from the ledger and the links of the teaching data, which the kit makes when it starts. Without
them the picture shows the source's rates of error instead.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pandas as pd

from migkit.reference import ROOT, Defect, Source, _, country
from migkit.reference.palette import BRICK, INK, MIST, OCHRE, TEAL, WHITE

#: The teaching data's country.
COUNTRY = "GMB"
#: Not wider, so that the letters can be read on a telephone too.
WIDTH = 560
_SQUARE, _GAP, _ACROSS = 20, 6, 20
#: Bars of rates; the table of errors has them all.
_MOST = 8


@dataclass(frozen=True)
class Picture:
    """A drawing, the words that stand for it, and the line below it."""

    svg: str
    alt: str
    caption: str


@dataclass(frozen=True)
class Fate:
    """What became of the events that a source was meant to record in a table, in counts."""

    table: str
    right: int
    wrong: int
    left_out: int
    twice: int
    invented: int

    @property
    def events(self) -> int:
        """How many there are."""
        return self.right + self.wrong + self.left_out

    def per_cent(self, count: int) -> float:
        """A count for every 100 events."""
        return 100 * count / self.events


def picture(source: Source, folder: Path = ROOT / "datasets" / "trainer" / COUNTRY) -> Picture | None:
    """The picture of a source; None if it has neither teaching data nor errors."""
    fate = fate_of(source, folder)
    if fate:
        return _squares(source, fate)
    return _bars(source) if source.defects else None


def fate_of(source: Source, folder: Path) -> Fate | None:
    """What became of the events of the source's largest table; None if the folder does not tell."""
    prefix = f"synthetic_{COUNTRY.lower()}_"
    links, ledger = (_read(folder, f"{prefix}{kind}_{source.key}") for kind in ("links", "ledger"))
    if links is None or ledger is None or "true" not in set(links["kind"]):
        return None
    table = str(links.loc[links["kind"] == "true", "table"].value_counts().index[0])
    if table not in source.tables:  # the data are older than the dictionary
        return None
    links, ledger = (frame[frame["table"] == table] for frame in (links, ledger))
    true = links.loc[links["kind"] == "true", "record_id"]
    changed = set(ledger.loc[ledger["field"] != "", "record_id"])
    left_out = int(((ledger["record_id"] == "") & (ledger["field"] == "")).sum())
    wrong = int(true.isin(changed).sum())
    twice, invented = (int((links["kind"] == kind).sum()) for kind in ("duplicate", "invented"))
    return Fate(table, len(true) - wrong, wrong, left_out, twice, invented)


def _read(folder: Path, stem: str) -> pd.DataFrame | None:
    paths = sorted(folder.glob(f"{stem}.csv")) or sorted(folder.glob(f"{stem}-*.csv"))
    if not paths:
        return None
    columns = ["table", "record_id", "kind", "field"]
    parts = [
        pd.read_csv(
            path, dtype=str, keep_default_na=False, encoding="utf-8-sig", usecols=lambda name: name in columns
        )
        for path in paths
    ]
    return pd.concat(parts, ignore_index=True)


# ------------------------------------------------------------------------------------- what became of 100


def _squares(source: Source, fate: Fate) -> Picture:
    counts = hundred([fate.right, fate.wrong, fate.left_out])
    texts = [
        _("recorded, every answer right: {share}"),
        _("recorded, at least one answer wrong or lost: {share}"),
        _("left out: {share}"),
    ]
    shares = [fate.right, fate.wrong, fate.left_out]
    lines = [text.format(share=_share(fate.per_cent(count))) for text, count in zip(texts, shares, strict=True)]
    extra = _("Besides, for every 100: {twice} recorded twice, {invented} that should not be there.").format(
        twice=_number(fate.per_cent(fate.twice)), invented=_number(fate.per_cent(fate.invented))
    )
    table = source.tables[fate.table]
    title = _("Of 100 that should be in it: {row}").format(row=table.title)
    marks = ("right", "wrong", "left_out")
    kinds = [mark for mark, count in zip(marks, counts, strict=True) for _each in range(count)]
    step = _SQUARE + _GAP
    top = 20
    drawn = [_square(mark, 20 + at % _ACROSS * step, top + at // _ACROSS * step) for at, mark in enumerate(kinds)]
    below = top + len(kinds) // _ACROSS * step + 18
    for at, (mark, line) in enumerate(zip(marks, lines, strict=True)):
        y = below + at * (step + 4)
        drawn += [_square(mark, 20, y), _text(20 + step + 4, y + 16, line)]
    height = below + len(marks) * (step + 4) + 34
    drawn.append(_text(20, height - 14, extra))
    alt = f"{title}. " + "; ".join(lines) + f". {extra}"
    caption = _(
        "What became of 100 true events in the synthetic data of {country}, errors at the level typical. "
        "Each square is one in a hundred; the trainer's ledger tells which."
    ).format(country=country(COUNTRY).name["en"])
    return Picture(_svg(height, alt, drawn), alt, f"{title}. {caption}")


def hundred(counts: list[int]) -> list[int]:
    """Counts as whole parts of 100 that add up; what is there at all has at least one part."""
    exact = [100 * count / sum(counts) for count in counts]
    parts = [max(int(share), 1 if count else 0) for share, count in zip(exact, counts, strict=True)]
    while sum(parts) != 100:
        step = 1 if sum(parts) < 100 else -1
        may = [at for at, part in enumerate(parts) if part + step >= 1]
        parts[max(may, key=lambda at: step * (exact[at] - parts[at]))] += step
    return parts


def _square(mark: str, x: int, y: int) -> str:
    side = _SQUARE
    if mark == "left_out":
        return (
            f'<rect x="{x + 1}" y="{y + 1}" width="{side - 2}" height="{side - 2}" rx="3" fill="{WHITE}" '
            f'stroke="{BRICK}" stroke-width="2" stroke-dasharray="4 3"/>'
        )
    colour = TEAL if mark == "right" else OCHRE
    shape = f'<rect x="{x}" y="{y}" width="{side}" height="{side}" rx="3" fill="{colour}"/>'
    if mark == "wrong":  # a stroke through it, for those who do not see the colour
        line = f'x1="{x + 4}" y1="{y + side - 4}" x2="{x + side - 4}" y2="{y + 4}"'
        shape += f'<line {line} stroke="{INK}" stroke-width="3"/>'
    return shape


# --------------------------------------------------------------------------------------- rates of error


def _bars(source: Source) -> Picture:
    """The most frequent errors: their highest rates at the level typical."""
    rates = sorted(((_highest(defect), defect.label) for defect in source.defects.values()), reverse=True)[:_MOST]
    longest = max(rate for rate, _label in rates) or 1.0
    drawn, height = [], 16
    for rate, label in rates:
        width = max(2, round(rate / longest * (WIDTH - 140)))
        drawn += [
            _text(20, height + 16, label),
            f'<rect x="20" y="{height + 24}" width="{width}" height="14" fill="{TEAL}"/>',
            _text(20 + width + 8, height + 36, _share(100 * rate)),
        ]
        height += 54
    told = "; ".join(f"{label}: {_share(100 * rate)}" for rate, label in rates)
    alt = _("Most frequent errors at the level typical, in the group that has most of each. {rates}.").format(
        rates=told
    )
    caption = _(
        "The most frequent errors: how often each is put in at the level typical, in the group with most of it."
    )
    return Picture(_svg(height + 6, alt, drawn), alt, caption)


def _highest(defect: Defect) -> float:
    typical = defect.rates.get("typical", {})
    return max((rate for group, rate in typical.items() if not group.startswith("factor")), default=0.0)


# ------------------------------------------------------------------------------------------------- SVG


def _share(per_cent: float) -> str:
    return _("{n} per cent").format(n=_number(per_cent))


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 9.95 else f"{round(value, 1):g}"


def _text(x: int, y: int, text: str) -> str:
    return f'<text x="{x}" y="{y}">{escape(text)}</text>'


def _svg(height: int, alt: str, drawn: list[str] | Iterator[str]) -> str:
    """A drawing on white with a frame; text in the reader's own sans-serif font."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
            f'font-family="Noto Sans, Segoe UI, Arial, sans-serif" font-size="16" fill="{INK}">',
            f"<title>{escape(alt)}</title>",
            f'<rect x="1" y="1" width="{WIDTH - 2}" height="{height - 2}" rx="6" fill="{WHITE}" stroke="{MIST}"/>',
            *drawn,
            "</svg>",
            "",
        ]
    )
