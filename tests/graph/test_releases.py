"""Releases in a real repository with a real remote: what passes becomes a version, what runs where is told for any moment."""

import json
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.graph.clone import RAN, Clone

START = datetime(2030, 1, 1, tzinfo=UTC)
BAD = ("-S", "model.rounds=1", "-S", "model.num_leaves=2")
GOOD = ("-S", "model.rounds=60", "-S", "model.num_leaves=15", "-S", "model.seed=8")
FROM_TRAIN = ["train", "score", "evaluate", "stress", "explain", "gate", "package"]


# Of every tenth prediction in the log: all is reached, every feature is what was recorded, and rows of the sources stand behind it.
TRACED = """
from interlock.lineage.trace import trace
from interlock.serving import predictions

found = [trace(each) for each in list(predictions.every())[::10]]
for each in found:
    assert (each.unreached, each.differ) == ((), ()), each
    assert any(feature.rows and feature.rows.count and feature.rows.agree for feature in each.features), each
    assert all(table.rows for table in each.tables if table.name == "flights"), each
print(len(found), *sorted({each.model.tag for each in found}))
"""


@dataclass
class Team:
    """A clone with a git remote and a DVC remote; every command takes place an hour after the one before."""

    clone: Clone
    hours: int = 0
    moments: dict[datetime, dict[str, str]] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return START + timedelta(hours=self.hours)

    def say(self, *command: str, fails: bool = False) -> Any:
        """What a command of interlock answers as JSON; a commit that it makes is of this hour."""
        self.hours += 1
        done = self.clone.interlock(*command, "--json", fails=fails, GIT_COMMITTER_DATE=self.now.isoformat())
        return json.loads(done.stdout)

    def move(self, *command: str) -> Any:
        """What a command answers that changes what runs where, and pushes it."""
        found = self.say(*command, "--push")
        self.moments[self.now] = self.runs()
        return found

    def keep(self) -> None:
        """Commit and push what there is."""
        self.hours += 1
        self.clone.run("git", "add", "--all")
        self.clone.run("git", "commit", "--quiet", "--allow-empty", "--message", "change", GIT_COMMITTER_DATE=self.now.isoformat())
        self.clone.dvc("push")
        self.clone.run("git", "push", "--quiet", "origin", "HEAD")

    def runs(self, *at: str) -> dict[str, str]:
        found = json.loads(self.clone.interlock("deployed", *at, "--json").stdout)
        return {each["stage"]: each["version"].partition("@")[2] for each in found}


@pytest.fixture
def team(clone: Clone, tmp_path: Path) -> Team:
    """The finished project with remotes, everything pushed."""
    made = Team(clone)
    clone.run("git", "init", "--quiet", "--bare", str(tmp_path / "git"))
    clone.run("git", "remote", "add", "origin", str(tmp_path / "git"))
    clone.dvc("remote", "add", "--default", "storage", str(tmp_path / "storage"))
    made.keep()
    return made


def failed(outcome: Any) -> list[str]:
    return [check["name"] for check in outcome["checks"] if not check["passed"]]


def first(team: Team) -> None:
    """A good model becomes v1.0.0, and runs in every stage in order."""
    released = team.say("release", "--push")
    assert (released["released"], released["release"]["version"], released["release"]["remote"]) == (True, "v1.0.0", "storage")
    assert team.say("release")["already"]
    refused = team.clone.interlock("promote", "v1.0.0", "--to", "prod", fails=True)
    assert "has never run in staging, which comes before prod" in refused.stderr
    for stage in ("staging", "prod"):
        assert team.move("promote", "v1.0.0")["stage"] == stage
    assert team.runs() == {"staging": "v1.0.0", "prod": "v1.0.0"}


def bad(team: Team) -> None:
    """A bad one is refused for its gates and for what runs, and tagged only once every one of them is waived in git."""
    clone = team.clone
    before = clone.hashes()
    assert RAN.findall(clone.dvc("exp", "run", *BAD)) == FROM_TRAIN
    assert clone.hashes()["models/model"] != before["models/model"]
    assert clone.hashes()["data/features"] == before["data/features"]
    team.keep()
    assert failed(team.say("release", fails=True)) == ["the verdict is a pass", "no worse than what runs"]
    assert clone.run("git", "tag").stdout.split() == ["flights@v1.0.0"]
    gates = [gate["name"] for gate in json.loads((clone.folder / "reports/gates.json").read_text())["gates"] if gate["verdict"] == "fail"]
    assert len(gates) > 1
    until = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    for gate in (*gates, "champion"):
        clone.interlock(
            "gates", "--against", "prod", "--waive", gate, "--reason", "a drill", "--owner", "data-team", "--until", until
        )  # fmt: skip
    assert failed(team.say("release", fails=True)) == ["nothing is uncommitted"]
    team.keep()
    waived = team.say("release", "--push")["release"]
    assert (waived["version"], waived["verdict"], waived["comparison"]["outcome"]) == ("v1.0.1", "fail", "worse")
    assert {waiver["gate"] for waiver in waived["waivers"]} == {*gates, "champion"}
    team.move("promote", "1.0.1")


