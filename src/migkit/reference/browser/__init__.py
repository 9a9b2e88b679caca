"""What differs where Python runs in the page (the browser edition): files come by URL, and the page is spoken to.

Python runs there in a web worker. It fetches by a request that waits for its answer, because nothing else is
there on plain http; the page and the worker talk over one channel called ``migkit``.
"""

from migkit.reference.browser.channel import in_browser, tell_page
from migkit.reference.browser.packages import install as _fetch_packages
from migkit.reference.browser.requests import fetch
from migkit.reference.browser.work_folder import listen, open_folder


def install() -> None:
    """Called once, when the kit is imported in the browser: packages on demand, files to and from the page."""
    _fetch_packages()
    listen()


__all__ = ["fetch", "in_browser", "install", "open_folder", "tell_page"]
