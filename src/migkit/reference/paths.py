"""Where the kit lies on this machine."""

import os
from pathlib import Path

#: The top folder of the kit, where README.md and kit.py are. The environment variable KIT_HOME overrides it.
ROOT: Path = Path(os.environ.get("KIT_HOME") or Path(__file__).resolve().parents[3])
