"""The bar inside a real JupyterLite: it saves by itself, loses nothing between tabs, takes work out and in."""

import json
import time
from collections.abc import Iterator

import nbformat
import pytest

from migkit.editions.browser import layout
from migkit.reference import curriculum
from test_browser_home import DESK, TELEPHONE, Visit, browser_of_its_own, give, saved_work, serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SLUG = next(module.slug for module in curriculum(ready_only=True))
LESSON, EXERCISE = layout.lesson(SLUG), layout.exercise(SLUG)


@pytest.fixture(scope="module")
def site(browser_edition) -> Iterator[str]:
    yield from serving(browser_edition)


@pytest.fixture
def visit(chromium, site) -> Iterator[Visit]:
    visitor = Visit(chromium, site)
    yield visitor
    visitor.context.close()


def open_notebook(page, site: str, path: str = EXERCISE):
    """Open a notebook and let the loading screen be: these tests need no Python."""
    page.goto(f"{site}{layout.NOTEBOOK_PAGE}?path={path}")
    page.wait_for_function("window.jupyterapp && document.querySelector('.jp-Notebook .jp-Cell')", timeout=60_000)
    page.add_style_tag(content=".kit-loading { display: none !important; }")
    page.wait_for_function("document.body.classList.contains('kit-has-bar')")
    page.wait_for_timeout(1000)  # the bar asks the other tabs
    return page


def write(page, words: str) -> None:
    page.evaluate(
        "text => jupyterapp.shell.currentWidget.content.widgets[0].model.sharedModel.setSource(text)", words
    )


def read(page) -> str:
    return page.evaluate("jupyterapp.shell.currentWidget.content.widgets[0].model.sharedModel.getSource()")


def kept(page, words: str) -> bool:
    return words in json.dumps(page.evaluate("kit.work.list()"))


def wait_kept(page, words: str, seconds: float = 8) -> float:
    begun = time.monotonic()
    while not kept(page, words):
        assert time.monotonic() - begun < seconds, "not saved"
        time.sleep(0.1)
    return time.monotonic() - begun


def test_what_is_typed_is_saved_in_seconds_and_outlives_a_kill(chromium, site, tmp_path):
    with browser_of_its_own(chromium, tmp_path / "profile", kill=True) as context:
        page = context.new_page()
        open_notebook(page, site)
        write(page, "typed before the power went")
        page.wait_for_function("document.querySelector('.kit-state').textContent === 'not saved yet'")
        assert wait_kept(page, "typed before the power went") < 5
        page.wait_for_function("document.querySelector('.kit-state').textContent.includes('in this browser')")
        time.sleep(1)
    with browser_of_its_own(chromium, tmp_path / "profile") as context:
        assert read(open_notebook(context.new_page(), site)) == "typed before the power went"


def test_of_two_tabs_one_saves_and_the_other_says_so(visit, site):
    first = open_notebook(visit.page, site)
    write(first, "from the first")
    wait_kept(first, "from the first")
    second = open_notebook(visit.open(), site)
    assert "open in another tab" in second.inner_text(".kit-say")
    write(second, "written in vain")
    time.sleep(4)
    assert not kept(first, "written in vain")
    second.get_by_role("button", name="Work here instead").click()
    second.wait_for_selector(".kit-say", state="hidden")
    assert read(second) == "from the first"
    assert "another tab" in first.inner_text(".kit-say")
    write(second, "from the second")
    wait_kept(second, "from the second")
    write(first, "too late")
    time.sleep(4)
    assert not kept(first, "too late")


def test_another_notebook_in_another_tab_is_left_alone(visit, site):
    open_notebook(visit.page, site, EXERCISE)
    second = open_notebook(visit.open(), site, LESSON)
    assert second.locator(".kit-say").is_hidden()
    write(second, "the lesson")
    wait_kept(second, "the lesson")


def test_work_from_a_notebook_comes_back_into_an_empty_browser(chromium, visit, site):
    page = open_notebook(visit.page, site)
    write(page, "carried on a stick")
    _name, content = visit.download(page.get_by_role("button", name="Save to a file").click)
    other = Visit(chromium, site)
    other.go("work")
    give(other, content)
    other.page.get_by_role("button", name="Bring back").click()
    other.page.wait_for_function("document.querySelector('#work-said').textContent.includes('is back')")
    back = open_notebook(other.open(), site)
    assert read(back) == "carried on a stick"
    write(back, "and gone on with")
    wait_kept(back, "and gone on with")
    other.context.close()


def test_an_open_notebook_does_not_write_over_work_that_was_brought_back(visit, site):
    page = open_notebook(visit.page, site)
    write(page, "the earlier state")
    wait_kept(page, "the earlier state")
    desk = Visit.__new__(Visit)
    desk.__dict__.update(visit.__dict__, page=visit.open())
    _name, content = saved_work(desk)
    write(page, "the later state")
    wait_kept(page, "the later state")
    desk.go("work")
    give(desk, content)
    desk.page.get_by_role("button", name="Bring back").click()
    page.wait_for_function("document.querySelector('.kit-say').textContent.includes('brought back')")
    write(page, "stale")
    time.sleep(4)
    assert kept(page, "the earlier state")
    assert not kept(page, "stale")


