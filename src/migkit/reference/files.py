"""How the kit writes a file: whole or not at all, so that a power cut leaves the old one or the new one.

And how it reads YAML, and tells whether a file is the same.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from migkit.reference.errors import KitError
from migkit.reference.language import _

#: The first moment that a zip can name: what carries it is the same file whenever it was made.
ZIP_DATE = (1980, 1, 1, 0, 0, 0)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside ``path``; what is written there takes its place, if all went well.

    One name for each file, so that what a power cut left there goes with the next try.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``, whole or not at all; its folder is made if need be."""
    with replacing(path) as part:
        part.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """:func:`write_bytes` for text: UTF-8, line ends as they are."""
    write_bytes(path, text.encode("utf-8"))


def sha256(path: Path) -> str:
    """The checksum of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_yaml(path: Path) -> Any:
    """What a YAML file of the kit holds.

    JSON is YAML, too: in the browser's wheel the same files hold JSON, which Python reads a hundred times faster
    than YAML and without a package.

    Raises:
        KitError: naming file and line, if it is no UTF-8 text or no YAML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise KitError(_("{name}: this is not UTF-8 text; save it as UTF-8.").format(name=path.name)) from None
    if text.startswith("{"):
        with suppress(ValueError):
            return json.loads(text)
    import yaml

    try:
        # The reader in C where PyYAML has it: ten times faster.
        return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # a safe loader either way
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else "?"
        raise KitError(
            _(
                "{path}, line {line}: this is not valid YAML; look at the indent, and for a colon outside quotes."
            ).format(path=path, line=line)
        ) from None
