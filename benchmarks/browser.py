"""The browser edition beside a plain JupyterLite build: bytes, requests, seconds, memory.

Both show the same lesson, run up to its first chart, in Chromium with a fresh profile; then the browser is closed
and opened again with the same profile. Bytes and requests are counted at the server, so nothing is missed that a
worker fetches. The plain build is what jupyterlite-core and jupyterlite-pyodide-kernel make with their default
settings, from Pyodide's files as published: the wheels of the kit and ipywidgets in ``pypi/``, the data among the
contents, one more cell in the lesson that installs the kit. It is served by ``python -m http.server``, and once
more, packed, by the kit's own server, which tells how much is due to the server.

``--slow`` adds an old laptop on a weak line: 5 Mbit/s and 40 ms to the server, half a processor core, and 2.8 GB
of memory for the whole browser (a laptop with 4 GB less what its system takes; needs root and control groups).
"""

import argparse
import http.server
import importlib.util
import json
import os
import shutil
import sys
import tempfile
import threading
import time
import zipfile
from collections import Counter
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path

import psutil
from memory import Memory
from playwright.sync_api import sync_playwright

from migkit.editions.browser import build, contents, lite, packages, packing, pyodide_files, wheels
from migkit.editions.browser.layout import LITE, NOTEBOOK_PAGE, PACKED, lesson
from migkit.reference import ROOT

HERE = ROOT / "_build" / "benchmark_browser"
LESSON = "04_census"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
HOST = "kit.example"  # plain http under such a name is no secure context: no Brotli, no service worker

#: What the lesson of a plain build needs before its own cells.
PLAIN_CELL = """\
%pip install -q migkit ipywidgets
import os, js
os.environ["KIT_DATA_URL"] = js.location.origin + "/lite/files/data/"
"""


# --- the plain build ---------------------------------------------------------------------------------------


def build_plain(out):
    """JupyterLite as its own builder makes it, with all that the lesson needs, and packed copies beside."""
    if (out / NOTEBOOK_PAGE).is_file():
        return out
    upstream = pyodide_files.provide(plain_packages, folder=HERE / "pyodide")
    with tempfile.TemporaryDirectory(prefix="kit-plain-") as scratch:
        work = Path(scratch)
        shutil.copytree(upstream, work / "static" / "pyodide", ignore=shutil.ignore_patterns("*.part"))
        (work / "pypi").mkdir()
        wheels.build_migkit_wheel(work / "pypi")
        for name in ("ipywidgets", "jupyterlab_widgets", "comm"):
            wheels.pure_wheel(name, work / "pypi")
        (work / "contents" / "notebooks").mkdir(parents=True)
        contents.write_data(contents.teaching_data("GMB"), work / "contents" / "data", lambda share, text: None)
        notebook = json.loads((ROOT / lesson(LESSON)).read_text(encoding="utf-8"))
        install = {"cell_type": "code", "id": "kit-install", "metadata": {}, "source": PLAIN_CELL, "outputs": []}
        notebook["cells"].insert(0, install | {"execution_count": None})
        (work / "contents" / lesson(LESSON)).write_text(json.dumps(notebook), encoding="utf-8")
        # Only so that this program can ask the page how far it is.
        settings = {"jupyter-lite-schema-version": 0, "jupyter-config-data": {"exposeAppInBrowser": True}}
        (work / "jupyter-lite.json").write_text(json.dumps(settings), encoding="utf-8")
        # The extensions of an environment that holds nothing else; this one's would not start there.
        extensions = [str(Path(sys.prefix, "share/jupyter/labextensions", name)) for name in lite.EXTENSIONS]
        config = {"ignore_sys_prefix": ["federated_extensions"], "federated_extensions": extensions}
        (work / "jupyter_lite_config.json").write_text(json.dumps({"LiteBuildConfig": config}), encoding="utf-8")
        lite.run_builder(work, Path("contents"))
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(work / "site", out / LITE)
    packing.pack(out, lambda share, text: None)
    return out


