"""`kit start`: the servers, their addresses, and that a second start asks nobody outside this machine."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from migkit.cli import serving
from migkit.reference import ROOT, KitError


@pytest.fixture
def taken_port():
    """A port on which somebody listens."""
    with socket.socket() as listener:
        listener.bind((serving.HOST, 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def served(tmp_path):
    """A book of one page, with a JupyterLab whose address is made up."""
    (tmp_path / "index.html").write_text("<h1>home</h1>", encoding="utf-8")
    port = serving.choose_port(None, 18800, "--port")
    server = serving.serve_book(tmp_path, port, "http://127.0.0.1:1/lab?token=secret")
    yield f"http://{serving.HOST}:{port}"
    server.shutdown()


class StayHere(urllib.request.HTTPRedirectHandler):
    """Shows where a redirect leads without going there."""

    def redirect_request(self, *_arguments):
        return None


def redirect_of(address):
    try:
        urllib.request.build_opener(StayHere).open(address)
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers.get("Location")
    return None


def test_a_port_asked_for_and_taken_is_refused_in_one_sentence(taken_port):
    with pytest.raises(KitError, match=f"Port {taken_port} is taken .* --port"):
        serving.choose_port(taken_port, 8800, "--port")


def test_a_default_port_that_is_taken_is_passed_over(taken_port):
    assert serving.choose_port(None, taken_port, "--port") > taken_port


def test_the_two_servers_never_share_a_port():
    assert serving.choose_port(None, 18900, "--lab-port", avoid=18900) != 18900
    with pytest.raises(KitError):
        serving.choose_port(18900, 8888, "--lab-port", avoid=18900)


def test_serves_pages_and_says_that_the_kit_is_here(served):
    assert b"home" in urllib.request.urlopen(served).read()
    answer = json.load(urllib.request.urlopen(f"{served}/kit.json"))
    assert answer == {"lab": True, "folder": str(ROOT)}
    assert serving.running_kit(int(served.rpartition(":")[2])) == str(ROOT)


def test_open_leads_to_jupyterlab_and_nowhere_else(served):
    assert redirect_of(f"{served}/open/notebooks/04_census.ipynb") == (
        302,
        "http://127.0.0.1:1/lab/tree/notebooks/04_census.ipynb?token=secret",
    )
    for bad in ("notebooks/none.ipynb", "../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd"):
        assert redirect_of(f"{served}/open/{bad}")[0] == 404


def test_running_kit_is_none_where_nobody_or_somebody_else_answers(taken_port):
    assert serving.running_kit(taken_port) is None
    assert serving.running_kit(1) is None


def test_learners_see_neither_solutions_nor_the_graders_buttons():
    settings = serving.JUPYTER_SETTINGS
    server = json.loads((settings / "jupyter_server_config.json").read_text(encoding="utf-8"))
    assert "exercises" in server["ContentsManager"]["hide_globs"]
    page = json.loads((settings / "labconfig" / "page_config.json").read_text(encoding="utf-8"))
    assert page["disabledExtensions"]["@jupyter/nbgrader"] is True


def test_a_closed_terminal_ends_the_kit_as_ctrl_c_does():
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        serving.end_on_signals()
        assert all(signal.getsignal(number) is signal.default_int_handler for number in kept)
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def start(port, lab_port, environment):
    """Start the kit as a user would; give the process, the addresses it prints and the seconds until then."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "kit.py", "start", "--no-browser", "--port", str(port), "--lab-port", str(lab_port)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=dict(os.environ, **environment),
    )
    said, addresses = "", {}
    for line in process.stdout:
        said += line
        if found := re.search(r"(Home page|JupyterLab) .*(http://\S+)", line):
            addresses[found[1]] = found[2]
        if "Stop with" in line:
            return process, addresses, time.monotonic() - began
    raise AssertionError(said)


@pytest.fixture
def lesson_copy():
    """A copy of the lesson that JupyterLab may save: the lesson itself keeps no outputs."""
    copy = ROOT / "documents" / "try_the_lesson.ipynb"
    copy.parent.mkdir(exist_ok=True)
    shutil.copy(ROOT / "notebooks" / "04_census.ipynb", copy)
    yield copy.relative_to(ROOT).as_posix()
    copy.unlink()


def run_all_cells(page):
    """Run the open notebook as a participant does and wait until nothing is left to run."""
    notebook = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    prompts = notebook.locator(".jp-CodeCell .jp-InputPrompt")
    notebook.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=90_000)
    for _try in range(10):  # what is asked before the kernel listens is not done
        notebook.locator(".jp-CodeCell").first.click()
        page.keyboard.press("Shift+Enter")
        page.wait_for_timeout(3000)
        if re.search(r"\d", prompts.first.inner_text()):
            break
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator(".lm-Menu-item[data-command='runmenu:run-all']").click()
    for _second in range(180):
        if all(re.search(r"\d", text) for text in prompts.all_inner_texts()):
            return notebook
        page.wait_for_timeout(1000)
    raise AssertionError(f"not every cell ran: {prompts.all_inner_texts()}")


@pytest.mark.slow
@pytest.mark.browser
def test_second_start_needs_no_network_and_asks_for_none(built_book, chromium, tmp_path, lesson_copy):
    """Start with a proxy that refuses everything and a report of every outward call; then use book and lesson."""
    log = tmp_path / "outward.log"
    dead = "http://127.0.0.1:9"
    environment = {
        "KIT_OFFLINE_LOG": str(log),
        "PYTHONPATH": str(ROOT / "tests" / "offline"),
        **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), dead),
        "no_proxy": "127.0.0.1,localhost",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    process, addresses, seconds = start(18850, 18950, environment)
    outward = []
    local = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:", "about:")
    try:
        context = chromium.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.on("request", lambda asked: None if asked.url.startswith(local) else outward.append(asked.url))
        page.goto(addresses["Home page"], wait_until="networkidle")
        page.get_by_role("link", name=re.compile("I teach")).first.click()

        page.goto(f"{addresses['Home page']}open/{lesson_copy}")
        notebook = run_all_cells(page)
        errors = notebook.locator("[data-mime-type='application/vnd.jupyter.error']")
        assert errors.count() == 0, errors.first.inner_text()
        explorer = notebook.locator(".jp-OutputArea-output", has=page.locator(".widget-dropdown")).first
        explorer.scroll_into_view_if_needed()
        before = explorer.inner_text()
        explorer.locator("select").first.select_option(index=1)
        page.wait_for_timeout(2000)
        assert explorer.inner_text() != before, "the explorer did not move"
        page.wait_for_timeout(2000)  # what JupyterLab fetches late (news, updates) would come now
        context.close()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
    assert outward == []
    assert not log.exists(), log.read_text(encoding="utf-8")
    assert seconds < 60, f"the second start took {seconds:.0f} s"


@pytest.mark.slow
def test_a_taken_port_is_said_before_anything_is_made(taken_port):
    done = subprocess.run(
        [sys.executable, "kit.py", "start", "--no-browser", "--port", str(taken_port)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert (
        done.stderr.strip()
        == f"kit: Port {taken_port} is taken by another program; choose another one with --port."
    )
