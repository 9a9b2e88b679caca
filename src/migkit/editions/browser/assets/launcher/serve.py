#!/usr/bin/env python3
"""The small web server of a browser edition: on the stick by itself, and behind ``kit browser serve``.

It needs any Python from 3.6 on and its standard library alone, so that it runs with what a borrowed computer
has. ``serve.pl``, ``serve.rb`` and ``serve.cs`` beside it answer in the same way, for computers without Python;
``settings.txt`` holds what all of them go by: types, headers, lasting names and sentences.
One table of requests tests them all (``tests/test_browser_serve.py``).
"""
# An old Python must be able to read this file; file names stay bytes, whatever the language of the computer.

import contextlib
import http.server
import os
import re
import signal
import socket
import socketserver
import sys
import threading
import time
import urllib.parse
import urllib.request
import webbrowser
from typing import Any

#: Exit code after which the launcher need not try another server: the user has been told why.
TOLD = 2
#: How many ports after the wanted one are tried.
PORTS = 20
HOST = "127.0.0.1"
CODINGS = (("br", b".br"), ("gzip", b".gz"))
SETTINGS = "launcher/settings.txt"
MANIFEST = "manifest.json"
#: What tells an edition from every other stands near the head of its manifest.
EDITION = re.compile(rb'"edition": "([0-9a-f]+)"')
HEAD = 1000


class Trouble(Exception):
    """What the user must be told: a sentence of ``settings.txt``, filled in."""


class Settings:
    """``settings.txt``, read: each line is a word and what belongs to it."""

    def __init__(self, text: str, edition: str) -> None:
        """Read the lines; unknown words are for other readers."""
        self.edition, self.port = edition, 8765
        self.types = {}  # type: dict[str, str]
        self.headers = []  # type: list[tuple[str, str]]
        self.sentences = {}  # type: dict[str, str]
        self.lasting = []  # type: list[re.Pattern[str]]
        for line in text.splitlines():
            word, _, rest = line.partition(" ")
            name, _, value = rest.partition(" ")
            if word == "type":
                self.types[name] = value
            elif word == "header":
                self.headers.append((name, value))
            elif word == "say":
                self.sentences[name] = value
            elif word == "lasting":
                self.lasting.append(re.compile(rest))
            elif word == "port":
                self.port = int(rest)

    def say(self, name: str, **values: object) -> str:
        """The sentence ``name`` in the language of the edition."""
        sentence = self.sentences[name]
        for key, value in values.items():
            sentence = sentence.replace("{" + key + "}", str(value))
        return sentence


def read_settings(folder: str) -> Settings:
    """The settings of the edition in ``folder``."""
    edition = ""
    if os.path.isfile(os.path.join(folder, MANIFEST)):
        with open(os.path.join(folder, MANIFEST), "rb") as manifest:
            edition = edition_of(manifest.read(HEAD))
    with open(os.path.join(folder, *SETTINGS.split("/")), encoding="utf-8") as file:
        return Settings(file.read(), edition)


def edition_of(head: bytes) -> str:
    """The mark of the edition whose manifest begins in this way, or nothing."""
    found = EDITION.search(head)
    return found.group(1).decode("ascii") if found else ""


class Answer:
    """Status, headers and, where there is one, the body: bytes, or a part of a file."""

    def __init__(self, status: int, headers: "list[tuple[str, str]]", body: bytes = b"") -> None:
        """An answer without a file."""
        self.status, self.headers, self.body = status, headers, body
        self.file = b""
        self.start = 0
        self.length = len(body)


