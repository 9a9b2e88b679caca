"""Run Jupyter Book's own build in a process of its own: ``python -m migkit.editions.sphinx_run``.

A process of its own gives the memory back when the book is built, and lets the caller read its progress.
It does what ``jupyter-book build --warningiserror --nitpick --keep-going`` does, but writes where it is told to.
"""

import sys
from pathlib import Path

from jupyter_book.sphinx import build_sphinx
from sphinx.util.console import nocolor


def main(source: Path, html: Path, doctrees: Path) -> int:
    """Build the book of the folder ``source``; 0 if there was no warning.

    Run it with ``source`` as the working folder: the cache of ``_config.yml`` is relative to it.
    """
    nocolor()
    result = build_sphinx(
        source,
        html,
        doctreedir=doctrees,
        path_config=source / "_config.yml",
        noconfig=True,
        confoverrides={
            "external_toc_path": (source / "_toc.yml").as_posix(),
            "latex_individualpages": False,
            "nitpicky": True,
        },
        warningiserror=True,
        keep_going=True,
    )
    return 1 if isinstance(result, Exception) or result else 0


if __name__ == "__main__":
    sys.exit(main(*(Path(argument) for argument in sys.argv[1:4])))
