"""Pages and parts of pages of the book that are written from data: they lie in book/_generated and are included.

Each fact stands once, in curriculum.yml, in datasets/ or in the item bank; here it only gets its shape, as plain
MyST, so that it translates and prints like any other text. The files are:

- ``programme.md``: all modules, with their times;
- ``today.md``: what can be done with the modules that are ready, for the first page;
- ``module_SLUG.md``: the head of a module's pages: question, outcomes, times, data, where to go;
- ``quiz_SLUG.md``: the self-check questions; book/_static/quiz.js turns them into buttons with feedback;
- ``data_SOURCE.md``: what the data dictionary says of a source;
- ``code_lists.md``: every code list, in three languages.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

from migkit.evaluation import Item, Option, item_file, items
from migkit.reference import (
    LANGUAGES,
    ROOT,
    Defect,
    Field,
    Module,
    Source,
    Table,
    _,
    codelist,
    curriculum,
    dictionary,
    dictionary_names,
    regions,
)
from migkit.reference.files import write_text

#: Where the files are written.
GENERATED: Path = ROOT / "book" / "_generated"

#: A space at which no line may break.
NBSP = "\N{NO-BREAK SPACE}"
_LANGUAGE_NAMES = {"en": "English", "fr": "Français", "pt": "Português"}


def write_all(folder: Path = GENERATED) -> list[Path]:
    """Write every generated file below ``folder``; a file that would not change is left alone.

    Returns:
        the files, written or left.

    Raises:
        KitError: if an item, the curriculum or the dictionary has a fault.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = [_write(folder / name, text) for name, text in _all_files().items()]
    for path in set(folder.glob("*.md")) - set(written):
        path.unlink()
    return written


def _all_files() -> dict[str, str]:
    files = {
        "programme.md": programme(curriculum()),
        "today.md": today(curriculum(ready_only=True)),
        "code_lists.md": code_lists(),
    }
    for module in curriculum(ready_only=True):
        files[f"module_{module.slug}.md"] = module_head(module)
        if item_file(module.slug).is_file():
            files[f"quiz_{module.slug}.md"] = quiz(items(module.slug, use="quiz"))
    return files | {f"data_{name}.md": source_page(dictionary(name)) for name in dictionary_names()}


def _write(path: Path, text: str) -> Path:
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)
    return path


def plain(text: object) -> str:
    """``text`` on one line, with every character that Markdown would take for markup made harmless."""
    return re.sub(r"([\\`*_\[\]<>$|#{}~^])", r"\\\1", " ".join(str(text).split()))


