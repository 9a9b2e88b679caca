"""The launcher of the kit: ``python3 kit.py start``, ``python3 kit.py test``, ``python3 kit.py VERB ...``.

It needs nothing but Python 3.11 or newer. The first run makes the folder .venv and installs what the kit needs
(requirements.txt, every file checked against its hash); every run then hands the verb to the package `migkit`
in src/. Only the standard library is used here, in syntax that an old Python can still read, so that it can say
that it is too old.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LOGS = ROOT / ".kit" / "logs"
OLDEST = (3, 11)
#: lock file, and the free disk space in megabytes that installing it needs (packages, unpacking, pip's cache).
GROUPS = {
    "base": ("requirements.txt", 1400),
    "docs": ("requirements/docs.txt", 900),
    "office": ("requirements/office.txt", 900),
    "browser": ("requirements/browser.txt", 400),
    "spark": ("requirements/spark.txt", 1600),
    "test": ("requirements/test.txt", 900),
}
#: Wheels brought on a stick: python -m pip download --require-hashes -r requirements.txt -d wheels
WHEELS = ROOT / "wheels"

HELP = """Usage: python3 kit.py VERB [OPTIONS]

  start      set the kit up (first time only), make data and book, open them
  test       run every test
  install    fetch a group of packages beforehand: base, browser, docs, office, test
  VERB ...   any other verb of the kit; `python3 kit.py --help` lists them once it is set up
"""

#: What pip says -> what we say. The first pattern found in pip's output wins.
TROUBLES = (
    (
        ("No space left on device", "not enough space on the disk", "Errno 28"),
        "The disk is full: free about {need} MB on the disk of {root} and run the same command again; "
        "it goes on where it stopped.",
    ),
    (
        ("DO NOT MATCH THE HASHES", "THESE PACKAGES DO NOT MATCH"),
        "A downloaded package differs from the one this kit was tested with, so nothing of it was installed: "
        "try another network (some proxies alter files); details are in {log}.",
    ),
    (
        (
            "NewConnectionError",
            "Temporary failure in name resolution",
            "Failed to establish a new connection",
            "Name or service not known",
            "getaddrinfo failed",
            "Max retries exceeded",
            "Network is unreachable",
            "ReadTimeoutError",
            "ProxyError",
            "No matching distribution found",
        ),
        "The first set-up needs the internet (about 200 MB) and it cannot be reached: connect and run the same "
        "command again, or put a folder `wheels` beside kit.py (README: Set-up without internet).",
    ),
)


class Trouble(Exception):
    """Something the user can mend, said in one sentence."""


def venv_python():
    """The interpreter of .venv, on any system."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def fingerprint(group):
    """What must be the same for an installed group to be still the right one."""
    digest = hashlib.sha256()
    for name in (GROUPS[group][0],) + (("pyproject.toml",) if group == "base" else ()):
        digest.update((ROOT / name).read_bytes())
    return "{}-{}.{}".format(digest.hexdigest(), *sys.version_info[:2])


def stamp(group):
    """The file that says: this group is installed whole."""
    return VENV / "kit-{}.json".format(group)


def is_installed(group):
    """Whether the group was installed whole from the lock as it is now."""
    try:
        return json.loads(stamp(group).read_text(encoding="utf-8"))["fingerprint"] == fingerprint(group)
    except (OSError, ValueError, KeyError):
        return False


def say(text, end="\n"):
    """Print at once, also into a pipe."""
    print(text, end=end, flush=True)


def progress(label, done, total, detail=""):
    """One line that is redrawn on a terminal and printed now and then elsewhere."""
    filled = int(24 * done / max(total, 1))
    line = "  {:<22} [{}{}] {:>3}% {}".format(
        label, "#" * filled, "." * (24 - filled), int(100 * done / max(total, 1)), detail
    )
    if sys.stdout.isatty():
        say("\r" + line[:100].ljust(100), end="")
    elif done in (0, total) or done % 40 == 0:
        say(line)


def check_disk(group):
    """Refuse before filling the disk."""
    need = GROUPS[group][1]
    free = shutil.disk_usage(str(ROOT)).free // 2**20
    if free < need:
        raise Trouble(
            "Not enough room on the disk: the kit needs about {} MB to install and {} MB are free at {}; "
            "free some space and run the same command again.".format(need, free, ROOT)
        )


