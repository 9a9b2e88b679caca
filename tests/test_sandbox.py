"""What a participant's code can and cannot do while it is graded."""

import ast
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from traitlets.config import Config

from migkit.classroom import sandbox
from migkit.classroom.preprocessors import NOTES, SandboxedExecute
from migkit.reference import ROOT

pytestmark = pytest.mark.sandbox
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


WALK = """
import os
found = []
for folder, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if name not in ("proc", "usr", "site-packages", "share", "lib")]
    found += [os.path.join(folder, name) for name in files if name.endswith((".ipynb", ".db"))]
print(found)
"""


@pytest.fixture
def place(tmp_path):
    """A class with secrets, and one hand-in's own folder."""
    course = tmp_path / "class"
    for name in ("source/tiny/tiny.ipynb", "gradebook.db", "submitted/other/tiny/tiny.ipynb", "data/people.csv"):
        path = course / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("n\n42\n", encoding="utf-8")
    own = course / "autograded" / "me" / "tiny"
    own.mkdir(parents=True)
    (own / "helper.py").write_text("ANSWER = 7\n", encoding="utf-8")
    (own / "tiny.ipynb").write_text("hidden tests", encoding="utf-8")
    return course


def run(place, *cells, seconds=20, **limits):
    """Run cells as a hand-in is run; gives the notebook."""
    config = Config()
    config.SandboxedKernelManager.class_data = str(place / "data")
    config.SandboxedKernelManager.hidden_folders = [str(place)]
    config.SandboxedKernelManager.update(limits)
    config.Execute.shutdown_kernel = "immediate"
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata=KERNEL)
    step = SandboxedExecute(config=config, timeout=seconds)
    step.preprocess(notebook, {"metadata": {"path": str(place / "autograded" / "me" / "tiny")}})
    return notebook


def said(cell):
    """All that a cell put out, errors included."""
    parts = []
    for output in cell.outputs:
        parts.append(output.get("text", "") or output.get("data", {}).get("text/plain", ""))
        parts.append(f"{output.get('ename', '')}: {output.get('evalue', '')}" if "ename" in output else "")
    return "".join(parts)


def test_honest_code_finds_its_own_files_the_data_and_the_libraries(place):
    notebook = run(
        place,
        "import os, pandas as pd\nprint(pd.read_csv(os.environ['KIT_DATA'] + '/people.csv')['n'].sum())",
        "import helper\nprint(helper.ANSWER)",
        "open('out.csv', 'w').write('x')\nprint(sorted(os.listdir('.')))",
        "import matplotlib.pyplot as plt\nfigure = plt.figure()\nplt.close(figure)\nprint(len(plt.get_fignums()))",
        "import migkit.reference\nprint([m.slug for m in migkit.reference.curriculum(ready_only=True)])",
        "print(sum(0.1 for _ in range(10)))",
    )
    assert [said(cell).strip() for cell in notebook.cells] == [
        "42",
        "7",
        "['helper.py', 'out.csv']",
        "0",
        "['04_census']",
        "0.9999999999999999",
    ]
    assert not (place / "autograded" / "me" / "tiny" / "out.csv").exists(), "it writes on a copy"


def test_the_class_and_the_kit_s_secrets_cannot_be_seen(place):
    targets = [
        place / "source" / "tiny" / "tiny.ipynb",
        place / "gradebook.db",
        place / "submitted" / "other" / "tiny" / "tiny.ipynb",
        place / "autograded" / "me" / "tiny" / "tiny.ipynb",
        ROOT / "exercises",
        ROOT / "datasets" / "trainer",
        ROOT / "datasets" / "sample",
        ROOT / "classes",
        ROOT / ".git",
        Path("/etc/passwd"),
        Path("/etc/shadow"),
        Path("/root/.bash_history"),
        Path("/proc/1/root/etc/passwd"),
        Path(f"/proc/{os.getpid()}/cwd"),
    ]
    names = [str(path) for path in targets]
    notebook = run(
        place,
        f"import os\nprint([name for name in {names!r} if os.path.lexists(name)])",
        WALK,
        "print([line.split()[4] for line in open('/proc/self/mountinfo') if line.split()[5].startswith('rw')])",
    )
    assert said(notebook.cells[0]).strip() == "[]"
    assert said(notebook.cells[1]).strip() == "[]"
    writable = [where for where in ast.literal_eval(said(notebook.cells[2])) if not where.startswith("/dev/")]
    sockets = [where for where in writable if where.startswith("/tmp/kit-")]
    assert len(sockets) == 1
    assert set(writable) - set(sockets) == {"/proc", "/tmp", "/run/kit/work", "/run/kit/home"}


