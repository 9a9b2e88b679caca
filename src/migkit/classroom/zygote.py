"""Inside the sandbox: a warm process that forks once for each hand-in, so that nobody waits for imports twice.

The parent (the zygote) runs only the kit's code. Each child gets namespaces of its own (processes, files, network,
messages), empty folders, a user id of its own where there is one to have, and no rights, before the participant's
first line runs. What a child sends goes through the zygote in frames that the child cannot forge. Jobs and answers
pass through it from pipe to pipe inside the kernel (splice): in its memory, which each child gets a copy of, no
word of a solution, a key or a neighbour is ever written.
Where there is no fork (Windows) or no walls, one process serves one hand-in and ends.
"""

import base64
import contextlib
import ctypes
import json
import os
import select
import signal
import struct
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, BinaryIO

#: A frame: kind (``J`` job, ``C`` command, ``O`` what a child sent, ``E`` event), the job's number, the length.
HEAD = struct.Struct(">cII")
#: From <sched.h>, <sys/mount.h> and <linux/prctl.h>.
NEW_FILES, NEW_MESSAGES, NEW_PROCESSES, NEW_NETWORK = 0x00020000, 0x08000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 4096, 16384, 1 << 18
#: Files and folders that a hand-in may make; each takes a piece of the kernel's memory.
MOST_FILES = 20_000
#: Bytes that are passed on at a time.
BLOCK = 1 << 16
#: Blocks that may lie in a pipe when a child is gone.
MOST_LEFT = 16
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 24, 38, 47, 4


def write_frame(place: IO[bytes], kind: bytes, job: int, content: bytes) -> None:
    """Send one frame."""
    block = memoryview(HEAD.pack(kind, job, len(content)) + content)
    while block:
        block = block[place.write(block) :]
    place.flush()


def read_frame(place: IO[bytes]) -> tuple[bytes, int, bytes] | None:
    """Receive one frame; None at the end."""
    head = read_head(place)
    if head is None:
        return None
    kind, job, length = head
    content = _exactly(place, length)
    return None if content is None else (kind, job, content)


def read_head(place: IO[bytes]) -> tuple[bytes, int, int] | None:
    """Receive the beginning of a frame: its kind, the job, and how many bytes follow; None at the end."""
    head = _exactly(place, HEAD.size)
    return None if head is None else HEAD.unpack(head)


def _exactly(place: IO[bytes], length: int) -> bytes | None:
    """``length`` bytes, however many reads they take; None if it ends before."""
    parts: list[bytes] = []
    while length:
        part = place.read(length)
        if not part:
            return None
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _carry(source: int, target: int, length: int) -> None:
    """Move bytes from one pipe to another inside the kernel: this process never sees them."""
    while length:
        moved = os.splice(source, target, length)  # Linux alone forks
        if not moved:
            raise EOFError
        length -= moved


def _call(name: str, *arguments: Any) -> None:
    """A function of the C library that gives 0 when all is well."""
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _mount(what: str, where: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    _call("mount", what.encode(), where.encode(), kind.encode() or None, flags, options.encode() or None)


def _make_rooms(settings: dict[str, Any], data: str) -> None:
    """Fresh folders over the shared ones, and of all participants' data only this one's."""
    _mount("none", "/", flags=MS_REC | MS_PRIVATE)
    # The kit may lie below /tmp: what is shown there is held open and shown again in the new one.
    below_tmp = [path for path in settings["readable"] if path.startswith("/tmp/")]
    held = {path: os.open(path, os.O_PATH) for path in below_tmp}
    # One place in memory for all of them, so that there is one limit.
    *others, first = reversed(settings["fresh"])
    size = f"size={settings['scratch']},nr_inodes={MOST_FILES},mode=1777"
    _mount("tmpfs", first, "tmpfs", MS_NOSUID | MS_NODEV, size)
    for number, place in enumerate([*others, first]):
        own = Path(first, str(number))
        own.mkdir()
        own.chmod(0o1777)
        _mount(str(own), place, flags=MS_BIND)
    for path, handle in held.items():
        target = Path(path)
        if os.fstat(handle).st_mode & 0o040000:
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
        _mount(f"/proc/self/fd/{handle}", path, flags=MS_BIND | MS_REC)
        os.close(handle)
    if settings["everybody"]:
        if data:
            _mount(f"{settings['everybody']}/{data}", settings["data"], flags=MS_BIND)
        _mount("tmpfs", settings["everybody"], "tmpfs", MS_RDONLY)
    _mount("devpts", "/dev/pts", "devpts", MS_NOSUID, "newinstance,ptmxmode=0666,mode=600")
    _mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV)
    # When memory runs out, this one goes first.
    Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _give_up_rights(uid: int) -> None:
    """Become the user ``uid`` (0: stay who we are) without any capability, for good."""
    from migkit.classroom import kernel_calls
    from migkit.classroom.launcher import become

    prctl = ctypes.CDLL(None).prctl
    for capability in range(64):
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    if uid:
        become(uid)
    head = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _call("capset", head, (ctypes.c_uint32 * 6)())
    _call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    kernel_calls.refuse()


