"""`interlock score` over two real releases of a churn model: what it writes, logs, rejects and refuses, and what a power cut leaves."""

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from interlock.features import eventlog
from interlock.serving import predictions
from interlock.serving.record import Prediction
from tests.serving.released import add, came, deployed, interlock, killed, requests

__all__ = ["deployed"]
pytestmark = pytest.mark.usefixtures("deployed")
OUT, LOG = Path("scores.parquet"), Path("online/predictions")


def scored(*words: str) -> pl.DataFrame:
    done = interlock("score", *words)
    assert done.code == 0, done
    return pl.read_parquet(words[-1] if words[-1].endswith(".parquet") else OUT)


def held() -> dict[str, predictions.Logged]:
    return {each.id: each for each in predictions.every(LOG)}


def test_every_form_of_a_file_gives_the_same_predictions() -> None:
    """Parquet, CSV and JSON lines of the same requests: the same scores, and each prediction made once, whatever it is asked by.

    The scores are those that the project's own graph gave the same rows: prod runs v1.0.0, whose test predictions lie in git's past.
    """
    asked = requests(40)
    asked.write_parquet("a.parquet")
    asked.write_csv("a.csv")
    asked.with_columns(pl.col("as_of").dt.strftime("%Y-%m-%dT%H:%M:%SZ")).write_ndjson("a.ndjson")
    first = scored("a.parquet", "one.parquet")
    assert first.select("as_of", "customer_id").rows() == asked.select("as_of", "customer_id").rows()
    assert first["version"].unique().to_list() == ["churn@v1.0.0"]
    for name in ("a.csv", "a.ndjson", "a.parquet"):
        assert scored(name, "other.parquet").equals(first)
    log = held()
    assert list(log) == first["prediction"].to_list()
    made = [each.prediction for each in log.values()]
    assert [each.scores["score"] for each in made if each] == first["score"].to_list()
    assert {each.snapshot.commit for each in made if each} == {head()}


def test_staging_scores_as_the_graph_did() -> None:
    """The release of the work tree gives its test rows the very bits of the stage `score`."""
    stage = pl.read_parquet("data/predictions/test.parquet")
    asked = pl.read_parquet("data/features/requests.parquet").join(stage, on=["customer_id", "as_of"], how="semi")
    asked.select("customer_id", "as_of").write_parquet("a.parquet")
    found = scored("a.parquet", str(OUT), "--stage", "staging")
    both = found.join(stage, on=["customer_id", "as_of"], suffix="_stage")
    assert both.height == stage.height > 100
    assert both["score"].to_list() == both["score_stage"].to_list()
    assert both["raw_score"].to_list() == both["raw_score_stage"].to_list()


def test_a_glob_is_scored_in_the_order_of_names() -> None:
    """Several files are one output, and a request that stands in two of them is one prediction."""
    Path("in").mkdir()
    for number in range(3):
        requests(10, 9 * number).write_parquet(f"in/{number}.parquet")
    found = scored("in/*.parquet", str(OUT))
    assert found.height == 30
    assert found["prediction"].n_unique() == 28 == len(held())
    assert found.select("customer_id", "as_of").rows() == pl.concat([requests(10, 9 * number) for number in range(3)]).rows()


def test_what_breaks_the_contract_is_told_and_the_rest_scored() -> None:
    """Rows that break the contract go, with file, row and reason, beside the output; the command exits with 5, and is right of the others."""
    lines = [
        '{"customer_id": "c1", "as_of": "2025-01-01T00:00:00Z"}',
        '{"customer_id": 7, "as_of": "2025-01-01T00:00:00Z"}',
        '{"customer_id": "c2"}',
        "not json",
        '{"customer_id": "c3", "as_of": "2025-01-01T00:00:00Z", "\\u001b[31m": 1}',
    ]
    Path("a.ndjson").write_text("\n".join(lines))
    done = interlock("score", "a.ndjson", "out/scores.parquet", "--json")
    told = json.loads(done.out)
    assert (done.code, told["scored"], told["rejected"]) == (5, 2, 3)
    assert pl.read_parquet("out/scores.parquet")["customer_id"].to_list() == ["c1", "c3"]
    bad = [json.loads(line) for line in Path("out/scores.rejected.ndjson").read_text().splitlines()]
    assert [(each["file"], each["row"]) for each in bad] == [("a.ndjson", 1), ("a.ndjson", 2), ("a.ndjson", 3)]
    assert "customer_id is 7" in bad[0]["reason"]
    assert "as_of is missing" in bad[1]["reason"]
    Path("a.ndjson").write_text(lines[0])
    assert interlock("score", "a.ndjson", "out/scores.parquet").code == 0
    assert not Path("out/scores.rejected.ndjson").exists()