def plain_packages(lock):
    """What the same lesson needs of Pyodide, with all that Pyodide says it needs."""
    entries, found = lock["packages"], set()
    left = [*packages.FIRST, *packages.ON_DEMAND, "ssl", "jedi"]
    while left:
        name = left.pop().replace("_", "-").lower()
        if name not in found:
            found.add(name)
            left += entries[name]["depends"]
    return found


# --- servers that count ------------------------------------------------------------------------------------


class Ledger:
    """Bytes and requests, by address; and the line that they travel on."""

    def __init__(self, megabits=0.0, trip=0.0):
        self.megabits, self.trip = megabits, trip
        self.lock, self.free = threading.Lock(), 0.0
        self.clear()

    def clear(self):
        self.bytes, self.requests = Counter(), 0

    def send(self, address, size):
        """Count, and wait until so many bytes have gone over the line that all connections share."""
        with self.lock:
            self.bytes[address] += size
            if not self.megabits:
                return
            self.free = max(self.free, time.monotonic()) + size * 8 / (self.megabits * 1e6)
            wait = self.free - time.monotonic()
        time.sleep(max(wait, 0))


class Counted:
    """A connection's writing end that tells the ledger."""

    def __init__(self, file, handler):
        self.file, self.handler = file, handler

    def write(self, content):
        for start in range(0, len(content), 1 << 14):
            piece = content[start : start + (1 << 14)]
            self.handler.ledger.send(getattr(self.handler, "path", ""), len(piece))
            self.file.write(piece)
        return len(content)

    def __getattr__(self, name):
        return getattr(self.file, name)


class Counting:
    """Mixed into a request handler: its answers and requests are counted."""

    def setup(self):
        super().setup()
        time.sleep(self.ledger.trip)  # the connection
        self.wfile = Counted(self.wfile, self)

    def parse_request(self):
        self.ledger.requests += 1
        time.sleep(self.ledger.trip)
        return super().parse_request()

    def log_message(self, *_):
        pass


@contextmanager
def plain_server(folder, ledger, _kit):
    """What ``python -m http.server`` runs."""
    handler = type("Plain", (Counting, http.server.SimpleHTTPRequestHandler), {"ledger": ledger})
    with running(http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=folder))) as port:
        yield port


@contextmanager
def kit_server(folder, ledger, kit):
    """The stick's own server (launcher/serve.py)."""
    spec = importlib.util.spec_from_file_location("kit_serve", kit / "launcher" / "serve.py")
    serve = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(serve)
    edition = serve.Edition(str(folder), serve.read_settings(str(kit)))
    handler = type("Kit", (Counting, serve.Handler), {"ledger": ledger, "edition": edition})
    with running(serve.Server(("127.0.0.1", 0), handler)) as port:
        yield port


@contextmanager
def running(server):
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


# --- the browser -------------------------------------------------------------------------------------------


def of_browsers(tell):
    """Sum up what ``tell`` says of each process of the browsers started here."""
    total = 0
    for process in psutil.Process().children(recursive=True):
        try:
            if "chrom" in process.name():
                total += tell(process)
        except psutil.Error:
            continue  # it has ended
    return total


def processor_seconds():
    """How long the browser's processes have kept a processor busy: other work on the machine changes it little."""
    return of_browsers(lambda process: sum(process.cpu_times()[:2]))


class BrowserMemory(Memory):
    """The most memory that all processes of the browsers started here held (proportional set size)."""

    every = 0.5

    def _look(self, me):
        self.most = max(self.most, of_browsers(lambda process: process.memory_full_info().pss))


class Fence:
    """A control group (version 1 or 2) that holds a browser's processes to some memory and processor time."""

    def __init__(self, megabytes, cores):
        top, name = Path("/sys/fs/cgroup"), f"kit-benchmark-{os.getpid()}"
        period = 100_000
        if (top / "cgroup.controllers").is_file():
            limits = {"": {"memory.max": f"{megabytes}M", "cpu.max": f"{int(cores * period)} {period}"}}
        else:
            limits = {
                "memory": {"memory.limit_in_bytes": f"{megabytes}M"},
                "cpu": {"cpu.cfs_period_us": str(period), "cpu.cfs_quota_us": str(int(cores * period))},
            }
        self.groups = {top / part / name: values for part, values in limits.items()}

    def __enter__(self):
        for group, values in self.groups.items():
            group.mkdir()
            for file, value in values.items():
                (group / file).write_text(value)
        return self

    def __exit__(self, *_):
        time.sleep(1)
        for group in self.groups:
            group.rmdir()

    def program(self, folder):
        """A Chromium that puts itself inside."""
        enter = "".join(f"echo $$ > '{group}/cgroup.procs'\n" for group in self.groups)
        script = folder / "fenced"
        script.write_text(f'#!/bin/sh\n{enter}exec {CHROMIUM} "$@"\n')
        script.chmod(0o755)
        return str(script)


