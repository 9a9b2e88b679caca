"""Grading forty hand-ins of exercise 04: here, beside stock ``nbgrader autograde`` and otter-grader, in one run.

The hand-ins are the authors' solutions with the usual mistakes of beginners in different mixes (a third has none).
Here the checks are marked by ``marking.yml``; stock nbgrader grades the same answers with the hidden tests of
``tests/plain_nbgrader``, one hand-in after the other, as it comes; otter-grader runs (without Docker) one test a
question, made from the same hidden tests. The scores of the first two are compared cell for cell.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from memory import Memory
from nbgrader.api import Gradebook

from migkit.classroom import demo, grading, handin
from migkit.classroom.course import find_tools, new_course
from migkit.classroom.handout import release

ROOT = Path(__file__).parents[1]
MODULE = "04_census"
HIDDEN = ROOT / "tests" / "plain_nbgrader" / f"{MODULE}.ipynb"


def answered(released, source, wrong):
    """The participants' notebook with the authors' solutions, and the mistakes of the questions in ``wrong``."""
    return demo.solved(source, released, demo.Part("", "", mistakes=tuple(wrong)))


def mixes(number):
    """Which questions go wrong in each of the hand-ins."""
    labels = sorted(demo.MISTAKES)
    return [[label for place, label in enumerate(labels) if hand_in % 3 and (hand_in * 7 + place * 5) % 4 == 0]
            for hand_in in range(number)]  # fmt: skip


def processor_seconds():
    """Of this process and of all that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def measured(work):
    """Wall and processor seconds of ``work``, and what it gave."""
    wall, processor = time.monotonic(), processor_seconds()
    result = work()
    return time.monotonic() - wall, processor_seconds() - processor, result


def roster(folder, number):
    path = folder / "roster.csv"
    lines = [f"p{n:03},Person,Number {n}" for n in range(number)]
    path.write_text("\n".join(["student_id,first_name,last_name", *lines]) + "\n", encoding="utf-8")
    return path


def our_class(folder, number):
    """A class of the kit with all hand-ins collected."""
    course, people = new_course("here", roster(folder, number), MODULE, seed=7, folder=folder)
    release(course)
    source = nbformat.read(course.source_notebook, 4)
    released = nbformat.read(course.release_notebook, 4)
    place = folder / "in"
    place.mkdir()
    for person, wrong in zip(people.people, mixes(number), strict=True):
        nbformat.write(answered(released, source, wrong), place / f"{MODULE}_{person.student_id}.ipynb")
    handin.collect(course, place)
    return course


def stock_course(folder, course):
    """The same hand-ins as a course of nbgrader alone."""
    root = folder / "stock"
    (root / "source" / MODULE).mkdir(parents=True)
    shutil.copyfile(HIDDEN, root / "source" / MODULE / f"{MODULE}.ipynb")
    (root / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'stock'\nc.ExecutePreprocessor.timeout = 60\n",
        encoding="utf-8",
    )
    nbgrader(root, "generate_assignment", MODULE, "--force")
    source, released = nbformat.read(HIDDEN, 4), nbformat.read(root / "release" / MODULE / f"{MODULE}.ipynb", 4)
    people = [person.student_id for person in course.roster().people]
    for student, wrong in zip(people, mixes(len(people)), strict=True):
        place = root / "submitted" / student / MODULE
        place.mkdir(parents=True)
        nbformat.write(answered(released, source, wrong), place / f"{MODULE}.ipynb")
    return root


def nbgrader(root, *words):
    find_tools()
    environment = {**os.environ, "KIT_DATA": str(root.parent / "here" / "data")}
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words], cwd=root, env=environment, capture_output=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr.decode()[-2000:])