def good(team: Team) -> None:
    """Another good one is a patch, needs no waiver, goes through the stages in order, and is rolled back with a draft of a postmortem."""
    clone = team.clone
    clone.dvc("exp", "run", *GOOD)
    team.keep()
    released = team.say("release", "--push")["release"]
    assert (released["version"], released["waivers"], released["champion"]) == ("v1.0.2", [], "flights@v1.0.0")
    for _ in range(2):
        team.move("promote", "v1.0.2")
    assert team.runs() == {"staging": "v1.0.2", "prod": "v1.0.2"}
    assert team.say("promote", "v1.0.2", "--to", "prod")["moved"] is False
    back = team.move("rollback", "--reason", "too many false alarms")
    assert (back["stage"], back["version"], back["before"]) == ("prod", "flights@v1.0.0", "flights@v1.0.2")
    (draft,) = back["written"]
    assert "too many false alarms" in (clone.folder / draft).read_text(encoding="utf-8")
    assert clone.run("git", "status", "--porcelain").stdout == ""
    assert team.runs() == {"staging": "v1.0.2", "prod": "v1.0.0"}
    assert "nothing ran in prod before" in clone.interlock("rollback", "--reason", "once more", fails=True).stderr
    clone.run("git", "checkout", "--quiet", "--detach")
    assert "HEAD is detached" in clone.interlock("promote", "v1.0.2", "--to", "prod", fails=True).stderr
    clone.run("git", "checkout", "--quiet", "-")


def told(team: Team, tmp_path: Path) -> None:
    """What ran at every moment is told, from a fresh clone as well, and not from a shallow one; versions are there for DVC's own tools."""
    other, shallow = (Clone(tmp_path / name, team.clone.environment) for name in ("other", "shallow"))
    subprocess.run(["git", "clone", "--quiet", tmp_path / "git", other.folder], check=True)
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", (tmp_path / "git").as_uri(), shallow.folder], check=True)
    for each in (team, Team(other)):
        for moment, expected in team.moments.items():
            assert each.runs("--at", (moment + timedelta(minutes=30)).isoformat()) == expected
        assert each.runs("--at", START.isoformat()) == {}
    assert "shallow clone" in shallow.interlock("deployed", fails=True).stderr
    other.dvc("artifacts", "get", ".", "flights", "--rev", "v1.0.2", "-o", str(tmp_path / "got"))
    booster = [
        json.loads((folder / "model/model.json").read_text())["booster"] for folder in (tmp_path / "got", team.clone.folder / "models")
    ]
    assert booster[0] == booster[1]


def predicted(team: Team, version: str, rows: pl.DataFrame) -> None:
    """Score requests with a version."""
    rows.write_parquet(team.clone.folder / "asked.parquet")
    team.clone.interlock("score", "asked.parquet", f"scored-{version}.parquet", "--version", version)


def replayed(team: Team) -> None:
    """A hundred predictions of three versions, some made after events had arrived that no release had seen, are made again to the same
    bits, and lead back to their release and to rows of the sources."""
    clone = team.clone
    asked = pl.read_parquet(clone.folder / "data/features/requests.parquet")
    last = asked.sort("as_of").tail(100)
    for number, version in enumerate(("v1.0.0", "v1.0.1")):
        predicted(team, version, last[33 * number : 33 * (number + 1)])
    flights = pl.read_parquet(clone.folder / "data/raw/flights.parquet").drop("source_row")
    came = flights.filter(pl.col("arr_delay").is_not_null(), month=12, day=31).head(3).with_columns(flight=pl.lit(9999, pl.Int16))
    came.write_parquet(clone.folder / "came.parquet")
    clone.interlock("store", "materialize", "--as-of", "2013-12-30T00:00Z", "--release", "v1.0.2")
    clone.interlock("store", "add", "flights", "came.parquet", "--arrived", "available")
    predicted(team, "v1.0.2", last[66:])
    found = json.loads(clone.interlock("replay", "--sample", "100", "--json").stdout)
    assert found["equal"] == found["predictions"] == 100, found
    traced = clone.run(sys.executable, "-c", TRACED).stdout.split()
    assert traced == ["10", "flights@v1.0.0", "flights@v1.0.1", "flights@v1.0.2"]


def test_three_releases_are_walked(team: Team, tmp_path: Path) -> None:
    """From a first release over one that is refused, and then waived, to a good one that is rolled back; and what they predicted."""
    first(team)
    bad(team)
    good(team)
    told(team, tmp_path)
    replayed(team)


