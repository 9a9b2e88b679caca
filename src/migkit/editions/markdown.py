"""Markdown that is written from data: text made harmless, tables, files that are left alone if nothing changed."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from migkit.reference.files import write_text

#: A space at which no line may break.
NBSP = "\N{NO-BREAK SPACE}"


def write(path: Path, text: str) -> Path:
    """Write a text file if it would change."""
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)
    return path


def escaped(text: str) -> str:
    """``text`` with every character that Markdown would take for markup made harmless."""
    return re.sub(r"([\\`*_\[\]<>$|#{}~^])", r"\\\1", text)


def plain(text: object) -> str:
    """``text`` on one line, escaped."""
    return escaped(" ".join(str(text).split()))


def grid(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; cells are already Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def scrolling(name: str, table: str) -> str:
    """A table that may be wider than a telephone: it scrolls inside its own frame."""
    return f"::::{{div}} kit-wide {name}\n{table}::::\n"
