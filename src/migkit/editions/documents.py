"""Session plans, slides, handouts, cards and agendas as DOCX, PPTX and PDF.

The sources are MyST markdown in trainer_kit/. Pandoc writes DOCX and PPTX over the reference files in
trainer_kit/templates, typst sets the PDF files by kit.typ beside them; both come as wheels, so no LaTeX and no
network is needed. ``jobs()`` says what can be made, ``Job.make()`` makes it.
"""

import importlib.util
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import yaml

from migkit.editions import cards as card_sheets
from migkit.editions import figures, office
from migkit.editions.myst import Context, split_front_matter, to_pandoc
from migkit.editions.session_plan import agenda_page, cue_cards, printable, read_agenda, read_plan
from migkit.editions.slides import Deck, deck_markdown, read_deck
from migkit.evaluation.paper import paper
from migkit.reference import ROOT, KitError, _, curriculum, palette
from migkit.reference.curriculum import module
from migkit.reference.files import write_bytes

#: Where documents go unless the user says otherwise.
OUT = ROOT / "documents"
FORMATS: tuple[str, ...] = ("docx", "pptx", "pdf")
#: What belongs to no module: first-time manual, agendas, forms.
GENERAL = "general"

_KIT = ROOT / "trainer_kit"
_TEMPLATES = _KIT / "templates"
_BIBLIOGRAPHY = ROOT / "book" / "references.bib"
_READER = "markdown-raw_html-raw_tex-auto_identifiers+pipe_tables+definition_lists+fenced_divs-yaml_metadata_block"


@dataclass(frozen=True)
class Sheet:
    """A text to be set on A4 pages.

    Attributes:
        text: pandoc markdown without the title.
        compact: small type and margins, for one-page sheets.
    """

    title: str
    text: str
    subtitle: str = ""
    language: str = "en"
    compact: bool = False


@dataclass(frozen=True)
class Job:
    """One file to be made."""

    target: Path
    make: Callable[[Path], None]


# --- what can be made ----------------------------------------------------------------------------------


def jobs(names: Sequence[str] = (), formats: Sequence[str] = FORMATS, out: Path = OUT) -> list[Job]:
    """The files to be made for these modules (all that are ready, and the general ones, if none is named).

    Raises:
        KitError: if a name is no module that is ready.
    """
    ready = [entry.slug for entry in curriculum(ready_only=True) if "sessions" in entry.rooms]
    for name in names:
        if name not in (*ready, GENERAL):
            raise KitError(
                _("There are no documents for {name!r}; use one of {known}.").format(
                    name=name, known=", ".join([*ready, GENERAL])
                )
            )
    wanted: list[Job] = []
    for name in names or [*ready, GENERAL]:
        wanted += _general_jobs(out) if name == GENERAL else _module_jobs(name, out / name)
    return [job for job in wanted if job.target.suffix[1:] in formats]


def _module_jobs(slug: str, folder: Path) -> list[Job]:
    made: list[Job] = []
    made += _sheet_jobs(folder / f"{slug}_session_plan", partial(_plan_sheet, slug))
    made.append(Job(folder / f"{slug}_cue_cards.pdf", partial(_pdf, partial(_cue_sheet, slug))))
    made += [
        Job(folder / f"{slug}_slides.pptx", partial(make_pptx, slug)),
        Job(folder / f"{slug}_slides.pdf", partial(make_deck_pdf, slug, False)),
        Job(folder / f"{slug}_slides_with_notes.pdf", partial(make_deck_pdf, slug, True)),
    ]
    handout = _KIT / "manual" / f"handout_{slug}.md"
    if handout.is_file():
        made += _sheet_jobs(folder / f"{slug}_handout", partial(_file_sheet, handout))
    if card_sheets.card_file(slug).is_file():
        made += _sheet_jobs(folder / f"{slug}_cards", partial(_cards_sheet, slug, False))
        made += _sheet_jobs(folder / f"{slug}_cards_key", partial(_cards_sheet, slug, True))
    for use in ("pre", "post"):
        made += _sheet_jobs(folder / f"{slug}_{use}_test", partial(_test_sheet, slug, use, False))
        made += _sheet_jobs(folder / f"{slug}_{use}_test_key", partial(_test_sheet, slug, use, True))
    return made


def _general_jobs(out: Path) -> list[Job]:
    made: list[Job] = []
    for path in sorted((_KIT / "manual").glob("*.md")):
        if not path.name.startswith("handout_"):
            made += _sheet_jobs(out / "manual" / path.stem, partial(_file_sheet, path))
    for path in sorted((_KIT / "agendas").glob("*.yml")):
        made += _sheet_jobs(out / "agendas" / path.stem, partial(_agenda_sheet, path))
    for path in sorted((_KIT / "evaluation").glob("form*.md")):
        made += _sheet_jobs(out / "forms" / path.stem, partial(_file_sheet, path))
    return made


