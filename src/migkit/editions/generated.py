"""Pages and parts of pages of the book that are written from data: they lie in book/_generated and are included.

Each fact stands once, in curriculum.yml, in datasets/ or in the item bank; here it only gets its shape, as plain
MyST, so that it translates and prints like any other text. The files are:

- ``programme.md``: all modules, with their times;
- ``today.md``: what can be done with the modules that are ready, for the first page;
- ``module_SLUG.md``: the head of a module's pages: question, outcomes, times, data, where to go;
- ``quiz_SLUG.md``: the self-check questions; book/_static/quiz.js turns them into buttons with feedback;
- ``sources.md``, ``truth.md``, ``code_lists.md``: see :mod:`migkit.editions.data_pages`;
- ``measures_TOPIC.md``: see :mod:`migkit.editions.measure_pages`.
"""

from collections.abc import Iterable
from pathlib import Path

from migkit.editions import data_pages, measure_pages
from migkit.editions.markdown import NBSP, grid, plain, scrolling, write
from migkit.evaluation import Item, Option, item_file, items
from migkit.reference import ROOT, Module, _, curriculum, dictionary, dictionary_names

#: Where the files are written.
GENERATED: Path = ROOT / "book" / "_generated"


def write_all(folder: Path = GENERATED) -> list[Path]:
    """Write every generated file below ``folder``; a file that would not change is left alone.

    Returns:
        the files, written or left.

    Raises:
        KitError: if an item, the curriculum or the dictionary has a fault.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = [write(folder / name, text) for name, text in _all_files().items()]
    for path in set(folder.glob("*.md")) - set(written):
        path.unlink()
    return written


def _all_files() -> dict[str, str]:
    files = {"programme.md": programme(curriculum()), "today.md": today(curriculum(ready_only=True))}
    for module in curriculum(ready_only=True):
        files[f"module_{module.slug}.md"] = module_head(module)
        if item_file(module.slug).is_file():
            files[f"quiz_{module.slug}.md"] = quiz(items(module.slug, use="quiz"))
    return files | data_pages.fragments() | measure_pages.fragments()


# ---------------------------------------------------------------------------------------------- modules


def programme(modules: Iterable[Module]) -> str:
    """The table of all modules: code, title, state, times."""
    heads = [_("Module"), _("Title"), _("State"), _("With code"), _("In a room"), _("Without code")]
    return scrolling("kit-programme", grid(heads, (_programme_row(module) for module in modules)))


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
        _("- read [the chapter]({page}), {time}, and check yourself;").format(page=book, time=minutes["chapter"]),
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
        grid([_("Way"), _("Time"), _("Where")], _ways(module)).rstrip(),
        _data_line(module),
        "::::",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _ways(module: Module) -> list[list[str]]:
    places = {
        "chapter": (_("Read the chapter"), f"[{_('the chapter')}](/book/{module.slug}.md)"),
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
