"""Lesson notebooks: clean files, short cells, honest headers, and a run from top to bottom."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from migkit.reference import ROOT, curriculum

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MODULES = {module.slug: module for module in curriculum()}
LONGEST_CELL = 13
WIDEST_LINE = 78  # the book's page cuts off what is wider


def markdown(path: Path) -> str:
    return "\n\n".join(cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown")


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request) -> Path:
    return request.param


def test_there_are_lessons():
    assert NOTEBOOKS


def test_the_file_is_valid_and_clean(notebook):
    raw = json.loads(notebook.read_text(encoding="utf-8"))
    assert (raw["nbformat"], raw["nbformat_minor"]) == (4, 5)
    nbformat.validate(nbformat.read(notebook, 4))
    for cell in raw["cells"]:
        assert cell.get("outputs", []) == [] and cell.get("execution_count") is None, cell["id"]
    assert "widgets" not in raw["metadata"]


def test_cell_names_are_stable(notebook):
    """Translation and the trainer's notes point at cells by name: words, not random letters, none twice."""
    names = [cell.id for cell in nbformat.read(notebook, 4).cells]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(rf"m{notebook.stem[:2]}-[a-z0-9-]+", name) for name in names)


def test_code_cells_are_short_and_define_nothing(notebook):
    for cell in nbformat.read(notebook, 4).cells:
        if cell.cell_type == "code":
            lines = cell.source.splitlines()
            assert len(lines) <= LONGEST_CELL, cell.id
            assert max(map(len, lines)) <= WIDEST_LINE, cell.id
            assert not re.search(r"^\s*(def|class|lambda|input\()\b", cell.source, re.M), cell.id


def test_the_header_says_what_the_curriculum_says(notebook):
    module, first = MODULES[notebook.stem], nbformat.read(notebook, 4).cells[0].source
    assert module.question in first
    assert f"{module.minutes['lesson']} minutes" in first
    assert [line[2:] for line in first.splitlines() if line.startswith("- ")] == list(module.outcomes)
    assert "synthetic" in first.lower()


def test_the_minutes_of_the_parts_add_up(notebook):
    parts = re.findall(r"^## \d+\. .*\((\d+) minutes\)$", markdown(notebook), re.M)
    assert sum(map(int, parts)) == MODULES[notebook.stem].minutes["lesson"]


def test_a_lesson_has_all_its_parts(notebook):
    text = markdown(notebook)
    code = "\n".join(cell.source for cell in nbformat.read(notebook, 4).cells if cell.cell_type == "code")
    for part in (
        "guess",
        "In Excel",
        "### Your turn",
        "your own file",
        "minister",
        "## Key points",
        "## Self-test",
    ):
        assert part in text, part
    for call in ("load(", "check(", "explorers.", "charts.", "official_table(", "truth(", "load_own("):
        assert call in code, call
    assert "read_csv" not in code and "read_excel" not in code


def test_every_turn_has_a_check_that_exists(notebook):
    from migkit.lesson.checking import _known

    code = "\n".join(cell.source for cell in nbformat.read(notebook, 4).cells if cell.cell_type == "code")
    asked = re.findall(r'check\("(\w+)"', code)
    assert len(asked) == markdown(notebook).count("### Your turn")
    assert set(asked) <= set(_known(notebook.stem))


@pytest.mark.slow
def test_the_lessons_run_untouched_from_top_to_bottom(teaching_data, tmp_path):
    """nbval in its lax mode: every cell runs; outputs are not compared, for there are none in the file."""
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull),
            *("--rootdir", str(ROOT / "notebooks"), "--nbval-lax", "--nbval-current-env", *map(str, NOTEBOOKS)),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert ran.returncode == 0, ran.stdout[-4000:]
