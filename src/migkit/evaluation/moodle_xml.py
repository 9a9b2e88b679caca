"""Questions as Moodle XML, the format in which Moodle keeps and moves its question banks.

The field names follow Moodle's own documentation of the format ("Moodle XML format") and its importer
(question/format/xml/format.php). Texts are HTML, so they are escaped for HTML first and for XML by the writer.
"""

from html import escape
from xml.etree import ElementTree as Xml

from migkit.evaluation.gift import category
from migkit.evaluation.items import Item
from migkit.evaluation.quizzes import Quiz, basis


def moodle_xml(quiz: Quiz) -> str:
    """The quiz as one Moodle XML file, with the feedback of each option and the source of each question."""
    root = Xml.Element("quiz")
    place = Xml.SubElement(root, "question", type="category")
    _text(Xml.SubElement(place, "category"), category(quiz))
    for item in quiz.items:
        _question(root, item)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _question(root: Xml.Element, item: Item) -> None:
    question = Xml.SubElement(root, "question", type="multichoice")
    _text(Xml.SubElement(question, "name"), item.id)
    _html(question, "questiontext", item.stem)
    _html(question, "generalfeedback", basis(item))
    # No penalty and no standard words such as "Your answer is correct": each option has words of its own.
    for field, value in (
        ("defaultgrade", "1"),
        ("penalty", "0"),
        ("hidden", "0"),
        ("idnumber", item.id),
        ("single", "true"),
        ("shuffleanswers", "true"),
        ("answernumbering", "ABCD"),
        ("showstandardinstruction", "0"),
    ):
        Xml.SubElement(question, field).text = value
    for option in item.options:
        answer = Xml.SubElement(question, "answer", fraction="100" if option.correct else "0", format="html")
        _text(answer, _paragraph(option.text))
        _html(answer, "feedback", option.feedback)
    tags = Xml.SubElement(question, "tags")
    for tag in (f"outcome {item.outcome}", f"difficulty {item.difficulty}"):
        _text(Xml.SubElement(tags, "tag"), tag)


def _html(parent: Xml.Element, name: str, text: str) -> None:
    _text(Xml.SubElement(parent, name, format="html"), _paragraph(text))


def _text(parent: Xml.Element, text: str) -> None:
    Xml.SubElement(parent, "text").text = text


def _paragraph(text: str) -> str:
    return f"<p>{escape(text, quote=False)}</p>" if text else ""