def test_an_exercise_is_handed_in_from_its_page_and_a_lesson_is_not(visit, site):
    page = open_notebook(visit.page, site, LESSON)
    assert page.locator("#kit-hand-in").is_hidden()
    page = open_notebook(visit.page, site, EXERCISE)
    write(page, "my answers")
    page.locator("#kit-hand-in").click()
    page.locator(".kit-dialog input").fill("p02")
    name, content = visit.download(page.get_by_role("button", name="Save the exercise").click)
    assert name == f"{SLUG}_p02.ipynb"
    given = nbformat.reads(content.decode(), as_version=4)
    nbformat.validate(given)
    assert given.cells[0].source == "my answers"
    assert [cell for cell in given.cells if "nbgrader" in cell.metadata]


def test_checks_are_written_down_for_the_notebook_that_ran(visit, site):
    lesson = open_notebook(visit.page, site, LESSON)
    exercise = open_notebook(visit.open(), site, EXERCISE)
    news = "{kind: 'check', notebook: 'WHERE', question: 'turn1', result: 'RESULT', lines: 0}"
    tell = f"new BroadcastChannel('migkit').postMessage({news})".replace
    lesson.evaluate(tell("WHERE", "notebooks/of_nobody.ipynb").replace("RESULT", "right"))
    exercise.evaluate(tell("WHERE", LESSON).replace("RESULT", "look"))
    lesson.wait_for_timeout(500)
    exercise.evaluate(tell("WHERE", LESSON).replace("RESULT", "right"))
    lesson.wait_for_timeout(500)
    records = {
        name: value for name, value in lesson.evaluate("kit.progress.all()").items() if name.startswith("check/")
    }
    assert list(records) == [f"check/{LESSON}/turn1"]
    assert records[f"check/{LESSON}/turn1"]["passed"]
    assert records[f"check/{LESSON}/turn1"]["tries"] == 2


@pytest.mark.parametrize("width", [DESK, TELEPHONE])
def test_the_bar_fits_is_accessible_and_asks_nobody_outside(chromium, site, width):
    from axe_playwright_python.sync_playwright import Axe

    visitor = Visit(chromium, site, width)
    page = open_notebook(visitor.page, site)
    edges = page.evaluate(
        "[...document.querySelectorAll('#kit-bar > :not([hidden])')].map(e => e.getBoundingClientRect().right)"
    )
    assert max(edges) <= width
    assert page.evaluate("document.querySelector('#main').getBoundingClientRect().top") >= 44
    found = Axe().run(page, context="#kit-bar").response["violations"]
    assert not found, [(each["id"], each["nodes"][0]["html"][:150]) for each in found]
    assert not visitor.outside
    visitor.context.close()


def test_storage_refused_is_told_and_the_work_goes_out_as_a_file(chromium, site):
    visitor = Visit(
        chromium,
        site,
        TELEPHONE,
        "IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); };",
    )
    page = open_notebook(visitor.page, site)
    page.wait_for_function("document.querySelector('.kit-say').textContent.includes('keeps nothing')")
    write(page, "kept in a file alone")
    _name, content = visitor.download(page.locator(".kit-say button").first.click)
    other = Visit(chromium, site)
    other.go("work")
    give(other, content)
    other.page.get_by_role("button", name="Bring back").click()
    other.page.wait_for_function("document.querySelector('#work-said').textContent.includes('is back')")
    assert kept(other.page, "kept in a file alone")
    visitor.context.close()
    other.context.close()


CELL = """
print(6 * 7 * 1000 + 1)
from migkit.lesson.box import Box
from migkit.lesson.room import tell
tell("turn1", Box("right", "x"))
"""


def test_what_has_run_is_saved_at_once_and_its_check_is_written_down(visit, site):
    page = open_notebook(visit.page, site, LESSON)
    page.wait_for_function(
        "(own => own && own.kernel && own.kernel.status === 'idle')"
        "(jupyterapp.shell.currentWidget.sessionContext.session)",
        timeout=180_000,
    )
    page.evaluate(
        """async code => {
          await jupyterapp.commands.execute('notebook:insert-cell-above');
          jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.setSource(code);
          await jupyterapp.commands.execute('notebook:run-cell');
        }""",
        CELL,
    )
    assert wait_kept(page, "42001", 30) < 2  # counted from the end of the cell
    page.wait_for_timeout(1000)
    records = page.evaluate("kit.progress.all()")
    assert records[f"check/{LESSON}/turn1"]["passed"]
    assert not visit.outside
