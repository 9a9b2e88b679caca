"""Make reference.docx and reference.pptx, whose styles `kit docs` hands to pandoc.

    python3 trainer_kit/templates/make_templates.py

Starts from pandoc's own reference files, because pandoc looks up styles and layouts by their names in them, and
gives them the kit's colours, type and page furniture. The result is committed; run this again after a change here
or in ``migkit.reference.palette``. The same input gives the same bytes.
"""

import io
import subprocess
from pathlib import Path
from typing import Any

import pypandoc
from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from lxml import etree
from pptx import Presentation
from pptx.dml.color import RGBColor as SlideColor
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.util import Inches

from migkit.editions.office import write_package
from migkit.reference import _
from migkit.reference.palette import BRICK, INK, LEAF, MIST, OCHRE, SAND, TEAL, WHITE

HERE = Path(__file__).parent
FONT = "Calibri"  # on every Windows and macOS office; LibreOffice puts Carlito of the same widths in its place
GREY = "#56646f"
KIT = _("Migration data training kit")

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
A = "http://schemas.openxmlformats.org/drawingml/2006/main"


def default(name: str) -> io.BytesIO:
    """Pandoc's own reference file ``name``."""
    call = [pypandoc.get_pandoc_path(), "--print-default-data-file", name]
    return io.BytesIO(subprocess.run(call, check=True, capture_output=True).stdout)


def bare(colour: str) -> str:
    """``#0b5563`` as Office writes it: ``0B5563``."""
    return colour.lstrip("#").upper()


# --- DOCX ----------------------------------------------------------------------------------------------


def make_docx(target: Path) -> None:
    """Write the reference document: A4, running header, page x of y, the kit's styles."""
    document: Any = Document(default("reference.docx"))
    page(document.sections[0])
    body_styles(document)
    heading_styles(document)
    block_styles(document)
    table_style(document)
    header_and_footer(document.sections[0])
    core = document.core_properties
    core.title, core.author, core.language = "", KIT, "en"
    write_package(document, target)


def page(section: Any) -> None:
    """A4 with margins for a hole punch."""
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.2)
    section.top_margin, section.bottom_margin = Cm(2.4), Cm(2.1)
    section.header_distance, section.footer_distance = Cm(1.1), Cm(1.0)


def style(document: Any, name: str, **settings: Any) -> Any:
    """The paragraph style ``name`` (made if there is none) with these settings."""
    item = next((item for item in document.styles if item.name == name), None)
    item = item or document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    font, shape = item.font, item.paragraph_format
    fonts = item.element.get_or_add_rPr()
    for old in fonts.findall(qn("w:rFonts")):
        fonts.remove(old)
    font.name = FONT
    if "size" in settings:
        font.size = Pt(settings["size"])
    if "bold" in settings:
        font.bold = settings["bold"]
    if "italic" in settings:
        font.italic = settings["italic"]
    if "colour" in settings:
        font.color.rgb = RGBColor.from_string(bare(settings["colour"]))
    shape.space_before = Pt(settings.get("before", 0))
    shape.space_after = Pt(settings.get("after", 0))
    shape.line_spacing = settings.get("spacing", 1.12)
    if "left" in settings:
        shape.left_indent = Cm(settings["left"])
    if "keep" in settings:
        shape.keep_with_next = settings["keep"]
    return item


def shade(
    item: Any,
    fill: str = "",
    edge: str = "",
    side: str | tuple[str, ...] = "left",
    width: int = 18,
    space: int = 6,
) -> None:
    """Give a style a background and a rule on one side or several (in the order top, left, bottom, right)."""
    frame = item.element.get_or_add_pPr()
    for tag in ("w:pBdr", "w:shd"):
        for old in frame.findall(qn(tag)):
            frame.remove(old)
    marks = []
    if edge:
        rule = f'w:val="single" w:sz="{width}" w:space="{space}" w:color="{bare(edge)}"'
        sides = (side,) if isinstance(side, str) else side
        marks.append(f"<w:pBdr {W}>{''.join(f'<w:{name} {rule}/>' for name in sides)}</w:pBdr>")
    if fill:
        marks.append(f'<w:shd {W} w:val="clear" w:color="auto" w:fill="{bare(fill)}"/>')
    # The schema wants border and shading before tabs, spacing, indent and justification.
    late = {qn(f"w:{tag}") for tag in ("tabs", "spacing", "ind", "jc", "contextualSpacing", "outlineLvl")}
    place = next((index for index, child in enumerate(frame) if child.tag in late), len(frame))
    for offset, mark in enumerate(marks):
        frame.insert(place + offset, parse_xml(mark))


