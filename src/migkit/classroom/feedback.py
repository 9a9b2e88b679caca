"""Feedback: one page for each participant, made by nbgrader's own step with the kit's template.

A page says per question what was asked, what came, what it earned, how far off it was, what usually causes that,
and what the trainer wrote. Three things differ from nbgrader's pages. Hidden tests are in none of them, neither as
code nor in a traceback, and solutions and expected values only once the trainer has released them
(:mod:`migkit.classroom.solutions`). What a cell shows is what it showed on the participant's own computer, which
never held an expected value. And nothing in a page runs or loads from elsewhere: participants' HTML is cleaned,
and the page's own policy forbids scripts and outside addresses.
"""

import base64
import html
import io
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import bleach
import pandas as pd
from bleach.css_sanitizer import CSSSanitizer
from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import List

from migkit.classroom import files, grading, notebooks, pages, scores, solutions
from migkit.classroom.course import Course, open_course
from migkit.classroom.handout import secret_lines
from migkit.classroom.marking import describe, read_marking
from migkit.classroom.marks import Mark
from migkit.classroom.notebooks import grade_id
from migkit.classroom.restoring import NOTES
from migkit.classroom.roster import Person
from migkit.reference import KitError, _, palette
from migkit.reference.files import write_text
from migkit.reference.language import current_language

TAGS = frozenset(
    re.findall(
        r"\w+",
        "a abbr b blockquote br caption code col colgroup dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img "
        "li ol p pre s small span strong sub summary sup table tbody td tfoot th thead tr u ul",
    )
)
STYLES = CSSSanitizer(
    allowed_css_properties=[
        "color",
        "background-color",
        "text-align",
        "font-weight",
        "font-style",
        "border",
        "width",
    ]
)
#: Pictures that are in the notebook itself.
OWN_PICTURE = re.compile(r"^data:image/(png|jpeg|gif);base64,[A-Za-z0-9+/=\s]+$")
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")
#: Dots to the inch at which 12 points are 16 pixels, the size of the page's text.
SCREEN = 96
#: Forms of an output that are shown, the best first.
SHOWN = ("text/html", "text/markdown", "image/png", "image/jpeg", "text/plain")
#: Characters of a cell or an output that are shown, of a picture, and of all together: a page is to be opened on a
#: telephone.
MOST, MOST_OF_A_PICTURE, MOST_OF_A_PAGE = 20_000, 3_000_000, 400_000
#: Characters and tags of an output that is HTML; cleaning takes long where thousands lie in one another.
MOST_HTML, MOST_TAGS = 200_000, 5_000
#: Elements of HTML within one another; tables of pandas have five.
MOST_OPEN = 200
#: Rows of an expected table that are shown.
MOST_ROWS = 60


def _allowed(tag: str, name: str, value: str) -> bool:
    """Which attributes stay: no address outside the page, no handler, no name that the page itself uses."""
    if tag == "img" and name == "src":
        return bool(OWN_PICTURE.match(value))
    if tag == "a" and name == "href":
        return value.startswith("#")
    return name in ("alt", "title", "colspan", "rowspan", "scope", "style", "lang", "dir") and "url(" not in value


class _Depth(HTMLParser):
    """Counts how many elements are open at once; those that end by themselves do not count."""

    ALONE = frozenset(
        re.findall(r"\w+", "area br col dd dt hr img input li option p td th tr tbody thead tfoot wbr")
    )

    def __init__(self) -> None:
        super().__init__()
        self._open: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One more."""
        if tag not in self.ALONE:
            self._open[tag] += 1
            self._open[""] += 1
            if self._open[""] > MOST_OPEN:
                raise ValueError("elements nested too deep")

    def handle_endtag(self, tag: str) -> None:
        """One less, if there was one."""
        if self._open[tag]:
            self._open[tag] -= 1
            self._open[""] -= 1


def harmless(page: str) -> str:
    """HTML without anything that runs or loads, what is left out vanishing with its marks.

    Raises:
        ValueError: if elements lie in one another so deep that cleaning them would take minutes.
    """
    _Depth().feed(page)
    page = re.sub(r"(?is)<(script|style|iframe|object|svg|math|template)\b.*?(</\1\s*>|$)", "", page)
    clean: str = bleach.clean(
        page,
        tags=TAGS,
        attributes=_allowed,
        css_sanitizer=STYLES,
        protocols=["data"],
        strip=True,
        strip_comments=True,
    )
    return clean


@cache
def _formula(tex: str) -> str:
    """A formula as a picture in the page, since no MathJax is there; as it stands if it cannot be drawn."""
    from matplotlib import mathtext

    picture = io.BytesIO()
    try:
        mathtext.math_to_image(f"${tex}$", picture, dpi=2 * SCREEN, format="png", color=palette.INK)
    except ValueError:
        return html.escape(f"${tex}$")
    data = base64.b64encode(picture.getvalue()).decode("ascii")
    width = int.from_bytes(picture.getvalue()[16:20], "big") // 2  # from the PNG's head
    return f'<img alt="{html.escape(tex)}" width="{width}" src="data:image/png;base64,{data}">'


def formulas(page: str) -> str:
    """HTML of the authors' text with its displayed formulas drawn."""
    return re.sub(
        r"\$\$(.+?)\$\$", lambda match: _formula(html.unescape(match.group(1)).strip()), page, flags=re.DOTALL
    )


