"""Where the kit lies on this machine."""

import os
from pathlib import Path


def _root() -> Path:
    """KIT_HOME; else the folder inside the package, which the browser's wheel has; else the repository."""
    if named := os.environ.get("KIT_HOME"):
        return Path(named)
    package = Path(__file__).resolve().parents[1]
    inside = package / "home"
    return inside if inside.is_dir() else package.parents[1]


#: The top folder of the kit, where README.md and kit.py are. The environment variable KIT_HOME overrides it.
ROOT: Path = _root()
