"""The kernel that runs a hand-in: started in the sandbox, spoken to over files instead of the network, watched."""

import os
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.manager import AsyncKernelManager
from traitlets import Integer, List, Unicode

from migkit.classroom import sandbox
from migkit.reference import _


class Watchdog(threading.Thread):
    """Ends a kernel that uses more memory, processes, disk or time than one hand-in may."""

    def __init__(self, pid: int, limits: sandbox.Limits, folder: Path, deadline: float) -> None:
        """Watch process ``pid``, the files in ``folder`` and the clock (``deadline`` on time.monotonic())."""
        super().__init__(daemon=True, name="watchdog")
        self.reason = ""
        self._pid = pid
        self._limits = limits
        self._folder = folder
        self._deadline = deadline
        self._over = threading.Event()

    def stop(self) -> None:
        """The kernel has ended by itself; nothing is left to watch."""
        self._over.set()

    def run(self) -> None:
        """Look four times a second, until told to stop or the kernel had to be ended."""
        while not self._over.wait(0.25):
            family = self._family()
            complaint = self._complaint(family)
            if complaint:
                self.end(complaint)

    def _complaint(self, family: list[psutil.Process]) -> str:
        limits = self._limits
        if time.monotonic() > self._deadline:
            return _("the notebook ran longer than {n} seconds").format(n=limits.notebook_seconds)
        if len(family) > limits.processes:
            return _("it started more than {n} processes").format(n=limits.processes)
        if _memory(family, "memory_info", "rss") > limits.memory * sandbox.MB < _memory(family):
            return _("it used more than {n} MB of memory").format(n=limits.memory)
        if _size(self._folder) > (limits.scratch + limits.file) * sandbox.MB:
            return _("it wrote more than {n} MB of files").format(n=limits.scratch)
        return ""

    def _family(self) -> list[psutil.Process]:
        """The kernel and all that it started; empty when it is gone."""
        try:
            kernel = psutil.Process(self._pid)
            return [*kernel.children(recursive=True), kernel]
        except psutil.NoSuchProcess:
            return []

    def end(self, reason: str) -> None:
        """End the kernel and all that it started, once."""
        if self._over.is_set():
            return
        self._over.set()
        self.reason = reason
        for process in self._family():
            try:
                process.kill()
            except psutil.Error:
                continue


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


def _size(folder: Path) -> int:
    """Bytes of all regular files under ``folder``; what vanishes meanwhile counts nothing."""
    total = 0
    try:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                total += path.stat().st_size
    except OSError:
        pass
    return total


class SandboxedKernelManager(AsyncKernelManager):
    """Starts IPython's kernel inside the sandbox. Traits come from the class's nbgrader_config.py."""

    class_data = Unicode("", help="Folder with the participants' data, read-only for the kernel.").tag(config=True)
    hidden_folders = List(Unicode(), help="Folders that no participant's code may see.").tag(config=True)
    memory = Integer(sandbox.Limits.memory, help="Megabytes of memory for one hand-in.").tag(config=True)
    processes = Integer(sandbox.Limits.processes, help="Processes and threads of one hand-in.").tag(config=True)
    notebook_seconds = Integer(sandbox.Limits.notebook_seconds, help="Seconds for one hand-in.").tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        """Choose the protection that this machine offers, and a folder for the sockets."""
        super().__init__(**kwargs)
        self.mode = sandbox.find_mode()
        self.limits = sandbox.Limits(
            memory=self.memory, processes=self.processes, notebook_seconds=self.notebook_seconds
        )
        self._folder = Path(tempfile.mkdtemp(prefix="kit-"))
        self._hand_in = self._folder / "hand_in"
        self._sockets = self._folder / "k"
        self._sockets.mkdir()
        self.connection_file = str(self._sockets / "k.json")
        if self.mode != "none":
            self.transport = "ipc"
            assert self.kernel_spec  # it raises instead
            self.kernel_spec.interrupt_mode = "message"  # a signal would end bubblewrap, not the endless loop
        self.watchdog: Watchdog | None = None
        self._lifeline: int | None = None
        #: When the whole hand-in must be done, on time.monotonic()'s clock; kept by the grader over restarts.
        self.deadline = time.monotonic() + self.notebook_seconds

    @property
    def room(self) -> sandbox.Room:
        """What this kernel may see."""
        return sandbox.Room(
            hand_in=self._hand_in,
            connection=self._sockets,
            data=Path(self.class_data) if self.class_data else None,
            hidden=tuple(map(Path, self.hidden_folders)),
        )

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        """The command with the sandbox around it, whatever command the kernel's specification names."""
        sandbox.give_to_kernel(self.mode, self._sockets)
        return sandbox.command(
            self.mode, self.limits, self.room, ["-f", self.connection_file, *(extra_arguments or [])]
        )

    async def start_kernel(self, **kwargs: Any) -> None:  # type: ignore[override]
        """Start the kernel on a copy of the hand-in's other files: its notebook holds the hidden tests by now."""
        hand_in = kwargs.pop("cwd", None)
        self._hand_in.mkdir(exist_ok=True)
        if hand_in:
            shutil.copytree(
                hand_in,
                self._hand_in,
                dirs_exist_ok=True,
                ignore=shutil.ignore_patterns("*.ipynb", ".*"),
                symlinks=True,
            )
        for folder in ("work", "home"):
            (self._sockets / folder).mkdir(exist_ok=True)
        kwargs["env"] = sandbox.environment(self.mode, self.room)
        kwargs["cwd"] = str(self._folder)
        # What a kernel writes past Jupyter, terminal commands too, goes nowhere.
        with Path(os.devnull).open("wb") as nowhere:
            if self.mode != "none":
                kwargs["stdin"], self._lifeline = os.pipe()
            try:
                await super().start_kernel(stdout=nowhere, stderr=nowhere, **kwargs)
            finally:
                if "stdin" in kwargs:
                    os.close(kwargs["stdin"])
        process = getattr(self.provisioner, "process", None)
        if process is not None:
            self.watchdog = Watchdog(process.pid, self.limits, self._sockets, self.deadline)
            self.watchdog.start()

    @property
    def reason(self) -> str:
        """Why the kernel was ended, or nothing."""
        return self.watchdog.reason if self.watchdog else ""

    def end(self, reason: str) -> None:
        """End the kernel and all its processes now, because of ``reason``; the first reason counts."""
        if self.watchdog:
            self.watchdog.end(reason)

    async def cleanup_resources(self, restart: bool = False) -> None:  # type: ignore[override]
        """Take the folder away with the kernel."""
        if self.watchdog:
            self.watchdog.stop()
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
        await super().cleanup_resources(restart=restart)
        if not restart:
            shutil.rmtree(self._folder, ignore_errors=True)
