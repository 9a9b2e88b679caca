"""What a participant's code can and cannot do while it is graded."""

import ast
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from migkit.classroom import sandbox
from migkit.classroom.workers import Cell, Job, Workers
from migkit.reference import ROOT

pytestmark = pytest.mark.sandbox

#: Where the kit itself lies below /tmp, its own folder is shown there.
KIT_IN_TMP = [path.parts[2] for path in (ROOT, Path(sys.prefix)) if path.is_relative_to("/tmp")]

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
    (own / "tiny.ipynb").write_text("hidden tests", encoding="utf-8")
    return course


def make_workers(place, seconds=20, jobs=1, **limits):
    return Workers(
        place / "data", hidden=(place,), limits=sandbox.Limits(cell_seconds=seconds, **limits), jobs=jobs
    )


def run(place, *cells, workers=None, files=None, **limits):
    """Run cells as a hand-in is run; gives the notebook, and in its metadata why cells were stopped."""
    job = Job(tuple(map(Cell, cells)), files or {})
    if workers:
        ran = workers.run(job)
    else:
        with make_workers(place, **limits) as own:
            ran = own.run(job)
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata={"stopped": ran.stopped})
    for number, cell in enumerate(notebook.cells):
        cell.outputs = [nbformat.from_dict(output) for output in ran.outputs.get(number, [])]
    nbformat.validate(notebook)
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
        files={"helper.py": b"ANSWER = 7\n"},
    )
    assert [said(cell).strip() for cell in notebook.cells] == [
        "42",
        "7",
        "['helper.py', 'out.csv']",
        "0",
        "['04_census']",
        "0.9999999999999999",
    ]


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
    assert set(writable) == {"/proc", "/tmp", "/run/kit/work", "/run/kit/home"}


def test_a_class_inside_a_folder_that_is_shown_is_masked(place):
    hidden = Path(sys.prefix) / "lib"
    room = sandbox.Room(place, hidden=(hidden,))
    words = sandbox.command(sandbox.find_mode(), sandbox.Limits(), room, fork=True)
    assert words[words.index(str(hidden)) - 1] == "--tmpfs"


def test_system_environment_and_data_are_read_only(place):
    tries = [
        "/usr/bin/evil",
        sys.prefix + "/evil.py",
        str(ROOT / "src" / "migkit" / "evil.py"),
        "/run/kit/data/evil.csv",
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
        "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass",
        seconds=2,
    )
    assert said(notebook.cells[2]).strip() == "after 1"
    assert "Stopped" in said(notebook.cells[3])
    assert said(notebook.cells[4]).strip() == "still 1"
    assert "ran longer" in notebook.metadata["stopped"][5]
    assert "ran longer than 2 seconds" in notebook.metadata["stopped"][1]
    assert "ignored the interrupt" in notebook.metadata["stopped"][3]
    assert time.monotonic() - began < 90


def test_code_that_ends_itself_costs_its_own_cell_only(place):
    exits = ["import os\nos._exit(0)", "import os\nos.abort()", "import ctypes\nctypes.string_at(0)"]
    notebook = run(place, "a = 5", *exits, "print(a)")
    for cell in notebook.cells[1:4]:
        assert "ended the program" in said(cell)
    assert said(notebook.cells[4]).strip() == "5"


def test_signals_to_everybody_reach_nobody_else(place):
    with make_workers(place, jobs=2) as workers:
        waiting = Job((Cell("import time\ntime.sleep(3)\nprint('still here')"),))
        workers.expect(waiting)
        kill = "import os\nfor pid in [*range(-2, 200), os.getppid()]:\n    try:\n        os.kill(pid, 9)\n" + (
            "    except (OSError, OverflowError):\n        pass"
        )
        run(place, kill, "print(1)", workers=workers)
        assert workers.run(waiting).outputs[0][0]["text"] == "still here\n"
        assert said(run(place, "print(2)", workers=workers).cells[0]) == "2\n"