def test_a_class_inside_a_folder_that_is_shown_is_masked(place):
    hidden = Path(sys.prefix) / "lib"
    room = sandbox.Room(place, place, hidden=(hidden,))
    words = sandbox.command(sandbox.find_mode(), sandbox.Limits(), room, [])
    assert words[words.index(str(hidden)) - 1] == "--tmpfs"


def test_system_environment_and_data_are_read_only(place):
    tries = [
        "/usr/bin/evil",
        sys.prefix + "/evil.py",
        str(ROOT / "src" / "migkit" / "evil.py"),
        "/run/kit/data/evil.csv",
        "/run/kit/hand_in/evil.csv",
        "/evil",
        "/dev/evil",
    ]
    code = (
        f"for name in {tries!r}:\n    try:\n        open(name, 'w')\n        print('wrote', name)\n"
        "    except OSError:\n        pass"
    )
    assert said(run(place, code).cells[0]) == ""
    assert not (Path(sys.prefix) / "evil.py").exists()


def test_neither_network_nor_this_computer_s_own_servers_are_reached(place):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        connected = []
        thread = threading.Thread(target=lambda: connected.append(server.accept()), daemon=True)
        thread.start()
        code = f"""
import socket
for address in [("127.0.0.1", {port}), ("1.1.1.1", 53), ("localhost", {port})]:
    try:
        socket.create_connection(address, timeout=2)
        print("reached", address)
    except OSError as error:
        print("no")
"""
        notebook = run(place, code)
        assert said(notebook.cells[0]).split() == ["no", "no", "no"]
        assert connected == []


