"""Where things lie in an edition's folder: one place, because pages, tests and the class all speak of it."""

#: JupyterLite; its notebook page takes ``?path=``.
LITE = "lite"
NOTEBOOK_PAGE = f"{LITE}/notebooks/index.html"

#: The built book.
BOOK = "book"

#: The teaching data, fetched by ``load()``.
DATA = "data"

#: The kit's own scripts and styles.
KIT = "kit"

#: What every built file is called and weighs.
MANIFEST = "manifest.json"

#: Endings of the copies that are packed beforehand.
PACKED = (".br", ".gz")


def lesson(slug: str) -> str:
    """The lesson of a module among the learner's files, as it lies in the repository."""
    return f"notebooks/{slug}.ipynb"


def exercise(slug: str) -> str:
    """The exercises of a module among the learner's files, as they lie in a hand-out."""
    return f"exercises/{slug}/{slug}.ipynb"
