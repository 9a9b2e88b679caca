"""The built book: nothing from outside, readable by everybody, moving without a kernel, warnings are errors."""

import functools
import http.server
import json
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from migkit.editions.book import Built, build
from migkit.evaluation import items
from migkit.reference import ROOT, KitError, curriculum

pytestmark = pytest.mark.slow

READY = [module.slug for module in curriculum(ready_only=True)]


@pytest.fixture(scope="session")
def book(teaching_data: Path) -> Built:
    """The book of this checkout, built or up to date."""
    return build()


def pages(html: Path) -> list[str]:
    """The addresses of all pages, relative to the top of the site; not index.html, which only leads on."""
    found = (path.relative_to(html) for path in html.rglob("*.html"))
    return sorted(p.as_posix() for p in found if "_static" not in p.parts and p != Path("index.html"))


# ------------------------------------------------------------------------------------ what is written


class Loads(HTMLParser):
    """Collects what a browser fetches by itself: scripts, style sheets, pictures, frames, fonts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.style = ""
        self._open = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag
        values = {name: value or "" for name, value in attrs}
        if tag == "link" and values.get("rel", "") in {"canonical", "next", "prev", "index", "search", "author"}:
            return
        names = {"src", "srcset", "poster", "data", *({"href"} if tag in {"link", "use", "image"} else ())}
        self.found += [values[name] for name in names & values.keys()]
        self.style += values.get("style", "")

    def handle_data(self, data: str) -> None:
        if self._open == "style":
            self.style += data


OUTSIDE = re.compile(r"^\s*(?:https?:)?//", re.I)


def outside_in_css(text: str) -> list[str]:
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    fetched = re.findall(r"url\(\s*['\"]?([^'\")]+)", text) + re.findall(r"@import\s+['\"]([^'\"]+)", text)
    return [address for address in fetched if OUTSIDE.match(address)]


def outside_in_html(text: str) -> list[str]:
    reader = Loads()
    reader.feed(text)
    return [address for address in reader.found if OUTSIDE.match(address)] + outside_in_css(reader.style)


@pytest.mark.parametrize(
    "bad",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//cdn.example/x.css">',
        '<img src="http://example/x.png">',
        "<style>@import 'https://fonts.example/f.css';</style>",
        '<p style="background:url(https://example/x.png)">',
    ],
)
def test_the_scan_sees_an_address_outside(bad: str) -> None:
    assert outside_in_html(bad)


def test_the_scan_leaves_links_and_local_files_alone() -> None:
    assert not outside_in_html('<a href="https://example.org">x</a><img src="_static/x.png"><p>https://x</p>')


def test_no_page_and_no_style_sheet_loads_from_outside(book: Built) -> None:
    faults = {
        str(path.relative_to(book.html)): found
        for pattern, scan in (("*.html", outside_in_html), ("*.css", outside_in_css), ("*.svg", outside_in_html))
        for path in book.html.rglob(pattern)
        if (found := scan(path.read_text(encoding="utf-8")))
    }
    assert not faults


def test_every_room_that_belongs_to_the_book_has_its_page(book: Built) -> None:
    for slug in READY:
        for page in (f"book/{slug}.html", f"book/users/{slug}.html", f"notebooks/{slug}.html"):
            assert (book.html / page).is_file()


def test_no_page_without_a_widget_carries_the_widget_manager(book: Built) -> None:
    for page in pages(book.html):
        text = (book.html / page).read_text(encoding="utf-8")
        assert ("embed-amd.js" in text) == ("application/vnd.jupyter.widget-view+json" in text), page


def test_a_book_that_is_up_to_date_is_left_alone(book: Built) -> None:
    again = build()
    assert again.unchanged
    assert again.pages == book.pages == len(pages(book.html)) + 1  # and index.html


def test_every_page_says_that_the_data_are_synthetic(book: Built) -> None:
    for page in pages(book.html):
        assert "All data in this book are synthetic" in (book.html / page).read_text(encoding="utf-8"), page


# ---------------------------------------------------------------------------------------- in a browser


@dataclass
class Server:
    """A web server of the built book; ``answers`` are what the kit's own server would say."""

    address: str
    answers: dict[str, str] = field(default_factory=dict)