def test_hand_ins_side_by_side_do_not_see_each_other(place):
    """Neither files, nor processes, nor memory, nor sockets of another one that runs now or ran before."""
    leave = (
        "import os, socket, subprocess, sys, time\n"
        "for folder in ('/tmp', '/dev/shm', os.environ['HOME'], '.'):\n"
        "    open(os.path.join(folder, 'left_behind'), 'w').write('answer')\n"
        "server = socket.socket(socket.AF_UNIX)\nserver.bind(chr(0) + 'left_behind')\nserver.listen()\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'], start_new_session=True)\n"
        "import pandas, builtins\npandas.left_behind = builtins.left_behind = 'answer'\n"
        "os.environ['LEFT_BEHIND'] = 'answer'\ntime.sleep(2)"
    )
    look = (
        "import os, socket, pandas, builtins\n"
        "folders = ('/tmp', '/dev/shm', os.environ['HOME'], '.')\n"
        f"print([name for folder in folders for name in os.listdir(folder) if name not in {KIT_IN_TMP}])\n"
        "print([name for name in os.listdir('/proc') if name.isdigit()])\n"
        "print('LEFT_BEHIND' in os.environ, *(hasattr(each, 'left_behind') for each in (pandas, builtins)))\n"
        "try:\n    socket.socket(socket.AF_UNIX).connect(chr(0) + 'left_behind')\n    print('reached')\n"
        "except OSError:\n    print('nobody')"
    )
    with make_workers(place, jobs=2) as workers:
        workers.expect(Job((Cell(leave),)))
        time.sleep(1)
        during = said(run(place, look, workers=workers).cells[0])
        workers.run(Job((Cell(leave),)))
        after = said(run(place, look, workers=workers).cells[0])
    assert during == after == "[]\n['1']\nFalse False False\nnobody\n"


def test_of_individual_data_each_sees_its_own(place):
    for name in ("p01", "p02"):
        (place / "individual" / name).mkdir(parents=True)
        (place / "individual" / name / "n.csv").write_text(name, encoding="utf-8")
    code = (
        "import os\nprint(open(os.environ['KIT_DATA'] + '/n.csv').read(), os.listdir(os.environ['KIT_DATA']))\n"
        "print([p for p in ('/run/kit/everybody/p01', '/run/kit/everybody/p02') if os.path.lexists(p)])"
    )
    with Workers(everybody=place / "individual", hidden=(place,), jobs=1) as workers:
        for name in ("p01", "p02"):
            ran = workers.run(Job((Cell(code),), data=name))
            assert ran.outputs[0][0]["text"] == f"{name} ['n.csv']\n[]\n"


def test_no_right_is_left_and_none_comes_back(place):
    code = (
        "import subprocess\n"
        "lines = [line.split() for line in open('/proc/self/status') if line.startswith(('Cap', 'NoNewPrivs'))]\n"
        "print(sorted({tuple(line) for line in lines}))\n"
        "import ctypes\nlibc = ctypes.CDLL(None)\n"
        "print(libc.mount(b'tmpfs', b'/tmp', b'tmpfs', 0, None), libc.umount(b'/proc'), libc.unshare(0x00020000))"
    )
    first, second = said(run(place, code).cells[0]).splitlines()
    assert {value for _name, value in ast.literal_eval(first)} == {"0000000000000000", "1"}
    assert second == "-1 -1 -1"


def test_forged_frames_are_only_their_own_outputs(place):
    """The pipe to the grader is found and written to: no other hand-in's result changes, and nothing breaks."""
    forge = (
        "import os, json, struct\n"
        "for handle in range(3, 64):\n"
        "    for block in (struct.pack('>cII', b'E', 1, 12) + b'{\"ended\": 0}', b'{\"end\": 0}\\n',\n"
        "                  b'[' * 5000 + b'\\n',\n"
        '                  b\'{"begin": 99}\\n\', b\'{"output": {"output_type": "execute_result"}}\\n\',\n'
        '                  b\'{"answer": "q1", "plain": 7}\\n\', b\'\\xff\\n\'):\n'
        "        try:\n            os.write(handle, block)\n        except OSError:\n            break"
    )
    with make_workers(place, jobs=2) as workers:
        other = Job((Cell("import time\ntime.sleep(2)\nanswer = 5"), Cell(None, {"q1": "answer"})))
        workers.expect(other)
        run(place, forge, "print('next')", workers=workers)
        assert workers.run(other).answers == {"q1": {"kind": "number", "value": 5, "whole": True}}


