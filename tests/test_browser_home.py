"""The first page of the browser edition: path, progress, tests, record, work file; all of it in a real browser."""

import functools
import gzip
import http.server
import io
import json
import re
import shutil
import signal
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest

from classroom_tiny import MODULE, answer, make_class
from conftest import CHROMIUM, CHROMIUM_ARGUMENTS
from migkit.classroom.handin import collect
from migkit.classroom.handout import release
from migkit.editions.browser import home, layout
from migkit.editions.browser.sentences import all_sentences
from migkit.evaluation import items, paper_items
from migkit.reference import ROOT, curriculum, palette

SLUG = next(module.slug for module in curriculum(ready_only=True))
DESK, TELEPHONE = 1280, 360
LESSON, EXERCISE = layout.lesson(SLUG), layout.exercise(SLUG)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """An edition with its first page alone."""
    out = tmp_path_factory.mktemp("edition")
    home.write_home(out, "GMB", "en")
    for name in ("cover.svg", "logo.svg", "favicon.svg"):
        (out / "book" / "_static").mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "book" / "_static" / name, out / "book" / "_static" / name)
    return out


# ---------------------------------------------------------------------------------- what is written


def test_the_page_leads_to_every_step_of_what_is_ready_and_to_nothing_else(folder):
    page = (folder / "index.html").read_text(encoding="utf-8")
    for module in curriculum():
        assert module.title in page
        assert (f"{module.slug}.html" in page) == module.ready
    for address in (
        f"book/book/{SLUG}.html",
        f"?path={LESSON}",
        f"?path={EXERCISE}",
        *(f"#/test/{SLUG}/{use}" for use in ("quiz", "pre", "post")),
    ):
        assert f'href="{address}"' in page or f'{address}"' in page
    assert "synthetic" in page
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


def test_links_into_the_book_are_pages_that_the_book_has(folder, built_book):
    page = (folder / "index.html").read_text(encoding="utf-8")
    for address in set(re.findall(r'(?:href|src)="book/([^"#]+)', page)):
        assert (built_book / address).is_file(), address


def test_every_check_of_the_notebooks_is_known(folder):
    edition = json.loads((folder / "kit" / "edition.json").read_text(encoding="utf-8"))
    steps = {step["kind"]: step for module in edition["modules"] for step in module["steps"]}
    assert steps["lesson"]["checks"] == [f"turn{n}" for n in range(1, 7)]
    assert {"q1", "q6_reading", "q10"} <= set(steps["exercise"]["checks"])
    assert edition["notebooks"][EXERCISE]["step"] == "exercise"
    assert {"right", "note"} <= set(edition["good"])
    assert not {"look", "mend", "turn"} & set(edition["good"])


def test_tests_of_the_page_are_the_printed_papers():
    tests = home.edition_facts("GMB", "en")
    for use in ("pre", "post"):
        for (item_id, order), item in zip(tests["tests"][SLUG][use], paper_items(SLUG, use), strict=True):
            assert item_id == item.id
            assert [tests["items"][item_id]["options"][n]["text"] for n in order] == [
                option.text for option in item.options
            ]


def test_scripts_have_no_words_of_their_own_and_use_every_sentence():
    scripts = ("home.js", "work.js", "progress.js", "shell.js", "files.js")
    code = "".join((home.KIT / name).read_text(encoding="utf-8") for name in scripts)
    code += (ROOT / "src/migkit/editions/browser/templates/index.html.j2").read_text(encoding="utf-8")
    names = set(re.findall(r"\btext\.(\w+)", code)) | set(
        re.findall(r"""(?:fill|say|WorkError|fact|line|button)\(\s*"(\w+)\"""", code)
    )
    names -= {"split", "length"}  # of a text, no sentence
    assert names <= set(all_sentences()), names - set(all_sentences())
    unused = {name for name in all_sentences() if not re.search(rf"\b{name}\b", code)}
    built = {
        "undone_work",
        "undone_reset",
        "undo_work",
        "undo_reset",
        "undo_undo",
        "undone_undo",
        "plan_new",
        "plan_same",
        "pre_intro",
        "post_intro",
        "pre_result",
        "post_result",
    }
    assert unused <= built