#: Where the lesson's import cell and its first chart are; what a cell has done.
FIND = """([word]) => { const cells = jupyterapp.shell.currentWidget.content.model.cells;
  for (let i = 0; i < cells.length; i++)
    if (cells.get(i).type === "code" && cells.get(i).sharedModel.source.includes(word)) return i; }"""
DONE = """([cell]) => { const model = jupyterapp.shell.currentWidget.content.model.cells.get(cell);
  const outputs = model.outputs.toJSON(), failed = outputs.find((o) => o.output_type === "error");
  if (failed) throw new Error(failed.ename + ": " + failed.evalue);
  return model.executionCount !== null; }"""
DRAWN = """([cell]) => { const widget = jupyterapp.shell.currentWidget.content.widgets[cell];
  const chart = widget.node.querySelector(".jp-OutputArea-output img, .jp-OutputArea-output svg");
  return chart && (chart.complete === undefined || chart.complete && chart.naturalWidth > 0); }"""
RUN = """async ([first, last]) => { const all = jupyterapp.shell.currentWidget.content;
  for (let i = 0; i <= last; i++) if (all.widgets[i].model.type === "code") {
    all.activeCellIndex = i; all.deselectAll(); jupyterapp.commands.execute("notebook:run-cell"); } }"""
SCIPY = """async () => { const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const reply = await kernel.requestExecute({code: "import scipy.stats"}).done;
  if (reply.content.status !== "ok") throw new Error(reply.content.evalue); }"""


def visit(play, profile, program, address, ledger, patience, on_demand):
    """Open the lesson and run it up to its first chart; what was measured, by name."""
    ledger.clear()
    found = {}
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    rules = f"--host-resolver-rules=MAP {HOST} 127.0.0.1,MAP * ~NOTFOUND,EXCLUDE localhost,EXCLUDE 127.0.0.1"
    with BrowserMemory() as memory:
        context = play.chromium.launch_persistent_context(
            str(profile), executable_path=program, args=[*flags, rules], viewport={"width": 1280, "height": 800}
        )
        page = context.pages[0]
        page.set_default_timeout(patience * 1000)
        wait = partial(page.wait_for_function, polling=100)
        begin = time.monotonic()

        def note(name):
            found[name] = time.monotonic() - begin

        page.goto(f"{address}/{NOTEBOOK_PAGE}?path={lesson(LESSON)}", wait_until="commit")
        wait("window.jupyterapp && document.querySelector('.jp-Notebook .jp-Cell')")
        note("shown")
        wait("jupyterapp.shell.currentWidget.sessionContext.session?.kernel")
        if page.evaluate("'kitLoading' in window"):
            wait("!document.querySelector('.kit-loading')")
            note("usable")
        first = page.evaluate(FIND, ["from migkit.lesson import"])
        chart = page.evaluate(FIND, ["charts."])
        page.evaluate(RUN, [first, chart])
        wait(DONE, arg=[first])
        note("first cell")
        wait(DONE, arg=[chart])
        wait(DRAWN, arg=[chart])
        note("first chart")
        found["work"] = processor_seconds()
        found |= {"requests": ledger.requests, "bytes": ledger.bytes.copy(), "memory": memory.most}
        if on_demand:
            before, start = ledger.bytes.total(), time.monotonic()
            page.evaluate(SCIPY)
            found["scipy seconds"] = time.monotonic() - start
            found["scipy bytes"] = ledger.bytes.total() - before
        page.wait_for_timeout(600)
        context.close()
    return found | {"memory": max(memory.most, found["memory"])}


