"""The live board's knowledge: who has begun, what the checks saw, who handed in. No network in here.

All of it is read from two files: ``board/events.jsonl`` (what the participants' notebooks told, one line each)
and the receipts of hand-ins. So the board is the same after a restart, and hand-ins by USB stick are on it too. A
check does not know what is right, and so neither does the board: it tells where something is to be looked at.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from nbformat import NotebookNode

from migkit.classroom import files, notebooks, receipts
from migkit.classroom.course import Course
from migkit.classroom.marking import checks_in
from migkit.classroom.notebooks import grade_id
from migkit.classroom.receipts import Receipt
from migkit.classroom.roster import Person
from migkit.classroom.scores import questions
from migkit.lesson import room
from migkit.reference import KitError, _
from migkit.reference.files import write_text

#: What a check saw: nothing (the answer is still missing), something to look at, nothing that looks wrong.
State = Literal["empty", "look", "fine"]
STATES: tuple[State, ...] = ("empty", "look", "fine")
#: The same by the kind of box in which a check says it.
SEEN: dict[str, State] = {kind: next(s for s in STATES if s == state) for kind, state in room.STATES.items()}
#: From how many tries without success, or minutes of silence on, a person may want a visit.
MANY_TRIES, SILENT_MINUTES = 5, 15
MAX_ATTEMPT = 10_000
MAX_COMPLAINTS = 50
#: For the join code: short, told apart by ear, in a neutral sense known everywhere.
WORDS = """
    baobab river market bridge mango cotton basket drum harbour garden lagoon palm ginger cassava millet sorghum
    cashew kola sesame peanut island valley forest desert delta coast sunrise evening morning season harvest window
    table pencil paper lantern ladder needle thread button pocket bottle kettle mirror carpet blanket pillow hammer
    anchor canoe paddle saddle camel lizard turtle heron eagle parrot falcon pelican dolphin tilapia lobster spider
    butterfly honey pepper onion tomato papaya orange lemon melon banana coconut tamarind rainbow thunder breeze
""".split()  # noqa: SIM905  (a list of words is read more easily so)


class Refused(KitError):
    """Why the board does not take something; ``status`` is what HTTP calls it."""

    def __init__(self, status: int, text: str) -> None:
        """Refuse with one sentence."""
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Event:
    """One line of ``board/events.jsonl``. Ids only; no answer, no code, no address of a computer.

    Attributes:
        at: when it came, UTC.
        kind: ``join``; ``check``; ``release`` (the trainer lets the id be used on another computer).
        student: id in the roster.
        machine: fingerprint of the random key of the computer that joined.
        question, state, complaints, attempt: of a check.
    """

    at: str
    kind: Literal["join", "check", "release"]
    student: str
    machine: str = ""
    question: str = ""
    state: str = ""
    complaints: int = 0
    attempt: int = 0


@dataclass(frozen=True)
class Column:
    """A question on the board: its label, its heading, the keys of its checks."""

    label: str
    title: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Standing:
    """How far one person is with one question; ``state`` is empty if it has not been begun."""

    state: State | Literal[""] = ""
    attempts: int = 0


@dataclass
class Presence:
    """What is known of one person."""

    machine: str = ""
    first: datetime | None = None
    last: datetime | None = None
    answers: dict[str, Standing] = field(default_factory=dict)


def standing(column: Column, answers: dict[str, Standing]) -> Standing:
    """How far somebody is with a question: done when all its checks are, tried when one of them saw an answer."""
    found = [answers[key] for key in column.keys if key in answers]
    if not found:
        return Standing()
    states = {each.state for each in found}
    state: State = "look"
    if states == {"empty"}:
        state = "empty"
    elif states == {"fine"} and len(found) == len(column.keys):
        state = "fine"
    return Standing(state, max(each.attempts for each in found))


@dataclass(frozen=True)
class Row:
    """One person on the trainer's page."""

    person: Person
    presence: Presence
    standings: tuple[Standing, ...]
    hand_in: Receipt | None

    @property
    def begun(self) -> bool:
        """Whether there is any sign of this person."""
        return self.presence.first is not None or self.hand_in is not None


@dataclass(frozen=True)
class Count:
    """How the class stands at one question, of those who have begun."""

    column: Column
    fine: int
    look: int
    rest: int


def columns(course: Course) -> tuple[Column, ...]:
    """The questions with a check in a graded cell, in the order of the notebook."""
    cells = {grade_id(cell): cell for cell in notebooks.read(course.source_notebook).cells}
    found = []
    for question in questions(course):
        keys = tuple(dict.fromkeys(key for name in question.cells for key in _checked(cells[name].source)))
        if keys:
            found.append(Column(question.label, question.title, keys))
    return tuple(found)


def _checked(source: str) -> list[str]:
    """The keys of the checks that a graded cell calls."""
    try:
        return [key for key, _expression in checks_in(source)]
    except KitError:  # a plain nbgrader course may have a check of its own make
        return []


