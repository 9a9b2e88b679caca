"""The live board: what it takes and from whom, what it shows, and that a lesson never waits for it."""

import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import nbformat
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_output

import classroom_tiny as tiny
from migkit.classroom import board_demo, handin, receipts
from migkit.classroom.board import WORDS, Board, Column, Refused, Standing, standing
from migkit.classroom.board_server import MAX_NOTEBOOK, Allowance, Served, _watch, room_addresses, serve
from migkit.classroom.course import Course
from migkit.classroom.handout import release
from migkit.cli import class_
from migkit.lesson import check, room
from migkit.reference import KitError

KEY, OTHER_KEY = "k" * 24, "o" * 24


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A class whose first two graded cells hold checks; made once, because a gradebook takes its time."""
    made = tiny.make_class(tmp_path_factory.mktemp("made"), "Room é")
    notebook = nbformat.read(made.source_notebook, as_version=4)
    calls = {"q1_test": 'check("q1", total)', "q2_test": 'display(check("q2", share), check("q2_word", share))'}
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in calls:
            cell.source = calls[name]
    nbformat.write(notebook, made.source_notebook)
    release(made)
    return made


@pytest.fixture
def course(made_once: Course, tmp_path: Path) -> Course:
    """A copy of it for each test."""
    shutil.copytree(made_once.root, tmp_path / "classes" / made_once.root.name)
    return replace(made_once, root=tmp_path / "classes" / made_once.root.name)


@pytest.fixture
def board(course: Course, clock: Clock) -> Board:
    return Board(course, clock)


@pytest.fixture
def served(board: Board) -> Iterator[Served]:
    with serve(board, port=0) as running:
        yield running


@pytest.fixture(autouse=True)
def own_room(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test joins for another one, and none writes into the kit."""
    monkeypatch.setattr(room, "KEY_FILE", tmp_path_factory.mktemp("key") / "room.key")
    monkeypatch.setattr(room, "_last_run", 0.0)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    yield
    if room._room is not None:
        room._room.close()
    room._room = None


def event(question: str = "q1", state: str = "fine", attempt: int = 1, **more: object) -> bytes:
    told = {"kind": "check", "question": question, "state": state, "complaints": 0, "attempt": attempt}
    return json.dumps({**told, **more}).encode()


def post(served: Served, path: str, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, dict]:
    host, port = served.address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    told = {"Kit-Participant": "p01", "Kit-Code": served.room.board.code, "Kit-Key": KEY, **(headers or {})}
    try:
        connection.request("POST", path, body, {name: quote(value) for name, value in told.items()})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")
    finally:
        connection.close()


def get(served: Served, path: str) -> tuple[int, dict[str, str], str]:
    host, port = served.address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()
    finally:
        connection.close()


def join(served: Served, student: str = "p01") -> None:
    box = room.join_room(served.address, student, served.room.board.code)
    assert box.kind == "note", box


