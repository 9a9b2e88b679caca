"""The last touches on DOCX and PPTX files that pandoc made: tables, pictures, footers, metadata.

Pandoc fills the layouts of the reference files but knows no table design, no footer text and no alternative text
rule. This module opens the finished file, mends these, and writes it back so that the same input gives the same bytes.
"""

import io
import zipfile
from pathlib import Path
from typing import Any

from migkit.reference import _
from migkit.reference.palette import INK, MIST, SAND, TEAL, WHITE

#: Who made the documents, as their metadata say.
AUTHOR = "Migration data training kit"
_EPOCH = (1980, 1, 1, 0, 0, 0)
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
    temporary = target.with_name(target.name + ".part")
    # Entries in a fixed order under a fixed date: the same content is the same file.
    with zipfile.ZipFile(memory) as source, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as package:
        for name in sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, source.read(name))
    temporary.replace(target)


def describe(document: Any, title: str, language: str) -> None:
    """Set the metadata that readers and screen readers show."""
    core = document.core_properties
    core.title, core.author, core.language = title, AUTHOR, language
    core.last_modified_by = AUTHOR
