"""Names say nothing: tables, columns and features under other names give the same scores, figures and verdicts."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from interlock import frames
from interlock.errors import DeclarationError
from tests.usecases.project import Written, report, run
from tests.usecases.test_churn import CODE, CONF, customers, events

TABLES = ["customers", "events"]
COLUMNS = [
    "customer_id", "as_of", "churned", "signed_up", "country", "birth_year", "cancelled_at", "event_id", "ts", "loaded_at", "kind", "amount",
    "plan",
]  # fmt: skip
FEATURES = ["tenure", "age", "logins_7d", "logins_90d", "login_trend", "spent_90d", "largest", "complaints", "everybody_90d", "_birth_year"]
REPORTS = ("metrics", "slices", "leakage", "stress", "explain", "parity", "gates")
INTERNAL = ["row", "period", "split", "hash", "level", "rows", "values", "number", "position", "entity", "effective", "total", "measure"]
NAMES: dict[str, dict[str, str]] = {
    "as they are": {},
    "in the reverse order": {name: f"{'_' * name.startswith('_')}n{99 - place}" for place, name in enumerate(sorted(TABLES + COLUMNS + FEATURES))},
    "as the library calls its own": {**dict(zip(COLUMNS, INTERNAL, strict=True)), "customers": "table", "events": "history", "tenure": "score"},
}  # fmt: skip


def renamed(text: str, names: Mapping[str, str]) -> str:
    return re.sub(r"\b\w+\b", lambda word: names.get(word[0], word[0]), text)


def write(folder: Path, names: Mapping[str, str], usecase: str = "churn") -> None:
    """The churn example with every table, column and feature called as `names` says."""
    random, own = Random(3), folder / "data/own"  # noqa: S311 - rows, not secrets
    own.mkdir(parents=True)
    everybody = customers(random)
    tables = dict(
        zip(TABLES, (pl.DataFrame(rows, infer_schema_length=None) for rows in (everybody, events(random, everybody))), strict=True)
    )
    for name, frame in tables.items():
        times = frame.with_columns(pl.col(pl.Datetime).dt.cast_time_unit("us")).drop("unhappy", strict=False)
        times.rename(lambda column: names.get(column, column)).write_parquet(own / f"{names.get(name, name)}.parquet")
    conf = re.sub(r"customers\.csv.*", "customers.parquet}", CONF).replace("name: churn", f"name: {usecase}")
    classes = {name.title(): names[name].title() for name in TABLES if name in names}
    moment = names.get("as_of", "as_of")
    code = {}
    for file, text in CODE.items():
        stated = text.replace('@request(by="customer_id")', '@request(by="customer_id", as_of="as_of")').replace("churn.", f"{usecase}.")
        code[file] = renamed(stated, {**names, **classes}).replace(f'", {moment}="', '", as_of="')
    Written(usecase, renamed(conf, {name: names[name] for name in names if name != "kind"}), code).into(folder)


def figures(value: Any) -> Iterator[Any]:
    """Every value of a report that is no text, by its place; names as keys stand for nothing."""
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from figures(item)
    if not isinstance(value, dict | list | str):
        yield value


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A project after every stage for each way of naming; the second bears another name itself."""
    made = {kind: tmp_path_factory.mktemp("renamed") / "a project é" for kind in NAMES}
    for (kind, folder), usecase in zip(made.items(), ("churn", "attrition", "churn"), strict=True):
        write(folder, NAMES[kind], usecase)
        run(folder)
    return made


@pytest.mark.parametrize("kind", [kind for kind, names in NAMES.items() if names])
def test_names_change_no_score_and_no_verdict(folders: Mapping[str, Path], kind: str) -> None:
    """Every prediction is the same to the last bit, and so is each figure of each report and the verdict of each gate."""
    plain, other = folders["as they are"], folders[kind]
    for split in ("validation", "test"):
        one, two = (frames.read(folder / f"data/predictions/{split}.parquet") for folder in (plain, other))
        assert two.columns[-3:] == ["label", "raw_score", "score"]
        assert two.rename(dict(zip(two.columns, one.columns, strict=True))).equals(one)
    for name in REPORTS:
        found = [sorted(map(repr, figures(report(folder, name)))) for folder in (plain, other)]
        assert found[0] == found[1], name
    verdicts = [[(gate["name"], gate["verdict"]) for gate in report(folder, "gates")["gates"]] for folder in (plain, other)]
    assert verdicts[0] == verdicts[1]
    assert report(plain, "gates")["passed"] is report(other, "gates")["passed"] is True


def test_other_names_were_really_given(folders: Mapping[str, Path]) -> None:
    """The test above compares what it says: no table, column or public feature kept the name of the list."""
    for kind, names in NAMES.items():
        columns = {
            name
            for file in ("requests", "features", "outcomes")
            for name in frames.read(folders[kind] / f"data/features/{file}.parquet").columns
        }
        assert not columns & (names.keys() - set(names.values()))
        assert {path.stem for path in (folders[kind] / "data/raw").glob("*.parquet")} == {names.get(name, name) for name in TABLES}
        assert not names or len(columns & set(names.values())) > 3


@pytest.mark.parametrize("name", ["label", "score", "raw_score", "matured_at", "prediction", "version"])
def test_a_key_cannot_be_called_as_what_stands_beside_it(tmp_path: Path, name: str) -> None:
    """Outcomes, predictions and scores have columns of their own beside the key; which name it is, and what to do."""
    write(tmp_path / "project", {"customer_id": name})
    with pytest.raises(
        DeclarationError, match=rf"the key of the request has a column {name}, as predictions have\n  → give it another name"
    ):
        run(tmp_path / "project", "ingest", "validate", "featurize")
