"""Kill a class's whole process tree at random moments; nothing that was acknowledged may be lost or doubled.

    python benchmarks/kill_test.py [--moments 100] [--seed 5] [--json FILE]

A small class lives through days of hand-in, collection, grading, manual grading and feedback. In each step the
child that does the work is killed with all its processes (SIGKILL): half of the times after a random while, half
of the times right before a random change of a file. Then the class is opened as after a restart and checked, and
the step is taken up again where the last acknowledgement was. In the end all must equal a class that was never
disturbed.
"""

import argparse
import hashlib
import json
import logging
import os
import random
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from classroom_tiny import MODULE, RIGHT, answer, make_class, text  # noqa: E402
from migkit.classroom import (  # noqa: E402
    feedback,
    gradebooks,
    grading,
    handin,
    manual_grades,
    rebuild,
    receipts,
)
from migkit.classroom.course import open_course  # noqa: E402
from migkit.classroom.handout import release  # noqa: E402

#: The steps of two days; hand-ins and manual grades are many and quick, so most moments fall there.
DAYS = (
    ("hand-in", "manual grading", "collection", "grading", "feedback", "hand-in", "manual grading", "hand-in"),
    ("collection", "manual grading", "hand-in", "collection", "manual grading", "hand-in", "grading", "feedback"),
)
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
#: Events of Python's audit hook that change something on the disk.
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "sqlite3.connect"}


def steps(moments):
    """The plan: what is done in each step, and with what content."""
    names = [DAYS[day % 2][place] for day in range(moments) for place in range(8)][:moments]
    return list(enumerate(names))


def pick(number, *what):
    """A random number generator for one purpose."""
    return random.Random(":".join(map(str, (number, *what))))


class Class:
    """A class and what may be done with it. Each thing done is acknowledged on ``say``, one line each."""

    def __init__(self, folder, stick):
        self.course = open_course(str(folder))
        self.stick = stick

    def notebook(self, number, student):
        luck = pick(number, student)
        q1 = luck.choice([RIGHT["q1"], "total = 1", "total = None"])
        q2 = luck.choice([RIGHT["q2"], "share = 0.5"])
        return text(answer(self.course, q1=q1, q2=q2, q3=f"Answer {number} of {student}.")).encode("utf-8")

    def tasks(self, number, name):
        """What this step consists of: functions that do one thing and give what is acknowledged."""
        return getattr(self, name.replace("-", "_").replace(" ", "_"))(number)

    def hand_in(self, number):
        def task(student, version):
            def do():
                at = START + timedelta(hours=number, minutes=version)
                content = self.notebook(100 * number + version, student)
                receipt = handin.accept(self.course, student, content, "network", at)
                return {"receipt": receipt.as_record()}

            return do

        return [task(student, version) for version in range(3) for student in ("p01", "p02")]

    def collection(self, number):
        def do():
            folder = self.stick / str(number)
            for student in ("p03", "a+b_c"):
                for version in range(2):
                    path = folder / f"copy {version}" / f"{MODULE}_{student}.ipynb"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(self.notebook(100 * number + version, student))
                    at = (START + timedelta(hours=number, minutes=version)).timestamp()
                    os.utime(path, (at, at))
            (folder / f"{MODULE}_p01.ipynb").write_text("cut off {")
            entries = handin.collect(self.course, folder)
            return {"collected": [[each.student_id, each.sha256] for each in entries if each.status != "damaged"]}

        return [do]

    def grading(self, _number):
        def do():
            report = grading.grade(self.course)
            assert all(outcome.graded for outcome in report.outcomes), report
            return {"graded": sorted(person.student_id for person in grading.handed_in(self.course))}

        return [do]

    def manual_grading(self, number):
        def points(student):
            def do():
                score = pick(number, student, "points").choice([0, 0.5, 1, 1.5, 2, 3])
                with self.course.gradebook() as gradebook:
                    grade = gradebook.find_grade("q3", MODULE, MODULE, student)
                    grade.manual_score, grade.needs_manual_grade = score, False
                    gradebook.db.commit()
                return {"given": [student, "q3", "grade", score]}

            return do

        def comment(student):
            def do():
                with self.course.gradebook() as gradebook:
                    said = f"Comment {number} for {student}."
                    gradebook.find_comment("q3", MODULE, MODULE, student).manual_comment = said
                    gradebook.db.commit()
                return {"given": [student, "q3", "comment", said]}

            return do

        known = {key[0] for key in manual_grades.rows(self.course.gradebook_file)}
        return [kind(student) for student in sorted(known) for kind in (points, comment)]

    def feedback(self, _number):
        def do():
            target, pages = feedback.give_feedback(self.course)
            return {"pages": len(pages), "zip": str(target)}

        return [do]


