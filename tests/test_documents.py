"""The documents: no MyST is left in them, they open, and they say who made them and which data are synthetic."""

import os
import re
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from migkit.cli.docs import command
from migkit.editions.myst import Context, split_front_matter, to_pandoc
from migkit.editions.slides import read_deck
from migkit.reference import ROOT, KitError

if os.environ.get("CI") != "true":  # there they must be installed
    pytest.importorskip("pypandoc", reason="the document makers are not installed: kit docs installs them")

AUTHOR = "Migration data training kit"
LEFTOVERS = re.compile(r"\{(?:term|cite|cite:[pt]|ref|numref|doc|figure|container|note|tip)\}|:::|% kit:|\{\.step")
SYNTHETIC = "SYNTHETIC DATA"


def convert(text, **more):
    return to_pandoc(text, Context(Path("text.md"), **more))


# --- MyST ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("myst", "pandoc"),
    [
        ("the {term}`census` of 2024", "the census of 2024"),
        ("two {term}`enumeration areas <enumeration area>`", "two enumeration areas"),
        ("see {cite:p}`un_pr_rev3`", "see [@un_pr_rev3]"),
        ("see {cite}`a, b`", "see [@a; @b]"),
        ("{cite:t}`un_pes_2010` says", "@un_pes_2010 says"),
        ("N = {math}`a/b`", "N = $a/b$"),
        ("{abbr}`PES (post-enumeration survey)`", "PES"),
        ("n{sub}`1` and m{sup}`2`", "n~1~ and m^2^"),
        ("(target)=\n\ntext", "text"),
        ("% a comment\ntext", "text"),
    ],
)
def test_roles_and_marks(myst, pandoc):
    assert convert(myst).strip() == pandoc


@pytest.mark.parametrize("fence", ["```", ":::"])
def test_an_admonition_becomes_a_panel(fence):
    text = convert(f"{fence}{{admonition}} Keep {{term}}`this`\n:class: warning\nA *word*.\n{fence}")
    assert text.strip() == '::: {.panel .warning title="Keep this"}\nA *word*.\n:::'


def test_blocks_nest():
    text = convert("::::{note}\nouter\n\n:::{tip}\ninner\n:::\n::::")
    assert re.fullmatch(
        r':{4} \{\.panel \.note title="Note"\}\nouter\n\n::: \{\.panel \.tip title="Tip"\}\ninner\n:::\n:{4}\n',
        text,
    )


def test_a_figure_keeps_caption_alternative_text_and_width():
    text = convert(
        "```{figure} a.png\n:alt: What is seen\n:width: 60%\n\nThe caption.\n```", figure="/x/{}".format
    )
    assert text.strip() == '![The caption.](/x/a.png){alt="What is seen" width=60%}'


def test_a_figure_without_words_of_its_own_gets_those_of_the_chart():
    text = convert(":::{figure} a.png\n:::", alt=lambda name: f"words of {name}")
    assert text.strip() == '![](a.png){alt="words of a.png"}'


def test_a_list_table_becomes_a_table():
    text = convert(
        "```{list-table} Rules\n:header-rows: 1\n* - Rule\n  - Sees\n* - one\n  - some\n    of them\n```"
    )
    lines = text.strip().splitlines()
    assert lines[0] == "| Rule | Sees |" and lines[2] == "| one | some of them |"
    assert set(lines[1]) == {"|", "-"} and lines[-1] == ": Rules"


def test_code_is_left_alone():
    text = "```python\nx = '{term}`y`'\n# (a)=\n```"
    assert convert(text).strip() == text


def test_an_included_file_is_read_without_its_front_matter(tmp_path):
    (tmp_path / "part.md").write_text("---\na: 1\n---\n{term}`inside`\n", encoding="utf-8")
    text = to_pandoc("```{include} part.md\n```", Context(tmp_path / "whole.md"))
    assert text.strip() == "inside"


@pytest.mark.parametrize(
    ("myst", "message"),
    [
        ("a\n\n{nonsense}`x`", r"line 3: .*\{nonsense\}"),
        ("```{nonsense}\n```", r"line 1: .*\{nonsense\}"),
        ("```{note}\nnever closed", "never closed"),
        ("```{include} no_such_file.md\n```", r"no_such_file\.md"),
        ("{cite:p}`nobody_2000`", r"nobody_2000 cited but not in book/references\.bib"),
    ],
)
def test_what_the_documents_cannot_show_is_an_error_with_its_place(myst, message):
    with pytest.raises(KitError, match=message):
        convert(myst, citations=frozenset({"un_pr_rev3"}))


