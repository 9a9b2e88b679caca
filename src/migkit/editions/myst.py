"""From the MyST markdown of the kit's sources to the markdown that pandoc reads.

One source serves the book (Sphinx reads MyST) and the documents (pandoc does not). This module knows the few MyST
constructs that the kit's texts use and turns each into pandoc's own. A construct it does not know is an error with
the line it stands on, so that no ``{role}`` or ``:::`` ever reaches a printed page.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from migkit.reference import KitError, _
from migkit.reference.language import N_

#: Admonitions of MyST and the title that each prints when the author gives none.
ADMONITIONS: dict[str, str] = {
    "note": N_("Note"),
    "tip": N_("Tip"),
    "hint": N_("Hint"),
    "important": N_("Important"),
    "attention": N_("Attention"),
    "warning": N_("Warning"),
    "caution": N_("Caution"),
    "danger": N_("Danger"),
    "error": N_("Error"),
    "seealso": N_("See also"),
}
#: Directives whose argument is their title.
_TITLED = {"admonition", "dropdown", "topic", "card", "tab-item"}
#: Directives that only hold others.
_HOLDERS = {"container", "div", "grid", "tab-set", "only"}
#: Directives that mean something on a web page and nothing on paper.
_DROPPED = {"toctree", "tableofcontents", "contents", "raw", "meta", "index"}
#: Roles that stay as their own text: the book links them, a sheet of paper cannot.
_TEXT_ROLES = {"term", "doc", "ref", "numref", "abbr", "any", "download", "index", "eq", "file", "guilabel"}

_OPEN = re.compile(r"^(?P<indent> *)(?P<fence>:{3,}|`{3,}|~{3,})\{(?P<name>[\w:-]+)\} *(?P<argument>.*)$")
_CODE = re.compile(r"^ *(?P<fence>`{3,}|~{3,})")
_OPTION = re.compile(r"^:(?P<key>[\w-]+):(?: (?P<value>.*))?$")
_ROLE = re.compile(r"(?P<before>^|[^`\\])\{(?P<role>[a-zA-Z][\w:-]*)\}`(?P<body>[^`]+)`")
_TARGET = re.compile(r"^\([\w:.-]+\)=\s*$")
_NAMED = re.compile(r"^(?P<text>.*?)\s*<(?P<target>[^<>]+)>$", re.DOTALL)
_IMAGE = re.compile(r"(!\[[^\]]*\]\()([^)\s]+)(\))")


@dataclass(frozen=True)
class Context:
    """What a conversion needs to know.

    Attributes:
        source: the file being read, for includes and for error messages.
        figure: turns the path of a figure, as written, into the path that pandoc or typst should open.
        alt: the words that stand for a figure whose directive gives none.
        citations: the keys that may be cited; ``None`` lets every key pass.
    """

    source: Path
    figure: Callable[[str], str] = str
    alt: Callable[[str], str] = lambda _name: ""
    citations: frozenset[str] | None = None
    depth: int = 0


@dataclass(frozen=True)
class Directive:
    """One directive: ``:::{name} argument``, its ``:key: value`` options and its body."""

    name: str
    argument: str
    options: dict[str, str]
    body: str
    line: int


def split_front_matter(text: str, source: Path | None = None) -> tuple[dict[str, Any], str]:
    """The YAML front matter of a text (empty if it has none) and the text after it.

    Raises:
        KitError: if the front matter is not a YAML mapping or is never closed.
    """
    if not text.startswith("---\n"):
        return {}, text
    head, mark, body = text[4:].partition("\n---\n")
    name = source.name if source else _("the text")
    if not mark:
        raise KitError(_("The front matter of {name} is not closed: add a line '---' after it.").format(name=name))
    try:
        values = yaml.safe_load(head) or {}
    except yaml.YAMLError as error:
        raise KitError(
            _("The front matter of {name} is not YAML: {error}").format(name=name, error=error)
        ) from error
    if not isinstance(values, dict):
        raise KitError(_("The front matter of {name} must be 'key: value' lines.").format(name=name))
    return values, body.lstrip("\n")


def to_pandoc(text: str, context: Context) -> str:
    """``text`` (MyST, without front matter) as pandoc markdown.

    Raises:
        KitError: for a directive, role, citation or included file that is not known, with file and line.
    """
    output: list[str] = []
    for item in _items(text, context):
        if isinstance(item, Directive):
            output.append(_directive(item, context))
        else:
            output.append(item)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(output)).strip("\n") + "\n"


def _items(text: str, context: Context) -> Iterator[str | Directive]:
    """Lines (inline roles converted) and directives of ``text``, in order."""
    lines = text.splitlines()
    position = 0
    while position < len(lines):
        line = lines[position]
        opening = _OPEN.match(line)
        code = _CODE.match(line)
        if opening:
            end = _closing(lines, position, opening["fence"], context)
            yield _read_directive(opening, lines[position + 1 : end], position + 1)
            position = end + 1
        elif code:
            end = _closing(lines, position, code["fence"], context)
            yield "\n".join(lines[position : end + 1])
            position = end + 1
        else:
            if not (line.startswith("% ") or line == "%" or line.startswith("+++") or _TARGET.match(line)):
                yield _inline(line, position + 1, context)
            position += 1


def _closing(lines: list[str], start: int, fence: str, context: Context) -> int:
    """The index of the line that closes the fence opened at ``start``; a fence of the same length may nest."""
    depth = 0
    for index in range(start + 1, len(lines)):
        stripped = lines[index].strip()
        if fence[0] == ":" and re.match(rf"{fence}\{{", stripped):
            depth += 1
        elif stripped == fence:
            if depth == 0:
                return index
            depth -= 1
    raise KitError(
        _("{name}, line {line}: the block {fence} is never closed.").format(
            name=context.source.name, line=start + 1, fence=fence
        )
    )


def _read_directive(opening: re.Match[str], inner: list[str], line: int) -> Directive:
    indent = len(opening["indent"])
    inner = [text[indent:] if text[:indent].isspace() or not indent else text.lstrip() for text in inner]
    options: dict[str, str] = {}
    while inner and (match := _OPTION.match(inner[0].strip())):
        options[match["key"]] = match["value"] or ""
        inner = inner[1:]
    return Directive(opening["name"], opening["argument"].strip(), options, "\n".join(inner), line)


def _inline(text: str, line: int, context: Context) -> str:
    text = _ROLE.sub(lambda match: match["before"] + _role(match["role"], match["body"], line, context), text)
    return _IMAGE.sub(lambda match: match[1] + context.figure(match[2]) + match[3], text)


def _role(role: str, body: str, line: int, context: Context) -> str:
    named = _NAMED.match(body)
    if role.startswith("cite"):
        keys = [key.strip() for key in body.split(",")]
        _check_citations(keys, line, context)
        textual = role in {"cite:t", "cite:ts", "cite:ct"}
        return (
            "; ".join("@" + key for key in keys) if textual else "[" + "; ".join("@" + key for key in keys) + "]"
        )
    if role == "abbr" and (match := re.match(r"(.*?)\s*\(", body)):
        return match[1]
    if role in _TEXT_ROLES:
        return named["text"] if named and named["text"] else body
    if role == "math":
        return f"${body}$"
    if role in {"sub", "subscript"}:
        return f"~{body}~"
    if role in {"sup", "superscript"}:
        return f"^{body}^"
    if role in {"kbd", "command", "program", "samp"}:
        return f"`{body}`"
    if role in {"strong", "emphasis"}:
        return f"**{body}**" if role == "strong" else f"*{body}*"
    raise KitError(
        _("{name}, line {line}: the documents do not know the role {{{role}}}.").format(
            name=context.source.name, line=line, role=role
        )
    )


def _check_citations(keys: list[str], line: int, context: Context) -> None:
    missing = [key for key in keys if context.citations is not None and key not in context.citations]
    if missing:
        raise KitError(
            _("{name}, line {line}: {keys} cited but not in book/references.bib.").format(
                name=context.source.name, line=line, keys=", ".join(missing)
            )
        )


def _directive(item: Directive, context: Context) -> str:
    """One directive as pandoc markdown, with an empty line on both sides."""
    return "\n" + _convert(item, context).strip("\n") + "\n"


def _convert(item: Directive, context: Context) -> str:
    name, body = item.name, item.body
    if name in _DROPPED:
        return ""
    if name in ADMONITIONS or name in _TITLED:
        return _panel(item, context)
    if name in _HOLDERS:
        classes = item.argument or item.options.get("class", "")
        return _div(classes.split(), "", to_pandoc(body, context))
    if name in {"figure", "image"}:
        return _figure(item, context)
    if name in {"code", "code-block", "sourcecode", "code-cell"}:
        return f"```{item.argument.replace('{', '').replace('}', '')}\n{body}\n```"
    if name == "math":
        return f"$$\n{body.strip()}\n$$"
    if name == "table":
        caption = _inline(item.argument, item.line, context)
        return to_pandoc(body, context) + (f"\n: {caption}\n" if caption else "")
    if name == "list-table":
        return _list_table(item, context)
    if name == "glossary":
        return re.sub(r"(?m)^ {2}(?=\S)", "    ", re.sub(r"(?m)^(\S.*)\n {2,}", r"\1\n:   ", body))
    if name == "include":
        return _include(item, context)
    if name == "bibliography":
        return "::: {#refs}\n:::"
    raise KitError(
        _("{name}, line {line}: the documents do not know the block {{{directive}}}.").format(
            name=context.source.name, line=item.line, directive=name
        )
    )


def _div(classes: list[str], attributes: str, inner: str) -> str:
    marks = " ".join([*("." + name for name in classes), attributes]).strip()
    longest = max((len(run) for run in re.findall(r"(?m)^(:{3,})", inner)), default=2)
    colons = ":" * (longest + 1)
    return f"{colons} {{{marks}}}\n{inner.strip()}\n{colons}" if marks else inner


def _panel(item: Directive, context: Context) -> str:
    kind = item.options.get("class", "").split()
    if item.name in ADMONITIONS:
        # MyST reads text after the name of a plain admonition as the first words of its body.
        title, body = _(ADMONITIONS[item.name]), "\n".join(part for part in (item.argument, item.body) if part)
        kind = [item.name, *kind]
    else:
        title, body = item.argument, item.body
    title = _inline(title, item.line, context).replace('"', "”")
    return _div(["panel", *kind], f'title="{title}"', to_pandoc(body, context))


def _figure(item: Directive, context: Context) -> str:
    alt = (item.options.get("alt") or context.alt(item.argument)).replace('"', "”")
    width = item.options.get("width", "")
    marks = " ".join(part for part in (f'alt="{alt}"' if alt else "", f"width={width}" if width else "") if part)
    caption = " ".join(_inline(line, item.line, context) for line in item.body.split("\n")).strip()
    return f"![{caption}]({context.figure(item.argument)})" + (f"{{{marks}}}" if marks else "")


def _list_table(item: Directive, context: Context) -> str:
    """A ``list-table`` as a pipe table: a cell of several paragraphs becomes one line."""
    rows: list[list[str]] = []
    for line in item.body.splitlines():
        if match := re.match(r"^[*-] - ?(.*)$", line):
            rows.append([match[1]])
        elif (match := re.match(r"^ {2,}- ?(.*)$", line)) and rows:
            rows[-1].append(match[1])
        elif line.strip() and rows:
            rows[-1][-1] += " " + line.strip()
    widths = item.options.get("widths", "").split() or ["1"] * max((len(row) for row in rows), default=1)
    cells = [[_inline(cell.strip(), item.line, context) for cell in row] for row in rows]
    rule = "|" + "|".join("-" * max(3, 90 * int(width) // sum(map(int, widths))) for width in widths) + "|"
    table = ["| " + " | ".join(row) + " |" for row in cells]
    table.insert(1, rule)
    caption = _inline(item.argument, item.line, context)
    return "\n".join(table) + (f"\n\n: {caption}" if caption else "")


def _include(item: Directive, context: Context) -> str:
    path = (context.source.parent / item.argument).resolve()
    if not path.is_file():
        raise KitError(
            _("{name}, line {line}: there is no file {path} to include.").format(
                name=context.source.name, line=item.line, path=item.argument
            )
        )
    if context.depth > 5:
        raise KitError(_("{name} includes itself: break the circle.").format(name=context.source.name))
    _values, body = split_front_matter(path.read_text(encoding="utf-8"), path)
    inner = replace(context, source=path, depth=context.depth + 1)
    return to_pandoc(body, inner)
