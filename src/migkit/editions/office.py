"""The last touches on DOCX and PPTX files that pandoc made: tables, pictures, footers, metadata.

Pandoc fills the layouts of the reference files but knows no table design, no footer text and no alternative text.
This module opens the finished file, mends these, and writes it back so that the same input gives the same bytes.
"""

import io
import zipfile
from pathlib import Path
from typing import Any

from migkit.reference import _
from migkit.reference.files import ZIP_DATE, replacing
from migkit.reference.palette import BRICK, INK, MIST, TEAL, WHITE

#: Who made the documents, as their metadata say.
AUTHOR = "Migration data training kit"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_CORE_DATES = ("{http://purl.org/dc/terms/}created", "{http://purl.org/dc/terms/}modified")


def write_package(document: Any, target: Path) -> None:
    """Write a python-docx or python-pptx document to ``target`` without dates, by way of a temporary name."""
    core = document.core_properties._element
    for tag in _CORE_DATES:
        for child in core.findall(tag):
            core.remove(child)
    memory = io.BytesIO()
    document.save(memory)
    # Entries in a fixed order under a fixed date: the same content is the same file.
    with (
        replacing(target) as part,
        zipfile.ZipFile(memory) as source,
        zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as package,
    ):
        for name in sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            entry = zipfile.ZipInfo(name, date_time=ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, source.read(name))


def describe(document: Any, title: str, language: str) -> None:
    """Set the metadata that readers and screen readers show."""
    core = document.core_properties
    core.title, core.author, core.language = title, AUTHOR, language
    core.last_modified_by = AUTHOR


# --- DOCX ----------------------------------------------------------------------------------------------


def finish_docx(made: Path, target: Path, title: str, language: str, compact: bool = False) -> None:
    """Mend a DOCX that pandoc made and write it to ``target``; ``compact`` pages have narrow margins."""
    from docx import Document
    from docx.shared import Cm

    document: Any = Document(str(made))
    for table in document.tables:
        _finish_docx_table(table)
    for number, shape in enumerate(document.inline_shapes, start=1):
        properties = shape._inline.docPr
        if not properties.get("descr"):
            properties.set("descr", properties.get("title") or _("Figure {n}").format(n=number))
    for section in document.sections:
        for paragraph in section.header.paragraphs:
            _fill_title_field(paragraph, title)
        if compact:
            section.left_margin = section.right_margin = Cm(1.6)
            section.top_margin, section.bottom_margin = Cm(2.0), Cm(1.7)
    _narrow_lists(document)
    _set_language(document, language)
    describe(document, title, language)
    write_package(document, target)


def _finish_docx_table(table: Any) -> None:
    """A head that repeats on the next page, rows that do not break across pages unless they are long."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    kind = _first_style(table)
    drawn = kind in ("Label", "Card Title")  # a labelled list or cards: no head, other lines
    for number, row in enumerate(table.rows):
        settings = row._tr.get_or_add_trPr()
        if number == 0 and not drawn and settings.find(qn("w:tblHeader")) is None:
            settings.append(OxmlElement("w:tblHeader"))
        if sum(len(cell.text) for cell in row.cells) < 600:
            settings.append(OxmlElement("w:cantSplit"))
    if drawn:
        settings = table._tbl.tblPr
        # The schema wants borders before layout, margins and look.
        late = [settings.find(qn(f"w:{tag}")) for tag in ("shd", "tblLayout", "tblCellMar", "tblLook")]
        place = next((item for item in late if item is not None), None)
        (place.addprevious if place is not None else settings.append)(_borders(cards=kind == "Card Title"))


def _first_style(table: Any) -> str:
    """The style of the first paragraph of a table, which tells what the table is."""
    first = table.rows[0].cells[0].paragraphs if table.rows else []
    return str(first[0].style.name) if first and first[0].style is not None else ""


def _borders(cards: bool) -> Any:
    """Dashed lines around cards, to cut along; thin lines between the rows of a labelled list."""
    from docx.oxml import parse_xml

    line = f'w:val="single" w:sz="4" w:space="0" w:color="{MIST.lstrip("#")}"'
    dash = f'w:val="dashed" w:sz="4" w:space="0" w:color="{INK.lstrip("#")}"'
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    marks = (
        "".join(f"<w:{side} {dash}/>" for side in sides)
        if cards
        else f'<w:top w:val="nil"/><w:bottom w:val="nil"/><w:insideH {line}/>'
    )
    return parse_xml(f'<w:tblBorders xmlns:w="{_W}">{marks}</w:tblBorders>')


def _narrow_lists(document: Any) -> None:
    """Lists a little inside the text instead of pandoc's half inch."""
    from docx.oxml.ns import qn

    for level in document.part.numbering_part.element.iter(qn("w:lvl")):
        depth = int(level.get(qn("w:ilvl")))
        for indent in level.iter(qn("w:ind")):
            indent.set(qn("w:left"), str(280 * (depth + 1)))
            indent.set(qn("w:hanging"), "240")


def _fill_title_field(paragraph: Any, title: str) -> None:
    """Put the title into the running header's TITLE field, so that it shows before Word updates fields."""
    inside = False
    for run in paragraph.runs:
        text = run._r.find(f"{{{_W}}}instrText")
        if text is not None and "TITLE" in (text.text or ""):
            inside = True
        elif inside and run._r.find(f"{{{_W}}}fldChar") is None:
            run.text = title
            return


