"""Cards for the activity on paper: invented persons to be counted by each definition, and the key.

The cards stand in trainer_kit/manual/cards_SLUG.yml: what the card says, and the same facts in the columns of
the census. The key is worked out by ``migkit.measures.definitions``, so it cannot disagree with the lesson.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from migkit.measures.definitions import RULES, classify
from migkit.reference import ROOT, KitError, _


@dataclass(frozen=True)
class Card:
    """One invented person."""

    name: str
    text: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class Cards:
    """The cards of a module and the rules to count by."""

    title: str
    intro: str
    after: str
    country: str
    rules: tuple[str, ...]
    cards: tuple[Card, ...]


def card_file(slug: str) -> Path:
    """Where the cards of module ``slug`` stand."""
    return ROOT / "trainer_kit" / "manual" / f"cards_{slug}.yml"


def read_cards(slug: str) -> Cards:
    """The cards of module ``slug``.

    Raises:
        KitError: if the file is missing or names a rule that does not exist.
    """
    path = card_file(slug)
    if not path.is_file():
        raise KitError(_("Module {slug} has no cards: write {path}.").format(slug=slug, path=path))
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    unknown = [rule for rule in content["rules"] if rule not in RULES]
    if unknown:
        raise KitError(_("{path}: there is no rule {rules}.").format(path=path.name, rules=", ".join(unknown)))
    cards = tuple(Card(entry["name"], entry["text"].strip(), entry["facts"]) for entry in content["cards"])
    return Cards(
        content["title"], content["intro"], content["after"], content["country"], tuple(content["rules"]), cards
    )


def answers(deck: Cards) -> pd.DataFrame:
    """Which rule counts whom: one row a card (index: the name), one column a rule, "yes", "no" or "unknown"."""
    facts = pd.DataFrame([card.facts for card in deck.cards], index=[card.name for card in deck.cards])
    return pd.DataFrame({rule: classify(facts, rule, deck.country) for rule in deck.rules})


def card_page(deck: Cards) -> str:
    """The cards as markdown, six to a page; each carries the rules, to be ticked."""
    ticks = _("Counted by:") + " " + "; ".join(f"☐ {_(RULES[rule].title).lower()}" for rule in deck.rules)
    parts = [f"# {deck.title}", deck.intro]
    for start in range(0, len(deck.cards), 6):
        if start:
            parts.append("::: page-break\n:::")
        grid = [
            f'::: {{.card title="{card.name}" corner="{start + place}"}}\n'
            f"{card.text}\n\n::: small\n{ticks}\n:::\n:::"
            for place, card in enumerate(deck.cards[start : start + 6], start=1)
        ]
        parts.append(':::: {.card-grid columns="2" height="7.3cm" size="12.5pt"}\n' + "\n".join(grid) + "\n::::")
    return "\n\n".join(parts) + "\n"


def key_page(deck: Cards) -> str:
    """The key as markdown: which rule counts whom, and how many each counts."""
    table = answers(deck)
    signs = {"yes": "●", "no": "–", "unknown": "?"}
    heads = [_(RULES[rule].title) for rule in deck.rules]
    lines = [
        f"| | {_('Card')} | " + " | ".join(heads) + " |",
        "|---:|:---------------------|" + "|".join([":-----------:"] * len(heads)) + "|",
    ]
    for number, (name, row) in enumerate(table.iterrows(), start=1):
        lines.append(f"| {number} | {name} | " + " | ".join(signs[row[rule]] for rule in deck.rules) + " |")
    counts = [str(int((table[rule] == "yes").sum())) for rule in deck.rules]
    lines.append(f"| | **{_('Counted')}** | " + " | ".join(f"**{count}**" for count in counts) + " |")
    return f"# {deck.title}: {_('key')}\n\n" + "\n".join(lines) + f"\n\n{deck.after}\n"
