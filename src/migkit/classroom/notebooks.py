"""Reading and writing notebooks: nbformat, with types."""

import copy
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode


def parse(text: str) -> NotebookNode:
    """A notebook from the text of its file."""
    notebook: NotebookNode = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    return notebook


def read(path: Path) -> NotebookNode:
    """A notebook from its file."""
    return parse(path.read_text(encoding="utf-8"))


def text_of(notebook: NotebookNode) -> str:
    """The text of a notebook's file."""
    return str(nbformat.writes(notebook))  # type: ignore[no-untyped-call]


def clone(notebook: NotebookNode) -> NotebookNode:
    """A copy that can be changed."""
    return copy.deepcopy(notebook)


def output(**fields: object) -> NotebookNode:
    """An output of a cell."""
    return NotebookNode(**fields)  # type: ignore[no-untyped-call]


def as_node(fields: dict[str, object]) -> NotebookNode:
    """A part of a notebook, with all that is in it."""
    node: NotebookNode = nbformat.from_dict(fields)  # type: ignore[no-untyped-call]
    return node


def grade_id(cell: NotebookNode) -> str:
    """nbgrader's id of the cell, or nothing."""
    marks = cell.metadata.get("nbgrader")
    name = marks.get("grade_id") if isinstance(marks, dict) else ""
    return name if isinstance(name, str) else ""


def label_of(cell_id: str) -> str:
    """The question of a graded cell: ``q3`` for ``q3``, ``q3_test`` and ``test_q3``; else its id."""
    match = re.search(r"(?:^|[^a-z0-9])q_?0*(\d+)(?:[^0-9]|$)", cell_id, re.IGNORECASE)
    return f"q{match.group(1)}" if match else cell_id
