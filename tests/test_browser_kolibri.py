"""The channel for Kolibri: what is written, and a real Kolibri that takes it in, shows it and records answers."""

import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
import uuid
import venv
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from conftest import CI
from migkit.cli.browser_channel import kolibri as kolibri_command
from migkit.cli.browser_channel import quizzes as quizzes_command
from migkit.editions.browser.kolibri import Channel, write_channel
from migkit.editions.browser.layout import MANIFEST, NOTEBOOK_PAGE, lesson
from migkit.evaluation import quiz
from migkit.reference import ROOT, KitError, curriculum

READY = [module.slug for module in curriculum(ready_only=True)]

PAGE = """<!DOCTYPE html><html lang="en"><head><title>Small edition</title></head><body><h1 id="seen">...</h1>
<script src="SCRIPT"></script></body></html>"""
SCRIPT = """
const source = document.currentScript.src;
document.getElementById("seen").insertAdjacentHTML("afterend", "<button>Save</button>");
document.querySelector("button").addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["my work"]));
  link.download = "work.txt";
  document.body.append(link);
  link.click();
});
const open = indexedDB.open("migkit-work", 1);
open.onupgradeneeded = () => open.result.createObjectStore("files");
open.onsuccess = async () => {
  const data = await (await fetch(new URL("data/index.json", source))).json();
  const store = open.result.transaction("files", "readwrite").objectStore("files");
  const before = store.get("visits");
  before.onsuccess = () => {
    const visits = (before.result || 0) + 1;
    store.put(visits, "visits").onsuccess = () => {
      document.getElementById("seen").textContent = `${data.word}${location.search}, visit ${visits}`;
    };
  };
};
"""


@pytest.fixture
def edition(tmp_path: Path) -> Path:
    """A folder in the shape of an edition, small enough to try everything on it."""
    return small_edition(tmp_path / "edition", "first")


