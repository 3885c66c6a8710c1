"""`interlock quarantine`, on the flights in their small world: as they are, and with rows planted that break rules."""

import json
import os
import shutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click import UsageError
from click.testing import CliRunner

from interlock import files, frames, params
from interlock.cli.quarantine import quarantine
from interlock.contracts import accepted, reader
from interlock.errors import ArtifactError, ContractError, DeclarationError
from interlock.notebook import inside
from interlock.usecase import load_schema
from tests.cli.pages import OURS, Page
from tests.conftest import ROOT, Run

REPORT, LEDGERS, RAW = Path("reports/validation.json"), Path("data/quarantine"), Path("data/raw")
HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "[bold red]markup[/]",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "x" * 1_000_000,
    "",
    "null",
    "a\nb\r\tc",
    "\u202egnp.exe",
    "\x9b31m",
    ":smile:",
]


def validate(folder: Path) -> None:
    """Run the stage in `folder`, whatever it makes of the data."""
    with inside(folder):
        try:
            import_module("stages.validate").main()
        except ContractError:
            assert files.read_json(REPORT)["verdict"] == "fail"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose data keep their contract, and are accepted; not to be changed."""
    folder = tmp_path_factory.mktemp("quarantine") / "a project é"
    for name in ("usecases", "conf", "data/sources"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    said = params.read_yaml(ROOT / "params.yaml")
    usecase = {**said["usecase"], "world": {"name": "small", "keep": said["usecase"]["small"]}}
    files.write_json(folder / "params.yaml", {**said, "usecase": usecase})
    (folder / "dvc.yaml").write_text("stages: {}\n")
    with inside(folder):
        import_module("stages.ingest").main()
        import_module("stages.validate").main()
        accepted.accept("flights", "small", [reader.read(table) for table in load_schema("flights").tables.values()])
        import_module("stages.validate").main()
    return folder


@pytest.fixture(scope="module")
def broken(kept: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of it in which the run failed: hostile tail numbers, departures off, many engines, warm weather, a column of the airports renamed."""
    folder = shutil.copytree(kept, tmp_path_factory.mktemp("broken") / "copy")
    flights = frames.read(folder / RAW / "flights.parquet").with_row_index()
    tails = pl.Series([*HOSTILE, *[None] * (flights.height - len(HOSTILE))], dtype=pl.String)
    flights = flights.with_columns(
        pl.when(pl.col("index") < len(HOSTILE)).then(tails).otherwise("tailnum").alias("tailnum"),
        pl.when(pl.col("index") % 10 == 3).then(pl.col("dep_delay") + 30).otherwise("dep_delay").cast(pl.Int32).alias("dep_delay"),
        pl.lit(1).alias("<b>[new]"),
    )
    frames.write(flights.drop("index"), folder / RAW / "flights.parquet")
    planes = frames.read(folder / RAW / "planes.parquet")
    frames.write(
        planes.with_columns(engines=pl.when(pl.col("source_row") % 5 == 0).then(9).otherwise("engines").cast(pl.Int32)),
        folder / RAW / "planes.parquet",
    )
    weather = frames.read(folder / RAW / "weather.parquet").with_columns(pl.col("temp") + 15)
    frames.write(weather, folder / RAW / "weather.parquet")
    frames.write(frames.read(folder / RAW / "airports.parquet").rename({"dst": "dts"}), folder / RAW / "airports.parquet")
    validate(folder)
    return folder


@pytest.fixture
def here(kept: Path) -> Iterator[Path]:
    """The data that kept their contract, as the current folder."""
    with inside(kept):
        yield kept


@pytest.fixture
def failed(broken: Path) -> Iterator[Path]:
    """The data that broke it, as the current folder."""
    with inside(broken):
        yield broken


