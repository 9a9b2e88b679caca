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


@cache
def _channel() -> Any:
    import js

    return js.BroadcastChannel.new(NAME)


def tell_page(kind: str, **facts: Any) -> None:
    """Send the page a message, for example ``tell_page("check", question="q1")``. Silent outside the browser."""
    if not in_browser():
        return
    import js
    from pyodide.ffi import to_js

    message = to_js({"kind": kind, **facts}, dict_converter=js.Object.fromEntries)
    _channel().postMessage(message)


def hear_page(kind: str, act: Callable[[Any], None]) -> None:
    """Call ``act`` with each message of that kind. It comes between two cells, never within one."""
    from pyodide.ffi import create_proxy

    def sort(event: Any) -> None:
        if event.data.kind == kind:
            act(event.data)

    _channel().addEventListener("message", create_proxy(sort))