CUT = """#!/bin/sh
# Ends who called it, as a power cut would, at the first git command named by CUT: before git does it, or after.
if [ "$1 $2" = "${CUT#*:}" ]; then
  [ "${CUT%%:*}" = after ] && "$GIT" "$@"
  kill -9 $PPID
  exit 1
fi
exec "$GIT" "$@"
"""


@pytest.fixture
def cut(tmp_path: Path) -> dict[str, str]:
    """What in the environment puts such a git before the real one."""
    folder = tmp_path / "cut"
    folder.mkdir()
    (folder / "git").write_text(CUT)
    (folder / "git").chmod(0o755)
    return {"PATH": str(folder), "GIT": str(shutil.which("git"))}


def killed(team: Team, cut: dict[str, str], at: str, *command: str) -> None:
    """Run a command of interlock that is killed at a step."""
    environment = {**team.clone.environment, "CUT": at, "GIT": cut["GIT"], "PATH": f"{cut['PATH']}:{team.clone.environment['PATH']}"}
    done = subprocess.run(
        [sys.executable, "-m", "interlock.cli.main", *command], cwd=team.clone.folder, env=environment, capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def test_what_is_killed_at_any_step_is_completed_or_undone_by_the_next(team: Team, cut: dict[str, str]) -> None:
    """Before and after each thing that a release, a promotion and a rollback do in git, the state is one that the same command
    goes on from: nothing is left over, and nothing is there twice."""
    clone = team.clone
    for step in ("before:tag --annotate", "after:tag --annotate"):
        killed(team, cut, step, "release")
    assert team.say("release")["already"]
    for step in ("before:add --", "after:add --", "before:commit --quiet"):
        killed(team, cut, step, "promote", "v1.0.0")
        assert team.runs() == {}
    killed(team, cut, "after:commit --quiet", "promote", "v1.0.0")
    assert team.runs() == {"staging": "v1.0.0"}
    assert team.say("promote", "v1.0.0", "--to", "staging")["moved"] is False
    assert clone.run("git", "status", "--porcelain").stdout == ""
    assert clone.run("git", "log", "--format=%s", "--", "deployed.yaml").stdout.splitlines() == ["Promote flights@v1.0.0 to staging"]


def test_of_two_at_once_one_wins_by_push_and_the_other_is_told(team: Team, tmp_path: Path) -> None:
    """Who pushes a tag or a promotion second finds it refused, has it taken back, and sees what the first one did after a pull."""
    other = Team(team.clone.copy(tmp_path / "other"), hours=50)
    assert team.say("release", "--push")["released"]
    late = other.clone.interlock("release", "--push", fails=True)
    assert "refuses flights@v1.0.0" in late.stderr
    assert "somebody else was first" in late.stderr
    assert other.clone.run("git", "tag").stdout == ""
    other.clone.run("git", "fetch", "--quiet", "--tags")
    assert other.say("release")["already"]
    team.say("promote", "v1.0.0", "--push", "--reason", "first")
    late = other.clone.interlock("promote", "v1.0.0", "--push", "--reason", "second", fails=True)
    assert "refuses HEAD" in late.stderr
    assert other.runs() == {}
    assert other.clone.run("git", "status", "--porcelain").stdout == ""
    other.clone.run("git", "pull", "--quiet", "--rebase", "origin", "HEAD")
    assert other.say("promote", "v1.0.0", "--to", "staging")["moved"] is False


def test_one_altered_byte_is_refused_by_name(team: Team) -> None:
    """In a bundle's copy here, in the cache and on the remote: what was released is not taken from there, and it is told from where."""
    clone = team.clone
    team.say("release", "--push")
    lock = json.loads(clone.run("git", "tag", "--list", "--format=%(contents)", "flights@v1.0.0").stdout.rpartition("\n---\n")[2])
    kept = clone.folder / ".interlock/past" / lock["artifact"].removesuffix(".dir")
    model = kept / "model/booster.txt"
    content = model.read_bytes()
    model.write_bytes(content[:-2] + b"x\n")
    assert "models/bundle/model/booster.txt of commit" in clone.interlock("promote", "v1.0.0", fails=True).stderr
    team.say("promote", "v1.0.0")
    cached = [path for path in (clone.folder / ".dvc/cache/files/md5").rglob("*") if path.is_file() and path.read_bytes() == content]
    cached[0].chmod(0o644)
    cached[0].write_bytes(content[:-2] + b"x\n")
    shutil.rmtree(kept)
    told = clone.interlock("promote", "v1.0.0", "--to", "prod", fails=True).stderr
    assert "models/bundle/model/booster.txt of commit" in told
    assert "was altered, in the DVC cache or on the remote" in told
    cached[0].unlink()
    assert team.say("promote", "v1.0.0", "--to", "prod")["moved"], "the remote has it"