def _grid(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; cells are already Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _scrolling(name: str, table: str) -> str:
    """A table that may be wider than a telephone: it scrolls inside its own frame."""
    return f"::::{{div}} kit-wide {name}\n{table}::::\n"


# ---------------------------------------------------------------------------------------------- modules


def programme(modules: Iterable[Module]) -> str:
    """The table of all modules: code, title, state, times."""
    heads = [_("Module"), _("Title"), _("State"), _("With code"), _("In a room"), _("Without code")]
    return _scrolling("kit-programme", _grid(heads, (_programme_row(module) for module in modules)))


def today(ready: Iterable[Module]) -> str:
    """What a reader of the first page can do now: one list for each module that is ready."""
    return "\n".join(_doable(module) for module in ready)


def _doable(module: Module) -> str:
    book, lesson, users = (
        f"/book/{module.slug}.md",
        f"/notebooks/{module.slug}.ipynb",
        f"/book/users/{module.slug}.md",
    )
    minutes = {kind: f"{number}{NBSP}{_('minutes')}" for kind, number in module.minutes.items()}
    lines = [
        _("**[{title}]({page})** is complete. With it you can").format(title=plain(module.title), page=book),
        "",
        _("- read [the chapter]({page}) and check yourself;").format(page=book),
        _("- work through [the lesson]({page}), {time} with code, on synthetic data;").format(
            page=lesson, time=minutes["lesson"]
        ),
        _("- move the figures yourself on [the page for policy users]({page}), {time}, no code;").format(
            page=users, time=minutes["users"]
        ),
        _("- teach it in {session}, hand out {exercises} of graded exercises, and return comments.").format(
            session=minutes["session"], exercises=minutes["exercises"]
        ),
        "",
    ]
    return "\n".join(lines)


def _programme_row(module: Module) -> list[str]:
    title = plain(module.title)
    if module.ready:
        title = f"[{title}](/book/{module.slug}.md)"
    state = _("**ready**") if module.ready else _("planned")
    times = [_minutes(module.minutes.get(kind)) for kind in ("lesson", "session", "users")]
    return [module.code, title, state, *times]


def _minutes(value: int | None) -> str:
    return _("{n} min").format(n=value).replace(" ", NBSP) if value else "–"


def module_head(module: Module) -> str:
    """Question, outcomes, times with links, and data of a module."""
    outcomes = "\n".join(f"1. {plain(outcome)}" for outcome in module.outcomes)
    parts = [
        "::::{div} kit-module",
        f":::{{div}} kit-question\n{plain(module.question)}\n:::",
        _("**After this module you can**"),
        outcomes,
        _("**Ways through it**"),
        _grid([_("Way"), _("Time"), _("Where")], _ways(module)).rstrip(),
        _data_line(module),
        "::::",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _ways(module: Module) -> list[list[str]]:
    places = {
        "lesson": (_("Read and run the lesson"), f"[{_('the lesson notebook')}](/notebooks/{module.slug}.ipynb)"),
        "exercises": (
            _("Do the graded exercises"),
            f"`exercises/source/{module.slug}` {_('(the trainer hands them out)')}",
        ),
        "session": (_("Together, in a room"), f"`trainer_kit/sessions/{module.slug}.md` {_('(for the trainer)')}"),
        "users": (_("Without code"), f"[{_('the page for policy users')}](/book/users/{module.slug}.md)"),
    }
    return [
        [name, _minutes(module.minutes[kind]), where]
        for kind, (name, where) in places.items()
        if kind in module.minutes
    ]


def _data_line(module: Module) -> str:
    known = {table: source for source in dictionary_names() for table in dictionary(source).tables}
    links = [
        f"[{plain(dictionary(known[name]).tables[name].title)}](#table-{name})" if name in known else f"`{name}`"
        for name in module.data
    ]
    return _("**Data, all synthetic:** {links}.").format(links="; ".join(links)) if links else ""


# ------------------------------------------------------------------------------------------------- quiz


def quiz(questions: Iterable[Item]) -> str:
    """The self-check questions: a list of options, and a folded answer with a comment on each option.

    In the folded list the right option's comment begins in bold, the others in italics; quiz.js goes by that.
    """
    return "\n".join(_question(number, item) for number, item in enumerate(questions, start=1))


def _question(number: int, item: Item) -> str:
    return "\n".join(
        [
            f":::::{{admonition}} {_('Question {n}').format(n=number)}",
            ":class: kit-quiz",
            "",
            plain(item.stem),
            "",
            *(f"1. {plain(option.text)}" for option in item.options),
            "",
            f"::::{{dropdown}} {_('Answer')}",
            *(f"1. {_verdict(option)} {plain(option.feedback)}" for option in item.options),
            "::::",
            ":::::",
            "",
        ]
    )


def _verdict(option: Option) -> str:
    return f"**{_('Right.')}**" if option.correct else f"*{_('No.')}*"


# ------------------------------------------------------------------------------------------------- data


def source_page(source: Source) -> str:
    """Everything the dictionary says of a source, below the page's own heading."""
    tables = [table for table in source.tables.values() if not table.trainer_only]
    parts = [plain(source.summary), _facts(source)]
    if source.limits:
        parts += [f"## {_('What it misses')}", "\n".join(f"- {plain(limit)}" for limit in source.limits)]
    if source.defects:
        parts += [f"## {_('Errors put in on purpose')}", _defect_text(), _defects(source.defects.values())]
    parts += list(chain.from_iterable(_table_parts(table) for table in tables))
    return "\n\n".join(parts) + "\n"


def _facts(source: Source) -> str:
    rows = [
        [f"**{_('Whom it covers')}**", plain(source.coverage)],
        [f"**{_('What it is made for')}**", plain(source.legal_purpose)],
        [f"**{_('Reference date')}**", plain(source.reference)],
    ]
    lines = "\n".join(f"{head}\n: {text}\n" for head, text in rows)
    return lines.rstrip()


def _defect_text() -> str:
    return _(
        "The generator puts these errors in, at these rates, and writes each of them down in a ledger that "
        "only the trainer gets. So you can measure how far an estimate lies from the truth. "
        "A rate whose basis is *assumption* is our choice for teaching, not a finding about any country."
    )


def _defects(defects: Iterable[Defect]) -> str:
    levels = list(dict.fromkeys(level for defect in defects for level in defect.rates))
    heads = [_("Error"), _("What happens"), *(plain(level).capitalize() for level in levels)]
    rows = (
        [
            f"**{plain(defect.label)}**",
            _("{text} *Rate: {unit}. Basis: {basis}.*").format(
                text=plain(defect.description), unit=plain(defect.unit), basis=plain(defect.basis)
            ),
            *(_rates(defect.rates.get(level, {})) for level in levels),
        ]
        for defect in defects
    )
    return _scrolling("kit-defects", _grid(heads, rows))


def _rates(rates: dict[str, float]) -> str:
    """Rates of one level: shares as per cent; a key that begins with ``factor_`` multiplies the others."""
    return "; ".join(_rate(group, rate) for group, rate in rates.items()) or "–"


def _rate(group: str, rate: float) -> str:
    shown = f"×{NBSP}{rate:g}" if group.startswith("factor_") else f"{rate * 100:g}{NBSP}%"
    words = re.sub(r"(?<=\d)_(?=\d)", "–", group.removeprefix("factor_")).replace("_", " ")
    return shown if group == "all" else f"{plain(words)}: {shown}"


def _table_parts(table: Table) -> list[str]:
    heads = [_("Variable"), _("Meaning"), _("Type"), _("Codes or range"), _("Blank means")]
    return [
        f"(table-{table.name})=\n## {plain(table.title)}",
        plain(table.description),
        _("Each row is {row}. In a data folder the file is `synthetic_COUNTRY_{name}.csv`.").format(
            row=plain(table.row), name=table.name
        ),
        _scrolling("kit-variables", _grid(heads, (_variable(field) for field in table.fields))),
    ]


def _variable(field: Field) -> list[str]:
    meaning = f"**{plain(field.label)}.** {plain(field.description)}"
    if field.question:
        meaning += f" *{plain(field.question)}*"
    return [f"`{field.name}`", meaning, _type_name(field), _range(field), plain(field.blank) or "–"]


def _type_name(field: Field) -> str:
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


def code_lists() -> str:
    """Every code list that a participant's table uses, in three languages."""
    tables = chain.from_iterable(dictionary(name).tables.values() for name in dictionary_names())
    used = {f.codelist for table in tables if not table.trainer_only for f in table.fields if f.codelist}
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
    return f"(codes-{name})=\n## {name}\n\n" + _scrolling("kit-codes", _grid(heads, rows)).rstrip()
