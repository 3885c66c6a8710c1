"""What a module pulls in, read from source: against what Python really imports, and rule by rule."""

import subprocess
import sys
from pathlib import Path

import pytest

from interlock.closure import DIRECTORIES, HARMLESS, closure, third_party
from interlock.errors import DeclarationError

ROOT = Path(__file__).parent.parent
STAGES = sorted(path.stem for path in (ROOT / "stages").glob("*.py") if path.stem != "__init__")
FILES = {
    "stages/__init__.py": "",
    "stages/one.py": "from interlock import late\nfrom interlock.deep.inner import name\nfrom interlock.usecase import load_schema\nload_schema('x')",
    "interlock/__init__.py": "",
    "interlock/late.py": "def f():\n    import polars.selectors as cs\n    from . import registry",
    "interlock/registry.py": "MEMBERS = {'a': 'interlock.member:Member'}\n'see interlock.other'",
    "interlock/member.py": "import json, numpy",
    "interlock/other.py": "import scipy",
    "interlock/deep/__init__.py": "",
    "interlock/deep/inner.py": "from ..errors import X\nname = 1",
    "interlock/errors.py": "import rich",
    "interlock/usecase.py": "def load_schema(name): return load(name, 'schema')",
    "usecases/x/schema.py": "import pandera",
    "usecases/y/schema.py": "import duckdb",
    "usecases/x/features.py": "import treelite",
}


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small project with an import of each kind; the current folder."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("written")
def test_every_kind_of_import_is_followed() -> None:
    """Followed are imports in functions, relative ones, registries and loaded use cases; prose, other files and errors' imports are not."""
    found = {path.as_posix() for path in closure(Path("stages/one.py"))}
    left_out = {"stages/__init__.py", "interlock/other.py", "usecases/x/features.py"}
    assert found == set(FILES) - left_out
    assert third_party(Path("stages/one.py")) == {"polars", "numpy", "pandera", "duckdb"}


@pytest.mark.usefixtures("written")
def test_one_use_case_can_be_chosen() -> None:
    """With a use case named, the files of others are no part of a closure."""
    assert third_party(Path("stages/one.py"), usecase="x") == {"polars", "numpy", "pandera"}


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize(("text", "said"), [("x = 1\ndef (", ":2: SyntaxError: "), ("x = '\0'", ":1: ")])
def test_a_file_that_is_no_python_is_named(text: str, said: str) -> None:
    """A slip of the pen in a use case is told with its file and line: it is no defect of the library."""
    Path("usecases/y/schema.py").write_text(text)
    with pytest.raises(DeclarationError, match=rf"^usecases/y/schema\.py{said}.*\n  → mend usecases/y/schema\.py$"):
        closure(Path("stages/one.py"))


@pytest.mark.parametrize("stage", STAGES)
def test_what_python_imports_is_in_the_closure(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file of the project that Python loads when it imports a stage is in the stage's closure."""
    code = "import importlib, sys; importlib.import_module(sys.argv[1]); print(*[m.__file__ for m in sys.modules.values() if getattr(m, '__file__', 0)], sep='\\n')"
    command = [sys.executable, "-c", code, f"stages.{stage}"]
    loaded = {Path(line) for line in subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()}
    own = {path.relative_to(ROOT) for path in loaded if path.is_relative_to(ROOT) and not path.is_relative_to(ROOT / ".venv")}
    monkeypatch.chdir(ROOT)
    assert own - closure(Path("stages") / f"{stage}.py") == {Path("stages/__init__.py")} & own


def test_exemptions_name_files_and_give_reasons() -> None:
    """Each file that is exempt from a rule exists, and says why."""
    for exempt in (HARMLESS, DIRECTORIES):
        assert all((ROOT / name).is_file() and len(reason) > 20 for name, reason in exempt.items())