def body_styles(document: Any) -> None:
    """Running text."""
    style(document, "Normal", size=10.5, colour=INK, after=0)
    for name in ("Body Text", "First Paragraph"):
        style(document, name, size=10.5, colour=INK, before=5, after=5)
    style(document, "Compact", size=10.5, colour=INK, before=1, after=1)
    style(document, "Bibliography", size=9.5, colour=INK, after=4)
    style(document, "Footnote Text", size=9, colour=INK)
    for name in ("Caption", "Table Caption", "Image Caption"):
        style(document, name, size=9.5, italic=False, colour=GREY, before=3, after=3, keep=name == "Table Caption")


def heading_styles(document: Any) -> None:
    """Title and headings."""
    title = style(document, "Title", size=26, bold=True, colour=TEAL, before=0, after=4, spacing=1.0)
    title.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.LEFT
    shade(title, edge=OCHRE, side="bottom", width=18, space=4)
    subtitle = style(document, "Subtitle", size=13, colour=GREY, bold=False, before=4, after=10)
    subtitle.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.LEFT
    for spaced in subtitle.element.iter(qn("w:spacing")):
        spaced.attrib.pop(qn("w:val"), None)  # pandoc's subtitle is letterspaced
    style(document, "Heading 1", size=18, bold=True, colour=TEAL, before=18, after=5, keep=True, spacing=1.0)
    second = style(
        document, "Heading 2", size=14, bold=True, colour=TEAL, before=15, after=4, keep=True, spacing=1.0
    )
    shade(second, edge=MIST, side="bottom", width=8, space=2)
    style(document, "Heading 3", size=12, bold=True, colour=INK, before=11, after=3, keep=True, spacing=1.0)
    style(document, "Heading 4", size=10.5, bold=True, italic=False, colour=TEAL, before=8, after=2, keep=True)
    step = style(document, "Step", size=12.5, bold=True, colour=WHITE, before=15, after=0, keep=True, spacing=1.0)
    step.base_style = document.styles["Heading 3"]
    shade(step, fill=TEAL, edge=TEAL, side=("top", "left", "bottom", "right"), width=24, space=2)
    step.paragraph_format.tab_stops.add_tab_stop(Cm(1.6))
    step.paragraph_format.tab_stops.add_tab_stop(Cm(16.6), WD_TAB_ALIGNMENT.RIGHT)
    line = style(document, "Step Line", size=9.5, colour=INK, before=3, after=4, keep=True)
    shade(line, fill=SAND, edge=SAND, side=("left", "bottom", "right"), width=24, space=2)


def block_styles(document: Any) -> None:
    """Quotations (what the trainer says), panels, terms."""
    speech = style(document, "Block Text", size=10.5, italic=False, colour=INK, before=2, after=2, left=0.35)
    speech.paragraph_format.right_indent = Cm(0)
    shade(speech, fill=SAND, edge=OCHRE, width=24, space=6)
    panel = style(document, "Panel", size=10.5, colour=INK, before=0, after=0, left=0.35)
    shade(panel, fill=MIST, edge=TEAL, width=24, space=6)
    head = style(
        document, "Panel Title", size=10.5, bold=True, colour=TEAL, before=8, after=0, left=0.35, keep=True
    )
    shade(head, fill=MIST, edge=TEAL, width=24, space=6)
    alarm = style(document, "Panel Warning", size=10.5, bold=True, colour=BRICK, before=8, left=0.35, keep=True)
    shade(alarm, fill=MIST, edge=BRICK, width=24, space=6)
    style(document, "Label", size=9, bold=True, colour=TEAL, before=2, after=2)
    style(document, "Card Title", size=13, bold=True, colour=TEAL, before=4, after=4, keep=True)
    style(document, "Definition Term", size=10.5, bold=True, colour=TEAL, before=4, keep=True)
    style(document, "Definition", size=10.5, colour=INK, left=0.6, after=3)


