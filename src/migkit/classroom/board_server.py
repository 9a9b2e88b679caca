"""The live board's small web server: two pages for people, two addresses for participants' notebooks.

It listens in the room only. ``POST /event`` (4 kB) and ``POST /hand-in`` (20 MB) are all that it takes; who may
speak for an id is decided by :meth:`migkit.classroom.board.Board.admit` before anything is read. No path and no
file name ever comes from outside. What a page shows is made here and fetched again every few seconds.
"""

import asyncio
import hmac
import logging
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import psutil
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler, stream_request_body

from migkit.classroom import handin
from migkit.classroom.board import Board, Refused, Standing, local_time
from migkit.classroom.course import TEMPLATES
from migkit.classroom.receipts import Receipt
from migkit.lesson.room import DEFAULT_PORT
from migkit.reference import KitError, _, palette

#: Bytes of an event, of a notebook, of all notebooks that are on their way at one time.
MAX_EVENT, MAX_NOTEBOOK, MAX_ON_THE_WAY = 4096, handin.MAX_NOTEBOOK, 100 * 1024 * 1024
#: How a hand-in that came here is marked in the journal.
ORIGIN = "board"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "kit",
}
#: Takes a notebook into the class; ``handin.accept``.
Accept = Callable[..., Receipt]