def test_outputs_are_those_of_jupyter(place):
    notebook = run(
        place,
        "import pandas as pd\npd.DataFrame({'a': [1]})",
        "display('x')\n1 + 1",
        "1 / 0",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
        "if True print(1)",
        "import sys\nprint('out')\nprint('err', file=sys.stderr)",
        "input('name?')",
        "%%timeit -n 1 -r 1\npass",
        "!echo from the terminal",
        "await __import__('asyncio').sleep(0, 'awaited')",
        "import ipywidgets\nipywidgets.IntSlider()",
        "from IPython.display import clear_output\nprint('gone')\nclear_output()\nprint('kept')",
    )
    kinds = [[output.output_type for output in cell.outputs] for cell in notebook.cells]
    assert kinds[0] == ["execute_result"]
    assert "text/html" in notebook.cells[0].outputs[0].data
    assert kinds[1] == ["display_data", "execute_result"]
    assert notebook.cells[2].outputs[0].ename == "ZeroDivisionError"
    assert any(
        "cell line: 1" in line.lower() or "1 / 0" in line for line in notebook.cells[2].outputs[0].traceback
    )
    assert "image/png" in notebook.cells[3].outputs[-1].data
    assert notebook.cells[4].outputs[0].ename == "SyntaxError"
    assert [output.name for output in notebook.cells[5].outputs] == ["stdout", "stderr"]
    assert notebook.cells[6].outputs[0].ename == "StdinNotImplementedError"
    assert "loop" in said(notebook.cells[7])
    assert "from the terminal" in said(notebook.cells[8])
    assert said(notebook.cells[9]) == "'awaited'"
    assert kinds[10][-1] in ("execute_result", "display_data")
    assert said(notebook.cells[11]) == "kept\n"


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


def command_line(process):
    """The words a process was started with; none if it has just ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def test_the_hand_in_is_gone_when_the_grader_is_killed(place, tmp_path):
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
        if len([1 for process in watched if '"probe": false' in command_line(process)]) >= 4:
            break
        time.sleep(0.1)
    assert len(watched) >= 4, "bubblewrap, the warm process, the guard and the hand-in"
    grader.kill()
    grader.wait()
    _gone, alive = psutil.wait_procs(watched, timeout=10)
    assert alive == []


def test_every_mode_that_this_machine_has_stands_the_same_test(place, monkeypatch):
    modes = [mode for mode in ("root", "user") if mode == "user" or os.getuid() == 0]
    for mode in modes:
        if not sandbox._works(mode, fork=False):
            continue
        monkeypatch.setattr(sandbox, "find_mode", lambda mode=mode: mode)
        notebook = run(place, f"import os\nprint(os.getuid() != 0, os.path.exists({str(place)!r}))")
        assert said(notebook.cells[0]).strip() == "True False", mode


@pytest.mark.parametrize("fork", [True, False], ids=["forked", "anew each time, as on Windows"])
def test_without_walls_the_limits_hold_and_the_trainer_is_told(place, monkeypatch, fork):
    monkeypatch.setattr(sandbox, "find_mode", lambda: "none")
    monkeypatch.setattr(sandbox, "can_fork", lambda mode: fork)
    monkeypatch.setenv("SECRET_OF_THE_GRADER", "x")
    notebook = run(
        place,
        "import os\nfrom pathlib import Path\n"
        "print(os.environ['KIT_DATA'], 'SECRET_OF_THE_GRADER' in os.environ, Path.cwd().name.isdigit())",
        "while True:\n    pass",
        "os._exit(1)",
        "blocks = []\nwhile True:\n    blocks.append(bytearray(b'x' * 20_000_000))",
        "for n in range(80):\n    open(f'{n}', 'wb').write(b'x' * 20_000_000)\n    __import__('time').sleep(0.1)",
        "print('alive')",
        seconds=3,
        memory=300,
    )
    assert said(notebook.cells[0]).split() == [str(place / "data"), "False", "True"]
    assert "ended the program" in said(notebook.cells[2])
    assert "longer than 3 seconds" in said(notebook.cells[4]) or "MB of files" in said(notebook.cells[4])
    assert said(notebook.cells[5]).strip() == "alive"
    sentence = sandbox.unprotected("none")
    assert sentence.startswith("Not protected here")
    assert sentence.count(".") == 1


def test_protected_grading_needs_no_warning():
    assert sandbox.unprotected("user") == sandbox.unprotected("root") == ""


def test_nothing_is_left_behind(place):
    before = set(Path(os.environ.get("TMPDIR", "/tmp")).glob("kit-*"))
    run(place, "1")
    after = set(Path(os.environ.get("TMPDIR", "/tmp")).glob("kit-*"))
    assert after <= before
