"""An invented class for the live board, so that a trainer has seen it before the room is full."""

import random
import threading
from collections import Counter
from pathlib import Path

from migkit.classroom import handout, notebooks
from migkit.classroom.board import Board, Column
from migkit.classroom.board_server import Served
from migkit.classroom.course import Course, new_course
from migkit.classroom.roster import Person, Roster, write_roster
from migkit.lesson.room import Room
from migkit.reference import _
from migkit.reference.files import write_text

PEOPLE = 32
SEED = 20260401


def make_class(folder: Path) -> Course:
    """A class of invented people, without data: the board needs none."""
    people = (Person(f"p{n:02d}", _("Participant"), f"{n:02d}") for n in range(1, PEOPLE + 1))
    roster = folder / "roster.csv"
    write_roster(Roster(tuple(people)), roster)
    course, _people = new_course("demo", roster, seed=SEED, folder=folder, write_data=_no_data)
    handout.release(course)
    return course


def _no_data(country: str, scale: float, seed: int, out: Path) -> None:
    for room in ("participants", "trainer"):
        (out / room).mkdir(parents=True)
        write_text(out / room / "README.txt", "synthetic\n")


class Player:
    """One invented participant: works through the questions, sometimes tries again, then hands in."""

    def __init__(self, student_id: str, served: Served, chance: random.Random) -> None:
        """``chance`` decides when this one comes and how easily things go."""
        host, port = served.address.rsplit(":", 1)
        board = served.room.board
        self._room = Room(host, int(port), student_id, board.code, f"demo-computer-of-{student_id}")
        self._chance, self._course = chance, board.course
        self._left: list[Column] = list(board.columns)
        self._asked: Counter[str] = Counter()
        self._ease = chance.uniform(0.25, 0.95)
        self._comes = chance.random() < 0.9
        self.student_id = student_id

    def step(self) -> None:
        """A moment of work."""
        if not self._comes or self._chance.random() < 0.7:
            return
        if not self._left:
            if self._chance.random() < 0.3:
                self._hand_in()
            return
        fine = self._chance.random() < self._ease
        for key in self._left[0].keys:
            self._asked[key] += 1
            event = {
                "kind": "check",
                "question": key,
                "state": "fine" if fine else "look",
                "complaints": int(not fine),
            }
            self._room.send({**event, "attempt": self._asked[key]}, 2)
        if fine:
            self._left.pop(0)

    def _hand_in(self) -> None:
        notebook = notebooks.read(self._course.release_notebook)
        notebook.metadata["kit"] = {"participant": self.student_id}
        self._room.post("/hand-in", notebooks.text_of(notebook).encode("utf-8"), "application/x-ipynb+json", 10)
        self._comes = False


def play(served: Served, ended: threading.Event, pause: float = 1.0, seed: int = SEED) -> None:
    """Let everybody work until ``ended`` or nobody has anything left to do; ``pause`` seconds are a minute."""
    chance = random.Random(seed)
    board: Board = served.room.board
    players = [Player(student, served, chance) for student in board.people]
    while not ended.wait(pause):
        for player in players:
            try:
                player.step()
            except OSError:  # the board was closed in the middle
                return