def test_events_that_came_in_count() -> None:
    """A request after events that no snapshot has sees them, and its record names the position of the log."""
    asked = pl.DataFrame({"customer_id": ["c0"], "as_of": [datetime(2025, 2, 11, tzinfo=UTC)]}).cast({"as_of": pl.Datetime("us", "UTC")})
    asked.write_parquet("a.parquet")
    before = held_of(scored("a.parquet", str(OUT)))
    add(came(200, datetime(2025, 2, 1, tzinfo=UTC)), "available")
    after = held_of(scored("a.parquet", str(OUT)))
    assert after.values["logins_90d"] > before.values["logins_90d"]
    assert (before.snapshot.position, after.snapshot.position) == (0, 200)
    assert after.snapshot.chain == next(record.chain for record in eventlog.read(Path("online/log"), 199))


def test_a_bundle_that_is_no_release_is_marked_and_not_logged() -> None:
    """It says so loudly and in a column, and leaves the log alone."""
    requests(5).write_parquet("a.parquet")
    done = interlock("score", "a.parquet", str(OUT), "--bundle", "models/bundle")
    assert done.code == 0
    assert "NOT A RELEASE" in done.err
    found = pl.read_parquet(OUT)
    assert found["version"].str.starts_with("not released: bundle ").all()
    assert found["prediction"].null_count() == 5
    assert not LOG.exists()


@pytest.mark.usefixtures("bad")
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["missing.parquet", "o.parquet"], 4, "missing.parquet does not exist"),
        (["no*.csv", "o.parquet"], 4, "no file is named like"),
        (["a.parquet", "a.parquet"], 5, "is one of the files to score"),
        (["a.parquet", "o.csv"], 5, "does not end in .parquet"),
        (["a.txt", "o.parquet"], 5, "has no ending that says what it is"),
        (["empty.csv", "o.parquet"], 4, "empty.csv is empty"),
        (["cut.parquet", "o.parquet"], 4, "cut.parquet cannot be read"),
        (["short.csv", "o.parquet"], 5, "the rows have no column as_of"),
        (["a.parquet", "o.parquet", "--version", "v9.0.0"], 7, "there is no release churn@v9.0.0"),
        (["a.parquet", "o.parquet", "--stage", "moon"], 2, "nothing runs in moon"),
        (["a.parquet", "o.parquet", "--version", "v1.0.0", "--stage", "prod"], 2, "give one"),
    ],
)
def test_what_cannot_be_scored_is_said(words: list[str], code: int, said: str) -> None:
    """Each with an exit code of its kind and the name of what is wrong; nothing is written or logged."""
    done = interlock("score", *words)
    assert (done.code, said in done.err) == (code, True), done
    assert not Path("o.parquet").exists()
    assert not list(Path().glob(".o.parquet*"))
    assert not LOG.exists() or not held()


@pytest.fixture
def bad(deployed: Path) -> None:
    requests(5).write_parquet(deployed / "a.parquet")
    shutil.copy("a.parquet", "a.txt")
    Path("empty.csv").write_text("")
    Path("short.csv").write_text("customer_id\nc1\n")
    Path("cut.parquet").write_bytes(Path("a.parquet").read_bytes()[:-30])