def prose(text: str) -> str:
    """Markdown as harmless HTML, its headings below those of the page; as it stands if it cannot be read."""
    try:
        renderer = IPythonRenderer(escape=False, exclude_anchor_links=True)
        page = harmless(MarkdownWithMath(renderer).render(_cut(text)))
    except Exception:  # a text that was made to break the reader costs its own form, not the page
        return f"<pre>{html.escape(_cut(text))}</pre>"
    return _lower_headings(page)


def shown_html(text: str) -> str:
    """HTML of an output, cleaned; as it stands if it cannot be read."""
    try:
        return _lower_headings(harmless(text))
    except Exception:  # likewise
        return f"<pre>{html.escape(text)}</pre>"


def _lower_headings(page: str) -> str:
    """The page's own headings are h1 to h3."""
    return re.sub(r"(</?h)([1-6])\b", lambda found: f"{found[1]}{min(6, int(found[2]) + 3)}", page)


def _cut(text: str, most: int = MOST) -> str:
    """The beginning of a long text."""
    if len(text) <= most:
        return text
    return text[:most] + "\n" + _("... and {n} more characters").format(n=len(text) - most)


class FeedbackExporter(HTMLExporter):
    """nbconvert's HTML with the kit's template."""

    def from_notebook_node(self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any) -> Any:
        """Convert the text, the code and the grader's notes, as if the rest had never been there.

        nbconvert refuses a notebook for odd metadata, and looks up the colours of code by what stands there. The
        outputs go as well: those of the hand-in come back in :class:`ShowHandIn`.
        """
        nb.metadata = notebooks.as_node({"language_info": {"name": "python"}, NOTES: nb.metadata.get(NOTES, [])})
        nb.cells = [cell for cell in nb.cells if cell.cell_type in ("markdown", "code")]
        for cell in nb.cells:
            cell.metadata = notebooks.as_node({"nbgrader": cell.metadata.get("nbgrader", {})})
            cell.pop("attachments", None)
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        return super().from_notebook_node(nb, resources, **kw)


