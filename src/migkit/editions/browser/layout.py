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

#: The folders that hold nothing but what the kit made; beside them somebody may have put files of their own.
ROOMS = (BOOK, DATA, KIT, LITE)

#: What opens an edition from a stick, by the beginnings of its names.
FOR_THE_STICK = ("Start", "start_", "launcher/", "readme.txt")


def made_here(name: str) -> bool:
    """Whether a file of an edition's folder is the kit's own."""
    return name == "index.html" or name.split("/")[0] in ROOMS or name.startswith(FOR_THE_STICK)


def lesson(slug: str) -> str:
    """The lesson of a module among the learner's files, as it lies in the repository."""
    return f"notebooks/{slug}.ipynb"


def exercise(slug: str) -> str:
    """The exercises of a module among the learner's files, as they lie in a hand-out."""
    return f"exercises/{slug}/{slug}.ipynb"