def serving(html: Path) -> Iterator[Server]:
    answers: dict[str, str] = {}

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

        def do_GET(self) -> None:
            if self.path not in answers:
                return super().do_GET()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answers[self.path].encode())
            return None

    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=str(html))
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Server(f"http://127.0.0.1:{server.server_port}/", answers)
        server.shutdown()


@pytest.fixture(scope="session")
def site(book: Built) -> Iterator[Server]:
    yield from serving(book.html)


DESK, TELEPHONE = 1280, 390


class Visit:
    """A browser page that refuses and remembers every request that leaves the server."""

    def __init__(self, chromium, server: Server, width: int = DESK) -> None:
        self.width = width
        self.page = chromium.new_page(viewport={"width": width, "height": 900})
        self.server = server
        self.outside: list[str] = []
        self.errors: list[str] = []
        self.page.route("**/*", self._gate)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _gate(self, route) -> None:
        address = route.request.url
        if address.startswith((self.server.address, "data:", "blob:")):
            route.continue_()
        else:
            self.outside.append(address)
            route.abort()

    def go(self, page: str):
        self.page.goto(self.server.address + page, wait_until="load")
        self.page.wait_for_timeout(150)
        return self.page

    def close(self) -> None:
        self.page.close()


@pytest.fixture(params=[DESK, TELEPHONE], ids=["desk", "telephone"])
def visit(request, chromium, site: Server) -> Iterator[Visit]:
    visitor = Visit(chromium, site, request.param)
    yield visitor
    visitor.close()


@pytest.fixture
def desk(chromium, site: Server) -> Iterator[Visit]:
    visitor = Visit(chromium, site)
    yield visitor
    visitor.close()


@pytest.mark.browser
def test_pages_are_accessible_local_and_no_wider_than_the_screen(visit: Visit, book: Built) -> None:
    from axe_playwright_python.sync_playwright import Axe

    faults = []
    for name in pages(book.html):
        page = visit.go(name)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wider > 0:
            faults.append(f"{name}: {wider} px wider than the screen")
        if visit.width < DESK:
            continue  # the same page, the same faults: one look at each is enough
        for found in Axe().run(page).response["violations"]:
            if found["impact"] in {"serious", "critical"}:
                where = "; ".join(node["html"][:120] for node in found["nodes"][:3])
                faults.append(f"{name}: {found['id']}: {where}")
    assert not faults, "\n".join(faults)
    assert not visit.outside
    assert not visit.errors


@pytest.mark.browser
def test_the_top_address_leads_to_the_first_page(desk: Visit) -> None:
    page = desk.go("")
    page.wait_for_url("**/book/index.html", timeout=20_000)
    assert page.locator(".kit-doors").count() == 1


@pytest.mark.browser
def test_keyboard_users_reach_the_text_first_and_see_where_they_are(desk: Visit) -> None:
    page = desk.go(f"book/{READY[0]}.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main-content"
    page.locator("article a.reference").first.focus()
    page.keyboard.press("Tab")
    style = page.evaluate("getComputedStyle(document.activeElement).outline")
    assert "solid" in style
    assert "3px" in style


@pytest.mark.browser
def test_formulas_are_set_by_local_files(desk: Visit) -> None:
    page = desk.go(f"book/{READY[0]}.html")
    page.wait_for_selector("mjx-container", timeout=20_000)
    assert not desk.outside


@pytest.mark.browser
def test_the_four_doors_open(desk: Visit) -> None:
    page = desk.go("book/index.html")
    doors = page.locator(".kit-doors a.sd-stretched-link")
    addresses = [doors.nth(n).get_attribute("href") for n in range(doors.count())]
    assert [Path(address or "").stem for address in addresses] == ["teach", "take_part", "adapt", "learn_alone"]
    for address in addresses:
        assert page.request.get(desk.server.address + "book/" + str(address)).ok


@pytest.mark.browser
def test_quiz_answers_and_counts_first_tries(desk: Visit) -> None:
    questions = items(READY[0], use="quiz")
    page = desk.go(f"book/{READY[0]}.html")
    shown = page.locator(".kit-quiz.kit-live")
    assert shown.count() == len(questions)
    for number, question in enumerate(questions):
        right = [option.correct for option in question.options].index(True)
        first = right if number else (right + 1) % len(question.options)  # the first question goes wrong once
        box = shown.nth(number)
        for choice in dict.fromkeys([first, right]):
            box.locator("input").nth(choice).check()
            words = box.locator(".kit-reply").inner_text()
            assert words.startswith("Right." if choice == right else "Not quite."), question.id
            assert question.options[choice].feedback.replace("'", "’") in words.replace("'", "’")
    score = page.locator(".kit-score").inner_text()
    assert f"{len(questions) - 1} of {len(questions)} right at the first try" in score
    page.locator(".kit-score button").click()
    assert page.locator(".kit-quiz input:checked").count() == 0
    assert page.locator(".kit-score").is_hidden()


@pytest.mark.browser
def test_quiz_is_read_without_scripts(chromium, site: Server) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.address}book/{READY[0]}.html")
    question = page.locator(".kit-quiz").first
    assert question.locator(":scope > ol > li").count() == len(items(READY[0], use="quiz")[0].options)
    question.locator("summary").click()
    assert question.locator("details strong").first.is_visible()
    context.close()


