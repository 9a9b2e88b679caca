"""Ways to open a browser edition: small servers held to one table of requests, launchers, `kit browser serve`."""

import gzip
import http.client
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import tree_sitter
import tree_sitter_powershell
from click.testing import CliRunner

from conftest import CI
from migkit.cli import browser_serve
from migkit.editions.browser import stick
from migkit.reference import KitError

#: What stands for serve.ps1 where there is no PowerShell: it compiles and starts serve.cs as that does.
MAIN_CS = """
using System;
static class Program {
    static int Main(string[] words) {
        Kit.Server server = new Kit.Server(words[0]);
        server.WantedPort = int.Parse(words[1]);
        string state = server.Start();
        Console.WriteLine(server.Say(state, "address", server.Address, "first", words[1], "last", words[1]));
        Console.Out.Flush();
        if (state != "ready") return state == "already" ? 0 : 2;
        System.Threading.Thread.Sleep(-1);
        return 0;
    }
}
"""


def edition(folder: Path, mark: str = "1a2b3c") -> Path:
    """A small edition with everything that a server can stumble over."""
    folder.mkdir(parents=True)
    files = {
        "index.html": "<!doctype html><title>home</title>" + "<p>Home</p>" * 200,
        "kit/home.js": "console.log(1)",
        "kit/worker.mjs": "export default 1",
        "lite/build/100.fc995bd.js": "var a",
        "lite/build/bundle.js": "var b",
        "lite/extensions/@jupyterlite/kernel/static/7.0123abcdef.js": "var c",
        "lite/static/pyodide-0.27.7/pandas-2.2.3-cp312-cp312-pyodide_2024_0_wasm32.whl": "PK",
        "lite/static/pyodide-0.27.7/pyodide.asm.wasm": "\0asm" + "x" * 5000,
        "lite/files/04_census.ipynb": "{}",
        "data/recensement été.csv": "année;âge\n2014;3\n",
        "data/many.csv": "0123456789" * 10,
        "kit/font.ttf": "f",
        "kit/unknown.xyz": "u",
        ".secret": "no",
        ".git/config": "no",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for name in ("index.html", "lite/static/pyodide-0.27.7/pyodide.asm.wasm"):
        content = (folder / name).read_bytes()
        (folder / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
        (folder / f"{name}.br").write_bytes(b"brotli of " + name.encode())
    (folder / "kit" / "home.js.gz").write_bytes(gzip.compress(b"console.log(1)", mtime=0))
    (folder.parent / "outside.txt").write_text("outside", encoding="utf-8")
    (folder / "data" / "link.txt").symlink_to(folder.parent / "outside.txt")
    (folder / "data" / "linked").symlink_to(folder.parent)
    stick.write_launchers(folder, "en")
    seen = {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size}
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in {".br", ".gz"}
    }
    (folder / "manifest.json").write_text(json.dumps({"edition": mark, "kit": "0", "files": seen}, indent=1))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return edition(tmp_path_factory.mktemp("stick") / "clé USB & co" / "kit été")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def quiet(folder: Path, tmp: Path) -> dict[str, str]:
    """An environment in which `xdg-open` notes what it was asked to open, and opens nothing."""
    tools = tmp / "tools"
    tools.mkdir(exist_ok=True)
    opener = tools / "xdg-open"
    opener.write_text(f'#!/bin/sh\necho "$1" >> "{tmp}/opened"\n')
    opener.chmod(0o755)
    return {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "BROWSER": str(opener)}


SERVERS = {
    "python": [sys.executable, "serve.py"],
    "python3.6": ["python3.6", "serve.py"],
    "perl": ["perl", "serve.pl"],
    "ruby": ["ruby", "serve.rb"],
    "mono": ["mono", "serve.cs"],
}


def leave_out(program: str) -> None:
    """This machine cannot run a test, and says why. In CI nothing is left out: there it fails instead."""
    why = f"no {program} on this machine (.ci/run names the packages)"
    if CI:
        pytest.fail(why)
    pytest.skip(why)


def command(name: str, folder: Path, port: int, tmp: Path) -> list[str]:
    program, script = SERVERS[name]
    found = shutil.which(program)
    if name == "python3.6":
        found = next((str(each) for each in Path.home().glob(".pyenv/versions/3.6.*/bin/python")), None)
    if not found and name == "python3.6":
        pytest.skip("no Python 3.6 on this machine: no system has it in its packages any more")
    if not found:
        leave_out(program)
    if name != "mono":
        return [found, str(folder / "launcher" / script), "--port", str(port), "--no-browser"]
    if not shutil.which("mcs"):
        leave_out("mcs")
    program_file = tmp / "serve.exe"
    if not program_file.exists():
        (tmp / "main.cs").write_text(MAIN_CS)
        sources = [folder / "launcher" / script, tmp / "main.cs"]
        # C# 5 is what the compiler of Windows itself knows.
        subprocess.run(["mcs", "-langversion:5", "-warnaserror", f"-out:{program_file}", *sources], check=True)
    return [found, str(program_file), str(folder), str(port)]


def wait_for(port: int, process: subprocess.Popen[str], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("nothing listens")


@dataclass
class Running:
    port: int
    process: subprocess.Popen[str]

    def ask(self, target: str, method: str = "GET", **headers: str) -> "Reply":
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        reply = Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        connection.close()
        return reply


@dataclass
class Reply:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@pytest.fixture(scope="module", params=SERVERS)
def server(request, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    tmp = tmp_path_factory.mktemp("server")
    port = free_port()
    process = subprocess.Popen(
        command(request.param, folder, port, tmp),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**quiet(folder, tmp), "LC_ALL": "C"},  # a computer that knows no accents
    )
    try:
        wait_for(port, process)
        yield Running(port, process)
        assert process.poll() is None, "the server did not live through the requests"
    finally:
        process.kill()
        said = process.communicate()[0]
    assert "rror" not in said and "Traceback" not in said, said


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/kit/home.js", "text/javascript; charset=utf-8"),
        ("/kit/worker.mjs", "text/javascript; charset=utf-8"),
        ("/lite/static/pyodide-0.27.7/pyodide.asm.wasm", "application/wasm"),
        ("/lite/files/04_census.ipynb", "application/json"),
        ("/data/many.csv", "text/csv; charset=utf-8"),
        ("/data/recensement%20%C3%A9t%C3%A9.csv", "text/csv; charset=utf-8"),
        ("/kit/font.ttf", "font/ttf"),
        ("/kit/unknown.xyz", "application/octet-stream"),
        ("/kit/home.js?x=1&y=/../", "text/javascript; charset=utf-8"),
        ("//kit///home.js", "text/javascript; charset=utf-8"),
    ],
)
def test_a_file_comes_whole_with_its_type(server: Running, folder: Path, target: str, kind: str) -> None:
    reply = server.ask(target)
    assert (reply.status, reply.headers["content-type"]) == (200, kind)
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'self'" in reply.headers["content-security-policy"]
    assert reply.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in reply.headers
    path = {"/": "index.html", "/data/recensement%20%C3%A9t%C3%A9.csv": "data/recensement été.csv"}.get(
        target, target.split("?")[0].replace("//", "/").replace("//", "/").lstrip("/")
    )
    assert reply.body == (folder / path).read_bytes()


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0.5, gzip;q=0.9", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br; q=1.0, gzip; q=0.8, *;q=0.1", "br"),
        ("BR", "br"),
        ("*", "br"),
        ("*;q=0", ""),
        ("br;q=0, gzip;q=0", ""),
        ("identity", ""),
        ("identity;q=1, br;q=0.5", ""),
        ("identity;q=0.5, br", "br"),
        ("deflate", ""),
        ("br;q=nonsense", ""),
        ("brotli", ""),
        ("", ""),
    ],
)
def test_the_packed_copy_that_the_browser_likes_best(
    server: Running, folder: Path, accepted: str, coding: str
) -> None:
    reply = server.ask("/", Accept_Encoding=accepted)
    assert reply.headers.get("content-encoding", "") == coding
    ending = {"br": ".br", "gzip": ".gz", "": ""}[coding]
    assert reply.body == (folder / f"index.html{ending}").read_bytes()
    assert reply.headers["content-type"] == "text/html; charset=utf-8"