def until(true, seconds: float = 5) -> None:
    """Wait until something holds that another thread does."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


# ----------------------------------------------------------------------------------------- what it knows


def test_the_columns_are_the_checks_of_the_graded_cells(board: Board) -> None:
    keys = {column.label: column.keys for column in board.columns}
    assert keys == {"q1": ("q1",), "q2": ("q2", "q2_word")}
    assert board.columns[1].title == "the largest share"


@pytest.mark.parametrize(
    ("states", "whole"),
    [({}, ""), ({"a": "empty", "b": "empty"}, "empty"), ({"a": "fine"}, "look"),
     ({"a": "fine", "b": "fine"}, "fine"), ({"a": "fine", "b": "look"}, "look"),
     ({"a": "fine", "b": "empty"}, "look")],
)  # fmt: skip
def test_a_question_is_done_when_all_its_checks_are(states: dict, whole: str) -> None:
    answers = {key: Standing(state) for key, state in states.items()}
    assert standing(Column("q1", "", ("a", "b")), answers).state == whole


def test_nobody_speaks_without_code_and_id(board: Board) -> None:
    assert board.admit("P01", board.code, KEY) == "p01"
    wrong = [("p01", "river-river", 403), ("p01", "", 403), ("p01", "\ud800é", 403)]
    wrong += [(student, board.code, 404) for student in ("p99", "../p01", "")]
    for student, code, status in wrong:
        with pytest.raises(Refused) as refused:
            board.admit(student, code, KEY)
        assert refused.value.status == status


def test_an_id_belongs_to_the_first_computer_until_it_is_released(board: Board) -> None:
    board.take("p01", KEY, b'{"kind": "join"}')
    with pytest.raises(Refused) as refused:
        board.admit("p01", board.code, OTHER_KEY)
    assert refused.value.status == 409
    board.release("P01")
    assert board.admit("p01", board.code, OTHER_KEY) == "p01"
    board.take("p01", OTHER_KEY, b'{"kind": "join"}')
    with pytest.raises(Refused):
        board.admit("p01", board.code, KEY)
    with pytest.raises(KitError, match="Nobody"):
        board.release("p99")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 4000, b'{"kind": "release"}', event("q9"), event(["q1"]),
     event(state="right"), event(state={"a": 1}), event(attempt=-1), event(attempt=True), event(attempt=10**30),
     event(complaints=2.5), event(complaints="1"), event(complaints=51), event(attempt=None)],
)  # fmt: skip
def test_what_is_no_event_is_refused(board: Board, body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        board.take("p01", KEY, body)
    assert refused.value.status == 400
    assert not any(row.begun for row in board.rows())


def test_only_ids_and_counts_are_kept(board: Board, course: Course) -> None:
    board.take("p01", KEY, event(answer="my secret answer", student="p02", at="1999-01-01", machine="x"))
    kept = (course.root / "board" / "events.jsonl").read_text(encoding="utf-8")
    assert "secret" not in kept
    assert "p02" not in kept
    assert KEY not in kept
    assert {field for line in kept.splitlines() for field in json.loads(line)} <= {
        "at", "kind", "student", "machine", "question", "state", "complaints", "attempt"}  # fmt: skip


def test_tries_only_rise_and_the_newest_state_stands(board: Board) -> None:
    for state, attempt in (("look", 1), ("look", 4), ("empty", 5), ("look", 1), ("fine", 2)):
        board.take("p01", KEY, event("q1", state, attempt))
    assert board.rows()[0].standings[0] == Standing("fine", 6)
    assert board.counts()[0].fine == 1


def test_the_class_is_the_same_after_a_restart_also_after_half_a_line(board: Board, course: Course) -> None:
    board.take("p01", KEY, event("q1", "look", 3))
    log = course.root / "board" / "events.jsonl"
    with log.open("a", encoding="utf-8") as file:
        file.write('{"at": "2026-03-02T09:0')
    again = Board(course)
    assert again.rows() == board.rows()
    assert (again.code, again.token) == (board.code, board.token)
    again.take("p02", KEY, event("q2", "fine"))
    third = Board(course)
    assert third.rows()[1].standings[1].state == "look"  # one of its two checks
    assert third.rows()[0].standings[0] == Standing("look", 3)
    with pytest.raises(Refused):
        third.admit("p01", third.code, OTHER_KEY)


def test_someone_who_left_the_roster_is_left_out(board: Board, course: Course) -> None:
    board.take("p03", KEY, event())
    (course.root / "roster.csv").write_text("student_id,last_name\np01,Ceesay\n", encoding="utf-8")
    assert [row.person.student_id for row in Board(course).rows()] == ["p01"]


def test_many_tries_and_long_silence_are_pointed_out(board: Board, clock: Clock) -> None:
    board.take("p01", KEY, event("q1", "look", 5))
    board.take("p02", KEY, event("q1", "fine"))
    assert [(person.student_id, why) for person, why in board.perhaps_stuck()] == [("p01", "q1, 5 tries")]
    clock.time += timedelta(minutes=16)
    assert [person.student_id for person, _why in board.perhaps_stuck()] == ["p01", "p02"]


def with_boxes(course: Course) -> nbformat.NotebookNode:
    """A hand-in in which the checks have left their boxes."""
    notebook = tiny.answer(course)
    first, second = room.Box("note", "q1 (total)", ["fine"]), room.Box("look", "q2 (share)", ["<b>"])
    boxes = {"q1_test": [first], "q2_test": [second, room.Box("mend", "<script>", ["x"])]}
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.outputs = [
            new_output("display_data", {"text/html": box._repr_html_()}) for box in boxes.get(name, [])
        ]
    return notebook


def test_hand_ins_by_stick_are_on_the_board_with_what_their_checks_saw(board: Board, course: Course) -> None:
    before = board.version()
    handin.accept(course, "p02", tiny.text(with_boxes(course)).encode(), "collected")
    assert board.version() != before
    row = board.rows()[1]
    assert row.hand_in is not None
    assert row.hand_in.code == receipts.counting(course)["p02"].code
    assert [one.state for one in row.standings] == ["fine", "look"]
    assert board.summary() == "1 of 4 have begun, 1 have handed in."


def test_a_plain_nbgrader_course_has_a_board_without_questions(course: Course) -> None:
    nbformat.write(tiny.source_notebook(), course.source_notebook)
    plain = Board(course)
    assert plain.columns == ()
    with serve(plain, port=0) as running:
        assert get(running, "/")[0] == 200


def test_a_disk_that_cannot_be_written_is_said_and_tried_again(board: Board, course: Course) -> None:
    log = course.root / "board" / "events.jsonl"
    log.mkdir()
    with pytest.raises(Refused) as refused:
        board.take("p01", KEY, event())
    assert refused.value.status in room.LATER
    log.rmdir()
    board.take("p01", KEY, event())
    assert board.rows()[0].begun


def test_words_of_the_code_are_all_different() -> None:
    assert len(set(WORDS)) == len(WORDS) > 60
    assert all(word.isascii() and word.isalpha() for word in WORDS)


def test_an_allowance_comes_back_with_time() -> None:
    now = [0.0]
    allowance = Allowance(3, 0.5, lambda: now[0])
    assert [allowance.use("a") for _ in range(5)] == [True, True, True, False, False]
    assert allowance.use("b")
    now[0] = 2.0
    assert [allowance.use("a") for _ in range(2)] == [True, False]
    for n in range(5000):
        allowance.use(str(n))
        now[0] += 10
    assert len(allowance._left) < 2500


# ------------------------------------------------------------------------------------- over the network

SESSION = """
import sys
from migkit.lesson import check, hand_in, join_room, room
from pathlib import Path
room.KEY_FILE = Path(sys.argv[3])
print(join_room(sys.argv[1], "p01", sys.argv[2].replace("-", " ").upper()))
check("q1", ...)
check("q1", "text"); check("q1", 3); check("q2", 3)
print(hand_in())
import time; time.sleep(1)
"""


def test_a_notebook_joins_checks_and_hands_in(served: Served, course: Course, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "tiny.ipynb").write_text(tiny.text(tiny.answer(course)), encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-c", SESSION, served.address, served.room.board.code, str(tmp_path / "key")],
        cwd=tmp_path / "work", capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "You are in, as p01" in run.stdout
    code = receipts.counting(course)["p01"].code
    assert f"Receipt {code}" in run.stdout
    until(lambda: "q2" in served.room.board.present["p01"].answers)
    row = served.room.board.rows()[0]
    assert row.standings[0].attempts >= 1
    assert row.standings[0].state in ("fine", "look")
    _status, _headers, page = get(served, f"/trainer/{served.room.board.token}/")
    assert code in page


@pytest.mark.parametrize(
    ("told", "status"),
    [({"Kit-Code": "river-river"}, 403), ({"Kit-Participant": "p99"}, 404),
     ({"Kit-Participant": "../../etc"}, 404),
     ({"Kit-Key": "short"}, 400), ({"Kit-Key": "x" * 65}, 400), ({"Kit-Participant": "p" * 81}, 400)],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/event", "/hand-in"])
def test_strangers_are_refused_with_a_sentence(served: Served, path: str, told: dict, status: int) -> None:
    answer, said = post(served, path, b'{"kind": "join"}', told)
    assert answer == status
    assert said["error"].endswith(".")
    assert not any(row.begun for row in served.room.board.rows())


def test_a_neighbour_cannot_hand_in_or_speak_for_somebody(served: Served, course: Course) -> None:
    notebook = tiny.text(tiny.answer(course)).encode()
    assert post(served, "/hand-in", notebook)[0] == 200
    assert post(served, "/event", b'{"kind": "join"}')[0] == 200
    for path, body in (("/hand-in", notebook), ("/event", event())):
        assert post(served, path, body, {"Kit-Key": OTHER_KEY})[0] == 409


def test_a_hand_in_alone_binds_the_id_too(served: Served, course: Course) -> None:
    assert post(served, "/hand-in", tiny.text(tiny.answer(course)).encode())[0] == 200
    assert post(served, "/event", b'{"kind": "join"}', {"Kit-Key": OTHER_KEY})[0] == 409


def test_what_cannot_be_handed_in_is_answered_with_the_reason(served: Served, course: Course) -> None:
    status, said = post(served, "/hand-in", b"no notebook")
    assert status == 422
    assert "Not handed in" in said["error"]
    assert receipts.counting(course) == {}


def test_too_much_is_refused_before_it_is_read(served: Served) -> None:
    host, port = served.address.rsplit(":", 1)
    code = served.room.board.code
    for path, length, status in (
        ("/hand-in", MAX_NOTEBOOK + 1, b"413"),
        ("/hand-in", "1e3", b"4"),
        ("/event", 5000, b"4"),
    ):
        with socket.create_connection((host, int(port)), 5) as raw:
            head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n"
            head += f"Kit-Participant: p01\r\nKit-Code: {code}\r\nKit-Key: {KEY}\r\n\r\n"
            raw.sendall(head.encode())
            assert raw.recv(100).startswith(b"HTTP/1.1 " + status), path
    assert served.room.on_the_way == 0
    assert get(served, "/")[0] == 200


def test_a_sender_who_goes_away_leaves_nothing_behind(served: Served, course: Course) -> None:
    host, port = served.address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), 5) as raw:
        head = "POST /hand-in HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\nKit-Participant: p01\r\n"
        raw.sendall(f"{head}Kit-Code: {served.room.board.code}\r\nKit-Key: {KEY}\r\n\r\nhalf".encode())
        until(lambda: served.room.on_the_way == 1000000)
    until(lambda: served.room.on_the_way == 0)
    assert receipts.counting(course) == {}


def test_a_flood_is_slowed_down_for_its_sender_alone(served: Served) -> None:
    answers = [post(served, "/event", event(attempt=n))[0] for n in range(70)]
    assert answers[:60] == [200] * 60
    assert 429 in answers[60:]
    assert post(served, "/event", event(), {"Kit-Participant": "p02"})[0] == 200


def test_codes_cannot_be_guessed_fast(served: Served) -> None:
    post(served, "/event", event())
    answers = [
        post(served, "/event", event(), {"Kit-Participant": "p02", "Kit-Code": f"a-{n}"})[0] for n in range(50)
    ]
    assert answers[0] == 403
    assert answers[-1] == 429
    assert post(served, "/event", event(), {"Kit-Participant": "p02"})[0] == 429
    assert post(served, "/event", event())[0] == 200  # who is in already is not kept out


def test_bad_requests_of_all_kinds_leave_the_board_standing(served: Served) -> None:
    host, port = served.address.rsplit(":", 1)
    chance = random.Random(5)
    paths = [
        "/",
        "/event",
        "/hand-in",
        "/trainer/x/",
        "/board.css",
        "/../../etc/passwd",
        "/%2e%2e/%00",
        "*",
        "//x",
    ]
    for number in range(120):
        with socket.create_connection((host, int(port)), 5) as raw:
            noise = chance.randbytes(chance.randrange(0, 300))
            verb = chance.choice(["GET", "POST", "PUT", "HEAD", "OPTIONS", "BREW", "POST"])
            lines = [
                f"{verb} {chance.choice(paths)} HTTP/1.1".encode(),
                b"Host: x",
                b"X-Noise: " + noise.hex().encode(),
            ]
            if number % 3:
                lines += [
                    b"Kit-Participant: p01",
                    b"Kit-Code: " + served.room.board.code.encode(),
                    b"Kit-Key: " + KEY.encode(),
                ]
            if number % 4:
                lines.append(b"Content-Length: " + str(chance.choice([0, 5, len(noise), -1, 10**12])).encode())
            raw.sendall((b"\r\n".join(lines) + b"\r\n\r\n" + noise) if number % 5 else noise)
            raw.shutdown(socket.SHUT_WR)
            raw.settimeout(5)
            answer = raw.recv(65536)
        assert b"Traceback" not in answer
        assert b" 500 " not in answer[:20], (lines, answer)
    assert get(served, "/")[0] == 200
    assert served.room.on_the_way == 0
    assert not (served.room.board.course.root / "board" / "server.log").exists()


def test_pages_are_locked_down_and_the_wall_shows_no_names(served: Served) -> None:
    post(served, "/event", event())
    token = served.room.board.token
    for path in (
        "/",
        f"/trainer/{token}/",
        "/live.json",
        f"/trainer/{token}/live.json",
        "/board.css",
        "/board.js",
    ):
        status, headers, _text = get(served, path)
        assert status == 200, path
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
    for path in ("/", "/live.json"):
        text = get(served, path)[2]
        assert "Awa" not in text
        assert "Ceesay" not in text
        assert token not in text
    assert "Awa Ceesay" in get(served, f"/trainer/{token}/")[2]
    for path in (
        "/trainer/x/",
        "/trainer//",
        "/trainer/",
        f"/trainer/{token[:-1]}/live.json",
        "/events",
        "/roster.csv",
    ):
        assert get(served, path)[0] == 404, path


def test_live_news_come_only_when_there_are_some(served: Served) -> None:
    first = json.loads(get(served, "/live.json")[2])
    assert "html" not in json.loads(get(served, f"/live.json?seen={first['version']}")[2])
    post(served, "/event", event())
    after = json.loads(get(served, f"/live.json?seen={first['version']}")[2])
    assert "1 of 4" in after["summary"]
    assert "html" in after


def test_names_cannot_bring_script_into_the_page(course: Course) -> None:
    roster = 'student_id,first_name,last_name\np01,<script>alert(1)</script>,"""><img src=x>"\n'
    (course.root / "roster.csv").write_text(roster, encoding="utf-8")
    with serve(Board(course), port=0) as running:
        page = get(running, f"/trainer/{running.room.board.token}/")[2]
    assert "<script>alert" not in page
    assert "<img" not in page


