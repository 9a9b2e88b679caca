"""A quiz or test as every export takes it: its title, its items in their order, and the works they rest on."""

from dataclasses import dataclass

from migkit.evaluation.items import Item, items
from migkit.evaluation.paper import paper_items, title
from migkit.reference import KitError, _
from migkit.reference.bibliography import cited
from migkit.reference.curriculum import module


@dataclass(frozen=True)
class Quiz:
    """The questions of one module for one use."""

    slug: str
    use: str
    title: str
    items: tuple[Item, ...]

    @property
    def name(self) -> str:
        """How its files are called, for example ``04_census-quiz``."""
        return f"{self.slug}-{self.use}"


def quiz(slug: str, use: str = "quiz") -> Quiz:
    """The questions of module ``slug`` for ``use`` ("quiz", "pre" or "post").

    The tests have the order of the printed ones (:func:`migkit.evaluation.paper`), the quiz that of the book.

    Raises:
        KitError: if the module or the use is unknown, or the module has no item for it.
    """
    if use in ("pre", "post"):
        return Quiz(slug, use, title(slug, use), tuple(paper_items(slug, use)))
    chosen = items(slug, use)
    if not chosen:
        raise KitError(_("Module {slug} has no item for the use {use}.").format(slug=slug, use=use))
    return Quiz(slug, use, _("{module}: check yourself").format(module=module(slug).title), chosen)


def basis(item: Item) -> str:
    """The works that an item rests on, as one line of text; empty if it names none."""
    works = " ".join(cited(item.source))
    return _("Source: {works}").format(works=works) if works else ""


def bank(slug: str) -> str:
    """The name of the module's questions in another platform's question bank."""
    return _("{code} {module}").format(code=module(slug).code, module=module(slug).title)