def _sheet_jobs(stem: Path, read: Callable[[], Sheet]) -> list[Job]:
    return [
        Job(stem.with_name(stem.name + ".docx"), partial(_docx, read)),
        Job(stem.with_name(stem.name + ".pdf"), partial(_pdf, read)),
    ]


# --- reading the sources -------------------------------------------------------------------------------


@cache
def _citations() -> frozenset[str]:
    text = _BIBLIOGRAPHY.read_text(encoding="utf-8") if _BIBLIOGRAPHY.is_file() else ""
    return frozenset(re.findall(r"(?m)^@\w+\{\s*([^,\s]+)", text))


def _context(source: Path) -> Context:
    return Context(source, figure=lambda name: _figure_path(source, name), alt=_figure_alt, citations=_citations())


def _figure_alt(name: str) -> str:
    """The words that stand for a figure of the slides, which say its figures."""
    match = re.fullmatch(r"figures/([\w-]+)\.png", name)
    return _drawn(match[1]).alt if match else ""


def _figure_path(source: Path, name: str) -> str:
    """A figure of the slides is drawn now; any other picture lies beside its text."""
    if match := re.fullmatch(r"figures/([\w-]+)\.png", name):
        return str(_drawn(match[1]).path)
    path = (source.parent / name).resolve()
    if not path.is_file():
        raise KitError(_("{source} shows {name}, which does not exist.").format(source=source.name, name=name))
    return str(path)


@cache
def _drawn(name: str) -> figures.Drawn:
    return figures.draw(name)


def _plan_sheet(slug: str) -> Sheet:
    plan = read_plan(slug)
    text = to_pandoc(printable(plan), _context(plan.path))
    return Sheet(plan.title, text, module(slug).question, str(plan.meta.get("language", "en")))


def _cue_sheet(slug: str) -> Sheet:
    plan = read_plan(slug)
    title = _("Cue cards: {title}").format(title=module(slug).title)
    return Sheet(
        title, to_pandoc(cue_cards(plan), _context(plan.path)), _("Cut, punch, keep in the hand."), compact=True
    )


def _file_sheet(path: Path) -> Sheet:
    meta, body = split_front_matter(path.read_text(encoding="utf-8"), path)
    return _sheet(body, path, meta)


def _sheet(body: str, path: Path, meta: dict[str, object]) -> Sheet:
    heading = re.match(r"^\s*# (.+)\n", body)
    if not heading:
        raise KitError(_("{path} must start with a heading '# ...'.").format(path=path.name))
    return Sheet(
        heading[1].strip(),
        to_pandoc(body[heading.end() :], _context(path)),
        str(meta.get("subtitle", "")),
        str(meta.get("language", "en")),
        bool(meta.get("compact", False)),
    )


def _cards_sheet(slug: str, key: bool) -> Sheet:
    deck = card_sheets.read_cards(slug)
    path = card_sheets.card_file(slug)
    return _sheet(card_sheets.key_page(deck) if key else card_sheets.card_page(deck), path, {"compact": not key})


def _test_sheet(slug: str, use: str, key: bool) -> Sheet:
    printed = paper(slug, use)
    return _sheet(printed.key if key else printed.test, _KIT / "evaluation" / f"{slug}.yml", {"compact": True})


def _agenda_sheet(path: Path) -> Sheet:
    return _sheet(agenda_page(read_agenda(path)), path, {})


# --- DOCX and PPTX -------------------------------------------------------------------------------------


def _pandoc(text: str, to: str, arguments: Sequence[str], target: Path | None = None) -> str:
    """Run pandoc on ``text``; the result, or nothing if it went to ``target``."""
    import pypandoc

    extra = [f"--lua-filter={_TEMPLATES / 'kit.lua'}", "--wrap=none", *arguments]
    if "@" in text and re.search(r"\[@|(?<![\w.])@\w", text):
        extra += ["--citeproc", f"--bibliography={_BIBLIOGRAPHY}", "--metadata=link-citations:false"]
        extra += [f"--metadata=reference-section-title:{_('Sources')}"]
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = "315532800"  # pandoc writes no clock time into the file
    try:
        result: str = pypandoc.convert_text(
            text, to, format=_READER, extra_args=extra, outputfile=str(target) if target else None
        )
    except RuntimeError as error:
        raise KitError(_("Pandoc could not make this document: {error}").format(error=error)) from error
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before
    return result


def _docx(read: Callable[[], Sheet], target: Path) -> None:
    sheet = read()
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made.docx"
        arguments = [
            f"--reference-doc={_TEMPLATES / 'reference.docx'}",
            f"--metadata=title:{sheet.title}",
            f"--metadata=lang:{sheet.language}",
            "--shift-heading-level-by=-1",
        ]
        if sheet.subtitle:
            arguments.append(f"--metadata=subtitle:{sheet.subtitle}")
        _pandoc(sheet.text, "docx", arguments, made)
        office.finish_docx(made, target, sheet.title, sheet.language, sheet.compact)


