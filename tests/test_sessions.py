"""The session plans and agendas: honest times, every step whole, in step with slides, notebook and exercise."""

import json
import re

import pytest

from migkit.editions import session_plan
from migkit.editions.cards import answers, read_cards
from migkit.editions.session_plan import LABELS, read_agenda, read_plan
from migkit.editions.slides import read_deck
from migkit.lesson.checks import questions
from migkit.measures.coverage import dual_system
from migkit.reference import ROOT, KitError, curriculum
from migkit.reference.curriculum import module

SLUGS = [entry.slug for entry in curriculum(ready_only=True) if "sessions" in entry.rooms]
AGENDAS = sorted((ROOT / "trainer_kit" / "agendas").glob("*.yml"))
NUMBERS = "One Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve Thirteen Fourteen Fifteen"
WORDS = {word: number for number, word in enumerate(re.findall(r"\w+", NUMBERS), start=1)}


def notebook_cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def headings(path):
    text = "\n".join("".join(cell["source"]) for cell in notebook_cells(path) if cell["cell_type"] == "markdown")
    return {
        re.sub(r" \(\d+ minutes\)$", "", title): int(minutes or 0)
        for title, minutes in re.findall(r"(?m)^## ((?:.+?)(?: \((\d+) minutes\))?)$", text)
    }


@pytest.mark.parametrize("slug", SLUGS)
def test_teaching_minutes_are_those_of_the_curriculum(slug):
    plan = read_plan(slug)
    assert plan.teaching_minutes == module(slug).minutes["session"] == plan.meta["minutes"]


@pytest.mark.parametrize("slug", SLUGS)
def test_each_step_begins_when_the_one_before_ends(slug):
    now = 0
    for step in read_plan(slug).steps:
        assert step.start == now, f"step {step.number} ({step.title}) should start at {session_plan.clock(now)}"
        now += step.minutes


@pytest.mark.parametrize("slug", SLUGS)
def test_nobody_sits_longer_than_80_minutes_without_a_break(slug):
    sitting = 0
    for step in read_plan(slug).steps:
        sitting = 0 if step.pause else sitting + step.minutes
        assert sitting <= 80, f"too long without a break at step {step.number}"


@pytest.mark.parametrize("slug", SLUGS)
def test_the_minutes_within_a_step_add_up(slug):
    """Where the trainer's actions name minutes for the whole step, they are the minutes of the step."""
    checked = 0
    for step in read_plan(slug).steps:
        named = re.findall(r"(?m)^- (\w+) minutes?\b", step.parts.get("Do", ""))
        if len(named) > 1:
            assert sum(WORDS[word] for word in named) == step.minutes, f"step {step.number}: {named}"
            checked += 1
    assert checked >= 6


@pytest.mark.parametrize("slug", SLUGS)
def test_each_step_says_everything_a_trainer_needs(slug):
    steps = [step for step in read_plan(slug).steps if not step.pause]
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    for step in steps:
        missing = [label for label in LABELS if not step.parts.get(label)]
        assert not missing, f"step {step.number} lacks {missing}"
        assert step.parts["Say"].startswith("> "), f"step {step.number}: what is said stands in a quotation"


@pytest.mark.parametrize("slug", SLUGS)
def test_every_slide_is_shown_once_and_in_order(slug):
    shown = [number for step in read_plan(slug).steps for number in step.slides]
    assert shown == [slide.number for slide in read_deck(slug).slides]


@pytest.mark.parametrize("slug", SLUGS)
def test_the_sections_named_are_in_the_notebook_and_fit_into_the_step(slug):
    known = headings(ROOT / "notebooks" / f"{slug}.ipynb")
    for step in read_plan(slug).steps:
        for section in step.notebook:
            assert section in known, f"step {step.number} names {section!r}; there are {sorted(known)}"
        assert sum(known[section] for section in step.notebook) <= step.minutes


