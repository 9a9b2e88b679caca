"""Habits of the repository: rooms filled, notebooks clean, locks hashed, no address of a package registry."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest

from migkit.reference import ROOT, curriculum

ROOMS = {
    "book": "book/{slug}.md",
    "notebooks": "notebooks/{slug}.ipynb",
    "exercises": "exercises/source/{slug}/{slug}.ipynb",
    "sessions": "trainer_kit/sessions/{slug}.md",
    "slides": "trainer_kit/slides/{slug}.md",
    "evaluation": "trainer_kit/evaluation/{slug}.yml",
    "users": "book/users/{slug}.md",
}
FIXED = [
    "book",
    "notebooks",
    "datasets",
    "trainer_kit",
    "exercises",
    "tests",
    "_config.yml",
    "requirements.txt",
    "README.md",
]


def tracked(*patterns: str) -> list:
    """The files that git tracks."""
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


@pytest.mark.parametrize("name", FIXED)
def test_the_fixed_rooms_are_there(name):
    assert (ROOT / name).exists()


@pytest.mark.parametrize("module", curriculum(ready_only=True), ids=lambda module: module.slug)
def test_a_ready_module_fills_every_room_it_names(module):
    assert module.rooms
    for room in module.rooms:
        file = ROOT / ROOMS[room].format(slug=module.slug)
        assert file.is_file(), f"{module.slug} is ready in curriculum.yml but {file.relative_to(ROOT)} is missing"


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_holds_only_modules_of_the_curriculum(room):
    slugs = {module.slug for module in curriculum(ready_only=True) if room in module.rooms}
    folder, _slash, name = ROOMS[room].rpartition("/")
    held = [path.name for path in (ROOT / folder.replace("{slug}", "")).rglob("*") if "{slug}" in name]
    numbered = {path.split(".")[0] for path in held if re.match(r"\d\d_\w+\.(md|ipynb|yml)$", path)}
    assert numbered == slugs


@pytest.mark.parametrize("file", tracked("*.ipynb"), ids=lambda file: file.name)
def test_notebooks_hold_no_outputs(file):
    for number, cell in enumerate(json.loads(file.read_text(encoding="utf-8"))["cells"]):
        assert cell["cell_type"] != "code" or (not cell["outputs"] and cell["execution_count"] is None), (
            f"{file.relative_to(ROOT)}, cell {number}: clear the outputs before you commit"
        )


@pytest.mark.parametrize(
    "lock", ["requirements.txt", *(f"requirements/{group}.txt" for group in ("docs", "office", "spark", "test"))]
)
def test_every_locked_package_has_hashes(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")
    for entry in re.split(r"\n(?=\S)", text):
        if "==" in entry:
            assert "--hash=sha256:" in entry, f"{lock}: no hash for {entry.splitlines()[0]}"


def test_the_locks_hold_what_pyproject_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {"requirements.txt": project["dependencies"]}
    asked |= {f"requirements/{group}.txt": wanted for group, wanted in project["optional-dependencies"].items()}
    for lock, wanted in asked.items():
        text = (ROOT / lock).read_text(encoding="utf-8").lower()
        for requirement in wanted:
            name = re.split(r"[<>=!\[;]", requirement)[0].strip().lower()
            assert re.search(rf"^{re.escape(name)}==", text, re.M), (
                f"{lock} does not hold {name}: compile it again"
            )


def test_what_the_package_imports_stands_in_pyproject():
    """A package that comes only because another one needs it can vanish with the next version of that one."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = project["dependencies"] + extras["docs"] + extras["browser"]
    in_the_page = {"js", "pyodide", "pyodide_js"}  # Pyodide's own, there where Python runs in a browser
    named = {re.split(r"[<>=!\[;]", line)[0].strip().lower().replace("_", "-") for line in wanted}
    made_by = packages_distributions()
    known = set(sys.stdlib_module_names) | in_the_page | {"migkit"}
    for file in tracked("src/*.py", "src/**/*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            for root in {module.split(".")[0] for module in modules} - known:
                makers = {name.lower().replace("_", "-") for name in made_by.get(root, [root])}
                assert makers & named, f"{file.relative_to(ROOT)} imports {root}: name it in pyproject.toml"


def test_the_locks_agree_with_each_other():
    def versions(lock):
        text = (ROOT / lock).read_text(encoding="utf-8")
        return set(re.findall(r"^([\w.-]+)(==\S+)", text, re.M))

    base = versions("requirements.txt")
    for lock in ("requirements/docs.txt", "requirements/test.txt"):
        assert base <= versions(lock), f"{lock} was compiled from another requirements.txt"


def test_the_version_stands_in_step():
    import migkit

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == migkit.__version__
    assert f"version: {migkit.__version__}" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"## {migkit.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_no_committed_file_names_a_package_registry():
    hosts = re.compile(r"files\.pythonhosted|pypi\.org/simple|registry\.npmjs|deb\.debian\.org")
    for file in tracked():
        if (
            file.suffix not in {".png", ".docx", ".pptx", ".woff", ".woff2", ".js"}
            and file.name != "test_habits.py"
        ):
            assert not hosts.search(file.read_text(encoding="utf-8", errors="ignore")), file.relative_to(ROOT)