def make_pptx(slug: str, target: Path) -> None:
    """Write the slides of module ``slug`` with their notes to ``target``."""
    deck = read_deck(slug)
    language = str(deck.meta.get("language", "en"))
    text = deck_markdown(deck, _context(deck.path), figures.is_synthetic)
    with tempfile.TemporaryDirectory() as folder:
        made, facts = Path(folder) / "made.pptx", Path(folder) / "facts.yml"
        about = {
            "title": deck.title,
            "subtitle": str(deck.meta.get("subtitle", "")),
            "lang": language,
            "notes": to_pandoc(deck.slides[0].notes, _context(deck.path)),
        }
        facts.write_text(yaml.safe_dump(about, allow_unicode=True), encoding="utf-8")
        arguments = [
            f"--reference-doc={_TEMPLATES / 'reference.pptx'}",
            f"--metadata-file={facts}",
            "--slide-level=2",
        ]
        _pandoc(text, "pptx", arguments, made)
        office.finish_pptx(made, target, deck.title, language, _marked(deck), _alts(deck))


def _marked(deck: Deck) -> frozenset[int]:
    """Numbers of the slides that show synthetic data."""
    return frozenset(
        slide.number for slide in deck.slides if any(figures.is_synthetic(name) for name in slide.figures)
    )


def _alts(deck: Deck) -> dict[int, str]:
    return {slide.number: _drawn(slide.figures[0]).alt for slide in deck.slides if slide.figures}


# --- PDF -----------------------------------------------------------------------------------------------


def _pdf(read: Callable[[], Sheet], target: Path) -> None:
    sheet = read()
    body = _pandoc(sheet.text, "typst", ["--shift-heading-level-by=-1"])
    options = {
        "title": sheet.title,
        "subtitle": sheet.subtitle,
        "language": sheet.language,
        "kit": office.AUTHOR,
        "foot": _("Text: CC BY 4.0"),
        "page-word": _("Page"),
        "of-word": _("of"),
    }
    more = ", size: 10pt, margins: (x: 1.5cm, top: 1.9cm, bottom: 1.6cm)" if sheet.compact else ""
    _typst(f"#show: sheet.with({_arguments(options)}{more})\n\n{body}", target)


def make_deck_pdf(slug: str, with_notes: bool, target: Path) -> None:
    """Write the slides as PDF: one a page for the projector, or on A4 pages with what the trainer says."""
    deck = read_deck(slug)
    text = deck_markdown(deck, _context(deck.path), figures.is_synthetic, title_slide=True)
    body = _pandoc(text, "typst", ["--variable=deck:yes"])
    body = re.sub(r"(?m)^( *)columns: (\d+),$", r"\1columns: (1fr,) * \2,", body)  # tables as wide as the slide
    options = {
        "title": deck.title,
        "language": str(deck.meta.get("language", "en")),
        "kit": office.AUTHOR,
        "mark": _("SYNTHETIC DATA: made for training, no real person in it"),
    }
    if with_notes:
        options |= {
            "subtitle": _("Slides with what to say"),
            "foot": _("Text: CC BY 4.0"),
            "page-word": _("Page"),
            "of-word": _("of"),
        }
    show = "notes-pages" if with_notes else "deck"
    _typst(f"#show: {show}.with({_arguments(options)})\n\n{body}", target)


def _arguments(options: dict[str, str]) -> str:
    quoted = {name: value.replace("\\", "\\\\").replace('"', '\\"') for name, value in options.items()}
    return ", ".join(f'{name}: "{value}"' for name, value in quoted.items())


def _typst(body: str, target: Path) -> None:
    """Set ``body`` by kit.typ as a tagged PDF."""
    import typst

    compiler: Any = typst
    # Typst opens files below its root only, and reads "/" as that root.
    body = body.replace(f'"{ROOT.as_posix()}/', '"/')
    body = body.replace("align(center)[#table(", "align(left)[#table(")
    colours = {name.lower(): value for name, value in vars(palette).items() if name.isupper() and name != "SERIES"}
    source = f'#import "/trainer_kit/templates/kit.typ": *\n{body}'
    try:
        made: bytes = compiler.compile(
            source.encode("utf-8"),
            root=str(ROOT),
            ignore_system_fonts=True,
            sys_inputs=colours,
            pdf_standards=["ua-1"],
            timestamp=0,
        )
    except typst.TypstError as error:
        raise KitError(_("Typst could not set {name}: {error}").format(name=target.name, error=error)) from error
    write_bytes(target, made)


# --- the packages --------------------------------------------------------------------------------------


def missing_packages() -> list[str]:
    """Names of the document makers that are not installed."""
    return [name for name in ("pypandoc", "typst", "docx", "pptx") if importlib.util.find_spec(name) is None]