def test_the_trainer_frees_an_id_by_button_and_by_command(served: Served, course: Course) -> None:
    post(served, "/event", event())
    token = served.room.board.token
    assert post(served, "/event", event(), {"Kit-Key": OTHER_KEY})[0] == 409
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    host, port = served.address.rsplit(":", 1)
    for used, body, status in (
        (token, "student=p01", 303),
        ("x", "student=p01", 404),
        (token, "student=p99", 404),
        (token, "", 400),
    ):
        connection = http.client.HTTPConnection(host, int(port), timeout=5)
        connection.request("POST", f"/trainer/{used}/release", body, form)
        assert connection.getresponse().status == status, (used, body)
        connection.close()
    assert post(served, "/event", event(), {"Kit-Key": OTHER_KEY})[0] == 200
    said = CliRunner().invoke(class_.command, ["board", str(course.root), "--release", "P01", "--dir", "/nowhere"])
    assert said.exit_code == 0, said.output
    get(served, "/live.json")
    assert post(served, "/event", event())[0] == 200


def test_a_shared_folder_is_collected_when_it_has_kept_still(board: Board, course: Course, tmp_path: Path) -> None:
    import asyncio

    shared = tmp_path / "shared"
    shared.mkdir()
    target = shared / "tiny_p01.ipynb"
    seen: list[bool] = []

    async def sleep(_seconds: float) -> None:
        seen.append("p01" in receipts.counting(course))
        if len(seen) == 1:
            target.write_text("{", encoding="utf-8")  # half copied
        elif len(seen) == 2:
            target.write_text(tiny.text(tiny.answer(course)), encoding="utf-8")
        elif len(seen) == 6:
            raise asyncio.CancelledError

    def watch() -> None:
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(_watch(shared, board, sleep=sleep))

    # In a thread of its own: where browser tests ran before, this one has a loop already.
    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(watch).result()
    assert seen == [False, False, False, True, True, True]
    assert not list(course.quarantine.glob("*"))


