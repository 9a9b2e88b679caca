"""The test before and the test after a module, as pages to print."""

import random
from dataclasses import dataclass

from migkit.evaluation.items import Item, items
from migkit.reference import KitError, _
from migkit.reference.curriculum import module

_LETTERS = "ABCDE"


@dataclass(frozen=True)
class Paper:
    """A printed test: what participants get and what the trainer keeps. Both are plain markdown."""

    test: str
    key: str


def paper(slug: str, use: str) -> Paper:
    """The test ``use`` ("pre" or "post") of module ``slug``, with its answer key.

    Raises:
        KitError: if ``use`` is neither of the two, or the module has no item for it.
    """
    chosen = paper_items(slug, use)
    heading = title(slug, use)
    return Paper(test=_test(heading, chosen), key=_key(heading, chosen, module(slug).outcomes))


def paper_items(slug: str, use: str) -> list[Item]:
    """The items of the test ``use`` ("pre" or "post") of module ``slug``, as they stand in it.

    Questions and options stand in another order in each test, so that nobody answers the second from memory
    of the first. The order depends on module and use alone: a reprint is the same paper.

    Raises:
        KitError: if ``use`` is neither of the two, or the module has no item for it.
    """
    if use not in ("pre", "post"):
        raise KitError(_("A printed test is either pre or post, not {use!r}.").format(use=use))
    chosen = _shuffled(items(slug, use), f"{slug}-{use}")
    if not chosen:
        raise KitError(_("Module {slug} has no item for the {use}-test.").format(slug=slug, use=use))
    return chosen


def paper_minutes(questions: int) -> int:
    """How long a test of so many questions may take."""
    return 2 * questions


def _shuffled(chosen: tuple[Item, ...], seed: str) -> list[Item]:
    """The items and their options in an order fixed by ``seed``."""
    order = random.Random(seed)  # seeded with text: the same on every platform
    result = [_with_options(item, order) for item in chosen]
    order.shuffle(result)
    return result


def _with_options(item: Item, order: random.Random) -> Item:
    options = list(item.options)
    order.shuffle(options)
    return Item(
        id=item.id,
        use=item.use,
        outcome=item.outcome,
        difficulty=item.difficulty,
        stem=item.stem,
        options=tuple(options),
        source=item.source,
    )


def title(slug: str, use: str) -> str:
    """What the test ``use`` ("pre" or "post") of module ``slug`` is called."""
    which = _("Test before the module") if use == "pre" else _("Test after the module")
    return f"{module(slug).title}: {which[0].lower()}{which[1:]}"


def _test(heading: str, chosen: list[Item]) -> str:
    lines = [
        f"# {heading}",
        "",
        _("Participant number: ____________ Date: ____________"),
        "",
        _(
            "{n} questions, {minutes} minutes. Circle one letter in each. "
            "Leave out what you do not know: a guess tells the trainer nothing."
        ).format(n=len(chosen), minutes=paper_minutes(len(chosen))),
        "",
    ]
    for number, item in enumerate(chosen, start=1):
        lines += [f"## {_('Question {n}').format(n=number)}", "", item.stem, ""]
        # Two spaces after the letter make a list of it for pandoc; two at the end keep the lines apart elsewhere.
        lines += [f"{letter}.  {option.text}  " for letter, option in zip(_LETTERS, item.options, strict=False)]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _key(heading: str, chosen: list[Item], outcomes: tuple[str, ...]) -> str:
    lines = [
        f"# {heading}: {_('answer key')}",
        "",
        _("For the trainer. One point for each right answer, {n} points in all.").format(n=len(chosen)),
        "",
        f"| {_('Question')} | {_('Answer')} | {_('Item')} | {_('Outcome')} |",
        "|---:|:---:|:---|:---|",
    ]
    for number, item in enumerate(chosen, start=1):
        lines.append(f"| {number} | {_letter(item)} | {item.id} | {item.outcome} |")
    lines += ["", f"## {_('The outcomes')}", ""]
    lines += [f"{number}. {outcome}" for number, outcome in enumerate(outcomes, start=1)]
    lines += ["", f"## {_('What to say about each answer')}", ""]
    for number, item in enumerate(chosen, start=1):
        lines += [f"### {_('Question {n}').format(n=number)}", "", item.stem, ""]
        for letter, option in zip(_LETTERS, item.options, strict=False):
            mark = _("right") if option.correct else _("wrong")
            lines.append(f"- {letter} ({mark}). {option.text} {option.feedback}")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _letter(item: Item) -> str:
    return next(letter for letter, option in zip(_LETTERS, item.options, strict=False) if option.correct)