def table_style(document: Any) -> None:
    """Pandoc's "Table": rules above and below, a quiet line between rows, the header in bold teal."""
    element = document.styles["Table"].element
    for tag in ("w:tblPr", "w:tblStylePr", "w:trPr", "w:tcPr", "w:rPr"):
        for old in element.findall(qn(tag)):
            element.remove(old)
    rule = 'w:val="single" w:space="0"'
    element.append(
        parse_xml(
            f'<w:tblPr {W}><w:tblInd w:w="0" w:type="dxa"/><w:tblBorders>'
            f'<w:top {rule} w:sz="12" w:color="{bare(TEAL)}"/><w:bottom {rule} w:sz="12" w:color="{bare(TEAL)}"/>'
            f'<w:insideH {rule} w:sz="4" w:color="{bare(MIST)}"/></w:tblBorders><w:tblCellMar>'
            f'<w:top w:w="40" w:type="dxa"/><w:left w:w="90" w:type="dxa"/><w:bottom w:w="40" w:type="dxa"/>'
            f'<w:right w:w="90" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        )
    )
    element.append(
        parse_xml(
            f'<w:tblStylePr {W} w:type="firstRow"><w:rPr><w:b/><w:color w:val="{bare(TEAL)}"/></w:rPr><w:tcPr>'
            f'<w:tcBorders><w:bottom {rule} w:sz="8" w:color="{bare(TEAL)}"/></w:tcBorders>'
            "</w:tcPr></w:tblStylePr>"
        )
    )


def field(paragraph: Any, instruction: str, shown: str) -> None:
    """Append a Word field (PAGE, NUMPAGES, TITLE) whose text until the next update is ``shown``."""
    for kind, text in (("begin", ""), ("", instruction), ("separate", ""), ("text", shown), ("end", "")):
        run = paragraph.add_run()
        if kind in ("begin", "separate", "end"):
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)
        elif kind == "text":
            run.text = text
        else:
            code = OxmlElement("w:instrText")
            code.set(qn("xml:space"), "preserve")
            code.text = f" {text} "
            run._r.append(code)


def header_and_footer(section: Any) -> None:
    """Running title on top; kit and page x of y below."""
    wide = Cm(16.6)
    head, foot = section.header.paragraphs[0], section.footer.paragraphs[0]
    for paragraph in (head, foot):
        paragraph.style.font.size = Pt(8.5)
        paragraph.style.font.name = FONT
        paragraph.style.font.color.rgb = RGBColor.from_string(bare(GREY))
        stops = paragraph.paragraph_format.tab_stops
        stops.add_tab_stop(wide, WD_TAB_ALIGNMENT.RIGHT)
    head.add_run(KIT + "\t")
    field(head, "TITLE", "")
    foot.add_run(_("Text: CC BY 4.0. All data in it that carry the mark are synthetic.") + "\t" + _("Page") + " ")
    field(foot, "PAGE", "1")
    foot.add_run(" " + _("of") + " ")
    field(foot, "NUMPAGES", "1")


# --- PPTX ----------------------------------------------------------------------------------------------

#: Layout -> placeholder index -> left, top, width, height in inches, on a slide of 10 x 5.625.
LAYOUTS: dict[str, dict[int, tuple[float, float, float, float]]] = {
    "Title Slide": {0: (0.75, 1.35, 8.5, 1.35), 1: (0.75, 3.0, 8.5, 1.1)},
    "Title and Content": {0: (0.6, 0.32, 8.8, 0.78), 1: (0.6, 1.35, 8.8, 3.65)},
    "Section Header": {0: (0.75, 1.75, 8.5, 1.1), 1: (0.75, 3.1, 8.5, 0.9)},
    "Two Content": {0: (0.6, 0.32, 8.8, 0.78), 1: (0.6, 1.35, 4.2, 3.65), 2: (5.2, 1.35, 4.2, 3.65)},
    "Comparison": {
        0: (0.6, 0.32, 8.8, 0.78),
        1: (0.6, 1.3, 4.2, 0.45),
        2: (0.6, 1.8, 4.2, 3.2),
        3: (5.2, 1.3, 4.2, 0.45),
        4: (5.2, 1.8, 4.2, 3.2),
    },
    "Table": {0: (0.6, 0.32, 8.8, 0.78)},
    "Content with Caption": {0: (0.6, 0.32, 8.8, 0.78), 1: (3.75, 1.25, 5.85, 3.75), 2: (0.6, 1.35, 2.95, 3.65)},
    "Figure": {0: (0.6, 0.32, 8.8, 0.78), 1: (0.6, 1.2, 8.8, 3.6), 2: (0.6, 4.8, 8.8, 0.3)},
}
#: Layouts of pandoc's file that the kit uses under another name, and those it has no use for.
RENAMED = {"Title Only": "Table", "Picture with Caption": "Figure"}
DROPPED = ("Title and Vertical Text", "Vertical Title and Text")
FURNITURE = {10: (0.6, 5.2, 2.0, 0.28), 11: (0.6, 5.2, 7.4, 0.28), 12: (8.6, 5.2, 0.8, 0.28)}