# ------------------------------------------------------------------------------- on the participant's side


def test_without_a_board_a_check_loses_no_time_and_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address takes connections and never answers: the worst network there is."""
    shown: list[room.Box] = []
    monkeypatch.setattr(room, "_show", shown.append)
    monkeypatch.setattr(room, "JOIN_SECONDS", 0.2)
    monkeypatch.setattr(room, "NEWS_SECONDS", 0.2)
    check("q1", 3)  # whatever a first check loads
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(1)
        box = room.join_room(f"127.0.0.1:{deaf.getsockname()[1]}", "p01", "river-mango")
        assert box.kind == "look"
        assert "You can work without it" in str(box)
        for _ in range(4):
            began = time.monotonic()
            check("no such question", 3)
            assert time.monotonic() - began < 0.2
            time.sleep(0.4)
    assert len(shown) == 1
    assert "nothing is lost" in str(shown[0])


def test_what_happened_while_the_network_was_gone_comes_later(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "NEWS_SECONDS", 0.5)
    with serve(board, port=0) as first:
        join(first)
        port = int(first.address.rsplit(":", 1)[1])
    assert room._room is not None
    for question, kind in (("q1", "look"), ("q1", "look"), ("q1", "note"), ("q2", "look")):
        room._room.tell(question, kind, 1)
    time.sleep(0.3)
    with serve(board, port=port) as _second:
        until(lambda: set(board.present["p01"].answers) == {"q1", "q2"}, 10)
    assert board.present["p01"].answers["q1"] == Standing("fine", 3)


def test_a_released_id_that_others_took_falls_silent_with_one_sentence(served: Served, monkeypatch) -> None:
    shown: list[room.Box] = []
    monkeypatch.setattr(room, "_show", shown.append)
    join(served)
    joined = room._room
    assert joined is not None
    served.room.board.release("p01")
    post(served, "/event", b'{"kind": "join"}', {"Kit-Key": OTHER_KEY})
    joined.tell("q1", "look", 1)
    until(lambda: joined._closed)
    for _ in range(3):
        joined.tell("q1", "look", 1)
    assert [("another computer" in str(box)) for box in shown] == [True]


def test_joining_says_what_is_wrong_and_stays_out(served: Served) -> None:
    for address, student, code, words in (
        (served.address, "p99", served.room.board.code, "Nobody in this class has that id"),
        (served.address, "p01", "river-river", "not the code"),
        ("not an address", "p01", "x", "no address"),
        ("127.0.0.1:99999", "p01", "x", "no address"),
        ("", "p01", "x", "no address"),
    ):
        box = room.join_room(address, student, code)
        assert box.kind == "mend"
        assert words in str(box)
        assert room._room is None
    assert (
        room.join_room(f"http://{served.address}/", " P01 ", f" {served.room.board.code.replace('-', '  ')}").kind
        == "note"
    )


def test_the_key_stays_on_the_computer(served: Served) -> None:
    join(served)
    first = room.KEY_FILE.read_text(encoding="ascii")
    join(served)
    assert room.KEY_FILE.read_text(encoding="ascii") == first
    room.KEY_FILE.write_text("damaged \x00", encoding="ascii")
    box = room.join_room(served.address, "p01", served.room.board.code)
    assert "another computer" in str(box)


def test_handing_in_says_what_to_do_instead(served: Served, course: Course, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "Join first" in str(room.hand_in("tiny.ipynb"))
    join(served)
    for name in ("tiny.ipynb", "", "roster.csv", "../../etc/passwd"):
        assert room.hand_in(name).kind == "mend"
    path = tmp_path / "tiny.ipynb"
    path.write_text('{"cells": [', encoding="utf-8")
    assert "not a whole notebook" in str(room.hand_in("tiny"))
    path.write_text(tiny.text(tiny.answer(course)), encoding="utf-8")
    monkeypatch.setattr(room, "_last_run", time.time() + 60)
    assert "Save (Ctrl+S)" in str(room.hand_in())
    monkeypatch.setattr(room, "_last_run", time.time())
    monkeypatch.setattr(room, "MAX_NOTEBOOK", 100)
    assert "too large" in str(room.hand_in())
    monkeypatch.setattr(room, "MAX_NOTEBOOK", 10**6)
    first, second = room.hand_in(), room.hand_in()
    assert receipts.counting(course)["p01"].code in str(first)
    assert receipts.counting(course)["p01"].code in str(second)
    assert receipts.counting(course)["p01"].version == 1


def test_handing_in_without_network_leads_to_the_stick(
    board: Board, course: Course, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.ipynb").write_text(tiny.text(tiny.answer(course)), encoding="utf-8")
    with serve(board, port=0) as running:
        join(running)
    assert "USB stick" in str(room.hand_in("tiny.ipynb"))


def test_the_sizes_of_both_sides_agree() -> None:
    assert room.MAX_NOTEBOOK == MAX_NOTEBOOK


def test_while_graded_nobody_joins_and_nothing_is_handed_in(served: Served, monkeypatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert room.join_room(served.address, "p01", served.room.board.code).kind == "note"
    assert room.hand_in("tiny.ipynb").kind == "note"
    assert room._room is None
    assert not any(row.begun for row in served.room.board.rows())


def test_a_cell_that_ran_after_saving_is_noticed() -> None:
    class Ran:
        def __init__(self, source: str) -> None:
            self.info = type("Info", (), {"raw_cell": source})

    room._cell_ran(Ran('hand_in("tiny.ipynb")'))
    assert room._last_run == 0
    room._cell_ran(Ran("total = 3"))
    assert room._last_run > 0


# ------------------------------------------------------------------------------------ command and browser


def test_the_command_explains_itself(course: Course) -> None:
    run = CliRunner().invoke
    assert "Say which class" in str(run(class_.command, ["board"]).exception)
    wrong = run(class_.command, ["board", str(course.root), "--host", "203.0.113.9", "--no-browser"])
    assert "no address 203.0.113.9" in str(wrong.exception)


@pytest.mark.skipif(os.name == "nt", reason="Ctrl+C cannot be sent to a single process there")
def test_the_command_serves_until_ctrl_c(course: Course) -> None:
    command = [sys.executable, "-m", "migkit.cli", "class", "board", str(course.root)]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--no-browser"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert process.stdout
        said = ""
        while "Stop with Ctrl+C" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        address = re.search(r"http://\S+/trainer/\S+/", said)
        assert address, said
        with urllib.request.urlopen(address[0], timeout=5) as page:
            assert "Awa Ceesay" in page.read().decode()
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0
        assert "Traceback" not in process.stdout.read()
    finally:
        process.kill()


def test_addresses_of_the_room_are_no_loopback() -> None:
    assert not any(address.startswith(("127.", "169.254.")) for address in room_addresses())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The invented class, played quickly for a while."""
    course = board_demo.make_class(tmp_path_factory.mktemp("demo"))
    ended = threading.Event()
    with serve(Board(course), port=0) as running:
        playing = threading.Thread(target=board_demo.play, args=(running, ended, 0.02))
        playing.start()
        until(lambda: len(receipts.counting(course)) >= 3, 90)
        ended.set()
        playing.join()
        yield running


