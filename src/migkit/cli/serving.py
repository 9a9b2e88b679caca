"""The servers behind ``kit start``: the book, and JupyterLab beside it."""

import http.server
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from migkit.reference import ROOT, KitError, _

HOST = "127.0.0.1"
#: Settings that keep JupyterLab quiet and off the network: no news, no extension catalogue.
JUPYTER_SETTINGS = Path(__file__).parent / "jupyter"


def is_free(port: int, host: str = HOST) -> bool:
    """Whether nobody listens on ``port`` of this machine, at its address ``host``."""
    with socket.socket() as probe:
        # As the servers themselves do: a port that was closed a moment ago counts as free (not on Windows,
        # where this option would allow two listeners).
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def choose_port(wanted: int | None, default: int, option: str, avoid: int | None = None, host: str = HOST) -> int:
    """The port that was asked for, or the first free one from ``default`` on.

    Raises:
        KitError: if the port asked for is taken, or none of the twenty after ``default`` is free.
    """
    if wanted is not None:
        if wanted == avoid or not is_free(wanted, host):
            raise KitError(
                _("Port {port} is taken by another program; choose another one with {option}.").format(
                    port=wanted, option=option
                )
            )
        return wanted
    for port in range(default, default + 20):
        if port != avoid and is_free(port, host):
            return port
    raise KitError(
        _("The ports {first} to {last} are all taken; choose a free one with {option}.").format(
            first=default, last=default + 19, option=option
        )
    )


def running_kit(port: int) -> str | None:
    """The folder of the kit that already answers on ``port``, or None."""
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/kit.json", timeout=0.5) as answer:
            folder: str = json.load(answer)["folder"]
            return folder
    except (OSError, ValueError, KeyError, TypeError):
        return None


class BookHandler(http.server.SimpleHTTPRequestHandler):
    """Serves the built book; ``/kit.json`` says that the kit is here, ``/open/PATH`` opens PATH in JupyterLab."""

    lab_address: str = ""

    def do_GET(self) -> None:
        """Answer the two addresses of our own, else a file of the book."""
        path = unquote(self.path.split("?")[0])
        if path == "/kit.json":
            self._answer(json.dumps({"lab": bool(self.lab_address), "folder": str(ROOT)}).encode())
        elif path.startswith("/open/") and self.lab_address:
            self._open(path.removeprefix("/open/"))
        else:
            super().do_GET()

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _open(self, notebook: str) -> None:
        target = (ROOT / notebook).resolve()
        if ROOT.resolve() not in target.parents or not target.is_file():
            self.send_error(404, _("There is no such notebook in the kit"))
            return
        base, token = self.lab_address.split("?", 1)
        self.send_response(302)
        self.send_header("Location", f"{base}/tree/{quote(notebook)}?{token}")
        self.end_headers()

    def end_headers(self) -> None:
        """A page that was rebuilt must show at once; the browser asks each time, which costs nothing here."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the terminal for the addresses."""


class BookServer(http.server.ThreadingHTTPServer):
    """A browser that goes away in the middle of a page is no error: no traceback in the trainer's terminal."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent about broken connections, tell of everything else."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def serve_book(folder: Path, port: int, lab_address: str = "") -> http.server.ThreadingHTTPServer:
    """Serve ``folder`` on this machine only, in the background; stop it with ``.shutdown()``."""

    class Handler(BookHandler):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, directory=str(folder), **kwargs)

    Handler.lab_address = lab_address
    try:
        server = BookServer((HOST, port), Handler)
    except OSError as trouble:
        raise KitError(
            _("Port {port} is taken by another program; choose another one with {option}.").format(
                port=port, option="--port"
            )
        ) from trouble
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def start_lab(port: int) -> tuple[subprocess.Popen[bytes], str, Path]:
    """Start JupyterLab on the kit's folder; give the process, its address with token, and its log file."""
    token = secrets.token_hex(16)
    log = ROOT / ".kit" / "logs" / "jupyterlab.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    own = ROOT / ".kit" / "jupyter"  # the user's own Jupyter settings neither help nor hurt here
    environment = dict(
        os.environ,
        JUPYTER_CONFIG_PATH=str(JUPYTER_SETTINGS),
        JUPYTER_CONFIG_DIR=str(own / "config"),
        JUPYTERLAB_SETTINGS_DIR=str(own / "settings"),
        JUPYTERLAB_WORKSPACES_DIR=str(own / "workspaces"),
        JUPYTER_PREFER_ENV_PATH="1",
        JUPYTER_TOKEN=token,  # not on the command line, where other users of the machine could read it
    )
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--ServerApp.ip={HOST}", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    command += [f"--ServerApp.root_dir={ROOT}"]
    with log.open("wb") as kept:
        process = subprocess.Popen(command, stdout=kept, stderr=subprocess.STDOUT, cwd=ROOT, env=environment)
    return process, f"http://{HOST}:{port}/lab?token={token}", log


def end_on_signals() -> None:
    """Let a closed terminal or a shutdown end the kit as Ctrl+C does, so that no JupyterLab stays behind."""
    for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        number = getattr(signal, name, None)
        if number is not None and threading.current_thread() is threading.main_thread():
            signal.signal(number, signal.default_int_handler)


def wait_until_it_answers(
    address: str,
    process: subprocess.Popen[bytes] | None,
    log: Path,
    seconds: float = 90,
    tick: Callable[[], None] = lambda: None,
) -> None:
    """Return as soon as ``address`` answers.

    Raises:
        KitError: if the process ends first, or nothing answers within ``seconds``.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            raise KitError(
                _("JupyterLab stopped while starting; the last lines of {log} say why.").format(log=log)
            )
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            tick()
            time.sleep(0.2)
    raise KitError(
        _("JupyterLab did not answer within {seconds:.0f} seconds; {log} may say why.").format(
            seconds=seconds, log=log
        )
    )
