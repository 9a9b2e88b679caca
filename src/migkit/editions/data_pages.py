"""The book's data pages, written from datasets/dictionary: what each source is, sees, misses and holds.

A page for every source that the dictionary describes lies in book/sources, with its picture; a new dictionary file
brings its page with it. Parts of other pages lie in book/_generated:

- ``sources.md``: the list of the sources, for the index page;
- ``truth.md``: the tables that only trainers get, and every assumption behind the true population;
- ``code_lists.md``: every code list, in three languages.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from migkit.editions.data_pictures import Picture, picture
from migkit.editions.markdown import NBSP, escaped, grid, plain, scrolling, write
from migkit.reference import (
    LANGUAGES,
    ROOT,
    Defect,
    Field,
    Source,
    Table,
    _,
    codelist,
    curriculum,
    dictionary,
    dictionary_names,
    regions,
)
from migkit.reference.language import N_

#: Where the pages are written.
PAGES: Path = ROOT / "book" / "sources"
_LANGUAGE_NAMES = {"en": "English", "fr": "Français", "pt": "Português"}
#: A parameter whose figures need more room is looked up in the dictionary file.
_LONGEST_VALUE = 160
#: The two files that every source gives trainers beside its records: column and meaning.
_LEDGER = (
    ("table", N_("Table of the source.")),
    ("record_id", N_("The record; blank if it was left out.")),
    ("truth_id", N_("The true person; blank if the record stands for nobody.")),
    ("kind", N_("Kind of error, a key of the source's dictionary.")),
    ("field", N_("Variable that was changed; blank if a whole record was left out, doubled or made up.")),
    ("recorded", N_("What the record says.")),
    ("true_value", N_("What it should say, or for a whole record the event it stands for.")),
)
_LINKS = (
    ("table", N_("Table of the source.")),
    ("record_id", N_("The record.")),
    ("truth_id", N_("The true person whom it stands for.")),
    ("event", N_("What was recorded: person, household, permit, crossing and so on.")),
    ("kind", N_("Whether the record is true, a duplicate or invented.")),
)


def write_all(folder: Path = PAGES) -> list[Path]:
    """Write the page and the picture of every source into ``folder``; files of sources that are gone are removed.

    Raises:
        KitError: if a dictionary file has a fault.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for source in sources():
        drawn = picture(source)
        if drawn:
            written.append(write(folder / f"{source.key}.svg", drawn.svg))
        written.append(write(folder / f"{source.key}.md", page(source, drawn)))
    for path in {*folder.glob("*.md"), *folder.glob("*.svg")} - set(written):
        path.unlink()
    return written


def write_for(root: Path) -> list[Path]:
    """Write the pages of the book in ``root``, if its contents (_toc.yml) have a place for them."""
    toc = root / "_toc.yml"
    wanted = toc.is_file() and "book/sources/" in toc.read_text(encoding="utf-8")
    return write_all(root / "book" / "sources") if wanted else []


def fragments() -> dict[str, str]:
    """The parts of other pages, by file name."""
    return {"sources.md": index(), "truth.md": truth(), "code_lists.md": code_lists()}


def sources() -> list[Source]:
    """The sources that have tables for participants; the others are the truth."""
    found = [dictionary(name) for name in dictionary_names()]
    return [source for source in found if any(not table.trainer_only for table in source.tables.values())]


# ------------------------------------------------------------------------------------------ one source


def page(source: Source, drawn: Picture | None = None) -> str:
    """The whole page of a source, as MyST."""
    parts = [
        f"(data-{source.key})=\n# {_name(source)}",
        f":::{{admonition}} {_('Synthetic data')}\n:class: synthetic\n{_synthetic_text()}\n:::",
        source_page(source, drawn),
    ]
    return "\n\n".join(parts)


def _name(source: Source) -> str:
    """The title without the word that the page says above all else."""
    return plain(re.sub(r" \(synthetic[^)]*\)$", "", source.title))


def _synthetic_text() -> str:
    return _("Every record was invented by a program. No figure here is a finding about any country.")


def source_page(source: Source, drawn: Picture | None = None) -> str:
    """Everything the dictionary says of a source, below the page's own heading."""
    tables = [table for table in source.tables.values() if not table.trainer_only]
    parts = [plain(source.summary)]
    if drawn:
        parts.append(_figure(source, drawn))
    parts.append(_facts(source))
    for heading, entries in (
        (_("What it sees"), source.sees),
        (_("What it misses"), source.misses),
        (_("What to know before you use it"), source.limits),
    ):
        if entries:
            parts += [f"## {heading}", "\n".join(f"- {plain(entry)}" for entry in entries)]
    parts += list(chain.from_iterable(_table_parts(table, "##") for table in tables))
    if source.defects:
        parts += [f"## {_('Errors put in on purpose')}", _defect_text(), _defects(source.defects.values())]
    if source.parameters:
        parts += [f"## {_('What the generator assumes')}", _assumption_text(), _parameters(source.parameters)]
    return "\n\n".join(parts) + "\n"


