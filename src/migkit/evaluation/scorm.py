"""A quiz as a SCORM 1.2 package: a zip with its manifest and one page, for Moodle and other learning platforms.

The manifest follows the schemas imscp_rootv1p1p2.xsd and adlcp_rootv1p2.xsd (a test validates it). It names no
pass mark: how many right answers are enough is for the trainer to say, in the platform.
"""

import io
import zipfile
from xml.etree import ElementTree as Xml

from migkit.evaluation.quiz_page import quiz_page
from migkit.evaluation.quizzes import Quiz
from migkit.reference.files import ZIP_DATE

_CP = "http://www.imsproject.org/xsd/imscp_rootv1p1p2"
_ADL = "http://www.adlnet.org/xsd/adlcp_rootv1p2"
_PAGE = "index.html"


def scorm(quiz: Quiz) -> bytes:
    """The package; the same quiz gives the same bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in (("imsmanifest.xml", manifest(quiz)), (_PAGE, quiz_page(quiz))):
            package.writestr(zipfile.ZipInfo(name, ZIP_DATE), text.encode("utf-8"), zipfile.ZIP_DEFLATED)
    return content.getvalue()


def manifest(quiz: Quiz) -> str:
    """The package's imsmanifest.xml."""
    Xml.register_namespace("", _CP)
    Xml.register_namespace("adlcp", _ADL)
    identifier = f"migkit-{quiz.name}"
    root = Xml.Element(f"{{{_CP}}}manifest", identifier=identifier, version="1.0")
    metadata = _add(root, "metadata")
    _add(metadata, "schema").text = "ADL SCORM"
    _add(metadata, "schemaversion").text = "1.2"
    organizations = _add(root, "organizations", default=f"{identifier}-organization")
    organization = _add(
        organizations, "organization", identifier=f"{identifier}-organization", structure="hierarchical"
    )
    _add(organization, "title").text = quiz.title
    item = _add(
        organization, "item", identifier=f"{identifier}-item", identifierref=f"{identifier}-page", isvisible="true"
    )
    _add(item, "title").text = quiz.title
    page = _add(
        _add(root, "resources"), "resource", identifier=f"{identifier}-page", type="webcontent", href=_PAGE
    )
    page.set(f"{{{_ADL}}}scormtype", "sco")
    _add(page, "file", href=_PAGE)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _add(parent: Xml.Element, name: str, **attributes: str) -> Xml.Element:
    return Xml.SubElement(parent, f"{{{_CP}}}{name}", attributes)
