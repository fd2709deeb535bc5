"""What is shipped: a wheel with everything in it, which runs where the project is not."""

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("rig", "models", "calibration")
#: What a build reads; everything else would only be copied for nothing.
SOURCES = ("pyproject.toml", "README.md", "LICENSE", *PACKAGES)

WHERE = """
import importlib, json, pathlib
names = ("rig", "models", "calibration")
print(json.dumps({name: importlib.import_module(name).__file__ for name in names}))
"""


def run(*words: object, cwd: Path) -> str:
    """What a command prints, called without a word of where the project lies."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy: a build leaves its rubbish beside its sources."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            rubbish = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, source / name, ignore=rubbish)
        else:
            shutil.copy(ROOT / name, source / name)
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet")
    run(sys.executable, "-m", "pip", "wheel", *offline, "-w", out, source, cwd=out)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts' folder of a new environment that has the wheel, and the dependencies of ours."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=sys.platform != "win32")
    places = {"base": str(folder), "platbase": str(folder)}
    scheme = "venv" if "venv" in sysconfig.get_scheme_names() else "posix_prefix"
    packages = Path(sysconfig.get_path("purelib", scheme, places))
    scripts = Path(sysconfig.get_path("scripts", scheme, places))
    python = scripts / ("python.exe" if sys.platform == "win32" else "python")
    alone = ("--no-deps", "--no-index", "--quiet")
    run(sys.executable, "-m", "pip", "--python", python, "install", *alone, wheel, cwd=folder)
    # A plain line adds a folder behind the new one, and does not run what is in its .pth files:
    # that is where an editable install would show the project.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return scripts


def test_every_file_of_the_packages_is_in_it(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    files = [path for name in PACKAGES for path in (ROOT / name).rglob("*") if path.is_file()]
    kept = [path for path in files if "__pycache__" not in path.parts]
    wanted = {path.relative_to(ROOT).as_posix() for path in kept}
    assert {"rig/py.typed", "rig/data/rig.yaml", "models/data/priors/feather.safetensors"} <= wanted
    assert wanted <= held


def test_nothing_else_is_in_it(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_it_is_called_and_versioned_as_the_project_is(wheel: Path) -> None:
    assert wheel.name.startswith(f"rig_capture-{importlib.metadata.version('rig-capture')}-")


def test_it_runs_from_another_folder_on_its_own_packages(installed: Path, tmp_path: Path) -> None:
    found = json.loads(run(installed / "python", "-c", WHERE, cwd=tmp_path))
    home = installed.parent.resolve()
    assert all(home in Path(file).resolve().parents for file in found.values()), found
    assert "capture" in run(installed / "rig", "--help", cwd=tmp_path)
    run(installed / "rig", "init", "--default", cwd=tmp_path)
    shipped = (ROOT / "rig" / "data" / "rig.yaml").read_text(encoding="utf-8")
    assert (tmp_path / "rig.yaml").read_text(encoding="utf-8") == shipped
    assert (tmp_path / "rig.schema.json").is_file()
