"""`interlock adopt`: an experiment file that composes to the experiment's very parameters, or nothing written at all."""

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf
from ruamel.yaml import YAML

from interlock import compose
from interlock.adopting import adopt, adopt_experiment
from interlock.choosing import left, selected
from interlock.conf import differing
from interlock.errors import ConfigError, GitError, InterlockError

ROOT = Path(__file__).parent.parent.parent
Run = Callable[..., subprocess.CompletedProcess[str]]


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout.strip()


def by_dvc(*overrides: str) -> bytes:
    """What `dvc exp run -S …` writes to params.yaml."""
    from dvc.utils.hydra import compose_and_dump

    compose_and_dump("composed.yaml", str(Path("conf").absolute()), None, "config", "", list(overrides))
    found = Path("composed.yaml").read_bytes()
    Path("composed.yaml").unlink()
    return found


def plant(name: str, content: bytes, base: str = "") -> None:
    """An experiment of that name with these parameters, where DVC keeps one."""
    base = base or git("rev-parse", "HEAD")
    blob = subprocess.run(["git", "hash-object", "-w", "--stdin"], input=content, check=True, capture_output=True).stdout.decode().strip()
    git("read-tree", base)
    git("update-index", "--cacheinfo", f"100644,{blob},params.yaml")
    commit = git("commit-tree", git("write-tree"), "-p", base, "-m", "run")
    git("read-tree", "HEAD")
    git("update-ref", f"refs/exps/{base[:2]}/{base[2:]}/{name}", commit)


def select(name: str) -> None:
    path = Path("conf/config.yaml")
    path.write_text(path.read_text().replace("experiment: null", f"experiment: {name}"))
    compose.write(compose.compose())
    git("commit", "--quiet", "--all", "--message", "another")


def snapshot() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in [*Path("conf").rglob("*"), Path("params.yaml")] if path.is_file()}


@pytest.fixture
def configured(project: Path, commit: Callable[[], None]) -> Path:
    """A project with this one's conf as far as flights and employment go, composed and committed."""
    shutil.copytree(ROOT / "conf", project / "conf", ignore=shutil.ignore_patterns("*footfall*"))
    (project / "dvc.yaml").write_text("stages: {}\n")
    compose.write(compose.compose())
    commit()
    return project


CASES: dict[str, tuple[str | None, list[str], list[str]]] = {
    "values": (
        None,
        ["model.lambda_l1=1e-05", "model.exclude=[wind_dir,humid]"],
        ["model:\n  lambda_l1: 1.0e-05\n  exclude:\n  - wind_dir\n  - humid\n"],
    ),
    "a choice and a value": (None, ["model=fair", "model.num_leaves=31"], ["  - override /model: fair\n", "model:\n  num_leaves: 31\n"]),
    "another use case": (None, ["usecase=employment"], ["  - override /usecase: employment\n"]),
    "an experiment": (None, ["experiment=small", "model.rounds=50"], ["  - small\n  - _self_\n", "model:\n  rounds: 50\n"]),
    "a bound in a world": ("small", ["gates.auc.min=0.61"], ["  - small\n", "gates:\n  auc:\n    min: 0.61\n"]),
}


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("case", CASES)
def test_what_is_adopted_composes_to_the_bytes_of_the_experiment(case: str) -> None:
    """Choices and values become an experiment file of just these, and params.yaml the very bytes that DVC composed; one line of
    config.yaml changes. Bounds that a world loosens stay as they were, for every use case."""
    selected, overrides, expected = CASES[case]
    if selected:
        select(selected)
    wanted, config, before = by_dvc(*overrides), Path("conf/config.yaml").read_text(), snapshot()
    elsewhere = by_dvc("usecase=employment", *(["experiment=small"] if case == "an experiment" else []))
    plant("run-1", wanted)
    found = adopt_experiment("run-1")
    assert Path("params.yaml").read_bytes() == wanted
    assert found.file == "conf/experiment/run_1.yaml"
    for words in expected:
        assert words in found.content
    said = YAML(typ="safe").load(found.content)
    values = {key: value for key, value in said.items() if key != "defaults"}
    assert set(differing({}, values)) == {
        key
        for key in differing(YAML(typ="safe").load(before["params.yaml"]), YAML(typ="safe").load(wanted))
        if key in differing({}, values)
    }
    assert Path("conf/config.yaml").read_text() == config.replace(f"experiment: {selected or 'null'}", "experiment: run_1")
    assert set(snapshot()) - set(before) == {found.file}
    if case in {"an experiment", "a bound in a world"}:
        changed = set(differing(*(YAML(typ="safe").load(text) for text in (elsewhere, by_dvc("usecase=employment")))))
        assert changed <= {"model.rounds", "gates.auc.min"}