def test_without_a_packed_copy_the_next_best_comes(server: Running) -> None:
    assert server.ask("/kit/home.js", Accept_Encoding="br, gzip").headers["content-encoding"] == "gzip"
    assert "content-encoding" not in server.ask("/data/many.csv", Accept_Encoding="br, gzip").headers


@pytest.mark.parametrize(
    ("target", "lasts"),
    [
        ("/lite/build/100.fc995bd.js", True),
        ("/lite/extensions/@jupyterlite/kernel/static/7.0123abcdef.js", True),
        ("/lite/static/pyodide-0.27.7/pandas-2.2.3-cp312-cp312-pyodide_2024_0_wasm32.whl", True),
        ("/kit/home.js?v=0123abc", True),
        ("/lite/build/bundle.js", False),
        ("/lite/build/bundle.js?v=1", False),
        ("/kit/home.js?_v=0123abc", False),
        ("/lite/static/pyodide-0.27.7/pyodide.asm.wasm", True),
        ("/lite/files/04_census.ipynb", False),
        ("/", False),
    ],
)
def test_only_what_cannot_change_lasts(server: Running, target: str, lasts: bool) -> None:
    wanted = "public, max-age=31536000, immutable" if lasts else "no-cache"
    assert server.ask(target).headers["cache-control"] == wanted


