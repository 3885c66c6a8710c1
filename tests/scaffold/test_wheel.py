"""The wheel: the same bytes from the same files, whichever way it is come by, and nothing but what its RECORD says."""

import random
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from ruamel.yaml import YAML

from interlock.errors import ArtifactError
from interlock.scaffold import requirements, running, templates
from interlock.scaffold.wheel import pack, read
from tests.scaffold.conftest import Made
from tests.scaffold.wheels import changed, saved
from tools import lock

ROOT = Path(__file__).parents[2]
PRINT = "from interlock.scaffold import running; print(running.wheel().sha256)"


def test_a_wheel_is_the_same_bytes_wherever_it_comes_from(tmp_path: Path, installed: Callable[[Path], Path]) -> None:
    """Built twice from the repository, and put together again from its installed files, a wheel has one hash."""
    build = running.wheel.__wrapped__
    first, second = build(), build()
    place = installed(saved(first, tmp_path))
    done = subprocess.run([sys.executable, "-P", "-c", PRINT], env={"PYTHONPATH": str(place)}, capture_output=True, text=True, check=True)
    assert {first.sha256, second.sha256, done.stdout.strip()} == {first.sha256}


def test_an_installed_library_that_was_edited_is_no_wheel(created: Made, installed: Callable[[Path], Path]) -> None:
    """A file of the installed library that is not as it was installed is named, and no wheel is made of it."""
    place = installed(next(created.folder.glob("vendor/*.whl")))
    (place / "interlock" / "frames.py").write_bytes((place / "interlock" / "frames.py").read_bytes() + b"\n")
    done = subprocess.run([sys.executable, "-P", "-c", PRINT], env={"PYTHONPATH": str(place)}, capture_output=True, text=True, check=False)
    assert "is not as it was installed: interlock/frames.py" in done.stderr


def test_the_order_of_its_files_makes_no_difference() -> None:
    """A wheel is a function of what its files are called and hold."""
    own = list(running.wheel().files.items())
    random.Random(7).shuffle(own)  # noqa: S311 - an order, no secret
    assert pack(dict(own)).content == running.wheel().content


def test_it_holds_every_file_of_the_package_and_what_projects_are_made_from() -> None:
    """Code, style sheets, pages and templates that git has of the package are in the wheel, and every stage, the graph and the lock."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "interlock"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = {name for name in listed.stdout.splitlines() if (ROOT / name).is_file() and "partial" not in name}
    assert names - set(running.wheel().files) == set()
    generated = templates.files(running.wheel(), "generated", {"usecase": "x", "description": ""})
    assert {name for name in generated if name.startswith(".github/")} == {
        f".github/workflows/{name}.yml" for name in ("check", "comment", "report")
    }
    assert {name for name in generated if name.startswith("tools/")} == {
        f"tools/{name}" for name in ("comment.py", "install.py", "review.py", "setup.mk")
    }
    assert {name for name in generated if name.startswith("stages/")} == {f"stages/{path.name}" for path in (ROOT / "stages").glob("*.py")}
    assert {"dvc.yaml", "Makefile", "tools/install.py"} < set(generated)
    assert templates.lock(running.wheel())


@pytest.mark.parametrize("name", ["churn", "churn_2", "churn__", "a_"])
def test_a_projects_own_metadata_can_be_read(name: str) -> None:
    """Whatever the use case is called and its description says, pyproject.toml is TOML and names a distribution; dvc.yaml says it too."""
    about = {"usecase": name, "description": 'They say "no"\\,\nand <leave> 🛫'}
    project = tomllib.loads(templates.files(running.wheel(), "given", about)["pyproject.toml"])["project"]
    assert Requirement(project["name"]).name == name.rstrip("_").replace("_", "-")
    assert project["description"] == about["description"]
    graph = YAML(typ="safe").load(templates.files(running.wheel(), "generated", about)["dvc.yaml"])
    assert graph["artifacts"][name]["desc"] == about["description"]


def test_the_lock_that_it_carries_is_part_of_this_repositorys() -> None:
    """interlock/scaffold/requirements.txt is what `make lock` takes out of requirements.txt."""
    assert (ROOT / lock.PART).read_text() == lock.part((ROOT / "requirements.txt").read_text()), "run: make lock"


def test_the_lock_that_it_carries_is_complete() -> None:
    """It has, hashed, everything that the library's metadata ask for in this environment, and what that asks for in turn."""
    entries = requirements.ENTRY.findall((ROOT / lock.PART).read_text())
    names = {re.sub(r"[-_.]+", "-", entry.partition("==")[0]).lower() for entry in entries}
    assert all("--hash=sha256:" in entry for entry in entries)
    metadata = next(text.decode() for name, text in running.wheel().files.items() if name.endswith("/METADATA"))
    waiting, seen = [*re.findall(r"^Requires-Dist: (.+)$", metadata, re.MULTILINE), "uv", "redis", "duckdb"], set()
    while waiting:
        asked = Requirement(waiting.pop())
        name = re.sub(r"[-_.]+", "-", asked.name).lower()
        if name not in seen and (asked.marker is None or any(asked.marker.evaluate({"extra": extra}) for extra in ("", "polars"))):
            seen.add(name)
            waiting += requires(name) or []
    assert len(seen) > 50
    assert seen - names == set()


