"""The pages of the measures: every room has one, every function is in it, and its examples run in a fresh kit."""

import re
import subprocess
import sys

import pytest

from migkit.editions import measure_pages
from migkit.reference import ROOT

PAGES = ROOT / "book" / "measures"
#: Packages of the groups "office" and "spark": a kit that was only started does not have them.
NOT_THERE = ("ibis", "polars", "pyarrow", "pyreadstat", "pysdmx", "pytauargus", "splink", "sqlglot", "svy")


@pytest.mark.parametrize("topic", measure_pages.topics())
def test_every_room_has_a_page_with_an_executed_example_and_its_reference(topic):
    page = (PAGES / f"{topic}.md").read_text(encoding="utf-8")
    assert "```{code-cell}" in page
    assert f"_generated/measures_{topic}.md" in page
    assert f"book/measures/{topic}" in (ROOT / "_toc.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("topic", measure_pages.topics())
def test_the_reference_names_every_function_and_class(topic):
    import importlib

    module = importlib.import_module(f"migkit.measures.{topic}")
    text = measure_pages.reference(topic)
    for name in measure_pages.documented(module):
        assert f":: migkit.measures.{topic}.{name}\n" in text
        assert text.count(f"\n### {name}\n") == 1


def test_examples_run_without_the_packages_of_the_office(teaching_data):
    code = [f"import sys\nfor name in {NOT_THERE!r}: sys.modules[name] = None"]
    for page in sorted(PAGES.glob("*.md")):
        cells = re.findall(r"```\{code-cell\} python\n(.*?)```", page.read_text(encoding="utf-8"), re.S)
        code += [
            f"exec({cell!r}, held)" if at else f"held = {{}}\nexec({cell!r}, held)"
            for at, cell in enumerate(cells)
        ]
    ran = subprocess.run(
        [sys.executable, "-c", "\n".join(code)], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