def test_what_the_browser_has_is_not_sent_again(server: Running) -> None:
    plain, packed = server.ask("/"), server.ask("/", Accept_Encoding="gzip")
    assert plain.headers["etag"] != packed.headers["etag"]
    for known in (packed.headers["etag"], f'"x", W/{packed.headers["etag"]}', "*"):
        reply = server.ask("/", Accept_Encoding="gzip", If_None_Match=known)
        assert (reply.status, reply.body) == (304, b"")
        assert reply.headers["etag"] == packed.headers["etag"]
        assert reply.headers["vary"] == "Accept-Encoding"
        assert reply.headers["cache-control"] == "no-cache"
    assert server.ask("/", If_None_Match=packed.headers["etag"]).status == 200
    assert plain.headers["etag"].startswith('"1a2b3c-'), "another edition's files are other files"


def test_all_servers_name_a_state_of_a_file_alike(server: Running, folder: Path) -> None:
    """A browser that met one server yesterday and another today keeps what it has."""
    state = (folder / "kit" / "home.js").stat()
    wanted = f'"1a2b3c-{state.st_size:x}-{int(state.st_mtime):x}"'
    assert server.ask("/kit/home.js").headers["etag"] == wanted


@pytest.mark.parametrize(
    ("wanted", "status", "body", "span"),
    [
        ("bytes=0-9", 206, b"0123456789", "bytes 0-9/100"),
        ("bytes=95-", 206, b"56789", "bytes 95-99/100"),
        ("bytes=-3", 206, b"789", "bytes 97-99/100"),
        ("bytes=98-500", 206, b"89", "bytes 98-99/100"),
        ("bytes=-500", 206, b"0123456789" * 10, "bytes 0-99/100"),
        ("bytes=100-", 416, b"", "bytes */100"),
        ("bytes=9-3", 416, b"", "bytes */100"),
        ("bytes=-0", 416, b"", "bytes */100"),
        ("bytes=0-1,5-6", 200, b"0123456789" * 10, None),
        ("bytes=-", 200, b"0123456789" * 10, None),
        ("lines=1-2", 200, b"0123456789" * 10, None),
    ],
)
def test_one_range(server: Running, wanted: str, status: int, body: bytes, span: str | None) -> None:
    reply = server.ask("/data/many.csv", Range=wanted)
    assert (reply.status, reply.body, reply.headers.get("content-range")) == (status, body, span)


def test_a_range_is_of_the_plain_file_and_of_the_state_that_is_known(server: Running) -> None:
    reply = server.ask("/", Range="bytes=0-13", Accept_Encoding="br")
    assert (reply.body, reply.headers.get("content-encoding")) == (b"<!doctype html", None)
    tag = reply.headers["etag"]
    assert server.ask("/", Range="bytes=0-1", If_Range=tag).status == 206
    assert server.ask("/", Range="bytes=0-1", If_Range='"old"').status == 200