def _put_files(files: dict[str, str], work: Path) -> None:
    """The hand-in's own files (base64 by relative name), in its working folder."""
    for name, content in files.items():
        target = work / name
        if ".." in target.relative_to(work).parts:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(base64.b64decode(content))


def _perform(shell: Any, job: dict[str, Any], work: Path, tell: Callable[[bytes], object]) -> None:
    """Run the hand-in here, in this process; ``tell`` takes what it says, and comes back when that has left."""
    from migkit.classroom import cells

    def send(message: dict[str, Any]) -> None:
        tell(json.dumps(message, default=str).encode("utf-8", "replace") + b"\n")

    work.mkdir(parents=True, exist_ok=True)
    _put_files(job["files"], work)
    os.chdir(work)
    sys.path.append("")  # helpers that belong to the exercise
    cells.run(shell, job["cells"], send)


class Zygote:
    """The warm process: one loop, no threads, so that a fork copies nothing half done."""

    def __init__(self, settings: dict[str, Any], shell: Any, inward: BinaryIO, outward: BinaryIO) -> None:
        """Serve jobs that come by ``inward``; answer by ``outward``. Neither may be buffered."""
        self.settings = settings
        self.shell = shell
        self.inward = inward
        self.outward = outward
        self.told: dict[int, int] = {}  # pipe from a child: its job
        self.ends: dict[int, tuple[int, int]] = {}  # pipe that closes with a child's guard: its job, the guard
        self.children: dict[int, int] = {}  # job: the child
        self.between = os.pipe()  # what children said, on its way out
        self.nowhere = os.open(os.devnull, os.O_WRONLY)

    def serve(self) -> None:
        """Until the grader closes its end."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        commands = self.inward.fileno()
        while True:
            ready, _w, _x = select.select([commands, *self.told, *self.ends], [], [])
            for place in ready:
                if place in self.told:
                    self._pass_on(place)
                elif place in self.ends:
                    self._end(place)
                elif place == commands:
                    head = read_head(self.inward)
                    if head is None:
                        return
                    kind, number, length = head
                    if kind == b"J":
                        self._start(number, length)
                    else:
                        self._signal(number, self.inward.read(length))

    def _signal(self, number: int, command: bytes) -> None:
        child = self.children.get(number, 0)
        if child <= 0:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if command != b"kill":
                os.kill(child, signal.SIGINT)
            elif self.settings["walls"]:
                os.kill(child, signal.SIGKILL)  # the first process of its namespace: all others go with it
            else:
                os.killpg(child, signal.SIGKILL)

    def _start(self, number: int, length: int) -> None:
        """Fork, and hand the job (``length`` bytes) to the child unread."""
        told, tells = os.pipe()
        lives, alive = os.pipe()
        asked, asks = os.pipe()
        guard = os.fork()
        if guard == 0:
            try:
                for handle in (told, lives, asks, *self.between, self.nowhere, *self.told, *self.ends):
                    os.close(handle)
                self._guard(number, asked, length, tells, alive)
            finally:
                os._exit(70)
        for handle in (tells, alive, asked):
            os.close(handle)
        self.told[told] = number
        self.ends[lives] = (number, guard)
        self.children[number] = int(os.read(lives, 10) or b"0")
        self._ask(asks, length)
        write_frame(self.outward, b"E", number, json.dumps({"guard": guard}).encode())

    def _ask(self, asks: int, length: int) -> None:
        """Pass the job on; what a child that is gone did not take must not stand in the way of the next frame."""
        commands, taken = self.inward.fileno(), 0
        with contextlib.suppress(BrokenPipeError):
            while taken < length:
                taken += os.splice(commands, asks, length - taken)
        os.close(asks)
        _carry(commands, self.nowhere, length - taken)

    def _guard(self, number: int, asked: int, length: int, tells: int, alive: int) -> None:
        """Open the namespaces, start the child in them, wait for its end; ``alive`` closes with this process."""
        if self.settings["walls"]:
            _call("unshare", NEW_FILES | NEW_MESSAGES | NEW_PROCESSES | NEW_NETWORK)
        child = os.fork()
        if child == 0:
            code = 70
            try:
                os.close(alive)
                self.inward.close()
                self.outward.close()
                self._become_hand_in(number, asked, length, tells)
                code = 0
            finally:
                os._exit(code)
        os.write(alive, f"{child:>10}".encode())
        os.close(tells)
        os.close(asked)
        _pid, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0x7F)

    def _become_hand_in(self, number: int, asked: int, length: int, tells: int) -> None:
        from migkit.classroom.launcher import limit

        with os.fdopen(asked, "rb", buffering=0) as question:
            job = json.loads(_exactly(question, length) or b"")
        nowhere = os.open(os.devnull, os.O_RDWR)
        for handle in (0, 1, 2):
            os.dup2(nowhere, handle)  # what is written past Jupyter, terminal commands too, goes nowhere
        work = Path(self.settings["work"])
        if self.settings["walls"]:
            _make_rooms(self.settings, job["data"])
            _give_up_rights(self.settings["uid"] and self.settings["uid"] + number % 1000)
        else:
            os.setsid()
            work = work / str(number)
            if self.settings["everybody"] and job["data"]:
                os.environ["KIT_DATA"] = f"{self.settings['everybody']}/{job['data']}"
        limit(self.settings["limits"])
        signal.signal(signal.SIGINT, signal.default_int_handler)

        def tell(line: bytes) -> None:
            while line:
                line = line[os.write(tells, line) :]

        _perform(self.shell, job, work, tell)

    def _pass_on(self, place: int) -> bool:
        """Send on what a child said, unread; False at its end."""
        into, out = self.between[1], self.between[0]
        try:
            moved = os.splice(place, into, BLOCK, flags=os.SPLICE_F_NONBLOCK)
        except BlockingIOError:  # the child has taken it back
            return True
        if moved:
            self.outward.write(HEAD.pack(b"O", self.told[place], moved))
            _carry(out, self.outward.fileno(), moved)
            return True
        del self.told[place]
        os.close(place)
        return False

    def _end(self, lives: int) -> None:
        """The guard is gone, and with it the child; what it said last is passed on before its end is told."""
        number, guard = self.ends.pop(lives)
        os.close(lives)
        if not self.settings["walls"]:
            self._signal(number, b"kill")  # whatever it left behind
        for place in [place for place, job in self.told.items() if job == number]:
            for _block in range(MOST_LEFT):
                if not (select.select([place], [], [], 0.2)[0] and self._pass_on(place)):
                    break
            if place in self.told:  # held open by something that got away, without walls
                del self.told[place]
                os.close(place)
        del self.children[number]
        _pid, status = os.waitpid(guard, 0)
        event = json.dumps({"ended": os.waitstatus_to_exitcode(status)})
        write_frame(self.outward, b"E", number, event.encode())


def serve_one(settings: dict[str, Any], shell: Any, inward: BinaryIO, outward: BinaryIO) -> None:
    """Where there is no fork: run one hand-in in this very process, then end."""
    frame = read_frame(inward)
    if frame is None:
        return
    _kind, number, content = frame

    def listen() -> None:
        import _thread

        while (command := read_frame(inward)) is not None:
            if command[2] == b"kill":
                break
            _thread.interrupt_main()
        os._exit(1)

    threading.Thread(target=listen, daemon=True).start()
    job = json.loads(content)
    if settings["everybody"] and job["data"]:
        os.environ["KIT_DATA"] = str(Path(settings["everybody"]) / job["data"])
    from migkit.classroom.launcher import limit

    limit(settings["limits"])
    if settings["walls"]:
        from migkit.classroom import kernel_calls

        kernel_calls.refuse()
    one_at_a_time = threading.Lock()

    def tell(line: bytes) -> None:
        with one_at_a_time:
            write_frame(outward, b"O", number, line)

    _perform(shell, job, Path(settings["work"]) / str(number), tell)
    write_frame(outward, b"E", number, json.dumps({"ended": 0}).encode())
    os._exit(0)


def probe(settings: dict[str, Any], outward: BinaryIO) -> None:
    """Say ``ready`` if a hand-in could be run here as ``settings`` say: tried out, since systems differ."""
    import IPython  # noqa: F401  (can this user read the environment at all?)

    def say() -> None:
        _make_rooms(settings, "")
        _give_up_rights(settings["uid"])
        outward.write(b"ready")

    if not (settings["fork"] and settings["walls"]):
        outward.write(b"ready")
        return
    _call("unshare", NEW_FILES | NEW_MESSAGES | NEW_PROCESSES | NEW_NETWORK)
    child = os.fork()
    if child == 0:
        try:
            say()
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def warm(settings: dict[str, Any]) -> Any:
    """Import what lessons import and read what all share, before the first fork; gives the shell."""
    from migkit.classroom import cells

    shell = cells.make_shell()
    for name in settings["warm"]:
        with contextlib.suppress(ImportError):
            __import__(name)
    shell.run_line_magic("matplotlib", "inline")
    for step in (_read_tables, _draw_once):
        with contextlib.suppress(Exception):  # only time is lost
            step()
    return shell


def _read_tables() -> None:
    """The tables that all participants load; they stay in the loader's memory."""
    from migkit.lesson.data import load

    for path in sorted(Path(os.environ["KIT_DATA"]).glob("synthetic_*.csv"))[:8]:
        _word, country, name = path.stem.split("_", 2)
        load(name, country=country.upper())


def _draw_once() -> None:
    """A figure and a table: the first of each takes much longer than the next."""
    import io

    import matplotlib.pyplot as plt
    import pandas as pd

    figure, axes = plt.subplots()
    axes.plot([1, 2], label="x")
    axes.legend()
    figure.savefig(io.BytesIO(), format="png")
    plt.close(figure)
    table = pd.DataFrame({"a": ["x", "y"], "b": [1, 2]})
    pd.crosstab(table["a"], table["b"], margins=True).to_html()
    table.merge(table, on="a").groupby("a")["b_x"].sum().value_counts()
