"""`interlock report` on a real repository: a better model, a worse one, a change without effect, and a merge of two."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from interlock.errors import ConfigError, GitError
from interlock.evaluation import champion
from interlock.reporting import pictures, shown
from interlock.reporting.commits import ends
from interlock.reporting.compared import compared
from tests.graph.clone import Clone

SMALL, GATES = "conf/experiment/small.yaml", "conf/gates/worlds/small_flights.yaml"


@dataclass(frozen=True)
class World:
    """A repository whose branch `best` has the model that it began with, `hasty` one of four trees that was made from it."""

    clone: Clone

    def git(self, *words: str) -> str:
        return self.clone.run("git", *words).stdout.strip()

    def on(self, branch: str) -> None:
        self.git("checkout", "--quiet", "--force", branch)

    def change(self, branch: str, start: str, *edits: tuple[str, str, str]) -> None:
        """A new branch with conf/ edited, brought up to date and committed."""
        self.git("checkout", "--quiet", "--force", "-B", branch, start)
        for edit in edits:
            self.clone.edit(*edit)
        self.clone.interlock("compose")
        self.clone.repro()
        self.clone.commit()

    def scored(self, branch: str) -> pl.DataFrame:
        """The test rows that a branch scored, out of DVC's cache by hash alone."""
        stages = self.git("show", f"{branch}:dvc.lock").split("- path: data/predictions")[1]
        cache = self.clone.folder / ".dvc/cache/files/md5"
        listing = next(line.split()[1] for line in stages.splitlines() if "md5:" in line and ".dir" in line)
        files = json.loads((cache / listing[:2] / listing[2:]).read_text())
        md5 = next(one["md5"] for one in files if one["relpath"] == "test.parquet")
        return pl.read_parquet(cache / md5[:2] / md5[2:])

    def threshold(self, branch: str) -> float:
        return float(json.loads(self.git("show", f"{branch}:reports/metrics.json"))["decision"]["threshold"])


@pytest.fixture(scope="module")
def world(finished: Clone, tmp_path_factory: pytest.TempPathFactory) -> World:
    """One training: the better branch is the very commit that all tests of the graph begin with."""
    made = World(finished.copy(tmp_path_factory.mktemp("réport") / "a project"))
    made.git("checkout", "--quiet", "-B", "best")
    made.change("hasty", "best", (SMALL, "rounds: 60", "rounds: 4"))
    made.git("checkout", "--quiet", "--force", "-B", "good", "hasty")
    made.git("checkout", "best", "--", ".")
    made.clone.commit()
    return made