def test_the_first_page_is_light(folder):
    names = [
        "index.html",
        *(
            f"kit/{name}"
            for name in (
                "home.css",
                "home.js",
                "page.js",
                "progress.js",
                "work.js",
                "edition.json",
                "vendor/fflate/fflate.js",
            )
        ),
    ]
    sent = sum(len(gzip.compress((folder / name).read_bytes(), 9)) for name in names)
    assert sent < 60_000
    assert sum((folder / name).stat().st_size for name in names) < 160_000


@pytest.mark.parametrize("name", ["home.css", "loading.css", "shell.css", "old_browser.js"])
def test_colours_are_those_of_the_kit(name):
    text = (home.KIT / name).read_text(encoding="utf-8").lower()
    for colour in (
        ("TEAL", "OCHRE", "BRICK", "INK")
        if name in ("home.css", "loading.css")
        else (("BRICK",) if name.endswith("js") else ("TEAL", "OCHRE", "INK", "SAND"))
    ):
        assert getattr(palette, colour) in text


def test_a_second_writing_changes_nothing(folder):
    before = {
        path: path.stat().st_mtime_ns for path in (folder / "kit").rglob("*") if path.suffix in (".css", ".js")
    }
    home.write_home(folder, "GMB", "en")
    changed = {path.name for path, then in before.items() if path.stat().st_mtime_ns != then}
    assert changed <= {"old_browser.js"}


# ---------------------------------------------------------------------------------------- in a browser


def serving(folder: Path) -> Iterator[str]:
    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=str(folder))
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def site(folder) -> Iterator[str]:
    yield from serving(folder)


class Visit:
    """A person's browser: a context of its own, which sees no other address and no error."""

    def __init__(self, chromium, site: str, width: int = DESK, script: str = "") -> None:
        self.site = site
        self.context = chromium.new_context(viewport={"width": width, "height": 800}, accept_downloads=True)
        if script:
            self.context.add_init_script(script)
        self.outside: list[str] = []
        self.errors: list[str] = []
        self.page = self.open()

    def open(self):
        page = self.context.new_page()
        page.set_default_timeout(8000)
        page.on(
            "request",
            lambda asked: (
                None if asked.url.startswith((self.site, "data:", "blob:")) else self.outside.append(asked.url)
            ),
        )
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    def go(self, route: str = ""):
        self.page.goto(f"{self.site}index.html#/{route}")
        self.page.reload()
        self.page.wait_for_function("document.documentElement.dataset.ready === 'yes'")
        return self.page

    def records(self) -> dict:
        return self.page.evaluate("kit.progress.all()")

    def download(self, press) -> tuple[str, bytes]:
        with self.page.expect_download() as waiting:
            press()
        return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


@pytest.fixture
def visit(chromium, site) -> Iterator[Visit]:
    visitor = Visit(chromium, site)
    yield visitor
    assert not visitor.outside
    assert not visitor.errors
    visitor.context.close()


@pytest.fixture
def phone(chromium, site) -> Iterator[Visit]:
    visitor = Visit(chromium, site, TELEPHONE)
    yield visitor
    visitor.context.close()


def finish_test(page, use: str, right: int) -> None:
    """Answer the test: the first ``right`` questions rightly, the others wrongly, the last one not at all."""
    questions = paper_items(SLUG, use)
    boxes = page.locator("#test .item")
    assert boxes.count() == len(questions)
    for number, question in enumerate(questions[:-1]):
        choice = next(n for n, option in enumerate(question.options) if option.correct == (number < right))
        boxes.nth(number).locator("input").nth(choice).check()
    page.get_by_role("button", name="Finish the test").click()
    page.get_by_role("button", name="Finish all the same").click()
    page.wait_for_selector("#test .result")


ROUTES = ["", "work", "record", f"test/{SLUG}/quiz", f"test/{SLUG}/pre", f"test/{SLUG}/post"]


