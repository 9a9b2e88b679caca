"""The engine of the explorers: one frame function, two ways to move it.

An explorer is a question with a few controls. Its *frame function* turns a choice of options into a :class:`Frame`
(bars and one sentence). In JupyterLab the controls are live ipywidgets that call the function. In a built page,
where no Python runs, every combination has been computed beforehand and travels in the page as JSON; a few lines
of plain JavaScript then swap the numbers. Both use the same HTML, so both look and read the same.
"""

from __future__ import annotations

import html
import json
import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import count, product
from pathlib import Path
from typing import Any

from migkit.lesson.style import BRICK, GREY, INK, MIST, OCHRE, SAND, TEAL, synthetic_mark
from migkit.reference import KitError, _

#: More combinations than this make a page too heavy for the machines the kit is meant for.
MOST_FRAMES = 1500

_serial = count(1)


@dataclass(frozen=True)
class Bar:
    """One bar: ``value`` sets its length, ``share`` (0 to 1) is printed beside it, ``marker`` is drawn as a tick.

    ``tone`` picks the colour: 0 teal, 1 ochre, 2 brick, 3 hatched grey (unknowns). ``quiet`` leaves the label out
    of a column chart where labels would crowd; the table keeps it.
    """

    label: str
    value: float
    share: float | None = None
    marker: float | None = None
    tone: int = 0
    quiet: bool = False


@dataclass(frozen=True)
class Frame:
    """What an explorer shows for one choice: the bars, one sentence that says what they mean, and their unit.

    ``top`` is the value of a bar of full length; left out, it is the largest bar or marker of the whole explorer.
    """

    bars: Sequence[Bar]
    sentence: str
    unit: str = ""
    top: float | None = None


@dataclass(frozen=True)
class Control:
    """One control: ``options`` are (words, value) pairs, ``kind`` is "select" or "range", ``start`` an index."""

    name: str
    label: str
    options: Sequence[tuple[str, Any]]
    kind: str = "select"
    start: int = 0


def percent_options(stop: float, step: float = 1.0) -> list[tuple[str, float]]:
    """Options 0% to ``stop``% for a range control, valued 0 to stop/100."""
    steps = round(stop / step)
    return [(f"{n * step:g}%", n * step / 100) for n in range(steps + 1)]


