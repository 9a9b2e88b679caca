"""Tests before and after a module, and the quiz of the book: all from one bank of items."""

from migkit.evaluation.gift import gift
from migkit.evaluation.items import USES, Item, Option, item_file, items, load
from migkit.evaluation.moodle_xml import moodle_xml
from migkit.evaluation.paper import Paper, paper, paper_items, paper_minutes
from migkit.evaluation.quiz_page import quiz_page
from migkit.evaluation.quizzes import Quiz, quiz
from migkit.evaluation.scorm import scorm

__all__ = [
    "USES",
    "Item",
    "Option",
    "Paper",
    "Quiz",
    "gift",
    "item_file",
    "items",
    "load",
    "moodle_xml",
    "paper",
    "paper_items",
    "paper_minutes",
    "quiz",
    "quiz_page",
    "scorm",
]
