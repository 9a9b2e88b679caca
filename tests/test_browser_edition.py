"""The browser edition as people use it: each notebook beside JupyterLab's own run, three ways to open it, faults.

All of it is served from a copy that nobody may write, as from a stick.
"""

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import nbformat
import pytest

from classroom_tiny import ROSTER, write_data
from conftest import CHROMIUM, CHROMIUM_ARGUMENTS
from edition_page import Desk, Notebook, Ran, differences, run_natively
from migkit.classroom.course import new_course
from migkit.classroom.handin import collect
from migkit.classroom.handout import release
from migkit.editions.browser import layout
from migkit.reference import ROOT, curriculum
from test_browser_serve import free_port, quiet, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SLUGS = [module.slug for module in curriculum(ready_only=True)]
#: A name of the room's server: plain http under it is no secure context. All other names lead nowhere.
ROOM = "kit.room"
NAMES = f"--host-resolver-rules=MAP {ROOM} 127.0.0.1,MAP * ~NOTFOUND,EXCLUDE localhost,EXCLUDE 127.0.0.1"


@pytest.fixture(scope="module")
def stick(browser_edition: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The edition on a stick that cannot be written, in a folder with a name as people give them."""
    folder = tmp_path_factory.mktemp("stick") / "clé USB à Banjul" / "kit été"
    shutil.copytree(browser_edition, folder)
    for path in [*folder.rglob("*"), folder]:
        path.chmod(path.stat().st_mode & 0o555)
    return folder


@pytest.fixture(scope="module")
def browser(chromium: Any) -> Iterator[Any]:
    """A browser for which the internet does not exist."""
    arguments = [*CHROMIUM_ARGUMENTS, NAMES]
    started = chromium.browser_type.launch(executable_path=CHROMIUM, args=arguments)
    yield started
    started.close()


def serving(*words: str | Path) -> Iterator[str]:
    """A server of the edition, and its address on this computer."""
    port = free_port()
    command = [sys.executable, *map(str, words), "--port", str(port), "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        wait_for(port, process)
        yield f"http://localhost:{port}/"
    finally:
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=10)[0]
    assert "Traceback" not in said, said


@pytest.fixture(scope="module")
def localhost(stick: Path) -> Iterator[str]:
    yield from serving("-m", "migkit.cli", "browser", "serve", stick)


@pytest.fixture(scope="module")
def room(stick: Path) -> Iterator[str]:
    for address in serving(stick / "launcher" / "serve.py", "--lan"):
        yield address.replace("localhost", ROOM)


def solutions(slug: str) -> dict[str, str]:
    """What the author typed into each answer cell, by the cell's name."""
    source = nbformat.read(ROOT / "exercises" / "source" / slug / f"{slug}.ipynb", 4)
    cells = [cell for cell in source.cells if cell.cell_type == "code"]
    return {cell.id: cell.source for cell in cells if cell.metadata.get("nbgrader", {}).get("solution")}


@pytest.fixture(scope="module")
def natively(stick: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Ran]]]:
    """All notebooks in JupyterLab's kernel: they run while the browser starts."""
    files = stick / layout.LITE / "files"
    with ThreadPoolExecutor(1) as pool:
        runs = {}
        for slug in SLUGS:
            wanted = (
                ("lesson", layout.lesson(slug), {}),
                ("exercise", layout.exercise(slug), {}),
                ("solved", layout.exercise(slug), solutions(slug)),
            )
            for kind, path, answers in wanted:
                if (files / path).is_file():
                    folder = tmp_path_factory.mktemp(kind)
                    runs[f"{slug} {kind}"] = pool.submit(run_natively, files / path, answers, folder)
        yield runs


# ---- http://localhost: the lessons ----------------------------------------------------------------------------


@pytest.fixture(scope="module", params=SLUGS)
def lesson(request, browser, localhost, natively) -> Iterator[tuple[str, Desk, Notebook, Ran]]:
    """A lesson that was run in the page from top to bottom."""
    desk = Desk(browser, localhost)
    notebook = desk.open(layout.lesson(request.param))
    yield request.param, desk, notebook, notebook.run_all()
    desk.context.close()


def test_a_lesson_shows_in_the_page_what_it_shows_in_jupyterlab(lesson, natively) -> None:
    slug, desk, notebook, ran = lesson
    beside = natively[f"{slug} lesson"].result()
    assert ran.errors() == []
    assert differences(beside, ran) == []
    told(slug, "lesson", beside, notebook, ran)
    assert notebook.page.evaluate("isSecureContext")
    assert any("/data/" in url for url in desk.asked), "requests of the worker are seen"
    assert desk.outside() == []
    assert desk.faults == []


