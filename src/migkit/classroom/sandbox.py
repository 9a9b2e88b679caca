"""Where participants' code runs: without network, without the class's files, within limits.

On Linux the walls are bubblewrap's (``bwrap``): own process, network, IPC and user namespaces and a read-only
system for the warm process, from which each hand-in is forked into namespaces of its own, with working folders in
memory that vanish with it, and without any right (:mod:`migkit.classroom.zygote`). Two ways in:

``root``  the grader is root: bubblewrap builds the walls with root's rights, each hand-in drops to a user id of
          its own, so that the limit on processes counts nobody else's.
``user``  the grader is anybody: bubblewrap makes a user namespace, in which hand-ins are user 65534.

``none``  anywhere else. Limits and the watchdog still hold, the walls do not; :func:`unprotected` says so.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import migkit
from migkit.reference import ROOT, _

Mode = Literal["root", "user", "none"]

MB = 1024 * 1024
LAUNCHER = Path(__file__).with_name("launcher.py")
#: What a hand-in sees as its working folder, and as its data; the data of all, which none of them sees.
WORK, DATA, EVERYBODY, HOME = "/run/kit/work", "/run/kit/data", "/run/kit/everybody", "/run/kit/home"
#: Folders that each hand-in finds empty, and that nobody sees after it.
FRESH = ("/tmp", "/dev/shm", WORK, HOME)
#: The parts of the kit that lessons read. Never exercises/, datasets/trainer/, classes/ or a teaching sample.
KIT_PARTS = (
    "curriculum.yml",
    "locale",
    "datasets/countries",
    "datasets/codelists",
    "datasets/dictionary",
    "datasets/published",
)
SYSTEM_FILES = (
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/localtime",
    "/etc/mime.types",
    "/nix/store",
)


@dataclass(frozen=True)
class Limits:
    """What one hand-in may use. Sizes in megabytes (2**20 bytes), times in seconds."""

    memory: int = 2048
    processes: int = 64
    file: int = 256
    scratch: int = 512
    output: int = 5
    cell_seconds: int = 60
    notebook_seconds: int = 600


@dataclass(frozen=True)
class Room:
    """Which files hand-ins may see: their data, or (``everybody``) a folder that holds one for each of them.

    ``scratch`` is the grader's, for what has no walls. ``hidden`` must never be seen, wherever it lies.
    """

    scratch: Path
    data: Path | None = None
    everybody: Path | None = None
    hidden: tuple[Path, ...] = ()


def unprotected(mode: Mode) -> str:
    """One sentence on what is not protected when grading in ``mode``; empty if everything is."""
    if mode != "none":
        return ""
    if platform.system() == "Linux":
        mend = _("install bubblewrap (apt install bubblewrap) or allow user namespaces to close this gap")
    else:
        mend = _("grade on Linux (or in WSL 2) to close this gap")
    return _(
        "Not protected here: while it is graded, a participant's code can read this computer's files "
        "(the solutions and the gradebook too), change them and use the network; "
        "only time, memory and the number of processes are limited; {mend}."
    ).format(mend=mend)


def own_uid() -> int:
    """A user id that nobody else on this machine has, for a kernel started by root."""
    return 59000 + os.getpid() % 1000


def _tasks_of_this_user() -> int:
    """How many threads this user runs already: before Linux 5.14 they count in the sandbox too."""
    release = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2])
    if release >= (5, 14):
        return 0
    count = 0
    for task in Path("/proc").glob("[0-9]*/task/*"):
        try:
            count += task.stat().st_uid == os.getuid()
        except OSError:
            continue
    return count


#: What lessons and exercises import; loaded before the first fork.
WARM = ("pandas", "matplotlib.pyplot", "migkit.lesson", "migkit.measures", "openpyxl", "ipywidgets")


def settings(mode: Mode, limits: Limits, room: Room, fork: bool, probe: bool = False) -> dict[str, Any]:
    """What the launcher is told."""
    walls = mode != "none"
    everybody = room.everybody and (EVERYBODY if walls else str(room.everybody))
    return {
        "walls": walls,
        "fork": fork,
        "uid": own_uid() if mode == "root" else 0,
        "work": WORK if walls else str(room.scratch / "work"),
        "fresh": FRESH,
        "scratch": limits.scratch * MB,
        "data": DATA,
        "everybody": everybody or "",
        "readable": [str(path) for path in _readable()],
        "warm": WARM,
        "probe": probe,
        "limits": {
            # Address space is not memory in use: libraries reserve more than they touch.
            "as": (limits.memory + 2048) * MB,
            "cpu": 2 * limits.notebook_seconds,
            "fsize": limits.file * MB,
            "core": 0,
            # Each open socket or pipe takes memory of the kernel, which is counted nowhere.
            "nofile": 512,
            # Without walls the user's own desktop counts, and could not start anything any more.
            **({"nproc": limits.processes + _tasks_of_this_user()} if walls else {}),
        },
    }


def environment(mode: Mode, room: Room) -> dict[str, str]:
    """All environment variables of participants' code: none of the grader's own, apart from what Windows needs."""
    walls = mode != "none"
    home = HOME if walls else str(room.scratch / "home")
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "WINDIR", "COMSPEC") if name in os.environ}
    values = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": home,
        "USERPROFILE": home,
        "USER": "participant",
        "LANG": "C.UTF-8",
        "TMPDIR": "/tmp" if walls else str(room.scratch / "work"),
        "KIT_HOME": str(ROOT),
        "KIT_LANG": os.environ.get("KIT_LANG", "en"),
        "IPYTHONDIR": f"{home}/ipython",
        "MPLCONFIGDIR": f"{home}/matplotlib",
        "NBGRADER_EXECUTION": "autograde",
        # One thread each: several hand-ins share the machine, and every thread counts as a process.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    if room.data or room.everybody:
        values["KIT_DATA"] = DATA if walls else str(room.data or "")
    return {**kept, **values}


def _readable() -> list[Path]:
    """The system, the Python in use and the parts of the kit that lessons need, none inside another."""
    wanted = [Path("/usr"), *map(Path, SYSTEM_FILES)]
    wanted += [Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parents[1]]
    wanted += [Path(migkit.__file__).parent, *(ROOT / part for part in KIT_PARTS)]
    chosen: list[Path] = []
    for path in sorted({path for path in wanted if path.exists()}, key=lambda path: len(path.parts)):
        if not any(path.is_relative_to(other) for other in chosen):
            chosen.append(path)
    return chosen


def _font_list() -> list[Path]:
    """Matplotlib's list of fonts, if this user has one: making it anew costs seconds for every hand-in."""
    cache_home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "matplotlib"
    return sorted(cache_home.glob("fontlist-*.json"))