@pytest.mark.parametrize(
    "target",
    [
        "/../outside.txt",
        "/kit/../../outside.txt",
        "/%2e%2e/outside.txt",
        "/%2e%2e%2foutside.txt",
        "/kit/..%2f..%2foutside.txt",
        "/..%5coutside.txt",
        "/..\\outside.txt",
        "/kit/%252e%252e/index.html",
        "/./index.html",
        "/.secret",
        "/.git/config",
        "/%2egit/config",
        "/data/link.txt",
        "/data/linked/outside.txt",
        "/data/linked/",
        "/index.html%00.png",
        "/index.html/",
        "/C:/windows/win.ini",
        "/kit/home.js::$DATA",
        "/%ff%fe",
        "/etc/passwd",
        "//etc/passwd",
        "/no/such/page.html",
        "/kit/",
        "/data/",
        "/launcher/",
        "http://elsewhere/outside.txt",
        "*",
    ],
)
def test_nothing_but_the_edition_is_served(server: Running, target: str) -> None:
    reply = server.ask(target)
    assert reply.status == 404, reply
    assert reply.body == b"There is no such page in this edition of the kit."


@pytest.mark.parametrize(
    ("target", "place"),
    [("/kit", "/kit/"), ("/lite/files?a=1", "/lite/files/?a=1"), ("//kit", "/kit/"), ("///kit?x", "/kit/?x")],
)
def test_a_folder_is_given_its_slash_and_never_another_computer(server: Running, target: str, place: str) -> None:
    reply = server.ask(target)
    assert (reply.status, reply.headers["location"]) == (301, place)


def test_head_tells_the_same_without_the_content(server: Running) -> None:
    for target in ("/", "/data/many.csv", "/none", "/kit"):
        got, head = server.ask(target), server.ask(target, "HEAD")
        assert (head.status, head.headers, head.body) == (got.status, got.headers, b"")
    assert server.ask("/", "HEAD", Accept_Encoding="br").headers["content-encoding"] == "br"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_written(server: Running, method: str) -> None:
    reply = server.ask("/index.html", method)
    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD")


def test_many_requests_go_over_one_connection(server: Running) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.connect()
    held = connection.sock
    started = time.monotonic()
    for _again in range(100):
        for target in ("/kit/home.js", "/none", "/kit", "/"):
            connection.request("GET", target)
            connection.getresponse().read()
    assert connection.sock is held, "the connection was closed"
    # Two packets to an answer would wait for each other, 40 ms at a time.
    assert time.monotonic() - started < 8
    connection.close()


