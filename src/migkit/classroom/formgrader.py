"""Hand-ins in nbgrader's formgrader: shown in the trainer's browser, with the trainer's right to give points.

nbgrader shows them there with all their HTML and scripts; a script in an answer could give itself all points. Here
they pass through the same sieve as feedback does.
"""

from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.exporters.exporter import ResourcesDict
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode

from migkit.classroom import notebooks
from migkit.classroom.feedback import harmless, harmless_output, prose, shown_html


@pass_context
def words(context: Context, text: str) -> str:
    """Markdown as harmless HTML, with the pictures that were pasted into it."""
    attachments: Any = context.get("cell", {}).get("attachments") or {}
    try:
        renderer = IPythonRenderer(escape=False, exclude_anchor_links=True, attachments=attachments)
        return harmless(MarkdownWithMath(renderer).render(text))
    except Exception:  # a text that was made to break the reader
        return prose(text)


class Harmless(Preprocessor):
    """Takes out of a notebook what would run when it is shown, and what says how to show it."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Do so for the whole notebook, which is a copy for this page."""
        nb.metadata = notebooks.as_node({"language_info": {"name": "python"}})
        for cell in nb.cells:
            cell.metadata = notebooks.as_node({"nbgrader": cell.metadata.get("nbgrader", {})})
            if cell.cell_type == "raw":
                cell.cell_type = "markdown"
            if cell.cell_type == "code":
                cell.outputs = [shown for shown in map(_shown, cell.outputs) if shown is not None]
        return nb, resources


def _shown(output: NotebookNode) -> NotebookNode | None:
    """An output in one form that only shows."""
    shown = harmless_output(output)
    if shown is not None and shown.output_type == "display_data":
        for form, clean in (("text/html", shown_html), ("text/markdown", prose)):
            if form in shown.data:
                shown.data = notebooks.output(**{"text/html": clean(shown.data[form])})
    return shown
