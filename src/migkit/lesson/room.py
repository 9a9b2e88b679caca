"""The participant's side of the live board: ``join_room``, ``hand_in``, and what ``check`` tells the trainer.

What leaves this computer, and goes no further than the trainer's: the id, the question, whether the check saw
something to look at, how often it was asked, and the notebook that ``hand_in`` sends. Never an answer, never code.
A lesson never waits for it: news go out in the background, and where no network is nothing else changes.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections import Counter
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from migkit.lesson.box import Box
from migkit.reference import ROOT, KitError, _
from migkit.reference.browser import in_browser, tell_page
from migkit.reference.files import write_text

#: Seconds that the background waits for an answer; that a person who joins waits; that a hand-in may take.
NEWS_SECONDS, JOIN_SECONDS, HAND_IN_SECONDS = 2.0, 3.0, 60.0
#: What the board takes at most (the same number as in ``kit class collect``).
MAX_NOTEBOOK = 20 * 1024 * 1024
#: More questions than any exercise has; what is beyond is forgotten rather than kept waiting.
MAX_WAITING = 200
#: Answers of the board after which going on is of no use: wrong code, unknown id, id in use elsewhere.
REFUSALS = (401, 403, 404, 409)
#: Answers that mean "later".
LATER = (429, 500, 502, 503)
#: What a check saw, by the kind of its box.
STATES = {"note": "fine", "right": "fine", "look": "look", "mend": "look", "turn": "empty"}
KEY_FILE = ROOT / ".kit" / "room.key"
DEFAULT_PORT = 8765


def grading() -> bool:
    """Whether nbgrader or the kit's own grader runs this notebook: then nobody joins and nothing is handed in."""
    return bool(os.environ.get("NBGRADER_EXECUTION"))


class Room:
    """The room that this notebook is in: the newest state of each question, sent by a thread of its own."""

    def __init__(self, host: str, port: int, student_id: str, code: str, key: str) -> None:
        """Nothing is sent yet; the thread starts with the first news."""
        self.host, self.port, self.student_id = host, port, student_id
        self._headers = {
            "Kit-Participant": quote(student_id),
            "Kit-Code": quote(code),
            "Kit-Key": key,
            "Connection": "close",
        }
        self._waiting: dict[str, dict[str, Any]] = {}
        self._asked: Counter[str] = Counter()
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        #: A sentence for the participant that nobody has shown yet, and whether the loss was told before.
        self._notice = ""
        self._told_of_loss = False

    def post(self, path: str, body: bytes, kind: str, seconds: float) -> tuple[int, dict[str, Any]]:
        """Send ``body``; give the status and what the board says. Past any proxy: the board is in this room.

        Raises:
            OSError: if nobody answers, or something that is no board.
        """
        from http.client import HTTPConnection, HTTPException  # not needed by those who never join

        connection = HTTPConnection(self.host, self.port, timeout=seconds)
        try:
            connection.request("POST", path, body, {**self._headers, "Content-Type": kind})
            answer = connection.getresponse()
            said = json.loads(answer.read(65536))
            if not isinstance(said, dict):
                raise ValueError
            return answer.status, said
        except (HTTPException, ValueError) as trouble:  # ValueError: a name that cannot be an address, no JSON
            raise OSError(str(trouble)) from trouble
        finally:
            connection.close()

    def send(self, event: dict[str, Any], seconds: float) -> tuple[int, dict[str, Any]]:
        """Send one event; see :meth:`post`."""
        return self.post("/event", json.dumps(event).encode(), "application/json", seconds)

    def tell(self, question: str, kind: str, complaints: int) -> None:
        """Leave the state of a question for the background to send, and return at once."""
        self._asked[question] += 1
        event = {
            "kind": "check",
            "question": question,
            "state": STATES[kind],
            "complaints": complaints if STATES[kind] == "look" else 0,
            "attempt": self._asked[question],
        }
        with self._news:
            notice, self._notice = self._notice, ""
            if not self._closed and (question in self._waiting or len(self._waiting) < MAX_WAITING):
                self._waiting[question] = event
                self._start()
                self._news.notify()
        if notice:
            _show(Box("note", "", [notice]))

    def close(self) -> None:
        """Send nothing more."""
        with self._news:
            self._closed = True
            self._waiting.clear()
            self._news.notify()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="board", daemon=True)
            with suppress(RuntimeError):  # the browser edition has no threads
                self._thread.start()

    def _work(self) -> None:
        """Send what waits, the newest of each question; while the network is gone, ask ever more rarely."""
        pause = 1.0
        while True:
            with self._news:
                while not self._waiting and not self._closed:
                    self._news.wait()
                if self._closed:
                    return
                question, event = next(iter(self._waiting.items()))
            try:
                status, said = self.send(event, NEWS_SECONDS)
            except OSError:
                self._lost()
                status, said = 503, {}
            if status in LATER:
                time.sleep(pause)
                pause = min(2 * pause, 30.0)
                continue
            pause = 1.0
            with self._news:
                if self._waiting.get(question) is event:
                    del self._waiting[question]
            if status in REFUSALS:
                self._notice = _said(said)
                self.close()

    def _lost(self) -> None:
        if not self._told_of_loss:
            self._told_of_loss = True
            self._notice = _(
                "The board does not answer at the moment. Go on working: nothing is lost, and it catches up by "
                "itself. If it stays so, hand in by USB stick."
            )


