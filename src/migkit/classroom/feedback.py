"""Feedback: one page for each participant, made by nbgrader's own step with the kit's template.

Three things differ from nbgrader's pages. Hidden tests are in none of them, neither as code nor in a traceback.
What a cell shows is what it showed on the participant's own computer, which never held an expected value; of the
grading run only points and harmless reasons are told. And nothing in a page runs or loads from elsewhere:
participants' HTML is cleaned, and the page's own policy forbids scripts and outside addresses.
"""

import base64
import html
import io
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import bleach
from bleach.css_sanitizer import CSSSanitizer
from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import List

from migkit.classroom import files, notebooks, scores
from migkit.classroom.course import Course, open_course
from migkit.classroom.notebooks import grade_id
from migkit.classroom.preprocessors import NOTES
from migkit.classroom.roster import Person
from migkit.reference import KitError, _, curriculum, palette
from migkit.reference.files import write_text

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


def _allowed(tag: str, name: str, value: str) -> bool:
    """Which attributes stay: no address outside the page, no handler, no name that the page itself uses."""
    if tag == "img" and name == "src":
        return bool(OWN_PICTURE.match(value))
    if tag == "a" and name == "href":
        return value.startswith("#")
    return name in ("alt", "title", "colspan", "rowspan", "scope", "style", "lang", "dir") and "url(" not in value


def harmless(page: str) -> str:
    """HTML without anything that runs or loads, what is left out vanishing with its marks."""
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


class FeedbackExporter(HTMLExporter):
    """nbconvert's HTML with the kit's template."""


class _Step(NbGraderPreprocessor):  # type: ignore[misc]
    """A step that works on the whole notebook."""

    #: Handed down by nbconvert to every step; not used.
    display_data_priority: List[Any] = List().tag(config=True)

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, cell_index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Nothing to do cell by cell."""
        return cell, resources


class Explain(_Step):
    """Put the table on top together: per question the points, what may be said, the trainer's comment."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Read gradebook and graded notebook of this participant."""
        course = open_course(str(self.config.CourseDirectory.root))
        student = resources["nbgrader"]["student"]
        own = scores.scores(course, student)
        said = scores.messages(nb)
        resources["kit"] = {
            "title": next((m.title for m in curriculum() if m.slug == course.module), course.module),
            "person": next((p.name for p in course.roster().people if p.student_id == student), student),
            "scores": own,
            "total": sum(score.points or 0 for score in own),
            "points": sum(score.question.points for score in own),
            "waiting": [score.question.label for score in own if score.points is None],
            "notes": nb.metadata.get(NOTES, []),
            "said": said,
            "palette": {name.lower(): value for name, value in vars(palette).items() if isinstance(value, str)},
            "_": _,
        }
        return nb, resources


class HideTests(_Step):
    """Take hidden tests and marking schemes out of the code, whatever a participant wrote around the marks."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Cut from each mark to its end, or to the end of the cell."""
        for cell in nb.cells:
            for kind in ("HIDDEN TESTS", "MARK SCHEME"):
                cell.source = re.sub(
                    rf"(?ms)^[^\n]*BEGIN {kind}.*?(^[^\n]*END {kind}[^\n]*\n?|\Z)", "", cell.source
                )
            cell.source = cell.source.rstrip()
        return nb, resources


class ShowHandIn(_Step):
    """Show what each cell showed when it was handed in; the outputs of the grading run are for the trainer."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Match cells by nbgrader's id, else by their text."""
        where = resources["nbgrader"]
        root = Path(self.config.CourseDirectory.root)
        path = root / "submitted" / where["student"] / where["assignment"] / f"{where['notebook']}.ipynb"
        outputs: dict[str, list[NotebookNode]] = {}
        if path.is_file():
            for cell in notebooks.read(path).cells:
                if cell.cell_type == "code":
                    outputs[grade_id(cell) or cell.source] = cell.outputs
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = outputs.get(grade_id(cell) or cell.source, [])
        return nb, resources


