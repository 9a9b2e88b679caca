"""The slides of a module: read from trainer_kit/slides/SLUG.md, checked, and written for pandoc.

The source is MyST markdown: front matter (title, subtitle, notes of the title slide), ``# Section`` and
``## Slide`` headings, and after each slide's content its notes::

    :::{container} notes
    What the trainer says.
    :::
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migkit.editions.myst import Context, split_front_matter, to_pandoc
from migkit.reference import ROOT, KitError, _

_NOTES = re.compile(r"(?ms)^:::\{container\} notes\n(.*?)^:::$\n?")
_FIGURE = re.compile(r"(?m)^:::\{figure\} figures/([\w-]+)\.png\s*$")
_TABLE = re.compile(r"(?m)^\|[ :-]*-{3}")


@dataclass(frozen=True)
class Slide:
    """One slide; number 1 is the title slide, level 1 a section slide, level 2 any other."""

    number: int
    level: int
    title: str
    body: str
    notes: str

    @property
    def figures(self) -> tuple[str, ...]:
        """Names of the figures on the slide, as ``migkit.editions.figures`` knows them."""
        return tuple(_FIGURE.findall(self.body))

    @property
    def kind(self) -> str:
        """``title``, ``section``, ``figure``, ``table`` or ``content``."""
        if self.number == 1:
            return "title"
        if self.level == 1:
            return "section"
        if self.figures:
            return "figure"
        return "table" if _TABLE.search(self.body) else "content"


@dataclass(frozen=True)
class Deck:
    """The slides of one module."""

    slug: str
    title: str
    meta: dict[str, Any]
    slides: tuple[Slide, ...]
    path: Path


def read_deck(slug: str) -> Deck:
    """The slides of module ``slug``.

    Raises:
        KitError: if the file is missing or a slide has no notes.
    """
    path = ROOT / "trainer_kit" / "slides" / f"{slug}.md"
    if not path.is_file():
        raise KitError(_("Module {slug} has no slides: write {path}.").format(slug=slug, path=path))
    meta, body = split_front_matter(path.read_text(encoding="utf-8"), path)
    for key in ("title", "notes"):
        if not meta.get(key):
            raise KitError(_("{path}: the front matter needs '{key}:'.").format(path=path.name, key=key))
    slides = [Slide(1, 1, str(meta["title"]), str(meta.get("subtitle", "")), str(meta["notes"]).strip())]
    for chunk in re.split(r"(?m)^(?=#{1,2} )", body):
        if match := re.match(r"(#{1,2}) (.+)\n", chunk):
            slides.append(_slide(len(slides) + 1, len(match[1]), match[2].strip(), chunk[match.end() :], path))
    return Deck(slug, str(meta["title"]), meta, tuple(slides), path)


def _slide(number: int, level: int, title: str, content: str, path: Path) -> Slide:
    notes = _NOTES.search(content)
    if not notes or not notes[1].strip():
        raise KitError(
            _("{path}: the slide '{title}' has no notes; write what the trainer says.").format(
                path=path.name, title=title
            )
        )
    return Slide(number, level, title, _NOTES.sub("", content).strip(), notes[1].strip())


def deck_markdown(
    deck: Deck, context: Context, synthetic: Callable[[str], bool], title_slide: bool = False
) -> str:
    """The deck as pandoc markdown; notes come last on each slide, or pandoc would put them on the next one.

    Args:
        synthetic: whether the figure of that name shows synthetic data; such slides carry the mark.
        title_slide: write the title slide as a slide; pandoc's pptx makes it from the metadata instead.
    """
    parts = []
    for slide in deck.slides if title_slide else deck.slides[1:]:
        mark = str(any(synthetic(name) for name in slide.figures)).lower()
        kind = slide.kind if slide.kind in ("title", "section") else "content"
        head = f'{"#" * slide.level} {slide.title} {{kind="{kind}" mark="{mark}"}}'
        notes = "::: notes\n" + to_pandoc(slide.notes, context).strip() + "\n:::"
        parts.append("\n\n".join(part for part in (head, to_pandoc(slide.body, context).strip(), notes) if part))
    return "\n\n".join(parts) + "\n"