#: The room that this kernel has joined, and when it last ran a cell that does not hand in.
_room: Room | None = None
_last_run = 0.0


def join_room(address: str, student_id: str, code: str) -> Box:
    """Join the board of the room: it sees which questions you have tried, never your answers or your code.

    Args:
        address: stands on the board, for example ``"192.168.1.20:8765"``.
        student_id: your id in the roster, for example ``"p01"``.
        code: the two words on the board, for example ``"baobab-river"``.

    Returns:
        A box that says whether you are in.
    """
    global _room
    if grading():
        return _nothing_now()
    title = _("Board")
    if in_browser():  # a page may speak to nobody but the place that it came from
        text = _("In the browser there is no board to join: go on working, and hand in with the button “Hand in”.")
        return Box("note", title, [text])
    try:
        host, port = _parse(str(address))
        room = Room(host, port, str(student_id).strip(), _plain_code(str(code)), _key())
    except KitError as error:
        return Box("mend", title, [str(error)])
    if _room is not None:
        _room.close()
    _room = room
    _watch_cells()
    try:
        status, said = room.send({"kind": "join"}, JOIN_SECONDS)
    except OSError:
        text = _(
            "Nobody answers at {address}. Are you in the Wi-Fi of the room, and is the address the one on the "
            "board? You can work without it; when the board answers, it catches up by itself."
        )
        return Box("look", title, [text.format(address=f"{host}:{port}")])
    if status not in (200, *LATER):
        _room = None
        return Box("mend", title, [_said(said)])
    return Box(
        "note",
        title,
        [
            _("You are in, as {student}.").format(student=str(said.get("student", room.student_id))[:80]),
            _(
                "From now on each check tells the trainer's computer: your id, the question, whether the check "
                "saw something to look at, and how often you asked. Never your answer, never your code. Nothing "
                "leaves the room; the trainer uses it to see where the class needs help."
            ),
            _('To hand in: save, then run hand_in("NAME OF YOUR NOTEBOOK.ipynb").'),
        ],
    )


def tell(question: object, box: Box) -> None:
    """What ``check`` calls: pass on what it saw, to the room and to the browser's page. Never raises or waits."""
    with suppress(Exception):
        tell_page("check", question=str(question), result=box.kind, lines=len(box.lines))
        if _room is not None:
            _room.tell(str(question), box.kind, len(box.lines))


def hand_in(notebook: str | Path = "") -> Box:
    """Send the saved notebook to the trainer and show the receipt.

    Args:
        notebook: the file, for example ``"04_census.ipynb"``; may be left out where it is the only one here.

    Returns:
        A box with the receipt, or with one sentence on what to do instead.
    """
    if grading():
        return _nothing_now()
    title = _("Hand-in")
    if in_browser():
        text = _("In the browser, hand in with the button “Hand in” at the top of this page.")
        return Box("note", title, [text])
    try:
        if _room is None:
            raise KitError(_("Join first, with the line that stands on the board: join_room(...)."))
        path = _find_notebook(str(notebook))
        content = _read_notebook(path)
        saved = datetime.fromtimestamp(path.stat().st_mtime)
        return Box("note", title, _receipt(_send_notebook(_room, path, content), saved))
    except KitError as error:
        return Box("mend", title, [str(error)])


def _nothing_now() -> Box:
    return Box("note", _("Board"), [_("While notebooks are graded nobody joins and nothing is handed in.")])


def _parse(address: str) -> tuple[str, int]:
    """Host and port of an address as people copy it from the board."""
    text = address.strip().rstrip("/")
    text = text if "//" in text else f"//{text}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port or DEFAULT_PORT
    except ValueError:
        host, port = None, 0
    if not host or re.search(r"\s", host):
        raise KitError(
            _("{address!r} is no address; copy it from the board, for example {example!r}.").format(
                address=address, example=f"192.168.1.20:{DEFAULT_PORT}"
            )
        )
    return host, port


def _plain_code(code: str) -> str:
    """The two words as the board writes them, however they were typed."""
    return re.sub(r"[\s_-]+", "-", code.strip().casefold())


