"""``check("q1", answer)``: looks at an answer and says in words what to look at again. It never raises.

For a question of an exercise it never says what is right: the trainer's key, which no participant has, does.
For a "Your turn" of a lesson, which nobody grades, it also says "Right" and why.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pandas as pd

import migkit.lesson.checks
from migkit.lesson import room
from migkit.lesson.box import Box
from migkit.lesson.checks import Data, Question, is_number, questions, same
from migkit.lesson.data import load
from migkit.reference import KitError, _


@dataclass(frozen=True)
class Practice(Question):
    """A "Your turn" of a lesson: not graded, so the answer is computed here and the check may say "Right".

    Attributes:
        right: computes the answer from the lesson's data.
        because: one sentence to keep, shown with "Right".
    """

    right: Callable[[Data], Any] = lambda data: None
    because: str = ""


def modules() -> tuple[str, ...]:
    """Slugs of the modules that have checks."""
    return tuple(sorted(name[1:] for _finder, name, _is_package in iter_modules(migkit.lesson.checks.__path__)))


@cache
def _known(slug: str) -> dict[str, Question]:
    """Exercise questions and the lesson's own turns of a module, by key."""
    known = dict(questions(slug))
    practice = f"migkit.lesson.practice.m{slug}"
    try:
        known.update(import_module(practice).QUESTIONS)
    except ModuleNotFoundError as error:
        if error.name != practice:
            raise
    return known


def check(question: str, answer: Any = ..., module: str = "", country: str = "GMB") -> Box:
    """Look at the answer to a question and say what might be wrong, in words.

    Args:
        question: the key of the question, for example ``"q3"``.
        answer: the variable that holds your answer.
        module: slug of the module; needed only where two modules have a question of that name.
        country: the country whose data the lesson uses.

    Returns:
        A box that shows itself as the last line of a cell. It never holds the expected value of a graded question.
    """
    box = _looked_at(question, answer, module, country)
    room.tell(question, box)
    return box


def _looked_at(question: str, answer: Any, module: str, country: str) -> Box:
    """What :func:`check` shows."""
    try:
        found = _find(str(question), module)
        return found if isinstance(found, Box) else _reviewed(found, answer, country)
    except KitError as error:
        return Box("mend", str(question), [str(error)])
    except Exception as error:  # a check must never stop a lesson
        text = _("The check itself stumbled ({kind}). Your answer is kept; tell your trainer, and go on.")
        return Box("mend", str(question), [text.format(kind=type(error).__name__)])


def _find(question: str, module: str) -> Question | Box:
    """The question of that name, or a box that says which there are."""
    slugs = (module,) if module else modules()
    holders = {slug: _known(slug) for slug in slugs}
    hits = [slug for slug, known in holders.items() if question in known]
    if len(hits) == 1:
        return holders[hits[0]][question]
    if hits:
        text = _(
            "Several modules have a question {question!r}: say which, for example "
            'check({question!r}, answer, module="{slug}").'
        )
        return Box("mend", question, [text.format(question=question, slug=hits[0])])
    keys = [key for known in holders.values() for key in known]
    guess = difflib.get_close_matches(question, keys, 1, 0.3)
    hint = _(" Did you mean {guess!r}?").format(guess=guess[0]) if guess else ""
    text = _("There is no question {question!r}; there are: {keys}.{hint}")
    return Box("mend", question, [text.format(question=question, keys=", ".join(keys) or _("none"), hint=hint)])


def _reviewed(question: Question, answer: Any, country: str) -> Box:
    data: Callable[[str], pd.DataFrame] = partial(load, country=country)
    tables = cache(data)
    review = question.review(answer, tables)
    title = f"{question.key} ({question.name})"
    if answer is None or answer is Ellipsis:
        return Box("turn", title, [_("Replace the dots with your own code and run the cell again.")])
    if isinstance(question, Practice):
        if _matches(question, answer, tables):
            return Box("right", title, [_(question.because)] if question.because else [])
        if _rounded(question, answer, tables):
            said = [_("Rounded, but right. Keep the decimals while you work; round in what you publish.")]
            return Box("right", title, said + ([_(question.because)] if question.because else []))
        if review.fine:
            return Box(
                "look",
                title,
                [_("The form is right, the value is not yet. Read the question once more, step by step.")],
            )
    if review.fine:
        return Box("note", title, [review.noted])
    return Box("look", title, list(review.complaints))


def _rounded(question: Practice, answer: Any, data: Data) -> bool:
    """Whether ``answer`` is the right number with fewer decimals (47.4 for 47.403)."""
    if getattr(question.shape, "whole", True) or not is_number(answer):
        return False
    try:
        right = question.right(data)
        return any(same(answer, round(float(right), decimals)) for decimals in range(4))
    except KitError:
        raise
    except Exception:
        return False


def _matches(question: Practice, answer: Any, data: Data) -> bool:
    try:
        return same(answer, question.right(data))
    except KitError:
        raise
    except Exception:  # an answer of a strange make is not right
        return False
