"""Explorers: change a definition or a defect, see the estimate move; live or in a page."""

from migkit.lesson.explorers.engine import Bar, Control, Explorer, Frame, percent_options
from migkit.lesson.explorers.m04_census import age_heaping, stock_by_definition, stock_by_omission

__all__ = [
    "Bar",
    "Control",
    "Explorer",
    "Frame",
    "age_heaping",
    "percent_options",
    "stock_by_definition",
    "stock_by_omission",
]