class Edition:
    """A folder and how requests for it are answered. Nothing here knows of sockets."""

    def __init__(self, folder: str, settings: Settings) -> None:
        """Serve ``folder``."""
        self.root = os.path.realpath(os.fsencode(folder))
        self.settings = settings

    def answer(self, method: str, target: str, headers: "dict[str, str]") -> Answer:
        """What to answer; ``headers`` has its names in lower case."""
        if method not in ("GET", "HEAD"):
            return Answer(405, [("Allow", "GET, HEAD"), ("Connection", "close")])
        address, _, query = target.partition("?")
        path = self._file(address)
        if path and os.path.isdir(path):
            if not address.endswith("/"):
                # From the root, and never "//name/": that would be another computer.
                here = "/" + address.lstrip("/") + "/" + ("?" + query if query else "")
                return Answer(301, [("Location", here), ("Cache-Control", "no-cache")])
            path = os.path.join(path, b"index.html")
        elif address.endswith("/"):
            path = b""
        if not path or not self._inside(path) or not os.path.isfile(path):
            text = self.settings.say("missing").encode("utf-8")
            kind = ("Content-Type", "text/plain; charset=utf-8")
            return Answer(404, [kind, ("Cache-Control", "no-cache")], text)
        return self._send(path, query, headers)

    def _file(self, address: str) -> bytes:
        """The path that an address names, or nothing if it is none that we serve."""
        parts = [part for part in urllib.parse.unquote_to_bytes(address).split(b"/") if part]
        for part in parts:
            # Names that begin with a dot are hidden or lead upwards; the others mean more on Windows.
            if part.startswith(b".") or any(sign in part for sign in (b"\\", b":", b"\0")):
                return b""
        try:
            b"/".join(parts).decode("utf-8")
        except UnicodeDecodeError:
            return b""
        return os.path.join(self.root, *parts)

    def _inside(self, path: bytes) -> bool:
        """Whether the file still lies in the folder when every link on its way is followed."""
        real = os.path.realpath(path)
        return real.startswith(os.path.join(self.root, b""))

    def _send(self, path: bytes, query: str, headers: "dict[str, str]") -> Answer:
        name = path[len(os.path.join(self.root, b"")) :].decode("utf-8").replace(os.sep, "/")
        coding, packed = "", path
        if "range" not in headers:
            coding, packed = self._packed(path, headers.get("accept-encoding", ""))
        state = os.stat(packed)
        tag = '"{}-{:x}-{:x}{}"'.format(
            self.settings.edition, int(state.st_size), int(state.st_mtime), "-" + coding if coding else ""
        )
        lasts = any(pattern.search(name) for pattern in self.settings.lasting)
        lasts = lasts or re.search(r"(^|&)v=[0-9a-f]{7,}(&|$)", query) is not None
        common = [
            ("ETag", tag),
            ("Cache-Control", "public, max-age=31536000, immutable" if lasts else "no-cache"),
            ("Vary", "Accept-Encoding"),
        ]
        known = [each.strip().replace("W/", "") for each in headers.get("if-none-match", "").split(",")]
        if tag in known or "*" in known:
            return Answer(304, common)
        kind = self.settings.types.get(os.path.splitext(name)[1].lower(), "application/octet-stream")
        answer = Answer(200, [*common, ("Content-Type", kind), ("Accept-Ranges", "bytes")])
        if coding:
            answer.headers.append(("Content-Encoding", coding))
        answer.file, answer.length = packed, state.st_size
        if headers.get("if-range", tag) == tag:
            self._cut(answer, headers.get("range", ""))
        return answer

    def _packed(self, path: bytes, accepted: str) -> "tuple[str, bytes]":
        """The coding that the browser likes best of those that lie beside the file; "" for the file itself."""
        liking = {}
        for each in accepted.lower().split(","):
            name, _, weight = each.replace(" ", "").partition(";q=")
            try:
                liking[name] = float(weight or 1)
            except ValueError:
                liking[name] = 0.0
        best, coding, packed = liking.get("identity", 0.0), "", path
        for name, ending in CODINGS:
            likes = liking.get(name, liking.get("*", 0.0))
            better = likes > best or (likes == best > 0 and not coding)
            if better and os.path.isfile(path + ending) and self._inside(path + ending):
                best, coding, packed = likes, name, path + ending
        return coding, packed

    def _cut(self, answer: Answer, wanted: str) -> None:
        """Cut the answer down to the one range that is asked for; what we do not understand gets everything."""
        match = re.match(r"bytes=(\d*)-(\d*)$", wanted)
        if not match or wanted == "bytes=-":
            return
        size, first, last = answer.length, match.group(1), match.group(2)
        start = int(first) if first else max(size - int(last), 0)
        end = min(int(last), size - 1) if first and last else size - 1
        if start >= size or (first and last and int(last) < start):
            answer.status, answer.file, answer.length = 416, b"", 0
            answer.headers.append(("Content-Range", f"bytes */{size}"))
            return
        answer.status, answer.start, answer.length = 206, start, end - start + 1
        answer.headers.append(("Content-Range", f"bytes {start}-{end}/{size}"))


class Handler(http.server.BaseHTTPRequestHandler):
    """Brings answers to the wire: many requests on one connection, each sent in as few packets as can be."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    timeout = 60
    edition: "Edition"

    def do_GET(self) -> None:
        """Answer."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            answer = self.edition.answer(self.command, self.path, headers)
            file = open(answer.file, "rb") if answer.file else None  # noqa: SIM115
        except OSError:  # the stick was pulled out, or the file may not be read
            answer, file = Answer(500, [("Connection", "close")]), None
        self.send_response_only(answer.status)
        for name, value in answer.headers + self.edition.settings.headers:
            self.send_header(name, value)
        if answer.status != 304:
            self.send_header("Content-Length", str(answer.length))
        self.end_headers()
        if file:
            with file:
                if self.command == "GET":
                    self._copy(file, answer)
        elif self.command == "GET":
            self.wfile.write(answer.body)

    do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_GET

    def _copy(self, file: "object", answer: Answer) -> None:
        file.seek(answer.start)  # type: ignore[attr-defined]
        left = answer.length
        while left > 0:
            piece = file.read(min(left, 1 << 16))  # type: ignore[attr-defined]
            if not piece:  # shorter than it was a moment ago: the browser must see that it is not whole
                self.close_connection = True
                return
            self.wfile.write(piece)
            left -= len(piece)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the terminal for the address."""


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """A thread for each connection; quiet about browsers that go away."""

    daemon_threads = True
    request_queue_size = 128
    #: A port closed a moment ago can be used again; on Windows the same word would let two programs share it.
    allow_reuse_address = os.name != "nt"

    def server_bind(self) -> None:
        """Bind without asking a name server who we are, which takes long where there is none."""
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def handle_error(self, request: "Any", client_address: "Any") -> None:
        """A broken connection is no error of ours; tell of everything else."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, socket.timeout)):
            http.server.HTTPServer.handle_error(self, request, client_address)