def measure(play, folder, server, host, kit, slow):
    """Both visits of one edition, served in one way."""
    ledger = Ledger(5.0, 0.04) if slow else Ledger()
    with tempfile.TemporaryDirectory(prefix="kit-profile-") as scratch, server(folder, ledger, kit) as port:
        place = Path(scratch)
        with Fence(2800, 0.5) if slow else nullcontext() as fence:
            program = fence.program(place) if fence else CHROMIUM
            return [
                visit(play, place / "profile", program, f"http://{host}:{port}", ledger, 900, not again)
                for again in (False, True)
            ]


# --- the table ---------------------------------------------------------------------------------------------


def weights(folder):
    """The folder's megabytes, as files and as a zip; packed copies of the plain build do not count."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    if not (folder / "manifest.json").is_file():
        files = [path for path in files if path.suffix not in PACKED]
    with tempfile.TemporaryFile() as target:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in files:
                archive.write(path, path.relative_to(folder).as_posix())
        return sum(path.stat().st_size for path in files) / 1e6, target.tell() / 1e6


ROWS = {
    "until the first chart, MB": lambda v: f"{v['bytes'].total() / 1e6:.1f}",
    "requests": lambda v: f"{v['requests']}",
    "notebook shown, s": lambda v: f"{v['shown']:.1f}",
    "loading screen gone, s": lambda v: f"{v['usable']:.1f}" if "usable" in v else "",
    "first cell done, s": lambda v: f"{v['first cell']:.1f}",
    "first chart drawn, s": lambda v: f"{v['first chart']:.1f}",
    "processor seconds until then": lambda v: f"{v['work']:.1f}",
    "peak memory of the browser, MB": lambda v: f"{v['memory'] / 1e6:.0f}",
    "scipy on demand, MB": lambda v: f"{v['scipy bytes'] / 1e6:.1f}" if "scipy bytes" in v else "",
    "scipy on demand, s": lambda v: f"{v['scipy seconds']:.1f}" if "scipy bytes" in v else "",
}


def table(columns):
    """Print it in Markdown."""
    print("| | " + " | ".join(columns) + " |\n|---|" + "--:|" * len(columns))
    for number, name in enumerate(("first visit", "second visit")):
        for row, tell in ROWS.items():
            cells = [tell(visits[number]) for visits in columns.values()]
            if any(cells):
                print(f"| {name}: {row} | " + " | ".join(cells) + " |", flush=True)


def main():
    """Read the options, build what is not there, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edition", type=Path, default=build.OUT / "GMB-en", help="a built edition")
    parser.add_argument("--slow", action="store_true", help="an old laptop on a weak line as well")
    parser.add_argument("--only", help="only columns whose name holds this word")
    parser.add_argument("--largest", type=int, default=0, help="also list so many of the largest transfers")
    given = parser.parse_args()
    kit, plain = given.edition, build_plain(HERE / "plain")
    ways = {
        "plain, python -m http.server": (plain, plain_server, "localhost", False),
        "plain, the kit's server": (plain, kit_server, "localhost", False),
        "edition, localhost (Brotli)": (kit, kit_server, "localhost", False),
        "edition, other host name (gzip)": (kit, kit_server, HOST, False),
    }
    if given.slow:
        ways |= {
            "slow: plain, python -m http.server": (plain, plain_server, "localhost", True),
            "slow: edition, other host name": (kit, kit_server, HOST, True),
        }
    columns = {}
    with sync_playwright() as play:
        for name, (folder, server, host, slow) in ways.items():
            if not given.only or given.only in name:
                print(f"{name} ...", file=sys.stderr, flush=True)
                columns[name] = measure(play, folder, server, host, kit, slow)
    table(columns)
    for name, folder in {"plain": plain, "edition": kit, "edition without its book": kit / LITE}.items():
        print("\n{}: {:.0f} MB in the folder, {:.0f} MB as a zip".format(name, *weights(folder)))
    for name, visits in columns.items():
        if given.largest:
            print(f"\n{name}, first visit")
            for address, size in visits[0]["bytes"].most_common(given.largest):
                print(f"{size / 1e6:9.2f} MB  {address[:110]}")


if __name__ == "__main__":
    main()
