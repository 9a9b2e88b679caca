"""Build the book: generated pages, Jupyter Book, and one clear sentence when something is wrong."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from migkit.editions import Progress, data_pages
from migkit.editions.alone import alone
from migkit.editions.fingerprint import BEHIND_NOTEBOOKS, fingerprint
from migkit.reference import ROOT, KitError, _
from migkit.reference.files import write_text

#: What a built book depends on beside what its notebooks depend on.
_BEHIND_BOOK: tuple[str, ...] = (
    "_config.yml",
    "_toc.yml",
    "curriculum.yml",
    "book/*",
    "book/[!_]*/**/*",
    "book/_static/**/*",
    "book/_templates/**/*",
    "notebooks/*.ipynb",
    "trainer_kit/evaluation/*.yml",
    "src/migkit/editions/book*.py",
    "src/migkit/editions/data_p*.py",
    "src/migkit/editions/generated.py",
    "src/migkit/editions/markdown.py",
    "src/migkit/editions/measure_pages.py",
    "src/migkit/editions/sphinx_run.py",
    "src/migkit/evaluation/*.py",
)
_STEPS = {  # what Sphinx prints -> (from, to, what to say): shares of the time of a first build
    "reading sources": (0.05, 0.80, _("reading pages and running notebooks")),
    "copying images": (0.80, 0.82, _("copying pictures")),
    "writing output": (0.82, 0.98, _("writing pages")),
}
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_STEP = re.compile(rf"^({'|'.join(_STEPS)})\.\.\. \[ *(\d+)%\](?: (\S+))?")


@dataclass(frozen=True)
class Built:
    """A built book: where it is, how long it took, and whether there was anything to do."""

    html: Path
    pages: int
    seconds: float
    unchanged: bool


def build(
    out: Path = ROOT / "_build" / "book",
    progress: Progress | None = None,
    clean: bool = False,
    source: Path = ROOT,
) -> Built:
    """Build the book into ``out/html``; any warning is an error.

    A book that is up to date is left alone. After an interrupted or failed build every page is read again;
    notebooks that ran stay in the cache under _build.

    Args:
        out: the folder for the pages (html), Sphinx's memory (doctrees) and the log (build.log).
        progress: told now and then how far the work is.
        clean: forget earlier builds and run every notebook again.
        source: the folder of _config.yml, _toc.yml and the pages.

    Raises:
        KitError: if the book has a fault; it quotes the first one and names the log.
    """
    say = progress or (lambda share, text: None)
    with alone(source / "_build" / ".book.lock", lambda: say(0.0, _("waiting for another build to end"))):
        return _build(out.resolve(), say, clean, source)


def _build(out: Path, say: Progress, clean: bool, source: Path) -> Built:
    begun = time.monotonic()
    if clean:
        for folder in (out, source / "_build" / ".jupyter_cache"):
            shutil.rmtree(folder, ignore_errors=True)
    state = state_of(source)
    finished = out / "finished.json"
    last = _read(finished)
    if last.get("state") == state and (out / "html" / "index.html").is_file():
        return Built(out / "html", int(str(last["pages"])), time.monotonic() - begun, unchanged=True)
    if not last:  # the last build was interrupted or failed: its pages cannot be trusted
        shutil.rmtree(out / "doctrees", ignore_errors=True)
    finished.unlink(missing_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    say(0.0, _("preparing"))
    _run(source, out, say)
    # Sphinx leaves these files alone when no page has changed.
    shutil.copytree(source / "book" / "_static", out / "html" / "_static", dirs_exist_ok=True)
    pages = sum(1 for _page in _pages(out / "html"))
    write_text(finished, json.dumps({"state": state, "pages": pages}))
    say(1.0, _("done"))
    return Built(out / "html", pages, time.monotonic() - begun, unchanged=False)


def state_of(source: Path = ROOT) -> str:
    """A mark of all that the book is made of; it stays while the book need not be built again."""
    data_pages.write_for(source)  # they are pages like others: the state takes them in
    tools = "|".join(version(name) for name in ("jupyter-book", "sphinx", "sphinx-book-theme", "myst-nb"))
    return f"{fingerprint(source, BEHIND_NOTEBOOKS + _BEHIND_BOOK)}|{sys.version_info.minor}|{tools}"


def _read(path: Path) -> dict[str, object]:
    try:
        loaded: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return loaded


def _pages(html: Path) -> Iterator[Path]:
    return (path for path in html.rglob("*.html") if "_static" not in path.parts)


def _run(source: Path, out: Path, say: Progress) -> None:
    """Run Sphinx, pass its progress on and keep what it prints in build.log."""
    command = [
        sys.executable,
        "-m",
        "migkit.editions.sphinx_run",
        str(source),
        str(out / "html"),
        str(out / "doctrees"),
    ]
    log = out / "build.log"
    # A drawing backend that somebody set for this shell would keep the charts out of the pages.
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    with (
        log.open("w", encoding="utf-8") as record,
        subprocess.Popen(
            command,
            cwd=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            env=environment,
        ) as sphinx,
    ):
        assert sphinx.stdout is not None
        for line in sphinx.stdout:
            record.write(_COLOUR.sub("", line))
            _report(line, say)
    if sphinx.returncode != 0:
        raise KitError(_complaint(log, source))


def _report(line: str, say: Progress) -> None:
    step = _STEP.match(line)
    if step:
        begin, end, text = _STEPS[step[1]]
        page = f": {step[3]}" if step[3] else ""
        say(begin + (end - begin) * int(step[2]) / 100, text + page)


def _complaint(log: Path, source: Path) -> str:
    """One sentence on what is wrong: the first fault that the log holds, how many there are, where to read on."""
    lines = log.read_text(encoding="utf-8").splitlines()
    faults = [line for line in lines if re.search(r"\b(WARNING|ERROR|CRITICAL)\b: ", line)]
    mistakes = [line for line in lines if re.match(r"(?!nbclient|myst_nb)[\w.]*(Error|Exception): ", line)]
    shown = (faults or mistakes or lines or ["?"])[0].replace(str(source), "").lstrip("/\\")
    if "Executing notebook failed" in shown and mistakes:
        shown = f"{shown.split(': WARNING')[0]}: {mistakes[-1]}"
    more = _(" (and {n} more)").format(n=len(faults) - 1) if len(faults) > 1 else ""
    return _("The book was not built: {fault}{more}. The whole log is {log}.").format(
        fault=shown.rstrip("."), more=more, log=log
    )
