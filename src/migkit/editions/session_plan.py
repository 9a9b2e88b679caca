"""The session plan of a module: read from its text, checked, and turned into timetable, cue cards and agenda.

A plan (trainer_kit/sessions/SLUG.md) is MyST markdown that a person reads as it stands. Each step is a third-level
heading, one line of facts, and a labelled list::

    ### Step 2. One person, four answers

    **0:10** · 20 minutes · slides 5–7 · notebook: Four questions

    Say
    :   > Take one card each ...

A break has the heading ``### Break. Tea`` and a line of facts with ``break``. The clock counts from the start of
the session, breaks included.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from migkit.editions.myst import split_front_matter
from migkit.lesson.checks import questions
from migkit.reference import ROOT, KitError, _
from migkit.reference.curriculum import module

#: The labels that every step but a break must have.
LABELS: tuple[str, ...] = (
    "Say",
    "Do",
    "Participants",
    "Key message",
    "Expected answers",
    "Common errors",
)
_STEP = re.compile(r"^### (?:Step (?P<number>\d+)|Break)\. (?P<title>.+)$")
_FACTS = re.compile(r"^\*\*(?P<hours>\d+):(?P<minutes>\d\d)\*\* · (?P<length>\d+) minutes(?P<rest>(?: · .+)?)$")
_LABEL = re.compile(r"^(?P<label>[A-Z][^:.|*>-]{1,40})$")


@dataclass(frozen=True)
class Step:
    """One step of a session.

    Attributes:
        number: counted from 1; 0 for a break.
        start: minutes from the start of the session, breaks included.
        slides: numbers of the slides shown, in order.
        notebook: headings of the lesson notebook that participants work through.
        parts: label -> markdown of what stands under it.
    """

    number: int
    title: str
    start: int
    minutes: int
    pause: bool = False
    slides: tuple[int, ...] = ()
    notebook: tuple[str, ...] = ()
    parts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SessionPlan:
    """A session plan: what its front matter says, its steps, its text."""

    slug: str
    title: str
    meta: dict[str, Any]
    steps: tuple[Step, ...]
    body: str
    path: Path

    @property
    def teaching_minutes(self) -> int:
        """Minutes without the breaks."""
        return sum(step.minutes for step in self.steps if not step.pause)

    @property
    def break_minutes(self) -> int:
        """Minutes of breaks."""
        return sum(step.minutes for step in self.steps if step.pause)


def clock(minutes: int) -> str:
    """75 as ``1:15``."""
    return f"{minutes // 60}:{minutes % 60:02d}"


def read_plan(slug: str) -> SessionPlan:
    """The session plan of module ``slug``.

    Raises:
        KitError: if it is missing or a step has no line of facts.
    """
    path = ROOT / "trainer_kit" / "sessions" / f"{slug}.md"
    if not path.is_file():
        raise KitError(_("Module {slug} has no session plan: write {path}.").format(slug=slug, path=path))
    meta, body = split_front_matter(path.read_text(encoding="utf-8"), path)
    heading = re.match(r"^# (.+)\n", body)
    if not heading:
        raise KitError(_("{path} must start with a heading '# ...' after its front matter.").format(path=path))
    return SessionPlan(slug, heading[1].strip(), meta, tuple(_steps(body, path)), body[heading.end() :], path)


def _steps(body: str, path: Path) -> list[Step]:
    lines = body.splitlines()
    starts = [index for index, line in enumerate(lines) if _STEP.match(line)]
    steps = []
    for index in starts:
        end = next((i for i in range(index + 1, len(lines)) if re.match(r"^#{1,3} ", lines[i])), len(lines))
        steps.append(_step(lines[index:end], path))
    return steps


def _step(lines: list[str], path: Path) -> Step:
    heading = _STEP.match(lines[0])
    facts = next((match for line in lines[1:4] if (match := _FACTS.match(line))), None)
    if heading is None or facts is None:
        raise KitError(
            _("{path}: below '{heading}' a line like '**0:10** · 20 minutes · slides 5–7' is missing.").format(
                path=path.name, heading=lines[0]
            )
        )
    rest = [part for part in facts["rest"].split(" · ") if part]
    notebook = [part.partition(": ")[2] for part in rest if part.startswith("notebook: ")]
    return Step(
        number=int(heading["number"] or 0),
        title=heading["title"],
        start=60 * int(facts["hours"]) + int(facts["minutes"]),
        minutes=int(facts["length"]),
        pause="break" in rest,
        slides=_slides(rest),
        notebook=tuple(part.strip() for text in notebook for part in text.split(";")),
        parts=_parts(lines),
    )


def _slides(rest: list[str]) -> tuple[int, ...]:
    numbers: list[int] = []
    for part in rest:
        if match := re.match(r"^slides? (.+)$", part):
            for piece in match[1].split(", "):
                first, _dash, last = piece.partition("–")
                numbers.extend(range(int(first), int(last or first) + 1))
    return tuple(numbers)


def _parts(lines: list[str]) -> dict[str, str]:
    parts: dict[str, list[str]] = {}
    label = ""
    for index, line in enumerate(lines):
        following = lines[index + 1] if index + 1 < len(lines) else ""
        if _LABEL.match(line) and following.startswith(":   "):
            label = line
            parts[label] = []
        elif label:
            parts[label].append(line[4:] if line[:1] in " :" else line)
    return {name: "\n".join(text).strip() for name, text in parts.items()}


# --- what is made from a plan --------------------------------------------------------------------------


def printable(plan: SessionPlan) -> str:
    """The plan's text with step headings that the templates can draw, its facts and its timetable filled in."""
    lines = plan.body.splitlines()
    steps = iter(plan.steps)
    output: list[str] = []
    skip = False
    for line in lines:
        heading = _STEP.match(line)
        if heading:
            output.append(_drawn_heading(next(steps)))
            skip = True
        elif skip and _FACTS.match(line):
            skip = False
        elif line.strip() == "% kit: facts":
            output.append(facts_table(plan))
        elif line.strip() == "% kit: timetable":
            output.append(timetable(plan))
        elif line.startswith("% kit: checks "):
            output.append(check_messages(plan.slug, line.split()[-1]))
        else:
            output.append(line)
    return "\n".join(output) + "\n"


