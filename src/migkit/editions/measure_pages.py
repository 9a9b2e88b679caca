"""The reference of the measures, written from their docstrings: what each answers, formula, source, example.

``book/_generated/measures_TOPIC.md`` is included in ``book/measures/TOPIC.md``, ``measures.md`` in the index. The
examples are those of the docstrings; a test runs each of them and compares what it prints.
"""

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import Any

import migkit.measures
from migkit.editions.markdown import grid, plain, scrolling
from migkit.reference import _

#: In the order of the modules that teach them.
_ORDER = ("definitions", "tables", "census_quality", "coverage", "surveys", "administrative", "integration",
          "confidentiality", "estimation", "exchange")  # fmt: skip


def topics() -> list[str]:
    """The topics of the measures, each a room of ``migkit.measures``, in the order in which they are taught."""
    found = [each.name for each in pkgutil.iter_modules(migkit.measures.__path__) if each.ispkg]
    return sorted(found, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name))


def fragments() -> dict[str, str]:
    """File name -> text, for each topic."""
    return {f"measures_{topic}.md": reference(topic) for topic in topics()} | {"measures.md": contents()}


def contents() -> str:
    """The list of the topics: link, what the topic is about, how many functions it offers."""
    rows = []
    for topic in topics():
        module = importlib.import_module(f"migkit.measures.{topic}")
        functions = [held for held in documented(module).values() if inspect.isfunction(held)]
        rows.append([f"[`{topic}`](/book/measures/{topic}.md)", plain(_first_line(module)), str(len(functions))])
    return scrolling("kit-measures", grid([_("Room"), _("What it is for"), _("Functions")], rows))


def reference(topic: str) -> str:
    """The reference of a topic: a table of its functions, then each function and class with its docstring."""
    module = importlib.import_module(f"migkit.measures.{topic}")
    members = documented(module)
    rows = ([f"[`{name}`](#{_anchor(topic, name)})", plain(_first_line(held))] for name, held in members.items())
    contents = scrolling("kit-measures", grid([_("Name"), _("What it answers")], rows))
    parts = [_entry(topic, name, held) for name, held in members.items()]
    return "\n".join([contents, *parts])


def documented(module: ModuleType) -> dict[str, Any]:
    """The functions and classes that a topic offers, functions first, each in the order of ``__all__``."""
    offered = {name: getattr(module, name) for name in module.__all__}
    functions = {name: held for name, held in offered.items() if inspect.isfunction(held)}
    return functions | {name: held for name, held in offered.items() if inspect.isclass(held)}


def _first_line(held: Any) -> str:
    """The first sentence of a docstring, without the marks of reStructuredText."""
    return (inspect.getdoc(held) or "").split("\n\n")[0].replace("``", "")


def _anchor(topic: str, name: str) -> str:
    return f"measure-{topic}-{name}".lower().replace("_", "-")


def _entry(topic: str, name: str, held: Any) -> str:
    kind = "autofunction" if inspect.isfunction(held) else "autoclass"
    return "\n".join(
        [
            f"({_anchor(topic, name)})=",
            f"### {name}",
            "",
            "```{eval-rst}",
            ".. highlight:: none",  # formulas are no code
            "",
            f".. {kind}:: migkit.measures.{topic}.{name}",
            "```",
            "",
        ]
    )