def _open_parents(path: Path) -> list[str]:
    """Make the folders above ``path`` passable: bubblewrap would keep them for the user who starts it."""
    parents = [parent for parent in reversed(path.parents) if parent != Path("/tmp") and parent.name]
    return [argument for parent in parents for argument in ("--perms", "0755", "--dir", str(parent))]


def _walls(mode: Mode, limits: Limits, room: Room, fork: bool) -> list[str]:
    """bubblewrap's arguments, up to the command."""
    size = str(limits.scratch * MB)
    bwrap = shutil.which("bwrap")
    assert bwrap
    walls = [bwrap, "--die-with-parent", "--new-session", "--clearenv", "--hostname", "kit"]
    if mode == "root":
        walls += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
        walls += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        walls += ["--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534"]
    if fork:
        # For the warm process, to open namespaces for its children; they give all of it up before they begin.
        walls += [word for name in ("SYS_ADMIN", "SETPCAP", "KILL") for word in ("--cap-add", f"CAP_{name}")]
    walls += ["--proc", "/proc", "--dev", "/dev"]
    for place in FRESH:
        walls += ["--perms", "1777", "--size", size, "--tmpfs", place]
    # After /tmp, because the kit or the class may lie in the real /tmp.
    readable = _readable()
    for path in readable:
        walls += [*_open_parents(path), "--ro-bind", str(path), str(path)]
    for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if Path(name).is_symlink():
            walls += ["--symlink", str(Path(name).readlink()), name]
        elif Path(name).is_dir():
            walls += ["--ro-bind", name, name]
    for path in _font_list():
        walls += ["--perms", "0777", "--dir", f"{HOME}/matplotlib"]
        walls += ["--ro-bind", str(path), f"{HOME}/matplotlib/{path.name}"]
    if room.everybody:
        walls += ["--perms", "0755", "--dir", DATA, "--ro-bind", str(room.everybody), EVERYBODY]
    elif room.data:
        walls += ["--ro-bind", str(room.data), DATA]
    for secret in room.hidden:
        if any(secret.is_relative_to(path) for path in readable):
            walls += ["--tmpfs", str(secret)]
    for place in ("/dev", "/"):
        walls += ["--remount-ro", place]
    for name, value in environment(mode, room).items():
        walls += ["--setenv", name, value]
    return [*walls, "--chdir", WORK, "--"]


def command(mode: Mode, limits: Limits, room: Room, fork: bool, probe: bool = False) -> list[str]:
    """The whole command that starts the process which runs hand-ins."""
    told = json.dumps(settings(mode, limits, room, fork, probe))
    inner = [sys.executable, "-I", "-B", "-W", "ignore", str(LAUNCHER), told]
    return inner if mode == "none" else [*_walls(mode, limits, room, fork), *inner]


def _works(mode: Mode, fork: bool) -> bool:
    """Whether hand-ins can be run in this way here; tried out, because kernels and distributions differ."""
    with tempfile.TemporaryDirectory(prefix="kit-") as folder:
        try:
            done = subprocess.run(
                command(mode, Limits(), Room(Path(folder)), fork, probe=True),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=60,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.stdout.endswith(b"ready")


@cache
def can_fork(mode: Mode) -> bool:
    """Whether one warm process can serve many hand-ins, each behind walls of its own; else each starts anew."""
    if mode == "none":
        # macOS has fork, but its libraries do not survive it.
        return platform.system() == "Linux"
    return _works(mode, fork=True)


@cache
def find_mode() -> Mode:
    """The best protection that this machine offers."""
    if platform.system() != "Linux" or not shutil.which("bwrap"):
        return "none"
    modes: tuple[Mode, ...] = ("root", "user") if os.getuid() == 0 else ("user",)
    return next((mode for mode in modes if _works(mode, fork=False)), "none")
