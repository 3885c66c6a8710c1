"""What a change reruns: by `dvc status` for every declared input, and by a real run for each kind of input."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from ruamel.yaml import YAML

from tests.graph.clone import Clone, read_yaml, stages

STAGES = stages()
FILES = sorted({path for stage in STAGES.values() for path in stage.deps})
SECTIONS = sorted({section for stage in STAGES.values() for section in stage.params["params.yaml"] or ()})
NAME = "usecase.name"
Named = dict[str, set[str]]


@pytest.fixture(scope="module")
def status(finished: Clone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Clone, Callable[[], Named]]]:
    """A copy of the finished project whose files are changed and put back, and for each stage what `dvc status` finds changed:
    files and folders, and sections as `file:section`."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR", "DVC_SITE_CACHE_DIR"):
            patch.setenv(name, finished.environment[name])
        from dvc.repo import Repo

        clone = finished.copy(tmp_path_factory.mktemp("watched") / "un projét")
        with Repo(str(clone.folder)) as repo:
            yield clone, lambda: {name.rpartition(":")[2]: set(named(said)) for name, said in repo.status().items()}


def named(said: list[Any]) -> Iterator[str]:
    for found in said:
        for changed in found.values():
            for path, how in changed.items():
                yield from [path] if isinstance(how, str) else [f"{path}:{section}" for section in how]


@pytest.fixture(scope="module")
def everything(status: tuple[Clone, Callable[[], Named]]) -> Named:
    """What each stage finds changed after a byte more in every file and folder that is declared, another version in every part of
    pins.yaml, and another value in every section of params.yaml, but for the name of the use case: paths are made of it."""
    clone, ask = status
    with ExitStack() as stack:
        for dep in FILES:
            stack.enter_context(changed(clone.folder, dep))
        for stage in STAGES:
            stack.enter_context(said_otherwise(clone.folder / "pins.yaml", [stage]))
        for section in SECTIONS:
            if section != NAME:
                stack.enter_context(said_otherwise(clone.folder / "params.yaml", section.split(".")))
        return ask()


@pytest.fixture(scope="module")
def renamed(status: tuple[Clone, Callable[[], Named]]) -> set[str]:
    """The stages that find something changed after a change of the use case's name."""
    clone, ask = status
    with said_otherwise(clone.folder / "params.yaml", NAME.split(".")):
        return set(ask())


@contextmanager
def altered(file: Path) -> Iterator[None]:
    """Put the file back as it was when the block ends."""
    before = file.read_bytes()
    try:
        yield
    finally:
        file.write_bytes(before)


@contextmanager
def changed(folder: Path, dep: str) -> Iterator[None]:
    """A byte more in a dep: a comment in Python and YAML, a space in JSON, anything in a folder's first file."""
    path = folder / dep
    file = min(path.rglob("*.*")) if path.is_dir() else path
    with altered(file):
        with file.open("a") as opened:
            opened.write({".py": "# more\n", ".yaml": "# more\n"}.get(file.suffix, " "))
        yield


@contextmanager
def said_otherwise(file: Path, keys: list[str]) -> Iterator[None]:
    """The file with another value at the first leaf below `keys`."""
    with altered(file):
        found = read_yaml(file)
        inner, last = found, keys[-1]
        for key in keys[:-1]:
            inner = inner[key]
        while isinstance(inner[last], dict) and inner[last]:
            inner, last = inner[last], next(iter(inner[last]))
        inner[last] = "something else"
        with file.open("w", encoding="utf-8") as opened:
            YAML().dump(found, opened)
        yield


def covers(said: tuple[str, ...] | None, section: str) -> bool:
    """Whether a stage that says these sections of a file is to run when a value in `section` changes."""
    return said is None or any(f"{section}.".startswith(f"{known}.") for known in said)


def of(found: Named, file: str, section: str) -> set[str]:
    """The stages that found a change in this section of a file."""
    return {name for name, said in found.items() if any(f"{file}:{section}.".startswith(f"{known}.") for known in said)}


@pytest.mark.parametrize("dep", FILES)
def test_a_changed_dep_names_its_stages(dep: str, everything: Named) -> None:
    """After a byte more in a file or folder, `dvc status` names it at the stages that depend on it, and at the one that wrote it."""
    expected = {name for name, stage in STAGES.items() if dep in stage.deps | stage.outs}
    assert {name for name, said in everything.items() if dep in said} == expected


