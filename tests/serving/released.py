"""A project with two versions of a churn model in real git and real DVC: made once a process by the stages themselves, and copied."""

import contextlib
import io
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import click
import polars as pl
import pytest

from interlock import bundle, frames, params
from interlock.cli import main
from interlock.errors import InterlockError
from interlock.features import featureset
from interlock.files import read_json, sha256, write_json, write_text
from interlock.notebook import inside
from interlock.past import Past
from interlock.releases import deployments
from interlock.releases.deployments import Deployment
from interlock.releases.registry import Registry, Release
from interlock.releases.versions import Version
from tests.usecases import test_churn as churn
from tests.usecases.project import MODEL, run

ROOT = Path(__file__).parents[2]
FIRST, SECOND = Version(1, 0, 0), Version(1, 1, 0)
OUTPUTS = {"ingest": "data/raw", "validate": "data/quarantine", "featurize": "data/features", "package": "models/bundle"}
GRAPH = "stages:\n" + "".join(f"  {name}: {{cmd: 'true', outs: [{out}]}}\n" for name, out in OUTPUTS.items())
CHANGED = churn.FEATURES.replace("logins_7d_before = ", "logins_week_before = ") + (
    'hour = on_demand(col("as_of").dt.hour(), "Hour of the day")\n'
)


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


def environment() -> dict[str, str]:
    """This process's environment, with no settings of git but a name."""
    people = {f"GIT_{role}_{what}": said for role in ("AUTHOR", "COMMITTER") for what, said in (("NAME", "T"), ("EMAIL", "t@example.com"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return os.environ | people | {"GIT_CONFIG_GLOBAL": os.devnull, "PATH": path, "PYTHONPATH": str(ROOT)}


def interlock(*words: str) -> Done:
    """Run `interlock` in the current folder, in this process, whatever it exits with."""
    params.read_yaml.cache_clear()
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main.interlock.main(list(words), standalone_mode=False)
        except InterlockError as error:
            code = error.exit_code
            err.write(str(error))
        except click.ClickException as error:
            code = error.exit_code
            err.write(error.format_message())
        except SystemExit as error:
            code = int(error.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


def killed(at: str, *words: str) -> None:
    """Run `interlock` in a process that is killed at a call, as `killer` counts them."""
    command = [sys.executable, "-P", "-m", "interlock.cli.main", *words]
    more = {"PYTHONPATH": f"{ROOT / 'tests/serving/killer'}:{ROOT}", "KILL": at}
    done = subprocess.run(command, env=environment() | more, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, (at, done)


@cache
def built() -> Path:
    """The project: v1.0.0 in prod, v1.1.0 with other features tagged later; HEAD is a commit after both."""
    root = Path(mkdtemp(prefix="released-"))
    churn.write(root)
    with _quietly(root):
        _git("init", "--quiet")
        _dvc("init", "--quiet")
        (root / ".gitignore").write_text(
            "/data/*\n!/data/sources\n!/data/own\n!/data/accepted\n/models\n/online\n/.interlock\n__pycache__/\n"
        )
        released(root, FIRST)
        write_text(root / "usecases/churn/features.py", CHANGED)
        write_json(root / "conf/model/default.yaml", {**MODEL, "rounds": 12, "learning_rate": 0.3})
        released(root, SECOND)
        deploy({"staging": SECOND, "prod": FIRST})
    return root


def released(root: Path, version: Version) -> None:
    """Run every stage, commit, and tag the commit."""
    run(root)
    write_text(root / "dvc.yaml", GRAPH)
    _dvc("commit", "--force", "--quiet")
    _git("add", "--all")
    _git("commit", "--quiet", "--message", f"{version}")
    with inside(root):
        Registry("churn").write(release(version), f"churn {version}")


def release(version: Version) -> Release:
    """What a tag says of the bundle in the work tree and the commit that is checked out."""
    commit, folder = _git("rev-parse", "HEAD").strip(), Path("models/bundle")
    return Release(
        usecase="churn", version=str(version), commit=commit, bundle=sha256(folder / bundle.MANIFEST),
        artifact=Past(commit).output("models/bundle"), model=sha256(folder / "model/model.json"),
        featureset=featureset.read(folder / bundle.FEATURESET).fingerprint, contract=sha256(bundle.contract(folder, "requests")),
        verdict=read_json(folder / bundle.VERDICT)["verdict"], champion=None, comparison=None, waivers=(), remote=None,
    )  # fmt: skip


def deploy(stages: Mapping[str, Version]) -> None:
    made = {name: Deployment.of(Registry("churn").one(version), "a test") for name, version in stages.items()}
    deployments.write(made, ("staging", "prod"), "deploy")


@pytest.fixture
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the project, as the current folder: v1.0.0 in prod, v1.1.0 in staging."""
    root = tmp_path / "a project é"
    shutil.copytree(built(), root, symlinks=True)
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(root)
    params.read_yaml.cache_clear()
    yield root
    params.read_yaml.cache_clear()


def requests(rows: int, skip: int = 0) -> pl.DataFrame:
    """Requests of the test period, the latest first."""
    found = frames.read(Path("data/features/requests.parquet")).sort("as_of", "customer_id", descending=True)
    return found.select("customer_id", "as_of").slice(skip, rows)


@contextlib.contextmanager
def _quietly(root: Path) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(environment())
    try:
        with contextlib.chdir(root):
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def came(rows: int, after: datetime) -> pl.DataFrame:
    """Events of customers that no snapshot has, one an hour after a moment."""
    at = [after + timedelta(hours=number) for number in range(rows)]
    made = [
        {
            "event_id": f"new-{number}", "customer_id": f"c{number % 160}", "ts": moment, "loaded_at": moment,
            "kind": ["login", "payment", "ticket"][number % 3], "amount": 12.5 if number % 3 == 1 else None, "plan": None,
        }
        for number, moment in enumerate(at)
    ]  # fmt: skip
    utc = pl.Datetime("us", "UTC")
    return pl.DataFrame(made, infer_schema_length=None).cast({"ts": utc, "loaded_at": utc, "plan": pl.String})


def add(rows: pl.DataFrame, arrived: str) -> None:
    """Let events come in through the online path's own command."""
    rows.write_parquet("came.parquet")
    done = interlock("store", "materialize", "--as-of", "2024-06-01T00:00Z") if not Path("online/state").exists() else None
    assert done is None or done.code == 0, done
    done = interlock("store", "add", "events", "came.parquet", "--arrived", arrived)
    assert done.code == 0, done


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], check=True, capture_output=True, text=True).stdout


def _dvc(*words: str) -> None:
    subprocess.run([sys.executable, "-P", "-m", "dvc", *words], check=True, capture_output=True, text=True)
