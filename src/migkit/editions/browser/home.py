"""The first page of the browser edition, for somebody who learns alone: path, progress, tests, record, work.

:func:`write_home` writes ``index.html`` and the folder ``kit/`` of an edition. The page shows the path without any
script; the scripts of ``assets/kit`` add what the learner has done, and find everything in ``kit/edition.json``.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from migkit import __version__
from migkit.editions.browser import layout, sentences
from migkit.editions.browser.trees import put_file
from migkit.evaluation import Item, items, paper_items, paper_minutes
from migkit.lesson.room import STATES
from migkit.reference import ROOT, Module, _, country, curriculum
from migkit.reference.curriculum import module as find_module
from migkit.reference.files import write_text

_HERE = Path(__file__).parent
KIT: Path = _HERE / "assets" / "kit"

#: What a check says when the answer is as it should be.
GOOD: tuple[str, ...] = ("good", *(kind for kind, state in STATES.items() if state == "fine"))

#: How dates and times are written, by language.
LOCALES: dict[str, str] = {"en": "en-GB", "fr": "fr-FR", "pt": "pt-PT"}

_CHECK = re.compile(r"""\bcheck\(\s*["'](\w+)["']""")


def write_home(out: Path, country: str, lang: str) -> None:
    """Write ``index.html`` and ``kit/`` of the edition in folder ``out``.

    Args:
        out: the folder of the edition.
        country: its country, for example ``"GMB"``.
        lang: its language, ``"en"``.

    Raises:
        KitError: if there is no such country, or the curriculum or an item has a fault.
    """
    edition = edition_facts(country, lang)
    for path in sorted(KIT.rglob("*")):
        if path.is_file() and path.name not in ("vendor.json", "README.md", "old_browser.js"):
            put_file(path, out / layout.KIT / path.relative_to(KIT))
    write_text(out / layout.KIT / "old_browser.js", old_browser_script())
    write_text(
        out / layout.KIT / "edition.json", json.dumps(edition, ensure_ascii=False, separators=(",", ":")) + "\n"
    )
    write_text(out / "index.html", _page(edition))


def old_browser_script() -> str:
    """The script that says which browser is needed; ES5, to stand before every other script of a page."""
    code = (KIT / "old_browser.js").read_text(encoding="utf-8").rstrip()
    said = (json.dumps(text, ensure_ascii=True) for text in (sentences.old_browser(), sentences.opened_as_file()))
    return f"{code}({', '.join(said)});\n"


def _page(edition: dict[str, Any]) -> str:
    rooms = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    page = rooms.get_template("index.html.j2")
    return page.render(edition=edition, text=edition["text"], old_browser=old_browser_script(), _=_)


# ------------------------------------------------------------------------------- what edition.json holds


def edition_facts(iso3: str, lang: str) -> dict[str, Any]:
    """What the scripts know of this edition: modules and their steps, test items, notebooks, sentences."""
    ready = curriculum(ready_only=True)
    modules = [_module(module, lang) for module in curriculum()]
    return {
        "country": iso3,
        "country_name": country(iso3).name[lang],
        "language": lang,
        "locale": LOCALES[lang],
        "version": __version__,
        "good": GOOD,
        "modules": modules,
        "notebooks": {
            step["notebook"]: {
                "module": entry["slug"],
                "step": step["kind"],
                "title": f"{entry['title']}: {step['title']}",
            }
            for entry in modules
            for step in entry["steps"]
            if step["notebook"]
        },
        "items": {item.id: _item(item) for module in ready for item in items(module.slug)},
        "tests": {module.slug: _tests(module.slug) for module in ready},
        "text": sentences.all_sentences(),
    }


def _module(module: Module, lang: str) -> dict[str, Any]:
    steps = _steps(module) if module.ready else []
    return {
        "slug": module.slug,
        "code": module.code,
        "title": module.title,
        "ready": module.ready,
        "question": module.question,
        "outcomes": module.outcomes,
        "needs": [f"{each.code} {each.title}" for each in map(find_module, module.prerequisites)],
        "minutes": sum(step["minutes"] for step in steps),
        "users": {
            "href": f"{layout.BOOK}/book/users/{module.slug}.html",
            "minutes": module.minutes.get("users", 0),
        },
        "steps": steps,
    }


def _steps(module: Module) -> list[dict[str, Any]]:
    """The steps through a module, in the order in which somebody who learns alone takes them."""
    slug, minutes = module.slug, module.minutes
    lesson, exercise = layout.lesson(slug), layout.exercise(slug)
    source = ROOT / "exercises" / "source" / slug / f"{slug}.ipynb"
    tests = {use: (len(items(slug, use)), f"#/test/{slug}/{use}") for use in ("pre", "quiz", "post")}

    def test(use: str, title: str, note: str) -> dict[str, Any]:
        return _step(use, title, note, tests[use][1], paper_minutes(tests[use][0]), questions=tests[use][0])

    return [
        test("pre", _("Test before"), _("What do you know already?")),
        _step(
            "chapter",
            _("Chapter"),
            _("Read it with a pencil in your hand"),
            f"{layout.BOOK}/book/{slug}.html",
            minutes["chapter"],
        ),
        _step(
            "lesson",
            _("Lesson notebook"),
            _("Guess, look, do, compare with the truth"),
            f"{layout.NOTEBOOK_PAGE}?path={lesson}",
            minutes["lesson"],
            notebook=lesson,
            checks=_checks(ROOT / "notebooks" / f"{slug}.ipynb"),
        ),
        test("quiz", _("Self-test"), _("A comment on every answer")),
        _step(
            "exercise",
            _("Exercise notebook"),
            _("Alone, with checks that help"),
            f"{layout.NOTEBOOK_PAGE}?path={exercise}",
            minutes["exercises"],
            notebook=exercise,
            checks=_checks(source),
        ),
        test("post", _("Test after"), _("What have you learned?")),
    ]


def _step(
    kind: str,
    title: str,
    note: str,
    href: str,
    minutes: int,
    notebook: str = "",
    checks: tuple[str, ...] = (),
    questions: int = 0,
) -> dict[str, Any]:
    return {
        "kind": kind,
        "title": title,
        "note": note,
        "href": href,
        "minutes": minutes,
        "notebook": notebook,
        "checks": checks,
        "questions": questions,
    }


@cache
def _checks(notebook: Path) -> tuple[str, ...]:
    """The questions that a notebook checks, in their order."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    return tuple(dict.fromkeys(_CHECK.findall(code)))


def _item(item: Item) -> dict[str, Any]:
    return {
        "stem": item.stem,
        "outcome": item.outcome,
        "options": [
            {"text": each.text, "right": each.correct, "feedback": each.feedback} for each in item.options
        ],
    }


def _tests(slug: str) -> dict[str, list[list[Any]]]:
    """For each test its items, and the order of their options: those of the printed papers."""
    bank = {item.id: [option.text for option in item.options] for item in items(slug)}
    papers: dict[str, list[Item]] = {"quiz": list(items(slug, "quiz"))}
    papers |= {use: paper_items(slug, use) for use in ("pre", "post")}
    return {
        use: [[item.id, [bank[item.id].index(option.text) for option in item.options]] for item in chosen]
        for use, chosen in papers.items()
    }