@pytest.mark.usefixtures("configured")
def test_changes_by_key_are_adopted(interlock: Run) -> None:
    """Settings by dotted key and choices of groups, as a search finds them, are kept with the reason in the file's head; and one
    adopted on top of another includes it."""
    found = adopt("won", {"model": "fair", "model.num_leaves": 31, "model.exclude": ["humid"]}, why="Found by\na search.")
    assert found.content.startswith("# @package _global_\n# Found by a search.\ndefaults:\n")
    assert found.choices == {"model": "fair"}
    assert found.values == {"model": {"num_leaves": 31, "exclude": ["humid"]}}
    assert Path("params.yaml").read_bytes() == by_dvc()
    git("add", "--all")
    git("commit", "--quiet", "--message", "won")
    assert adopt("more", {"model.num_leaves": 15}, why="Smaller.").kept == "won"
    assert interlock("compose", "--check").returncode == 0
    model = YAML(typ="safe").load(Path("params.yaml"))["model"]
    assert (model["num_leaves"], model["exclude"], model["mitigation"]) == (15, ["humid"], "equalized_odds")


def dirty(_: Path) -> None:
    Path("conf/model/default.yaml").write_text(Path("conf/model/default.yaml").read_text() + "# more\n")


def by_hand(_: Path) -> None:
    Path("params.yaml").write_text(Path("params.yaml").read_text().replace("seed: 7", "seed: 9"))


def moved(_: Path) -> None:
    path = Path("conf/model/default.yaml")
    path.write_text(path.read_text().replace("num_leaves: 63", "num_leaves: 31"))
    select("null")


def nothing(_: Path) -> None:
    pass


REFUSED: dict[str, tuple[Callable[[Path], None], str, str | None, type[InterlockError], list[str]]] = {
    "an edit of conf": (dirty, "good", None, GitError, ["conf/model/default.yaml", "git restore conf"]),
    "params edited by hand": (by_hand, "good", None, ConfigError, ["-  seed: 9"]),
    "another base": (
        moved,
        "good",
        None,
        ConfigError,
        ["model.num_leaves", "dvc exp run -S model.learning_rate=0.03 -S 'model.exclude=[\"wind_dir\"]'"],
    ),
    "an unknown name": (nothing, "nope", None, ConfigError, ["there are: good", "failed is kept nowhere: dvc queue logs"]),
    "an option for git": (nothing, "--all", None, ConfigError, ["--all is no experiment"]),
    "a name that is taken": (nothing, "good", "small", ConfigError, ["conf/experiment/small.yaml exists", "--name"]),
    "a name that leads out": (nothing, "good", "../model/x", ConfigError, ["small letters"]),
    "the name of nothing": (nothing, "good", "null", ConfigError, ["small letters"]),
    "the name of a truth": (nothing, "good", "on", ConfigError, ["small letters"]),
    "a group that is none": (nothing, "grown", None, ConfigError, ["foo is not a known group"]),
    "a misspelt key": (nothing, "misspelt", None, ConfigError, ["model.num_leave"]),
    "a key that is gone": (nothing, "shrunk", None, ConfigError, ["conf/ cannot say all of it", "usecase.small"]),
    "what is there": (nothing, "same", None, ConfigError, ["nothing differs"]),
}


def test_what_cannot_be_adopted_leaves_nothing_behind(configured: Path) -> None:
    """Each refusal says what is in the way and what to type, and not a byte of conf or params.yaml changed."""
    plant("good", by_dvc("model.learning_rate=0.03", "model.exclude=[wind_dir]"))
    plant("grown", by_dvc("+foo.bar=1"))
    plant("misspelt", by_dvc("+model.num_leave=1"))
    plant("shrunk", by_dvc("~usecase.small.flights"))
    plant("same", by_dvc())
    start = git("rev-parse", "HEAD")
    for case, (prepare, asked, name, kind, words) in REFUSED.items():
        prepare(configured)
        before = snapshot()
        with pytest.raises(kind) as caught:
            adopt_experiment(asked, name)
        assert snapshot() == before, case
        assert [said for said in words if said not in str(caught.value)] == [], f"{case}: {caught.value}"
        git("reset", "--quiet", "--hard", start)


