"""The npm packages that only tests need, from the committed lock, kept in _build/npm between runs."""

import shutil
import subprocess
from pathlib import Path

from conftest import CI
from migkit.reference import ROOT

_WANTED = ROOT / "tests" / "npm"
_KEPT = ROOT / "_build" / "npm"


def no_npm() -> str:
    """Why these tests cannot run here, or nothing. In CI nothing is left out: there it is a failure."""
    return "" if CI or shutil.which("npm") else "no npm on this machine (Debian, Ubuntu: apt install npm)"


def node_modules() -> Path:
    """The folder ``node_modules``; installed anew when the lock has changed."""
    lock = (_WANTED / "package-lock.json").read_bytes()
    done = _KEPT / "installed.json"
    if not done.is_file() or done.read_bytes() != lock:
        npm = shutil.which("npm")
        assert npm, "npm is not installed"
        _KEPT.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_WANTED / name, _KEPT / name)
        subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=_KEPT, check=True)
        done.write_bytes(lock)
    return _KEPT / "node_modules"


def node(script: str, given: str) -> str:
    """What ``script`` prints when node runs it with ``given`` as its input."""
    program = shutil.which("node")
    assert program, "node is not installed"
    done = subprocess.run(
        [program, "-e", script],
        input=given,
        cwd=node_modules().parent,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
