"""Test items: one file per module, trainer_kit/evaluation/SLUG.yml, read and checked.

The same items serve the self-check quiz of the book and the tests before and after a course. A file::

    module: 04_census
    items:
      - id: m04-01            # "m", the module's code, "-", a number of two digits
        use: [quiz, pre]      # any of quiz, pre, post
        outcome: 1            # which outcome of curriculum.yml it tests, counted from 1
        difficulty: 2         # 1 easy, 2 middling, 3 hard
        stem: ...             # the question, plain text
        options:              # three to five; exactly one is correct
          - {text: ..., correct: true, feedback: ...}
          - {text: ..., feedback: ...}
        source: [un_pr_rev3]  # keys of book/references.bib; may be an empty list
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migkit.reference import ROOT, KitError, _
from migkit.reference.curriculum import module
from migkit.reference.files import read_yaml

#: What an item can be used for.
USES: tuple[str, ...] = ("quiz", "pre", "post")

_FIELDS = {"id", "use", "outcome", "difficulty", "stem", "options", "source"}
_OPTION_FIELDS = {"text", "correct", "feedback"}


@dataclass(frozen=True)
class Option:
    """One answer that can be chosen, with what to tell the person who chose it."""

    text: str
    correct: bool
    feedback: str


@dataclass(frozen=True)
class Item:
    """One question with one right answer."""

    id: str
    use: tuple[str, ...]
    outcome: int
    difficulty: int
    stem: str
    options: tuple[Option, ...]
    source: tuple[str, ...]

    @property
    def answer(self) -> Option:
        """The right option."""
        return next(option for option in self.options if option.correct)


def item_file(slug: str) -> Path:
    """Where the items of module ``slug`` stand."""
    return ROOT / "trainer_kit" / "evaluation" / f"{slug}.yml"


def items(slug: str, use: str | None = None) -> tuple[Item, ...]:
    """The items of module ``slug`` in the order of its file.

    Args:
        slug: the module, for example ``"04_census"``.
        use: ``"quiz"``, ``"pre"`` or ``"post"`` for the items of that use only.

    Raises:
        KitError: if the file is missing or an item breaks the schema; it names file, item and fault.
    """
    if use is not None and use not in USES:
        raise KitError(
            _("There is no use {use!r} of items; ask for one of {uses}.").format(use=use, uses=", ".join(USES))
        )
    everything = load(item_file(slug), code=module(slug).code, outcomes=len(module(slug).outcomes))
    return tuple(item for item in everything if use is None or use in item.use)


def load(path: Path, code: str, outcomes: int) -> tuple[Item, ...]:
    """Read and check one item file.

    Args:
        path: the YAML file.
        code: the two digits of the module; every id starts with "m", these and "-".
        outcomes: how many outcomes the module has.

    Raises:
        KitError: at the first fault; it names file, item and fault.
    """
    entries = _entries(path)
    found = tuple(
        _Reader(path, number, entry).item(code, outcomes) for number, entry in enumerate(entries, start=1)
    )
    ids = [item.id for item in found]
    for item_id in ids:
        if ids.count(item_id) > 1:
            raise KitError(_("{path}: the id {id} stands twice; number each item.").format(path=path, id=item_id))
    return found


def _entries(path: Path) -> Sequence[Mapping[str, Any]]:
    if not path.is_file():
        raise KitError(_("There is no item file {path}; the questions must stand there.").format(path=path))
    content = read_yaml(path)
    entries = content.get("items") if isinstance(content, dict) else None
    if not isinstance(entries, list) or not entries:
        raise KitError(_("{path}: the file must hold a list called items.").format(path=path))
    return entries


class _Reader:
    """Turns one entry of the file into an Item, or says what is wrong with it."""

    def __init__(self, path: Path, number: int, entry: object) -> None:
        self.path = path
        self.raw = entry
        self.entry: Mapping[str, Any] = entry if isinstance(entry, dict) else {}
        name = self.entry.get("id")
        self.name = str(name) if name else _("number {n}").format(n=number)

    def fault(self, what: str) -> KitError:
        return KitError(_("{path}, item {item}: {what}").format(path=self.path, item=self.name, what=what))

    def item(self, code: str, outcomes: int) -> Item:
        self._fields(self.raw, _FIELDS, _("an item"))
        options = self._options()
        if not re.fullmatch(rf"m{code}-\d\d", str(self.entry["id"])):
            raise self.fault(_("the id must look like m{code}-01.").format(code=code))
        return Item(
            id=str(self.entry["id"]),
            use=self._uses(),
            outcome=self._whole("outcome", outcomes),
            difficulty=self._whole("difficulty", 3),
            stem=self._text(self.entry["stem"], "stem"),
            options=options,
            source=self._sources(),
        )

    def _fields(self, entry: object, expected: set[str], what: str) -> None:
        if not isinstance(entry, dict):
            raise self.fault(_("{what} must be a set of named fields.").format(what=what))
        # `correct` may be left out of the wrong options.
        missing = expected - {"correct"} - set(entry)
        unknown = set(entry) - expected
        if missing:
            raise self.fault(
                _("{what} lacks the field {fields}.").format(what=what, fields=", ".join(sorted(missing)))
            )
        if unknown:
            raise self.fault(
                _("{what} has an unknown field {fields}; use {known}.").format(
                    what=what, fields=", ".join(sorted(map(str, unknown))), known=", ".join(sorted(expected))
                )
            )

    def _text(self, value: object, field: str) -> str:
        if not isinstance(value, str) or not value.strip():
            raise self.fault(_("the field {field} must be text, and not empty.").format(field=field))
        return " ".join(value.split())

    def _whole(self, field: str, highest: int) -> int:
        value = self.entry[field]
        if type(value) is not int or not 1 <= value <= highest:
            raise self.fault(
                _("the field {field} must be a whole number from 1 to {highest}, not {value!r}.").format(
                    field=field, highest=highest, value=value
                )
            )
        return value

    def _uses(self) -> tuple[str, ...]:
        uses = self.entry["use"]
        if not isinstance(uses, list) or not uses or any(use not in USES for use in uses):
            raise self.fault(_("the field use must be a list of some of {uses}.").format(uses=", ".join(USES)))
        return tuple(uses)

    def _sources(self) -> tuple[str, ...]:
        sources = self.entry["source"]
        if not isinstance(sources, list) or any(not isinstance(key, str) for key in sources):
            raise self.fault(
                _("the field source must be a list of keys of book/references.bib (it may be empty).")
            )
        return tuple(sources)

    def _options(self) -> tuple[Option, ...]:
        entries = self.entry["options"]
        if not isinstance(entries, list) or not 3 <= len(entries) <= 5:
            raise self.fault(_("an item needs three to five options."))
        options = tuple(self._option(entry, number) for number, entry in enumerate(entries, start=1))
        right = sum(option.correct for option in options)
        if right != 1:
            raise self.fault(_("exactly one option must be correct, not {n}.").format(n=right))
        if len({option.text for option in options}) < len(options):
            raise self.fault(_("two options have the same text."))
        return options

    def _option(self, entry: Mapping[str, Any], number: int) -> Option:
        what = _("option {n}").format(n=number)
        self._fields(entry, _OPTION_FIELDS, what)
        correct = entry.get("correct", False)
        if not isinstance(correct, bool):
            raise self.fault(_("{what}: correct must be true or false.").format(what=what))
        return Option(
            text=self._text(entry["text"], f"{what}, text"),
            correct=correct,
            feedback=self._text(entry["feedback"], f"{what}, feedback"),
        )