def test_a_file_that_includes_itself_is_an_error(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("```{include} a.md\n```\n", encoding="utf-8")
    with pytest.raises(KitError, match="includes itself"):
        to_pandoc(path.read_text(encoding="utf-8"), Context(path))


@pytest.mark.parametrize("text", ["---\na: 1\n", "---\n- a\n---\n", "---\na: [\n---\n"])
def test_broken_front_matter_is_an_error(text):
    with pytest.raises(KitError, match="front matter"):
        split_front_matter(text)


def test_the_chapter_of_the_book_converts_too(teaching_data):
    """The converter knows every construct of the book's chapter, so that a chapter can be printed."""
    path = ROOT / "book" / "04_census.md"
    generated = ROOT / "book" / "_generated"
    text = path.read_text(encoding="utf-8")
    if not generated.is_dir():
        text = re.sub(r"```\{include\} _generated/.*?```", "", text, flags=re.DOTALL)
    _meta, body = split_front_matter(text)
    assert not LEFTOVERS.search(re.sub(r"(?m)^:{3,}.*$", "", to_pandoc(body, Context(path))))


# --- what is made -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def documents(tmp_path_factory, teaching_data):
    folder = tmp_path_factory.mktemp("documents")
    result = CliRunner().invoke(command, ["--out", str(folder)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return folder


def plain(text):
    """Text without markdown's marks, without typographic quotes, on one line."""
    for curly, straight in (("“", '"'), ("”", '"'), ("‘", "'"), ("’", "'"), ("…", "...")):
        text = text.replace(curly, straight)
    return re.sub(r"[>\s]+", " ", re.sub(r"[*`]+", "", text)).strip()


def made(folder, suffix):
    files = sorted(folder.rglob(f"*{suffix}"))
    assert files
    return files


def docx_text(document):
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def test_everything_is_made_in_every_format(documents):
    names = {path.relative_to(documents).as_posix() for path in documents.rglob("*.*")}
    for name in ("session_plan", "handout", "cards", "cards_key", "pre_test", "pre_test_key", "post_test"):
        assert {f"04_census/04_census_{name}.docx", f"04_census/04_census_{name}.pdf"} <= names
    assert {
        "04_census/04_census_slides.pptx",
        "04_census/04_census_slides.pdf",
        "04_census/04_census_slides_with_notes.pdf",
        "04_census/04_census_cue_cards.pdf",
        "manual/first_time.docx",
        "agendas/one_day_04_census.pdf",
        "forms/form_session.pdf",
    } <= names
    assert not [name for name in names if name.endswith(".part")]


def test_word_documents_open_with_title_author_language_and_no_myst(documents):
    from docx import Document

    for path in made(documents, ".docx"):
        document = Document(str(path))
        core = document.core_properties
        assert core.title and core.author == AUTHOR and core.language == "en", path.name
        text = docx_text(document)
        assert len(text) > 300 and not LEFTOVERS.search(text), path.name
        header = "".join(paragraph.text for paragraph in document.sections[0].header.paragraphs)
        assert core.title in header
        footer = document.sections[0].footer._element.xml
        assert "NUMPAGES" in footer and " PAGE " in footer
        assert round(document.sections[0].page_width.cm, 1) == 21.0


def test_the_plan_in_word_holds_every_step_and_its_words(documents):
    from docx import Document

    from migkit.editions.session_plan import read_plan

    text = plain(docx_text(Document(str(documents / "04_census" / "04_census_session_plan.docx"))))
    for step in read_plan("04_census").steps:
        assert step.title in text
        if not step.pause:
            assert plain(step.parts["Say"])[:30] in text


def test_slides_are_those_of_the_source_with_notes_and_alternative_text(documents):
    from pptx import Presentation

    deck = read_deck("04_census")
    presentation = Presentation(str(documents / "04_census" / "04_census_slides.pptx"))
    slides = list(presentation.slides)
    assert 18 <= len(slides) <= 24 and len(slides) == len(deck.slides)
    assert round(presentation.slide_width / presentation.slide_height, 2) == 1.78
    assert presentation.core_properties.author == AUTHOR and presentation.core_properties.title == deck.title
    for slide, source in zip(slides, deck.slides, strict=True):
        assert plain(slide.shapes.title.text) == source.title
        notes = slide.notes_slide.notes_text_frame.text
        assert plain(notes) == plain(source.notes) and len(notes) > 60, source.title
        text = "\n".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)
        assert not LEFTOVERS.search(text + notes)
        pictures = [shape for shape in slide.shapes if shape.shape_type == 13]
        assert len(pictures) == len(source.figures)
        for picture in pictures:
            assert len(picture._element.nvPicPr.cNvPr.get("descr")) > 40, source.title


def test_slides_with_synthetic_data_say_so_and_the_others_do_not(documents):
    from pptx import Presentation

    from migkit.editions.figures import is_synthetic

    deck = read_deck("04_census")
    presentation = Presentation(str(documents / "04_census" / "04_census_slides.pptx"))
    marked = 0
    for slide, source in zip(presentation.slides, deck.slides, strict=True):
        footers = [shape.text_frame.text for shape in slide.placeholders if shape.placeholder_format.type == 15]
        synthetic = any(is_synthetic(name) for name in source.figures)
        assert any(SYNTHETIC in text for text in footers) == synthetic, source.title
        marked += synthetic
    assert marked >= 4


def test_nothing_stands_outside_a_slide_and_no_placeholder_is_empty(documents):
    from pptx import Presentation

    presentation = Presentation(str(documents / "04_census" / "04_census_slides.pptx"))
    for number, slide in enumerate(presentation.slides, start=1):
        for shape in slide.shapes:
            if shape.is_placeholder and shape.has_text_frame:
                assert shape.text_frame.text.strip(), f"slide {number}: empty {shape.name}"
            left, top = shape.left or 0, shape.top or 0
            assert left >= 0 and top >= 0, f"slide {number}: {shape.name}"
            assert left + (shape.width or 0) <= presentation.slide_width + 1, f"slide {number}: {shape.name}"
            assert top + (shape.height or 0) <= presentation.slide_height + 1, f"slide {number}: {shape.name}"


def test_pdf_documents_are_tagged_titled_and_free_of_myst(documents):
    from pypdf import PdfReader

    for path in made(documents, ".pdf"):
        reader = PdfReader(str(path))
        assert reader.metadata.title and reader.metadata.author == AUTHOR, path.name
        catalog = reader.trailer["/Root"]
        assert catalog["/MarkInfo"]["/Marked"] and catalog["/Lang"] == "en", path.name
        text = "\n".join(page.extract_text() for page in reader.pages)
        assert len(text) > 300 and not LEFTOVERS.search(text), path.name
        for page in reader.pages:
            assert page.extract_text().strip(), f"{path.name}: an empty page"


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("manual/first_time.pdf", 1),
        ("04_census/04_census_handout.pdf", 2),
        ("agendas/one_day_04_census.pdf", 1),
        ("04_census/04_census_cards.pdf", 2),
        ("forms/form_participant.pdf", 1),
        ("forms/form_session.pdf", 1),
        ("forms/form_cascade.pdf", 1),
    ],
)
def test_sheets_keep_to_their_pages(documents, name, most):
    from pypdf import PdfReader

    assert len(PdfReader(str(documents / name)).pages) == most