class _Step(NbGraderPreprocessor):  # type: ignore[misc]
    """A step that works on the whole notebook."""

    #: Handed down by nbconvert to every step; not used.
    display_data_priority: List[Any] = List().tag(config=True)

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, cell_index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Nothing to do cell by cell."""
        return cell, resources


@dataclass(frozen=True)
class Check:
    """One answer of a question: under which name it was to be kept, what it earned and why, what was right."""

    mark: Mark
    name: str
    expected: str

    @property
    def verdict(self) -> str:
        """In a word or two."""
        return scores.verdict_name(self.mark)


@dataclass(frozen=True)
class Block:
    """All that the page says about one question; what is right comes first."""

    score: scores.Score
    checks: tuple[Check, ...]
    solution: tuple[NotebookNode, ...]

    @property
    def asked(self) -> str:
        """The question: of a long text the paragraphs that begin in bold (**Task.**, **Answer.**), else all."""
        text = self.score.question.asked
        parts = [part for part in re.split(r"\n\s*\n", text) if part.startswith("**")]
        return "\n\n".join(parts) if parts and not self.score.question.written else text

    @property
    def by_hand(self) -> bool:
        """Whether a person gave other points than the checks."""
        earned = sum(check.mark.points for check in self.checks)
        return bool(self.checks) and self.score.points is not None and abs(earned - self.score.points) > 0.005


def blocks(course: Course, student_id: str) -> list[Block]:
    """What is to be said to a participant, question by question."""
    marking = read_marking(course.source_notebook)
    names = {item.key: item.expression for item in marking.items}
    solved = solutions.by_question(course)
    right = {name: _shown(value) for name, value in solutions.expected(course, student_id).items()}
    found = []
    for score in scores.scores(course, student_id):
        checks = [
            Check(mark, names.get(mark.question, mark.question), right.get(mark.question, ""))
            for mark in score.marks
        ]
        checks.sort(key=lambda check: check.mark.verdict != "right")
        found.append(Block(score, tuple(checks), tuple(solved.get(score.question.label, ()))))
    return found


def _shown(value: Any) -> str:
    """An expected answer as HTML."""
    if isinstance(value, pd.Series):
        value = value.to_frame("")
    if isinstance(value, pd.DataFrame):
        return harmless(value.to_html(max_rows=MOST_ROWS))
    return html.escape(describe(value, most=MOST_ROWS))


class Explain(_Step):
    """Put together what the page says: per question the points, what may be said, the trainer's comment."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Read gradebook and graded notebook of this participant."""
        course = open_course(str(self.config.CourseDirectory.root))
        student = resources["nbgrader"]["student"]
        said = blocks(course, student)
        own = [block.score for block in said]
        resources["kit"] = {
            "title": course.title,
            "person": next((p.name for p in course.roster().people if p.student_id == student), student),
            "blocks": said,
            "total": sum(score.points or 0 for score in own),
            "points": sum(score.question.points for score in own),
            "right": [score.question.label for score in own if score.full],
            "look_at": [score.question.label for score in own if score.points is not None and not score.full],
            "waiting": [score.question.label for score in own if score.points is None],
            "of_cell": {cell: score for score in own for cell in score.question.cells},
            "notes": nb.metadata.get(NOTES, []),
            "released": solutions.in_force(course) is not None,
            "style": pages.STYLE,
            "palette": {name.lower(): value for name, value in vars(palette).items() if isinstance(value, str)},
            "language": current_language(),
            "_": _,
        }
        return nb, resources


class HideTests(_Step):
    """Take hidden tests and marking schemes out of the cells, whatever a participant wrote around the marks."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Cut from each mark to its end, or to the end of the cell."""
        for cell in nb.cells:
            cell.source = scores.without_hidden(cell.source)
        return nb, resources


class ShowHandIn(_Step):
    """Show what each cell showed when it was handed in; the outputs of the grading run are for the trainer."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Match cells by nbgrader's id, else by their text."""
        course = open_course(str(self.config.CourseDirectory.root))
        graded = grading.graded_version(course, resources["nbgrader"]["student"])
        outputs: dict[str, list[NotebookNode]] = {}
        if graded is not None:
            for cell in notebooks.parse(graded.decode("utf-8-sig")).cells:
                if cell.cell_type == "code":
                    outputs[grade_id(cell) or cell.source] = cell.get("outputs", [])
        left = MOST_OF_A_PAGE
        for cell in nb.cells:
            if cell.cell_type == "code":
                handed_in = outputs.get(grade_id(cell) or cell.source, [])
                cell.outputs, left = _fitting(handed_in, left)
            cell.source = _cut(cell.source, max(0, min(MOST, left)))
            left -= len(cell.source)
        return nb, resources


def _fitting(outputs: list[NotebookNode], left: int) -> tuple[list[NotebookNode], int]:
    """The outputs as they are shown, as long as the page has room; and the room that is left."""
    found = []
    for shown in filter(None, map(harmless_output, outputs)):
        left -= len(str(shown)) // (10 if any(kind.startswith("image/") for kind in shown.get("data", {})) else 1)
        if left < 0:
            found.append(notebooks.output(output_type="stream", name="stdout", text=_("too long for this page")))
            break
        found.append(shown)
    return found, left


def harmless_output(output: NotebookNode) -> NotebookNode | None:
    """Of an output one form, the best that is text or a picture; the template cleans what becomes HTML."""
    try:
        if output.output_type == "stream":
            return notebooks.output(output_type="stream", name="stdout", text=_cut("".join(output.text)))
        if output.output_type == "error":
            said = _cut(f"{output.ename}: {output.evalue}")
            return notebooks.output(output_type="error", ename="", evalue="", traceback=[said])
        data = {kind: "".join(text) for kind, text in output.get("data", {}).items() if kind in SHOWN}
    except (AttributeError, TypeError):  # written by hand, in no form that Jupyter writes
        return None
    for kind in SHOWN:
        text = data.get(kind, "")
        if kind.startswith("image/"):
            fits = len(text) <= MOST_OF_A_PICTURE and bool(BASE64.fullmatch(text))
        elif kind == "text/html":
            fits = 0 < len(text) <= MOST_HTML and text.count("<") <= MOST_TAGS  # else the plain text is shown
        else:
            fits, text = bool(text), _cut(text)
        if fits:
            shown = notebooks.output(**{kind: text})
            return notebooks.output(output_type="display_data", data=shown, metadata=notebooks.output())
    return None


