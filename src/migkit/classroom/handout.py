"""Handing out: the notebook without solutions, the data and a short READ ME in one zip."""

import re
import tempfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from nbformat import NotebookNode

from migkit.classroom import files, individual, notebooks
from migkit.classroom.course import Course, Settings, WriteData, copy_exercises, source_folder
from migkit.classroom.roster import Person
from migkit.reference import KitError, _

#: nbgrader's marks around what no participant may see.
MARKS = {
    "BEGIN SOLUTION": "END SOLUTION",
    "BEGIN HIDDEN TESTS": "END HIDDEN TESTS",
    "BEGIN MARK SCHEME": "END MARK SCHEME",
}
#: Files of the data folder that would give the truth away.
SECRET_FILES = re.compile(r"truth|ledger|manifest", re.IGNORECASE)


def secret_lines(notebook: NotebookNode, marks: Collection[str] = tuple(MARKS)) -> set[str]:
    """The lines inside nbgrader's ``marks`` that occur nowhere outside them, without their indentation."""
    inside: set[str] = set()
    outside: set[str] = set()
    for cell in notebook.cells:
        end = ""
        for line in cell.source.splitlines():
            begun = next((mark for mark in marks if mark in line), "")
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


def _read_me(course: Course, owner: Person | None) -> str:
    """What a participant does with the folder."""
    own_data = (
        _(
            "These data were made for {name} ({student}) alone: everybody's numbers differ, and a number from a\n"
            "neighbour is wrong here. Compare how you work, not what comes out.\n\n"
        ).format(name=owner.name, student=owner.student_id)
        if owner and course.individual
        else ""
    )
    return _(
        "{title}: exercises\n"
        "\n"
        "The data in the folder data are SYNTHETIC: they describe no real person.\n\n"
        "{own_data}"
        "1. Put this zip into the folder of the kit (the one that holds kit.py) and unpack it there:\n"
        "   right-click, “Extract all”. Do not work inside the zip. JupyterLab sees no other folder.\n"
        "2. Start the kit. In JupyterLab click the folder symbol at the top left, open the new folder and in it\n"
        "   {module}.ipynb. The lesson has the same name; the title of the exercise begins with “Exercise”.\n"
        "3. Work from top to bottom. Write where it says YOUR CODE HERE or YOUR ANSWER HERE.\n"
        "   Leave the grey, locked cells as they are; add cells of your own if you like.\n"
        "4. Before you hand in: menu Kernel, “Restart Kernel and Run All Cells”, then save.\n"
        "5. Rename the file to {module}_YOURID.ipynb (YOURID is your id in the roster,\n"
        "   for example {student}) and give it to the trainer. If you have joined the board of the room, you can\n"
        '   instead save it and run hand_in("{module}.ipynb") in a cell of your own.\n'
    ).format(
        title=course.title,
        module=course.module,
        own_data=own_data,
        student=owner.student_id if owner else "p01",
    )


def _handout(course: Course, released: NotebookNode, owner: Person | None) -> dict[str, Path | bytes]:
    """The files of one hand-out, by their name in the zip; for everybody if it has no ``owner``."""
    data = course.data_of(owner.student_id) if owner else course.root / "data"
    notebook = _named_notebook(released, owner) if owner else course.release_notebook.read_bytes()
    entries: dict[str, Path | bytes] = {
        f"{course.module}/{course.module}.ipynb": notebook,
        f"{course.module}/READ_ME.txt": _read_me(course, owner).encode("utf-8-sig"),
    }
    for path in sorted(data.rglob("*")):
        if path.is_file() and not SECRET_FILES.search(path.name):
            entries[f"{course.module}/data/{path.relative_to(data).as_posix()}"] = path
    for path in sorted(course.release_notebook.parent.rglob("*")):
        if path.is_file() and path.suffix != ".ipynb":
            entries[f"{course.module}/{path.relative_to(course.release_notebook.parent).as_posix()}"] = path
    return entries


def _named_notebook(notebook: NotebookNode, person: Person) -> bytes:
    """The notebook with its owner's id inside, so that it finds back whatever it is called."""
    own = notebooks.clone(notebook)
    own.metadata["kit"] = {"participant": person.student_id}
    return notebooks.text_of(own).encode("utf-8")


def release(
    course: Course,
    per_participant: bool = False,
    individual_data: bool | None = None,
    progress: Callable[[int, int, Person], None] | None = None,
    write_data: WriteData | None = None,
) -> list[Path]:
    """Make the participants' notebook with nbgrader and pack the hand-out.

    Args:
        course: the class.
        per_participant: one zip for each participant, whose notebook carries the id, instead of one for all.
        individual_data: True gives each participant data of their own (and so a zip each), False the same to all;
            None leaves it as it was.
        progress: told whose data are being made.
        write_data: makes the data, as in :func:`migkit.classroom.course.new_course`.

    Returns:
        The zips, in ``release/``; those of an earlier hand-out of another kind are taken away.

    Raises:
        KitError: if nbgrader cannot make the notebook, a solution or hidden test is left in it, or the kind of
            data would change although answers have come in.
    """
    with course.change("release"):
        released = _release_notebook(course)
        individual.choose(course, individual_data)
        people = course.roster().people
        folder = course.root / "release"
        zips: dict[Path, Person | None] = {folder / f"{course.module}_handout.zip": None}
        if course.individual or per_participant:
            zips = {folder / "handouts" / f"{course.module}_{p.student_id}.zip": p for p in people}
        if course.individual:
            individual.make_data(course, people, write_data, progress)
        for path, owner in zips.items():
            files.write_zip(path, _handout(course, released, owner))
        for path in (*folder.glob("*_handout.zip"), *(folder / "handouts").glob("*.zip")):
            if path not in zips:
                path.unlink()
        return list(zips)


def _release_notebook(course: Course) -> NotebookNode:
    """The participants' notebook, made and looked through."""
    result = course.api().generate_assignment(course.module, force=True, create=True)
    if not result["success"]:
        raise KitError(
            _("nbgrader could not make the participants' notebook of {module}: {why}").format(
                module=course.module, why=result.get("error", "").strip().splitlines()[-1]
            )
        )
    released = notebooks.read(course.release_notebook)
    left = list(_leftovers(released, secret_lines(notebooks.read(course.source_notebook))))
    if left:
        course.release_notebook.unlink()
        raise KitError(
            _("Not released: the participants' notebook would still hold {what}; mend {source}.").format(
                what="; ".join(left), source=course.source_notebook
            )
        )
    return released


def participants_notebook(module: str) -> bytes:
    """The exercises of ``module`` as participants get them, without solutions, outside of any class.

    Raises:
        KitError: if the module has no exercises, or nbgrader left something of a solution in them.
    """
    with tempfile.TemporaryDirectory(prefix="kit-release-") as scratch:
        course = Course(Path(scratch), Settings(module, country="", seed=0, scale=0))
        copy_exercises(source_folder(module), course.root, module)
        _release_notebook(course)
        return course.release_notebook.read_bytes()