def _figure(source: Source, drawn: Picture) -> str:
    lines = [
        f"```{{figure}} {source.key}.svg",
        f":alt: {drawn.alt}",
        ":width: 100%",
        "",
        plain(drawn.caption),
        "```",
    ]
    return "\n".join(lines)


def _facts(source: Source) -> str:
    rows = [
        (_("Who makes it"), source.holder),
        (_("Whom it covers"), source.coverage),
        (_("What it is made for"), source.legal_purpose),
        (_("Reference date or period"), source.reference),
    ]
    return "\n".join(f"**{head}**\n: {plain(text)}\n" for head, text in rows if text).rstrip()


# ---------------------------------------------------------------------------------- errors, assumptions


def _defect_text() -> str:
    return _(
        "The generator puts these errors in, at these rates, and writes each of them down in a ledger that "
        "only the trainer gets. So you can measure how far an estimate lies from the truth. "
        "A rate whose basis is *assumption* is our choice for teaching, not a finding about any country."
    )


def _assumption_text() -> str:
    return _("Other figures that the generator rests on. To try another, change it in the dictionary file.")


def _defects(defects: Iterable[Defect]) -> str:
    levels = list(dict.fromkeys(level for defect in defects for level in defect.rates))
    names = {"none": _("None"), "typical": _("Typical"), "severe": _("Severe")}
    heads = [_("Error"), _("What happens"), *(names.get(level, plain(level)) for level in levels)]
    rows = (
        [
            f"**{plain(defect.label)}**",
            _("{text} *Rate: {unit}.* Basis: {basis}.").format(
                text=plain(defect.description), unit=plain(defect.unit), basis=_basis(defect.basis)
            ),
            *(_rates(defect.rates.get(level, {})) for level in levels),
        ]
        for defect in defects
    )
    return scrolling("kit-defects", grid(heads, rows))


def _rates(rates: dict[str, float]) -> str:
    """Rates of one level: shares as per cent; a key that begins with ``factor_`` multiplies the others."""
    return "; ".join(_rate(group, rate) for group, rate in rates.items()) or "–"


def _rate(group: str, rate: float) -> str:
    shown = f"×{NBSP}{rate:g}" if group.startswith("factor_") else f"{round(rate * 100, 6):g}{NBSP}%"
    return shown if group == "all" else f"{_words(group.removeprefix('factor_'))}: {shown}"


def _words(key: str) -> str:
    """A key of a dictionary file as words: ``men_20_34`` is "men 20–34"."""
    return plain(re.sub(r"(?<=\d)_(?=\d)", "–", key).replace("_", " "))


def _parameters(parameters: dict[str, Any]) -> str:
    heads = [_("Figure"), _("Value"), _("Basis")]
    rows = ([_words(name), _value(entry["value"]), _basis(entry["basis"])] for name, entry in parameters.items())
    return scrolling("kit-parameters", grid(heads, rows))


def _value(value: Any) -> str:
    """A parameter's value on one line."""
    text = _flat(value)
    return text if len(text) <= _LONGEST_VALUE else _("a table: see the dictionary file")


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        parts = (f"{_words(str(key))}: {_flat(each)}" for key, each in value.items())
        return "; ".join(f"({part})" if "; " in part else part for part in parts)
    if isinstance(value, list):
        return ", ".join(_flat(each) for each in value)
    return f"{value:g}" if isinstance(value, float) else plain(value)


@cache
def _references() -> frozenset[str]:
    """The keys of the book's references."""
    bib = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    return frozenset(re.findall(r"^@\w+\{([^,\s]+),", bib, re.M))


def _basis(text: str) -> str:
    """Where a figure comes from, on one line; keys of the references become citations."""
    words = re.split(r"(\w+)", " ".join(text.split()))
    return "".join(f"{{cite:t}}`{word}`" if word in _references() else escaped(word) for word in words)


# ------------------------------------------------------------------------------------------- variables