@pytest.fixture(autouse=True)
def _there(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(world.clone.folder)
    for name in [name for name in os.environ if name.startswith(("GIT_", "DVC_"))]:
        monkeypatch.delenv(name)
    for name, value in world.clone.environment.items():
        monkeypatch.setenv(name, value)
    yield
    world.git("reset", "--quiet", "--hard")


def reported(base: str) -> tuple[dict[str, Any], str]:
    found = compared(ends(base))
    return found, shown.markdown(found, found["kind"])


def test_a_better_model_is_said_to_be_better_with_the_numbers_of_scikit_learn(world: World) -> None:
    """First the verdict; AUC and Brier score are those of scikit-learn on both branches' own predictions."""
    world.on("good")
    found, text = reported("hasty")
    before, after = world.scored("hasty"), world.scored("good")
    auc = [roc_auc_score(rows["label"], rows["score"]) for rows in (before, after)]
    brier = [brier_score_loss(rows["label"], rows["score"]) for rows in (before, after)]
    told = {one["name"]: one for one in found["metrics"]}
    assert [told["auc"]["base"], told["auc"]["head"]] == pytest.approx(auc)
    assert told["auc"]["gain"] == pytest.approx(auc[1] - auc[0])
    assert told["brier"]["gain"] == pytest.approx(brier[0] - brier[1])
    assert told["auc"]["gain_low"] < told["auc"]["gain"] < told["auc"]["gain_high"]
    first = text.splitlines()[0]
    assert first.startswith(f"✅ **Passes its gates. AUC {auc[0]:.4f} → {auc[1]:.4f} (+{auc[1] - auc[0]:.4f}, 95 % +")
    assert first.endswith(": better.**")
    assert "| `model.rounds` | `4` → `60` |" in text
    assert [one["gate"] for one in found["gates"]["gates"] if one["changed"]] == ["stress"]
    assert found["paired"] == {"rows": after.height, "only": {"base": 0, "head": 0}, "relabelled": 0}
    assert not found["stale"]
    assert not found["lacks"]


def test_the_interval_is_that_of_resampling_the_same_rows(world: World) -> None:
    """An independent bootstrap of pairs, with other draws, gives nearly the same ends."""
    world.on("good")
    told = next(one for one in compared(ends("hasty"))["metrics"] if one["name"] == "auc")
    before, after = world.scored("hasty"), world.scored("good")
    labels = after["label"].to_numpy()
    scores = [rows["score"].to_numpy() for rows in (before, after)]
    random, gains = np.random.default_rng(3), []
    for _ in range(300):
        drawn = random.integers(0, len(labels), len(labels))
        gains.append(roc_auc_score(labels[drawn], scores[1][drawn]) - roc_auc_score(labels[drawn], scores[0][drawn]))
    low, high = np.quantile(gains, [0.025, 0.975])
    assert [told["gain_low"], told["gain_high"]] == pytest.approx([low, high], abs=0.3 * (high - low))


def test_flips_are_those_that_one_counts_by_hand(world: World) -> None:
    """By the threshold of each side; slices add up, and examples are rows that flip, named by key and scores alone."""
    world.on("good")
    found, text = reported("hasty")
    before, after = world.scored("hasty"), world.scored("good")
    then, now = before["score"] >= world.threshold("hasty"), after["score"] >= world.threshold("good")
    flips = found["flips"]
    assert flips["flips"] == int((then != now).sum())
    assert {(one["from"], one["to"]): one["rows"] for one in flips["flipped"]} == {
        ("not selected", "selected"): int((~then & now).sum()),
        ("selected", "not selected"): int((then & ~now).sum()),
    }
    assert flips["largest_move"] == pytest.approx(max((after["score"] - before["score"]).to_list(), key=abs))
    assert sum(one["flips"] for one in flips["slices"] if one["slice"].startswith("carrier")) == flips["flips"]
    assert f"**{flips['flips']:,} of {after.height:,} decisions flip" in text
    flipped = set(after.filter(then != now)["flight_id"])
    assert flips["examples"]
    for one in flips["examples"]:
        assert one["key"]["flight_id"] in flipped
        assert set(one) == {"key", "then", "now", "score_then", "score_now"}
        assert set(one["key"]) == {"as_of", "flight_id"}


def test_a_worse_model_fails_and_says_where(world: World) -> None:
    """The verdict is a fail, the gate that changed stands in the open, and so do slices whose whole interval lies below zero."""
    world.on("hasty")
    found, text = reported("best")
    first = text.splitlines()[0]
    assert first.startswith("❌ **Fails `stress`. AUC ")
    assert first.endswith(": worse.**")
    assert "| `stress` | ✓ pass → ✗ fail |" in text
    below = [one for one in found["slices"]["fell"] if one["below"]]
    assert below
    assert f"**{len(below)} of {found['slices']['of']} slices got worse beyond the interval**" in text
    rows = world.scored("hasty"), world.scored("best")
    for one in found["slices"]["fell"]:
        column, _, value = one["slice"].partition(" = ")
        if column != "carrier" or value == "(others)":
            continue
        mine = rows[0]["flight_id"].str.split("-").list.get(3) == value
        auc = [roc_auc_score(of.filter(mine)["label"], of.filter(mine)["score"]) for of in rows]
        assert [one["head"], one["base"]] == pytest.approx(auc)
        assert one["gain_high"] < 0 or not one["below"]


def test_what_has_no_effect_is_said_in_one_line(world: World) -> None:
    """A comment in conf/ changes no hash: one line, and nothing else."""
    world.git("checkout", "--quiet", "--force", "-B", "none", "best")
    world.clone.edit(SMALL, "# The whole graph in seconds", "# All of the graph in seconds")
    world.clone.interlock("compose", "--check")
    world.clone.commit()
    _, text = reported("best")
    assert text == f"✅ **No effect: every output has the hash that it has on `best` ({world.git('rev-parse', 'best')[:7]}).**\n"


def test_a_conflict_of_locks_is_solved_by_either_side_and_the_graph(world: World) -> None:
    """Markers are refused with the way out; a side taken without a run is called not reproduced; after a run the report is right."""
    world.change("bound", "best", (GATES, "auc: {min: 0.6}", "auc: {min: 0.61}"))
    world.git("checkout", "--quiet", "-B", "merged", "hasty")
    merged = subprocess.run(["git", "merge", "bound"], capture_output=True, text=True, check=False)
    assert "CONFLICT (content): Merge conflict in dvc.lock" in merged.stdout
    world.clone.commit()
    with pytest.raises(GitError, match="a conflict of a merge may stand in it") as refused:
        reported("best")
    way, _, run = refused.value.remedy.partition(": ")[2].partition(" && ")
    assert run == "make"
    world.git("reset", "--quiet", "--hard", "hasty")
    subprocess.run(["git", "merge", "bound"], capture_output=True, text=True, check=False)
    world.git(*way.split()[1:])
    world.clone.commit()
    _, text = reported("best")
    assert text.startswith("❌ **Not reproduced: dvc.lock is not of these files (`gate`")
    assert "Run `make`, and commit what git shows." in text
    world.clone.interlock("run")
    world.clone.commit()
    found, text = reported("best")
    assert not found["stale"]
    assert text.startswith("❌ **Fails `stress`. AUC ")
    assert {one["key"] for one in found["params"]} == {"model.rounds"} | {
        one["key"] for one in found["params"] if one["key"].startswith("gates.")
    }


def test_without_data_it_compares_reports_and_says_so(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clone of git alone, as a fork's CI has it: values of both sides by their reports, what is lacking, and no word on luck."""
    world.on("good")
    world.git("clone", "--quiet", str(world.clone.folder), str(tmp_path / "fork"))
    monkeypatch.chdir(tmp_path / "fork")
    found, text = reported("hasty")
    assert found["paired"] is None
    assert any("data/predictions" in one for one in found["lacks"])
    first = text.splitlines()[0]
    assert first.startswith("⚠️ **Passes its gates. AUC ")
    assert "not on the same rows: whether that is luck cannot be told here" in first
    assert "**Not here, so not told:**" in text
    assert str(world.clone.folder) not in text
    shutil.rmtree(tmp_path / "fork")


def test_shallow_unrelated_and_unknown_bases_are_refused_with_the_way_out(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each says what to type; the default base is the default branch of the remote."""
    world.on("good")
    with pytest.raises(GitError, match="there is no commit called 'nowhere'"):
        ends("nowhere")
    with pytest.raises(GitError, match="--upload-pack"):
        ends("--upload-pack=x")
    alone = world.git("commit-tree", "-m", "alone", "HEAD^{tree}")
    with pytest.raises(GitError, match="share no commit") as refused:
        ends(alone)
    assert "interlock report --base REV" in refused.value.remedy
    world.git("clone", "--quiet", "--depth", "1", "--branch", "good", f"file://{world.clone.folder}", str(tmp_path / "shallow"))
    monkeypatch.chdir(tmp_path / "shallow")
    assert ends().name == "origin/good"
    with pytest.raises(GitError) as cut:
        ends("hasty")
    assert "git fetch --unshallow" in cut.value.remedy
    shutil.rmtree(tmp_path / "shallow")


def test_two_use_cases_are_not_compared(world: World) -> None:
    """Their figures say different things: exit code 2, and what to do."""
    world.git("checkout", "--quiet", "--force", "-B", "other", "best")
    world.clone.edit("params.yaml", "  name: flights\n", "  name: people\n")
    world.clone.commit()
    with pytest.raises(ConfigError, match="best is about flights, this branch about people") as refused:
        reported("best")
    assert "interlock report --base REV" in refused.value.remedy


def test_the_champion_is_judged_as_a_release_would(world: World) -> None:
    """Where something runs, gates against it have a verdict here, the one that `releases.comparing` gives; a worse model fails by it."""
    from interlock.releases import bundles, comparing, deployments

    world.git("checkout", "--quiet", "--force", "-B", "main", "best")
    world.clone.dvc("checkout")
    world.clone.interlock("release")
    verified = world.clone.run(sys.executable, "-m", "tools.released", "flights@v1.0.0").stdout
    assert verified.startswith(f"flights@v1.0.0: commit {world.git('rev-parse', 'HEAD')[:12]}, bundle ")
    for _ in range(2):
        world.clone.interlock("promote", "v1.0.0")
    assert "is of commit" in world.clone.run(sys.executable, "-m", "tools.released", "flights@v1.0.0", fails=True).stderr
    world.git("checkout", "--quiet", "--force", "-B", "successor", "main")
    world.git("checkout", "hasty", "--", "conf", "params.yaml", "dvc.lock", "reports")
    world.clone.commit()
    found, text = reported("main")
    assert list(deployments.now()) == ["staging", "prod"]
    expected = comparing.compare(world.git("rev-parse", "HEAD"), bundles.resolve("flights", stage="prod"))
    assert {name: gate["verdict"] for name, gate in found["champion"]["gates"].items()} == {
        name: gate["verdict"] for name, gate in expected["gates"].items()
    }
    assert found["champion"]["outcome"] == expected["outcome"] == champion.WORSE
    assert "`flights@v1.0.0`, which runs in `prod`: AUC" in text
    assert next(one for one in found["gates"]["gates"] if one["gate"] == "champion")["head"] == expected["gates"]["champion"]["verdict"]
    assert "judged at release, since nothing runs yet" not in text


def test_pictures_are_drawn_and_referred_to_from_where_the_report_lies(world: World, tmp_path: Path) -> None:
    """Three PNG, relative to the file, or below an address; the text reads the same without them."""
    world.on("good")
    found, plain = reported("hasty")
    drawn = pictures.draw(found, tmp_path / "to" / "pictures")
    assert [path.read_bytes()[:8] for _, path in drawn] == [b"\x89PNG\r\n\x1a\n"] * 3
    relative = shown.markdown(found, found["kind"], pictures.places(drawn, tmp_path / "to", None))
    assert 'src="pictures/roc.png"' in relative
    assert 'src="https://example.com/1/moves.png"' in shown.markdown(
        found, found["kind"], pictures.places(drawn, tmp_path, "https://example.com/1/")
    )
    start = relative.index("<details><summary>Pictures</summary>")
    assert relative[:start] + relative[relative.index("### Parameters") :] == plain