def test_the_demo_fills_the_board(demo: Served) -> None:
    counts = demo.room.board.counts()
    assert [count.column.label for count in counts] == [f"q{n}" for n in range(1, 11)]
    assert counts[0].fine > counts[-1].fine > 0
    assert any(not row.begun for row in demo.room.board.rows())


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("view", ["projector", "trainer"])
def test_pages_are_accessible_local_and_no_wider_than_the_screen(
    demo: Served, chromium, width: int, view: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = chromium.new_page(viewport={"width": width, "height": 720}, bypass_csp=True)  # axe is a script of ours
    outside, errors = [], []
    page.on(
        "request",
        lambda request: outside.append(request.url) if not request.url.startswith((demo.pages, "data:")) else 0,
    )
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(demo.pages if view == "projector" else demo.trainer_page)
    page.wait_for_timeout(200)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    found = Axe().run(page).response["violations"]
    assert not [(each["id"], [node["html"][:120] for node in each["nodes"][:3]]) for each in found]
    assert not outside
    assert not errors
    page.close()


@pytest.mark.browser
def test_the_whole_wall_is_seen_without_scrolling(demo: Served, chromium) -> None:
    for width, height in ((1280, 720), (1024, 768), (1920, 1080)):
        page = chromium.new_page(viewport={"width": width, "height": height})
        page.goto(demo.pages)
        assert page.evaluate("document.documentElement.scrollHeight") <= height
        size = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.counts td')).fontSize)")
        assert size >= height / 50
        page.close()


@pytest.mark.browser
def test_the_page_shows_what_is_new_and_keeps_place_and_focus(served: Served, chromium) -> None:
    post(served, "/event", event())
    page = chromium.new_page(viewport={"width": 390, "height": 720})
    broken: list[str] = []
    page.on("console", lambda message: broken.append(message.text) if message.type == "error" else None)
    page.goto(served.trainer_page)
    page.locator("#free-1").focus()
    page.evaluate("document.getElementById('people').scrollLeft = 120")
    post(served, "/event", event("q2", "look", 4), {"Kit-Participant": "p03"})
    page.wait_for_selector("td.look:has-text('→ 4')", timeout=8000)
    assert page.locator("#summary").inner_text().startswith("2 of 4")
    assert page.evaluate("document.activeElement.id") == "free-1"
    assert page.evaluate("document.getElementById('people').scrollLeft") == 120
    page.locator("#free-1").click()
    page.wait_for_load_state()
    assert served.room.board.present["p01"].machine == ""
    assert not broken
    page.close()


@pytest.mark.browser
def test_the_page_says_when_its_board_is_gone(board: Board, chromium) -> None:
    page = chromium.new_page()
    with serve(board, port=0) as running:
        page.goto(running.pages)
        assert page.locator("#gone").inner_text() == ""
    page.wait_for_selector("#gone:has-text('does not answer')", timeout=8000)
    page.close()