def test_requests_sent_in_one_go_are_all_answered(server: Running) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(b"GET /kit/home.js HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
        line.sendall(b"GET /kit/home.js HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        got = b""
        while piece := line.recv(65536):
            got += piece
    assert got.count(b"console.log(1)") == 3


def test_a_slow_browser_stops_nobody_and_nonsense_is_no_end(server: Running) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as slow:
        slow.sendall(b"GET / HT")
        for nonsense in (
            b"\r\n\r\n",
            b"\xff\xfe\x00\r\n\r\n",
            b"GET\r\n\r\n",
            b"GET / HTTP/9\r\n\r\n",
            b"x" * 100_000,
        ):
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
                try:
                    line.sendall(nonsense)
                    line.shutdown(socket.SHUT_WR)
                    while line.recv(65536):
                        pass
                except OSError:  # the server has hung up already
                    pass
        assert server.ask("/").status == 200


def test_only_this_computer_is_listened_to(server: Running) -> None:
    with socket.socket() as line:  # another address of this computer stands for the room
        assert line.connect_ex(("127.0.0.2", server.port)) != 0


def test_a_file_that_grew_or_went_while_the_server_runs(server: Running, folder: Path) -> None:
    path = folder / "kit" / "changing.txt"
    path.write_text("one")
    before = server.ask("/kit/changing.txt")
    path.write_text("three")
    after = server.ask("/kit/changing.txt", If_None_Match=before.headers["etag"])
    assert (before.body, after.status, after.body) == (b"one", 200, b"three")
    path.unlink()
    assert server.ask("/kit/changing.txt").status == 404


# ---- starting and stopping ------------------------------------------------------------------------------------


def start(name: str, folder: Path, port: int, tmp: Path, browser: bool = False) -> subprocess.Popen[str]:
    words = command(name, folder, port, tmp)
    if browser and "--no-browser" in words:
        words.remove("--no-browser")
    return subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=quiet(folder, tmp)
    )


def usual_port(folder: Path, port: int) -> None:
    """Give the edition another usual port, so that tests do not meet."""
    settings = folder / "launcher" / "settings.txt"
    settings.write_text(
        settings.read_text(encoding="utf-8").replace("port 8765", f"port {port}"), encoding="utf-8"
    )


def two_free_ports() -> int:
    """A free port with a free one after it."""
    while True:
        first = free_port()
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", first + 1))
                return first
            except OSError:
                continue


@pytest.mark.parametrize("name", ["python", "perl", "ruby"])
def test_ctrl_c_ends_it_with_a_word(name: str, folder: Path, tmp_path: Path) -> None:
    port = free_port()
    process = start(name, folder, port, tmp_path, browser=True)
    wait_for(port, process)
    assert Running(port, process).ask("/").status == 200
    deadline = time.monotonic() + 10
    while not (tmp_path / "opened").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    with socket.create_connection(("127.0.0.1", port)):  # a browser that is still there
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=10)[0]
    assert process.returncode == 0
    assert said == (
        f"\n  The kit is open at http://localhost:{port}/\n\n"
        "  Leave this window open while you work. To stop, press Ctrl+C or close it.\n\n\n"
        "  The kit is closed. Your work stays in your browser.\n"
    )
    assert (tmp_path / "opened").read_text().split() == [f"http://localhost:{port}/"]
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize("name", ["python", "perl", "ruby", "mono"])
def test_the_same_edition_is_shown_and_not_started_again(name: str, folder: Path, tmp_path: Path) -> None:
    port = free_port()
    first = start("python", folder, port, tmp_path)
    try:
        wait_for(port, first)
        second = start(name, folder, port, tmp_path, browser=True)
        said = second.communicate(timeout=20)[0]
        assert second.returncode == 0
        assert said.strip() == f"The kit is open already, at http://localhost:{port}/"
        if name != "mono":
            deadline = time.monotonic() + 5
            while not (tmp_path / "opened").exists() and time.monotonic() < deadline:
                time.sleep(0.05)
            assert (tmp_path / "opened").read_text().split() == [f"http://localhost:{port}/"]
    finally:
        first.kill()
        first.communicate()


@pytest.mark.parametrize("other", ["another edition", "another server", "a silent program"])
@pytest.mark.parametrize("name", ["python", "perl", "ruby"])
def test_another_program_on_the_port_is_stepped_around(name: str, other: str, tmp_path: Path) -> None:
    port = two_free_ports()
    mine = edition(tmp_path / "mine" / "kit")
    usual_port(mine, port)
    words = [word for word in command(name, mine, port, tmp_path) if word not in ("--port", str(port))]
    stop: Callable[[], object]
    if other == "another edition":
        taken = start("python", edition(tmp_path / "other" / "kit", "fff"), port, tmp_path)
        wait_for(port, taken)
        stop = taken.kill
    elif other == "another server":
        web = http.server.ThreadingHTTPServer(("127.0.0.1", port), http.server.BaseHTTPRequestHandler)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        stop = web.shutdown
    else:
        listener = socket.create_server(("127.0.0.1", port))
        stop = listener.close
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=quiet(mine, tmp_path))
    try:
        wait_for(port + 1, process)
        assert Running(port + 1, process).ask("/").status == 200
    finally:
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=10)[0]
        stop()
    assert f"The kit is open at http://localhost:{port + 1}/" in said
    assert f"Another program uses port {port}" in said
    assert f"saved at http://localhost:{port}/" in said


@pytest.mark.parametrize("name", ["python", "perl", "ruby", "mono"])
def test_no_port_left_is_said(name: str, folder: Path, tmp_path: Path) -> None:
    port = 65535
    with socket.create_server(("127.0.0.1", port)):
        process = start(name, folder, port, tmp_path)
        said = process.communicate(timeout=30)[0]
    assert process.returncode == 2, said
    assert "are all taken" in said


# ---- launchers ------------------------------------------------------------------------------------------------

TOOLS = ("sh", "sed", "dirname", "uname", "cat", "env")


