"""What participants get: no solution, no hidden test, no truth."""

import io
import zipfile

import nbformat
import pytest

from classroom_tiny import MODULE, RIGHT, SECRET_TEST, SECRET_VALUE, make_class
from migkit.classroom.course import open_course
from migkit.classroom.handout import release
from migkit.reference import KitError


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return make_class(tmp_path_factory.mktemp("hand out é"))


def test_the_zip_holds_notebook_data_and_read_me_and_nothing_secret(course):
    (path,) = release(course)
    with zipfile.ZipFile(path) as archive:
        assert set(archive.namelist()) == {
            f"{MODULE}/{MODULE}.ipynb",
            f"{MODULE}/READ_ME.txt",
            f"{MODULE}/data/people.csv",
        }
        everything = b"".join(archive.read(name) for name in archive.namelist()).decode("utf-8")
    for secret in (*RIGHT.values(), SECRET_TEST, SECRET_VALUE, "model answer", "BEGIN", "manifest"):
        assert secret not in everything
    assert "SYNTHETIC" in everything
    assert "assert isinstance(total, int)" in everything


def test_each_participant_can_get_a_notebook_with_the_own_id(course):
    zips = release(course, per_participant=True)
    assert len(zips) == 4
    with zipfile.ZipFile(course.root / "release" / "handouts" / f"{MODULE}_p02.zip") as archive:
        notebook = nbformat.read(io.BytesIO(archive.read(f"{MODULE}/{MODULE}.ipynb")), as_version=4)
    assert notebook.metadata["kit"]["participant"] == "p02"


def test_the_gradebook_is_copied_before_each_release(course):
    before = len(list((course.root / "backups" / "gradebook").glob("*.db")))
    release(course)
    assert len(list((course.root / "backups" / "gradebook").glob("*.db"))) == before + 1


def spoil(course, change):
    notebook = nbformat.read(course.source_notebook, as_version=4)
    change(notebook)
    nbformat.write(notebook, course.source_notebook)


def test_a_solution_that_stands_outside_its_marks_is_not_released(tmp_path):
    course = make_class(tmp_path)
    spoil(course, lambda nb: nb.cells.append(nbformat.v4.new_raw_cell("### BEGIN HIDDEN TESTS\nx = 1\n")))
    with pytest.raises(KitError, match=r"could not make|Not released"):
        release(course)
    assert not list((course.root / "release").glob("*.zip"))


def test_a_line_of_the_hidden_tests_in_a_text_is_not_released(tmp_path, monkeypatch):
    from migkit.classroom import handout

    course = make_class(tmp_path)
    # As if nbgrader had not taken the hidden tests out.
    spoil(
        open_course(str(course.root)),
        lambda nb: nb.cells[4].update(
            source=nb.cells[4].source.replace("### BEGIN", "# BEGUN").replace("### END", "#")
        ),
    )
    monkeypatch.setattr(handout, "secret_lines", lambda _notebook: {f"assert {SECRET_VALUE} > 0"})
    with pytest.raises(KitError, match="q1_test"):
        release(course)
    assert not course.release_notebook.exists()