def in_child(work, hook=None):
    """Start ``work(say)`` in a child of its own session; gives its process id and the pipe on which it speaks."""
    read, write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write)
        return pid, read
    code = 1
    try:
        os.close(read)
        os.setsid()
        if hook:
            sys.addaudithook(hook)

        def say(**facts):
            os.write(write, json.dumps(facts).encode() + b"\n")

        work(say)
        code = 0
    except BaseException:
        os.write(write, json.dumps({"error": traceback.format_exc()}).encode() + b"\n")
    finally:
        os._exit(code)


def kill_tree(pid):
    """Kill a process and all that it started, whatever sessions they are in; gives how many there were."""
    os.kill(pid, signal.SIGSTOP)
    try:
        family = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    for process in family:
        try:
            process.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            continue
    os.kill(pid, signal.SIGKILL)
    return 1 + len(family)


def listen(pipe, until=None):
    """Lines from a child, until it ends or the clock says so."""
    text = b""
    while True:
        left = None if until is None else max(0.0, until - time.monotonic())
        ready, _w, _x = select.select([pipe], [], [], left)
        if not ready:
            break
        piece = os.read(pipe, 65536)
        if not piece:
            break
        text += piece
    return [json.loads(line) for line in text.splitlines() if line.endswith(b"}")]


def run(work):
    """Let a child do its work in peace; gives what it said."""
    pid, pipe = in_child(work)
    said = listen(pipe)
    os.close(pipe)
    _pid, status = os.waitpid(pid, 0)
    errors = [each["error"] for each in said if "error" in each]
    if errors or status:
        raise AssertionError(errors[0] if errors else f"the child ended with {status}")
    return said


def do_tasks(there, number, name, begin=0):
    """The step ``name`` from its task ``begin`` on, for :func:`in_child`."""

    def work(say):
        for place, task in enumerate(there.tasks(number, name)):
            if place >= begin:
                say(acknowledged=task())

    return work


class Counting:
    """An audit hook that counts changes on the disk under ``folder`` and stops before the ``last``."""

    def __init__(self, folder, last=None):
        self.folder, self.last, self.count = str(folder), last, 0

    def __call__(self, event, arguments):
        if event == "open":
            changes = isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
        else:
            changes = event in CHANGES
        if changes and arguments and self.folder in str(arguments[0]):
            self.count += 1
            if self.count == self.last:
                os.kill(os.getpid(), signal.SIGSTOP)


def measure(there, number, name):
    """Do a step undisturbed; gives how long it took and how many changes on the disk it made."""
    counting = Counting(there.course.root)

    def work(say):
        sys.addaudithook(counting)
        do_tasks(there, number, name)(say)
        say(count=counting.count)

    began = time.monotonic()
    said = run(work)
    return time.monotonic() - began, said[-1]["count"], said[:-1]


class Expected:
    """What was acknowledged so far, and what may have been in flight when the child was killed."""

    def __init__(self):
        self.receipts = {}
        self.collected = set()
        self.given = {}
        self.zip = None

    def hear(self, said):
        for each in said:
            facts = each.get("acknowledged", {})
            if "receipt" in facts:
                record = facts["receipt"]
                self.receipts[record["student_id"], record["version"]] = record["sha256"]
            self.collected |= {tuple(pair) for pair in facts.get("collected", [])}
            if "given" in facts:
                student, cell, table, value = facts["given"]
                self.given[student, MODULE, MODULE, cell, table] = value
            self.zip = facts.get("zip", self.zip)