def path_with(tmp: Path, *programs: str, **fakes: str) -> str:
    """A PATH that holds the usual small tools, some real programs, and some made-up ones."""
    tools = tmp / "path"
    tools.mkdir(exist_ok=True)
    for program in (*TOOLS, *programs):
        found = os.path.realpath(sys.executable) if program == "python3" else shutil.which(program)
        if not found:
            leave_out(program)
        (tools / program).unlink(missing_ok=True)
        (tools / program).symlink_to(found)
    for program, text in fakes.items():
        name = program.replace("_", "-")
        (tools / name).unlink(missing_ok=True)
        (tools / name).write_text("#!/bin/sh\n" + text + "\n")
        (tools / name).chmod(0o755)
    return str(tools)


def launch(folder: Path, path: str, *words: str, script: str = "start_on_linux.sh") -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["/bin/sh", script, *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={"PATH": path, "HOME": "/nowhere"},
    )


def which_server(process: subprocess.Popen[str], port: int) -> str:
    """The server that the launcher chose; both are ended."""
    wait_for(port, process)
    children = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(process.pid)], capture_output=True, text=True, check=True
    ).stdout
    for line in children.splitlines():
        os.kill(int(line.split()[0]), signal.SIGINT)
    process.communicate(timeout=10)
    return next(script for script in ("serve.py", "serve.pl", "serve.rb") if script in children)


@pytest.mark.parametrize("script", ["start_on_linux.sh", "Start on macOS.command"])
@pytest.mark.parametrize(
    ("programs", "wanted"),
    [
        (("python3", "perl", "ruby"), "serve.py"),
        (("perl", "ruby"), "serve.pl"),
        (("ruby",), "serve.rb"),
    ],
)
def test_the_launcher_takes_what_is_there(
    folder: Path, tmp_path: Path, programs: tuple[str, ...], wanted: str, script: str
) -> None:
    port = free_port()
    words = ("--port", str(port), "--no-browser")
    assert which_server(launch(folder, path_with(tmp_path, *programs), *words, script=script), port) == wanted


@pytest.mark.parametrize(
    "python", ["exit 1", "echo old >&2; exit 1"], ids=["a Python that does not run", "a Python 2"]
)
def test_a_python_that_cannot_is_passed_over(folder: Path, tmp_path: Path, python: str) -> None:
    port = free_port()
    path = path_with(tmp_path, "perl", python3=python)
    assert which_server(launch(folder, path, "--port", str(port), "--no-browser"), port) == "serve.pl"


def test_a_mac_without_developer_tools_is_not_asked_to_install_them(folder: Path, tmp_path: Path) -> None:
    """There /usr/bin/python3 is a stub that opens a window."""
    port, asked = free_port(), tmp_path / "stub was called"
    path = path_with(tmp_path, "perl", uname="echo Darwin", xcode_select="exit 2")
    script = folder / "launcher" / "start.sh"
    text = script.read_text(encoding="utf-8")
    stub = tmp_path / "usr-bin" / "python3"
    stub.parent.mkdir()
    stub.write_text(f"#!/bin/sh\n: > '{asked}'\nexit 1\n")
    stub.chmod(0o755)
    try:
        script.write_text(text.replace("/usr/bin/python3", str(stub)), encoding="utf-8")
        process = launch(folder, f"{stub.parent}:{path}", "--port", str(port), "--no-browser")
        assert which_server(process, port) == "serve.pl"
        assert not asked.exists()
        # With the tools installed it is a real Python.
        path_with(tmp_path, uname="echo Darwin", xcode_select="exit 0")
        process = launch(folder, f"{stub.parent}:{path}", "--port", str(port), "--no-browser")
        which_server(process, port)
        assert asked.exists()
    finally:
        script.write_text(text, encoding="utf-8")


def test_nothing_to_start_with_is_said_in_one_sentence(folder: Path, tmp_path: Path) -> None:
    process = launch(folder, path_with(tmp_path))
    said = process.communicate(timeout=10)[0]
    assert process.returncode == 2
    assert said.strip() == stick.sentences()["nothing_unix"]