class Server6(Server):
    """The same for ``::1``: some browsers look there first for "localhost", and wait if nobody answers."""

    address_family = getattr(socket, "AF_INET6", socket.AF_INET)


def same_edition(port: int, settings: Settings) -> bool:
    """Whether it is this very edition that answers on ``port``."""
    address = f"http://{HOST}:{port}/{MANIFEST}"
    straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with straight.open(address, timeout=2) as answer:
            return bool(settings.edition) and edition_of(answer.read(HEAD)) == settings.edition
    except Exception:  # nothing listens there, or what listens speaks no HTTP
        return False


def listen(folder: str, settings: Settings, port: int, host: str = HOST) -> "list[Server]":
    """Serve ``folder`` in the background.

    Raises:
        OSError: if the port is taken.
    """
    handler = type("EditionHandler", (Handler,), {"edition": Edition(folder, settings)})
    servers = [Server((host, port), handler)]
    if host == HOST:
        with contextlib.suppress(OSError):  # a computer without IPv6
            servers.append(Server6(("::1", servers[0].server_address[1]), handler))
    for server in servers:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True).start()
    return servers


def room_address() -> str:
    """This computer's address in the room, found without sending anything."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("10.255.255.255", 9))
            return str(probe.getsockname()[0])
    except OSError:
        return HOST


def tell(text: str) -> None:
    """Print at once, also on a terminal that has no accents."""
    try:
        print(text, flush=True)
    except UnicodeEncodeError:
        print(text.encode("ascii", "replace").decode("ascii"), flush=True)


def show(address: str, browser: bool) -> None:
    """Open ``address`` in the browser, if that is wanted, without waiting for it."""
    if browser:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def end_on_signals() -> "list[int]":
    """Note Ctrl+C, a closed window or a shutdown in the list that is returned, instead of breaking off."""
    noted = []  # type: list[int]
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):  # no system has all
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda number, _frame: noted.append(number))
    return noted


def run(folder: str, port: "int | None", browser: bool, lan: str = "") -> None:
    """Serve the edition in ``folder`` until Ctrl+C, or show the one that is open already.

    Args:
        folder: the edition.
        port: the port that must be used; None for the edition's own, or else one after it.
        browser: whether the browser is opened.
        lan: this computer's address in the room, if the room shall reach it.

    Raises:
        Trouble: if no port can be used.
    """
    settings = read_settings(folder)
    wanted = port or settings.port
    usual = f"http://localhost:{wanted}/"
    servers = []  # type: list[Server]
    ended = end_on_signals()
    for each in range(wanted, wanted + (1 if port else PORTS)):
        try:
            servers = listen(folder, settings, each, "0.0.0.0" if lan else HOST)
            break
        except (OSError, OverflowError):
            if not lan and same_edition(each, settings):
                address = f"http://localhost:{each}/"
                tell("\n  " + settings.say("already", address=address) + "\n")
                if browser:
                    webbrowser.open(address)
                return
    if not servers:
        raise Trouble(settings.say("no_port", first=wanted, last=wanted + PORTS - 1))
    used = servers[0].server_address[1]
    address = f"http://localhost:{used}/"
    tell("\n  " + settings.say("ready", address=address))
    if lan:
        tell("  " + settings.say("room", address=f"http://{lan}:{used}/"))
    if used != wanted:
        tell("\n  " + settings.say("other_port", port=wanted, usual=usual, address=address))
    tell("\n  " + settings.say("stop") + "\n")
    show(address, browser)
    while not ended:
        time.sleep(0.1)
    for server in servers:
        server.shutdown()
        server.server_close()
    tell("\n  " + settings.say("stopped"))


def main(arguments: "list[str]") -> int:
    """serve.py [--port N] [--lan] [--no-browser]: serve the edition that this file lies in."""
    if {"-h", "--help"} & set(arguments):
        tell(str(main.__doc__))
        return 0
    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    port = int(arguments[arguments.index("--port") + 1]) if "--port" in arguments else None
    try:
        run(folder, port, "--no-browser" not in arguments, room_address() if "--lan" in arguments else "")
    except Trouble as trouble:
        tell(f"\n  {trouble}\n")
        return TOLD
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
