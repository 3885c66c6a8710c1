"""The command: the tree, JSON and the page say the same, and nothing in them comes alive."""

import json
import shutil
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from interlock.cli.trace import trace
from interlock.cli.trace_page import page
from interlock.cli.trace_tree import tree
from interlock.lineage.trace import trace as traced
from interlock.releases.registry import Release
from interlock.serving import predictions
from tests.cli.pages import OURS, Page
from tests.lineage import traced as made
from tests.lineage.flown import flown, released

__all__ = ["flown", "released"]  # fixtures
Flown = tuple[Release, list[str]]
HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e\n[bold]"
CODE = {"pre"}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(trace, arguments, catch_exceptions=False)


def test_the_tree_says_what_is_behind(flown: Flown) -> None:
    """Scores, request, features with their rows and lines, model, verdict, waiver, commit, hashes, licence."""
    said = run(flown[1][0]).output
    for part in (
        f"prediction {flown[1][0]}", "LGA", "origin_delay_3h = ", "Departure delay at the origin, three hours", "they alone give this value ✓",
        "usecases/flights/features.py:", "A Tester", "flights@v1.0.0", "verdict pass", "One bin <b>holds</b> few rows.", "CC0-1.0",
        flown[0].commit[:12], "each recorded as the rows give it ✓", "made from", "of Departures, from flights",
    ):  # fmt: skip
        assert part in said, part
    assert "not reached" not in said


def test_json_holds_everything(flown: Flown) -> None:
    """The same facts, whole: every row in place with --all."""
    found = json.loads(run(flown[1][0], "--json", "--all").output)
    day = next(feature for feature in found["features"] if feature["name"] == "city_delay_1d")
    assert day["rows"]["count"] == len(day["rows"]["shown"]) > 3
    flights = next(table for table in found["tables"] if table["name"] == "flights")
    assert flights["rows"][str(day["rows"]["shown"][0]["row"])]["dep_delay"] == day["rows"]["shown"][0]["values"]["dep_delay"]


def test_one_feature_comes_with_what_it_reads_and_whole_rows(flown: Flown) -> None:
    """The feature, the private ones under it, and the rows of the sources with every column; an unknown one is told the nearest."""
    said = run(flown[1][1], "--feature", "pressure_change").output
    assert all(part in said for part in ("pressure_change = ", "_pressure_earlier = ", "_pressure = ", "dewp="))
    assert "origin_delay_3h" not in said


def test_the_page_is_one_file_that_runs_nothing(flown: Flown, tmp_path: Path) -> None:
    """Well-formed, with a policy that forbids everything but its style, no link, no script, and a box in the graph for each feature."""
    done = run(flown[1][0], "--html", str(tmp_path / "t.html"))
    assert done.exit_code == 0
    text = (tmp_path / "t.html").read_text()
    found = Page(text)
    assert found.tags <= OURS | CODE
    assert "default-src 'none'; style-src 'unsafe-inline'" in text
    assert not {name for name in found.attributes if name.startswith("on")} | ({"href", "src"} & found.attributes)
    told = json.loads(run(flown[1][0], "--json").output)
    assert all(feature["code"]["text"] in found.texts for feature in told["features"])
    names = {feature["name"] for feature in told["features"]}
    boxes = {text.split(" = ")[0] for text in found.texts if " = " in text}
    assert names - boxes == set()


def test_what_comes_from_data_logs_and_git_is_escaped(flown: Flown) -> None:
    """Markup, escapes and line ends in a request, a row, a waiver, a commit or a feature are shown, and obeyed nowhere."""
    found = traced(predictions.one(flown[1][0]))
    hostile = msgspec.json.decode(
        msgspec.json.encode(found).replace(b'"LGA"', json.dumps(HOSTILE).encode()).replace(b"Make v1", json.dumps(HOSTILE)[1:-1].encode()),
        type=type(found),
    )
    text = page(hostile)
    assert "<script>" not in text
    assert "alert(1)" in text
    assert Page(text).tags <= OURS | CODE
    out = StringIO()
    Console(file=out, width=10_000, highlight=False, markup=False).print(tree(hostile))
    assert "alert(1)" in out.getvalue()
    assert not {"\x1b", "\u202e"} & set(out.getvalue())


def test_what_is_not_there_is_said_in_every_form(flown: Flown) -> None:
    """An erased prediction, and one whose data no cache has: a tree, JSON and a well-formed page, each with what is missing and the way to it."""
    with predictions.writer() as log:
        log.erase([1])
    shutil.rmtree(".dvc/cache")
    shutil.rmtree(".interlock", ignore_errors=True)
    for one, missing, way in ((flown[1][0], "it was erased", "nothing brings it back"), (flown[1][1], "the bundle", "dvc push")):
        done = run(one, "--html", "t.html")
        assert done.exit_code == 0
        text = Path("t.html").read_text()
        assert Page(text).tags <= OURS | CODE
        assert all(part in text and part in run(one).output for part in (missing, way))
        assert json.loads(run(one, "--json").output)["unreached"]
    erased = [each["erased"] for each in json.loads(run("--list", "--json").output)]
    assert erased == [True, False, False, False, False]
    assert "erased" in run("--list").output


def test_the_last_predictions_and_a_row_are_listed(flown: Flown) -> None:
    """--list names the ids; --row says which features and releases a row has reached."""
    assert all(one in run("--list").output for one in flown[1])
    assert [each["id"] for each in json.loads(run("--list", "--json").output)] == flown[1]
    told = json.loads(run("--row", "airports:0", "--json").output)
    assert (told["table"], told["row"], told["releases"][0]["held"], told["looked"]) == ("airports", 0, True, 5)
    assert "it lay in the raw data; no time tells whether training could see it" in run("--row", "airports:0").output


def test_a_comparison_is_told_in_words(flown: Flown) -> None:
    """Of a first release that nothing was there to compare it with; of a later one what the headline gains, over how many rows; no dict."""
    first = run(flown[1][0]).output
    assert "First release: nothing was deployed to compare it with" in first
    later = made.release("v1.1.0", champion="flights@v1.0.0")
    (one,) = made.predict(later, made.requests(500))
    for said in (run(one).output, page(traced(predictions.one(one)))):
        assert "Against flights@v1.0.0: auc gains +0.0200 (+0.0100 to +0.0300) on the same 1,000 rows: better" in said
    assert not [line for line in (first + run(one).output).splitlines() if "'gain'" in line or "outcome=" in line or "headline" in line]


@pytest.mark.parametrize(
    "words",
    [[], ["1-0123456789ab", "--list"], ["--row", "flights"], ["--row", "flights:x"], ["--row", "flights:-1"], ["1-0", "--json", "--html", "x.html"], ["1-0", "--html", "x.txt"], ["--list", "--html", "x.html"]],
)  # fmt: skip
def test_a_wrong_use_is_refused(words: list[str]) -> None:
    """With the exit code of a usage error, before anything is read."""
    assert run(*words).exit_code == 2