def points(database):
    """Points by hand-in and graded cell."""
    with Gradebook(f"sqlite:///{database}") as gradebook:
        return {
            (submission.student.id, grade.name): grade.auto_score
            for submission in gradebook.assignment_submissions(MODULE)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


def as_doctest(hidden, worth):
    """Hidden tests as the one doctest that otter wants; a last line that gives points must give all of them."""
    *body, last = hidden.rstrip().splitlines()
    if last.startswith(("_points", "len(")):
        last = f"assert {last} == {worth}"
    inside = (" ", ")", "else", "elif")
    return "\n".join(("... " if line.startswith(inside) else ">>> ") + line for line in [*body, last])


def otter_setup(folder, python):
    """An autograder of otter with a test for each question; gives its zip and what each question is worth."""
    tests = folder / "otter" / "tests"
    tests.mkdir(parents=True)
    worth = {}
    for cell in nbformat.read(HIDDEN, 4).cells:
        marks = cell.metadata.nbgrader
        if cell.cell_type != "code" or not marks.grade:
            continue
        worth[marks.grade_id] = marks.points
        hidden = cell.source.split("### BEGIN HIDDEN TESTS\n")[1].split("### END HIDDEN TESTS")[0]
        case = {"code": as_doctest(hidden, marks.points), "hidden": False, "locked": False}
        suite = {"cases": [case], "scored": True, "type": "doctest"}
        test = {"name": marks.grade_id, "points": marks.points, "suites": [suite]}
        (tests / f"{marks.grade_id}.py").write_text(f"OK_FORMAT = True\n\ntest = {test!r}\n", encoding="utf-8")
    plain = ["--no-requirements", "--no-environment"]
    otter(python, folder / "otter", "generate", "-t", "tests", "-o", "autograder.zip", *plain)
    return folder / "otter" / "autograder.zip", worth


def otter(python, place, *words):
    environment = {**os.environ, "KIT_DATA": str(place.parent / "here" / "data")}
    environment["PATH"] = os.pathsep.join([str(python.parent), environment["PATH"]])
    done = subprocess.run(
        [python.parent / "otter", *words], cwd=place, env=environment, capture_output=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"otter {words[0]}: {done.stderr.decode()[-2000:]}")


def grade_here(course):
    """A row of the table."""
    with Memory() as memory:
        wall, processor, report = measured(lambda: grading.grade(course))
    number = len(report.outcomes)
    failed = [outcome for outcome in report.outcomes if not outcome.graded]
    print(
        f"here: {number} hand-ins, {len(failed)} failed; most memory of the grader {memory.most / 2**20:.0f} MiB"
    )
    times = [outcome.seconds for outcome in report.outcomes]
    quarter = max(number // 4, 1)
    first, last = sum(times[:quarter]) / quarter, sum(times[-quarter:]) / quarter
    print(f"seconds a hand-in, first quarter (with the start) and last: {first:.2f}, {last:.2f}")
    return "here", number, wall, processor


def grade_stock(folder, course):
    """A row of the table; says whether the scores are the same."""
    root = stock_course(folder, course)
    wall, processor, _done = measured(lambda: nbgrader(root, "autograde", MODULE))
    ours, theirs = points(course.gradebook_file), points(root / "gradebook.db")
    both = ours.keys() & theirs.keys()
    differ = sorted(key for key in both if ours[key] != theirs[key])
    print(f"{len(both)} graded cells compared with nbgrader's, {len(differ)} differ {differ[:5]}")
    return "nbgrader autograde", len(course.roster().people), wall, processor


def grade_otter(folder, course, python):
    """A row of the table, for eight hand-ins; says how many questions are right or wrong in both."""
    autograder, worth = otter_setup(folder, python)
    people = [person.student_id for person in course.roster().people][:8]

    def run():
        for student in people:
            (folder / "otter" / student).mkdir()
            hand_in = course.submitted(student) / f"{MODULE}.ipynb"
            options = ["-a", str(autograder), "-o", student, "--no-logo"]
            otter(python, folder / "otter", "run", *options, str(hand_in))

    wall, processor, _done = measured(run)
    ours, alike = points(course.gradebook_file), 0
    for student in people:
        told = json.loads((folder / "otter" / student / "results.json").read_text(encoding="utf-8"))
        full = {test["name"].split()[0] for test in told["tests"] if test.get("score") == test.get("max_score")}
        alike += sum((name in full) == (ours[student, name] == worth[name]) for name in worth)
    print(f"of {len(worth) * len(people)} questions, {alike} are all right or not in otter as they are here")
    return "otter run (no Docker)", len(people), wall, processor


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hand-ins", type=int, default=40)
    parser.add_argument("--only-here", action="store_true", help="without the peers, for large numbers")
    parser.add_argument("--otter", type=Path, help="python of an environment with otter-grader and the kit")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kit-bench-") as place:
        folder = Path(place)
        course = our_class(folder, options.hand_ins)
        rows = [grade_here(course)]
        if not options.only_here:
            rows.append(grade_stock(folder, course))
        if options.otter:
            rows.append(grade_otter(folder, course, options.otter))
    base = rows[0][2] / rows[0][1]
    print(f"\n{'':24}{'hand-ins':>9}{'seconds':>10}{'a hand-in':>11}{'CPU s':>8}{'times ours':>12}")
    for name, number, wall, processor in rows:
        each = wall / number
        print(f"{name:24}{number:>9}{wall:>10.1f}{each:>11.2f}{processor / number:>8.2f}{each / base:>12.1f}")


if __name__ == "__main__":
    main()
