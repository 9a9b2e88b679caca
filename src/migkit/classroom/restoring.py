"""A hand-in as the grader takes it: what the authors locked is theirs again, every mark of nbgrader is theirs too.

nbgrader restores locked cells from its gradebook and fails on some that are gone. Here the assignment's own two
notebooks serve, the authors' and the participants', so that it works without the gradebook and any cell that was
lost, doubled, renamed or rewritten comes back with a note.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader import utils

from migkit.classroom import notebooks
from migkit.classroom.notebooks import grade_id
from migkit.reference import KitError, _

#: Keys of the grader in a notebook's metadata: what no hand-in may bring along.
NOTES, STOPPED, MARKS = "kit_notes", "kit_stopped", "kit_marks"
MOST_NOTES = 30


@dataclass(frozen=True)
class Assignment:
    """The authors' notebook (``source``) and the participants' (``released``), cell by cell the same ids."""

    source: NotebookNode
    released: NotebookNode

    @classmethod
    def read(cls, source: Path, released: Path) -> "Assignment":
        """Read both.

        Raises:
            KitError: if the authors' notebook has other cells than the released one.
        """
        found = cls(notebooks.read(source), notebooks.read(released))
        ids = [
            [grade_id(cell) for cell in each.cells if grade_id(cell)] for each in (found.source, found.released)
        ]
        if ids[0] != ids[1]:
            raise KitError(
                _("{source} has changed since it was released; run kit class release again.").format(source=source)
            )
        return found

    def cells(self) -> list[tuple[str, NotebookNode, NotebookNode]]:
        """Id, authors' cell and participants' cell of all that nbgrader knows, in order."""
        theirs = {grade_id(cell): cell for cell in self.released.cells if grade_id(cell)}
        return [(grade_id(cell), cell, theirs[grade_id(cell)]) for cell in self.source.cells if grade_id(cell)]


def restore(hand_in: NotebookNode, assignment: Assignment) -> NotebookNode:
    """The authors' notebook with the words of ``hand_in``, and notes of what differed.

    Of a hand-in only the source of its cells is taken over, and pictures pasted into its text: nothing else in a
    notebook is an answer, and whatever reads it later need not fear what stands there.
    """
    metadata = {
        name: notebooks.clone(assignment.source.metadata[name])
        for name in ("kernelspec", "language_info")
        if name in assignment.source.metadata
    }
    cells = [_bare(cell) for cell in hand_in.cells]
    nb = notebooks.as_node({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells})
    known = {name: (source, released) for name, source, released in assignment.cells()}
    seen: set[str] = set()
    for theirs, cell in zip(hand_in.cells, nb.cells, strict=True):
        name = grade_id(theirs)
        if name in known and name not in seen:
            seen.add(name)
            _put_right(nb, cell, *known[name])
        elif name in known:
            note(nb, _("the cell {cell} was there twice; the first counts").format(cell=name))
        elif name:
            note(nb, _("the cell {cell} is not in this assignment").format(cell=_readable(name)))
    _put_back(nb, assignment, seen)
    for place, cell in enumerate(nb.cells):
        cell["id"] = f"cell-{place}"
    return nb


def _bare(cell: NotebookNode) -> NotebookNode:
    """A cell of the same kind and words, and nothing else."""
    kind = cell.get("cell_type") if cell.get("cell_type") in ("code", "markdown") else "raw"
    source = cell.source.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair cannot be written
    bare = notebooks.output(cell_type=kind, metadata=notebooks.output(), source=source)
    if kind == "code":
        bare.outputs, bare.execution_count = [], None
    elif kind == "markdown" and _are_pictures(cell.get("attachments")):
        bare.attachments = notebooks.clone(cell.attachments)
    return bare


def _are_pictures(attachments: Any) -> bool:
    """Whether these are what Jupyter keeps beside a text: pictures by name and kind."""
    return isinstance(attachments, dict) and all(
        isinstance(forms, dict) and all(isinstance(data, str) for data in forms.values())
        for forms in attachments.values()
    )


def _readable(name: str) -> str:
    """A name that somebody made up, on one short line."""
    text = "".join(letter if letter.isprintable() else " " for letter in name[:41])
    return text if len(text) <= 40 else f"{text[:40]}…"


def note(nb: NotebookNode, text: str) -> None:
    """Leave a sentence about this hand-in for the trainer; after many there is nothing new in one more."""
    notes = nb.metadata.setdefault(NOTES, [])
    if text not in notes and len(notes) < MOST_NOTES:
        notes.append(text)


def _marks_of(source: NotebookNode, released: NotebookNode) -> Any:
    """nbgrader's metadata of a cell, with the checksum by which it sees that nobody answered."""
    marks = notebooks.clone(source.metadata["nbgrader"])
    checksum = released.metadata["nbgrader"].get("checksum")
    if checksum:
        marks["checksum"] = checksum
    return marks


def _put_right(nb: NotebookNode, cell: NotebookNode, source: NotebookNode, released: NotebookNode) -> None:
    cell.metadata["nbgrader"] = _marks_of(source, released)
    if cell.cell_type != source.cell_type:
        note(nb, _("the cell {cell} had become another kind of cell").format(cell=grade_id(source)))
        _become(cell, source.cell_type)
    if not utils.is_locked(source):
        return
    if _words(cell.source) != _words(released.source):
        note(nb, _("the locked cell {cell} had been changed; it was restored").format(cell=grade_id(source)))
    cell.source = source.source


def _become(cell: NotebookNode, kind: str) -> None:
    cell.cell_type = kind
    if kind == "code":
        cell.outputs, cell.execution_count = [], None
    else:
        cell.pop("outputs", None)
        cell.pop("execution_count", None)


def _words(text: str) -> list[str]:
    """What an editor that trims or wraps white space does not change."""
    return text.split()


def _put_back(nb: NotebookNode, assignment: Assignment, seen: set[str]) -> None:
    """Put each missing graded or locked cell behind the nearest cell that came before it in the assignment."""
    order = [name for name, _source, _released in assignment.cells()]
    for place, (name, source, released) in enumerate(assignment.cells()):
        if name in seen or not (utils.is_grade(source) or utils.is_locked(source) or utils.is_task(source)):
            continue
        cell = notebooks.clone(source if utils.is_locked(source) else released)
        cell.metadata["nbgrader"] = _marks_of(source, released)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        present = [grade_id(each) for each in nb.cells]
        before = [present.index(other) for other in order[:place] if other in present]
        nb.cells.insert(before[-1] + 1 if before else 0, cell)
        note(nb, _("the cell {cell} was missing; it was put back").format(cell=name))
