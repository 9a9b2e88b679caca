"""A quiz as one accessible HTML page that asks no other address for anything.

In the quiz the learner is told at once what an answer means, and the first answer counts. In the test after the
module that comes with the result. The test before it tells the result alone: whoever has read the answers once
would show no gain that the course has made.
"""

import hashlib
import json
from pathlib import Path

from migkit.evaluation.quizzes import Quiz, basis
from migkit.reference import _, palette
from migkit.reference.language import current_language

_ASSETS = Path(__file__).parent / "assets"


def quiz_page(quiz: Quiz) -> str:
    """The page of ``quiz``: texts, style, answers and script in one file."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    jinja = Environment(
        loader=FileSystemLoader(_ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return jinja.get_template("quiz.html").render(
        quiz=quiz,
        lead=_lead(quiz),
        language=current_language(),
        colours={
            name.lower(): value
            for name, value in vars(palette).items()
            if name.isupper() and isinstance(value, str)
        },
        css=(_ASSETS / "quiz.css").read_text(encoding="utf-8"),
        javascript=(_ASSETS / "quiz.js").read_text(encoding="utf-8"),
        data=_json(quiz),
        basis=basis,
        _=_,
    )


def _lead(quiz: Quiz) -> str:
    questions = _("{n} questions.").format(n=len(quiz.items))
    if quiz.use == "quiz":
        how = _("Choose one answer and check it. Your first answer counts; try again as often as you like.")
    else:
        how = _("Leave out what you do not know: a guess tells nothing. Hand in at the end.")
    return f"{questions} {how}"


def _json(quiz: Quiz) -> str:
    """What the script needs. A ``</`` inside a text must not end the script element."""
    questions = [
        {
            "id": item.id,
            "right": item.options.index(item.answer),
            "feedback": [] if quiz.use == "pre" else [option.feedback for option in item.options],
        }
        for item in quiz.items
    ]
    everything = {
        "use": quiz.use,
        "fingerprint": _fingerprint(quiz),
        "items": questions,
        "sentences": _sentences(quiz),
    }
    return json.dumps(everything, ensure_ascii=False, indent=1).replace("<", "\\u003c")


def _fingerprint(quiz: Quiz) -> str:
    """Changes when questions or options do: answers to an older version are not laid over a newer one."""
    texts = [[item.id, [option.text for option in item.options]] for item in quiz.items]
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:12]


def _sentences(quiz: Quiz) -> dict[str, str]:
    if quiz.use == "quiz":
        done = _("All answered: {right} of {all} right at the first try.")
    elif quiz.use == "pre":
        done = _("Handed in: {right} of {all} right. What is right comes in the lesson.")
    else:
        done = _("Handed in: {right} of {all} right.")
    return {
        "right": _("Right."),
        "wrong": _("Not quite."),
        "left_out": _("Left out. The right answer is marked."),
        "choose": _("Choose one answer first."),
        "so_far": _("So far {right} of {all} right at the first try."),
        "done": done,
        "recorded": _("Your answers are recorded by the learning platform. You can stop and go on later."),
        "resumed": _("Your earlier answers are back. Go on where you stopped."),
        "nothing_recorded": _(
            "No learning platform was found, so nothing is recorded: "
            "this page forgets your answers when you close it."
        ),
    }