def check(there, expected, in_flight):
    """After a restart: is everything there that was acknowledged, once? Gives complaints."""

    def work(say):
        course = there.course
        complaints = []

        def must(holds, *words):
            if not holds:
                complaints.append(" ".join(map(str, words)))

        with course.change("look"):
            pass
        must(gradebooks.trouble(course) == "", "gradebook:", gradebooks.trouble(course))
        everything = receipts.read(course)
        by_place = defaultdict(list)
        for receipt in everything:
            by_place[receipt.student_id, receipt.version].append(receipt)
            must(receipts.content(course, receipt), "content of", receipt)
        must(all(len(group) == 1 for group in by_place.values()), "a version twice")
        for (student, version), sha256 in expected.receipts.items():
            found = by_place.get((student, version))
            must(found and found[0].sha256 == sha256, "receipt lost:", student, version)
        kept = {(receipt.student_id, receipt.sha256) for receipt in everything}
        known = kept | {(entry.student_id, entry.sha256) for entry in handin.journal(course)}
        must(expected.collected <= known, "collected and lost:", expected.collected - known)
        for student, last in receipts.counting(course).items():
            own = sorted(receipt.version for receipt in everything if receipt.student_id == student)
            must(own == list(range(1, len(own) + 1)), "versions", student, own)
            place = course.submitted(student) / f"{MODULE}.ipynb"
            must(hashlib.sha256(place.read_bytes()).hexdigest() == last.sha256, "submitted", student)
        taken = [entry for entry in handin.journal(course) if entry.status in ("taken", "replaced")]
        must(len(taken) == len(everything), "journal", len(taken), "receipts", len(everything))
        rows = manual_grades.rows(course.gradebook_file)
        for key, value in expected.given.items():
            allowed = [value, *(each[1] for each in in_flight if each[0] == list(key))]
            must(rows[key][1][0] in allowed, "given and lost:", key, value, rows[key][1])
        if expected.zip:
            with zipfile.ZipFile(expected.zip) as pages:
                must(pages.testzip() is None, "feedback zip")
        say(complaints=complaints)

    return [text for each in run(work) for text in each["complaints"]]


def state(there):
    """All that a class comes to: for comparing two classes."""

    def work(say):
        course = there.course
        journal = [[e.status, e.student_id, e.sha256] for e in handin.journal(course)]
        pages = sorted((course.root / "feedback").rglob("*.html"))
        say(
            receipts=[[r.student_id, r.version, r.sha256, r.at] for r in receipts.read(course)],
            submitted={
                str(path.relative_to(course.root)): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in sorted((course.root / "submitted").rglob("*"))
                if path.is_file()
            },
            points=[[*key, value] for key, value in sorted(rebuild._points(course.gradebook_file).items())],
            to_look=[[*key, row[2]] for key, row in sorted(manual_grades.rows(course.gradebook_file).items())],
            outcomes={
                p.student_id: [o.graded, o.hand_in, list(o.notes)]
                for p in grading.handed_in(course)
                if (o := grading.read_outcome(course, p.student_id))
            },
            journal=sorted(journal),
            given=[
                [*key, list(lines[-1].values)] for key, lines in sorted(manual_grades.read(course.root).items())
            ],
            feedback=[[page.parent.parent.name, hashlib.sha256(page.read_bytes()).hexdigest()] for page in pages],
        )

    return run(work)[-1]


def disturb(there, number, name, seconds, changes, luck):
    """Begin a step and kill it; gives what was acknowledged, and how and when it was killed."""
    by_clock = luck.random() < 0.5
    last = None if by_clock else luck.randint(1, max(1, changes))
    pid, pipe = in_child(do_tasks(there, number, name), Counting(there.course.root, last) if last else None)
    stopped = False
    if by_clock:
        until = time.monotonic() + luck.uniform(0, seconds)
        said = listen(pipe, until)
    else:
        while not stopped:
            done, status = os.waitpid(pid, os.WUNTRACED | os.WNOHANG)
            if done and os.WIFSTOPPED(status):
                stopped = True
            elif done:
                break
            else:
                time.sleep(0.002)
        said = []
    processes = 0
    if by_clock or stopped:
        processes = kill_tree(pid)
        os.waitpid(pid, 0)
    said += listen(pipe)
    os.close(pipe)
    errors = [each["error"] for each in said if "error" in each]
    assert not errors, errors[0]
    return said, "clock" if by_clock else "file operation", processes


def written(there, name, since):
    """How much of a step's work is on the disk, seen from outside: before the class is put in order."""
    course = there.course
    if name == "grading":
        return sum(grading._is_done(course, person) for person in grading.handed_in(course))
    if name == "feedback":
        return sum(path.stat().st_mtime > since for path in (course.root / "feedback").rglob("*.html"))
    return len(receipts.read(course))


