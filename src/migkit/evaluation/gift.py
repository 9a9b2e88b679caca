r"""Questions as GIFT, the plain text that Moodle and many other platforms read.

Every text is marked ``[plain]``: so it is shown as it stands, and one that begins with ``%50%`` or ``[html]`` is
neither taken for a weight nor for a mark. GIFT gives a meaning to ``~ = # { } :`` and the backslash; a backslash
before them takes it away.
"""

import re

from migkit.evaluation.items import Item, Option
from migkit.evaluation.quizzes import Quiz, bank, basis
from migkit.reference import _
from migkit.reference.curriculum import curriculum_title


def gift(quiz: Quiz) -> str:
    """The quiz as one GIFT file, with the feedback of each option and the source of each question."""
    lines = [f"// {quiz.title}. {_('Save as UTF-8.')}", f"$CATEGORY: {category(quiz)}", ""]
    for item in quiz.items:
        lines += [*_question(item), ""]
    return "\n".join(lines)


def category(quiz: Quiz) -> str:
    """Where the questions land in Moodle's question bank; a slash parts levels there, a double one is a slash."""
    levels = (curriculum_title(), bank(quiz.slug), quiz.title)
    return "/".join(["$course$", "top", *(level.replace("/", "//") for level in levels)])


def _question(item: Item) -> list[str]:
    return [
        f"// [id:{item.id}]",
        f"::{_escaped(item.id)}::{_plain(item.stem)} {{",
        *(_option(option) for option in item.options),
        *([f"####{_plain(basis(item))}"] if item.source else []),
        "}",
    ]


def _option(option: Option) -> str:
    return f"{'=' if option.correct else '~'}{_plain(option.text)}#{_plain(option.feedback)}"


def _plain(text: str) -> str:
    return f"[plain]{_escaped(text)}"


def _escaped(text: str) -> str:
    # Two options joined by "->" make a question of pairs, and no backslash prevents that.
    return re.sub(r"([\\~=#{}:])", r"\\\1", text.replace("->", "→"))