class Allowance:
    """So many at once, then so many a second, for each name; a name that is quiet gets its allowance back."""

    def __init__(self, at_once: float, a_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` gives seconds."""
        self._at_once, self._a_second, self._clock = at_once, a_second, clock
        self._left: dict[str, tuple[float, float]] = {}

    def left(self, name: str) -> float:
        """How many ``name`` may do now."""
        count, at = self._left.get(name, (self._at_once, 0.0))
        return min(self._at_once, count + (self._clock() - at) * self._a_second)

    def use(self, name: str) -> bool:
        """Count one; False if none is left."""
        left = self.left(name)
        if len(self._left) > 2000:  # names from outside must not fill the memory
            self._left = {each: kept for each, kept in self._left.items() if self.left(each) < self._at_once}
        self._left[name] = (max(left - 1, 0.0) if left >= 1 else left, self._clock())
        return left >= 1


@dataclass
class Room:
    """What all requests share."""

    board: Board
    address: str
    accept: Accept = handin.accept
    events: Allowance = field(default_factory=lambda: Allowance(60, 1))
    hand_ins: Allowance = field(default_factory=lambda: Allowance(6, 0.1))
    #: Wrong codes and ids, by the computer they come from.
    mistakes: Allowance = field(default_factory=lambda: Allowance(30, 0.5))
    on_the_way: int = 0
    #: One hand-in after the other goes to the disk.
    door: asyncio.Lock = field(default_factory=asyncio.Lock)
    shown: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)

    def page(self, view: str) -> dict[str, str]:
        """What a page shows now; made anew only if something has changed, however many look at it."""
        version = self.board.version()
        if self.shown.get(view, ("",))[0] != version:
            html = _template(f"{view}.html.j2").render(**_words(self))
            self.shown[view] = (version, {"version": version, "html": html, "summary": self.board.summary()})
        return self.shown[view][1]


def _template(name: str) -> Any:
    """A template; what stands in it is escaped unless it is ours."""
    jinja = Environment(
        loader=FileSystemLoader(TEMPLATES / "board"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    jinja.globals.update(_=_, local_time=_local_time, sign=_sign, palette=palette)
    return jinja.get_template(name)


def _words(room: Room) -> dict[str, Any]:
    """What the templates know."""
    board = room.board
    title = board.course.title
    return {
        "board": board,
        "address": room.address,
        "title": title,
        "line": f'join_room("{room.address}", "{_("YOUR-ID")}", "{board.code}")',
    }


def _local_time(at: datetime | str | None) -> str:
    if not at:
        return "–"
    return local_time(datetime.fromisoformat(at) if isinstance(at, str) else at)


def _sign(one: Standing) -> tuple[str, str]:
    """How a cell of the trainer's page looks, and what it says."""
    if one.state == "fine":
        return "✓", _("nothing wrong seen")
    if one.state == "look":
        tries = _("something to look at, {n} tries").format(n=one.attempts)
        return (f"→ {one.attempts}", tries) if one.attempts else ("→", _("something to look at"))
    return ("…", _("no answer yet")) if one.state == "empty" else ("", _("not begun"))


class Handler(RequestHandler):
    """What all answers have in common."""

    room: Room

    def initialize(self, room: Room) -> None:
        """Know the room."""
        self.room = room

    def set_default_headers(self) -> None:
        """Nothing of a page may come from elsewhere, nor be shown inside another one."""
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """One sentence, whatever went wrong."""
        trouble = kwargs.get("exc_info", (None, None))[1]
        if isinstance(trouble, Refused):
            self.set_status(trouble.status)
        text = str(trouble) if isinstance(trouble, KitError) else _("The board cannot answer that.")
        self.finish({"error": text})

    def log_exception(self, kind: Any, value: Any, trace: Any) -> None:
        """What we refuse on purpose is no fault of the program."""
        if not isinstance(value, (Refused, HTTPError)):
            super().log_exception(kind, value, trace)

    @property
    def computer(self) -> str:
        """Where the request comes from."""
        return str(self.request.remote_ip)

    def admitted(self, allowance: Allowance) -> str:
        """Whose request it is.

        Raises:
            Refused: if nobody's, or if it is one of too many.
        """
        told = [unquote(self.request.headers.get(f"Kit-{name}", "")) for name in ("Participant", "Code", "Key")]
        if not 16 <= len(told[2]) <= 64 or len(told[0]) > 80 or len(told[1]) > 80:
            raise Refused(400, _("That is no message of a check."))
        # Guessing codes must be slow; who is in already is not kept out by a guesser behind the same address.
        if self.room.mistakes.left(self.computer) < 1 and not self.room.board.knows(told[0], told[2]):
            raise Refused(429, _("Too many wrong codes came from this computer; wait a minute."))
        try:
            student = self.room.board.admit(*told)
        except Refused:
            self.room.mistakes.use(self.computer)
            raise
        if not allowance.use(student):
            raise Refused(429, _("Too many messages at once; wait a minute."))
        return student

    def trainer(self, token: str) -> None:
        """Go on only for the trainer."""
        if not hmac.compare_digest(token.encode(), self.room.board.token.encode()):
            raise Refused(404, _("There is no such page."))


class Page(Handler):
    """A page with what it shows now."""

    def get(self, token: str = "") -> None:
        """The whole page."""
        view = "trainer" if token else "projector"
        if token:
            self.trainer(token)
        words = _words(self.room)
        self.finish(_template("page.html.j2").render(view=view, live=self.room.page(view), **words))


class Live(Handler):
    """What a page fetches every few seconds."""

    def get(self, token: str = "") -> None:
        """Its new content, or only the version if nothing has changed."""
        if token:
            self.trainer(token)
        live = self.room.page("trainer" if token else "projector")
        same = self.get_query_argument("seen", "") == live["version"]
        self.finish({"version": live["version"]} if same else live)


class Release(Handler):
    """The trainer frees an id for another computer."""

    def post(self, token: str) -> None:
        """By a button, so that it works without a script too."""
        self.trainer(token)
        try:
            self.room.board.release(self.get_body_argument("student"))
        except KitError as error:
            raise Refused(404, str(error)) from None
        self.redirect("./", status=303)


class Asset(Handler):
    """The style and the script of the pages."""

    def get(self, name: str) -> None:
        """One of two files, by our own names."""
        self.set_header("Content-Type", {"board.css": "text/css", "board.js": "text/javascript"}[name])
        self.finish(_template(f"{name}.j2").render())


class Event(Handler):
    """A notebook tells what a check saw."""

    def post(self) -> None:
        """Keep it."""
        student = self.admitted(self.room.events)
        self.room.board.take(student, unquote(self.request.headers["Kit-Key"]), self.request.body)
        self.finish({"student": student})


@stream_request_body
class HandIn(Handler):
    """A notebook is handed in: refused before it is read, if it is to be refused."""

    def initialize(self, room: Room) -> None:
        """Nothing of the notebook has come yet."""
        super().initialize(room)
        self._content = bytearray()
        self._announced = 0
        self.student = ""

    def prepare(self) -> None:
        """Before the first byte of the notebook."""
        if self.request.method != "POST":
            return
        self.student = self.admitted(self.room.hand_ins)
        size = self.request.headers.get("Content-Length", "")
        if not size.isascii() or not size.isdigit() or not 0 < int(size) <= MAX_NOTEBOOK:
            raise Refused(413, _("A notebook of at most {n} MB is wanted.").format(n=MAX_NOTEBOOK // 1024**2))
        if self.room.on_the_way + int(size) > MAX_ON_THE_WAY:
            raise Refused(503, _("Many are handing in at this moment; try again in a minute."))
        self.room.board.arrive(self.student, unquote(self.request.headers["Kit-Key"]))
        self._announced = int(size)
        self.room.on_the_way += self._announced
        self.request.connection.set_max_body_size(MAX_NOTEBOOK)  # type: ignore[union-attr]

    def data_received(self, chunk: bytes) -> None:
        """A piece of it."""
        self._content += chunk

    async def post(self) -> None:
        """All of it: to the disk, and only then the receipt."""
        room, content = self.room, bytes(self._content)
        async with room.door:
            try:
                receipt = await asyncio.to_thread(
                    room.accept, room.board.course, self.student, content, ORIGIN, room.board.clock()
                )
            except KitError as error:
                raise Refused(422, str(error)) from error
        self.finish(
            {
                "receipt": receipt.code,
                "time": _local_time(receipt.at),
                "kB": f"{receipt.size / 1000:.0f}",
                "note": _("Version {n}.").format(n=receipt.version),
            }
        )

    def on_finish(self) -> None:
        """The place is free for the next one."""
        self.room.on_the_way -= self._announced
        self._announced = 0
        self._content = bytearray()

    def on_connection_close(self) -> None:
        """Likewise if the sender goes away in the middle."""
        super().on_connection_close()
        self.on_finish()


class NotThere(Handler):
    """Any other address."""

    def prepare(self) -> None:
        """Nothing is there."""
        raise Refused(404, _("There is no such page."))


def application(room: Room) -> Application:
    """All addresses."""
    shared = {"room": room}
    token = r"/trainer/([\w-]{1,80})/"
    return Application(
        [
            (r"/", Page, shared),
            (r"/live\.json", Live, shared),
            (token, Page, shared),
            (token + r"live\.json", Live, shared),
            (token + "release", Release, shared),
            (r"/(board\.css|board\.js)", Asset, shared),
            ("/event", Event, shared),
            ("/hand-in", HandIn, shared),
        ],
        default_handler_class=NotThere,
        default_handler_args=shared,
        log_function=lambda handler: None,
    )


@dataclass(frozen=True)
class Served:
    """A running board: where participants and projector find it, and where the trainer does."""

    room: Room
    address: str
    pages: str

    @property
    def trainer_page(self) -> str:
        """For the trainer alone."""
        return f"{self.pages}trainer/{self.room.board.token}/"


@contextmanager
def serve(
    board: Board,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    shown_host: str = "",
    folder: Path | None = None,
    accept: Accept = handin.accept,
) -> Iterator[Served]:
    """Serve the board, in a thread of its own, as long as the block runs.

    Args:
        board: of the class.
        host: address to listen at.
        port: likewise; 0 takes any free one.
        shown_host: what participants type, if it is not ``host``.
        folder: a shared folder from which hand-ins are collected as they appear.
        accept: takes a notebook into the class.

    Raises:
        KitError: if the address cannot be used.
    """
    try:
        sockets = bind_sockets(port, host)
    except (OSError, UnicodeError) as trouble:
        raise KitError(
            _("Nothing can listen at {host}, port {port} ({why}); choose others with --host and --port.").format(
                host=host, port=port, why=getattr(trouble, "strerror", "") or trouble
            )
        ) from trouble
    address = f"{shown_host or host}:{sockets[0].getsockname()[1]}"
    room = Room(board, address, accept)
    log = logging.FileHandler(board.course.root / "board" / "server.log", encoding="utf-8", delay=True)
    log.setLevel(logging.ERROR)
    started, ended = threading.Event(), threading.Event()

    async def main() -> None:
        server = HTTPServer(
            application(room),
            max_body_size=MAX_EVENT,
            max_header_size=16 * 1024,
            body_timeout=120,
            idle_connection_timeout=60,
        )
        server.add_sockets(sockets)
        started.set()
        watching = asyncio.create_task(_watch(folder, board)) if folder else None
        while not ended.is_set():
            await asyncio.sleep(0.1)
        if watching:
            watching.cancel()
        server.stop()
        await server.close_all_connections()

    tornado = logging.getLogger("tornado")
    tornado.addHandler(log)
    tornado.propagate = False  # a broken browser in the room is nothing for the trainer's terminal
    thread = threading.Thread(target=lambda: asyncio.run(main()), name="board server", daemon=True)
    thread.start()
    if not started.wait(10):
        raise KitError(_("The board did not start; the last lines of {log} say why.").format(log=log.baseFilename))
    try:
        yield Served(room, address, f"http://{address}/")
    finally:
        ended.set()
        thread.join(10)
        tornado.removeHandler(log)
        log.close()


async def _watch(
    folder: Path, board: Board, seconds: float = 5, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Collect from a shared folder whenever it has changed and then kept still: no file is taken half copied."""
    collected: object = None
    before: object = None
    while True:
        now = await asyncio.to_thread(_state_of, folder)
        if now == before and now != collected:
            with suppress(KitError, OSError):  # the class is busy, the stick is gone: next time
                await asyncio.to_thread(handin.collect, board.course, folder)
                collected = now
        before = now
        await sleep(seconds)


def _state_of(folder: Path) -> list[tuple[str, int, int]]:
    """Names, sizes and times of the files in a folder."""
    found = []
    with suppress(OSError):
        for path in sorted(folder.rglob("*")):
            stat = path.lstat()
            found.append((str(path), stat.st_size, stat.st_mtime_ns))
    return found


def room_addresses() -> list[str]:
    """This computer's addresses in the room, the likeliest first; found without sending anything."""
    found: list[str] = []
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("10.255.255.255", 9))  # asks the system which way it would go; nothing is sent
        found.append(probe.getsockname()[0])
    running = psutil.net_if_stats()
    for name, addresses in sorted(psutil.net_if_addrs().items()):
        if not running[name].isup or name.lower().startswith(
            ("docker", "br-", "veth", "virbr", "vmnet", "vethernet")
        ):
            continue
        found += [each.address for each in addresses if each.family == socket.AF_INET]
    return [each for each in dict.fromkeys(found) if not each.startswith(("127.", "169.254.", "0."))]