@pytest.mark.browser
def test_lab_button_only_where_the_kit_serves(desk: Visit) -> None:
    name = f"notebooks/{READY[0]}.html"
    page = desk.go(name)
    assert page.locator("a.kit-open").count() == 0
    desk.server.answers["/kit.json"] = json.dumps({"lab": True})
    try:
        page = desk.go(name)
        page.wait_for_selector("a.kit-open")
        opened = "link => new URL(link.href).pathname"
        assert page.locator("a.kit-open").first.evaluate(opened) == f"/open/notebooks/{READY[0]}.ipynb"
        opens = {"lab": True, "open": "../lite/notebooks/index.html?path=", "label": "Open and run it here"}
        desk.server.answers["/kit.json"] = json.dumps(opens)  # what the browser edition says
        page = desk.go(name)
        page.wait_for_selector("a.kit-open")
        link = page.locator("a.kit-open").first
        assert link.get_attribute("href") == f"../../lite/notebooks/index.html?path=notebooks/{READY[0]}.ipynb"
        assert link.inner_text() == "Open and run it here"
        page = desk.go("book/licence.html")
        assert page.locator("a.kit-open").count() == 0
    finally:
        del desk.server.answers["/kit.json"]


@pytest.mark.browser
def test_no_dark_mode_is_left_over_from_another_book(desk: Visit) -> None:
    page = desk.go("book/index.html")
    page.evaluate("localStorage.setItem('mode', 'dark'); localStorage.setItem('theme', 'dark')")
    page = desk.go("book/licence.html")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.evaluate("localStorage.clear()")


@pytest.mark.browser
def test_search_finds_a_word_of_the_chapter(desk: Visit) -> None:
    page = desk.go("search.html?q=heaping")
    page.wait_for_selector("#search-results li a", timeout=20_000)
    assert page.locator(f'#search-results a[href*="book/{READY[0]}.html"]').count() >= 1


@pytest.mark.browser
def test_paper_shows_the_text_alone(desk: Visit) -> None:
    page = desk.go(f"book/{READY[0]}.html")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("article h1").is_visible()
    assert page.locator(".kit-quiz details ol").first.is_visible()
    for hidden in (".bd-sidebar-primary", ".bd-header-article", ".kit-quiz fieldset"):
        assert page.locator(hidden).first.is_hidden()


# ------------------------------------------------------------------------------------- a book of its own

