"""The JavaScript that book and browser edition need, kept as local files so that they work with the network off.

The ``vendor.json`` of each folder says which packages, which versions and which of their files, with the
SHA-256 of each file. ``python -m migkit.editions.vendor`` checks the files against it;
``python -m migkit.editions.vendor renew`` fetches the packages again with the npm client that is on the PATH.
"""

import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

from migkit.reference import ROOT, KitError, _
from migkit.reference.files import sha256, write_bytes

#: Where the vendored files of the book lie.
VENDOR: Path = ROOT / "book" / "_static" / "vendor"
#: And those of the browser edition.
BROWSER_VENDOR: Path = Path(__file__).parent / "browser" / "assets" / "kit" / "vendor"


def manifest(folder: Path = VENDOR) -> dict[str, Any]:
    """The contents of ``vendor.json``: a list of packages, each with its files and their hashes."""
    loaded: dict[str, Any] = json.loads((folder / "vendor.json").read_text(encoding="utf-8"))
    return loaded


def faults(folder: Path = VENDOR) -> list[str]:
    """What is missing from, changed in or unknown to the folder of vendored files; empty when all is well."""
    wanted = {
        name: digest for package in manifest(folder)["packages"] for name, digest in package["files"].items()
    }
    known = {*wanted, "vendor.json", "README.md"}
    licences = {package["licence_file"] for package in manifest(folder)["packages"]}
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    missing = [_("{name} is missing").format(name=name) for name in sorted((known | licences) - found)]
    unknown = [_("{name} is not in vendor.json").format(name=name) for name in sorted(found - known - licences)]
    changed = [
        _("{name} differs from its hash in vendor.json").format(name=name)
        for name, digest in sorted(wanted.items())
        if name in found and sha256(folder / name) != digest
    ]
    return missing + unknown + changed


def renew(folder: Path = VENDOR) -> list[str]:
    """Fetch every package named in ``vendor.json`` with npm, copy its files in and write their hashes.

    To move to another version, change ``version`` in vendor.json first.

    Returns:
        the names of the files that changed.

    Raises:
        KitError: if there is no npm, or it cannot fetch a package.
    """
    described = manifest(folder)
    changed: list[str] = []
    for package in described["packages"]:
        with tempfile.TemporaryDirectory() as scratch:
            unpacked = npm_package(package["name"], package["version"], Path(scratch))
            fresh = _take(unpacked, package["take"], folder)
        changed += [name for name, digest in fresh.items() if package["files"].get(name) != digest]
        package["files"] = fresh
    write_bytes(folder / "vendor.json", (json.dumps(described, indent=2) + "\n").encode())
    return changed


def npm_package(name: str, version: str, scratch: Path) -> Path:
    """Unpack ``name@version`` below ``scratch`` and give the folder in which its files are.

    The npm client fetches it, because it knows this machine's registry, proxy and certificates.

    Raises:
        KitError: if there is no npm, or it cannot fetch the package.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise KitError(
            _("{name} is fetched with npm, which is not on the PATH: install Node.js.").format(name=name)
        )
    command = [npm, "pack", "--silent", f"{name}@{version}", "--pack-destination", str(scratch)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    archives = list(scratch.glob("*.tgz"))
    if done.returncode or not archives:
        last = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise KitError(
            _("npm could not fetch {name} {version}: {last}").format(name=name, version=version, last=last)
        )
    with tarfile.open(archives[0]) as archive:
        archive.extractall(scratch, filter="data")
    return scratch / "package"


def _take(unpacked: Path, patterns: dict[str, str], folder: Path) -> dict[str, str]:
    """Copy the files that match ``patterns`` (pattern in the package -> folder or file here); name -> SHA-256."""
    taken: dict[str, str] = {}
    for pattern, target in patterns.items():
        for path in sorted(unpacked.glob(pattern)):
            name = str(PurePosixPath(target) / path.name) if target.endswith("/") else target
            write_bytes(folder / name, _without_source_map(path))
            taken[name] = sha256(folder / name)
    return taken


def _without_source_map(path: Path) -> bytes:
    """The file, without the comment that sends a browser's debugger to a map which is not shipped."""
    data = path.read_bytes()
    return re.sub(rb"\n//# sourceMappingURL=\S+\s*$", b"\n", data) if path.suffix == ".js" else data


def main(arguments: list[str]) -> int:
    """Check the vendored files, or with ``renew`` fetch them again; 0 if all is well."""
    folders = (VENDOR, BROWSER_VENDOR)
    if arguments == ["renew"]:
        sys.stdout.writelines(f"{name}\n" for folder in folders for name in renew(folder))
    problems = [problem for folder in folders for problem in faults(folder)]
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
