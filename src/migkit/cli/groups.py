"""Packages that only one verb needs are installed by that verb, from their own lock."""

import subprocess
import sys

from migkit.reference import ROOT, KitError, _


def ensure(group: str) -> None:
    """Install the locked package group ``group`` ("docs", "office", "test") unless it is there already.

    The launcher does the work, because it also shows progress and explains failures.

    Raises:
        KitError: if the group could not be installed; the launcher has printed why.
    """
    done = subprocess.run([sys.executable, str(ROOT / "kit.py"), "install", group], check=False)
    if done.returncode != 0:
        raise KitError(_("The package group {group!r} is not installed, see above.").format(group=group))