@pytest.mark.browser
def test_every_view_is_accessible_and_fits_desk_and_telephone(visit, phone):
    from axe_playwright_python.sync_playwright import Axe

    for visitor in (visit, phone):
        visitor.go()
        finish_test(visitor.go(f"test/{SLUG}/pre"), "pre", 3)
        page = visitor.page
        for route in [*ROUTES, f"test/{SLUG}/pre"]:
            if route.endswith("/post") and route != ROUTES[-1]:
                finish_test(page, "post", 5)
            page = visitor.go(route)
            page.wait_for_timeout(100)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, (route, visitor.page.viewport_size)
            found = [
                each
                for each in Axe().run(page).response["violations"]
                if each["impact"] in ("moderate", "serious", "critical")
            ]
            assert not found, (route, [(each["id"], each["nodes"][0]["html"][:150]) for each in found])


@pytest.mark.browser
def test_progress_is_kept_shown_and_can_be_had_back(visit):
    page = visit.go()
    assert "Begin: 04 Test before" in page.inner_text("#go-on")
    page.locator(f'[data-step="{SLUG}/chapter"] input').check()
    page.evaluate(f"kit.progress.check('{LESSON}', 'turn1', 'right', ['right'])")
    page.evaluate(f"kit.progress.check('{LESSON}', 'turn1', 'look', ['right'])")  # passed is passed
    page.evaluate(f"kit.progress.put('opened/{SLUG}/lesson', {{}})")
    page = visit.go()
    assert page.inner_text(f'[data-step="{SLUG}/lesson"] .state') == "1 of 6 checks passed"
    assert page.locator(f'[data-step="{SLUG}/chapter"] input').is_checked()
    assert page.inner_text(".bar-text") == "19 per cent done"
    assert "Go on where you stopped: 04 Lesson notebook" in page.inner_text("#go-on")
    assert page.get_attribute("#go-on", "href") == f"lite/notebooks/index.html?path={LESSON}"
    page.get_by_role("button", name="Set the progress").click()
    page.wait_for_selector("#notice button")
    assert page.inner_text(".bar-text") == "0 per cent done"
    assert not page.locator(f'[data-step="{SLUG}/chapter"] input').is_checked()
    page.locator("#notice button").click()
    page.wait_for_function("document.querySelector('.bar-text').textContent === '19 per cent done'")


@pytest.mark.browser
def test_every_option_of_the_self_test_has_its_comment_and_the_first_try_counts(visit):
    questions = items(SLUG, "quiz")
    page = visit.go(f"test/{SLUG}/quiz")
    boxes = page.locator("#test .item")
    verdict = {True: "Right.", False: "Not quite. Try again."}
    assert boxes.count() == len(questions)
    for number, question in enumerate(questions):
        right = [option.correct for option in question.options].index(True)
        every = [*(n for n in range(len(question.options)) if n != right), right]
        for choice in every if number == 0 else [right]:
            boxes.nth(number).locator("input").nth(choice).check()
            words = boxes.nth(number).locator(".reply").inner_text()
            assert words == f"{verdict[choice == right]} {question.options[choice].feedback}"
    said = f"{len(questions) - 1} of {len(questions)} right at the first try"
    page.wait_for_function("text => document.querySelector('.finish p').textContent === text", arg=said)
    page = visit.go()
    assert page.inner_text(f'[data-step="{SLUG}/quiz"] .state') == said
    page = visit.go(f"test/{SLUG}/quiz")
    assert page.locator("#test .reply.is-right").count() == len(questions)
    page.get_by_role("button", name="Start again").click()
    page.wait_for_function("document.querySelectorAll('#test input:checked').length === 0")


@pytest.mark.browser
def test_nothing_is_told_before_the_test_after_and_the_gain_is_told_then(visit):
    page = visit.go(f"test/{SLUG}/pre")
    all_of = len(paper_items(SLUG, "pre"))
    page.locator("#test .item").first.locator("input").first.check()
    assert page.locator("#test .reply").count() == 0
    finish_test(page, "pre", 3)
    shown = page.inner_text("#test")
    assert f"You had 3 of {all_of} right" in shown
    told = [option.feedback for item in items(SLUG, "pre") for option in item.options] + [
        item.answer.text for item in items(SLUG, "pre")
    ]
    assert not [text for text in told if text in shown]
    finish_test(visit.go(f"test/{SLUG}/post"), "post", 7)
    shown = page.inner_text("#test")
    assert f"You had 7 of {all_of} right" in shown
    assert f"Before the module 3 of {all_of}, after it 7 of {all_of}." in shown
    points = round(700 / all_of) - round(300 / all_of)
    assert f"That is 4 more, a gain of {points} percentage points." in shown
    for item in items(SLUG, "post"):
        assert item.answer.feedback in shown
    sums = page.locator("#test tr.sum td").all_inner_texts()
    assert sums == [f"3 / {all_of}", f"7 / {all_of}", "+4"]
    page = visit.go(f"test/{SLUG}/pre")  # now its answers may be told
    assert items(SLUG, "pre")[0].answer.feedback in page.inner_text("#test")


