"""Fetching a file of the edition, and waiting for it: in a web worker a request may wait."""

from typing import Any

from migkit.reference.errors import KitError
from migkit.reference.language import _


def fetch(url: str) -> bytes:
    """The content of a file of the edition.

    Raises:
        KitError: if it does not come.
    """
    content: bytes = _request("GET", url).response.to_bytes()
    return content


def weight(url: str) -> int:
    """How many bytes will travel for it; 0 if the server does not say."""
    try:
        return int(_request("HEAD", url).getResponseHeader("Content-Length") or 0)
    except KitError:
        return 0


def _request(method: str, url: str) -> Any:
    import js
    from pyodide.ffi import JsException

    request = js.XMLHttpRequest.new()
    try:
        request.open(method, url, False)
        request.responseType = "arraybuffer"
        request.send()
    except JsException:
        raise KitError(
            _(
                "{name} could not be fetched: nobody answers. Is the stick still in, and is the program that you "
                "started the kit with still open? Then run this cell again."
            ).format(name=_name(url))
        ) from None
    if not 200 <= request.status < 300:
        raise KitError(
            _(
                "{name} could not be fetched (answer {status}): this copy of the kit is not whole. Ask whoever "
                "gave it to you for a new one."
            ).format(name=_name(url), status=request.status)
        )
    return request


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]