@pytest.mark.parametrize("slug", SLUGS)
def test_each_question_of_the_exercise_has_its_place_on_the_answer_sheet(slug):
    body = read_plan(slug).body
    sheet = body[body.index("## Answer sheet") :]
    for cell in notebook_cells(ROOT / "exercises" / "source" / slug / f"{slug}.ipynb"):
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if match := re.fullmatch(r"q(\d+)-task", grade_id):
            title = re.search(r"(?m)^## \d+\. (.+)$", "".join(cell["source"]))[1]
            assert f"### Question {match[1]}. {title}" in sheet


@pytest.mark.parametrize("slug", SLUGS)
def test_the_answer_sheet_prints_the_messages_of_the_checks(slug):
    text = session_plan.printable(read_plan(slug))
    for question in questions(slug).values():
        if f"% kit: checks {question.key}" in read_plan(slug).body:
            for mistake in question.mistakes:
                assert f"- {mistake.message}" in text
    assert "% kit:" not in text


def test_a_question_that_is_not_in_the_exercise_is_an_error():
    with pytest.raises(KitError, match="q99"):
        session_plan.check_messages("04_census", "q99")


def test_the_rest_of_the_exercise_takes_what_the_plan_says():
    """Question 1 and 2 in class, the rest "about 80 minutes" later."""
    cells = notebook_cells(ROOT / "exercises" / "source" / "04_census" / "04_census.ipynb")
    text = "\n".join("".join(cell["source"]) for cell in cells)
    minutes = [int(number) for number in re.findall(r"(?m)^\*\d+ points, (\d+) minutes", text)]
    assert sum(minutes) == module("04_census").minutes["exercises"]
    assert abs(sum(minutes[2:]) - 80) <= 5
    assert "about 80 minutes more" in read_plan("04_census").body


def test_the_cards_have_five_different_counts_but_for_two():
    table = answers(read_cards("04_census"))
    counts = [int((table[rule] == "yes").sum()) for rule in table]
    assert counts == [6, 4, 8, 8, 3], "the session plan and the trainer's talk rest on these"
    assert (table.iloc[-1] == "unknown").all(), "the lodger is not known under any rule"


def test_the_figures_of_the_slides_are_right():
    text = (ROOT / "trainer_kit" / "slides" / "04_census.md").read_text(encoding="utf-8")
    assert dual_system(945, 800, 720).value == pytest.approx(1050)
    assert "**1,050**" in text
    assert f"{500 * 442882 / 946843:.1f}" == "233.9" and "233.9" in text
    assert f"{100 * 80 / 980:.1f} %" in text and f"{100 * 900 / 980:.1f} %" in text


def test_the_beans_are_as_exact_as_the_plan_says():
    """Cups of fifty from 180 beans: the standard error is at most a quarter of the number."""
    estimate = dual_system(50, 50, 14)
    assert estimate.se / estimate.value < 0.25


@pytest.mark.parametrize("path", AGENDAS, ids=lambda path: path.stem)
def test_an_agenda_holds_each_step_once_and_ends_in_office_hours(path):
    agenda = read_agenda(path)
    titles = [slot.title for slot in agenda.slots]
    steps = [step for step in read_plan("04_census").steps if not step.pause]
    assert [title for title in titles if title in {step.title for step in steps}] == [step.title for step in steps]
    for before, after in zip(agenda.slots, agenda.slots[1:], strict=False):
        assert after.start == before.start + before.minutes
    end = agenda.slots[-1].start + agenda.slots[-1].minutes
    assert end <= 17 * 60
    breaks = sum(slot.minutes for slot in agenda.slots if slot.pause)
    assert breaks >= 75, "lunch, prayers and two teas"
    exercise = next(slot for slot in agenda.slots if slot.title.startswith("Exercise"))
    assert exercise.minutes == 80


def test_an_agenda_with_a_step_that_does_not_exist_is_an_error(tmp_path):
    path = tmp_path / "wrong.yml"
    path.write_text("title: x\nstart: '08:00'\nslots:\n  - {session: 04_census, steps: [99]}\n", encoding="utf-8")
    with pytest.raises(KitError, match=r"wrong\.yml"):
        read_agenda(path)


def test_the_plan_speaks_of_people_with_respect():
    for path in sorted((ROOT / "trainer_kit").rglob("*.md")):
        text = path.read_text(encoding="utf-8").lower()
        assert "illegal migrant" not in text and "illegal immigrant" not in text, path