def test_the_deck_for_the_projector_has_one_page_a_slide(documents):
    from pypdf import PdfReader

    pages = PdfReader(str(documents / "04_census" / "04_census_slides.pdf")).pages
    assert len(pages) == len(read_deck("04_census").slides)
    assert round(float(pages[0].mediabox.width / pages[0].mediabox.height), 2) == 1.78


def test_the_pages_with_notes_hold_every_slide_and_what_to_say(documents):
    from pypdf import PdfReader

    reader = PdfReader(str(documents / "04_census" / "04_census_slides_with_notes.pdf"))
    text = plain(" ".join(page.extract_text() for page in reader.pages))
    for slide in read_deck("04_census").slides:
        assert " ".join(plain(slide.notes).split()[-3:]) in text, slide.title


def test_the_tests_for_participants_hold_no_answer(documents):
    from pypdf import PdfReader

    for use in ("pre", "post"):
        paper = documents / "04_census" / f"04_census_{use}_test.pdf"
        text = " ".join(page.extract_text() for page in PdfReader(str(paper)).pages)
        assert "Question 1" in text and "answer key" not in text.lower() and "(right)" not in text


def test_the_same_source_makes_the_same_files(documents, tmp_path):
    again = tmp_path / "again"
    CliRunner().invoke(command, ["04_census", "--out", str(again)], catch_exceptions=False)
    for path in sorted((again / "04_census").iterdir()):
        before = documents / "04_census" / path.name
        if path.suffix == ".pdf":
            assert path.read_bytes() == before.read_bytes(), path.name
        else:
            with zipfile.ZipFile(path) as one, zipfile.ZipFile(before) as other:
                assert one.namelist() == other.namelist()
                changed = [name for name in one.namelist() if one.read(name) != other.read(name)]
                assert not changed, f"{path.name}: {changed}"


