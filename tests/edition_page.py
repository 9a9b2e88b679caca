"""A person at a notebook of the browser edition, and the same notebook in JupyterLab's kernel beside it."""

import base64
import io
import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from migkit.reference.palette import SERIES

#: What says, from outside, how far a page is.
WATCH = """
window.kitSeen = {};
for (const name of ["kit-loaded", "kit-python"]) addEventListener(name, () => { kitSeen[name] = true; });
"""
CELLS = """() => {
  const cells = jupyterapp.shell.currentWidget.content.model.cells;
  return Array.from({ length: cells.length }, (_, n) => cells.get(n)).map((cell) => cell.toJSON());
}"""
RUN_ALL = """() => {
  window.ran = undefined;
  jupyterapp.commands.execute("notebook:run-all-cells").then((good) => { window.ran = [good]; });
}"""
WRITE = """([id, words]) => {
  const cells = jupyterapp.shell.currentWidget.content.model.cells;
  const cell = Array.from({ length: cells.length }, (_, n) => cells.get(n)).find((each) => each.id === id);
  cell.sharedModel.setSource(words);
}"""
RUN = """(id) => {
  const content = jupyterapp.shell.currentWidget.content;
  content.activeCellIndex = content.widgets.findIndex((each) => each.model.id === id);
  return jupyterapp.commands.execute("notebook:run-cell");
}"""
ASK = """async (code) => {
  const future = jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute({ code });
  let said = "";
  future.onIOPub = ({ content }) => {
    said += content.text || content.evalue || (content.data && content.data["text/plain"]) || "";
  };
  await future.done;
  return said.trim();
}"""
#: All that the widgets of a notebook hold, but for names of one another.
WIDGETS = """
import json
from ipywidgets.widgets.widget import _instances
def plain(state):
    return {key: value for key, value in state.items() if "IPY_MODEL" not in str(value)}
print(json.dumps([[type(each).__name__, plain(each.get_state())] for each in _instances.values()]))
"""


class Desk:
    """One person's browser: a context of its own that notes requests to other places, and faults."""

    def __init__(self, browser: Any, origin: str, script: str = "") -> None:
        self.origin = origin
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
        self.context.set_default_timeout(60_000)
        self.context.add_init_script(WATCH + script)
        self.asked: list[str] = []
        self.faults: list[str] = []
        self.context.on("request", lambda request: self.asked.append(request.url))
        self.context.on("console", self._note)
        self.context.on("weberror", lambda error: self.faults.append(str(error.error)))

    def _note(self, message: Any) -> None:
        # JupyterLab asks whether to overwrite a file that "somebody else" has changed.
        if message.type == "error" or "Last saving performed" in message.text:
            self.faults.append(f"{message.text} {message.location.get('url', '')}")

    def outside(self) -> list[str]:
        """Requests that left the edition; a policy that stopped one is a request all the same."""
        inside = ("data:", "blob:", self.origin)
        refused = [fault for fault in self.faults if "Content Security Policy" in fault]
        return [url for url in self.asked if not url.startswith(inside)] + refused

    def open(self, path: str, python: bool = True) -> "Notebook":
        page = self.context.new_page()
        begun = time.monotonic()
        page.goto(f"{self.origin}lite/notebooks/index.html?path={path}")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.wait_for_function("jupyterapp.shell.currentWidget.context.isReady")  # an empty cell may come first
        notebook = Notebook(page)
        if python:
            page.wait_for_function("kitSeen['kit-loaded']", timeout=240_000)
            notebook.seconds = time.monotonic() - begun
        return notebook


@dataclass
class Notebook:
    """A notebook that is open in a page."""

    page: Any
    seconds: float = 0.0

    def cells(self) -> list[dict[str, Any]]:
        return self.page.evaluate(CELLS)

    def write(self, name: str, words: str) -> None:
        self.page.evaluate(WRITE, [name, words])

    def ask(self, code: str) -> str:
        """What the notebook's Python says to a line of code."""
        return self.page.evaluate(ASK, code)

    def run(self, name: str) -> None:
        """Run one cell and wait for its end."""
        self.page.evaluate(RUN, name)

    def run_all(self, over_errors: bool = False) -> "Ran":
        begun = time.monotonic()
        if over_errors:
            for cell in self.cells():
                self.run(cell["id"])
        else:
            self.page.evaluate(RUN_ALL)
            self.page.wait_for_function("window.ran", timeout=300_000)
        seconds = time.monotonic() - begun
        return Ran(self.cells(), json.loads(self.ask(WIDGETS)), seconds)

    def output(self, name: str) -> Any:
        """The place below a cell where its output is shown."""
        number = next(n for n, cell in enumerate(self.cells()) if cell["id"] == name)
        return self.page.locator(".jp-Notebook .jp-Cell").nth(number).locator(".jp-OutputArea").first