@pytest.mark.browser
def test_half_a_test_is_kept(visit):
    page = visit.go(f"test/{SLUG}/pre")
    page.locator("#test .item").nth(1).locator("input").nth(2).check()
    page.wait_for_function("document.querySelector('.finish p').textContent.startsWith('1 of')")
    page = visit.go(f"test/{SLUG}/pre")
    assert page.locator("#test .item").nth(1).locator("input").nth(2).is_checked()


@pytest.mark.browser
def test_a_test_is_taken_by_keyboard_alone(visit):
    page = visit.go(f"test/{SLUG}/quiz")
    page.keyboard.press("Tab")
    for _press in range(30):
        if page.evaluate("document.activeElement.type") == "radio":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.wait_for_selector("#test .reply:not(:empty)")
    page.keyboard.press("ArrowDown")
    assert page.locator("#test .item").first.locator("input").nth(1).is_checked()
    outline = page.evaluate("getComputedStyle(document.activeElement.parentElement).outlineStyle")
    assert outline == "solid"


@pytest.mark.browser
def test_the_record_is_one_sheet_and_says_what_it_is(visit, tmp_path):
    from pypdf import PdfReader

    finish_test(visit.go(f"test/{SLUG}/pre"), "pre", 2)
    finish_test(visit.go(f"test/{SLUG}/post"), "post", 8)
    visit.page.evaluate(f"kit.progress.put('step/{SLUG}/chapter', {{done: true}})")
    page = visit.go("record")
    page.locator("#record input").fill("Awa Ceesay")
    page.pdf(path=str(tmp_path / "record.pdf"), prefer_css_page_size=True)
    sheets = PdfReader(tmp_path / "record.pdf").pages
    assert [round(float(sheets[0].mediabox[n]) / 72 * 25.4) for n in (2, 3)] == [210, 297]
    assert len(sheets) == 1
    text = " ".join(sheets[0].extract_text().split())
    for words in (
        "Record of learning",
        "Awa Ceesay",
        "A record, not a certificate",
        "Chapter",
        "8 of 10 right",
        "synthetic",
        time.strftime("%Y"),
    ):
        assert words in text, text
    assert "Print" not in text
    page.locator("#record input").blur()
    page.wait_for_function("kit.progress.all().then(all => all.name && all.name.text === 'Awa Ceesay')")


# ------------------------------------------------------------------------------------------- the work file


def model(path: str, content: object, kind: str = "notebook", style: str = "json") -> list:
    """A file as JupyterLite keeps it."""
    return [
        path,
        {
            "name": path.rsplit("/", 1)[-1],
            "path": path,
            "type": kind,
            "format": style,
            "mimetype": "application/json",
            "content": content,
            "created": "2026-11-01T08:00:00.000Z",
            "last_modified": "2026-11-02T09:30:00.000Z",
            "writable": True,
            "size": 17,
        },
    ]


def notebook(words: str) -> dict:
    cell = nbformat.v4.new_markdown_cell(words, id="words")
    return json.loads(nbformat.writes(nbformat.v4.new_notebook(cells=[cell])))


WORK = [
    model("mine", None, "directory"),
    model("mine/zähler é.csv", "country;n\r\nSénégal;3\r\n", "file", "text"),
    model("mine/chart.png", "iVBORw0KGgoAAAANSUhEUg==", "file", "base64"),
    model("mine/no base64.bin", "%%%", "file", "base64"),
    model("mine/settings.json", {"a": [1, 2.5, None]}, "file"),
    model(LESSON, notebook("lesson")),
    model(EXERCISE, notebook("exercise")),
]


