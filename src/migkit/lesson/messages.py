"""In a notebook, a user's mistake shows as one box with one sentence, not as a page of traceback."""

from __future__ import annotations

import sys
from typing import Any

from migkit.lesson.box import Box
from migkit.reference import KitError


def install() -> None:
    """Show every :class:`KitError` as a box from now on. Does nothing outside IPython."""
    if "IPython" not in sys.modules:  # not worth its import, which takes as long as that of the whole lesson
        return
    from IPython import get_ipython

    shell = get_ipython()
    if shell is not None:
        shell.set_custom_exc((KitError,), _show)


def _show(shell: Any, kind: type, error: BaseException, trace: Any, tb_offset: int | None = None) -> list[str]:
    """Display the box; the cell still counts as failed, so that "Run all" stops there."""
    from IPython.display import display

    show: Any = display
    show(Box("mend", "", [str(error)]))
    return [str(error)]