def test_a_copy_that_is_not_whole_is_said(tmp_path: Path) -> None:
    torn = edition(tmp_path / "torn" / "kit")
    (torn / "index.html").unlink()
    process = launch(torn, path_with(tmp_path, "python3"))
    assert process.communicate(timeout=10)[0].strip() == stick.sentences()["incomplete"]
    assert process.returncode == 2


def test_a_stick_that_cannot_be_written(tmp_path: Path) -> None:
    stuck = edition(tmp_path / "stuck" / "kit")
    before = sorted(stuck.rglob("*"))
    for path in [*stuck.rglob("*"), stuck]:
        if not path.is_symlink():
            path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        for programs in (("python3",), ("perl",)):
            port = free_port()
            process = launch(stuck, path_with(tmp_path, *programs), "--port", str(port), "--no-browser")
            which_server(process, port)
            shutil.rmtree(tmp_path / "path")
    finally:
        for path in [stuck, *stuck.rglob("*")]:
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
    assert sorted(stuck.rglob("*")) == before, "something was written"


def test_windows_files_have_windows_line_ends_and_plain_letters(folder: Path) -> None:
    for name in ("Start on Windows.bat", "launcher/serve.ps1", "launcher/serve.cs"):
        content = (folder / name).read_bytes()
        assert content.count(b"\n") == content.count(b"\r\n")
        content.decode("ascii")  # what cmd and PowerShell 5.1 read in any language of Windows
    for name in ("launcher/start.sh", "start_on_linux.sh", "Start on macOS.command"):
        assert b"\r" not in (folder / name).read_bytes()
        assert os.access(folder / name, os.X_OK)
    assert (folder / "readme.txt").read_bytes().startswith(b"\xef\xbb\xbf")


def test_every_sentence_is_one_line_and_is_used(folder: Path) -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in stick.ASSETS.iterdir() if path.is_file())
    for name, sentence in stick.sentences().items():
        assert "\n" not in sentence
        assert name in code, f"nobody says {name!r}"


def test_windows_powershell_would_read_the_script() -> None:
    """No PowerShell can be had here: its grammar is at least asked."""
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
    text = (stick.ASSETS / "serve.ps1").read_bytes()
    assert not parser.parse(text).root_node.has_error
    assert parser.parse(text.replace(b"} catch {", b"} catch (", 1)).root_node.has_error


# ---- kit browser serve ----------------------------------------------------------------------------------------


def test_kit_says_what_is_wrong_with_a_folder(tmp_path: Path) -> None:
    with pytest.raises(KitError, match="There is no folder"):
        browser_serve.check_edition(tmp_path / "none")
    (tmp_path / "photos").mkdir()
    with pytest.raises(KitError, match="holds no browser edition"):
        browser_serve.check_edition(tmp_path / "photos")
    whole = edition(tmp_path / "a" / "kit")
    browser_serve.check_edition(whole)
    (whole / "kit" / "home.js").write_text("cut")
    (whole / "kit" / "font.ttf").unlink()
    with pytest.raises(KitError, match=r"cut short: 2, the first is kit/font\.ttf"):
        browser_serve.check_edition(whole)
    (whole / "manifest.json").write_text('{"files": [')
    with pytest.raises(KitError, match=r"manifest\.json cannot be read"):
        browser_serve.check_edition(whole)