def _set_language(document: Any, language: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    properties = document.styles["Normal"].element.get_or_add_rPr()
    mark = properties.find(qn("w:lang"))
    if mark is None:
        mark = OxmlElement("w:lang")
        properties.append(mark)
    mark.set(qn("w:val"), {"en": "en-GB", "fr": "fr-FR", "pt": "pt-PT"}.get(language, language))


# --- PPTX ----------------------------------------------------------------------------------------------

#: Where a table or figure may stand on a slide: left, top, width, height in inches (slide: 10 x 5.625).
_ROOM = (0.6, 1.25, 8.8, 3.85)


def finish_pptx(
    made: Path, target: Path, title: str, language: str, marked: frozenset[int], alts: dict[int, str]
) -> None:
    """Mend a PPTX that pandoc made and write it to ``target``.

    Args:
        marked: numbers of the slides that show synthetic data; their footer says so.
        alts: slide number -> alternative text of its figure.
    """
    from pptx import Presentation

    deck: Any = Presentation(str(made))
    layouts = {layout.name: layout for layout in deck.slide_layouts}
    for number, slide in enumerate(deck.slides, start=1):
        _finish_slide(slide, layouts, alts.get(number, ""))
        _add_furniture(slide, number in marked)
    describe(deck, title, language)
    write_package(deck, target)


def _finish_slide(slide: Any, layouts: dict[str, Any], alt: str) -> None:
    tables = [shape for shape in slide.shapes if shape.has_table]
    pictures = [shape for shape in slide.shapes if shape.shape_type == 13]
    words = [shape for shape in slide.placeholders if shape.placeholder_format.idx != 0 and shape.has_text_frame]
    for shape in tables:
        _finish_slide_table(shape, alone=not words)
    for shape in pictures:
        shape._element.nvPicPr.cNvPr.set("descr", alt or shape.name)
        if not words:
            _fit(shape)
    if (tables or pictures) and not words:
        _use_layout(slide, layouts["Table" if tables else "Figure"])


def _use_layout(slide: Any, layout: Any) -> None:
    """Let a slide follow another layout: pandoc knows only seven of them."""
    for relation in slide.part.rels.values():
        if relation.reltype.endswith("/slideLayout"):
            relation._target = layout.part


def _fit(shape: Any) -> None:
    """Make a picture as large as the room allows, in its own proportions, in the middle."""
    from pptx.util import Inches

    left, top, width, height = (Inches(value) for value in _ROOM)
    scale = min(width / shape.width, height / shape.height)
    shape.width, shape.height = int(shape.width * scale), int(shape.height * scale)
    shape.left = left + (width - shape.width) // 2
    shape.top = top + (height - shape.height) // 2


def _finish_slide_table(shape: Any, alone: bool) -> None:
    from pptx.util import Inches, Pt

    table = shape.table
    if alone:
        shape.left, shape.top, shape.width = Inches(_ROOM[0]), Inches(_ROOM[1] + 0.1), Inches(_ROOM[2])
        wanted = sum(column.width for column in table.columns)
        for column in table.columns:
            column.width = int(column.width / wanted * shape.width)
    rows = len(table.rows)
    size = Pt(20 if rows <= 3 else 16 if rows <= 5 else 14 if rows <= 8 else 11)
    table.first_row, table.horz_banding = True, False
    style = table._tbl.tblPr.find(f"{{{_A}}}tableStyleId")
    if style is not None:
        style.text = (
            "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"  # Office's "No Style, No Grid": the rules below are ours
        )
    for number, row in enumerate(table.rows):
        for cell in row.cells:
            _finish_cell(cell, head=number == 0, last=number == rows - 1, size=size)


def _finish_cell(cell: Any, head: bool, last: bool, size: Any) -> None:
    from lxml import etree
    from pptx.util import Inches

    cell.margin_left = cell.margin_right = Inches(0.09)
    cell.margin_top = cell.margin_bottom = Inches(0.07)
    for paragraph in cell.text_frame.paragraphs:
        for run in paragraph.runs:
            run.font.size = size
            run.font.color.rgb = _colour(WHITE if head else INK)
            run.font.bold = True if head else run.font.bold
    properties = cell._tc.get_or_add_tcPr()
    for child in list(properties):
        properties.remove(child)
    edge = TEAL if last else MIST
    for side, colour, width in (("lnB", edge, 19050 if last else 9525),):
        line = etree.SubElement(properties, f"{{{_A}}}{side}", w=str(width))
        fill = etree.SubElement(line, f"{{{_A}}}solidFill")
        etree.SubElement(fill, f"{{{_A}}}srgbClr", val=colour.lstrip("#").upper())
    if head:
        fill = etree.SubElement(properties, f"{{{_A}}}solidFill")
        etree.SubElement(fill, f"{{{_A}}}srgbClr", val=TEAL.lstrip("#").upper())


def _colour(value: str) -> Any:
    """``#0b5563`` as python-pptx wants it."""
    import pptx.dml.color

    make: Any = pptx.dml.color.RGBColor
    return make(*bytes.fromhex(value.lstrip("#")))


def _add_furniture(slide: Any, marked: bool) -> None:
    """Footer and slide number, which pandoc leaves to the layout; synthetic data are named in the footer."""
    import copy

    present = {shape.placeholder_format.idx for shape in slide.placeholders}
    for place in slide.slide_layout.placeholders:
        index = place.placeholder_format.idx
        if index not in (11, 12) or index in present:
            continue
        element = copy.deepcopy(place._element)
        slide.shapes._spTree.append(element)
        element.nvSpPr.cNvPr.set("id", str(max(shape.shape_id for shape in slide.shapes) + 1))
        shape = slide.shapes[-1]
        if index == 11 and marked:
            shape.text_frame.text = _("SYNTHETIC DATA: made for training, no real person in it")
            for run in shape.text_frame.paragraphs[0].runs:
                run.font.bold = True
                run.font.color.rgb = _colour(BRICK)