WIDGETS = """---
file_format: mystnb
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# Widgets

```{code-cell} ipython3
import ipywidgets
ipywidgets.IntSlider(value=7, description="Seven")
```

```{code-cell} ipython3
class Both:
    def _repr_mimebundle_(self, **options):
        view = {"model_id": "none", "version_major": 2, "version_minor": 0}
        page = "<p class='moves'>moves by itself</p>"
        return {"application/vnd.jupyter.widget-view+json": view, "text/html": page, "text/plain": "both"}
Both()
```
"""
PLAIN = """---
file_format: mystnb
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# Plain

```{code-cell} ipython3
import ipywidgets
slider = ipywidgets.IntSlider(value=7)
6 * 7
```
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source folder with our own settings and two small pages."""
    source = tmp_path_factory.mktemp("small")
    for folder in ("_static", "_templates"):
        shutil.copytree(ROOT / "book" / folder, source / "book" / folder)
    (source / "book" / "licence.md").write_text("# Licence\n", encoding="utf-8")
    (source / "book" / "references.bib").write_text("", encoding="utf-8")
    shutil.copy(ROOT / "_config.yml", source)
    toc = {"format": "jb-book", "root": "book/index"}
    toc["chapters"] = [{"file": f"book/{name}"} for name in ("plain", "licence")]  # type: ignore[assignment]
    (source / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    (source / "book" / "index.md").write_text(WIDGETS, encoding="utf-8")
    (source / "book" / "plain.md").write_text(PLAIN, encoding="utf-8")
    return source


#: What the first build of the small book told of its progress.
TOLD: list[float] = []


@pytest.fixture(scope="module")
def small_built(small: Path) -> Built:
    return build(small / "out", progress=lambda share, text: TOLD.append(share), source=small)


def test_progress_rises_to_the_end(small_built: Built) -> None:
    assert sorted(TOLD) == TOLD
    assert TOLD[-1] == 1.0
    assert len(TOLD) > 4


@pytest.mark.browser
def test_a_widget_shows_without_kernel_and_without_network(small_built: Built, chromium) -> None:
    for server in serving(small_built.html):
        visitor = Visit(chromium, server)
        page = visitor.go("book/index.html")
        page.wait_for_selector(".widget-slider .widget-readout", timeout=20_000)
        assert "Seven" in page.locator(".widget-slider").inner_text()
        assert page.locator(".moves").inner_text() == "moves by itself"
        assert not visitor.outside
        assert not visitor.errors
        visitor.close()


def test_widget_manager_stays_off_a_page_that_shows_no_widget(small_built: Built) -> None:
    assert "embed-amd.js" in (small_built.html / "book/index.html").read_text(encoding="utf-8")
    assert "embed-amd.js" not in (small_built.html / "book/plain.html").read_text(encoding="utf-8")


def test_a_changed_dataset_runs_the_notebooks_again(small: Path, small_built: Built) -> None:
    mark = small / "_build" / ".jupyter_cache" / "made_from.txt"
    before = mark.read_text(encoding="utf-8")
    (small / "datasets" / "codelists").mkdir(parents=True)
    (small / "datasets" / "codelists" / "new.csv").write_text("code\n", encoding="utf-8")
    again = build(small / "out", source=small)
    assert not again.unchanged
    assert mark.read_text(encoding="utf-8") != before
    log = (small / "out" / "build.log").read_text(encoding="utf-8")
    assert log.count("Executed notebook in") == 2


def test_a_changed_style_alone_reaches_the_pages(small: Path, small_built: Built) -> None:
    style = small / "book" / "_static" / "kit.css"
    style.write_text(style.read_text(encoding="utf-8") + "/* new */\n", encoding="utf-8")
    again = build(small / "out", source=small)
    assert not again.unchanged
    assert (again.html / "_static" / "kit.css").read_bytes() == style.read_bytes()


def test_faults_fail_in_one_sentence_and_again_until_mended(small: Path, small_built: Built) -> None:
    page = small / "book" / "plain.md"
    page.write_text(PLAIN + "\n[nowhere](nowhere.md)\n", encoding="utf-8")
    for _attempt in range(2):  # a warm build must not forget the warning
        with pytest.raises(KitError, match=r"book/plain\.md.*nowhere.*build\.log"):
            build(small / "out", source=small)
    page.write_text(PLAIN.replace("6 * 7", "raise ValueError('seven')"), encoding="utf-8")
    with pytest.raises(KitError, match=r"book/plain\.md: ValueError: seven.*build\.log"):
        build(small / "out", source=small)
    page.write_text(PLAIN, encoding="utf-8")
    assert build(small / "out", source=small).pages == small_built.pages