@pytest.mark.browser
def test_a_notebook_from_a_file_is_not_trusted(visit):
    """Its outputs may hold scripts of whoever made the file."""
    made = notebook("from a stranger")
    made["cells"] = [{**cell, "metadata": {**cell.get("metadata", {}), "trusted": True}} for cell in made["cells"]]
    page = visit.go("work")
    page.evaluate("files => kit.work.write(files)", [model(LESSON, made)])
    _name, content = saved_work(visit)
    page.evaluate("files => kit.work.write(files)", [model(LESSON, notebook("of my own"))])
    plan = page.evaluate("bytes => kit.work.plan(new Uint8Array(bytes))", list(content))
    assert [path for path, _model in plan["files"]] == [LESSON]
    assert all(
        "trusted" not in cell["metadata"] for _path, each in plan["files"] for cell in each["content"]["cells"]
    )


def give(visit: Visit, content: bytes, name: str = "migration_kit_work_2026-11-29.zip"):
    page = visit.page
    page.set_input_files("#work-file", {"name": name, "mimeType": "application/zip", "buffer": content})
    page.wait_for_function(
        "document.querySelector('#work-said').textContent || document.querySelector('#work-plan .plan')"
    )
    return page


def saved_work(visit: Visit, name: str = "") -> tuple[str, bytes]:
    page = visit.go("work")
    page.fill("#work-name", name)
    return visit.download(page.locator("#work-save").click)


@pytest.mark.browser
def test_work_is_saved_to_a_file_and_comes_back_equal(visit, chromium, site):
    visit.go("work")
    visit.page.evaluate("files => kit.work.write(files)", WORK)
    visit.page.evaluate(f"kit.progress.put('step/{SLUG}/chapter', {{done: true}})")
    name, content = saved_work(visit, "Inês: p02/")
    assert name == time.strftime("migration_kit_work_%Y-%m-%d.zip")
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    assert json.loads(archive.read(f"Inês p02/{EXERCISE}")) == notebook("exercise")
    assert archive.read("Inês p02/mine/zähler é.csv").decode() == "country;n\r\nSénégal;3\r\n"
    assert archive.read("Inês p02/mine/chart.png").startswith(b"\x89PNG")
    assert "Bring my work back" in archive.read("readme.txt").decode()
    assert f"step/{SLUG}/chapter" in json.loads(archive.read("progress.json"))

    other = Visit(chromium, site)  # another computer
    page = other.go("work")
    assert page.inner_text("#work-count").startswith("No notebook has been changed")
    give(other, content)
    plan = page.inner_text("#work-plan")
    assert "new" in plan
    assert "Progress" in plan
    page.get_by_role("button", name="Bring back").click()
    page.wait_for_function(
        "document.querySelector('#work-said').textContent.startsWith('Your work is back (files: 6)')"
    )
    assert sorted(page.evaluate("kit.work.list()")) == sorted(WORK)
    assert other.records() == visit.records()
    assert "6 files" in page.inner_text("#work-count")
    other.context.close()


@pytest.mark.browser
def test_what_is_replaced_is_shown_and_kept(visit):
    visit.go("work")
    visit.page.evaluate("files => kit.work.write(files)", WORK)
    _name, content = saved_work(visit)
    changed = [model(EXERCISE, notebook("newer answers")), model("mine/later.csv", "x", "file", "text")]
    visit.page.evaluate("files => kit.work.write(files)", changed)
    page = visit.go("work")
    give(visit, content)
    rows = page.locator("#work-plan li").all_inner_texts()
    assert len(rows) == 6
    assert len([row for row in rows if "takes the place of yours" in row]) == 1
    assert len([row for row in rows if "the same as here" in row]) == 5
    page.get_by_role("button", name="Bring back").click()
    page.wait_for_selector("#work-undo:not([hidden])")
    now = dict(page.evaluate("kit.work.list()"))
    assert now[EXERCISE]["content"] == notebook("exercise")
    assert now["mine/later.csv"]["content"] == "x"  # what the file does not know stays
    page.locator("#work-undo").click()
    page.wait_for_function("document.querySelector('#notice').textContent.includes('as it was before')")
    assert dict(page.evaluate("kit.work.list()"))[EXERCISE]["content"] == notebook("newer answers")
    page.evaluate("file => kit.work.write([file])", model(EXERCISE, notebook("two weeks later")))
    page.evaluate("kit.work.undo()")  # which puts the file's state back once more ...
    assert dict(page.evaluate("kit.work.list()"))[EXERCISE]["content"] == notebook("exercise")
    page.evaluate("kit.work.undo()")  # ... and loses nothing of what was done since
    assert dict(page.evaluate("kit.work.list()"))[EXERCISE]["content"] == notebook("two weeks later")
    give(visit, saved_work(visit)[1])
    assert "nothing in it that is not here already" in page.inner_text("#work-plan")


