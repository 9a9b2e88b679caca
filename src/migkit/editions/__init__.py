"""Editions of the kit's one source: the book now; documents, languages and country packs beside it."""