def test_the_grader_s_environment_and_processes_are_not_seen(place, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_GRADER", "x")
    notebook = run(
        place,
        "import os\nprint([name for name in os.environ if 'SECRET' in name])",
        "print(len([name for name in os.listdir('/proc') if name.isdigit()]) < 5)",
        "print(os.getuid() not in (0,), os.getgroups() in ([], [65534]))",
        "try:\n    os.setuid(0)\n    print('root')\nexcept OSError:\n    print('no')",
    )
    assert [said(cell).strip() for cell in notebook.cells] == ["[]", "True", "True True", "no"]


def test_a_fork_bomb_ends_at_its_limit_and_the_next_cell_has_a_result(place):
    before = set(psutil.Process().children(recursive=True))  # a browser of other tests may be running
    bomb = "import os, time\nfor _ in range(500):\n    if os.fork() == 0:\n        time.sleep(60); os._exit(0)"
    notebook = run(place, "x = 1", bomb, "print('alive')")
    assert "BlockingIOError" in said(notebook.cells[1]) or "processes" in said(notebook.cells[1])
    assert said(notebook.cells[2]).strip() == "alive"
    _gone, left = psutil.wait_procs(set(psutil.Process().children(recursive=True)) - before, timeout=10)
    assert left == []


def test_memory_beyond_the_limit_ends_with_a_reason(place):
    hungry = "blocks = []\nwhile True:\n    blocks.append(bytearray(b'x' * 20_000_000))"
    notebook = run(place, hungry, "print('alive')", memory=300)
    assert "MemoryError" in said(notebook.cells[0]) or "more than 300 MB" in said(notebook.cells[0])
    assert said(notebook.cells[1]).strip() == "alive"


def test_a_full_scratch_disk_is_only_its_own(place):
    code = (
        "block = b'x' * 10_000_000\ncount = 0\ntry:\n    while True:\n"
        "        open(f'/tmp/{count}', 'wb').write(block)\n        count += 1\nexcept OSError as error:\n"
        "    print(error.errno, count < 80)"
    )
    notebook = run(place, code)
    assert said(notebook.cells[0]).strip() == "28 True"


def test_endless_loops_end_with_a_result_also_when_they_ignore_the_interrupt(place):
    began = time.monotonic()
    notebook = run(
        place,
        "a = 1",
        "while True:\n    pass",
        "print('after', a)",
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    pass",
        "print('still', a)",
        seconds=2,
    )
    assert said(notebook.cells[2]).strip() == "after 1"
    assert "Stopped" in said(notebook.cells[3])
    assert said(notebook.cells[4]).strip() == "still 1"
    assert any("ran longer" in text for text in notebook.metadata[NOTES])
    assert time.monotonic() - began < 90


def test_a_kernel_that_ends_itself_costs_its_own_cell_only(place):
    notebook = run(place, "a = 5", "import os\nos._exit(1)", "import os\nos.kill(os.getpid(), 9)", "print(a)")
    assert "ended the program" in said(notebook.cells[1])
    assert "ended the program" in said(notebook.cells[2])
    assert said(notebook.cells[3]).strip() == "5"


def test_the_whole_notebook_has_a_limit_too(place):
    notebook = run(place, "import time\ntime.sleep(60)", "print('never')", notebook_seconds=4)
    assert "longer than 4 seconds" in said(notebook.cells[0])
    assert notebook.cells[1].outputs[0].ename == "Stopped"


def test_a_flood_of_output_is_stopped(place):
    notebook = run(place, "while True:\n    print('x' * 100_000)", "print('alive')")
    # On a busy machine what waits to be sent can reach the limit of memory before the limit of output.
    reasons = ("printed more than 5 MB", "used more than 2048 MB of memory")
    assert any(reason in said(notebook.cells[0]) for reason in reasons)
    assert said(notebook.cells[1]).strip() == "alive"


def test_the_kernel_is_gone_when_the_grader_is_killed(place, tmp_path):
    program = tmp_path / "grader.py"
    program.write_text(
        "import sys\nsys.path.insert(0, sys.argv[1])\nfrom pathlib import Path\nfrom test_sandbox import run\n"
        "run(Path(sys.argv[2]), 'import time\\ntime.sleep(300)', seconds=300)\n",
        encoding="utf-8",
    )
    grader = subprocess.Popen([sys.executable, str(program), str(Path(__file__).parent), str(place)])
    watched: list[psutil.Process] = []
    for _ in range(600):
        watched = psutil.Process(grader.pid).children(recursive=True)
        if len([1 for process in watched if '"probe": false' in " ".join(process.cmdline())]) >= 2:
            break
        time.sleep(0.1)
    assert len(watched) >= 2
    grader.kill()
    grader.wait()
    _gone, alive = psutil.wait_procs(watched, timeout=10)
    assert alive == []


def test_every_mode_that_this_machine_has_stands_the_same_test(place, monkeypatch):
    modes = [mode for mode in ("root", "user") if mode == "user" or os.getuid() == 0]
    for mode in modes:
        if not sandbox._works(mode):
            continue
        monkeypatch.setattr(sandbox, "find_mode", lambda mode=mode: mode)
        notebook = run(place, f"import os\nprint(os.getuid() != 0, os.path.exists({str(place)!r}))")
        assert said(notebook.cells[0]).strip() == "True False", mode


def test_without_walls_the_limits_hold_and_the_trainer_is_told(place, monkeypatch):
    monkeypatch.setattr(sandbox, "find_mode", lambda: "none")
    monkeypatch.setenv("SECRET_OF_THE_GRADER", "x")
    notebook = run(
        place,
        "import os\nfrom pathlib import Path\n"
        "print(os.environ['KIT_DATA'], 'SECRET_OF_THE_GRADER' in os.environ, Path.cwd().name)",
        "while True:\n    pass",
        "os._exit(1)",
        "blocks = []\nwhile True:\n    blocks.append(bytearray(b'x' * 20_000_000))",
        "print('alive')",
        seconds=3,
        memory=300,
    )
    assert said(notebook.cells[0]).split() == [str(place / "data"), "False", "work"]
    assert "ended the program" in said(notebook.cells[2])
    assert said(notebook.cells[4]).strip() == "alive"
    sentence = sandbox.unprotected("none")
    assert sentence.startswith("Not protected here")
    assert sentence.count(".") == 1


def test_protected_grading_needs_no_warning():
    assert sandbox.unprotected("user") == sandbox.unprotected("root") == ""


def test_a_manager_leaves_no_folder_behind(place):
    before = set(Path(os.environ.get("TMPDIR", "/tmp")).glob("kit-*"))
    run(place, "1")
    after = set(Path(os.environ.get("TMPDIR", "/tmp")).glob("kit-*"))
    assert after <= before