def repacked(content: bytes, change) -> bytes:
    """The zip with its files changed by ``change(name, bytes)``."""
    source = zipfile.ZipFile(io.BytesIO(content))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            new = change(name, source.read(name))
            if new is not None:
                archive.writestr(name, new)
    return made.getvalue()


def about(content: bytes, **changes: object) -> bytes:
    return repacked(
        content,
        lambda name, data: json.dumps({**json.loads(data), **changes}).encode() if name == "work.json" else data,
    )


def flipped(content: bytes) -> bytes:
    """One byte of what a file holds is another; the zip itself looks whole."""
    largest = max(zipfile.ZipFile(io.BytesIO(content)).infolist(), key=lambda member: member.compress_size)
    at = largest.header_offset + 30 + len(largest.filename.encode()) + largest.compress_size // 2
    return content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :]


BROKEN = {
    "cut in the middle": (lambda c: c[: len(c) // 2], "cut short"),
    "cut at the end": (lambda c: c[:-10], "cut short"),
    "a bit turned": (flipped, "damaged"),
    "a file lacking": (lambda c: repacked(c, lambda n, d: None if n.endswith(".csv") else d), "damaged"),
    "a notebook of no JSON": (lambda c: repacked(c, lambda n, d: b"{" if n.endswith(".ipynb") else d), "damaged"),
    "no text in work.json": (
        lambda c: repacked(c, lambda n, d: b"\xff\xfe" if n == "work.json" else d),
        "damaged",
    ),
    "no list in work.json": (lambda c: about(c, files=7), "damaged"),
    "newer": (lambda c: about(c, format=2), "newer edition"),
    "another program's": (lambda c: about(c, kind="other"), "no work file"),
    "another zip": (lambda c: repacked(c, lambda n, d: d if n == "readme.txt" else None), "no work file"),
    "empty": (lambda c: b"", "no work file"),
    "a picture": (lambda c: b"\x89PNG\r\n" * 99, "no work file"),
}


@pytest.mark.browser
def test_a_file_that_is_not_whole_changes_nothing_and_is_told_in_a_sentence(visit):
    visit.go("work")
    visit.page.evaluate("files => kit.work.write(files)", WORK)
    _name, content = saved_work(visit)
    visit.page.evaluate("files => kit.work.write(files)", [model(EXERCISE, notebook("newer"))])
    before = visit.page.evaluate("kit.work.list()")
    for kind, (spoil, words) in BROKEN.items():
        page = visit.go("work")
        give(visit, spoil(content))
        said = page.inner_text("#work-said")
        assert words in said, (kind, said)
        assert "Nothing was changed." in said
        assert page.locator("#work-plan .plan").count() == 0
        assert page.evaluate("kit.work.list()") == before, kind


@pytest.mark.browser
def test_work_that_finds_no_room_changes_nothing(visit, chromium, site):
    visit.go("work")
    visit.page.evaluate("files => kit.work.write(files)", WORK)
    _name, content = saved_work(visit)
    small = Visit(chromium, site, script="navigator.storage.estimate = async () => ({quota: 5000, usage: 4990});")
    page = small.go("work")
    give(small, content)
    assert "too little room" in page.inner_text("#work-said")
    small.context.close()
    full = Visit(  # a browser that tells it only when one writes
        chromium,
        site,
        script="""
        const put = IDBObjectStore.prototype.put;
        IDBObjectStore.prototype.put = function (value, key) {
          if (this.name === 'files') throw new DOMException('full', 'QuotaExceededError');
          return put.call(this, value, key);
        };""",
    )
    page = full.go("work")
    give(full, content)
    page.get_by_role("button", name="Bring back").click()
    page.wait_for_function("document.querySelector('#work-said').textContent.includes('too little room')")
    assert page.evaluate("kit.work.list()") == []
    full.context.close()


@pytest.mark.browser
@pytest.mark.parametrize(
    "refusal",
    [
        "IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); };",
        "Object.defineProperty(window, 'indexedDB', {get() { throw new DOMException('no', 'SecurityError'); }});",
        """IDBFactory.prototype.open = function () {
          const asked = {error: new DOMException('no', 'InvalidStateError')};
          setTimeout(() => asked.onerror({preventDefault() {}}), 1);
          return asked;
        };""",
    ],
    ids=["throws", "forbidden", "fails"],
)
def test_a_browser_that_keeps_nothing_is_told_and_everything_else_works(chromium, site, refusal):
    visitor = Visit(chromium, site, script=refusal)
    page = visitor.go()
    assert "keeps nothing" in page.inner_text("#notice")
    page.locator(f'[data-step="{SLUG}/chapter"] input').check()
    page.wait_for_function("document.querySelector('.bar-text').textContent === '17 per cent done'")
    page.goto(f"{site}index.html#/test/{SLUG}/quiz")
    page.locator("#test .item input").first.check()
    page.wait_for_selector("#test .reply:not(:empty)")
    assert not visitor.errors
    visitor.context.close()


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    made = make_class(tmp_path_factory.mktemp("class"))
    release(made)
    return made


@pytest.mark.browser
def test_the_class_collects_the_exercise_out_of_a_work_file(visit, course, tmp_path):
    done = json.loads(nbformat.writes(answer(course)))
    visit.go("work")
    files = [
        model(layout.exercise(MODULE), done),
        model(layout.lesson(MODULE), notebook("the lesson of the same name")),
        *WORK,
    ]
    visit.page.evaluate("files => kit.work.write(files)", files)
    name, content = saved_work(visit, "Inês Gomes")
    (tmp_path / name).write_bytes(content)
    (entry,) = collect(course, tmp_path)
    assert (entry.status, entry.student_id) == ("taken", "p02"), entry.reason
    taken = course.submitted("p02") / f"{MODULE}.ipynb"
    assert json.loads(taken.read_text(encoding="utf-8")) == done
    (tmp_path / name).rename(tmp_path / "p03.zip")  # renamed by the learner, who gave another name than the file
    (again,) = collect(course, tmp_path)
    assert (again.status, again.student_id) == ("unchanged", "p02")


@pytest.mark.browser
def test_a_work_file_without_a_name_goes_by_its_folder_and_never_by_its_date(visit, course, tmp_path):
    visit.go("work")
    visit.page.evaluate(
        "files => kit.work.write(files)",
        [model(layout.exercise(MODULE), json.loads(nbformat.writes(answer(course))))],
    )
    _name, content = saved_work(visit)
    (tmp_path / "p01").mkdir()
    (tmp_path / "p01" / "migration_kit_work_2026-11-29 (1).zip").write_bytes(content)
    (entry,) = collect(course, tmp_path)
    assert (entry.status, entry.student_id) == ("taken", "p01")
    loose = tmp_path / "migration_kit_work_2026-03-01.zip"
    loose.write_bytes(content)
    (entry,) = collect(course, loose)
    assert entry.status == "unknown"


@pytest.mark.browser
def test_one_exercise_is_handed_in_as_a_file_that_the_class_takes(visit, course, tmp_path):
    done = json.loads(nbformat.writes(answer(course, q3="in a browser")))
    visit.go("work")
    page = visit.page
    page.evaluate("files => kit.work.write(files)", [model(EXERCISE, done)])
    page = visit.go("work")
    page.fill("#work-name", "Fatou N'Diaye")
    name, content = visit.download(page.get_by_role("button", name="Hand in").click)
    assert name == f"{SLUG}_Fatou_N'Diaye.ipynb"
    (tmp_path / name.replace(SLUG, MODULE)).write_bytes(content)
    (entry,) = collect(course, tmp_path)
    assert (entry.status, entry.student_id) == ("taken", "p03")


# ------------------------------------------------------------------------------------- killed, old, a file


@contextmanager
def browser_of_its_own(chromium, profile: Path, kill: bool = False) -> Iterator[Any]:
    """The context of a browser with a process of its own; killed, if wished, at the end."""
    (profile / "DevToolsActivePort").unlink(missing_ok=True)
    command = [
        str(CHROMIUM),
        *CHROMIUM_ARGUMENTS,
        "--headless=new",
        f"--user-data-dir={profile}",
        "--remote-debugging-port=0",
        "about:blank",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{debugging_port(profile)}"
        yield chromium.browser_type.connect_over_cdp(address).contexts[0]
    finally:
        process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        process.wait()


def debugging_port(profile: Path) -> str:
    for _try in range(200):
        told = profile / "DevToolsActivePort"
        if told.is_file() and (lines := told.read_text().split()):
            return lines[0]
        time.sleep(0.1)
    raise AssertionError("the browser did not start")


@pytest.mark.browser
def test_progress_and_work_outlive_a_browser_that_is_killed(chromium, site, tmp_path):
    with browser_of_its_own(chromium, tmp_path / "profile", kill=True) as context:
        page = context.new_page()
        page.goto(f"{site}index.html")
        page.wait_for_function("document.documentElement.dataset.ready === 'yes'")
        page.evaluate("files => kit.work.write(files)", WORK)
        page.locator(f'[data-step="{SLUG}/chapter"] input').check()
        page.wait_for_function("document.querySelector('.bar-text').textContent === '17 per cent done'")
        time.sleep(1)
    with browser_of_its_own(chromium, tmp_path / "profile") as context:
        page = context.new_page()
        page.goto(f"{site}index.html")
        page.wait_for_function("document.documentElement.dataset.ready === 'yes'")
        assert page.locator(f'[data-step="{SLUG}/chapter"] input').is_checked()
        assert sorted(page.evaluate("kit.work.list()")) == sorted(WORK)


@pytest.mark.browser
@pytest.mark.parametrize("lacking", ["WebAssembly", "BigInt", "BroadcastChannel", "structuredClone"])
def test_an_old_browser_is_told_in_a_sentence(chromium, site, lacking):
    visitor = Visit(chromium, site, script=f"delete window.{lacking};")
    visitor.page.goto(site)
    assert "too old" in visitor.page.inner_text("#kit-old-browser")
    assert "Firefox 115" in visitor.page.inner_text("#kit-old-browser")
    visitor.context.close()


def test_the_script_for_old_browsers_is_in_their_language(folder):
    code = (folder / "kit" / "old_browser.js").read_text(encoding="utf-8")
    assert not re.search(
        r"=>|\b(?:const|let|class|async)\b|`|\?\.|\.\.\.[a-z]",
        re.sub(r"/\*.*?\*/|\"(?:[^\"\\]|\\.)*\"", "", code, flags=re.S),
    )


@pytest.mark.browser
def test_opened_as_a_file_the_page_says_what_to_do_and_shows_the_path(chromium, folder):
    page = chromium.new_page()
    page.goto((folder / "index.html").as_uri())
    assert "Start on Windows" in page.inner_text("#kit-old-browser")
    assert "Migration in the census" in page.inner_text("#path")
    page.close()


@pytest.mark.browser
def test_an_edition_that_was_copied_in_part_says_so(chromium, site):
    page = chromium.new_page()
    page.route("**/edition.json", lambda route: route.fulfill(status=404))
    page.goto(site)
    page.wait_for_selector("#notice.is-fault")
    assert "copy the folder anew" in page.inner_text("#notice")
    assert "Migration in the census" in page.inner_text("#path")
    page.close()


@pytest.mark.browser
def test_the_skip_link_keeps_the_view(visit):
    page = visit.go("work")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(300)
    assert page.locator("#work").is_visible()


@pytest.mark.browser
def test_a_modern_browser_sees_no_such_sentence(visit):
    page = visit.go()
    assert page.locator("#kit-old-browser").count() == 0
