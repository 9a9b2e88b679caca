"""JupyterLite: the notebook in the page, with this edition's Python, lessons and exercises.

JupyterLite's own builder makes the folder; what is the kit's is added to it: the settings, the loading screen and
the bar of the notebook page, and the wheels. No service worker is used, because plain http under a host name other
than localhost has none: the three ways to open the edition work alike.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from migkit.editions.browser.packages import AT_START, loaded_first
from migkit.editions.browser.pyodide_files import CORE, LOCK, VERSION
from migkit.editions.browser.sentences import loading
from migkit.editions.browser.trees import put_in_place
from migkit.reference import KitError, _
from migkit.reference.files import write_text

#: The applications: the notebook alone (with `tree` and `edit`), and JupyterLab for those who know it.
APPS: tuple[str, ...] = ("lab", "notebooks", "tree", "edit")

#: JupyterLite keeps changed and added files in this database of the browser.
STORAGE = "migkit-work"

#: Extensions of the kit's own environment that the page needs.
EXTENSIONS: tuple[str, ...] = (
    "@jupyterlite/pyodide-kernel-extension",
    "@jupyter-widgets/jupyterlab-manager",
)

#: JupyterLite's plugins that would reach for another address, or serve nothing here; the one for paths in the list
#: of files gives the page an address at which no file lies, so that a reload would find nothing.
DISABLED: tuple[str, ...] = (
    "@jupyterlite/application-extension:share-file",
    "@jupyterlite/application-extension:service-worker-manager",
    "@jupyterlab/filebrowser-extension:open-url",
    "@jupyter-notebook/application-extension:tree-updater",
)

#: What a page of JupyterLite loads first, out of the folder ``kit``, in this order.
SCRIPTS: tuple[str, ...] = (
    "old_browser.js",
    "page.js",
    "loading.css",
    "loading.js",
    "progress.js",
    "work.js",
    "files.js",
    "shell.css",
    "shell.js",
)

#: Where the Pyodide folder lies in JupyterLite's.
PYODIDE = f"static/pyodide-{VERSION}"


def build(out: Path, contents: Path) -> None:
    """Build JupyterLite into ``out``; what lay there is replaced, Pyodide's folder stays.

    Args:
        out: the folder ``lite`` of the edition.
        contents: a folder with the notebooks and files that the learner finds.

    Raises:
        KitError: if JupyterLite's builder fails; it quotes its last line.
    """
    with tempfile.TemporaryDirectory(prefix="kit-lite-") as scratch:
        work = Path(scratch)
        write_text(work / "jupyter_lite_config.json", json.dumps(_builder_settings()))
        lock = next((out / PYODIDE).glob("pyodide-lock-*.json")).name
        write_text(work / "jupyter-lite.json", json.dumps(_settings(lock)))
        run_builder(work, contents)
        site = work / "site"
        for page in sorted(site.glob("*/index.html")):
            if page.parent.name in APPS:
                _add_scripts(page)
        put_in_place(site, out, stays=(PYODIDE,))


def _builder_settings() -> dict[str, Any]:
    return {
        "LiteBuildConfig": {
            "apps": list(APPS),
            "no_sourcemaps": True,
            "no_unused_shared_packages": True,
            "ignore_sys_prefix": ["federated_extensions"],
            "federated_extensions": [
                str(Path(sys.prefix, "share/jupyter/labextensions", name)) for name in EXTENSIONS
            ],
            "ignore_contents": [r"/\.ipynb_checkpoints/"],
        },
    }


def _settings(lock: str) -> dict[str, Any]:
    kernel = {
        "pyodideUrl": f"./{PYODIDE}/pyodide.js",
        "disablePyPIFallback": True,
        "loadPyodideOptions": {"lockFileURL": f"./{PYODIDE}/{lock}", "packages": list(AT_START)},
    }
    return {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {
            "appName": _("Migration data training kit"),
            "contentsStorageName": STORAGE,
            "settingsStorageName": f"{STORAGE}-settings",
            "workspacesStorageName": f"{STORAGE}-workspaces",
            "enableMemoryStorage": True,
            "exposeAppInBrowser": True,
            "disabledExtensions": list(DISABLED),
            "litePluginSettings": {"@jupyterlite/pyodide-kernel-extension:kernel": kernel},
            "settingsOverrides": {
                "@jupyterlab/docmanager-extension:plugin": {"autosaveInterval": 10},
                "@jupyterlab/notebook-extension:tracker": {
                    "windowingMode": "none",
                    "codeCellConfig": {"lineNumbers": False},
                },
            },
        },
    }


def run_builder(work: Path, contents: Path) -> None:
    """Run JupyterLite's own builder in ``work``, which holds its settings; the result is ``work/site``.

    Raises:
        KitError: if it fails; it quotes the builder's last line.
    """
    command = [
        sys.executable,
        "-m",
        "jupyter",
        "lite",
        "build",
        "--contents",
        str(contents),
        "--output-dir",
        "site",
    ]
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode != 0 or not (work / "site" / "jupyter-lite.json").is_file():
        lines = (done.stdout + done.stderr).strip().splitlines() or ["?"]
        raise KitError(_("JupyterLite was not built: {why}.").format(why=lines[-1][:300].rstrip(".")))


def _add_scripts(page: Path) -> None:
    """Let a page of JupyterLite load the kit's scripts first, and wait for the loading screen."""
    text = page.read_text(encoding="utf-8")
    tags = _ICON + "".join(_tag(name) for name in SCRIPTS)
    text, places = re.subn(r"(<meta charset=\"utf-8\" ?/?>)", rf"\1\n{tags}", text, count=1)
    text, starts = re.subn(
        r"await import\(\s*('[^']*config-utils\.js[^']*')", r"await window.kitLoading; await import(\1", text
    )
    if not places or not starts:
        raise KitError(
            _("{page} of JupyterLite has changed: the kit's scripts find no place in it.").format(page=page)
        )
    # It would fetch the application beside the loading screen, which comes to it in its turn.
    text = text.replace('rel="preload"\n      href="../build', 'rel="x-main"\n      href="../build')
    write_text(page, text)


