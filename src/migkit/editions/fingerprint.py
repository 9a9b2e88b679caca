"""One hash over many files: it says whether what was made from them is still fresh."""

import hashlib
from pathlib import Path

#: What a notebook's output depends on beside the notebook, relative to the top of the kit.
BEHIND_NOTEBOOKS: tuple[str, ...] = (
    "src/migkit/lesson/**/*",
    "src/migkit/measures/**/*",
    "src/migkit/reference/**/*",
    "datasets/codelists/*",
    "datasets/countries/*",
    "datasets/dictionary/*",
    "datasets/published/*",
    "datasets/sample/*/manifest.json",
)


def fingerprint(root: Path, patterns: tuple[str, ...] = BEHIND_NOTEBOOKS) -> str:
    """One SHA-256 over the names and contents of all files below ``root`` that match ``patterns``."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in patterns for path in root.glob(pattern)}):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(root).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
