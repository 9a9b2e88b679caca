"""A small assignment and a small class, so that the tests of the classroom take seconds."""

import io
import zipfile
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from migkit.classroom.course import Course, new_course

MODULE = "tiny"
#: Strings that stand in hidden tests only.
SECRET_TEST = "distinctive_hidden_name"
SECRET_VALUE = "87654321"
ROSTER = """student_id;first_name;last_name;email
p01;Awa;Ceesay;p01@example.org
p02;Inês;Gomes;p02@example.org
p03;Fatou;N'Diaye;p03@example.org
a+b c;Moussa;Traoré;
"""
RIGHT = {"q1": "total = int(data['n'].sum())", "q2": "share = data['n'].max() / data['n'].sum()"}


def marked(cell, grade_id, grade=False, solution=False, points=None):
    """The cell with nbgrader's metadata; what is no answer is locked."""
    cell.metadata["nbgrader"] = {
        "grade": grade,
        "grade_id": grade_id,
        "locked": not solution,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    if points is not None:
        cell.metadata["nbgrader"]["points"] = points
    return cell


def source_notebook() -> nbformat.NotebookNode:
    """Three questions: a number, a share, and a written one."""
    setup = (
        "import os\nfrom pathlib import Path\n\nimport pandas as pd\n\n"
        "data = pd.read_csv(Path(os.environ.get('KIT_DATA', 'data')) / 'people.csv')"
    )
    test1 = (
        "assert isinstance(total, int), 'q1: total must be a whole number.'\n"
        "### BEGIN HIDDEN TESTS\n"
        f"{SECRET_TEST} = int(pd.read_csv(Path(os.environ['KIT_DATA']) / 'people.csv')['n'].sum())\n"
        f"assert {SECRET_VALUE} > 0\n"
        f"assert total == {SECRET_TEST}, 'q1: the total does not match the data.'\n"
        "### END HIDDEN TESTS"
    )
    test2 = (
        "assert share is not None\n"
        "### BEGIN HIDDEN TESTS\n"
        "expected_share_of_largest = data['n'].max() / data['n'].sum()\n"
        "assert abs(share - expected_share_of_largest) < 1e-9, f'not {expected_share_of_largest}, but {share}'\n"
        "### END HIDDEN TESTS"
    )
    cells = [
        new_markdown_cell("# A tiny assignment"),
        marked(new_code_cell(setup), "setup"),
        new_markdown_cell("## Question 1: the total"),
        marked(new_code_cell(f"### BEGIN SOLUTION\n{RIGHT['q1']}\n### END SOLUTION"), "q1", solution=True),
        marked(new_code_cell(test1), "q1_test", grade=True, points=2),
        new_markdown_cell("## Question 2: the largest share"),
        marked(new_code_cell(f"### BEGIN SOLUTION\n{RIGHT['q2']}\n### END SOLUTION"), "q2", solution=True),
        marked(new_code_cell(test2), "q2_test", grade=True, points=1),
        new_markdown_cell("## Question 3: in words"),
        marked(new_markdown_cell("The model answer of the authors."), "q3", grade=True, solution=True, points=3),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def write_source(folder: Path) -> Path:
    """The assignment as authors keep it; gives the folder to copy from."""
    place = folder / "exercises" / "source" / MODULE
    place.mkdir(parents=True)
    nbformat.write(source_notebook(), place / f"{MODULE}.ipynb")
    return place


def write_data(_country: str, _scale: float, seed: int, out: Path) -> None:
    """Data in the shape that the generator gives."""
    for room, name, text in (
        ("participants", "people.csv", f"n\n{seed}\n2\n"),
        ("trainer", "synthetic_gmb_truth_persons.csv", "truth\n"),
    ):
        (out / room).mkdir(parents=True, exist_ok=True)
        (out / room / name).write_text(text, encoding="utf-8")
    (out / "manifest.json").write_text(f'{{"seed": {seed}}}', encoding="utf-8")


def make_class(folder: Path, name: str = "Banjul 2026 é", roster: str = ROSTER) -> Course:
    """A class of four with the tiny assignment and seed 40."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "roster.csv"
    path.write_text(roster, encoding="utf-8")
    course, _roster = new_course(
        name, path, MODULE, seed=40, folder=folder / "classes", source=write_source(folder), write_data=write_data
    )
    return course


def answer(
    course: Course, q1: str = RIGHT["q1"], q2: str = RIGHT["q2"], q3: str = "Because."
) -> nbformat.NotebookNode:
    """The released notebook with answers put in."""
    notebook = nbformat.read(course.release_notebook, as_version=4)
    given = {"q1": q1, "q2": q2, "q3": q3}
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in given:
            cell.source = given[name]
    return notebook


def text(notebook: nbformat.NotebookNode) -> str:
    """The notebook as the text of its file."""
    return nbformat.writes(notebook)


def make_zip(entries: dict[str, str | bytes]) -> bytes:
    """A zip in memory."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()