def machine_of(key: str) -> str:
    """Under which name a computer's key is kept: whoever reads the file cannot use it."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:32]


class Board:
    """The board of one class."""

    def __init__(self, course: Course, clock: Callable[[], datetime] = files.now) -> None:
        """Read what happened before; the code of the class and the trainer's token stay the same."""
        self.course = course
        self.clock = clock
        self.columns = columns(course)
        self.people = {person.student_id: person for person in course.roster().people}
        self.present = {student: Presence() for student in self.people}
        self._keys = frozenset(key for column in self.columns for key in column.keys)
        self._ids = {student.casefold(): student for student in self.people}
        self._folder = course.root / "board"
        self._log = self._folder / "events.jsonl"
        self._read = 0
        self._receipts: tuple[tuple[int, int], dict[str, Receipt]] = ((0, 0), {})
        self._notebooks: dict[str, dict[str, Standing]] = {}
        self.code, self.token = self._secrets()
        self._end_half_line()
        self.refresh()

    def _secrets(self) -> tuple[str, str]:
        """The join code and the trainer's token, made once for the class."""
        path = self._folder / "room.json"
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            return str(kept["code"]), str(kept["token"])
        except (OSError, ValueError, KeyError, TypeError):
            code = "-".join(secrets.SystemRandom().sample(WORDS, 2))
            made = {"code": code, "token": secrets.token_urlsafe(18)}
            write_text(path, json.dumps(made))
            return made["code"], made["token"]

    # ------------------------------------------------------------------------------------- what comes in

    def admit(self, student_id: str, code: str, key: str) -> str:
        """The roster's form of ``student_id``, if code and computer may speak for it.

        Raises:
            Refused: if the code or the id is wrong, or the id is in use on another computer.
        """
        if not hmac.compare_digest(code.encode("utf-8", "replace"), self.code.encode()):
            raise Refused(403, _("That is not the code of this class; copy the two words from the board."))
        student = self._ids.get(student_id.casefold())
        if student is None:
            raise Refused(404, _("Nobody in this class has that id; look at your name badge, or ask the trainer."))
        if self.present[student].machine and not self.knows(student, key):
            raise Refused(
                409,
                _("{student} is in use on another computer. If it is yours, the trainer can free it.").format(
                    student=student
                ),
            )
        return student

    def knows(self, student_id: str, key: str) -> bool:
        """Whether the id is in use on the computer that has this key."""
        student = self._ids.get(student_id.casefold(), "")
        return bool(student) and hmac.compare_digest(self.present[student].machine, machine_of(key))

    def take(self, student: str, key: str, body: bytes) -> None:
        """Take an event of an admitted person, as it came over the network.

        Raises:
            Refused: if it is no event.
        """
        told = self._checked_event(body)
        if told is None or not self.present[student].machine:
            self.arrive(student, key)
        if told is not None:
            self._write(replace(told, student=student))

    def arrive(self, student: str, key: str) -> None:
        """An admitted person is there; the first time binds the id to the computer that has this key."""
        self._write(Event(self._now(), "join", student, machine_of(key)))

    def _checked_event(self, body: bytes) -> Event | None:
        """The check in ``body``, or None if it only says that somebody is there. Nothing else is kept of it."""
        try:
            told: Any = json.loads(body)
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict) or told.get("kind") not in ("join", "check"):
            raise Refused(400, _("That is no message of a check."))
        if told["kind"] == "join":
            return None
        question, state = told.get("question"), told.get("state")
        if not isinstance(question, str) or question not in self._keys:
            raise Refused(400, _("That question is not in this exercise."))
        if state not in STATES:
            raise Refused(400, _("A check is one of: {states}.").format(states=", ".join(STATES)))
        return Event(
            self._now(),
            "check",
            "",
            question=question,
            state=state,
            complaints=_whole(told.get("complaints"), MAX_COMPLAINTS),
            attempt=_whole(told.get("attempt"), MAX_ATTEMPT),
        )

    def release(self, student_id: str) -> str:
        """Let an id be used on another computer: the next one that joins has it.

        Raises:
            KitError: if nobody has this id.
        """
        student = self._ids.get(student_id.casefold())
        if student is None:
            raise KitError(_("Nobody in the roster has the id {student}.").format(student=student_id[:60]))
        self._write(Event(self._now(), "release", student))
        return student

    # -------------------------------------------------------------------------------------- what is kept

    def _now(self) -> str:
        return self.clock().isoformat()

    def _write(self, event: Event) -> None:
        """Add a line, then read it back like any other. Not forced to the disk: there are dozens a second, and a
        power cut may cost the board its last moments. Hand-ins are another matter, see ``handin``."""
        line = json.dumps({name: value for name, value in asdict(event).items() if value})
        try:
            with self._log.open("a", encoding="utf-8", newline="\n") as file:
                file.write(line + "\n")
        except OSError as trouble:
            raise Refused(503, _("The board cannot write to its disk; tell the trainer.")) from trouble
        self.refresh()

    def _end_half_line(self) -> None:
        """After a power cut: what comes next must not stick to half a line."""
        if self._log.is_file() and not self._log.read_bytes().endswith(b"\n"):
            with self._log.open("a", encoding="utf-8", newline="\n") as file:
                file.write("\n")

    def refresh(self) -> None:
        """Read the lines that are new, also those of ``kit class board --release`` beside this process."""
        try:
            with self._log.open("rb") as file:
                file.seek(self._read)
                new = file.read()
        except FileNotFoundError:
            return
        whole = new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            try:
                self._apply(Event(**json.loads(line)))
            except (ValueError, TypeError, KeyError):  # half a line, or a person who has left the roster
                continue

    def _apply(self, event: Event) -> None:
        one, at = self.present[event.student], datetime.fromisoformat(event.at)
        if event.kind == "release":
            one.machine = ""
            return
        one.machine = one.machine or event.machine
        one.first, one.last = one.first or at, at
        if event.kind == "check":
            before = one.answers.get(event.question, Standing())
            state = next(state for state in STATES if state == event.state)
            # A notebook that was started again counts from one again, and the network may have lost some.
            tries = before.attempts + 1 if state != "empty" else before.attempts
            one.answers[event.question] = Standing(state, max(tries, event.attempt if state != "empty" else 0))

    # -------------------------------------------------------------------------------------- what is shown

    def hand_ins(self) -> dict[str, Receipt]:
        """The hand-in that counts, by id; whichever way it came."""
        try:
            stat = receipts.receipts_file(self.course).stat()
        except OSError:
            return {}
        mark = (stat.st_mtime_ns, stat.st_size)
        if mark != self._receipts[0]:
            self._receipts = (mark, receipts.counting(self.course))
        return self._receipts[1]

    def rows(self) -> tuple[Row, ...]:
        """Everybody, in the order of the roster."""
        handed_in = self.hand_ins()
        found = []
        for student, person in self.people.items():
            present, receipt = self.present[student], handed_in.get(student)
            answers = {**(self._left_in(receipt) if receipt else {}), **present.answers}
            standings = tuple(standing(column, answers) for column in self.columns)
            found.append(Row(person, present, standings, receipt))
        return tuple(found)

    def _left_in(self, receipt: Receipt) -> dict[str, Standing]:
        """What the checks left in a hand-in: all that the board knows of those who work without network."""
        if receipt.sha256 not in self._notebooks:
            try:
                notebook = notebooks.parse(receipts.content(self.course, receipt).decode("utf-8"))
                kept = {key: one for key, one in _boxes(notebook) if key in self._keys}
            except (KitError, ValueError, OSError):
                kept = {}
            self._notebooks[receipt.sha256] = kept
        return self._notebooks[receipt.sha256]

    def counts(self) -> tuple[Count, ...]:
        """Each question, counted over those who have begun."""
        begun = [row for row in self.rows() if row.begun]
        found = []
        for place, column in enumerate(self.columns):
            states = [row.standings[place].state for row in begun]
            fine, look = states.count("fine"), states.count("look")
            found.append(Count(column, fine, look, len(states) - fine - look))
        return tuple(found)

    def summary(self) -> str:
        """The class in one sentence."""
        rows = self.rows()
        return _("{begun} of {n} have begun, {handed} have handed in.").format(
            begun=sum(row.begun for row in rows), n=len(rows), handed=sum(row.hand_in is not None for row in rows)
        )

    def perhaps_stuck(self) -> list[tuple[Person, str]]:
        """Who may want a visit, and why: many tries at one question, or a long silence."""
        found = []
        for row in self.rows():
            if row.hand_in is not None:
                continue
            hard = [
                _("{question}, {n} tries").format(question=column.label, n=one.attempts)
                for column, one in zip(self.columns, row.standings, strict=True)
                if one.state == "look" and one.attempts >= MANY_TRIES
            ]
            if hard:
                found.append((row.person, "; ".join(hard)))
            elif row.presence.last and self.clock() - row.presence.last > timedelta(minutes=SILENT_MINUTES):
                found.append((row.person, _("nothing since {time}").format(time=local_time(row.presence.last))))
        return found

    def version(self) -> str:
        """Changes when the pages may have changed; a long silence is noticed every ten seconds."""
        self.refresh()
        handed_in = self.hand_ins()
        return f"{self._read}-{self._receipts[0][0]}-{len(handed_in)}-{int(self.clock().timestamp()) // 10}"


def _boxes(notebook: NotebookNode) -> Iterator[tuple[str, Standing]]:
    """Question and state of each box of a check that a notebook shows, in any language."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            html = output.get("data", {}).get("text/html", "")
            shown = re.search(r"kit-box-(\w+).*?</strong> ([\w.-]+) \(", html[:4000], re.DOTALL)
            if shown and shown[1] in SEEN:
                yield shown[2], Standing(SEEN[shown[1]])


def _whole(value: object, most: int) -> int:
    """A whole number from 0 to ``most``.

    Raises:
        Refused: if it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise Refused(400, _("That is no count."))
    return value


def local_time(at: datetime) -> str:
    """A time as the clock on the trainer's wall shows it."""
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone().strftime("%H:%M")
