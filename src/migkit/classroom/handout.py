"""Handing out: the notebook without solutions, the data and a short READ ME in one zip."""

import re
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

from migkit.classroom import files, notebooks
from migkit.classroom.course import Course
from migkit.classroom.roster import Person
from migkit.reference import KitError, _, curriculum

#: nbgrader's marks around what no participant may see.
MARKS = {
    "BEGIN SOLUTION": "END SOLUTION",
    "BEGIN HIDDEN TESTS": "END HIDDEN TESTS",
    "BEGIN MARK SCHEME": "END MARK SCHEME",
}
#: Files of the data folder that would give the truth away.
SECRET_FILES = re.compile(r"truth|ledger|manifest", re.IGNORECASE)


def secret_lines(notebook: NotebookNode) -> set[str]:
    """The lines inside nbgrader's marks that occur nowhere outside them, without their indentation."""
    inside: set[str] = set()
    outside: set[str] = set()
    for cell in notebook.cells:
        end = ""
        for line in cell.source.splitlines():
            begun = next((mark for mark in MARKS if mark in line), "")
            if begun:
                end = MARKS[begun]
            elif end and end in line:
                end = ""
            else:
                (inside if end else outside).add(line.strip())
    return {line for line in inside - outside if len(line) >= 12}


def _leftovers(released: NotebookNode, secrets: set[str]) -> Iterator[str]:
    """Each thing in the released notebook that must not be there."""
    for number, cell in enumerate(released.cells, start=1):
        label = cell.metadata.get("nbgrader", {}).get("grade_id") or str(number)
        for mark in MARKS:
            if mark in cell.source:
                yield _("{mark} in cell {cell}").format(mark=mark, cell=label)
        for line in cell.source.splitlines():
            if line.strip() in secrets:
                yield _("a line of a solution or hidden test in cell {cell}").format(cell=label)
                break
        if cell.get("outputs"):
            yield _("an output in cell {cell}").format(cell=label)


def _read_me(course: Course) -> str:
    """What a participant does with the folder."""
    title = next((module.title for module in curriculum() if module.slug == course.module), course.module)
    return _(
        "{title}: exercises\n"
        "\n"
        "The data in the folder data are SYNTHETIC: they describe no real person.\n"
        "\n"
        "1. Put this zip into the folder of the kit (the one that holds kit.py) and unpack it there:\n"
        "   right-click, “Extract all”. Do not work inside the zip. JupyterLab sees no other folder.\n"
        "2. Start the kit. In JupyterLab click the folder symbol at the top left, open the new folder and in it\n"
        "   {module}.ipynb. The lesson has the same name; the title of the exercise begins with “Exercise”.\n"
        "3. Work from top to bottom. Write where it says YOUR CODE HERE or YOUR ANSWER HERE.\n"
        "   Leave the grey, locked cells as they are; add cells of your own if you like.\n"
        "4. Before you hand in: menu Kernel, “Restart Kernel and Run All Cells”, then save.\n"
        "5. Rename the file to {module}_YOURID.ipynb (YOURID is your id in the roster, for example p01)\n"
        "   and give it to the trainer.\n"
    ).format(title=title, module=course.module)


def _handout(course: Course, notebook: bytes) -> dict[str, Path | bytes]:
    """The files of one hand-out, by their name in the zip."""
    entries: dict[str, Path | bytes] = {
        f"{course.module}/{course.module}.ipynb": notebook,
        f"{course.module}/READ_ME.txt": _read_me(course).encode("utf-8-sig"),
    }
    for path in sorted((course.root / "data").rglob("*")):
        if path.is_file() and not SECRET_FILES.search(path.name):
            entries[f"{course.module}/data/{path.relative_to(course.root / 'data').as_posix()}"] = path
    for path in sorted(course.release_notebook.parent.rglob("*")):
        if path.is_file() and path.suffix != ".ipynb":
            entries[f"{course.module}/{path.relative_to(course.release_notebook.parent).as_posix()}"] = path
    return entries


def _named_notebook(notebook: NotebookNode, person: Person) -> bytes:
    """The notebook with its owner's id inside, so that it finds back whatever it is called."""
    own = notebooks.clone(notebook)
    own.metadata["kit"] = {"participant": person.student_id}
    return notebooks.text_of(own).encode("utf-8")


def release(course: Course, per_participant: bool = False) -> list[Path]:
    """Make the participants' notebook with nbgrader and pack the hand-out.

    Args:
        course: the class.
        per_participant: one zip for each participant, whose notebook carries the id, instead of one for all.

    Returns:
        The zips, in ``release/``.

    Raises:
        KitError: if nbgrader cannot make the notebook, or a solution or hidden test is left in it.
    """
    with course.change("release"):
        result = course.api().generate_assignment(course.module, force=True, create=True)
        if not result["success"]:
            raise KitError(
                _("nbgrader could not make the participants' notebook of {module}: {why}").format(
                    module=course.module, why=result.get("error", "").strip().splitlines()[-1]
                )
            )
        source = notebooks.read(course.source_notebook)
        released = notebooks.read(course.release_notebook)
        left = list(_leftovers(released, secret_lines(source)))
        if left:
            course.release_notebook.unlink()
            raise KitError(
                _("Not released: the participants' notebook would still hold {what}; mend {source}.").format(
                    what="; ".join(left), source=course.source_notebook
                )
            )
        target = course.root / "release"
        if not per_participant:
            zips = {target / f"{course.module}_handout.zip": course.release_notebook.read_bytes()}
        else:
            zips = {
                target / "handouts" / f"{course.module}_{person.student_id}.zip": _named_notebook(released, person)
                for person in course.roster().people
            }
        for path, notebook in zips.items():
            files.write_zip(path, _handout(course, notebook))
        return list(zips)
