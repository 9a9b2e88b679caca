# ruff: noqa: E501  (the attacks are as their authors might write them)
"""The attack table: what hostile hand-ins come to on stock nbgrader, and here.

    .venv/bin/python benchmarks/attacks.py          # five minutes; both in throw-away classes
    .venv/bin/python benchmarks/attacks.py --only always,exit

Here all hand-ins of ``tests/attacks`` are graded at once, as in the tests. Stock nbgrader runs them with the rights
of whoever starts this program, so that each has a course of its own there, and attacks that would harm this
computer are cut short: they stop after an amount that shows that nothing stops them, or are not run at all.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
from nbgrader.api import Gradebook

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from attacks.course import MODULE, POINTS, hand_in, make_trusted_class, source_notebook
from attacks.hostile import ALWAYS, ATTACKS, Attack, bad_html, doubled, forged_outputs, renamed
from test_classroom_attacks import Graded, points_of

#: The tests of the stock course, hidden in the graded cells.
TESTS = {
    "q1": 'assert total == int((people["n"] * 3 + 1).sum())',
    "q2": 'pd.testing.assert_series_equal(by_sex, people.set_index("sex")["n"])',
    "q3": 'assert largest == f"{people.sex[people.n.idxmax()]}-{people.n.max()}"',
}
PATCHED = """
import pandas.testing
from IPython import get_ipython
get_ipython().input_transformers_cleanup.append(lambda lines: [f"pass\\n" if "assert" in line else line for line in lines])
"""
#: What is run on stock nbgrader: as here, or so that it harms nothing but its own course.
STOCK: dict[str, Attack] = {
    "read": Attack(
        "",
        "from pathlib import Path\nhere = Path('@class@')\n"
        "print('LEAK', 'HIDDEN TESTS' in (here / 'source/tiny/tiny.ipynb').read_text(),\n"
        "      len((here / 'gradebook.db').read_bytes()), (here / 'submitted/neighbour/tiny/tiny.ipynb').is_file())",
    ),
    "write": Attack(
        "",
        "import sqlite3\nbook = sqlite3.connect('@class@/gradebook.db', timeout=1)\n"
        "book.execute('update student set first_name = \"edited\"')\nbook.commit()\n"
        "open('@class@/submitted/neighbour/tiny/tiny.ipynb', 'w').write('gone')",
    ),
    "leave": Attack(
        "",
        "import subprocess, sys\nchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'],\n"
        "    start_new_session=True)\nopen('@class@/left.pid', 'w').write(str(child.pid))",
    ),
    "network": Attack("", "import socket\nsocket.create_connection(('127.0.0.1', @port@))"),
    "forks": Attack(
        "",
        "import os, time\nmade = 0\nfor _ in range(300):\n    if os.fork() == 0:\n        time.sleep(3); os._exit(0)\n"
        "    made += 1\nprint('MADE', made, 'processes')",
    ),
    "hungry": Attack(
        "", "block = bytearray(b'x' * 3_000_000_000)\nprint('MADE', len(block) // 10**6, 'MB')\ndel block"
    ),
    "disk": Attack(
        "",
        "with open('@class@/flood', 'wb') as file:\n    for _ in range(30):\n        file.write(b'x' * 20_000_000)\n"
        "import os\nprint('MADE', os.path.getsize('@class@/flood') // 10**6, 'MB')",
    ),
    "prints": Attack("", "for _ in range(300):\n    print('x' * 100_000)"),
    "loop": ATTACKS["loop"],
    "exit": ATTACKS["exit"],
    "kill": Attack("", "import os\nos.kill(os.getppid(), 9)"),
    "crash": ATTACKS["crash"],
    "always": Attack("", given={"q1": ALWAYS}),
    "patches": Attack("", PATCHED),
    "outputs": Attack("", change=forged_outputs),
    "renamed": Attack("", change=renamed),
    "doubled": Attack("", change=doubled),
    "surrogates": Attack("", "print(chr(0xd800))"),
    "html": Attack("", given={"q4": ATTACKS["html"].given["q4"]}, change=bad_html),
}


@dataclass
class Stock:
    """One hand-in on stock nbgrader, in a course of its own."""

    root: Path
    attack: Attack
    connections: int = 0

    def run(self, released: nbformat.NotebookNode, port: int) -> str:
        """Grade it; gives what happened in words."""
        honest = {name: self.answers(released, {}) for name in ("neighbour",)}
        values = {"class": str(self.root), "port": str(port)}
        for name, notebook in {**honest, "attacker": self.answers(released, values)}.items():
            place = self.root / "submitted" / name / MODULE / f"{MODULE}.ipynb"
            place.parent.mkdir(parents=True)
            place.write_text(json.dumps(notebook), encoding="utf-8")
        before = (self.root / "submitted/neighbour/tiny/tiny.ipynb").read_bytes()
        ended = nbgrader(
            self.root, "autograde", MODULE, "--student", "attacker", "--ExecutePreprocessor.timeout=5"
        )
        said = [ended] if ended else []
        said += self._points()
        said += self._harm(before)
        return "; ".join(said)

    def answers(self, released: nbformat.NotebookNode, values: dict[str, str]) -> nbformat.NotebookNode:
        """The attacking notebook, or an honest one without ``values``."""

        class Course:
            release_notebook = self.root / "released.ipynb"

        nbformat.write(released, Course.release_notebook)
        return self.attack.notebook(Course, values) if values else hand_in(Course)  # type: ignore[arg-type]

    def _points(self) -> list[str]:
        path = self.root / "autograded/attacker/tiny/tiny.ipynb"
        if not path.is_file():
            return ["NO RESULT"]
        outputs = [output for cell in nbformat.read(path, 4).cells for output in cell.get("outputs", [])]
        text = "".join(str(output.get("text", "")) for output in outputs)
        said = [line for line in text.splitlines() if line.startswith(("LEAK", "MADE"))]
        with Gradebook(f"sqlite:///{self.root / 'gradebook.db'}") as book:
            notebook = book.find_submission_notebook(MODULE, MODULE, "attacker")
            scores = {grade.cell.name: grade.auto_score for grade in notebook.grades}
        total = scores.get("q1")
        earned = "NOT EARNED" if total else "as earned"
        if total is None:
            return [*said, "NO RESULT"]
        lost = [label for label in ("q2", "q3") if (scores.get(label) or 0) < POINTS[label]]
        said += [f"earned points for {' and '.join(lost)} LOST"] if lost else []
        return [*said, f"q1 {total:g} of {POINTS['q1']}, {earned}"]

    def _harm(self, before: bytes) -> list[str]:
        said = []
        if (self.root / "submitted/neighbour/tiny/tiny.ipynb").read_bytes() != before:
            said.append("GRADEBOOK AND NEIGHBOUR EDITED")
        if self.connections:
            said.append("SERVER REACHED")
        left = self.root / "left.pid"
        if left.is_file() and psutil.pid_exists(int(left.read_text())):
            said.append("STILL RUNNING after grading")
            psutil.Process(int(left.read_text())).kill()
        if self.attack.change is bad_html:
            nbgrader(self.root, "generate_feedback", MODULE, "--student", "attacker")
            page = self.root / "feedback/attacker/tiny/tiny.html"
            text = page.read_text(encoding="utf-8") if page.is_file() else ""
            said += ["SCRIPT in the feedback"] if "<script>alert('bad-script')" in text else []
            said += ["HIDDEN TESTS in the feedback"] if "HIDDEN TESTS" in text else []
        return said


def nbgrader(root: Path, *words: str) -> str:
    """Run stock nbgrader; gives why it did not end as it should."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-m", "nbgrader", *words]
    with subprocess.Popen(
        command, cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            code = process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            family = psutil.Process(process.pid).children(recursive=True)
            for each in [*family, process]:
                each.kill()
            return "STILL AT IT after a minute"
    return f"nbgrader was KILLED by signal {-code}" if code < 0 else ""


def stock_course(folder: Path) -> tuple[Path, nbformat.NotebookNode]:
    """A course of nbgrader alone with hidden tests; its folder and the participants' notebook."""
    root = folder / "stock"
    source = source_notebook()
    for cell in source.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in TESTS:
            cell.source = f"### BEGIN HIDDEN TESTS\n{TESTS[name]}\n### END HIDDEN TESTS"
    place = root / "source" / MODULE
    place.mkdir(parents=True)
    nbformat.write(source, place / f"{MODULE}.ipynb")
    data = make_trusted_class(folder, ["p01"]).root / "data"
    os.environ["KIT_DATA"] = str(data)
    (root / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'stock'\n")
    nbgrader(root, "generate_assignment", MODULE, "--force")
    return root, nbformat.read(root / "release" / MODULE / f"{MODULE}.ipynb", 4)


def run_stock(folder: Path, names: list[str]) -> dict[str, str]:
    """What happens on stock nbgrader, by name of the attack."""
    root, released = stock_course(folder)
    found = {}
    for name in names:
        if name not in STOCK:
            continue
        course = Stock(Path(shutil.copytree(root, folder / "courses" / name)), STOCK[name])
        with socket.create_server(("127.0.0.1", 0)) as server:
            threading.Thread(target=_count, args=(server, course), daemon=True).start()
            found[name] = course.run(released, server.getsockname()[1])
        shutil.rmtree(course.root)
        print(f"stock nbgrader, {name}: {found[name]}", file=sys.stderr)
    return found


def _count(server: socket.socket, course: Stock) -> None:
    try:
        while True:
            server.accept()
            course.connections += 1
    except OSError:
        return


def run_here(folder: Path) -> dict[str, str]:
    """What happens here, by name of the attack."""
    graded = Graded(folder)
    found = {}
    for name, attack in ATTACKS.items():
        points = points_of(graded, name)
        if not points:
            found[name] = f"NO RESULT: {graded.outcomes[name].reason}"
            continue
        as_earned = "as earned" if points == attack.points() else "NOT AS EARNED"
        notes = [note for note in graded.outcomes[name].notes if attack.told and attack.told in note]
        found[name] = "; ".join([f"q1 {points['q1']:g} of {POINTS['q1']}, {as_earned}", *notes[:1]])
    print(
        f"here: {len(ATTACKS)} hostile hand-ins beside 2 honest ones graded in {graded.report.seconds:.0f} s; "
        f"{len(graded.reached)} connections; {len(graded.changed)} files of the class changed",
        file=sys.stderr,
    )
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="names of attacks, with commas")
    only = parser.parse_args().only
    names = [name for name in ATTACKS if not only or name in only.split(",")]
    with tempfile.TemporaryDirectory(prefix="attacks-") as place:
        here = run_here(Path(place, "here"))
        stock = run_stock(Path(place, "there"), names)
    print("| attack | stock nbgrader 0.9.6 | here |\n|---|---|---|")
    for name in names:
        there = stock.get(name, "not run: it aims at this kit, or nothing would stop it")
        print(f"| {ATTACKS[name].what} | {there} | {here[name]} |")


if __name__ == "__main__":
    main()
