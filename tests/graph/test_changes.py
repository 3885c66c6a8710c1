"""What a change reruns: by `dvc status` for every declared input, and by a real run for each kind of input."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from ruamel.yaml import YAML

from tests.graph.clone import Clone, read_yaml, stages

STAGES = stages()
FILES = sorted({path for stage in STAGES.values() for path in stage.deps})
SECTIONS = sorted({section for stage in STAGES.values() for section in stage.params["params.yaml"] or ()})
FROM_TRAIN = ["train", "score", "evaluate", "stress", "explain", "gate", "package"]
Status = Callable[[], set[str]]


@pytest.fixture(scope="module")
def watched(finished: Clone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Clone, Status]]:
    """A copy of the finished project whose files each test changes and puts back, and the stages that DVC finds changed there."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR", "DVC_SITE_CACHE_DIR"):
            patch.setenv(name, finished.environment[name])
        from dvc.repo import Repo

        clone = finished.copy(tmp_path_factory.mktemp("watched") / "un projét")
        with Repo(str(clone.folder)) as repo:
            yield clone, lambda: {name.rpartition(":")[2] for name in repo.status()}


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


def seen(watched: tuple[Clone, Status], change: Callable[[Path], AbstractContextManager[Any]]) -> set[str]:
    clone, status = watched
    with change(clone.folder):
        return status()


@pytest.mark.parametrize("dep", FILES)
def test_a_changed_dep_names_its_stages(dep: str, watched: tuple[Clone, Status]) -> None:
    """After a byte more in a file or folder, `dvc status` names the stages that depend on it, and the one that wrote it."""
    expected = {name for name, stage in STAGES.items() if dep in stage.deps | stage.outs}
    assert seen(watched, lambda folder: changed(folder, dep)) == expected


@pytest.mark.parametrize("section", SECTIONS)
def test_a_changed_section_names_its_stages(section: str, watched: tuple[Clone, Status]) -> None:
    """After a change of the first value in a section of params.yaml, `dvc status` names the stages that declare it."""
    clone, _ = watched
    keys = section.split(".")
    leaf = f"{section}.{next(iter(read_yaml(clone.folder / 'params.yaml')[section]))}" if section == "usecase" else section
    expected = {name for name, stage in STAGES.items() if covers(stage.params["params.yaml"], leaf)}
    assert seen(watched, lambda _: said_otherwise(clone.folder / "params.yaml", keys)) == expected


@pytest.mark.parametrize("stage", STAGES)
def test_a_changed_pin_names_its_stage(stage: str, watched: tuple[Clone, Status]) -> None:
    """After a change of a version in a stage's part of pins.yaml, `dvc status` names that stage, and `package`, which records them all."""
    assert seen(watched, lambda folder: said_otherwise(folder / "pins.yaml", [stage])) == {stage, "package"}


def test_what_no_stage_declares_changes_nothing(watched: tuple[Clone, Status]) -> None:
    """A changed README, test, command, dependency or error text, and a section that only commands read, name no stage."""
    clone, status = watched
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
        assert status() == set()


def test_a_comment_reruns_its_stages_alone(clone: Clone) -> None:
    """A comment in a module reruns the stages that depend on it; as their outputs keep their bytes, nothing further down runs.
    Without it again, no stage runs."""
    before = clone.hashes()
    clone.append("usecases/flights/features.py", "# a word more\n")
    clone.append("interlock/evaluation/curves.py", "# a word more\n")
    assert clone.repro() == (["featurize", "evaluate"], [])
    assert clone.hashes() == before
    for path in ("usecases/flights/features.py", "interlock/evaluation/curves.py"):
        clone.edit(path, "# a word more\n", "")
    assert clone.repro() == ([], ["featurize", "evaluate"])


def test_a_model_parameter_reruns_from_train_on(clone: Clone) -> None:
    """Another number of leaves in conf reruns `train` and what follows; back again, all of it comes from the cache."""
    before = clone.hashes()
    clone.edit("conf/experiment/small.yaml", "num_leaves: 15", "num_leaves: 7")
    assert "model.num_leaves" in clone.interlock("compose").stdout
    assert clone.repro() == (FROM_TRAIN, [])
    assert clone.hashes()["models/model"] != before["models/model"]
    assert clone.hashes()["data/features"] == before["data/features"]
    clone.edit("conf/experiment/small.yaml", "num_leaves: 7", "num_leaves: 15")
    clone.interlock("compose")
    assert clone.repro() == ([], FROM_TRAIN)
    assert clone.hashes() == before


def test_an_owner_reruns_package_alone(clone: Clone) -> None:
    """Another owner in the catalog reruns `package`, which prints it in the model card."""
    clone.edit("conf/usecase/flights.yaml", "owner: data-team", "owner: weather-team")
    clone.interlock("compose")
    assert clone.repro() == (["package"], [])
    assert "weather-team" in (clone.folder / "models/bundle/card.md").read_text()


def test_a_pin_reruns_its_stage_alone(clone: Clone) -> None:
    """Another version for one stage in pins.yaml reruns that stage and `package`; its bytes being the same, nothing else."""
    with said_otherwise(clone.folder / "pins.yaml", ["gate"]):
        assert clone.repro() == (["gate", "package"], [])
    assert clone.repro() == ([], ["gate", "package"])


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
