"""The book, without building it: generated pages, palette, vendored files, licences, cover."""

import json
import re
import threading
from pathlib import Path

import pytest
import yaml

import migkit
from migkit.editions import cover, generated, vendor
from migkit.editions.alone import alone
from migkit.evaluation import Item, Option
from migkit.reference import ROOT, curriculum, palette

STATIC = ROOT / "book" / "_static"
COLOURS = ("INK", "TEAL", "OCHRE", "BRICK", "LEAF", "MIST", "SAND", "WHITE")


def option(text: str, correct: bool = False) -> Option:
    return Option(text=text, correct=correct, feedback=f"About {text}.")


def item(*options: Option) -> Item:
    return Item("m04-01", ("quiz",), 1, 1, "Which costs $5 | or <b>less</b>?", options, ())


# ------------------------------------------------------------------------------------- generated pages


def test_plain_text_stays_plain() -> None:
    assert generated.plain("a *b* _c_ `d` [e] <f> $g$ h|i\n j") == (
        r"a \*b\* \_c\_ \`d\` \[e\] \<f\> \$g\$ h\|i j"
    )


def test_quiz_lists_options_and_comments_in_the_same_order() -> None:
    question = item(option("one"), option("two", correct=True), option("three"))
    lines = generated.quiz([question]).splitlines()
    listed = [line.removeprefix("1. ") for line in lines if line.startswith("1. ")]
    shown, comments = listed[:3], listed[3:]
    assert shown == ["one", "two", "three"]
    for text, comment in zip(shown, comments, strict=True):
        mark = "**Right.**" if text == "two" else "*No.*"
        assert comment == f"{mark} About {text}."


def test_the_right_option_stands_in_no_fixed_place() -> None:
    places = set()
    for slug in (module.slug for module in curriculum(ready_only=True)):
        for question in generated.items(slug, use="quiz"):
            places.add([o.correct for o in question.options].index(True))
    assert len(places) >= 3


def test_programme_has_a_row_for_every_module_and_links_the_ready_ones() -> None:
    text = generated.programme(curriculum())
    for module in curriculum():
        assert f"| {module.code} | " in text
        assert (f"(/book/{module.slug}.md)" in text) == module.ready


def test_first_page_says_the_times_of_the_curriculum() -> None:
    for module in curriculum(ready_only=True):
        text = generated.today([module])
        for minutes in module.minutes.values():
            assert f"{minutes}{generated.NBSP}minutes" in text


def test_module_head_says_time_outcomes_and_data() -> None:
    for module in curriculum(ready_only=True):
        text = generated.module_head(module)
        for outcome in module.outcomes:
            assert generated.plain(outcome) in text
        for minutes in module.minutes.values():
            assert f"| {minutes}{generated.NBSP}min |" in text
        for table in module.data:
            assert f"(#table-{table})" in text


def test_writing_again_touches_nothing_and_removes_what_is_gone(tmp_path: Path) -> None:
    first = generated.write_all(tmp_path)
    stamps = {path: path.stat().st_mtime_ns for path in first}
    (tmp_path / "quiz_99_gone.md").write_text("old", encoding="utf-8")
    second = generated.write_all(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in second} == stamps
    assert not (tmp_path / "quiz_99_gone.md").exists()


# ---------------------------------------------------------------------------------------------- look


def test_style_sheet_has_the_palette() -> None:
    text = (STATIC / "kit.css").read_text(encoding="utf-8")
    found = dict(re.findall(r"--kit-(\w+): (#[0-9a-f]{6});", text))
    assert found == {name.lower(): getattr(palette, name) for name in COLOURS}


def test_cover_is_what_the_figures_draw() -> None:
    assert cover.COVER.read_text(encoding="utf-8") == cover.draw()


def test_cover_draws_the_largest_pairs() -> None:
    drawn = cover._largest()
    assert len(drawn) == cover.ARCS
    assert cover.draw().count("<linearGradient") == cover.ARCS
    assert drawn.iloc[0][["origin", "destination"]].tolist() == ["BFA", "CIV"]


# ----------------------------------------------------------------------------------- vendored scripts


def test_vendored_files_are_the_ones_described() -> None:
    assert vendor.faults() == []
    assert vendor.faults(vendor.BROWSER_VENDOR) == []


@pytest.fixture
def small_vendor(tmp_path: Path) -> Path:
    package = {"name": "x", "version": "1", "licence_file": "x/LICENSE", "files": {}, "take": {}}
    (tmp_path / "x").mkdir()
    for name in ("x/x.js", "x/LICENSE", "README.md"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    package["files"] = {"x/x.js": vendor.sha256(tmp_path / "x/x.js")}
    (tmp_path / "vendor.json").write_text(json.dumps({"packages": [package]}), encoding="utf-8")
    assert vendor.faults(tmp_path) == []
    return tmp_path


def test_a_changed_a_missing_and_an_unknown_file_are_named(small_vendor: Path) -> None:
    (small_vendor / "x" / "x.js").write_text("changed", encoding="utf-8")
    (small_vendor / "x" / "LICENSE").unlink()
    (small_vendor / "extra.js").write_text("?", encoding="utf-8")
    faults = " ".join(vendor.faults(small_vendor))
    assert "x/x.js differs" in faults
    assert "x/LICENSE is missing" in faults
    assert "extra.js is not in vendor.json" in faults


def test_taking_files_drops_source_maps(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "a.js").write_text("run();\n//# sourceMappingURL=a.js.map", encoding="utf-8")
    taken = vendor._take(tmp_path / "package", {"a.js": "lib/"}, tmp_path / "here")
    assert (tmp_path / "here" / "lib" / "a.js").read_text(encoding="utf-8") == "run();\n"
    assert list(taken) == ["lib/a.js"]


# ------------------------------------------------------------------------------------ one at a time


def test_a_second_build_waits_for_the_first(tmp_path: Path) -> None:
    order: list[str] = []
    told, inside = threading.Event(), threading.Event()

    def second() -> None:
        inside.wait(10)
        with alone(tmp_path / "lock", told.set):
            order.append("second")

    other = threading.Thread(target=second)
    other.start()
    with alone(tmp_path / "lock", told.set):
        assert not told.is_set()
        inside.set()
        assert told.wait(10)
        order.append("first")
    other.join(10)
    assert order == ["first", "second"]


# -------------------------------------------------------------------------------- licences, citation


def test_citation_names_the_version_and_both_licences() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == migkit.__version__
    assert citation["license"] == ["BSD-3-Clause", "CC-BY-4.0"]
    assert "Section 8 – Interpretation." in (ROOT / "LICENSE-CONTENT").read_text(encoding="utf-8")
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("BSD 3-Clause License")


def test_the_page_of_every_ready_module_is_in_the_table_of_contents() -> None:
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    for module in curriculum(ready_only=True):
        for page in (f"book/{module.slug}", f"notebooks/{module.slug}", f"book/users/{module.slug}"):
            assert re.search(rf"file: {page}$", toc, re.M)
