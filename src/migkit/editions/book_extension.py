"""What the book needs from Sphinx beyond Jupyter Book, whether ``kit book`` or ``jupyter-book build .`` builds it.

It writes the generated pages first, runs notebooks again when the code or data behind them changed (the
cache of jupyter-cache looks at the notebook alone), and keeps the widget manager, 3.6 MB of JavaScript,
off the pages that show no widget.
"""

import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment

from migkit import __version__
from migkit.editions import data_pages, generated
from migkit.editions.fingerprint import fingerprint

_WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def prepare(app: Sphinx, config: Config) -> None:
    """Write the generated pages; empty the execution cache if it was filled by other code or data."""
    generated.write_all(Path(app.srcdir) / "book" / "_generated")
    data_pages.write_for(Path(app.srcdir))
    cache = Path(config.nb_execution_cache_path)
    mark = cache / "made_from.txt"
    now = fingerprint(Path(app.srcdir))
    if not mark.is_file() or mark.read_text(encoding="utf-8") != now:
        shutil.rmtree(cache, ignore_errors=True)
        cache.mkdir(parents=True)
        mark.write_text(now, encoding="utf-8")


def outdated(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """The executed pages that were read with other code or data behind them."""
    now = fingerprint(Path(app.srcdir))
    before, env.kit_fingerprint = getattr(env, "kit_fingerprint", now), now  # type: ignore[attr-defined]
    executed = [name for name, data in getattr(env, "nb_metadata", {}).items() if data.get("exec_data")]
    return [] if before == now else [name for name in executed if name in env.found_docs]


def page_context(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Tell the templates our version; leave the widget manager out of a page without widgets."""
    context["kit_version"] = __version__
    scripts = getattr(app.env, "nb_metadata", {}).get(pagename, {}).get("js_files", {})
    if scripts and doctree is not None and not _shows_widget(doctree):
        for key in [key for key in scripts if key.startswith("ipywidgets_")]:
            del scripts[key]


def _shows_widget(doctree: nodes.document) -> bool:
    return any(_WIDGET_VIEW in node.astext() for node in doctree.findall(nodes.raw))


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the functions above to Sphinx's events."""
    app.add_config_value("comments_config", {}, "")  # Jupyter Book sets it, for an extension that is left out
    app.connect("config-inited", prepare, priority=100)
    app.connect("env-get-outdated", outdated)
    app.connect("html-page-context", page_context, priority=100)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
