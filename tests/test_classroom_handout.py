"""What participants get: no solution, no hidden test, no truth."""

import io
import shutil
import zipfile
from dataclasses import replace

import nbformat
import pytest
from click.testing import CliRunner

from classroom_tiny import MODULE, RIGHT, SECRET_TEST, SECRET_VALUE, make_class, write_data
from migkit.classroom import individual
from migkit.classroom.course import Course, open_course
from migkit.classroom.handout import release
from migkit.classroom.individual import seed_of
from migkit.cli.class_ import command
from migkit.reference import KitError


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A class just made, to copy: making the gradebook takes seconds."""
    return make_class(tmp_path_factory.mktemp("made")).root


@pytest.fixture(scope="module")
def course(made, tmp_path_factory):
    return open_course(str(shutil.copytree(made, tmp_path_factory.mktemp("hand out é") / "Banjul 2026 é")))


@pytest.fixture
def fresh(made, tmp_path):
    return open_course(str(shutil.copytree(made, tmp_path / "banjul")))


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


def test_a_solution_that_stands_outside_its_marks_is_not_released(fresh):
    spoil(fresh, lambda nb: nb.cells.append(nbformat.v4.new_raw_cell("### BEGIN HIDDEN TESTS\nx = 1\n")))
    with pytest.raises(KitError, match=r"could not make|Not released"):
        release(fresh)
    assert not list((fresh.root / "release").glob("*.zip"))


def test_a_line_of_the_hidden_tests_in_a_text_is_not_released(fresh, monkeypatch):
    from migkit.classroom import handout

    # As if nbgrader had not taken the hidden tests out.
    spoil(
        fresh,
        lambda nb: nb.cells[4].update(
            source=nb.cells[4].source.replace("### BEGIN", "# BEGUN").replace("### END", "#")
        ),
    )
    monkeypatch.setattr(handout, "secret_lines", lambda _notebook: {f"assert {SECRET_VALUE} > 0"})
    with pytest.raises(KitError, match="q1_test"):
        release(fresh)
    assert not fresh.release_notebook.exists()


# ------------------------------------------------------------------------------- data for each participant


def data_in(path):
    with zipfile.ZipFile(path) as archive:
        return archive.read(f"{MODULE}/data/people.csv").decode()


def give_each_their_own(fresh, **options):
    return release(fresh, individual_data=True, write_data=write_data, **options)


def test_individual_data_are_other_data_for_each_and_the_zip_names_its_owner(fresh):
    release(fresh)
    zips = give_each_their_own(fresh)
    assert [path.name for path in zips] == [f"{MODULE}_{who}.zip" for who in ("p01", "p02", "p03", "a+b_c")]
    assert len({data_in(path) for path in zips}) == 4
    for path, student in zip(zips, ("p01", "p02", "p03", "a+b_c"), strict=True):
        with zipfile.ZipFile(path) as archive:
            assert all("manifest" not in name and "truth" not in name for name in archive.namelist())
            notebook = nbformat.reads(archive.read(f"{MODULE}/{MODULE}.ipynb").decode(), as_version=4)
            read_me = archive.read(f"{MODULE}/READ_ME.txt").decode("utf-8-sig")
        assert notebook.metadata["kit"] == {"participant": student}
        assert f"({student}) alone" in read_me
        assert f"for example {student})" in read_me
        assert (fresh.data_of(student) / "people.csv").read_text() == data_in(path)
    assert not list((fresh.root / "release").glob("*_handout.zip")), "the zip for all would mix the data"
    assert {path.name for path in fresh.individual_data.iterdir()} == {"p01", "p02", "p03", "a+b_c"}


def test_a_seed_follows_from_class_and_person_and_from_neither_alone(fresh):
    people = [f"p{n:02}" for n in range(40)]
    seeds = {seed_of(fresh, student) for student in people}
    assert len(seeds) == 40
    assert seeds == {seed_of(fresh, student) for student in people}, "the same again on another computer"
    other = Course(fresh.root, replace(fresh.settings, seed=41))
    assert not seeds & {seed_of(other, student) for student in people}
    assert not seeds & {0, 1, 40}
    assert min(seeds) >= 2
    assert max(seeds) < 2**31


def test_data_are_never_those_of_the_class(fresh, monkeypatch):
    taken = Course(fresh.root, replace(fresh.settings, seed=2))
    digests = iter([bytes(32), b"\0" * 7 + b"\x09" + bytes(24)])  # the first would give 2, the class's own seed
    monkeypatch.setattr(individual.hmac, "digest", lambda *_: next(digests))
    assert seed_of(taken, "p01") == 11


def test_an_interrupted_release_goes_on_where_it_stopped(fresh):
    made = []

    def breaks_at_the_third(country, scale, seed, out):
        write_data(country, scale, seed, out)
        made.append(seed)
        if len(made) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        release(fresh, individual_data=True, write_data=breaks_at_the_third)
    assert not list((fresh.root / "release").rglob("*.zip"))
    names = {path.name for path in fresh.individual_data.iterdir()}
    assert names == {"p01", "p02", ".making"}
    (fresh.individual_data / "p01" / "people.csv").touch()
    before = (fresh.individual_data / "p01" / "people.csv").stat().st_mtime_ns
    told = []
    zips = release(  # without the flag: the class stays what it became
        fresh,
        progress=lambda done, all_, person: told.append((done, all_, person.student_id)),
        write_data=write_data,
    )
    assert told == [(0, 2, "p03"), (1, 2, "a+b_c")]
    assert len(zips) == 4
    assert (fresh.individual_data / "p01" / "people.csv").stat().st_mtime_ns == before
    assert not (fresh.individual_data / ".making").exists()


def test_who_joins_later_has_no_data_until_the_next_release(fresh):
    give_each_their_own(fresh)
    roster = (fresh.root / "roster.csv").read_text(encoding="utf-8-sig")
    (fresh.root / "roster.csv").write_text(f"{roster}late,Binta,Sow,,,\n", encoding="utf-8")
    with pytest.raises(KitError, match="late has none yet; run kit class release"):
        fresh.data_of("late")
    zips = release(fresh, write_data=write_data)
    assert zips[-1].name == f"{MODULE}_late.zip"
    assert data_in(zips[-1]) not in {data_in(path) for path in zips[:-1]}


def test_the_kind_of_data_changes_only_when_asked_and_never_under_answers(fresh):
    give_each_their_own(fresh)
    (shared,) = release(fresh, individual_data=False)
    assert not fresh.individual
    assert data_in(shared) == "n\n40\n2\n"
    assert fresh.data_of("p01") == fresh.root / "data"
    assert not list((fresh.root / "release" / "handouts").iterdir())
    assert len(list((fresh.root / "backups").glob("individual-*/p01/people.csv"))) == 1
    fresh.submitted("p01").mkdir(parents=True)
    (fresh.submitted("p01") / f"{MODULE}.ipynb").write_text("{}")
    with pytest.raises(KitError, match="answers made on the same data for all"):
        give_each_their_own(fresh)
    assert not fresh.individual
    release(fresh)


def test_the_command_asks_for_individual_data(fresh, monkeypatch):
    monkeypatch.setattr(individual, "data_maker", lambda _module: write_data)
    place = [fresh.root.name, "--dir", str(fresh.root.parent)]
    said = CliRunner().invoke(command, ["release", *place, "--individual"], catch_exceptions=False).output
    assert "give everybody the one with their id" in said
    assert f"{MODULE}_p01.zip" in said
    assert "... and 1 more" in said
