"""The package is a house with floors: a room imports only from floors below its own (design, “The rooms”)."""

import ast
from pathlib import Path

import pytest

from migkit.reference import ROOT

PACKAGE = ROOT / "src" / "migkit"

#: What each floor may import, lowest first. `measures` and `sources`/`world` stand side by side and never meet.
MAY_IMPORT: dict[str, set[str]] = {
    "reference": set(),
    "world": {"reference"},
    "sources": {"reference", "world"},
    "measures": {"reference"},
    "lesson": {"reference", "measures"},
    "evaluation": {"reference", "measures", "lesson"},
    "editions": {"reference", "world", "sources", "measures", "lesson", "evaluation"},
    "own": {"reference", "measures", "lesson", "editions"},
    "classroom": {"reference", "world", "sources", "measures", "lesson", "evaluation", "editions"},
    "cli": {"reference", "world", "sources", "measures", "lesson", "evaluation", "editions", "own", "classroom"},
}


def imported_floors(file: Path) -> set[str]:
    """The floors of migkit that a file imports, wherever in the file the import stands."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: write imports in full, so that floors can be seen"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    parts = [name.split(".") for name in names if name.startswith("migkit.")]
    return {part[1] for part in parts if part[1] in MAY_IMPORT}


def test_every_room_of_the_package_is_a_known_floor():
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert rooms == set(MAY_IMPORT)


@pytest.mark.parametrize("floor", MAY_IMPORT)
def test_a_floor_imports_only_from_below(floor):
    for file in sorted((PACKAGE / floor).rglob("*.py")):
        upward = imported_floors(file) - MAY_IMPORT[floor] - {floor}
        assert not upward, f"{file.relative_to(ROOT)} imports {sorted(upward)}, which is not below {floor}"


def test_the_test_sees_an_upward_import(tmp_path):
    file = tmp_path / "bad.py"
    file.write_text(
        "def f():\n    from migkit.cli import main\n    import migkit.world.people\n", encoding="utf-8"
    )
    assert imported_floors(file) == {"cli", "world"}