def _table_parts(table: Table, heading: str) -> list[str]:
    heads = [_("Variable"), _("Meaning"), _("Type"), _("Codes or range")]
    where = (
        _("Each row is {row}. In the trainer's folder the file is `synthetic_COUNTRY_{name}.csv`.")
        if table.trainer_only
        else _(
            'Each row is {row}. In a notebook: `load("{name}")`; in a data folder: `synthetic_COUNTRY_{name}.csv`.'
        )
    )
    return [
        f"(table-{table.name})=\n{heading} {plain(table.title)}",
        plain(table.description),
        where.format(row=plain(table.row), name=table.name),
        scrolling("kit-variables", grid(heads, (_variable(field) for field in table.fields))),
    ]


def _variable(field: Field) -> list[str]:
    meaning = f"**{plain(field.label)}.** {plain(field.description)}"
    if field.universe:
        meaning += " " + _("For: {universe}.").format(universe=plain(field.universe))
    if field.question:
        meaning += f" *{plain(field.question)}*"
    if field.blank:
        meaning += " " + _("Blank: {meaning}.").format(meaning=plain(field.blank))
    return [f"`{field.name}`", meaning, _type_name(field), _range(field)]


def _type_name(field: Field) -> str:
    if field.type == "text" and field.unit in ("day", "minute"):
        return {"day": _("date"), "minute": _("time")}[field.unit]
    names = {
        "id": _("identifier"),
        "code": _("code"),
        "integer": _("whole number"),
        "number": _("number"),
        "text": _("text"),
    }
    unit = f", {plain(field.unit)}" if field.unit else ""
    return names[field.type] + unit


def _range(field: Field) -> str:
    if field.codelist:
        return f"[{field.codelist}](#codes-{field.codelist})"
    if field.minimum is None and field.maximum is None:
        return "–"
    low, high = ("" if bound is None else str(bound) for bound in (field.minimum, field.maximum))
    return f"{low}–{high}"


# ------------------------------------------------------------------------------- index, truth, code lists


def index() -> str:
    """The list of the sources: link, who makes it, what it sees first and misses first."""
    heads = [_("Source"), _("Who makes it"), _("It sees"), _("It misses")]
    rows = (
        [
            f"[{_name(source)}](#data-{source.key})",
            plain(source.holder) or "–",
            *(plain(entries[0]) if entries else "–" for entries in (source.sees, source.misses)),
        ]
        for source in sources()
    )
    return scrolling("kit-sources", grid(heads, rows))


def truth() -> str:
    """What only trainers get: true persons and moves, ledger and links, and the assumptions behind them."""
    parts: list[str] = []
    seen = {source.key for source in sources()}
    for source in (dictionary(name) for name in dictionary_names() if name not in seen):
        parts += [f"## {_name(source)}", plain(source.summary), plain(source.coverage)]
        parts += ["\n".join(f"- {plain(limit)}" for limit in source.limits)] if source.limits else []
        parts += list(chain.from_iterable(_table_parts(table, "###") for table in source.tables.values()))
        if source.parameters:
            parts += [f"### {_('What the generator assumes')}", _assumption_text(), _parameters(source.parameters)]
    return "\n\n".join([*parts, *_ledger_parts()]) + "\n"


def _ledger_parts() -> Iterator[str]:
    yield f"## {_('Ledger and links')}"
    yield _(
        "For each source there are two more files. `ledger_SOURCE` has one row for each error: take the links and "
        "the true values, put in what the ledger says, and you have the records again. `links_SOURCE` has one row "
        "for each record and says for whom it stands, so a linkage or an estimate of coverage can be marked."
    )
    for name, columns in (("ledger_SOURCE", _LEDGER), ("links_SOURCE", _LINKS)):
        rows = ([f"`{column}`", _(text)] for column, text in columns)
        yield f"**`{name}`**"
        yield scrolling("kit-variables", grid([_("Variable"), _("Meaning")], rows))


def code_lists() -> str:
    """Every code list that a table uses, in three languages."""
    tables = chain.from_iterable(dictionary(name).tables.values() for name in dictionary_names())
    used = {field.codelist for table in tables for field in table.fields if field.codelist}
    return "\n\n".join(_code_list(name) for name in sorted(used)) + "\n"


def _code_list(name: str) -> str:
    listed = codelist(name)
    if name == "region":  # the regions of the countries that a ready module uses
        wanted = set(
            chain.from_iterable(regions(m.country)["code"] for m in curriculum(ready_only=True) if m.country)
        )
        listed = listed[listed["code"].isin(wanted)]
    heads = [_("Code"), *(_LANGUAGE_NAMES[language] for language in LANGUAGES)]
    rows = (
        [f"`{row['code']}`", *(plain(row[f"label_{language}"]) for language in LANGUAGES)]
        for row in listed.to_dict("records")
    )
    return f"(codes-{name})=\n## {name}\n\n" + scrolling("kit-codes", grid(heads, rows)).rstrip()