def play(folder, moments=100, seed=5, report=None):
    """The whole test; gives the counts and the complaints."""
    logging.disable(logging.CRITICAL)
    plan = steps(moments)
    stick = folder / "stick"

    def prepare(_say):
        course = make_class(folder, "class")
        release(course)
        first = Class(course.root, stick)
        for student in ("p01", "p02", "p03", "a+b_c"):
            handin.accept(course, student, first.notebook(0, student), "network", START)
        grading.grade(course)

    run(prepare)
    root = folder / "classes" / "class"
    shutil.copytree(root, folder / "calm" / "class")
    calm, disturbed = Class(folder / "calm" / "class", stick), Class(root, stick)
    table = defaultdict(Counter)
    complaints = []
    expected = Expected()
    for number, name in plan:
        seconds, changes, _said = measure(calm, number, name)
        luck = pick(seed, number, "moment")
        since = time.time()
        before, lines = written(disturbed, name, since), manual_grades.read(disturbed.course.root)
        said, how, processes = disturb(disturbed, number, name, seconds, changes, luck)
        expected.hear(said)
        tasks = disturbed.tasks(number, name)
        done = len(said)
        unfinished = done < len(tasks)
        in_flight = flight(disturbed, number, name, done)
        row = table[name]
        row["moments"] += 1
        row[f"by {how}"] += 1
        row["acknowledged before"] += done
        if name == "manual grading":
            now = manual_grades.read(disturbed.course.root)
            more = sum(len(now[tuple(key)]) - len(lines[tuple(key)]) for key, _value in in_flight)
        else:
            more = written(disturbed, name, since) - before - (done if name == "hand-in" else 0)
        row["written, not acknowledged"] += unfinished * more
        row["in the middle"] += unfinished
        row["processes killed"] += processes
        found = check(disturbed, expected, in_flight)
        complaints += [f"step {number} ({name}): {text}" for text in found]
        expected.hear(run(do_tasks(disturbed, number, name, done)))
        if report:
            report(number, name, how, done, len(tasks), found)
    for number, name in ((moments, "grading"), (moments + 1, "feedback")):
        for there in (calm, disturbed):
            run(do_tasks(there, number, name))
    one, other = state(calm), state(disturbed)
    different = [key for key in one if one[key] != other[key]]
    complaints += [f"at the end {key} differs: {first_difference(one[key], other[key])}" for key in different]
    return {
        "moments": moments,
        "seed": seed,
        "table": {name: dict(row) for name, row in table.items()},
        "receipts": len(other["receipts"]),
        "given": len(other["given"]),
        "complaints": complaints,
    }


def flight(there, number, name, done):
    """What a killed manual grading was about to write."""
    if name != "manual grading":
        return []
    known = sorted({key[0] for key in manual_grades.rows(there.course.gradebook_file)})
    coming = [(student, table) for student in known for table in ("grade", "comment")][done : done + 1]
    found = []
    for student, table in coming:
        score = pick(number, student, "points").choice([0, 0.5, 1, 1.5, 2, 3])
        value = score if table == "grade" else f"Comment {number} for {student}."
        found.append([[student, MODULE, MODULE, "q3", table], value])
    return found


def first_difference(one, other):
    """A short hint."""
    if isinstance(one, dict):
        one, other = sorted(one.items()), sorted(other.items())
    pairs = [(a, b) for a, b in zip(one, other, strict=False) if a != b]
    return f"{pairs[0][0]} / {pairs[0][1]}" if pairs else f"{len(one)} / {len(other)} entries"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--moments", type=int, default=100)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()

    def report(number, name, how, done, tasks, found):
        if arguments.verbose:
            print(f"{number:3} {name:15} by {how:15} {done}/{tasks} {found or ''}", flush=True)

    began = time.monotonic()
    memory = Path("/dev/shm")  # SIGKILL does not ask what reached the disk, and memory is quicker
    where = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="kit-kill-", dir=where) as place:
        result = play(Path(place), arguments.moments, arguments.seed, report)
    result["seconds"] = round(time.monotonic() - began)
    columns = (
        "moments",
        "by clock",
        "by file operation",
        "in the middle",
        "acknowledged before",
        "written, not acknowledged",
        "processes killed",
    )
    print("| phase | " + " | ".join(columns) + " |")
    print("|---|" + "---:|" * len(columns))
    for name, row in result["table"].items():
        print(f"| {name} | " + " | ".join(str(row.get(column, 0)) for column in columns) + " |")
    total = [sum(row.get(column, 0) for row in result["table"].values()) for column in columns]
    print("| all | " + " | ".join(map(str, total)) + " |")
    print(
        f"\n{result['receipts']} hand-ins accepted, {result['given']} cells with points or comments of a person;"
    )
    print(f"lost, doubled or different in the end: {len(result['complaints'])}. {result['seconds']} seconds.")
    for complaint in result["complaints"]:
        print(f"  {complaint}")
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1), encoding="utf-8")
    return 1 if result["complaints"] else 0


if __name__ == "__main__":
    sys.exit(main())