def make_venv():
    """Make .venv, or mend one whose Python has gone."""
    python = venv_python()
    if python.exists():
        found = subprocess.run(
            [str(python), "-c", "import pip, sys; print(*sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        if found.returncode == 0 and found.stdout.split() == [str(n) for n in sys.version_info[:2]]:
            return
        shutil.rmtree(str(VENV))
    say("  making .venv")
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        shutil.rmtree(str(VENV), ignore_errors=True)
        if "ensurepip" in made.stdout + made.stderr:
            raise Trouble(
                "This Python comes without its venv module: install it (Debian, Ubuntu: "
                "`sudo apt install python3-venv`) and run the same command again."
            )
        raise Trouble(
            "Python could not make the folder {}: {}".format(VENV, (made.stderr or made.stdout).strip()[-300:])
        )


def drop_half_installed():
    """Remove the traces of packages whose installation was cut off, so that pip installs them anew.

    pip writes RECORD last: a package without it is not whole.
    """
    for info in VENV.glob("[Ll]ib/**/site-packages/*.dist-info"):
        if not (info / "RECORD").exists():
            shutil.rmtree(str(info), ignore_errors=True)


def pip(arguments, log, label, total):
    """Run pip, show its progress on one line, keep its words in ``log``; return its words and exit code."""
    command = [str(venv_python()), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    # --no-compile: Python compiles what is used when it is used; all of it at once takes 150 MB.
    command += ["--progress-bar", "off", "--no-warn-script-location", "--no-compile"]
    if WHEELS.is_dir():
        command += ["--no-index", "--find-links", str(WHEELS)]
    # A virtual environment of somebody else's that happens to be active must not redirect pip.
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "PYTHONPATH", "PIP_USER")}
    said = []
    with (
        log.open("a", encoding="utf-8") as kept,
        subprocess.Popen(
            command + arguments,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
        ) as process,
    ):
        done = 0
        for line in process.stdout:
            kept.write(line)
            said.append(line)
            if line.startswith(("Collecting ", "Requirement already satisfied")):
                done = min(done + 1, total - 1)
                progress(label, done, total, line.split()[1].split("==")[0] if done else "")
            elif line.startswith("Installing collected packages"):
                progress(label, total - 1, total, "unpacking, a minute or two")
    return "".join(said), process.returncode


def explain(said, log, group):
    """The sentence that fits what pip said."""
    for patterns, sentence in TROUBLES:
        if any(pattern in said for pattern in patterns):
            return sentence.format(need=GROUPS[group][1], root=ROOT, log=log)
    return "A package could not be installed; the last lines of {} say why: {}".format(
        log, " ".join(said.strip().splitlines()[-2:])[:300]
    )


def install(group):
    """Install one locked group; at once when that was done before; where it stopped after an interruption."""
    if group not in GROUPS:
        raise Trouble("There is no group {!r}; use one of {}.".format(group, ", ".join(sorted(GROUPS))))
    if is_installed(group):
        return
    if group != "base":
        install("base")
    check_disk(group)
    began = time.monotonic()
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / "install-{}.log".format(group)
    say("Setting up ({}): this happens once; if it is interrupted, run the same command again.".format(group))
    make_venv()
    drop_half_installed()
    lock = ROOT / GROUPS[group][0]
    total = sum(1 for line in lock.read_text(encoding="utf-8").splitlines() if "==" in line)
    label = "packages ({})".format(group)
    progress(label, 0, total)
    # --no-deps: a lock names every package that is needed, so there is nothing left to resolve.
    said, code = pip(["--require-hashes", "--no-deps", "-r", str(lock)], log, label, total)
    if code == 0 and group == "base":
        said, code = pip(
            ["--no-index", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)],
            log,
            "the kit",
            total,
        )
    if code != 0:
        say("")
        raise Trouble(explain(said, log, group))
    progress(label, total, total, "{:.0f} s".format(time.monotonic() - began))
    say("")
    unfinished = stamp(group).with_suffix(".tmp")
    unfinished.write_text(json.dumps({"fingerprint": fingerprint(group)}), encoding="utf-8")
    unfinished.replace(stamp(group))


def hand_over(arguments):
    """Run the verb in .venv; its exit code is ours."""
    command = [str(venv_python()), "-m", "migkit.cli"] + arguments
    environment = dict(os.environ, KIT_HOME=str(ROOT), KIT_PROGRAM="python3 kit.py")
    if os.name == "nt":
        return subprocess.call(command, env=environment)
    sys.stdout.flush()
    os.execve(command[0], command, environment)


def main(arguments):
    """Do what was asked; return the exit code."""
    if sys.version_info < OLDEST:
        raise Trouble(
            "This is Python {}.{}; the kit needs Python {}.{} or newer: install it from python.org or your "
            "system's packages, then run `python3 kit.py start` with it.".format(*(sys.version_info[:2] + OLDEST))
        )
    verb = arguments[0] if arguments else "--help"
    if verb == "install" and len(arguments) == 2 and not arguments[1].startswith("-"):
        install(arguments[1])
        return 0
    if verb in ("--help", "-h", "help", "install") and not is_installed("base"):
        say(HELP)
        return 0
    install("base")
    return hand_over(arguments or ["--help"])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        say("\nStopped. Run the same command again: it goes on where it stopped.")
        sys.exit(130)
    except Trouble as trouble:
        print("kit: {}".format(trouble), file=sys.stderr)
        sys.exit(1)
    except OSError as trouble:
        if trouble.errno == 28:
            print("kit: The disk is full: free some space and run the same command again.", file=sys.stderr)
        else:
            print("kit: {}: {}".format(trouble.filename or ROOT, trouble.strerror or trouble), file=sys.stderr)
        sys.exit(1)
