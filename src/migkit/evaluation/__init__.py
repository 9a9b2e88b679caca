"""Tests before and after a module, and the quiz of the book: all from one bank of items."""

from migkit.evaluation.items import USES, Item, Option, item_file, items, load
from migkit.evaluation.paper import Paper, paper, paper_items, paper_minutes

__all__ = [
    "USES",
    "Item",
    "Option",
    "Paper",
    "item_file",
    "items",
    "load",
    "paper",
    "paper_items",
    "paper_minutes",
]