def test_the_comparison_finds_what_differs() -> None:
    from migkit.lesson import charts

    def ran(text: str, **bars: float) -> Ran:
        data = {"text/html": charts.bars(bars, "Bars")._repr_html_(), "text/plain": [text]}
        output = {"output_type": "execute_result", "data": data}
        return Ran([{"id": "a", "cell_type": "code", "outputs": [output]}], [], 0)

    here = ran("0    12\n1     7", a=3, b=2)
    assert differences(here, ran("0    12\n1     7", a=3, b=2)) == []
    assert differences(here, ran("0    12\n1     8", a=3, b=2))
    assert "a: other picture" in differences(here, ran("0    12\n1     7", a=3, b=2.5))


def told(slug: str, kind: str, beside: Ran, notebook: Notebook, ran: Ran) -> None:
    """A line for the list of notebooks; shown by ``pytest -s``."""
    sys.stdout.write(
        f"\n{slug} {kind}: {len(ran.code())} cells; JupyterLab {beside.seconds:.1f} s; "
        f"page {ran.seconds:.1f} s, opened in {notebook.seconds:.1f} s\n"
    )


def test_a_lesson_asks_for_at_most_30_megabytes(lesson, stick) -> None:
    """The limit is set for the way to the first chart; the whole lesson keeps it, packed with gzip."""
    _slug, desk, _notebook, _ran = lesson
    weights = json.loads((stick / layout.MANIFEST).read_text(encoding="utf-8"))["files"]
    asked = {unquote(urlsplit(url).path).lstrip("/") for url in desk.asked}
    sizes = [weights[name].get("gz", weights[name]["bytes"]) for name in asked if name in weights]
    assert 15e6 < sum(sizes) <= 30e6


def test_charts_are_drawn_with_their_text(lesson) -> None:
    _slug, _desk, notebook, ran = lesson
    charts = notebook.page.locator("img.kit-chart")
    assert charts.count() == json.dumps([cell["outputs"] for cell in ran.code()]).count("kit-chart") > 3
    for chart in charts.all():
        chart.scroll_into_view_if_needed()
        assert len(chart.get_attribute("alt")) > 40
        size = chart.evaluate("image => [image.naturalWidth, image.naturalHeight, image.clientWidth]")
        assert min(size) > 300


def test_controls_move_and_sentence_and_bars_follow(lesson) -> None:
    _slug, desk, notebook, ran = lesson
    assert move_controls(notebook, ran) > 3
    assert desk.faults == []


def move_controls(notebook: Notebook, ran: Ran) -> int:
    """Move every control of every explorer by one step; what is shown is what its self-contained version holds."""
    moved = 0
    for cell in ran.code():
        shown = [output.get("data", {}) for output in cell["outputs"]]
        pages = [data["text/html"] for data in shown if any("widget-view" in kind for kind in data)]
        for page in pages:
            moved += _move(notebook.output(cell["id"]), "".join(page))
    return moved


#: The sentence that an explorer shows, and the lengths of its bars.
SAID = """(place) => [
  place.querySelector(".kitx-say").textContent,
  [...place.querySelectorAll(".kitx-row")].map((row) => Number(row.style.getPropertyValue("--v"))),
]"""


def _move(place: Any, page: str) -> int:
    plan = json.loads(re.search(r'<script type="application/json">(.*?)</script>', page, re.S).group(1))
    sizes = [len(options) for options in plan["options"]]
    at = [int(start) for start in re.findall(r'value="(\d+)"(?: selected| aria-valuetext)', page)]
    assert len(at) == len(sizes)
    for number, size in enumerate(sizes):
        at[number] += 1 if at[number] + 1 < size else -1
        control = place.locator(".widget-vbox > *").nth(number)
        if control.locator("select").count():
            control.locator("select").select_option(index=at[number])
        else:
            track = control.locator(".noUi-base")
            width, height = (track.bounding_box()[side] for side in ("width", "height"))
            track.click(position={"x": width * at[number] / (size - 1), "y": height / 2}, force=True)
        frame = 0
        for step, many in zip(at, sizes, strict=True):
            frame = frame * many + step
        wanted = [plan["frames"][frame]["say"], [bar[1] for bar in plan["frames"][frame]["bars"]]]
        deadline = time.monotonic() + 20
        while place.evaluate(SAID) != wanted and time.monotonic() < deadline:
            time.sleep(0.1)
        assert place.evaluate(SAID) == wanted
    return len(sizes)