def small_edition(folder: Path, word: str) -> Path:
    files = {
        "index.html": PAGE.replace("SCRIPT", "kit.js"),
        "kit.js": SCRIPT,
        "kit.js.gz": "packed",
        "kit.js.br": "packed",
        "data/index.json": json.dumps({"word": word}),
        NOTEBOOK_PAGE: PAGE.replace("SCRIPT", "../../kit.js"),
        "book/book/04_census.html": PAGE.replace("SCRIPT", "../../kit.js"),
        "Start on Windows.bat": "@echo off",
        "start_on_linux.sh": "exit",
        "launcher/serve.py": "raise SystemExit",
        "readme.txt": "start here",
        ".kit-build.json": "{}",
        MANIFEST: json.dumps({"country": "GMB", "lang": "en", "files": {}}),
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def rows(channel: Channel, query: str) -> list[tuple]:
    with closing(sqlite3.connect(channel.out / "content" / "databases" / f"{channel.id}.sqlite3")) as connection:
        return connection.execute(query).fetchall()


def stored(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (out / "content" / "storage").rglob("*") if path.is_file()}


# ------------------------------------------------------------------------------------------- what is written


def test_the_edition_is_one_zip_without_what_a_stick_needs(edition, tmp_path):
    channel = write_channel(edition, tmp_path / "out")
    (md5,) = rows(
        channel,
        "SELECT DISTINCT local_file_id FROM content_file JOIN content_contentnode n ON n.id = contentnode_id "
        "WHERE preset = 'html5_zip' AND n.title LIKE 'The whole kit%'",
    )[0]
    with zipfile.ZipFile(channel.out / "content" / "storage" / md5[0] / md5[1] / f"{md5}.zip") as package:
        assert package.testzip() is None
        assert package.read("index.html").count(b"<script>/* For the pages") == 1
        assert b"For the pages" not in package.read("book/book/04_census.html")
        assert set(package.namelist()) == {
            "index.html",
            "kit.js",
            "data/index.json",
            NOTEBOOK_PAGE,
            "book/book/04_census.html",
            MANIFEST,
        }


def test_the_same_edition_gives_the_same_channel(edition, tmp_path):
    one, two = (write_channel(edition, tmp_path / name) for name in ("one", "two"))
    assert stored(one.out) == stored(two.out)
    dumps = []
    for channel in (one, two):
        with closing(
            sqlite3.connect(channel.out / "content" / "databases" / f"{channel.id}.sqlite3")
        ) as connection:
            dumps.append(list(connection.iterdump()))
    assert dumps[0] == dumps[1]


def test_names_and_sums_of_the_storage_are_those_of_the_database(edition, tmp_path):
    import hashlib

    channel = write_channel(edition, tmp_path / "out")
    files = stored(channel.out)
    assert {
        f"{md5}.{kind}": size
        for md5, kind, size in rows(channel, "SELECT id, extension, file_size FROM content_localfile")
    } == {name: len(content) for name, content in files.items()}
    assert all(hashlib.md5(content).hexdigest() == name.split(".")[0] for name, content in files.items())


def test_the_tree_is_a_nested_set_with_a_topic_for_each_ready_module(edition, tmp_path):
    channel = write_channel(edition, tmp_path / "out")
    nodes = rows(channel, "SELECT id, parent_id, kind, lft, rght, level, title FROM content_contentnode")
    numbers = sorted(number for node in nodes for number in node[3:5])
    assert numbers == list(range(1, 2 * len(nodes) + 1))
    place = {node[0]: node for node in nodes}
    for _id, parent, _kind, left, right, level, _title in nodes:
        if parent:
            assert place[parent][3] < left < right < place[parent][4]
            assert place[parent][5] == level - 1
    topics = [node[6] for node in nodes if node[2] == "topic" and node[5] == 1]
    assert [title[:2] for title in topics] == [slug[:2] for slug in READY]
    with_file = {node[0] for node in nodes if node[2] == "html5"}
    assert with_file == {
        row[0] for row in rows(channel, "SELECT contentnode_id FROM content_file WHERE preset = 'html5_zip'")
    }


def test_a_new_version_takes_the_old_ones_files_away_and_leaves_other_channels_alone(edition, tmp_path):
    out = tmp_path / "out"
    other = small_edition(tmp_path / "other", "other")
    (other / MANIFEST).write_text(json.dumps({"country": "SEN", "lang": "en"}), encoding="utf-8")
    kept = write_channel(other, out)
    first = write_channel(edition, out)
    before = stored(out)
    second = write_channel(small_edition(edition, "second"), out, version=first.version + 1)
    after = stored(out)
    assert second.id == first.id != kept.id
    assert len(before.keys() - after.keys()) == 1
    assert {row[0] for row in rows(kept, "SELECT id FROM content_localfile")} <= {n.split(".")[0] for n in after}


def test_files_that_are_not_this_channels_stay(edition, tmp_path):
    first = write_channel(edition, tmp_path / "out")
    strange = tmp_path / "out" / "content" / "storage" / "a" / "b" / "abc.mp4"
    strange.parent.mkdir(parents=True, exist_ok=True)
    strange.write_bytes(b"somebody's film")
    write_channel(small_edition(edition, "second"), tmp_path / "out", version=first.version + 1)
    assert strange.is_file()
    before = stored(tmp_path / "out")
    (tmp_path / "out" / "content" / "databases" / "damaged.sqlite3").write_bytes(b"no database" * 99)
    write_channel(small_edition(edition, "third"), tmp_path / "out", version=first.version + 2)
    assert before.keys() <= stored(tmp_path / "out").keys()  # what we cannot read may need them


# ------------------------------------------------------------------------------------------------- mistakes


def test_a_folder_that_is_no_edition_is_said(tmp_path):
    with pytest.raises(KitError, match="no browser edition"):
        write_channel(tmp_path, tmp_path / "out")


def test_a_folder_of_somebodys_own_is_left_alone(edition, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(KitError, match="holds other things"):
        write_channel(edition, tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]


def test_too_little_room_is_said_before_anything_is_written(edition, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _place: shutil._ntuple_diskusage(10, 10, 0))
    with pytest.raises(KitError, match="Not enough room"):
        write_channel(edition, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_commands_say_what_they_made(tmp_path, edition):
    done = CliRunner().invoke(quizzes_command, ["--out", str(tmp_path / "quizzes"), "--module", "04_census"])
    assert done.exit_code == 0, done.output
    assert len(list((tmp_path / "quizzes").iterdir())) == 9
    refused = CliRunner().invoke(kolibri_command, [str(tmp_path), "--out", str(tmp_path / "out")])
    assert isinstance(refused.exception, KitError)


# --------------------------------------------------------------------------------------------- a real Kolibri


@pytest.fixture(scope="session")
def program() -> Path:
    """Kolibri at the version of requirements/kolibri.txt, in an environment of its own."""
    lock = ROOT / "requirements" / "kolibri.txt"
    folder = ROOT / "_build" / "kolibri"
    done = folder / "installed.txt"
    command = folder / ("Scripts" if os.name == "nt" else "bin") / "kolibri"
    if not done.is_file() or done.read_bytes() != lock.read_bytes():
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=False)
        pip = [sys.executable, "-m", "pip", "--python", str(folder), "install", "--quiet", "--no-deps"]
        failed = subprocess.run([*pip, "--require-hashes", "-r", str(lock)], check=False).returncode
        if failed and not CI:
            pytest.skip("Kolibri cannot be fetched on this machine")
        assert not failed, "Kolibri cannot be installed"
        done.write_bytes(lock.read_bytes())
    return command


@dataclass
class Kolibri:
    """A Kolibri with a home of its own."""

    program: Path
    home: Path
    port: int
    zip_port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/en"

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "KOLIBRI_HOME": str(self.home)}

    def manage(self, *words: str) -> str:
        done = subprocess.run(
            [self.program, "manage", *words], env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def take_in(self, channel: Channel) -> None:
        for what in ("importchannel", "importcontent"):
            self.manage(what, "disk", channel.id, str(channel.out))

    def start(self) -> subprocess.Popen:
        ports = ("--port", str(self.port), "--zip-port", str(self.zip_port))
        with (self.home / "log.txt").open("w") as log:
            server = subprocess.Popen(
                [self.program, "start", "--foreground", *ports], env=self.environment, stdout=log, stderr=log
            )
        until = time.monotonic() + 120
        while time.monotonic() < until and server.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/public/info/", timeout=5).close()
                return server
            except OSError:
                time.sleep(0.3)
        server.kill()
        raise AssertionError((self.home / "log.txt").read_text(encoding="utf-8")[-2000:])


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def fresh_kolibri(program, tmp_path) -> Kolibri:
    home = tmp_path / "home"
    home.mkdir()
    kolibri = Kolibri(program, home, free_port(), free_port())
    kolibri.manage(
        "provisiondevice",
        "--facility",
        "Office",
        "--superusername",
        "awa",
        "--superuserpassword",
        "awa",
        "--preset",
        "nonformal",
        "--language_id",
        "en",
        "--noinput",
    )
    return kolibri


@pytest.fixture
def learner(chromium) -> Iterator:
    """A learner's browser; a request to another address than Kolibri's two fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    yield context.new_page()
    context.close()
    outside = [url for url in asked if not re.match(r"(http|ws)://127\.0\.0\.1:|data:|blob:|about:", url)]
    assert outside == []


SIGN_IN = """async () => {
  const [office] = await (await fetch("/api/auth/facility/")).json();
  const token = document.cookie.match(/kolibri_csrftoken=([^;]+)/)[1];
  const body = {username: "awa", password: "awa", facility: office.id, active: true,
                browser: {name: "x", major: "1", minor: "0", patch: "0"}, os: {name: "x"}};
  const answer = await fetch("/api/auth/session/", {method: "POST", body: JSON.stringify(body),
    headers: {"Content-Type": "application/json", "X-CSRFToken": token}});
  return answer.status;
}"""


def sign_in(page, kolibri: Kolibri) -> None:
    page.goto(f"{kolibri.address}/user/#/signin")
    page.wait_for_function("document.cookie.includes('kolibri_csrftoken')")
    assert page.evaluate(SIGN_IN) == 200


def open_node(page, kolibri: Kolibri, channel: Channel, key: str):
    """Open the node in Kolibri's own page and give the frame in which it runs."""
    node = uuid.uuid5(uuid.UUID(channel.id), key).hex
    page.goto("about:blank")
    page.goto(f"{kolibri.address}/learn/#/topics/c/{node}")
    page.wait_for_selector("iframe.iframe", timeout=60_000)
    return page.frame_locator("iframe.iframe").frame_locator("iframe")


@pytest.mark.slow
@pytest.mark.browser
def test_kolibri_takes_the_channel_in_shows_it_and_records_answers(fresh_kolibri, edition, tmp_path, learner):
    channel = write_channel(edition, tmp_path / "channel")
    fresh_kolibri.take_in(channel)
    assert channel.id in fresh_kolibri.manage("listchannels")
    server = fresh_kolibri.start()
    try:
        sign_in(learner, fresh_kolibri)
        whole = open_node(learner, fresh_kolibri, channel, "kit")
        whole.get_by_text("first, visit 1").wait_for(timeout=60_000)
        notebook = open_node(learner, fresh_kolibri, channel, "04_census/lesson")
        notebook.get_by_text(f"first?path={lesson('04_census')}, visit 2").wait_for(timeout=60_000)
        work_is_saved_in_a_tab_of_its_own(learner, notebook, "visit 3")
        answers_are_recorded(learner, fresh_kolibri, channel)
        said = node_facts(fresh_kolibri, channel)
        assert (said["license_name"], said["lang"]["id"], said["kind"]) == ("CC BY", "en", "html5")
        assert said["author"] == said["license_owner"] == "The contributors to the migration data training kit"
        assert said["thumbnail"]
    finally:
        server.terminate()
        server.wait(60)

    second = write_channel(small_edition(edition, "second"), tmp_path / "channel", version=channel.version + 1)
    fresh_kolibri.take_in(second)
    server = fresh_kolibri.start()
    try:
        sign_in(learner, fresh_kolibri)
        whole = open_node(learner, fresh_kolibri, second, "kit")
        whole.get_by_text("second, visit 4").wait_for(timeout=60_000)  # an update loses nothing
        page = open_node(learner, fresh_kolibri, second, "04_census/quiz")
        page.get_by_text("earlier answers are back").wait_for(timeout=60_000)
    finally:
        server.terminate()
        server.wait(60)


def work_is_saved_in_a_tab_of_its_own(learner, frame, seen: str) -> None:
    """Kolibri's frame may not download; the page says so and names the address where it can, same work there."""
    frame.get_by_role("button", name="Save").click()
    box = frame.get_by_role("alertdialog")
    assert "Nothing was saved" in box.inner_text()
    address = box.get_by_role("textbox").input_value()
    tab = learner.context.new_page()
    tab.goto(address)
    tab.get_by_text(seen).wait_for()
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Save").click()
    assert Path(download.value.path()).read_text(encoding="utf-8") == "my work"
    tab.close()


def answers_are_recorded(learner, kolibri: Kolibri, channel: Channel) -> None:
    """Kolibri has the SCORM interface, so it knows the score and gives the answers back another day."""
    page = open_node(learner, kolibri, channel, "04_census/quiz")
    page.get_by_text("recorded by the learning platform").wait_for(timeout=60_000)
    first = quiz("04_census").items[0]
    field = page.locator(".question").first
    field.locator("input").nth(first.options.index(first.answer)).check()
    with learner.expect_response(lambda answer: "trackprogress" in answer.url and answer.ok, timeout=60_000):
        field.locator(".check").click()
    page = open_node(learner, kolibri, channel, "04_census/quiz")
    page.get_by_text("earlier answers are back").wait_for(timeout=60_000)
    assert page.locator("input:checked").count() == 1


def node_facts(kolibri: Kolibri, channel: Channel) -> dict:
    node = uuid.uuid5(uuid.UUID(channel.id), "kit").hex
    with urllib.request.urlopen(f"http://127.0.0.1:{kolibri.port}/api/content/contentnode/{node}/") as answer:
        facts: dict = json.load(answer)
    return facts


@pytest.mark.slow
@pytest.mark.browser
def test_python_runs_in_the_real_edition_inside_kolibri(fresh_kolibri, browser_edition, tmp_path, learner):
    channel = write_channel(browser_edition, tmp_path / "channel")
    fresh_kolibri.take_in(channel)
    server = fresh_kolibri.start()
    try:
        sign_in(learner, fresh_kolibri)
        page = open_node(learner, fresh_kolibri, channel, "04_census/lesson")
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=120_000)
        page.locator(".kit-loading").wait_for(state="detached", timeout=240_000)
        page.locator(".jp-CodeCell .cm-content").first.click()
        learner.keyboard.press("Shift+Enter")
        page.locator(".jp-CodeCell .jp-InputPrompt", has_text="[1]:").first.wait_for(timeout=240_000)
        assert page.locator(".jp-OutputArea-output[data-mime-type*='stderr']").count() == 0
    finally:
        server.terminate()
        server.wait(60)