#: Without it a browser asks for one at the top of the server.
_ICON = '    <link rel="icon" href="data:," />\n'


def _tag(name: str) -> str:
    if name.endswith(".css"):
        return f'    <link rel="stylesheet" href="../../kit/{name}" />\n'
    return f'    <script src="../../kit/{name}"></script>\n'


#: What Python is told at its start: where the data are, and to take in the kit while the learner reads.
START_CODE = """\
import os
os.environ["KIT_DATA_URL"] = {data}
import migkit.lesson
get_ipython().Completer.use_jedi = False
get_ipython().execution_count -= 1  # the learner's first cell is number 1
"""


def write_loading(out: Path, kit: Path) -> None:
    """What the loading screen needs to know: the files that the first chart needs, and its sentences.

    Args:
        out: the folder ``lite`` of the edition.
        kit: the edition's folder of scripts.
    """
    python = out / PYODIDE
    lock_file = next(python.glob("pyodide-lock-*.json"))
    lock = json.loads(lock_file.read_text(encoding="utf-8"))
    names = [
        *(name for name in CORE if name not in (LOCK, "pyodide.mjs")),
        lock_file.name,
        *loaded_first(lock, AT_START),
    ]
    files = [_weight(python / name, out.parent) for name in dict.fromkeys(names)]
    said = {"files": files, "code": START_CODE, "texts": loading()}
    write_text(kit / "loading.json", json.dumps(said, indent=1))


def _weight(path: Path, top: Path) -> dict[str, Any]:
    """A file, its bytes, and the bytes that travel when it is sent packed."""
    packed = path.with_name(f"{path.name}.gz")
    size = path.stat().st_size
    travel = packed.stat().st_size if packed.is_file() else size
    return {"url": path.relative_to(top).as_posix(), "bytes": size, "packed": travel}
