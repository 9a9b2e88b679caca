"""What makes a browser edition open from a USB stick: launchers, small servers, and what those go by.

The launchers and servers are files of ``assets/launcher``, copied as they are. All that they say, and all that
they must agree on (types, headers, lasting names), stands in ``launcher/settings.txt``, written here: one line
each, so that Python, Perl, Ruby, C# and the shells read it without a parser.
"""

import re
from pathlib import Path

from migkit.reference import _, set_language
from migkit.reference.files import write_bytes, write_text
from migkit.reference.language import current_language

ASSETS = Path(__file__).parent / "assets" / "launcher"
#: Where the edition answers. The browser keeps work by address, so it must be the same every day.
PORT = 8765
#: Files that browsers may keep for ever, because their name holds their hash or version.
#: ``*`` stands for part of a name, ``**`` for folders too, ``HASH`` for seven or more digits of a hash.
LASTING = (
    "lite/build/*.HASH.js",
    "lite/build/HASH.*",
    "lite/extensions/**/static/*.HASH.js",
    "lite/static/pyodide-*/**",  # its folder names the version, and what the kit makes for it is named by a hash
    "lite/**/*.whl",
)
#: Content types, by the end of a name.
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".ipynb": "application/json",
    ".webmanifest": "application/manifest+json",
    ".wasm": "application/wasm",
    ".whl": "application/zip",
    ".zip": "application/zip",
    ".tar": "application/x-tar",
    ".gz": "application/gzip",
    ".csv": "text/csv; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".xml": "application/xml",
    ".svg": "image/svg+xml",
    ".eot": "application/vnd.ms-fontobject",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".ttf": "font/ttf",
    ".otf": "font/otf",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".pdf": "application/pdf",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
#: Headers of every answer. Nothing may be fetched from elsewhere; JupyterLite needs eval, inline code and blobs.
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'",
}


def sentences() -> dict[str, str]:
    """What launchers and servers say, by the name under which they look it up; in the language in force."""
    return {
        "ready": _("The kit is open at {address}"),
        "room": _("For the others in the room: {address}"),
        "stop": _("Leave this window open while you work. To stop, press Ctrl+C or close it."),
        "stopped": _("The kit is closed. Your work stays in your browser."),
        "already": _("The kit is open already, at {address}"),
        "other_port": _(
            "Another program uses port {port}, so the kit has another address today. Work saved at {usual} "
            "is not lost: it shows again when the kit opens there."
        ),
        "no_port": _("The ports {first} to {last} are all taken. Restart the computer, then start the kit again."),
        "missing": _("There is no such page in this edition of the kit."),
        "incomplete": _("This copy of the kit is not whole: copy the whole folder again."),
        "nothing_unix": _(
            "This computer has neither Python, Perl nor Ruby, and the kit needs one of them: install Python from "
            "python.org, or use another computer."
        ),
        "nothing_windows": _(
            "On this computer neither PowerShell nor Python may start the kit: ask the person who looks after it "
            "to allow PowerShell, install Python from python.org, or use another computer."
        ),
    }


def readme() -> str:
    """The text beside the launchers."""
    return "\n".join(
        [
            _("MIGRATION DATA TRAINING KIT: START HERE"),
            "",
            _("Nothing is installed, and no internet is needed. All data are synthetic."),
            "",
            _("WINDOWS: double-click “Start on Windows”."),
            _("  If Windows asks whether to run it: More info, then Run anyway."),
            "",
            _("MACOS: double-click “Start on macOS”."),
            _("  If macOS refuses: open Terminal, type sh and a space, drag the file there, press Return."),
            "",
            _("LINUX: open a terminal in this folder and type: sh start_on_linux.sh"),
            "",
            _("PHONE OR TABLET: ask your trainer for the address in the room."),
            "",
            _("A window with text opens, then the kit in your browser. Leave the window open while you work."),
            _("Your work is kept in the browser of that computer. To take it along: “Save my work to a file”."),
            _("Is the kit slow from the stick? Copy the whole folder to the computer and start it there."),
            "",
        ]
    )


def lasting_pattern(wanted: str) -> str:
    """A name with ``*``, ``**`` and ``HASH`` as the regular expression that all the servers understand."""
    parts = re.split(r"(\*\*/|\*\*|\*|HASH)", wanted)
    meaning = {"**/": "(.*/)?", "**": ".*", "*": "[^/]*", "HASH": "[0-9a-f]{7,}"}
    return "^" + "".join(meaning.get(part) or re.escape(part) for part in parts) + "$"


def settings_text(lasting: tuple[str, ...] = LASTING, port: int = PORT) -> str:
    """The text of ``settings.txt``."""
    lines = [
        f"port {port}",
        *(f"type {ending} {kind}" for ending, kind in TYPES.items()),
        *(f"header {name} {value}" for name, value in HEADERS.items()),
        *(f"lasting {lasting_pattern(wanted)}" for wanted in lasting),
        *(f"say {name} {sentence}" for name, sentence in sentences().items()),
    ]
    return "\n".join(lines) + "\n"


def write_launchers(out: Path, lang: str, lasting: tuple[str, ...] = LASTING, port: int = PORT) -> list[Path]:
    """Write into an edition's folder what opens it from a stick.

    Args:
        out: the folder of the edition.
        lang: the language of what launchers and servers say.
        lasting: names of files that browsers may keep for ever, see :data:`LASTING`.
        port: where it answers; editions on different ports do not see each other's work.

    Returns:
        The files, in the order of their names.
    """
    written = []
    for source in sorted(path for path in ASSETS.rglob("*") if path.is_file() and path.suffix != ".pyc"):
        name = source.relative_to(ASSETS).as_posix()
        target = out / (name if name.startswith(("Start", "start_")) else f"launcher/{name}")
        text = source.read_text(encoding="utf-8")
        write_text(target, text.replace("\n", "\r\n") if target.suffix in {".bat", ".ps1", ".cs"} else text)
        if target.suffix in {".sh", ".command"}:
            target.chmod(0o755)
        written.append(target)
    before = current_language()
    try:
        set_language(lang)
        said, guide = settings_text(lasting, port), readme()
    finally:
        set_language(before)
    write_text(out / "launcher" / "settings.txt", said)
    # With its mark and Windows' line ends, so that the oldest editor shows the accents too.
    write_bytes(out / "readme.txt", guide.replace("\n", "\r\n").encode("utf-8-sig"))
    return sorted([*written, out / "launcher" / "settings.txt", out / "readme.txt"])
