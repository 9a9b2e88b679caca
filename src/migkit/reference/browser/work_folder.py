"""The learner's own files: what is uploaded in the page lies beside the notebook, what a cell writes can be saved.

The page keeps files (JupyterLite's contents); Python has a folder in memory. Each tells the other what is new.
"""

import base64
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from migkit.reference.browser.channel import hear_page, tell_page, work_for
from migkit.reference.files import write_bytes
from migkit.reference.language import _

#: What is no file of the learner's: notebooks are the page's own, the rest is left by programs on their way.
PASSING = frozenset({".ipynb", ".pyc", ".part", ".tmp"})
#: Larger files stay where they are: the browser's store has no room for many of them.
LARGEST = 20 * 1024 * 1024


class WorkFolder:
    """A folder in memory that mirrors the files of the page."""

    def __init__(self, top: Path) -> None:
        """What lies there already is not news."""
        self.top = top
        self._seen = dict(self._files())

    def _files(self) -> Iterator[tuple[Path, tuple[int, int]]]:
        """Each file that is worth keeping, and by what a change shows."""
        for path in sorted(self.top.rglob("*")):
            inside = path.relative_to(self.top).parts
            if (
                path.suffix.lower() not in PASSING
                and path.is_file()
                and not any(part.startswith((".", "__")) for part in inside)
            ):
                state = path.stat()
                yield path, (state.st_mtime_ns, state.st_size)

    def take(self, place: str, content: bytes) -> None:
        """A file that the page has: put it in its place; a place outside of the folder is none."""
        parts = PurePosixPath(place).parts
        if not parts or ".." in parts or parts[0] == "/":
            return
        path = self.top.joinpath(*parts)
        if not path.is_file() or path.read_bytes() != content:
            write_bytes(path, content)
        state = path.stat()
        self._seen[path] = (state.st_mtime_ns, state.st_size)

    def news(self) -> Iterator[tuple[str, bytes | None]]:
        """What was written or changed since the last time; no content if it is too large."""
        for path, state in self._files():
            if self._seen.get(path) != state:
                self._seen[path] = state
                content = path.read_bytes() if state[1] <= LARGEST else None
                yield path.relative_to(self.top).as_posix(), content


_folder: WorkFolder | None = None


def listen() -> None:
    """Take files from the page from now on, and give it new ones after each cell."""
    global _folder
    _folder = WorkFolder(Path.cwd())
    hear_page("file", _taken)
    hear_page("saved", _taken)  # by the Python of another tab
    if "IPython" in sys.modules:
        from IPython import get_ipython

        shell: Any = get_ipython()
        if shell is not None:
            shell.events.register("post_run_cell", after_cell)


def open_folder(notebook: str, kernel: str = "") -> None:
    """Work for this notebook of the page, for example ``"notebooks/04_census.ipynb"``, in the folder where it is.

    Args:
        notebook: its path among the page's files; empty where there is none.
        kernel: the name that the page has for this Python.
    """
    work_for(notebook, kernel)
    if _folder is not None:
        path = (_folder.top / notebook).parent if notebook else _folder.top
        path.mkdir(parents=True, exist_ok=True)
        os.chdir(path)


def after_cell(result: object = None) -> None:
    """Give the page what the cell wrote. A file that cannot be read must not stop a lesson."""
    if _folder is not None:
        with suppress(OSError):
            for place, content in _folder.news():
                if content is None:
                    say = _("{name} is larger than {most} MB: it is here until Python restarts, and is not kept.")
                    print(say.format(name=place, most=LARGEST // 1024**2))  # noqa: T201
                else:
                    tell_page("saved", path=place, **_as_model(content))


def _taken(message: Any) -> None:
    if _folder is not None:
        with suppress(OSError, ValueError):
            _folder.take(str(message.path), _as_bytes(str(message.format), str(message.content)))


def _as_model(content: bytes) -> dict[str, str]:
    """A file as Jupyter's contents hold it: as text, or as base64 what is none."""
    try:
        return {"format": "text", "content": content.decode()}
    except UnicodeDecodeError:
        return {"format": "base64", "content": base64.b64encode(content).decode()}


def _as_bytes(form: str, content: str) -> bytes:
    return base64.b64decode(content) if form == "base64" else content.encode()
