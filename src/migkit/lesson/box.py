"""Message boxes in a notebook: a colour, an icon and a word, so that no message leans on colour alone."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from migkit.lesson.style import BRICK, INK, LEAF, OCHRE, TEAL
from migkit.reference import _

_LOOK = {  # kind: (icon, border, background)
    "right": ("✓", LEAF, "#eef4ee"),
    "look": ("→", OCHRE, "#fbf3e8"),
    "mend": ("✗", BRICK, "#f8eeec"),
    "note": ("i", TEAL, "#e9f1f3"),
    "turn": ("?", TEAL, "#e9f1f3"),
}


def _word(kind: str) -> str:
    return {
        "right": _("Right"),
        "look": _("Look again"),
        "mend": _("Please mend"),
        "note": _("Note"),
        "turn": _("Your turn"),
    }[kind]


@dataclass(frozen=True)
class Box:
    """One message: ``kind`` is "right", "look", "mend", "note" or "turn"; ``lines`` stand one under the other."""

    kind: str
    title: str
    lines: Sequence[str] = ()

    def __repr__(self) -> str:
        """The box as plain text, for a terminal, a test or a screen reader."""
        icon = _LOOK[self.kind][0]
        head = f"{icon} {_word(self.kind)}: {self.title}" if self.title else f"{icon} {_word(self.kind)}"
        return "\n".join([head, *(f"  - {line}" for line in self.lines)])

    def _repr_html_(self) -> str:
        icon, edge, ground = _LOOK[self.kind]
        items = "".join(f'<li style="margin:.15em 0">{html.escape(line)}</li>' for line in self.lines)
        listing = f'<ul style="margin:.35em 0 0;padding-left:1.2em">{items}</ul>' if items else ""
        badge = (
            f'<span aria-hidden="true" style="display:inline-block;width:1.5em;height:1.5em;line-height:1.5em;'
            f"border-radius:50%;background:{edge};color:#fff;text-align:center;font-weight:700;"
            f'margin-right:.5em">{icon}</span>'
        )
        return (
            f'<div class="kit-box kit-box-{self.kind}" role="status" style="border-left:5px solid {edge};'
            f"background:{ground};color:{INK};padding:.65em .9em;margin:.4em 0;max-width:46em;"
            f'border-radius:3px;line-height:1.45">{badge}<strong>{html.escape(_word(self.kind))}</strong>'
            f" {html.escape(self.title)}{listing}</div>"
        )