@pytest.mark.usefixtures("configured")
def test_a_dry_run_says_it_and_writes_nothing(interlock: Run) -> None:
    """`--dry-run` shows the file, `--json` is the same for a program, and both leave the project as it was; params.yaml may be
    another experiment's, as `dvc exp run` leaves it."""
    plant("slow", by_dvc("model.learning_rate=0.03"))
    plant("few", by_dvc("model.num_leaves=7"))
    Path("params.yaml").write_bytes(by_dvc("model.num_leaves=7"))
    before = snapshot()
    shown = interlock("adopt", "slow", "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert "conf/experiment/slow.yaml would be written" in shown.stdout
    assert "      learning_rate: 0.03\n" in shown.stdout
    told = json.loads(interlock("adopt", "slow", "--name", "slowly", "--dry-run", "--json").stdout)
    assert (told["written"], told["file"], told["keys"]) == (False, "conf/experiment/slowly.yaml", ["model.learning_rate"])
    assert snapshot() == before
    done = interlock("adopt", "slow")
    assert "git add -A && git commit -m 'Adopt slow'" in done.stdout
    assert YAML(typ="safe").load(Path("params.yaml"))["model"]["num_leaves"] == 63


@pytest.mark.parametrize("written", ["small", "'small'", '"small"'])
def test_only_the_choice_is_changed(written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the selected experiment is quoted, what stands beside it stays."""
    monkeypatch.chdir(tmp_path)
    Path("conf").mkdir()
    Path("conf/config.yaml").write_text(f"defaults:\n  - experiment: {written}  # why\n")
    assert selected("slow") == "defaults:\n  - experiment: slow  # why\n"


def test_a_number_that_no_trial_has_is_no_crash(interlock: Run) -> None:
    """A trial's number is of a few plain digits; anything else is looked for among experiments."""
    for number in ("9" * 5000, "٣"):
        assert interlock("adopt", f"sweep#{number}").returncode in (2, 7)


@pytest.mark.usefixtures("configured")
def test_what_fails_half_way_is_as_if_nothing_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where params.yaml cannot be written, the experiment file and its selection are taken back: the same command can run again."""
    plant("slow", by_dvc("model.learning_rate=0.03"))
    before, replace, full = snapshot(), Path.replace, [OSError(28, "No space left on device")]

    def failing(self: Path, target: Path) -> Path:
        if Path(target) == Path("params.yaml") and full:
            raise full.pop()
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(OSError, match="No space"):
        adopt_experiment("slow")
    assert snapshot() == before
    assert adopt_experiment("slow").keys == ["model.learning_rate"]


@pytest.mark.usefixtures("configured")
def test_a_name_of_several_experiments_is_the_one_here_or_none(commit: Callable[[], None]) -> None:
    """Of experiments of one name that of the commit that is checked out is meant; where none is, which one must be said."""
    plant("slow", by_dvc("model.learning_rate=0.03"))
    Path("more").touch()
    commit()
    plant("slow", by_dvc("model.learning_rate=0.02"))
    assert adopt_experiment("slow", dry=True).values == {"model": {"learning_rate": 0.02}}
    Path("most").touch()
    commit()
    with pytest.raises(ConfigError, match=r"2 experiments are called slow\n  → name one by its commit: [0-9a-f]{7}, [0-9a-f]{7}"):
        adopt_experiment("slow")


@pytest.mark.usefixtures("configured")
def test_an_experiment_of_another_graph_is_in_nobodys_way() -> None:
    """One that has no params.yaml, of a sibling project or of long ago, does not keep another from being adopted."""
    plant("slow", by_dvc("model.learning_rate=0.03"))
    base, tree = git("rev-parse", "HEAD"), git("hash-object", "-t", "tree", "-w", "/dev/null")
    git("update-ref", f"refs/exps/{base[:2]}/{base[2:]}/other", git("commit-tree", tree, "-p", base, "-m", "run"))
    assert adopt_experiment("slow").keys == ["model.learning_rate"]


scalars = (
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(["a", "1", ""])
)
flat = {"a": scalars, "b": scalars, "many": st.lists(scalars, max_size=2)}
one = st.fixed_dictionaries({}, optional=flat)
trees = st.fixed_dictionaries({}, optional={**flat, "c": one, "d": st.fixed_dictionaries({}, optional={**flat, "c": one})})


def grown(old: Any, more: Any) -> Any:
    """`more` laid over `old`: what conf can say of it."""
    if not isinstance(old, dict) or not isinstance(more, dict):
        return more
    return {**old, **{key: grown(old[key], value) if key in old else value for key, value in more.items()}}


@given(trees, trees)
def test_what_is_left_makes_the_difference_and_no_more(old: Mapping[str, Any], more: Mapping[str, Any]) -> None:
    """Laid over the old settings by OmegaConf, what is left to say gives the wanted ones, types of numbers included; each scalar in
    it is one that differs or part of a list that does."""
    wanted = grown(old, more)
    said = left(old, wanted)
    merged = OmegaConf.to_container(OmegaConf.merge(OmegaConf.create(dict(old)), OmegaConf.create(said)))
    assert differing(merged, wanted) == []
    assert {key.partition("[")[0] for key in differing({}, said)} == {
        key.partition("[")[0] for key in differing(old, wanted) if key in differing({}, wanted)
    }
