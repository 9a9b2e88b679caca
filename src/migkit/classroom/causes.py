"""What usually leads to a wrong answer: the mistakes that the helping checks know, in one class's data.

The wrong answers are recomputed once for each data set and kept: forty hand-ins on the same data cost one
computation.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import pandas as pd

from migkit.classroom.plain import TooBig, from_plain, to_plain
from migkit.lesson.checks import Question, Road, leads_to, questions
from migkit.reference import KitError, _

#: The key of a cause that lies in the answer's form, not in its values.
FORM = "form"


class Causes:
    """The usual mistakes of an exercise on one data set."""

    def __init__(self, slug: str, data: Callable[[str], pd.DataFrame]) -> None:
        """Nothing is computed yet.

        Args:
            slug: the module of the exercise; one without helping checks has no causes.
            data: gives a table of the participants' data by its name.
        """
        try:
            self._questions: dict[str, Question] = questions(slug)
        except KitError:
            self._questions = {}
        self._data = cache(data)
        self._roads: dict[str, tuple[Road, ...]] = {}

    def of(self, question: str, value: Any) -> tuple[str, str]:
        """What usually leads to ``value``, and a stable key of it (``q2/1``, ``form``); both empty if unknown.

        Never raises: a participant's answer must not stop the grading of the class.
        """
        known = self._questions.get(question)
        if known is None or isinstance(value, TooBig):
            return "", ""
        try:
            complaints = known.complaints(value, self._data)
            if complaints:
                return " ".join(complaints), FORM
            road = next((road for road in self._roads_of(known) if leads_to(road, value)), None)
        except Exception:  # whatever the data lack here: then no cause is known
            return "", ""
        return (" ".join(_(message) for message in road.messages), road.key) if road else ("", "")

    def _roads_of(self, question: Question) -> tuple[Road, ...]:
        """The wrong answers of a question, computed at the first need."""
        if question.key not in self._roads:
            # In the form in which participants' answers come, so that the two can be compared.
            self._roads[question.key] = tuple(
                Road(road.key, road.messages, from_plain(to_plain(road.answer)))
                for road in question.roads(self._data)
            )
        return self._roads[question.key]
