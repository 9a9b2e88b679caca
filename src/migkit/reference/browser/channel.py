"""The channel between the page and its Python: short messages, each with a ``kind``."""

import sys
from collections.abc import Callable
from functools import cache
from typing import Any

#: The name under which page and worker find each other.
NAME = "migkit"


def in_browser() -> bool:
    """Whether this Python runs in a page."""
    return sys.platform == "emscripten"


#: The notebook whose Python this is: its path in the page, and the name the page has for this Python.
_place = {"notebook": "", "kernel": ""}


def work_for(notebook: str, kernel: str) -> None:
    """Whose messages these are from now on."""
    _place.update(notebook=notebook, kernel=kernel)


@cache
def _channel() -> Any:
    import js

    return js.BroadcastChannel.new(NAME)


def tell_page(kind: str, **facts: Any) -> None:
    """Send the page a message, for example ``tell_page("check", question="q1")``. Silent outside the browser.

    It names the notebook that it comes from. The Python of other tabs hears it too.
    """
    if not in_browser():
        return
    import js
    from pyodide.ffi import to_js

    message = to_js({"kind": kind, "notebook": _place["notebook"], **facts}, dict_converter=js.Object.fromEntries)
    _channel().postMessage(message)


def hear_page(kind: str, act: Callable[[Any], None]) -> None:
    """Call ``act`` with each message of that kind that is for everybody or for this Python.

    It comes between two cells, never within one.
    """
    from pyodide.ffi import create_proxy

    def sort(event: Any) -> None:
        if event.data.kind == kind and (getattr(event.data, "to", None) or _place["kernel"]) == _place["kernel"]:
            act(event.data)

    _channel().addEventListener("message", create_proxy(sort))