@dataclass
class Explorer:
    """A question that moves: show it as the last line of a cell.

    Args:
        title: the question in a few words.
        controls: one or more :class:`Control`.
        frame: called as ``frame(**{control.name: value})`` for a choice; returns a :class:`Frame`.
        note: source line, printed under the chart.
        layout: "rows" for a few named bars, "columns" for many narrow ones (ages).
        marker_label: what the tick marks are, when bars have markers.
        synthetic: whether the picture must carry the synthetic mark.
    """

    title: str
    controls: Sequence[Control]
    frame: Callable[..., Frame]
    note: str = ""
    layout: str = "rows"
    marker_label: str = ""
    synthetic: bool = True
    _frames: list[Frame] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse an explorer that would make a page too heavy."""
        size = math.prod(len(control.options) for control in self.controls)
        if size > MOST_FRAMES:
            text = _(
                "The explorer {title!r} has {size} combinations of options; {most} is the most a page carries."
            )
            raise KitError(text.format(title=self.title, size=size, most=MOST_FRAMES))

    def frames(self) -> list[Frame]:
        """All frames, the last control varying fastest; computed once."""
        if self._frames is None:
            self._frames = [self.frame(**choice) for choice in self.choices()]
        return self._frames

    def choices(self) -> Iterator[dict[str, Any]]:
        """Every combination of option values, in the order of :meth:`frames`."""
        values = [[value for _words, value in control.options] for control in self.controls]
        for combination in product(*values):
            yield {control.name: value for control, value in zip(self.controls, combination, strict=True)}

    def start(self) -> Frame:
        """The frame shown first."""
        return self.frame(**{control.name: control.options[control.start][1] for control in self.controls})

    def top(self) -> float:
        """The value of a full-length bar where a frame does not set its own."""
        values = [value for frame in self.frames() for bar in frame.bars for value in (bar.value, bar.marker or 0)]
        return max([*values, 1e-9])

    def __repr__(self) -> str:
        """Title and first sentence, for a terminal or a screen reader."""
        return f"{self.title}: {self.start().sentence}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Live widgets for JupyterLab and a self-contained page for everything else."""
        bundle: dict[str, Any] = {"text/plain": repr(self), "text/html": self.to_html()}
        widget = self.widget() if os.environ.get("KIT_WIDGETS", "on") != "off" else None
        if widget is not None:
            bundle.update({k: v for k, v in widget._repr_mimebundle_().items() if k.endswith("widget-view+json")})
        return bundle

    def widget(self) -> Any:
        """The live version, or None where ipywidgets is not installed."""
        try:
            import ipywidgets
        except ImportError:
            return None
        return _live(self, ipywidgets)

    def to_html(self) -> str:
        """The self-contained version: style, first frame, all frames as JSON, script. No kernel, no network."""
        identity = f"kitx-{next(_serial)}-{abs(hash_text(self.title)):x}"
        frames = self.frames()
        rows = max(len(frame.bars) for frame in frames)
        data = json.dumps(_data(self, frames), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
        return "".join(
            [
                _open(self, identity),
                _controls_html(self, identity),
                _picture_html(self, self.start(), self.top(), rows),
                _close(self),
                f'<script type="application/json">{data}</script></div>',
                f"<script>{_asset('explorer.js').replace('__ID__', identity)}</script>",
            ]
        )


def hash_text(text: str) -> int:
    """A small number that is the same for the same text on every machine (Python's own hash is not)."""
    value = 0
    for letter in text:
        value = (value * 31 + ord(letter)) % 0xFFFFFF
    return value


@cache
def _asset(name: str) -> str:
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return "\n".join(line.strip() for line in text.splitlines() if not line.strip().startswith("//"))


def number(value: float) -> str:
    """A count as text: 215,659. The one place where the kit's lessons group thousands."""
    return f"{round(value):,}"


def percent(share: float, digits: int = 1) -> str:
    """A share of 0 to 1 as text: 7.8%."""
    return f"{100 * share:.{digits}f}%"


def _length(value: float | None, top: float) -> float | None:
    return None if value is None else round(max(0.0, min(100.0, 100 * value / top)), 2)


def _share_text(bar: Bar) -> str:
    return "" if bar.share is None else percent(bar.share)


def _data(explorer: Explorer, frames: Sequence[Frame]) -> dict[str, Any]:
    """Everything the script needs; labels are stored once because most frames share them."""
    labels: dict[str, int] = {}
    top = explorer.top()
    packed = []
    for frame in frames:
        full = frame.top or top
        bars = [
            [
                labels.setdefault(bar.label, len(labels)),
                _length(bar.value, full),
                bar.tone,
                number(bar.value),
                _share_text(bar),
                _length(bar.marker, full),
                int(bar.quiet),
            ]
            for bar in frame.bars
        ]
        packed.append({"say": frame.sentence, "unit": frame.unit, "bars": bars})
    options = [[words for words, _value in control.options] for control in explorer.controls]
    return {"options": options, "labels": list(labels), "frames": packed}


def _open(explorer: Explorer, identity: str) -> str:
    colours = {"ink": INK, "teal": TEAL, "ochre": OCHRE, "brick": BRICK, "mist": MIST, "sand": SAND, "grey": GREY}
    look = ";".join(f"--kitx-{name}:{value}" for name, value in colours.items())
    mark = f'<span class="kitx-mark">{html.escape(synthetic_mark())}</span>' if explorer.synthetic else ""
    return (
        f"<style>{_asset('explorer.css')}</style>"
        f'<div class="kitx" id="{identity}" style="{look}" role="group" '
        f'aria-label="{html.escape(explorer.title)}">'
        f'<div class="kitx-head"><p class="kitx-title">{html.escape(explorer.title)}</p>{mark}</div>'
    )


def _close(explorer: Explorer) -> str:
    return f'<p class="kitx-note">{html.escape(explorer.note)}</p>' if explorer.note else ""


def _controls_html(explorer: Explorer, identity: str) -> str:
    parts = [_control_html(control, f"{identity}-{control.name}") for control in explorer.controls]
    return f'<div class="kitx-controls">{"".join(parts)}</div>'


def _control_html(control: Control, identity: str) -> str:
    label = f'<label for="{identity}">{html.escape(control.label)}</label>'
    words = [html.escape(text) for text, _value in control.options]
    if control.kind == "range":
        field_ = (
            f'<span class="kitx-slide"><input type="range" id="{identity}" data-control="{control.name}" min="0" '
            f'max="{len(words) - 1}" step="1" value="{control.start}" aria-valuetext="{words[control.start]}" '
            f'autocomplete="off"><output for="{identity}">{words[control.start]}</output></span>'
        )
    else:
        options = "".join(
            f'<option value="{index}"{" selected" if index == control.start else ""}>{text}</option>'
            for index, text in enumerate(words)
        )
        field_ = f'<select id="{identity}" data-control="{control.name}" autocomplete="off">{options}</select>'
    return f'<div class="kitx-control">{label}{field_}</div>'


def _picture_html(explorer: Explorer, frame: Frame, top: float, rows: int) -> str:
    """Sentence, bars and table of one frame, with ``rows`` lines so that every other frame fits in."""
    full = frame.top or top
    bars = [*frame.bars, *[None] * (rows - len(frame.bars))]
    key = f'<span class="kitx-key"></span>{html.escape(explorer.marker_label)}' if explorer.marker_label else ""
    kind = "kitx-rows kitx-columns" if explorer.layout == "columns" else "kitx-rows"
    return (
        f'<p class="kitx-say" role="status" aria-live="polite">{html.escape(frame.sentence)}</p>'
        f'<p class="kitx-unit"><span class="kitx-unit-text">{html.escape(frame.unit)}</span>{key}</p>'
        f'<div class="{kind}" aria-hidden="true">{"".join(_row_html(bar, full) for bar in bars)}</div>'
        f"{_table_html(explorer, frame, bars)}"
    )


def _row_html(bar: Bar | None, top: float) -> str:
    if bar is None:
        bar, hidden = Bar("", 0), " hidden"
    else:
        hidden = ""
    marker = _length(bar.marker, top)
    quiet = ' data-quiet="1"' if bar.quiet else ""
    share = _share_text(bar)
    return (
        f'<div class="kitx-row" data-tone="{bar.tone}"{quiet}{hidden} '
        f'style="--v:{_length(bar.value, top)};--m:{marker or 0}">'
        f'<span class="kitx-name">{html.escape(bar.label)}</span><span class="kitx-track">'
        f'<span class="kitx-bar"></span>'
        f'<span class="kitx-tick"{" hidden" if marker is None else ""}></span></span>'
        f'<span class="kitx-number"><span class="kitx-value">{number(bar.value)}</span>'
        f"<small>{' ' + share if share else ''}</small></span></div>"
    )


def _table_html(explorer: Explorer, frame: Frame, bars: Sequence[Bar | None]) -> str:
    shares = any(bar.share is not None for each in explorer.frames() for bar in each.bars)
    head = [_("Group"), _("Number"), *([_("Share")] if shares else [])]
    columns = "".join(f'<th scope="col">{html.escape(word)}</th>' for word in head)
    lines = "".join(_line_html(bar, shares) for bar in bars)
    return (
        f'<details class="kitx-table"><summary>{html.escape(_("Show the numbers as a table"))}</summary>'
        f"<table><caption>{html.escape(explorer.title)}</caption><thead><tr>{columns}</tr></thead>"
        f"<tbody>{lines}</tbody></table></details>"
    )


def _line_html(bar: Bar | None, shares: bool) -> str:
    hidden = " hidden" if bar is None else ""
    label, value, share = ("", "", "") if bar is None else (bar.label, number(bar.value), _share_text(bar))
    last = f"<td>{share}</td>" if shares else ""
    return f'<tr{hidden}><th scope="row">{html.escape(label)}</th><td>{value}</td>{last}</tr>'


def _live(explorer: Explorer, ipywidgets: Any) -> Any:
    """Real widgets: each control calls the frame function, the picture is an HTML widget."""
    picture = ipywidgets.HTML()
    wide = ipywidgets.Layout(width="520px", max_width="100%")
    inputs = {control.name: _live_control(control, ipywidgets, wide) for control in explorer.controls}
    top = explorer.top()

    def draw(_change: object = None) -> None:
        frame = explorer.frame(**{name: widget.value for name, widget in inputs.items()})
        body = _picture_html(explorer, frame, top, len(frame.bars))
        picture.value = f"{_open(explorer, 'kitx-live')}{body}{_close(explorer)}</div>"

    for widget in inputs.values():
        widget.observe(draw, names="value")
    draw()
    return ipywidgets.VBox([*inputs.values(), picture])


def _live_control(control: Control, ipywidgets: Any, layout: Any) -> Any:
    make = ipywidgets.SelectionSlider if control.kind == "range" else ipywidgets.Dropdown
    return make(
        options=list(control.options),
        index=control.start,
        description=control.label,
        layout=layout,
        style={"description_width": "210px"},
    )