def upload(desk: Desk, folder: str, name: str, content: bytes) -> Any:
    """Give a file to the page as a person does: the list of files, the folder, the button."""
    page = desk.context.new_page()
    page.goto(f"{desk.origin}lite/tree/index.html")
    for part in folder.split("/"):
        page.locator(".jp-DirListing-content").get_by_text(part, exact=True).dblclick()
    page.locator(".jp-DirListing-content").get_by_text(".ipynb").first.wait_for()
    assert page.url == f"{desk.origin}lite/tree/index.html", "an address that a reload finds"
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload").click()
    chooser.value.set_files({"name": name, "mimeType": "text/csv", "buffer": content})
    page.locator(".jp-DirListing-content").get_by_text(name, exact=True).wait_for()
    return page


def downloaded(page: Any, press: Callable[[], None]) -> tuple[str, bytes]:
    with page.expect_download() as waiting:
        press()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


OWN = "commune;née à l'étranger\nBrikama;12\nBasse;7\n".encode()
SAVE = """
import matplotlib.pyplot as plt
from migkit.lesson import charts, load_own, save_file

own = load_own("my.csv")
own.to_csv("out.csv", index=False)
chart = charts.bars({"Brikama": 12, "Basse": 7}, "Own")
chart.save("chart.png")
chart.figure.savefig("figure.png")
save_file(own, "saved.csv")
"""


def test_an_own_file_goes_in_and_tables_and_charts_come_out(lesson) -> None:
    slug, desk, notebook, _ran = lesson
    files = upload(desk, layout.lesson(slug).rpartition("/")[0], "my.csv", OWN)
    code = "import pandas as pd; print(pd.read_csv('my.csv', sep=';').to_dict('list'))"
    assert notebook.ask(code) == "{'commune': ['Brikama', 'Basse'], \"née à l'étranger\": [12, 7]}"
    cell = next(each["id"] for each in notebook.cells() if each["cell_type"] == "code")
    notebook.write(cell, SAVE)
    notebook.run(cell)
    link = notebook.page.get_by_role("link", name="Save saved.csv to disk")
    name, content = downloaded(notebook.page, link.click)
    rows = [["commune", "née à l'étranger"], ["Brikama", "12"], ["Basse", "7"]]
    assert name == "saved.csv"
    assert list(csv.reader(io.StringIO(content.decode("utf-8-sig")))) == rows

    for name in ("out.csv", "chart.png", "figure.png"):
        files.locator(".jp-DirListing-content").get_by_text(name, exact=True).click()
        given, content = downloaded(files, files.get_by_role("button", name="Download").click)
        assert given == name
        if name == "out.csv":
            assert list(csv.reader(io.StringIO(content.decode()))) == rows
        else:
            assert content.startswith(b"\x89PNG") and content.endswith(b"IEND\xaeB`\x82")
            assert len(content) > 5000
    assert desk.outside() == []
    assert desk.faults == []


# ---- plain http in a room: the exercises ----------------------------------------------------------------------


@pytest.fixture(scope="module", params=SLUGS)
def exercise(request, browser, room, natively) -> Iterator[tuple[str, Desk, Notebook]]:
    desk = Desk(browser, room)
    yield request.param, desk, desk.open(layout.exercise(request.param))
    desk.context.close()


def test_an_exercise_as_it_is_handed_out_says_the_same_as_in_jupyterlab(exercise, natively) -> None:
    """With its dots, also where a cell needs an answer that is not there yet: that says so in both."""
    slug, desk, notebook = exercise
    assert not notebook.page.evaluate("isSecureContext"), "the room's way is plain http"
    beside = natively[f"{slug} exercise"].result()
    ran = notebook.run_all(over_errors=True)
    assert differences(beside, ran) == []
    assert notebook.page.get_by_text("Replace the dots with your own code").count() > 3
    told(slug, "exercise", beside, notebook, ran)
    assert any("/data/" in url for url in desk.asked)
    assert desk.outside() == []
    assert desk.faults == []