def make_pptx(target: Path) -> None:
    """Write the reference presentation: 16:9, layouts for title, section, content, columns, figure, table."""
    deck: Any = Presentation(default("reference.pptx"))
    theme(deck.slide_master)
    master(deck.slide_master)
    for layout in list(deck.slide_layouts):
        if layout.name in DROPPED:
            deck.slide_layouts.remove(layout)
    for layout in deck.slide_layouts:
        layout.name = RENAMED.get(layout.name, layout.name)
        arrange(layout)
    core = deck.core_properties
    core.title, core.author, core.language = "", KIT, "en"
    write_package(deck, target)


def theme(slide_master: Any) -> None:
    """Colours and fonts of the theme, so that what a trainer adds has the kit's look."""
    part = slide_master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    tree = etree.fromstring(part.blob)
    colours = {
        "dk1": INK, "lt1": WHITE, "dk2": TEAL, "lt2": SAND, "accent1": TEAL, "accent2": OCHRE, "accent3": BRICK,
        "accent4": LEAF, "accent5": MIST, "accent6": GREY, "hlink": TEAL, "folHlink": GREY,
    }  # fmt: skip
    for name, colour in colours.items():
        slot = tree.find(f".//{{{A}}}{name}")
        for child in list(slot):
            slot.remove(child)
        etree.SubElement(slot, f"{{{A}}}srgbClr").set("val", bare(colour))
    for latin in tree.findall(f".//{{{A}}}fontScheme//{{{A}}}latin"):
        latin.set("typeface", FONT)
    part._blob = etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True)


def master(slide_master: Any) -> None:
    """Text sizes and bullets that every layout inherits."""
    styles = slide_master.element.find(qn_p("txStyles"))
    title = styles.find(qn_p("titleStyle")).find(f"{{{A}}}lvl1pPr")
    title.set("algn", "l")
    run = title.find(f"{{{A}}}defRPr")
    run.set("sz", "2500")
    run.set("b", "1")
    run.find(f"{{{A}}}solidFill")[0].set("val", "tx2")
    body = styles.find(qn_p("bodyStyle"))
    for level, size in ((1, 2200), (2, 1800), (3, 1500)):
        place = body.find(f"{{{A}}}lvl{level}pPr")
        place.set("marL", str(level * 260000))
        place.set("indent", "-260000")
        place.find(f"{{{A}}}defRPr").set("sz", str(size))
        bullet = etree.Element(f"{{{A}}}buClr")
        etree.SubElement(bullet, f"{{{A}}}schemeClr").set("val", "accent2")
        place.insert(list(place).index(place.find(f"{{{A}}}buFont")), bullet)
        place.find(f"{{{A}}}buChar").set("char", "•")
        gap = place.find(f"{{{A}}}spcBef")
        gap.clear()
        etree.SubElement(gap, f"{{{A}}}spcPts").set("val", "1000" if level == 1 else "400")
    for shape in slide_master.placeholders:
        kind = shape.element.find(f".//{qn_p('ph')}").get("type")
        box = {"title": LAYOUTS["Table"][0], "body": LAYOUTS["Title and Content"][1], "dt": FURNITURE[10],
               "ftr": FURNITURE[11], "sldNum": FURNITURE[12]}[kind]  # fmt: skip
        place_at(shape, box)
        if kind == "title":
            shape.text_frame._txBody.bodyPr.set("anchor", "b")


def qn_p(tag: str) -> str:
    """A tag of PresentationML."""
    return f"{{http://schemas.openxmlformats.org/presentationml/2006/main}}{tag}"


def place_at(shape: Any, box: tuple[float, float, float, float]) -> None:
    """Put a shape at left, top, width, height (inches)."""
    shape.left, shape.top, shape.width, shape.height = (Inches(value) for value in box)


def arrange(layout: Any) -> None:
    """Place the placeholders of a layout and draw its furniture."""
    boxes = LAYOUTS.get(layout.name, {})
    for shape in list(layout.placeholders):
        index = shape.placeholder_format.idx
        box = boxes.get(index) or FURNITURE.get(index)
        if index == 10 or box is None:
            shape.element.getparent().remove(shape.element)  # no date: a deck is shown for years
            continue
        place_at(shape, box)
        if index in (11, 12):
            small_print(shape, "r" if index == 12 else "l", dark=layout.name == "Title Slide")
            if index == 11:
                shape.text_frame.text = KIT
        elif index == 0:
            title_of(shape, layout.name)
        else:
            text_of(shape, layout.name)
    draw(layout)