def _squeezed(text: str) -> str:
    """Text without the space in it, to compare what was set in another way."""
    return re.sub(r"\s+", "", text)


def _leak(page: str, secrets: set[str], known: str) -> str:
    """A secret line that stands in ``page``, or nothing: the last look before handing back.

    ``known`` is what the participant and the trainer wrote: whoever wrote a line of the solution has not seen it.
    """
    text = _squeezed(html.unescape(re.sub(r"<[^>]*>", "", page)))
    own = _squeezed(known)
    return next((line for line in sorted(secrets) if _squeezed(line) in text and _squeezed(line) not in own), "")


def secrets_of(course: Course) -> set[str]:
    """The lines of the authors that stand nowhere in the participants' notebook and are not released."""
    source = notebooks.read(course.source_notebook)
    marks = ("BEGIN HIDDEN TESTS", "BEGIN MARK SCHEME")
    return secret_lines(source, marks) if solutions.in_force(course) else secret_lines(source)


def _known(course: Course, student_id: str) -> str:
    """All that a participant got or handed in, and the trainer's comments."""
    graded = grading.graded_version(course, student_id)
    seen = [notebooks.read(course.release_notebook)]
    seen += [notebooks.parse(graded.decode("utf-8-sig"))] if graded is not None else []
    cells = [cell for notebook in seen for cell in notebook.cells]
    texts = [str(cell.source) for cell in cells]
    for output in (output for cell in cells for output in cell.get("outputs", [])):
        texts += [str(output.get(field, "")) for field in ("text", "evalue")]
        texts += ["".join(text) for kind, text in output.get("data", {}).items() if kind in SHOWN]
    return "\n".join([*texts, *(score.comment for score in scores.scores(course, student_id))])


def give_feedback(
    course: Course, progress: Callable[[int, int, Person], None] | None = None
) -> tuple[Path, list[Path]]:
    """Make the pages of all who were graded, and a zip of them to hand back.

    Args:
        course: the class.
        progress: told whose page is being made.

    Returns:
        The zip, and the pages.

    Raises:
        KitError: if nobody was graded; or, once the pages of all others are made, if nbgrader failed on a page or
            a page would show a hidden test or a solution.
    """
    people = [p for p in course.roster().people if scores.read_autograded(course, p.student_id) is not None]
    if not people:
        raise KitError(_("Nobody was graded yet; run kit class grade first."))
    made: dict[Person, Path] = {}
    failed: list[str] = []
    with course.change("feedback"):
        api = course.api()
        secrets = secrets_of(course)
        for number, person in enumerate(people):
            if progress:
                progress(number, len(people), person)
            try:
                made[person] = _page(course, api, person, secrets)
            except KitError as trouble:
                failed.append(str(trouble))
        entries: dict[str, Path | bytes] = {
            f"{person.student_id}/{course.module}.html": path for person, path in made.items()
        }
        files.write_zip(course.feedback_zip, entries)
    if failed:
        others = _("The other {n} pages are made and lie in {zip}.").format(n=len(made), zip=course.feedback_zip)
        raise KitError(" ".join([*failed, others]))
    return course.feedback_zip, list(made.values())


def _page(course: Course, api: Any, person: Person, secrets: set[str]) -> Path:
    """One participant's page.

    Raises:
        KitError: if nbgrader fails on it, or it would show what it must not; then there is none.
    """
    page = course.feedback(person.student_id) / f"{course.module}.html"
    page.unlink(missing_ok=True)
    result: dict[str, Any] = api.generate_feedback(course.module, person.student_id, force=True)
    if not result["success"] or not page.is_file():
        log = course.reports / f"feedback_{person.student_id}.log"
        write_text(log, f"{result.get('log', '')}\n{result.get('error', '')}")
        raise KitError(
            _("The feedback for {name} could not be made; {log} holds the details.").format(
                name=person.name, log=log
            )
        )
    leak = _leak(page.read_text(encoding="utf-8"), secrets, _known(course, person.student_id))
    if leak:
        page.unlink()
        raise KitError(
            _("The feedback for {name} would show what only the authors know and was not made: “{line}”.").format(
                name=person.name, line=leak
            )
        )
    return page