def test_a_solved_exercise_is_right_in_both_with_the_same_values(exercise, natively) -> None:
    slug, desk, notebook = exercise
    for cell, answer in solutions(slug).items():
        notebook.write(cell, answer)
    ran = notebook.run_all()
    beside = natively[f"{slug} solved"].result()
    assert ran.errors() == []
    assert differences(beside, ran) == []
    verdicts = re.findall(r"kit-box-(\w+)", json.dumps([cell["outputs"] for cell in ran.code()]))
    assert len(verdicts) >= len(solutions(slug))
    assert not {"look", "mend", "turn"} & set(verdicts)
    told(slug, "solved", beside, notebook, ran)
    assert desk.outside() == []
    assert desk.faults == []


EXPLORE = """
from migkit.lesson import explorers, load_own
print(len(load_own("my.csv")))
explorers.stock_by_definition()
"""


def test_widgets_and_own_files_work_on_plain_http(exercise) -> None:
    slug, desk, notebook = exercise
    upload(desk, layout.exercise(slug).rpartition("/")[0], "my.csv", OWN)
    cell = next(each for each in notebook.cells() if each["cell_type"] == "code")
    notebook.write(cell["id"], EXPLORE)
    notebook.run(cell["id"])
    ran = Ran([each for each in notebook.cells() if each["id"] == cell["id"]], [], 0)
    assert ran.errors() == []
    assert ran.code()[0]["outputs"][0]["text"] == "2\n"
    assert move_controls(notebook, ran) == 3
    notebook.write(cell["id"], "".join(cell["source"]))
    assert desk.outside() == []
    assert desk.faults == []


def test_what_is_handed_in_from_the_page_is_what_the_class_takes(exercise, tmp_path) -> None:
    slug, desk, notebook = exercise
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    course, _roster = new_course("A room", tmp_path / "roster.csv", slug, folder=tmp_path, write_data=write_data)
    release(course, write_data=write_data)
    notebook.page.locator("#kit-hand-in").click()
    notebook.page.locator(".kit-dialog input").fill("p02")
    save = notebook.page.get_by_role("button", name="Save the exercise")
    name, content = downloaded(notebook.page, save.click)
    (tmp_path / "stick").mkdir()
    (tmp_path / "stick" / name).write_bytes(content)
    (entry,) = collect(course, tmp_path / "stick")
    assert (entry.status, entry.student_id) == ("taken", "p02"), entry.reason
    taken = nbformat.read(course.submitted("p02") / f"{slug}.ipynb", 4)
    answers = {cell.id: cell.source for cell in taken.cells}
    assert answers == answers | solutions(slug)
    assert "kit-box-note" in content.decode(), "what was checked is to be seen"
    assert notebook.page.locator("dialog:visible, .jp-Dialog:visible").count() == 0
    assert desk.faults == []


# ---- the stick ------------------------------------------------------------------------------------------------


def test_the_stick_opens_by_its_launcher_and_stays_as_it_was(browser, stick, tmp_path) -> None:
    before = {path: path.stat().st_mtime_ns for path in stick.rglob("*")}
    port = free_port()
    process = subprocess.Popen(
        ["/bin/sh", "start_on_linux.sh", "--port", str(port)], cwd=stick, env=quiet(stick, tmp_path)
    )
    desk = None
    try:
        wait_for(port, process)
        deadline = time.monotonic() + 10
        while not (tmp_path / "opened").is_file() and time.monotonic() < deadline:
            time.sleep(0.1)
        address = (tmp_path / "opened").read_text(encoding="utf-8").strip()
        assert address == f"http://localhost:{port}/"
        desk = Desk(browser, address)
        home = desk.context.new_page()
        home.goto(address)
        home.wait_for_function("document.documentElement.dataset.ready === 'yes'")
        notebook = desk.open(layout.lesson(SLUGS[0]))
        notebook.ask("from migkit.lesson import *; persons = load('census_persons')")
        assert int(notebook.ask("print(len(persons))")) > 10_000
        assert notebook.ask("print(charts.bars({'a': 1}, 'One').alt)").startswith("One. a: 1.")
        end(process)
        said = notebook.ask("load('census_emigrants')")
        assert "nobody answers. Is the stick still in" in said
        assert "Traceback" not in said
        assert desk.outside() == []
    finally:
        if process.poll() is None:
            end(process)
        if desk:
            desk.context.close()
    assert {path: path.stat().st_mtime_ns for path in stick.rglob("*")} == before, "something was written"


def end(process: subprocess.Popen[str]) -> None:
    """End the launcher and its server."""
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True, check=True
    )
    for child in found.stdout.split():
        os.kill(int(child), signal.SIGINT)
    process.communicate(timeout=10)