def small_print(shape: Any, align: str, dark: bool) -> None:
    """Footer and slide number: small and quiet."""
    body = shape.text_frame._txBody
    body.bodyPr.set("lIns", "0")
    body.bodyPr.set("rIns", "0")
    fill = f'<a:solidFill><a:srgbClr val="{bare(MIST if dark else GREY)}"/></a:solidFill>'
    set_levels(body, f'<a:lvl1pPr algn="{align}"><a:defRPr sz="1000">{fill}</a:defRPr></a:lvl1pPr>')


def title_of(shape: Any, name: str) -> None:
    """The title: white and large on the title slide, large on a section slide, else as in the master."""
    body = shape.text_frame._txBody
    body.bodyPr.set("anchor", "b")
    body.bodyPr.set("lIns", "0")
    if name == "Title Slide":
        set_levels(body, '<a:lvl1pPr algn="l"><a:defRPr sz="4000" b="1"><a:solidFill><a:schemeClr val="bg1"/>'
                   "</a:solidFill></a:defRPr></a:lvl1pPr>")  # fmt: skip
    elif name == "Section Header":
        set_levels(body, '<a:lvl1pPr algn="l"><a:defRPr sz="3400" b="1" cap="none"><a:solidFill>'
                   '<a:schemeClr val="tx2"/></a:solidFill></a:defRPr></a:lvl1pPr>')  # fmt: skip
    else:
        set_levels(body, "")


def text_of(shape: Any, name: str) -> None:
    """Body text of a layout."""
    body = shape.text_frame._txBody
    body.bodyPr.set("lIns", "0")
    body.bodyPr.set("anchor", "t")
    sizes = {"Title Slide": ("2000", "bg2"), "Section Header": ("1800", "tx1"), "Comparison": ("1800", "tx1"),
             "Content with Caption": ("1800", "tx1")}  # fmt: skip
    if name in sizes:
        size, colour = sizes[name]
        bullet = "" if name == "Content with Caption" else ' marL="0" indent="0"'
        none = "" if name == "Content with Caption" else "<a:buNone/>"
        set_levels(body, f'<a:lvl1pPr algn="l"{bullet}>{none}<a:defRPr sz="{size}"><a:solidFill>'
                   f'<a:schemeClr val="{colour}"/></a:solidFill></a:defRPr></a:lvl1pPr>')  # fmt: skip
    else:
        set_levels(body, "")


def set_levels(body: Any, inner: str) -> None:
    """Replace the list style of a text body."""
    old = body.find(f"{{{A}}}lstStyle")
    new = etree.fromstring(f'<a:lstStyle xmlns:a="{A}">{inner}</a:lstStyle>')
    if old is not None:
        body.replace(old, new)
    else:
        body.insert(1, new)


def draw(layout: Any) -> None:
    """Colour fields behind the text of a layout."""
    if layout.name == "Title Slide":
        background(layout, TEAL)
        block(layout, (0.75, 2.8, 1.3, 0.07), OCHRE)
    elif layout.name == "Section Header":
        background(layout, SAND)
        block(layout, (0, 0, 0.28, 5.625), TEAL)
        block(layout, (0.75, 2.93, 1.0, 0.06), OCHRE)
    elif layout.name != "Blank":
        block(layout, (0, 0, 0.16, 5.625), TEAL)
        block(layout, (0.6, 1.12, 0.75, 0.045), OCHRE)
        block(layout, (0.6, 5.15, 8.8, 0.01), MIST)


def background(layout: Any, colour: str) -> None:
    """Fill the whole slide."""
    fill = layout.background.fill
    fill.solid()
    fill.fore_color.rgb = SlideColor.from_string(bare(colour))


def block(layout: Any, box: tuple[float, float, float, float], colour: str) -> None:
    """A filled rectangle without an outline, behind everything else."""
    tree = layout.shapes._spTree
    number = max(int(item.get("id")) for item in tree.iter(qn_p("cNvPr"))) + 1
    left, top, width, height = (Inches(value) for value in box)
    shape = tree.add_autoshape(number, f"Rule {number}", "rect", left, top, width, height)
    shape.spPr.append(
        etree.fromstring(f'<a:solidFill xmlns:a="{A}"><a:srgbClr val="{bare(colour)}"/></a:solidFill>')
    )
    shape.spPr.append(etree.fromstring(f'<a:ln xmlns:a="{A}"><a:noFill/></a:ln>'))
    for old in shape.findall(qn_p("style")):
        shape.remove(old)
    tree.remove(shape)
    tree.insert(2, shape)


if __name__ == "__main__":
    make_docx(HERE / "reference.docx")
    make_pptx(HERE / "reference.pptx")