@dataclass(frozen=True)
class Ran:
    """A notebook that was run: its cells with their outputs, and what its widgets hold."""

    cells: list[dict[str, Any]]
    widgets: list[Any]
    seconds: float

    def code(self) -> list[dict[str, Any]]:
        return [cell for cell in self.cells if cell["cell_type"] == "code"]

    def errors(self) -> list[str]:
        return [
            f"{cell['id']}: {output['ename']}: {output['evalue']}"
            for cell in self.code()
            for output in cell["outputs"]
            if output["output_type"] == "error"
        ]


def run_natively(notebook: Path, answers: dict[str, str], folder: Path) -> Ran:
    """Run a notebook in JupyterLab's own kernel, with answers in place of some cells, over errors."""
    read = nbformat.read(notebook, 4)
    for cell in read.cells:
        cell.source = answers.get(cell.id, cell.source)
    last = nbformat.v4.new_code_cell(WIDGETS)
    client = NotebookClient(
        read, kernel_name="python3", allow_errors=True, resources={"metadata": {"path": folder}}
    )
    with client.setup_kernel():
        begun = time.monotonic()
        for number, cell in enumerate(read.cells):
            client.execute_cell(cell, number)
        seconds = time.monotonic() - begun
        read.cells.append(last)
        client.execute_cell(last, len(read.cells) - 1)
    read.cells.pop()
    return Ran(json.loads(json.dumps(read.cells)), json.loads(last.outputs[0]["text"]), seconds)


#: What differs between two runs of one notebook, also on one computer; nothing else may.
DIFFERENT = (
    (
        re.compile(r"data:image/png;base64,[A-Za-z0-9+/=]+"),
        "PICTURE",
    ),  # other fonts; compared by look_alike(), below
    (re.compile(r'"model_id": "\w+"'), '"model_id": ""'),  # a number drawn by lot
)


def outputs(cell: dict[str, Any]) -> list[tuple[str, str]]:
    """What a cell shows, kind by kind, as text that two runs share."""
    shown: list[tuple[str, str]] = []
    for output in cell["outputs"]:
        kind = output["output_type"]
        if kind == "stream":
            kind, text = f"stream {output['name']}", "".join(output["text"])
            if shown and shown[-1][0] == kind:  # one print may come in two pieces
                text = shown.pop()[1] + text
            shown.append((kind, text))
        elif kind == "error":
            # The last line of the red text is what a learner is told to read.
            shown.append((kind, re.sub(r"\x1b\[[\d;]*m", "", output["traceback"][-1])))
        else:
            shown += [(f"{kind} {mime}", _text(value)) for mime, value in sorted(output["data"].items())]
    return shown


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else "".join(value) if isinstance(value, list) else json.dumps(value)
    for pattern, instead in DIFFERENT:
        text = pattern.sub(instead, text)
    return text


def differences(one: Ran, other: Ran) -> list[str]:
    """Where two runs show different things, cell by cell."""
    assert [cell["id"] for cell in one.code()] == [cell["id"] for cell in other.code()]
    found = []
    for first, second in zip(one.code(), other.code(), strict=True):
        if outputs(first) != outputs(second):
            found.append(f"{first['id']}: {outputs(first)} is not {outputs(second)}"[:3000])
        pictures = list(zip(_pictures(first), _pictures(second), strict=True))
        found += [f"{first['id']}: other picture" for ours, theirs in pictures if not look_alike(ours, theirs)]
    if one.widgets != other.widgets:
        found.append("what the widgets hold")
    return found


def _pictures(cell: dict[str, Any]) -> list[bytes]:
    return [
        base64.b64decode(found) for found in re.findall(r"image/png;base64,([A-Za-z0-9+/=]+)", json.dumps(cell))
    ]


#: Pixels in which two pictures of one chart may differ: the mark "SYNTHETIC DATA" in the letters of another
#: matplotlib takes about 2,000. Bars and lines are the same to the pixel.
LETTERS = 2_300


def look_alike(one: bytes, other: bytes) -> bool:
    """Whether bars, lines and points of two pictures lie in the same places; letters may differ."""
    import numpy as np
    from PIL import Image, ImageColor

    first, second = (np.asarray(Image.open(io.BytesIO(each)).convert("RGB")).astype(int) for each in (one, other))
    if first.shape != second.shape:
        return False
    for colour in SERIES:
        painted = [abs(each - ImageColor.getrgb(colour)).max(-1) <= 12 for each in (first, second)]
        if (painted[0] ^ painted[1]).sum() > LETTERS:
            return False
    return True