def _key() -> str:
    """A random word kept on this computer: by it the board knows that an id comes from the same one again."""
    import secrets

    try:
        kept = KEY_FILE.read_text(encoding="ascii").strip()
        if re.fullmatch(r"[\w-]{16,64}", kept):
            return kept
    except (OSError, ValueError):
        pass
    made = secrets.token_urlsafe(24)
    with suppress(OSError):  # a folder that cannot be written: the key lasts as long as this notebook
        write_text(KEY_FILE, made)
    return made


def _watch_cells() -> None:
    """Remember when cells ran, so that ``hand_in`` sees whether the file on the disk is older."""
    shell = _shell()
    if shell is not None:
        with suppress(ValueError):
            shell.events.unregister("post_run_cell", _cell_ran)
        shell.events.register("post_run_cell", _cell_ran)


def _cell_ran(result: Any) -> None:
    global _last_run
    if "hand_in" not in str(getattr(getattr(result, "info", None), "raw_cell", "")):
        _last_run = time.time()


def _shell() -> Any:
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def _show(box: Box) -> None:
    from IPython.display import display

    show: Any = display
    show(box)


def _find_notebook(name: str) -> Path:
    """The notebook to hand in: the one named, else the one that runs, else the only one in this folder."""
    here = Path.cwd()
    if name:
        path = here / Path(name).expanduser()
        path = path if path.suffix else path.with_suffix(".ipynb")
        if path.is_file() and path.suffix.lower() == ".ipynb":
            return path
    else:
        running = here / Path(os.environ.get("JPY_SESSION_NAME", "")).name  # set by JupyterLab
        if running.suffix == ".ipynb" and running.is_file():
            return running
        found = [path for path in here.glob("*.ipynb") if not path.name.startswith(".")]
        if len(found) == 1:
            return found[0]
    there = ", ".join(sorted(path.name for path in here.glob("*.ipynb"))) or _("none")
    said = _("There is no notebook {name!r} here.").format(name=name) if name else _("Say which notebook.")
    raise KitError(
        _('{said} In this folder: {there}. For example hand_in("04_census.ipynb").').format(said=said, there=there)
    )


def _read_notebook(path: Path) -> bytes:
    """The notebook's file, if it is saved, whole and not too large.

    Raises:
        KitError: otherwise.
    """
    size = path.stat().st_size
    if size > MAX_NOTEBOOK:
        raise KitError(
            _(
                "{name} is too large ({size} MB; at most {most} MB). A cell printed too much: clear its output, "
                "save, and hand in again."
            ).format(name=path.name, size=size // 1024**2, most=MAX_NOTEBOOK // 1024**2)
        )
    if path.stat().st_mtime + 2 < _last_run:  # some USB sticks keep time in steps of two seconds
        raise KitError(
            _(
                "{name} on the disk is older than what you ran last. Save (Ctrl+S), then run this cell again."
            ).format(name=path.name)
        )
    try:
        content = path.read_bytes()
        whole = isinstance(json.loads(content).get("cells"), list)
    except (OSError, ValueError, AttributeError):
        whole = False
    if not whole:
        raise KitError(
            _("{name} is not a whole notebook. Save (Ctrl+S), then run this cell again.").format(name=path.name)
        )
    return content


def _send_notebook(room: Room, path: Path, content: bytes) -> dict[str, Any]:
    """Send it; wait a little where the board is busy.

    Raises:
        KitError: if the board cannot be reached or refuses it.
    """
    for pause in (1, 2, 4, 0):
        try:
            status, said = room.send(
                {"kind": "join"}, JOIN_SECONDS
            )  # a wrong code is said before the file is sent
            if status == 200:
                status, said = room.post("/hand-in", content, "application/x-ipynb+json", HAND_IN_SECONDS)
        except OSError:
            raise KitError(
                _(
                    "The board does not answer, so {name} was not handed in. Try again in a minute, or give the "
                    "file to the trainer on a USB stick."
                ).format(name=path.name)
            ) from None
        if status == 200:
            return said
        if status not in LATER:
            break
        time.sleep(pause)
    raise KitError(_said(said))


def _said(answer: dict[str, Any]) -> str:
    """The sentence of the board, no longer than a sentence."""
    text = str(answer.get("error") or _("The board refused without saying why; ask the trainer."))
    return text[:400]


def _receipt(answer: dict[str, Any], saved: datetime) -> list[str]:
    """What to show of the board's answer."""
    first = _("Handed in. Receipt {code}, {time}, {size} kB.")
    lines = [
        first.format(
            code=str(answer.get("receipt"))[:80],
            time=str(answer.get("time"))[:40],
            size=str(answer.get("kB"))[:12],
        )
    ]
    if answer.get("note"):
        lines.append(str(answer["note"])[:400])
    then = _(
        "It is the file as it was saved at {time}. If you change something, save and hand in again: the last one "
        "counts."
    )
    return [
        *lines,
        then.format(time=saved.strftime("%H:%M:%S")),
        _("Write the receipt down, or take a photograph of it."),
    ]
