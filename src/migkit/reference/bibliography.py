"""The works that the kit cites (book/references.bib), as sentences for places that have no list of references."""

from collections.abc import Iterable
from functools import cache

from migkit.reference.errors import KitError
from migkit.reference.language import _
from migkit.reference.paths import ROOT


def cited(keys: Iterable[str]) -> tuple[str, ...]:
    """Each work as one line of plain text: author, title, publisher, year.

    Args:
        keys: keys of book/references.bib.

    Raises:
        KitError: if a key is not in the file.
    """
    works = _works()
    for key in keys:
        if key not in works:
            raise KitError(_("There is no work {key!r} in book/references.bib; add it there.").format(key=key))
    return tuple(works[key] for key in keys)


@cache
def _works() -> dict[str, str]:
    from pybtex.database import parse_file
    from pybtex.style.formatting.unsrt import Style
    from pybtex.style.template import field, sentence

    class AsPrinted(Style):  # type: ignore[misc]
        """Pybtex's plain style would write a title's names in small letters."""

        def format_title(self, e: object, which_field: str, as_sentence: bool = True) -> object:
            title = field(which_field)
            return sentence[title] if as_sentence else title

    entries = parse_file(str(ROOT / "book" / "references.bib")).entries
    for entry in entries.values():
        entry.fields.setdefault("year", _("no date"))
    styled = AsPrinted().format_entries(list(entries.values()))
    return {entry.key: entry.text.render_as("text") for entry in styled}