@pytest.fixture
def changing(kept: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the data that kept it, to change, as the current folder."""
    with inside(shutil.copytree(kept, tmp_path / "copy")):
        yield tmp_path / "copy"


def run(*arguments: str, width: int = 80) -> str:
    """What the command prints; what it raises is raised."""
    env = {"COLUMNS": str(width)}
    done = CliRunner().invoke(quarantine, arguments, env=env, catch_exceptions=False, standalone_mode=False)
    return done.output


def told(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


def page(*arguments: str) -> tuple[str, Page]:
    """The page that the command writes, as text and taken apart."""
    assert run(*arguments, "--html", "made/page.html").startswith("made/page.html: ")
    text = Path("made/page.html").read_text(encoding="utf-8")
    return text, Page(text)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("width", [80, 120])
def test_rows_are_those_used_and_those_set_aside(width: int) -> None:
    """For each table the printed counts are those of the files, and add up; no line is wider than the terminal, no pipe sees colour."""
    printed = run(width=width)
    assert max(map(len, printed.splitlines())) <= width
    assert "\x1b" not in printed
    assert printed.startswith("flights · small world: ✓ the data kept their contract; ")
    for path in RAW.glob("*.parquet"):
        rows, ledger = pl.read_parquet(path).height, pl.read_parquet(LEDGERS / path.name)
        gone = ledger["source_row"].n_unique()
        line = next(line.split() for line in printed.splitlines() if line.split()[::2][:2] == [path.stem, "="])
        assert line == [path.stem, f"{rows:,}", "=", f"{rows - gone:,}", "+", f"{gone:,}", f"{ledger.height:,}"]


@pytest.mark.usefixtures("failed")
@pytest.mark.parametrize("width", [80, 120])
def test_a_run_that_failed_is_shown_with_the_worst_first(width: int) -> None:
    """It says that the run failed, the first findings and what to do; rules that fail stand before those that warn, and those that pass."""
    printed = run(width=width)
    report = files.read_json(REPORT)
    words = " ".join(printed.split())
    assert "✗ the data broke their contract, and the run failed" in words
    assert all(" ".join(each["found"].split()) in words for each in report["findings"][:3])
    assert f"and {len(report['findings']) - 3} more" in words
    assert report["findings"][0]["todo"] in words
    assert "→ make  when mended" in printed
    signs = [line[0] for line in printed.split("tolerated", 1)[1].splitlines() if line.startswith(("✗", "!", "✓"))]
    assert signs == sorted(signs, key="✗!✓".index)
    rules = [rule for table in report["tables"].values() for rule in table["rules"]]
    assert signs.count("✗") == sum(rule["verdict"] == "fail" for rule in rules) > 0
    assert "flights has columns that its contract does not know: <b>[new]" in words


@pytest.mark.usefixtures("failed")
def test_json_is_the_report_with_the_rows() -> None:
    """Less the values and whole rows of its examples it is the report itself; each whole row is that of data/raw, each entry the ledger's."""
    found = told()
    for name, table in found["tables"].items():
        raw = pl.read_parquet(RAW / f"{name}.parquet")
        for rule in table["rules"]:
            for example in rule["examples"]:
                row = raw.row(by_predicate=pl.col("source_row") == example["row"], named=True)
                cells = example.pop("cells")
                assert {key: _json(value) for key, value in row.items() if key != "source_row"} == cells
                assert isinstance(example.pop("value"), str | None)
    assert found == files.read_json(REPORT)


@pytest.mark.usefixtures("failed")
def test_no_cell_of_a_row_is_in_the_report() -> None:
    """It lies in git: values that were planted are in the ledger and on the terminal, and no text of the report has one."""
    told = REPORT.read_text(encoding="utf-8")
    assert "markup" in run("flights", "--examples", "20")
    assert [value for value in HOSTILE if len(value) > 4 and value[-4:] in told] == []
    for table in files.read_json(REPORT)["tables"].values():
        assert all(example.keys() == {"row"} for rule in table["rules"] for example in rule["examples"])


@pytest.mark.usefixtures("here")
def test_rows_that_a_rule_kept_are_shown_with_their_values() -> None:
    """The report has their numbers, data/raw what they hold: each example says the values of the rule's columns."""
    raw = pl.read_parquet(RAW / "flights.parquet").select("source_row", "tailnum")
    (rule,) = told("flights", "--rule", "refers(planes)")["tables"]["flights"]["rules"]
    assert len(rule["examples"]) == 5
    assert all(raw.filter(source_row=each["row"])["tailnum"].item() == each["value"] for each in rule["examples"])


def _json(value: Any) -> Any:
    return f"{value:%Y-%m-%dT%H:%M:%SZ}" if hasattr(value, "hour") else value


@pytest.mark.usefixtures("failed")
def test_as_many_examples_as_asked_for_come_from_the_ledger() -> None:
    """Of a rule that sets rows aside the first N entries of the ledger, in its order; none with 0."""
    ledger = pl.read_parquet(LEDGERS / "flights.parquet").filter(rule="delay_of_the_departure")
    (rule,) = told("flights", "--rule", "delay_of_the_departure", "--examples", "40")["tables"]["flights"]["rules"]
    assert [(each["row"], each["value"]) for each in rule["examples"]] == ledger.head(40).select("source_row", "value").rows()
    assert "row " not in run("flights", "--examples", "0").split("saw nothing")[1]


@pytest.mark.usefixtures("here")
def test_a_table_is_shown_with_whole_rows_the_columns_of_the_rule_first() -> None:
    """Every column of the row that was set aside has a line with its value, and the first is the one that the rule is about."""
    printed = run("airports", width=120)
    row = pl.read_parquet(RAW / "airports.parquet").row(by_predicate=pl.col("source_row") == 417, named=True)
    block = printed.split("airports: less_than_or_equal_to(71.5) on lat  1 row\n")[1].splitlines()
    assert block[0].split() == ["row", "417"]
    lines = [line.strip().split(maxsplit=1) for line in block[1 : len(row)]]
    assert lines[0] == ["lat", "72.270833"]
    assert dict(lines) == {name: "null" if value is None else str(value) for name, value in row.items() if name != "source_row"}
    assert "weather" not in printed


@pytest.mark.usefixtures("here")
def test_a_rule_is_found_by_its_name_with_or_without_the_bracket() -> None:
    """Without the bracket it stands for all of that name, in every table that has one; with it for itself."""
    both = told("--rule", "refers")["tables"]
    assert {rule["rule"] for rule in both["flights"]["rules"]} == {"refers(planes)", "refers(airports)", "refers(weather)"}
    assert list(both) == ["flights"]
    (one,) = told("flights", "--rule", "refers(planes)")["tables"]["flights"]["rules"]
    assert one["rule"] == "refers(planes)"
    printed = run("flights", "--rule", "refers(planes)", width=120)
    assert f"row {one['examples'][0]['row']}" in printed
    assert "sched_dep_time" in printed, "rows that a rule keeps are whole where the rule is asked for"


@pytest.mark.usefixtures("failed")
@pytest.mark.parametrize("words", [["flights"], ["flights", "--rule", "str_matches"], ["--json"]])
def test_hostile_values_reach_no_terminal(words: list[str]) -> None:
    """Control characters and bidirectional marks are shown as escapes, markup as it stands, and what is long is cut on the terminal."""
    printed = run(*words, "--examples", "20")
    assert [c for c in printed if not c.isprintable() and c != "\n"] == []
    assert r"\x1b[31mred" in printed or r"\u001b[31mred" in printed
    assert "[bold red]markup[/]" in printed
    assert ":smile:" in printed
    if "--json" not in words:
        assert max(map(len, printed.splitlines())) <= 80
        assert "''" in printed.split(), "an empty text is seen"
        assert "'null'" in printed.split(), "a text that says null is not taken for none"


@pytest.mark.usefixtures("failed")
def test_hostile_values_are_texts_of_the_page() -> None:
    """The page has the tags and attributes of its own making alone, asks nothing of a network, and shows the values as texts."""
    text, found = page("--examples", "20")
    assert found.tags <= OURS
    assert not [name for name in found.attributes if name.startswith("on") or name in {"href", "src", "style"}]
    assert "http:" not in text
    assert "https:" not in text
    assert "url(" not in text
    assert "default-src 'none'" in text
    assert [c for c in text if not c.isprintable() and c != "\n"] == []
    assert {"<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', r"'\x1b[31mred\x1b[0m'", "''", "<b>[new]"} <= set(found.texts)
    assert max(map(len, found.texts)) < 10_000


@pytest.mark.usefixtures("here")
def test_the_page_has_every_rule_and_a_picture_of_every_column_with_bins() -> None:
    """Each rule of the report stands on the page, and each column whose values are counted has a picture, with the accepted outline."""
    text, found = page()
    tables = files.read_json(REPORT)["tables"]
    texts = set(found.texts)
    assert {rule["rule"] for table in tables.values() for rule in table["rules"]} <= texts
    columns = [column for table in tables.values() for column in table["columns"]]
    drawn = [column["column"] for column in columns if len(column["bins"]) > 1]
    assert len(drawn) > 30
    assert all(text.count(f'aria-label="distribution of {name}"') == drawn.count(name) for name in drawn)
    assert {column["column"] for column in columns} <= texts
    assert text.count('class="then"') >= len(drawn)
    assert text == page()[0], "it is the same page when nothing changed"


@pytest.mark.usefixtures("here")
def test_a_part_of_the_report_makes_a_page_of_that_part() -> None:
    """With TABLE the page is about that table alone."""
    _, found = page("planes")
    assert "Columns of planes" in found.texts
    assert "Columns of flights" not in found.texts


def test_a_mended_rule_readmits_rows(changing: Path) -> None:
    """What schema.py now says is true of a row brings it back with the next run, and the counts say so."""
    before = told("airports")["tables"]["airports"]
    path = changing / "usecases/flights/schema.py"
    path.write_text(
        path.read_text().replace("le=71.5", "le=90").replace('row("west_of_greenwich", (col("lon") < 0) | (col("lon") > 172)),', "")
    )
    validate(changing)
    with inside(changing):
        after = told("airports")["tables"]["airports"]
    assert (before["quarantined"], after["quarantined"]) == (3, 2)
    assert (before["used"], after["used"]) == (1455, 1456)


@pytest.mark.usefixtures("changing")
def test_without_the_data_the_report_is_shown_all_the_same() -> None:
    """In a clone without the rows the report from git is shown with its row numbers, no values, and how to get the rows."""
    shutil.rmtree(LEDGERS)
    shutil.rmtree(RAW)
    done = CliRunner().invoke(quarantine, ["airports"])
    assert done.exit_code == 0
    assert "row 417" in done.stdout
    assert "72.270833" not in done.stdout
    assert "the rows themselves are not here" in done.stderr
    assert "dvc pull data/raw data/quarantine" in done.stderr
    assert "cells" not in run("--json")
    assert page()[1].tags <= OURS


@pytest.mark.usefixtures("changing")
def test_rows_of_another_run_are_refused() -> None:
    """Ledgers or raw tables that are not those of the report, in number or in which rows they are, are never shown beside it."""
    report, ledger, raw = REPORT.read_text(), pl.read_parquet(LEDGERS / "airports.parquet"), pl.read_parquet(RAW / "planes.parquet")
    damages = {
        "entries in the ledger": ledger[1:],
        "other rows of airports break": ledger.with_columns(pl.col("source_row") + 1),
        "rows that break": ledger.with_columns(rule=pl.col("rule").replace("less_than_or_equal_to(71.5)", "west_of_greenwich")),
        "is not a ledger": ledger.drop("value"),
    }
    for message, damaged in damages.items():
        damaged.write_parquet(LEDGERS / "airports.parquet")
        with pytest.raises(ArtifactError, match=message) as caught:
            run("flights")
        assert "run: make" in caught.value.remedy
    ledger.write_parquet(LEDGERS / "airports.parquet")
    raw[1:].write_parquet(RAW / "planes.parquet")
    with pytest.raises(ArtifactError, match=r"planes has 3,321 rows in data/raw, the report says 3,322"):
        run()
    raw.write_parquet(RAW / "planes.parquet")
    (LEDGERS / "flights.parquet").unlink()
    with pytest.raises(ArtifactError, match=r"data/quarantine/flights\.parquet does not exist"):
        run()
    assert report == REPORT.read_text()


@pytest.mark.usefixtures("changing")
@pytest.mark.parametrize(
    "text", ["", "[]", '{"tables": {}}', '{"verdict": "pass", "findings": [], "tables": {"a": 1}}', "\udcff", "[" * 100_000]
)
def test_a_damaged_report_is_told(text: str) -> None:
    """Whatever is not a validation report ends with what to do, not with a traceback."""
    REPORT.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ArtifactError, match=r"reports/validation\.json is not a validation report") as caught:
        run()
    assert "make" in caught.value.remedy


def test_a_report_that_is_not_there_is_told(changing: Path, interlock: Run) -> None:
    """The exit code of a missing artifact, and the command that makes it."""
    REPORT.unlink()
    done = interlock("quarantine", cwd=changing / "usecases")
    assert (done.returncode, done.stdout) == (ArtifactError.exit_code, "")
    assert done.stderr == "error: reports/validation.json does not exist: the data were not validated yet\n  → run: make\n"


@pytest.mark.usefixtures("here")
def test_an_unknown_table_or_rule_suggests_the_nearest() -> None:
    """The exit code of declarations, the name that was meant, and all that there are; what is not plain is quoted."""
    with pytest.raises(DeclarationError, match=r"knows no table 'flihgts'\n.*did you mean flights\? there are: airports, flights, planes"):
        run("flihgts")
    with pytest.raises(DeclarationError, match=r"knows no rule 'refer'\n.*did you mean refers\?"):
        run("--rule", "refer")
    with pytest.raises(DeclarationError, match=r"knows no rule 'refers'"):
        run("weather", "--rule", "refers")
    with pytest.raises(DeclarationError) as caught:
        run("\x1b[31m")
    assert "\x1b" not in str(caught.value)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("words", [["--html", "flights"], ["--html", "x.html", "--json"], ["--examples", "-1"]])
def test_options_that_do_not_go_together_are_a_usage_error(words: list[str]) -> None:
    """A table after --html would be taken for a file: it is refused, and nothing is written."""
    with pytest.raises(UsageError):
        run(*words)
    assert not Path("flights").exists()
    assert not Path("x.html").exists()


def test_the_page_is_opened_in_a_browser(changing: Path, interlock: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """--open alone writes reports/validation.html and gives its address to the browser; without a browser it names the file."""
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > "{tmp_path}/seen"\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f'"{browser}" %s')
    done = interlock("quarantine", "--open", cwd=changing)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("reports/validation.html: ✓")
    assert (tmp_path / "seen").read_text().strip() == (changing / "reports/validation.html").as_uri()
    monkeypatch.delenv("BROWSER")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("PATH", os.devnull)
    done = interlock("quarantine", "--open", cwd=changing)
    assert done.returncode == 0
    assert done.stderr == "no browser could be started\n  → open reports/validation.html in one\n"