@pytest.mark.parametrize("section", SECTIONS)
def test_a_changed_section_names_its_stages(section: str, everything: Named, renamed: set[str], finished: Clone) -> None:
    """After a change of the first value in a section of params.yaml, `dvc status` names it at the stages that declare it."""
    leaf = f"{section}.{next(iter(read_yaml(finished.folder / 'params.yaml')[section]))}" if section == "usecase" else section
    expected = {name for name, stage in STAGES.items() if covers(stage.params["params.yaml"], leaf)}
    assert (renamed if section == NAME else of(everything, "params.yaml", leaf)) == expected


@pytest.mark.parametrize("stage", STAGES)
def test_a_changed_pin_names_its_stage(stage: str, everything: Named) -> None:
    """After a change of a version in a stage's part of pins.yaml, `dvc status` names it at that stage, and at `package`, which records
    them all."""
    assert of(everything, "pins.yaml", stage) == {stage, "package"}


def test_what_no_stage_declares_changes_nothing(status: tuple[Clone, Callable[[], Named]]) -> None:
    """A changed README, test, command, dependency or error text, and a section that only commands read, name no stage."""
    clone, ask = status
    with ExitStack() as stack:
        for path in (
            "README.md",
            "pyproject.toml",
            "requirements.txt",
            "tests/conftest.py",
            "interlock/cli/main.py",
            "interlock/errors.py",
        ):
            stack.enter_context(changed(clone.folder, path))
        assert ask() == {}


def test_a_change_of_no_byte_reruns_its_stages_alone(clone: Clone) -> None:
    """A comment in a module reruns the stages that depend on it, and another owner in the catalog `package`, which prints it in the model
    card; as outputs of the others keep their bytes, nothing further down runs. Without them again, no stage runs but those of another
    pin: for one stage in pins.yaml that stage and `package`."""
    before = clone.hashes()
    clone.append("usecases/flights/features.py", "# a word more\n")
    clone.append("interlock/evaluation/curves.py", "# a word more\n")
    clone.edit("conf/usecase/flights.yaml", "owner: data-team", "owner: weather-team")
    clone.interlock("compose")
    assert clone.repro() == (["featurize", "evaluate", "package"], [])
    assert "weather-team" in (clone.folder / "models/bundle/card.md").read_text()
    assert {out for out, md5 in clone.hashes().items() if md5 != before[out]} == {"models/bundle"}
    for path in ("usecases/flights/features.py", "interlock/evaluation/curves.py"):
        clone.edit(path, "# a word more\n", "")
    clone.edit("conf/usecase/flights.yaml", "owner: weather-team", "owner: data-team")
    clone.interlock("compose")
    with said_otherwise(clone.folder / "pins.yaml", ["gate"]):
        assert clone.repro() == (["gate", "package"], ["featurize", "evaluate"])
    assert clone.repro() == ([], ["gate", "package"])


def test_a_model_parameter_reaches_train(clone: Clone) -> None:
    """Another number of leaves in conf is named when it is composed, and makes `train` and nothing before it stale; that all which
    follows `train` runs then, and comes from the cache again: tests/graph/test_experiments.py and test_releases.py."""
    clone.edit("conf/experiment/small.yaml", "num_leaves: 15", "num_leaves: 7")
    assert "model.num_leaves" in clone.interlock("compose").stdout
    stale = {line.partition(":")[0] for line in clone.dvc("status").splitlines() if line[:1].isalpha()}
    assert stale == {"train", "package"}
    clone.edit("conf/experiment/small.yaml", "num_leaves: 7", "num_leaves: 15")
    clone.interlock("compose")
    assert "up to date" in clone.dvc("status")


def test_a_source_reruns_what_reads_its_change(clone: Clone) -> None:
    """A source whose pin moved is read again. What follows runs as far as bytes change: a new cell that no feature reads reruns
    the stages that read raw tables or how they are distributed; features stay as they were, so `train` does not run."""
    planes = pl.read_parquet(clone.folder / "data/raw/planes.parquet").drop("source_row")
    clone.own("planes", planes.write_csv(null_value="NA"))
    clone.interlock("compose")
    clone.interlock("refresh")
    assert clone.repro() == (["ingest", "package"], [])
    clone.own("planes", planes.with_columns(engine=pl.lit("Turbo-fan")).write_csv(null_value="NA"))
    clone.interlock("refresh")
    readers = [name for name, stage in STAGES.items() if stage.deps & {"data/raw", "reports/validation.json"}]
    assert clone.repro() == (["ingest", *readers], [])
    assert "train" not in readers
