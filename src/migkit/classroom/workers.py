"""The grader's side of the sandbox: start the warm process, give it hand-ins, watch them, keep what comes back.

What comes back from a hand-in is bytes that its author may have forged. It is read as lines of JSON, bounded in
size, and only what has the form of an output or an answer is kept. None of it is ever a score.
"""

import base64
import contextlib
import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from migkit.classroom import files, sandbox, zygote
from migkit.reference import _

MB = sandbox.MB
#: Seconds that an interrupted cell has to end, and that a killed hand-in has to be gone.
GRACE = 5.0
#: Seconds between two looks at memory and processes.
LOOK = 0.5
#: Megabytes of answers of one hand-in; the outputs have a limit of their own.
ANSWERS = 8
#: Lines from a hand-in that are no messages: its own code has found the way to the grader.
NONSENSE = 1000
#: Seconds that the warm process may take to start, on a slow and busy machine.
START = 180


class WorkerError(Exception):
    """The machine failed, not the participant: the hand-in stays ungraded and is tried again."""


@dataclass(frozen=True)
class Cell:
    """A cell to run: its code (None: run nothing) and the answers to hand over after it, expressions by name."""

    source: str | None
    answers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """One hand-in: its cells, its other files by relative name, and (if each has data of their own) whose data."""

    cells: tuple[Cell, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    data: str = ""

    @property
    def wanted(self) -> list[int]:
        """The cells with something to run or to hand over."""
        return [number for number, cell in enumerate(self.cells) if cell.source or cell.answers]

    @property
    def fingerprint(self) -> str:
        """The same for the same work."""
        cells = [[cell.source, dict(cell.answers)] for cell in self.cells]
        names = {name: files.sha256(content) for name, content in sorted(self.files.items())}
        return files.sha256(json.dumps([cells, names, self.data]).encode())

    def message(self, left_out: Mapping[int, str]) -> bytes:
        """For the warm process, without the cells that are left out."""
        cells: list[dict[str, Any]] = [
            {"source": None, "answers": {}}
            if number in left_out
            else {"source": cell.source, "answers": dict(cell.answers)}
            for number, cell in enumerate(self.cells)
        ]
        coded = {name: base64.b64encode(content).decode() for name, content in self.files.items()}
        return json.dumps({"cells": cells, "files": coded, "data": self.data}).encode()


@dataclass
class Ran:
    """What running a hand-in gave: outputs by cell, answers by name, the cells that were stopped and why."""

    outputs: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    stopped: dict[int, str] = field(default_factory=dict)
    seconds: float = 0.0


class _Told:
    """What one attempt has told so far, read with suspicion."""

    def __init__(self, job: Job, limits: sandbox.Limits, left_out: Mapping[int, str]) -> None:
        self.job = job
        self.expected = {n for n in job.wanted if n not in left_out}
        self.outputs: dict[int, list[dict[str, Any]]] = {}
        self.answers: dict[str, Any] = {}
        self.running = -1
        self.last = -1  # the cell that ran last, or runs
        self.begun = 0.0
        self.ended = 0.0
        self.done: set[int] = set()
        self.complaint = ""
        self._limits = limits
        self._rest = b""
        self._weight = 0
        self._answer_weight = 0
        self._nonsense = 0
        self._wanted = {name for cell in job.cells for name in cell.answers}

    def hear(self, content: bytes) -> None:
        """Take in some bytes."""
        self._rest += content
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            self._weigh(line)
            if self.complaint:
                return
            try:
                message = json.loads(line)
                self._understand(message)
            except (ValueError, RecursionError, TypeError, AttributeError):
                self._nonsense += 1
                if self._nonsense > NONSENSE:
                    self.complaint = _("it wrote to the grader itself")
                    return
        if len(self._rest) > (self._limits.output + ANSWERS) * MB:
            self.flood()

    def _weigh(self, line: bytes) -> None:
        if line.startswith(b'{"answer"'):
            self._answer_weight += len(line)
        else:
            self._weight += len(line)
        if self._weight > self._limits.output * MB or self._answer_weight > ANSWERS * MB:
            self.flood()

    def flood(self) -> None:
        """It has said more than it may."""
        self.complaint = _("it printed more than {n} MB").format(n=self._limits.output)

    def _understand(self, message: dict[str, Any]) -> None:
        number = message.get("begin", message.get("end"))
        if isinstance(number, int) and 0 <= number < len(self.job.cells):
            # One after the other, each once: forged, these would stop the clock.
            if "begin" in message and self.running < 0 and number > self.last:
                self.running = self.last = number
                self.begun = time.monotonic()
            elif "end" in message and number == self.running:
                self.running = -1
                self.done.add(number)
                self.ended = time.monotonic()
        elif "output" in message and self.running >= 0:
            output = _output(message["output"])
            if output is not None:
                self._keep(output)
        elif message.get("clear") and self.running >= 0:
            self.outputs[self.running] = []
        elif isinstance(message.get("answer"), str) and message["answer"] in self._wanted:
            self.answers[message["answer"]] = message.get("plain")

    def _keep(self, output: dict[str, Any]) -> None:
        kept = self.outputs.setdefault(self.running, [])
        last = kept[-1] if kept else {}
        if output["output_type"] == "stream" and output["name"] == last.get("name"):
            last["text"] += output["text"]
        else:
            kept.append(output)


def _output(raw: Any) -> dict[str, Any] | None:
    """An output in the form that a notebook may hold, or None if it is none. All in it is text."""
    if not isinstance(raw, dict):
        return None
    kind = raw.get("output_type")
    if kind == "stream" and raw.get("name") in ("stdout", "stderr") and isinstance(raw.get("text"), str):
        return {"output_type": "stream", "name": raw["name"], "text": _text(raw["text"])}
    if kind == "error":
        lines = raw.get("traceback")
        trace = [_text(line) for line in lines] if isinstance(lines, list) else []
        ename, evalue = _text(raw.get("ename")), _text(raw.get("evalue"))
        return {"output_type": "error", "ename": ename, "evalue": evalue, "traceback": trace}
    if kind in ("display_data", "execute_result") and isinstance(raw.get("data"), dict):
        # What a program is to draw (widgets, JSON) nobody can draw any more, and it may be nested without end.
        data = {
            _text(name): _text(value)
            for name, value in raw["data"].items()
            if isinstance(value, str | list) and not name.endswith("json")
        }
        shown: dict[str, Any] = {"output_type": kind, "data": data, "metadata": {}}
        return shown if kind == "display_data" else {**shown, "execution_count": None}
    return None


def _text(value: Any) -> str:
    """As text that a file can hold: half a surrogate pair cannot be written."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace").decode("utf-8")


class _Inbox:
    """The frames of one job that nobody has looked at yet. What is more than a hand-in may say is thrown away."""

    def __init__(self, limits: sandbox.Limits) -> None:
        self._frames: queue.SimpleQueue[tuple[bytes, bytes]] = queue.SimpleQueue()
        self._left = (limits.output + ANSWERS + 1) * MB

    def put(self, kind: bytes, content: bytes) -> None:
        """Take in a frame; the first that is too much becomes one of kind ``F``."""
        if kind == b"O":
            if self._left < 0:
                return
            self._left -= len(content)
            if self._left < 0:
                kind, content = b"F", b""
        self._frames.put((kind, content))

    def get(self, seconds: float) -> tuple[bytes, bytes]:
        """The next frame.

        Raises:
            queue.Empty: if none comes in time.
        """
        return self._frames.get(timeout=seconds)


class _Process:
    """The sandboxed process and the frames that come out of it, sorted by job."""

    def __init__(self, room: sandbox.Room, limits: sandbox.Limits, mode: sandbox.Mode, fork: bool) -> None:
        self.forks = fork
        self.frames: dict[int, _Inbox] = {0: _Inbox(limits)}
        self._lock = threading.Lock()
        environment = sandbox.environment(mode, room) if mode == "none" else {}
        self.process = subprocess.Popen(
            sandbox.command(mode, limits, room, fork),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=room.scratch,
        )
        threading.Thread(target=self._read, daemon=True, name="sandbox").start()
        if self.next(0, START) is None:
            self.close()
            raise WorkerError(_("the sandbox did not start"))

    def _read(self) -> None:
        assert self.process.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            while (frame := zygote.read_frame(self.process.stdout)) is not None:
                kind, number, content = frame
                place = self.frames.get(number)
                if place is not None:
                    place.put(kind, content)
        for place in list(self.frames.values()):
            place.put(b"X", b"")

    def next(self, number: int, seconds: float) -> tuple[bytes, bytes] | None:
        """The next frame of a job; None if none comes in time or the process is gone."""
        try:
            kind, content = self.frames[number].get(max(seconds, 0))
        except queue.Empty:
            return None
        return None if kind == b"X" else (kind, content)

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def send(self, kind: bytes, number: int, content: bytes) -> None:
        """Send a frame in.

        Raises:
            WorkerError: if nobody is there any more.
        """
        assert self.process.stdin is not None
        try:
            with self._lock:
                zygote.write_frame(self.process.stdin, kind, number, content)
        except (OSError, ValueError) as trouble:
            raise WorkerError(_("the sandbox has ended")) from trouble

    def close(self) -> None:
        """End it and all that it started."""
        family = []
        with contextlib.suppress(psutil.Error):
            family = psutil.Process(self.process.pid).children(recursive=True)
        assert self.process.stdin is not None and self.process.stdout is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()  # it then ends by itself, if it can
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
        with contextlib.suppress(OSError):
            self.process.kill()
        for process in family:
            with contextlib.suppress(psutil.Error):
                process.kill()
        self.process.wait()
        with contextlib.suppress(OSError):
            self.process.stdout.close()


class Workers:
    """Runs hand-ins in the sandbox, ``jobs`` at a time. Use it with ``with``."""

    def __init__(
        self,
        data: Path | None = None,
        everybody: Path | None = None,
        hidden: tuple[Path, ...] = (),
        limits: sandbox.Limits | None = None,
        jobs: int | None = None,
    ) -> None:
        """Prepare; nothing is started before the first hand-in.

        Args:
            data: folder with the data of all.
            everybody: instead, a folder with one folder of data for each participant.
            hidden: folders that no participant's code may see.
            limits: what one hand-in may use.
            jobs: how many at a time, by default as many as there are cores.
        """
        self.limits = limits or sandbox.Limits()
        self.jobs = jobs or _cores()
        self.mode = sandbox.find_mode()
        self.max_restarts = 8
        self._fork = sandbox.can_fork(self.mode)
        self._folder = tempfile.TemporaryDirectory(prefix="kit-", ignore_cleanup_errors=True)
        scratch = Path(self._folder.name)
        for name in ("work", "home"):
            (scratch / name).mkdir()
        self._room = sandbox.Room(scratch, data, everybody, hidden)
        self._shared: _Process | None = None
        self._lock = threading.Lock()
        self._numbers = iter(range(1, 1 << 31))
        self._threads = ThreadPoolExecutor(self.jobs, thread_name_prefix="hand-in")
        self._expected: dict[str, Future[Ran]] = {}

    def __enter__(self) -> "Workers":
        """Ready."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """End everything that still runs."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            if self._shared:
                self._shared.close()
                self._shared = None
        self._threads.shutdown(wait=True)
        self._folder.cleanup()

    def expect(self, job: Job) -> None:
        """Begin with a hand-in whose turn comes soon; :meth:`run` then finds it done or under way."""
        if job.fingerprint not in self._expected:
            self._expected[job.fingerprint] = self._threads.submit(self._run, job)

    def run(self, job: Job) -> Ran:
        """Run a hand-in and wait for its end. Whatever its code does, it ends.

        Raises:
            WorkerError: if the machine failed.
        """
        future = self._expected.pop(job.fingerprint, None) or self._threads.submit(self._run, job)
        try:
            return future.result()
        except WorkerError:  # the memory of the machine ran out, for example: once more, with a new process
            return self._run(job)

    def _run(self, job: Job) -> Ran:
        """Run all cells; without the culprit once more if the process was lost: it costs its own question only."""
        began = time.monotonic()
        deadline = began + self.limits.notebook_seconds
        ran = Ran()
        left_out: dict[int, str] = {}
        for _attempt in range(self.max_restarts + 1):
            ran.stopped = {}
            told, reason = self._attempt(job, left_out, deadline, ran.stopped)
            ran.outputs, ran.answers = told.outputs, told.answers
            missing = [n for n in job.wanted if n not in told.done and n not in left_out]
            if not missing:
                if reason:  # all was handed over, but it would not go
                    ran.stopped[told.last] = reason
                break
            culprit = told.running if told.running in missing else missing[0]
            left_out[culprit] = reason or _("it ended the program (exit, or too much memory)")
            if time.monotonic() > deadline:
                break
        else:
            missing = missing[1:]
        for number in missing:
            if number not in left_out:
                left_out[number] = _("an earlier cell used up the time or ended the program")
        for number, reason in left_out.items():
            ran.outputs[number] = [_error("Stopped", reason)]
        ran.stopped |= left_out
        ran.seconds = time.monotonic() - began
        return ran

    def _process(self) -> _Process:
        """The warm process, started anew if it was lost."""
        if not self._fork:
            return _Process(self._room, self.limits, self.mode, fork=False)
        with self._lock:
            if self._shared is None or not self._shared.alive:
                self._shared = _Process(self._room, self.limits, self.mode, fork=True)
            return self._shared

    def _attempt(
        self, job: Job, left_out: Mapping[int, str], deadline: float, stopped: dict[int, str]
    ) -> tuple[_Told, str]:
        """Run once; gives what was told, and why it was ended, if it was."""
        process = self._process()
        number = next(self._numbers)
        process.frames[number] = _Inbox(self.limits)
        told = _Told(job, self.limits, left_out)
        # With walls its folders are in memory, and bounded by the system.
        folder = self._room.scratch / "work" / str(number) if self.mode == "none" else None
        watch = _Watch(process, number, told, self.limits, deadline, stopped, folder)
        try:
            process.send(b"J", number, job.message(left_out))
            watch.until_the_end()
        finally:
            process.frames.pop(number, None)
            if not self._fork:
                process.close()
            if folder:
                shutil.rmtree(folder, ignore_errors=True)
        return told, watch.reason


class _Watch:
    """Sits beside one attempt until it is over: listens, looks at the clock and at what it uses."""

    def __init__(
        self,
        process: _Process,
        number: int,
        told: _Told,
        limits: sandbox.Limits,
        deadline: float,
        stopped: dict[int, str],
        folder: Path | None,
    ) -> None:
        self.reason = ""
        self._folder = folder
        self._process = process
        self._number = number
        self._told = told
        self._limits = limits
        self._deadline = deadline
        self._stopped = stopped
        self._guard = 0
        self._interrupted: tuple[int, float] | None = None  # which cell, when it must have ended
        self._killed_at: float | None = None

    def until_the_end(self) -> None:
        """Come back when the hand-in is over and gone.

        Raises:
            WorkerError: if it could not be ended, or the sandbox was lost.
        """
        looked = time.monotonic()
        while True:
            frame = self._process.next(self._number, 0.1)
            now = time.monotonic()
            if frame is not None:
                kind, content = frame
                if kind == b"O":
                    # Also what came before it was ended and waits here: it tells which cell it was.
                    if not self._told.complaint:
                        self._told.hear(content)
                elif kind == b"F":
                    self._told.flood()
                else:
                    event = _event(content)
                    if "ended" in event:
                        return
                    self._guard = event.get("guard", 0)
            elif not self._process.alive:
                if self._process.forks or not self._told.begun:
                    raise WorkerError(_("the sandbox has ended"))
                return  # it is the hand-in itself that has ended
            complaint = self._told.complaint or self._clock(now)
            if not complaint and now - looked > LOOK:
                looked = now
                complaint = self._usage()
            if complaint:
                self._kill(complaint, now)

    def _kill(self, complaint: str, now: float) -> None:
        if self._killed_at is None:
            self.reason = complaint
            self._killed_at = now
            with contextlib.suppress(WorkerError):
                self._process.send(b"C", self._number, b"kill")
        elif now > self._killed_at + 2 * GRACE:
            self._process.close()
            raise WorkerError(_("the hand-in could not be ended"))

    def _clock(self, now: float) -> str:
        """A reason to end the hand-in, if its time is up; a cell whose time is up is asked to stop first."""
        told, limits = self._told, self._limits
        if now > self._deadline:
            return _("the notebook ran longer than {n} seconds").format(n=limits.notebook_seconds)
        if self._interrupted and told.running != self._interrupted[0]:
            self._interrupted = None
        if told.running < 0:
            return self._pause(now)
        if now < told.begun + limits.cell_seconds:
            return ""
        if self._interrupted is None:
            reason = _("it ran longer than {n} seconds").format(n=limits.cell_seconds)
            self._interrupted = (told.running, now + GRACE)
            self._stopped[told.running] = reason
            told.outputs.setdefault(told.running, []).append(_error("CellTimeoutError", reason))
            self._process.send(b"C", self._number, b"interrupt")
        elif now > self._interrupted[1]:
            self._stopped.pop(told.running, None)
            return _("it ran longer than {n} seconds and ignored the interrupt").format(n=limits.cell_seconds)
        return ""

    def _pause(self, now: float) -> str:
        """A reason to end the hand-in, if between two cells or after the last one it does not go on."""
        told, limits = self._told, self._limits
        if not told.ended:
            return ""
        if told.expected <= told.done:
            return _("it did not end after its last cell") if now > told.ended + GRACE else ""
        if now < told.ended + limits.cell_seconds:
            return ""
        told.done.discard(told.last)  # whatever it said
        return _("it ran longer than {n} seconds").format(n=limits.cell_seconds)

    def _usage(self) -> str:
        """A reason to end the hand-in, if it uses more than it may."""
        limits = self._limits
        family = self._family()
        if len(family) > limits.processes:
            return _("it started more than {n} processes").format(n=limits.processes)
        if _memory(family, "memory_info", "rss") > limits.memory * MB < _memory(family):
            return _("it used more than {n} MB of memory").format(n=limits.memory)
        if self._folder and _size(self._folder) > limits.scratch * MB:
            return _("it wrote more than {n} MB of files").format(n=limits.scratch)
        return ""

    def _family(self) -> list[psutil.Process]:
        """The hand-in's processes, as this side numbers them; empty when it is gone."""
        with contextlib.suppress(psutil.Error, OSError, ValueError):
            top = psutil.Process(self._process.process.pid)
            everybody = top.children(recursive=True)
            if not self._process.forks:  # it is the only one
                return [*everybody, top]
            if not self._guard:  # not told yet which of them are its own
                return []
            guard = next((each for each in everybody if _inner_pid(each.pid) == self._guard), None)
            if guard is not None:
                children: list[psutil.Process] = guard.children(recursive=True)
                return children
        return []


def _event(content: bytes) -> dict[str, int]:
    """What happened to a hand-in; where one process does all, its code can have written anything there."""
    with contextlib.suppress(ValueError, RecursionError):
        event = json.loads(content)
        if isinstance(event, dict) and all(type(value) is int for value in event.values()):
            return event
    return {}


def _cores() -> int:
    """Processor cores that this program may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def _inner_pid(pid: int) -> int:
    """The number of process ``pid`` in its own namespace."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return pid
    line = next((line for line in status.splitlines() if line.startswith("NSpid:")), "")
    return int(line.split()[-1]) if line else pid


def _size(folder: Path) -> int:
    """Bytes of all regular files under ``folder``; what vanishes meanwhile counts nothing."""
    total = 0
    with contextlib.suppress(OSError):
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                total += path.stat().st_size
    return total


def _memory(family: list[psutil.Process], asked: str = "memory_full_info", kind: str = "pss") -> int:
    """Bytes that the processes use: quickly (``rss`` counts what they share for each) or truly (``pss``)."""
    total = 0
    for process in family:
        try:
            told = getattr(process, asked)()
        except psutil.Error:
            continue
        total += getattr(told, kind, told.rss)  # no pss but on Linux
    return total


def _error(name: str, text: str) -> dict[str, Any]:
    return {"output_type": "error", "ename": name, "evalue": text, "traceback": [f"{name}: {text}"]}


_OPEN: list[Workers] = []


@contextmanager
def at_work(make: Callable[[], Workers]) -> Iterator[Workers]:
    """The workers that are at work in this program already, or new ones for the time of the block."""
    if _OPEN:
        yield _OPEN[-1]
        return
    with make() as workers:
        _OPEN.append(workers)
        try:
            yield workers
        finally:
            _OPEN.remove(workers)


__all__ = ["Cell", "Job", "Ran", "WorkerError", "Workers", "at_work"]