def _drawn_heading(step: Step) -> str:
    minutes = _("{n} min").format(n=step.minutes)
    return (
        f'### {_numbered(step)} {{.step clock="{clock(step.start)}" minutes="{minutes}" '
        f'details="{details(step)}" pause="{str(step.pause).lower()}"}}'
    )


def _numbered(step: Step) -> str:
    return step.title if step.pause else f"{step.number}. {step.title}"


def details(step: Step) -> str:
    """Slides and notebook parts of a step on one line."""
    parts = []
    if step.slides:
        shown = _("Slide {numbers}") if len(step.slides) == 1 else _("Slides {numbers}")
        parts.append(shown.format(numbers=_ranges(step.slides)))
    elif not step.pause:
        parts.append(_("No slide"))
    if step.notebook:
        parts.append(_("Notebook: {parts}").format(parts="; ".join(step.notebook)))
    return " · ".join(parts)


def _ranges(numbers: tuple[int, ...]) -> str:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def facts_table(plan: SessionPlan) -> str:
    """What a trainer wants to know first: time, group, room, materials, files."""
    time = _("{teaching} minutes of teaching and {breaks} minutes of breaks: {hours} hours in the room.").format(
        teaching=plan.teaching_minutes,
        breaks=plan.break_minutes,
        hours=clock(plan.teaching_minutes + plan.break_minutes).replace(":", " h "),
    )
    rows = [(_("Time"), [time])]
    for key, label in (
        ("group", _("Group")),
        ("room", _("Room")),
        ("materials", _("Materials")),
        ("files", _("Files")),
    ):
        value = plan.meta.get(key)
        if value:
            rows.append((label, value if isinstance(value, list) else [str(value)]))
    outcomes = list(module(plan.slug).outcomes)
    rows.append((_("After it, a participant can"), [_lower(outcome) for outcome in outcomes]))
    return "\n".join(_labelled(label, values) for label, values in rows)


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _labelled(label: str, values: list[str]) -> str:
    if len(values) == 1:
        return f"{label}\n:   {values[0]}\n"
    return f"{label}\n:   - " + "\n    - ".join(values) + "\n"


def timetable(plan: SessionPlan) -> str:
    """All steps on one table."""
    rows = [
        f"| {_('Clock')} | {_('Minutes')} | {_('Step')} | {_('Slides')} |",
        "|----------|----------:|:---------------------------------------------------------------|-----------|",
    ]
    for step in plan.steps:
        title = f"*{step.title}*" if step.pause else _numbered(step)
        rows.append(f"| {clock(step.start)} | {step.minutes} | {title} | {_ranges(step.slides)} |")
    end = plan.steps[-1].start + plan.steps[-1].minutes
    rows.append(f"| {clock(end)} |  | *{_('End')}* |  |")
    return "\n".join(rows)


