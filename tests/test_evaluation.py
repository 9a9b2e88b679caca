"""The bank of questions: the shipped items, the schema's messages, the printed tests."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from migkit.evaluation import USES, Item, items, load, paper
from migkit.reference import ROOT, KitError, curriculum

READY = [module.slug for module in curriculum(ready_only=True)]

GOOD: dict[str, Any] = {
    "id": "m04-01",
    "use": ["quiz", "pre"],
    "outcome": 1,
    "difficulty": 2,
    "stem": "Which one?",
    "options": [
        {"text": "This", "correct": True, "feedback": "It is."},
        {"text": "That", "feedback": "It is not."},
        {"text": "None", "feedback": "There is one."},
    ],
    "source": ["un_pr_rev3"],
}


def write(path: Path, *entries: object) -> Path:
    path.write_text(yaml.safe_dump({"module": "04_census", "items": list(entries)}), encoding="utf-8")
    return path


def change(**fields: object) -> dict[str, Any]:
    entry = copy.deepcopy(GOOD)
    entry.update(fields)
    return entry


def options(*texts: str, correct: int = 0) -> list[dict[str, object]]:
    return [{"text": text, "correct": n == correct, "feedback": "So."} for n, text in enumerate(texts)]


@pytest.mark.parametrize("slug", READY)
def test_a_ready_module_has_enough_items_for_each_use(slug: str) -> None:
    assert len(items(slug)) >= 12
    assert len(items(slug, "quiz")) >= 6
    assert len(items(slug, "pre")) >= 8
    assert len(items(slug, "post")) >= 8


@pytest.mark.parametrize("slug", READY)
def test_the_gain_is_measured_on_the_same_items(slug: str) -> None:
    assert items(slug, "pre") == items(slug, "post")


@pytest.mark.parametrize("slug", READY)
def test_every_outcome_is_tested_before_and_after(slug: str) -> None:
    module = next(module for module in curriculum() if module.slug == slug)
    assert {item.outcome for item in items(slug, "pre")} == set(range(1, len(module.outcomes) + 1))


@pytest.mark.parametrize("slug", READY)
def test_the_length_of_an_option_does_not_give_the_answer_away(slug: str) -> None:
    everything = items(slug)
    longest = [max(item.options, key=lambda option: len(option.text)).correct for item in everything]
    assert sum(longest) <= len(everything) / 2


@pytest.mark.parametrize("slug", READY)
def test_the_right_answer_does_not_always_stand_in_one_place(slug: str) -> None:
    places = [item.options.index(item.answer) for item in items(slug)]
    assert all(places.count(place) <= len(places) / 2 for place in set(places))
    assert len(set(places)) >= 3


@pytest.mark.parametrize("slug", READY)
def test_each_option_has_feedback_of_its_own(slug: str) -> None:
    for item in items(slug):
        said = [option.feedback for option in item.options]
        assert len(set(said)) == len(said), item.id
        assert all(text.endswith((".", "?")) for text in said), item.id


@pytest.mark.parametrize("slug", READY)
def test_every_source_of_an_item_is_in_the_bibliography(slug: str) -> None:
    bibliography = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    keys = set(re.findall(r"@\w+\{([^,\s]+),", bibliography))
    assert {key for item in items(slug) for key in item.source} <= keys


def test_a_use_selects_its_items_in_the_order_of_the_file() -> None:
    everything = items("04_census")
    for use in USES:
        assert items("04_census", use) == tuple(item for item in everything if use in item.use)


def test_an_unknown_use_or_module_is_named() -> None:
    with pytest.raises(KitError, match=r"'exam'.*quiz, pre, post"):
        items("04_census", "exam")
    with pytest.raises(KitError, match="04_sensus"):
        items("04_sensus")


def test_a_good_file_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "x.yml", GOOD, change(id="m04-02", stem="Two\n  lines?"))
    first, second = load(path, code="04", outcomes=6)
    assert isinstance(first, Item)
    assert first.answer.text == "This"
    assert first.source == ("un_pr_rev3",)
    assert second.stem == "Two lines?"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (change(id="m05-01"), "id must look like m04-01"),
        (change(use=["exam"]), "list of some of quiz, pre, post"),
        (change(use=[]), "list of some of quiz, pre, post"),
        (change(outcome=7), "outcome must be a whole number from 1 to 6, not 7"),
        (change(outcome=True), "outcome must be a whole number"),
        (change(difficulty="hard"), "difficulty must be a whole number from 1 to 3"),
        (change(stem="  "), "stem must be text"),
        (change(options=options("a", "b")), "three to five options"),
        (change(options=options("a", "b", "c", correct=9)), "exactly one option must be correct, not 0"),
        (change(options=options("a", "a", "c")), "two options have the same text"),
        (change(options=[*options("a", "b"), {"text": "c"}]), "option 3 lacks the field feedback"),
        (change(options=[*options("a", "b"), "c"]), "option 3 must be a set of named fields"),
        (change(source="un_pr_rev3"), "source must be a list"),
        (change(hint="?"), "unknown field hint"),
        ({key: value for key, value in GOOD.items() if key != "stem"}, "lacks the field stem"),
        (
            change(options=[{"text": t, "correct": "yes", "feedback": "So."} for t in "abc"]),
            "option 1: correct must be true or false",
        ),
    ],
)
def test_a_fault_names_file_item_and_what(tmp_path: Path, entry: dict[str, Any], message: str) -> None:
    path = write(tmp_path / "x.yml", entry)
    with pytest.raises(KitError) as error:
        load(path, code="04", outcomes=6)
    assert message in str(error.value)
    assert "x.yml" in str(error.value)
    assert f"item {entry['id']}" in str(error.value)


def test_an_item_without_a_name_is_told_by_its_number(tmp_path: Path) -> None:
    path = write(tmp_path / "x.yml", GOOD, "words")
    with pytest.raises(KitError, match="item number 2: an item must be a set of named fields"):
        load(path, code="04", outcomes=6)


def test_an_id_that_stands_twice_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "x.yml", GOOD, GOOD)
    with pytest.raises(KitError, match="the id m04-01 stands twice"):
        load(path, code="04", outcomes=6)


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KitError, match=r"no item file .*x\.yml"):
        load(tmp_path / "x.yml", code="04", outcomes=6)
    (tmp_path / "x.yml").write_text("items:\n  - text: a: b\n", encoding="utf-8")
    with pytest.raises(KitError, match="line 2: this is not valid YAML"):
        load(tmp_path / "x.yml", code="04", outcomes=6)
    (tmp_path / "x.yml").write_text("items: []\n", encoding="utf-8")
    with pytest.raises(KitError, match="list called items"):
        load(tmp_path / "x.yml", code="04", outcomes=6)


@pytest.mark.parametrize("use", ["pre", "post"])
def test_a_paper_asks_every_item_once_and_gives_nothing_away(use: str) -> None:
    made = paper("04_census", use)
    for item in items("04_census", use):
        assert made.test.count(item.stem) == 1
        assert item.id not in made.test
        for option in item.options:
            assert option.text in made.test
            assert option.feedback not in made.test
            assert option.feedback in made.key


@pytest.mark.parametrize("use", ["pre", "post"])
def test_the_key_points_at_the_right_option_of_the_paper(use: str) -> None:
    made = paper("04_census", use)
    rows = re.findall(r"^\| (\d+) \| ([A-E]) \| (m04-\d\d) \|", made.key, re.M)
    bank = {item.id: item for item in items("04_census", use)}
    assert {item_id for _number, _letter, item_id in rows} == set(bank)
    for number, letter, item_id in rows:
        question = re.search(rf"^## Question {number}\n(.*?)(?=^## |\Z)", made.test, re.M | re.S)
        assert question is not None
        assert bank[item_id].stem in question[1]
        assert f"{letter}.  {bank[item_id].answer.text}" in [line.rstrip() for line in question[1].splitlines()]


def test_a_reprint_is_the_same_and_the_second_test_is_another_order() -> None:
    assert paper("04_census", "pre") == paper("04_census", "pre")
    stems = [
        re.findall(r"^## Question \d+\n\n(.+)$", paper("04_census", use).test, re.M) for use in ("pre", "post")
    ]
    assert stems[0] != stems[1]
    assert sorted(stems[0]) == sorted(stems[1])


def test_the_key_names_the_outcomes_by_their_numbers() -> None:
    outcomes = next(module for module in curriculum() if module.slug == "04_census").outcomes
    key = paper("04_census", "pre").key
    for number, outcome in enumerate(outcomes, start=1):
        assert f"\n{number}. {outcome}\n" in key
    for item in items("04_census", "pre"):
        assert re.search(rf"^\| \d+ \| [A-E] \| {item.id} \| {item.outcome} \|$", key, re.M)


def test_a_quiz_is_not_printed_as_a_test() -> None:
    with pytest.raises(KitError, match="pre or post, not 'quiz'"):
        paper("04_census", "quiz")
