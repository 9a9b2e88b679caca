"""Editions of the kit's one source: the book now; documents, languages and country packs beside it."""

from collections.abc import Callable

#: Called with the share of the work that is done (0 to 1) and what is being done.
Progress = Callable[[float, str], None]