def test_kit_serves_an_edition_until_ctrl_c(folder: Path, tmp_path: Path) -> None:
    port = free_port()
    words = [sys.executable, "-m", "migkit.cli", "browser", "serve", str(folder)]
    words += ["--port", str(port), "--no-browser"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    wait_for(port, process)
    assert Running(port, process).ask("/").status == 200
    process.send_signal(signal.SIGTERM)  # a closed terminal ends it as Ctrl+C does
    said = process.communicate(timeout=10)[0]
    assert f"The kit is open at http://localhost:{port}/" in said
    assert "The kit is closed" in said and "Traceback" not in said


def test_kit_says_that_a_port_is_taken(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(browser_serve.serve, [str(folder), "--port", str(port), "--no-browser"])
    assert isinstance(result.exception, KitError)
    assert str(result.exception) == f"Port {port} is taken by another program; choose another one with --port."


def test_the_room_is_told_its_address(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from migkit.classroom import board_server

    monkeypatch.setattr(board_server, "room_addresses", lambda: ["192.168.7.7"])
    asked: list[object] = []
    monkeypatch.setattr(browser_serve.server, "run", lambda *words: asked.append(words))
    assert CliRunner().invoke(browser_serve.serve, [str(folder), "--lan", "--no-browser"]).exit_code == 0
    assert asked == [(str(folder), None, False, "192.168.7.7")]
    monkeypatch.setattr(board_server, "room_addresses", list)
    result = CliRunner().invoke(browser_serve.serve, [str(folder), "--lan", "--no-browser"])
    assert "join the room's Wi-Fi" in str(result.exception)


def test_with_lan_the_room_can_come_in(folder: Path) -> None:
    words = [sys.executable, str(folder / "launcher" / "serve.py"), "--lan", "--no-browser"]
    port = free_port()
    process = subprocess.Popen([*words, "--port", str(port)], stdout=subprocess.PIPE, text=True)
    wait_for(port, process)
    with socket.socket() as line:
        assert line.connect_ex(("127.0.0.2", port)) == 0
    process.send_signal(signal.SIGINT)
    assert "For the others in the room: http://" in process.communicate(timeout=10)[0]


# ---- in a real browser ----------------------------------------------------------------------------------------

PAGE = """<!doctype html><meta charset="utf-8"><title>t</title><link rel="icon" href="data:,"><p id="done"></p>
<script type="module">
  const inline = await (await WebAssembly.instantiateStreaming(fetch("add.wasm"))).instance.exports.add(2, 3);
  const answer = (worker) => new Promise((yes) => { worker.onmessage = (event) => yes(event.data); });
  const module = await answer(new Worker("worker.mjs", {type: "module"}));
  const text = await (await fetch("worker.mjs")).text();
  const blob = await answer(new Worker(URL.createObjectURL(new Blob(["postMessage(eval('6'))"]))));
  let sum = 0;
  const parts = await Promise.all([...Array(50).keys()].map((i) => import(`./part${i}.00ab12c.js`)));
  for (const part of parts) sum += part.default;
  document.getElementById("done").textContent = [inline, module, blob, sum, text.length > 0].join(" ");
</script>"""
ADD = bytes.fromhex("0061736d0100000001070160027f7f017f030201000707010361646400000a09010700200020016a0b")


@pytest.mark.browser
@pytest.mark.parametrize("name", ["python", "perl", "ruby", "mono"])
def test_a_browser_loads_modules_workers_and_wasm_and_keeps_them(name: str, chromium, tmp_path: Path) -> None:
    here = edition(tmp_path / "stick" / "kit")
    lite = here / "lite" / "build"
    (lite / "page.html").write_text(PAGE, encoding="utf-8")
    (lite / "add.wasm").write_bytes(ADD)
    (lite / "worker.mjs").write_text("import n from './part7.00ab12c.js'; postMessage(n);")
    for number in range(50):
        (lite / f"part{number}.00ab12c.js").write_text(f"export default {number}; // " + "x" * 2000)
    port = free_port()
    process = start(name, here, port, tmp_path)
    wait_for(port, process)
    context = chromium.new_context()
    try:
        sent = []
        for _visit in range(2):
            page = context.new_page()
            troubles: list[str] = []
            page.on("console", lambda message, seen=troubles: seen.append(message.text))
            page.on("pageerror", lambda error, seen=troubles: seen.append(str(error)))
            wire = context.new_cdp_session(page)
            wire.send("Network.enable")
            got: list[float] = []
            wire.on("Network.loadingFinished", lambda event, seen=got: seen.append(event["encodedDataLength"]))
            page.goto(f"http://localhost:{port}/lite/build/page.html")
            page.wait_for_function("document.getElementById('done').textContent")
            assert page.text_content("#done") == "5 7 6 1225 true"
            assert troubles == []
            sent.append(sum(got))
            page.close()
        assert sent[0] > 100_000
        assert sent[1] < 3_000, "the second visit comes from the cache"
        page = context.new_page()
        with pytest.raises(Exception, match="Failed to fetch"):  # no address outside can be reached from a page
            page.goto(f"http://localhost:{port}/lite/build/page.html")
            page.evaluate(f"fetch('http://127.0.0.1:{port}/')")
    finally:
        context.close()
        process.kill()
        process.communicate()