class MakeHarmless(_Step):
    """Leave text and pictures of the outputs; the template cleans what becomes HTML (:func:`harmless`)."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Of each output one form, the best that is harmless."""
        nb.metadata.pop("widgets", None)
        nb.cells = [cell for cell in nb.cells if cell.cell_type in ("markdown", "code")]
        for cell in nb.cells:
            cell.pop("attachments", None)
            if cell.cell_type == "code":
                cell.outputs = [output for output in map(self._output, cell.outputs) if output is not None]
        return nb, resources

    @staticmethod
    def _output(output: NotebookNode) -> NotebookNode | None:
        if output.output_type == "stream":
            return output
        if output.output_type == "error":
            output.traceback = [f"{output.ename}: {output.evalue}"]
            return output
        data = {kind: "".join(text) for kind, text in output.get("data", {}).items() if kind in SHOWN}
        for kind in SHOWN:
            if data.get(kind) and (not kind.startswith("image/") or BASE64.fullmatch(data[kind])):
                shown = notebooks.output(**{kind: data[kind]})
                return notebooks.output(output_type="display_data", data=shown, metadata=notebooks.output())
        return None


def _leak(page: str, secrets: set[str]) -> str:
    """A line of a hidden test that stands in ``page``, or nothing: the last look before handing back."""
    text = re.sub(r"\s+", "", html.unescape(re.sub(r"<[^>]*>", "", page)))
    return next((line for line in sorted(secrets) if re.sub(r"\s+", "", line) in text), "")


def hidden_lines(course: Course) -> set[str]:
    """The lines of hidden tests that stand nowhere in the participants' notebook."""
    source = notebooks.read(course.source_notebook)
    released = notebooks.read(course.release_notebook)
    shown = {line.strip() for cell in released.cells for line in cell.source.splitlines()}
    secret = {line.strip() for cell in source.cells for line in scores.hidden_region(cell.source).splitlines()}
    return {line for line in secret - shown if len(line) >= 12}


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
        KitError: if nobody was graded, or nbgrader fails on a page, or a page would show a hidden test.
    """
    people = [p for p in course.roster().people if scores.read_autograded(course, p.student_id) is not None]
    if not people:
        raise KitError(_("Nobody was graded yet; run kit class grade first."))
    pages: dict[Person, Path] = {}
    with course.change("feedback"):
        api = course.api()
        secrets = hidden_lines(course)
        for number, person in enumerate(people):
            if progress:
                progress(number, len(people), person)
            result: dict[str, Any] = api.generate_feedback(course.module, person.student_id, force=True)
            page = course.feedback(person.student_id) / f"{course.module}.html"
            if not result["success"] or not page.is_file():
                write_text(course.reports / "feedback.log", f"{result.get('log', '')}\n{result.get('error', '')}")
                raise KitError(
                    _("The feedback for {name} could not be made; {log} holds the details.").format(
                        name=person.name, log=course.reports / "feedback.log"
                    )
                )
            leak = _leak(page.read_text(encoding="utf-8"), secrets - own_lines(course, person))
            if leak:
                page.unlink()
                raise KitError(
                    _("The feedback for {name} would show a hidden test and was not made: “{line}”.").format(
                        name=person.name, line=leak
                    )
                )
            pages[person] = page
        target = course.reports / f"{course.module}_feedback.zip"
        entries: dict[str, Path | bytes] = {
            f"{p.student_id}/{course.module}.html": path for p, path in pages.items()
        }
        files.write_zip(target, entries)
    return target, list(pages.values())


def own_lines(course: Course, person: Person) -> set[str]:
    """What the participant handed in: whoever wrote the same line as a test has not seen the test."""
    path = course.submitted(person.student_id) / f"{course.module}.ipynb"
    if not path.is_file():
        return set()
    text = [str(cell.source) for cell in notebooks.read(path).cells]
    return {line.strip() for source in text for line in source.splitlines()}