# ---- what goes wrong ------------------------------------------------------------------------------------------


def test_a_closed_tab_loses_nothing(browser, localhost) -> None:
    """A browser that is killed: test_browser_shell.py."""
    desk = Desk(browser, localhost)
    notebook = desk.open(layout.exercise(SLUGS[0]), python=False)
    cell = next(each["id"] for each in notebook.cells() if each["cell_type"] == "code")
    notebook.page.wait_for_function("document.body.classList.contains('kit-has-bar')")
    notebook.write(cell, "answer = 'typed before the tab was closed'")
    notebook.page.wait_for_function("document.querySelector('.kit-state').textContent.includes('saved')")
    notebook.page.wait_for_timeout(4000)
    notebook.page.close()
    again = desk.open(layout.exercise(SLUGS[0]), python=False)
    assert "typed before the tab" in json.dumps(again.cells())
    desk.context.close()


def test_where_storage_is_refused_the_lesson_runs_and_it_is_said(browser, localhost) -> None:
    refuse = "IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); };"
    desk = Desk(browser, localhost, refuse)
    notebook = desk.open(layout.lesson(SLUGS[0]))
    assert "keeps nothing" in notebook.page.inner_text(".kit-say")
    for cell in [each["id"] for each in notebook.cells() if each["cell_type"] == "code"][:3]:
        notebook.run(cell)
    assert Ran(notebook.cells(), [], 0).errors() == []
    assert notebook.ask("print(len(persons))").isdigit()
    desk.context.close()


def test_an_old_browser_is_told_so_on_the_notebook_page(browser, localhost) -> None:
    desk = Desk(browser, localhost, "delete window.WebAssembly;")
    page = desk.context.new_page()
    page.goto(f"{localhost}{layout.NOTEBOOK_PAGE}?path={layout.lesson(SLUGS[0])}")
    said = page.locator("#kit-old-browser").inner_text()
    assert "browser" in said and said.count(".") <= 3
    page.wait_for_timeout(1500)
    assert not page.locator(".kit-loading").is_visible(), "nothing is promised that will not come"
    desk.context.close()


def test_a_file_that_does_not_come_is_named_and_can_be_tried_again(browser, localhost) -> None:
    desk = Desk(browser, localhost)
    page = desk.context.new_page()
    page.route("**/pandas-*.whl", lambda route: route.abort())
    page.goto(f"{localhost}{layout.NOTEBOOK_PAGE}?path={layout.lesson(SLUGS[0])}")
    said = page.locator(".kit-fault").inner_text()
    assert re.search(r"pandas-\S+\.whl could not be fetched", said), said
    page.unroute("**/pandas-*.whl")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    assert page.locator(".kit-fault").count() == 0
    desk.context.close()


# ---- nothing outside ------------------------------------------------------------------------------------------

#: What a browser fetches by itself, in a page, a style or a script.
REACHES = {
    ".html": r"<(?:script|img|iframe|source|video|audio|embed)\b[^>]*\ssrc=[\"']?(?:https?:)?//"
    r"|<link\b(?![^>]*rel=[\"']?(?:canonical|license|author|next|prev))[^>]*\shref=[\"']?(?:https?:)?//",
    ".css": r"(?:url\(\s*|@import\s+)[\"']?(?:https?:)?//",
    ".js": r"\b(?:importScripts|import|fetch|new Worker|new WebSocket)\(\s*[\"'`](?:https?|wss?)?:?//",
}


def test_no_page_style_or_script_names_an_address_outside_to_fetch(browser_edition) -> None:
    found = []
    for path in sorted(browser_edition.rglob("*")):
        pattern = REACHES.get({".mjs": ".js"}.get(path.suffix, path.suffix))
        if pattern and path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            found += [f"{path.relative_to(browser_edition)}: {hit.group()}" for hit in re.finditer(pattern, text)]
    assert found == []


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        (".html", '<script defer src="https://cdn.example/a.js">'),
        (".html", "<link rel='stylesheet' href='//cdn.example/a.css'>"),
        (".css", "@font-face { src: url(https://fonts.example/a.woff2) }"),
        (".js", 'fetch("https://example.org/a.json")'),
        (".js", "importScripts('//cdn.example/a.js')"),
    ],
)
def test_the_search_for_addresses_finds_them(ending, text) -> None:
    assert re.search(REACHES[ending], text)