def test_no_address_is_in_what_it_carries_for_projects() -> None:
    """A lock names packages and hashes, and no place to fetch them from."""
    assert "://" not in templates.lock(running.wheel())


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.write_bytes(b"no zip"), "is no wheel"),
        (lambda path: path.write_bytes(path.read_bytes()[:-400]), "is no wheel"),
        (lambda path: path.rename(path.with_name("interlock-8.0.0-py3-none-any.whl")), "is no wheel of interlock"),
        (lambda path: path.rename(path.with_name("other-9.0.0-py3-none-any.whl")), "is no wheel of interlock"),
        (lambda path: _altered(path, "interlock/files.py"), "interlock/files.py is not what its RECORD says"),
        (lambda path: _added(path), "interlock/more.py is not what its RECORD says"),  # noqa: PLW0108 - defined below
        (lambda path: _replaced(path, RECORD, b"\xff"), "metadata that cannot be read"),
        (lambda path: _replaced(path, RECORD, b"interlock/files.py\n"), "metadata that cannot be read"),
        (lambda path: _replaced(path, RECORD, b"a" * 200_000), "metadata that cannot be read"),
        (lambda path: _replaced(path, "interlock/files.py", bytes(300 << 20)), "unpacks to more than 256 MiB"),
        (lambda path: path.unlink(), "does not exist"),
    ],
)
def test_what_is_no_whole_wheel_of_the_library_is_refused(tmp_path: Path, spoil: Callable[[Path], object], said: str) -> None:
    """Another file, half of one, one under another name, and one with a file altered or added are refused by what is wrong."""
    path = saved(changed({}, "9.0.0"), tmp_path)
    assert read(path).version == "9.0.0"
    spoil(path)
    with pytest.raises(ArtifactError, match=re.escape(said)):
        read(next(tmp_path.glob("*"), path))


RECORD = "interlock-9.0.0.dist-info/RECORD"


def _replaced(path: Path, name: str, content: bytes) -> None:
    """The wheel with another content of a file, packed small."""
    files = dict(read(path).files) | {name: content}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as opened:
        for each, text in files.items():
            opened.writestr(each, text)


def _altered(path: Path, name: str) -> None:
    with zipfile.ZipFile(path) as opened:
        files = {each: opened.read(each) for each in opened.namelist()} | {name: b"# altered\n"}
    with zipfile.ZipFile(path, "w") as made:
        for each, content in files.items():
            made.writestr(each, content)


def _added(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as opened:
        opened.writestr("interlock/more.py", "")
