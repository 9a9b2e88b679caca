"""kit.py: sets itself up, resumes, and says each failure in one sentence. No test here reaches the network."""

import base64
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from migkit.reference import ROOT

NAME = "kit_test_package"


def tiny_wheel(folder: Path) -> str:
    """Write a wheel with one module into ``folder``; return its sha256."""
    folder.mkdir()
    info = f"{NAME}-1.0.dist-info"
    files = {
        f"{NAME}.py": "VALUE = 42\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(text)}\n"
    files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    wheel = folder / f"{NAME}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


@pytest.fixture(scope="session")
def fresh_venv(tmp_path_factory) -> Path:
    """An empty environment, made once and copied by each test: making one takes seconds."""
    folder = tmp_path_factory.mktemp("venv") / ".venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    return folder


@pytest.fixture
def launcher(tmp_path, fresh_venv, monkeypatch):
    """kit.py in a folder of its own, whose group `docs` is one tiny package brought in the folder `wheels`."""
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    shutil.copy(ROOT / "kit.py", tmp_path / "kit.py")
    shutil.copytree(fresh_venv, tmp_path / ".venv", symlinks=True)
    digest = tiny_wheel(tmp_path / "wheels")
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
    (tmp_path / "requirements.txt").write_text("", encoding="utf-8")
    (tmp_path / "requirements").mkdir()
    lock = f"{NAME.replace('_', '-')}==1.0 \\\n    --hash=sha256:{digest}\n"
    (tmp_path / "requirements" / "docs.txt").write_text(lock, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("launcher", tmp_path / "kit.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "is_installed", keep_base_installed(module.is_installed))
    return module


def keep_base_installed(real):
    return lambda group: True if group == "base" else real(group)


def site_packages(launcher) -> Path:
    return next(launcher.VENV.glob("[Ll]ib/**/site-packages"))


def test_installs_from_wheels_without_network_and_only_once(launcher, capsys):
    launcher.install("docs")
    assert (site_packages(launcher) / f"{NAME}.py").exists()
    assert "100%" in capsys.readouterr().out
    launcher.install("docs")
    assert capsys.readouterr().out == ""


def test_what_is_installed_is_known_again_by_the_next_process():
    """Python orders sets anew in each process; the fingerprint must not follow."""
    code = "import kit; print(kit.fingerprint('base'))"
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=dict(os.environ, PYTHONHASHSEED=str(seed)),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(6)
    }
    assert len(seen) == 1


def test_a_changed_lock_is_installed_anew(launcher, capsys):
    launcher.install("docs")
    lock = launcher.ROOT / "requirements" / "docs.txt"
    lock.write_text(lock.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert not launcher.is_installed("docs")


def test_resumes_after_an_installation_was_cut_off(launcher):
    launcher.install("docs")
    launcher.stamp("docs").unlink()  # as if the power had gone while pip was unpacking:
    (site_packages(launcher) / f"{NAME}-1.0.dist-info" / "RECORD").unlink()
    (site_packages(launcher) / f"{NAME}.py").unlink()
    launcher.install("docs")
    assert (site_packages(launcher) / f"{NAME}.py").read_text(encoding="utf-8") == "VALUE = 42\n"
    assert launcher.is_installed("docs")


def test_a_venv_whose_python_has_gone_is_made_again(launcher):
    launcher.install("docs")
    launcher.stamp("docs").unlink()
    launcher.venv_python().unlink()
    launcher.install("docs")
    assert launcher.venv_python().exists()


def test_an_altered_package_is_refused(launcher):
    wheel = next(launcher.WHEELS.iterdir())
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("extra.txt", "altered on the way")
    with pytest.raises(launcher.Trouble, match="differs from the one this kit was tested with"):
        launcher.install("docs")
    assert not launcher.is_installed("docs")


def test_no_network_at_first_start(launcher, monkeypatch):
    shutil.rmtree(launcher.WHEELS)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(launcher.Trouble, match=r"needs the internet .* cannot be reached"):
        launcher.install("docs")


def test_full_disk_before_and_during(launcher, monkeypatch):
    said = launcher.explain("OSError: [Errno 28] No space left on device", Path("log"), "docs")
    assert said.startswith("The disk is full")
    monkeypatch.setattr(launcher.shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(10**9, 10**9, 10**7))
    with pytest.raises(launcher.Trouble, match="Not enough room on the disk"):
        launcher.install("docs")


def test_unknown_group(launcher):
    with pytest.raises(launcher.Trouble, match="use one of base, browser, docs, office, spark, test"):
        launcher.install("nonsense")


def test_an_old_python_is_told_so():
    code = (
        "import runpy, sys; sys.version_info = (3, 8, 18, 'final', 0); sys.argv = ['kit.py', 'start'];"
        f"runpy.run_path({str(ROOT / 'kit.py')!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip().count("\n") == 0
    assert "This is Python 3.8; the kit needs Python 3.11 or newer" in done.stderr


def test_help_answers_before_anything_is_installed(tmp_path):
    shutil.copy(ROOT / "kit.py", tmp_path)
    for name in ("requirements.txt", "pyproject.toml"):
        (tmp_path / name).write_text("", encoding="utf-8")
    done = subprocess.run([sys.executable, str(tmp_path / "kit.py")], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "kit.py VERB" in done.stdout
    assert not (tmp_path / ".venv").exists()


def test_only_the_standard_library():
    code = "import sys; before = set(sys.modules); import kit; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    roots = {name.split(".")[0].lstrip("_") for name in done.stdout.split()}
    assert roots <= {name.lstrip("_") for name in sys.stdlib_module_names} | {"kit"}


@pytest.mark.parametrize("verb", ["start", "test", "data", "book", "docs", "class"])
def test_every_verb_has_help_with_an_example(verb):
    from click.testing import CliRunner

    from migkit.cli import kit

    said = CliRunner().invoke(kit, [verb, "--help"])
    assert said.exit_code == 0, said.output
    assert f"kit {verb}" in said.output


def test_an_unknown_verb_and_a_users_mistake_are_one_sentence():
    environment = dict(os.environ, KIT_HOME=str(ROOT))
    for arguments, words in ((["nonsense"], "No such command"), (["data", "ZZZ", "--out", "x"], "ZZZ")):
        done = subprocess.run(
            [sys.executable, "-m", "migkit.cli", *arguments],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
        assert done.returncode != 0
        assert words in done.stderr
        assert "Traceback" not in done.stderr


def test_a_verb_that_fails_without_an_error_still_leaves_with_its_code(monkeypatch):
    """`kit test` with a failing test must fail in CI."""
    import click

    from migkit import cli

    @click.command()
    @click.argument("code", type=int)
    def command(code):
        raise click.exceptions.Exit(code)

    monkeypatch.setattr(cli.Verbs, "get_command", lambda _self, _context, _name: command)
    for code in (0, 3):
        with pytest.raises(SystemExit) as left:
            cli.main(["start", str(code)])
        assert left.value.code == code


def test_the_stamp_is_plain_json(launcher):
    launcher.install("docs")
    assert json.loads(launcher.stamp("docs").read_text(encoding="utf-8"))["fingerprint"]