def test_the_data_of_a_class_never_reach_the_slides(teaching_data, tmp_path, monkeypatch):
    """Whoever makes documents beside a class's data, or with KIT_DATA set, still shows the teaching data."""
    from migkit.editions import figures

    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "synthetic_gmb_census_emigrants.csv").write_text(
        "emigrant_id,country_residence\nSYN-1,SEN\n", encoding="utf-8"
    )
    alt = figures.draw("emigrants_by_country", tmp_path / "one").alt
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KIT_DATA", str(tmp_path / "data"))
    assert figures.draw("emigrants_by_country", tmp_path / "two").alt == alt


def test_every_figure_is_on_a_slide_and_an_unknown_one_is_an_error():
    from migkit.editions import figures

    assert set(figures.FIGURES) == {name for slide in read_deck("04_census").slides for name in slide.figures}

    with pytest.raises(KitError, match="no_such_figure"):
        figures.draw("no_such_figure")


# --- the command --------------------------------------------------------------------------------------------


def test_one_format_of_one_module(tmp_path, teaching_data):
    result = CliRunner().invoke(command, ["general", "--format", "docx", "--out", str(tmp_path)])
    assert result.exit_code == 0
    assert {path.suffix for path in tmp_path.rglob("*.*")} == {".docx"}
    assert not (tmp_path / "04_census").exists()


def test_an_unknown_format_or_module_is_one_sentence():
    wrong = CliRunner().invoke(command, ["--format", "odt"])
    assert wrong.exit_code == 2 and "odt is no format" in wrong.output
    unknown = CliRunner().invoke(command, ["05_surveys"])
    assert isinstance(unknown.exception, KitError) and "05_surveys" in str(unknown.exception)


def test_missing_document_makers_are_installed_by_the_launcher(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr("migkit.editions.documents.missing_packages", lambda: ["typst"])
    monkeypatch.setattr("migkit.cli.groups.ensure", asked.append)
    monkeypatch.setattr("migkit.editions.documents.jobs", lambda *arguments: [])
    CliRunner().invoke(command, ["--out", str(tmp_path)], catch_exceptions=False)
    assert asked == ["docs"]


# --- the templates ------------------------------------------------------------------------------------------


def test_the_reference_files_are_what_their_script_makes(tmp_path, monkeypatch):
    """Nobody edits them by hand: a change of the palette or the script makes them anew."""
    import runpy

    folder = ROOT / "trainer_kit" / "templates"
    script = runpy.run_path(str(folder / "make_templates.py"))
    for name, make in (("reference.docx", script["make_docx"]), ("reference.pptx", script["make_pptx"])):
        make(tmp_path / name)
        with zipfile.ZipFile(tmp_path / name) as new, zipfile.ZipFile(folder / name) as old:
            assert new.namelist() == old.namelist()
            assert not [part for part in new.namelist() if new.read(part) != old.read(part)], name


def test_the_templates_have_the_layouts_and_the_palette():
    from pptx import Presentation

    from migkit.reference import palette

    deck = Presentation(str(ROOT / "trainer_kit" / "templates" / "reference.pptx"))
    names = {layout.name for layout in deck.slide_layouts}
    assert {"Title Slide", "Section Header", "Title and Content", "Two Content", "Figure", "Table"} <= names
    theme = next(part for part in deck.part.package.iter_parts() if "theme1" in str(part.partname))
    for colour in (palette.TEAL, palette.OCHRE, palette.BRICK, palette.INK, palette.SAND):
        assert colour.lstrip("#").upper().encode() in theme.blob
    typst = (ROOT / "trainer_kit" / "templates" / "kit.typ").read_text(encoding="utf-8").lower()
    for name, value in vars(palette).items():
        if name.isupper() and isinstance(value, str) and value != palette.WHITE:
            assert value not in typst, f"{name} stands a second time in kit.typ"