def cue_cards(plan: SessionPlan) -> str:
    """One card for each step, to hold in the hand: clock, what to do, key message."""
    cards = []
    for step in plan.steps:
        body = []
        if step.parts.get("Key message"):
            body.append("**" + step.parts["Key message"].rstrip().strip("*") + "**")
        if step.parts.get("Do"):
            body.append(step.parts["Do"])
        if not body:
            body.append(
                _("Come back on time: the next step starts at {clock}.").format(
                    clock=clock(step.start + step.minutes)
                )
            )
        line = details(step)
        cards.append(
            f'::: {{.card title="{clock(step.start)} {_numbered(step)}" corner="{step.minutes} min"}}\n'
            + "\n\n".join(body)
            + (f"\n\n*{line}*" if line else "")
            + "\n:::"
        )
    return ':::: {.card-grid columns="2" size="9.5pt"}\n' + "\n".join(cards) + "\n::::\n"


def check_messages(slug: str, question: str) -> str:
    """What the check of a question says to the usual mistakes, as a list."""
    asked = questions(slug)
    if question not in asked:
        raise KitError(
            _("The session plan of {slug} speaks of {question}, but the exercise has no such question.").format(
                slug=slug, question=question
            )
        )
    messages = [_(mistake.message) for mistake in asked[question].mistakes]
    return _("The check answers:") + "\n\n" + "\n".join(f"- {message}" for message in messages) + "\n"


# --- agendas -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Slot:
    """One line of an agenda: when, how long, what, who."""

    start: int
    minutes: int
    title: str
    note: str
    pause: bool


@dataclass(frozen=True)
class Agenda:
    """A day: its title, an introduction and its slots."""

    title: str
    intro: str
    after: str
    slots: tuple[Slot, ...]

    @property
    def teaching_minutes(self) -> int:
        """Minutes without the breaks."""
        return sum(slot.minutes for slot in self.slots if not slot.pause)


def read_agenda(path: Path) -> Agenda:
    """An agenda from its YAML file; steps of a session take their minutes and titles from its plan.

    Raises:
        KitError: if the file is no agenda, or names a step that the plan does not have.
    """
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or not {"title", "start", "slots"} <= set(content):
        raise KitError(_("{path} is no agenda: it needs title, start and slots.").format(path=path.name))
    hours, minutes = str(content["start"]).split(":")
    now = 60 * int(hours) + int(minutes)
    slots: list[Slot] = []
    for entry in content["slots"]:
        for title, length, note, pause in _entry(entry, path):
            slots.append(Slot(now, length, title, note, pause))
            now += length
    return Agenda(content["title"], content.get("intro", ""), content.get("after", ""), tuple(slots))


def _entry(entry: dict[str, Any], path: Path) -> list[tuple[str, int, str, bool]]:
    note = str(entry.get("note", ""))
    if "session" not in entry:
        return [(str(entry["title"]), int(entry["minutes"]), note, bool(entry.get("break", False)))]
    plan = read_plan(str(entry["session"]))
    wanted = {int(number) for number in entry["steps"]}
    chosen = [step for step in plan.steps if step.number in wanted]
    if len(chosen) != len(wanted):
        raise KitError(
            _("{path} names a step that the session plan {slug} does not have.").format(
                path=path.name, slug=plan.slug
            )
        )
    return [(step.title, step.minutes, note, step.pause) for step in chosen]


def agenda_page(agenda: Agenda) -> str:
    """An agenda as markdown."""
    rows = [
        f"| {_('Time')} | {_('Minutes')} | {_('What')} | {_('How')} |",
        "|----------|------------:|:-------------------------------------|:----------------------------------------|",
    ]
    for slot in agenda.slots:
        title = f"*{slot.title}*" if slot.pause else slot.title
        rows.append(f"| {_time(slot.start)} | {slot.minutes} | {title} | {slot.note} |")
    end = agenda.slots[-1].start + agenda.slots[-1].minutes
    rows.append(f"| {_time(end)} |  | *{_('End')}* |  |")
    return f"# {agenda.title}\n\n{agenda.intro}\n\n" + "\n".join(rows) + f"\n\n{agenda.after}\n"


def _time(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