def test_what_is_scored_is_never_replaced(deployed: Path) -> None:
    """Neither by the output nor by what is rejected beside it, under whatever name a link gives it; every input stays as it was."""
    requests(5).write_parquet("a.parquet")
    Path("o.rejected.ndjson").write_text('{"customer_id": "c1", "as_of": "2025-01-01T00:00:00Z"}\n{}\n')
    Path("hard.ndjson").hardlink_to("o.rejected.ndjson")
    Path("soft.ndjson").symlink_to("o.rejected.ndjson")
    Path("hard.parquet").hardlink_to("a.parquet")
    before = {path: path.read_bytes() for path in deployed.iterdir() if path.is_file()}
    for words in (
        ["o.rejected.ndjson", "o.parquet"],
        ["hard.ndjson", "o.parquet"],
        ["soft.ndjson", "o.parquet"],
        ["a.parquet", "hard.parquet"],
    ):
        done = interlock("score", *words)
        assert (done.code, "is one of the files to score, and would be replaced" in done.err) == (5, True), (words, done)
    assert {path: path.read_bytes() for path in deployed.iterdir() if path.is_file()} == before


def test_a_damaged_log_is_not_scored_into() -> None:
    """It is named by position with what to do, wherever the damage is; nothing is appended, and no output made."""
    requests(5).write_parquet("a.parquet")
    scored("a.parquet", str(OUT))
    OUT.unlink()
    requests(5, 5).write_parquet("b.parquet")
    (path,) = LOG.glob("*.jsonl")
    whole = path.read_bytes()
    for damaged, position in (
        (whole.replace(b'"channel":"batch"', b'"channel":"botch"', 1), 1),
        (whole[:-1] + b"K", 5),
        (whole[:-3] + b"]]\n", 5),
    ):
        path.write_bytes(damaged)
        done = interlock("score", "b.parquet", str(OUT))
        assert done.code == 6
        assert f"the record at position {position} is damaged" in done.err
        assert "docs/runbooks/restore-from-backup.md" in done.err
        assert path.read_bytes() == damaged
        assert not OUT.exists()


def test_source_rows_that_are_not_those_of_the_commit_are_refused() -> None:
    """A prediction names the commit that its rows can be had from: others would make it a lie."""
    requests(5).write_parquet("a.parquet")
    pl.read_parquet("data/raw/events.parquet").head(100).write_parquet("data/raw/events.parquet")
    done = interlock("score", "a.parquet", str(OUT))
    assert done.code == 7
    assert "data/raw is not that of commit" in done.err
    assert "dvc checkout" in done.err


def test_nothing_deployed_is_said_with_the_next_command() -> None:
    subprocess.run(["git", "rm", "--quiet", "deployed.yaml"], check=True)
    subprocess.run(["git", "commit", "--quiet", "--message", "none"], check=True)
    requests(5).write_parquet("a.parquet")
    done = interlock("score", "a.parquet", str(OUT))
    assert done.code == 7
    assert "interlock promote" in done.err


def test_a_power_cut_at_any_step_leaves_what_the_next_run_goes_on_from() -> None:
    """Killed while it writes the log, between log and output, and before the output takes its place: the output is not there or
    whole, the log holds whole records, and the next run gives each request the prediction that it has, none twice."""
    for number in range(3):
        requests(20, 20 * number).write_parquet(f"{number}.parquet")
    words = ["score", "0.parquet", "1.parquet", "2.parquet", str(OUT)]
    sizes = []
    for at in ("write:1", "fsync:1", "write:1", "replace:1", "replace:4"):
        killed(at, *words)
        assert not OUT.exists()
        verdict = eventlog.verify(LOG)
        assert verdict.broken is None, (at, verdict)
        sizes.append(verdict.records)
    assert sizes == sorted(sizes)
    assert 0 < sizes[0] < 20 < sizes[-1]
    kept = held()
    found = scored(*words[1:])
    assert found.height == 60
    assert len(held()) == 60
    assert kept.keys() <= set(found["prediction"])
    assert list(held()) == found["prediction"].to_list()
    assert not [path for path in Path().iterdir() if path.name.startswith(f".{OUT.name}")]
    killed("replace:2", *words)
    assert pl.read_parquet(OUT).equals(found)


def head() -> str:
    return subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()


def held_of(found: pl.DataFrame) -> Prediction:
    made = predictions.one(found["prediction"][0], LOG).prediction
    assert made is not None
    return made
