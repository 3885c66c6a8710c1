"""Faults in the data, through the whole graph: they end in quarantine, and nothing after it knows of them."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import polars as pl

from interlock import params
from interlock.frames import ROW
from interlock.sources import pins
from interlock.sources.read import read
from interlock.sources.spec import Small, Tables
from interlock.sources.world import restrict
from tests.contracts.planted import planted
from tests.graph.clone import Clone, read_yaml

AFTER = ("data/features", "models/model", "data/predictions")


def small(clone: Clone, folder: Path) -> dict[str, pl.DataFrame]:
    """The small world's rows of the real tables, the first row of each before them, numbered as they stand."""
    said = read_yaml(clone.folder / "params.yaml")["usecase"]
    tables, keep = params.convert(said["tables"], Tables, "usecase.tables"), params.convert(said["small"], Small, "usecase.small")
    found = {}
    for name, (_, files) in {name: pins.examine(name, spec, folder) for name, spec in tables.items()}.items():
        rows = read(name, tables[name], files)
        kept = restrict(name, rows, keep[name]) if name in keep else rows
        found[name] = pl.concat([rows.head(1), kept]).unique(ROW, keep="first", maintain_order=True).drop(ROW).with_row_index(ROW)
    return {name: rows.with_columns(pl.col(ROW).cast(pl.Int64)) for name, rows in found.items()}


def run(clone: Clone, tables: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    """The hashes after the graph has scored what `tables` hold, each from a file of its own."""
    for name, rows in tables.items():
        content = BytesIO()
        rows.drop(ROW).write_parquet(content)
        clone.own(name, content.getvalue(), "parquet")
    clone.interlock("compose")
    clone.interlock("refresh")
    clone.dvc("repro", "score")
    return clone.hashes()


def test_planted_faults_change_no_byte_of_what_comes_after_quarantine(clone: Clone, tmp_path: Path) -> None:
    """With a row for every fault after the good ones features, model and predictions are byte-identical, and each is in the ledger."""
    clone.edit("conf/experiment/small.yaml", '{name: small, keep: "${usecase.small}"}', "{name: own, keep: {}}")
    good = small(clone, tmp_path)
    faulty, expected = planted(good)
    before, after = run(clone, good), run(clone, faulty)
    assert [name for name in AFTER if before[name] != after[name]] == []
    assert before["data/raw"] != after["data/raw"]
    for name, rows in good.items():
        ledger = pl.read_parquet(clone.folder / "data" / "quarantine" / f"{name}.parquet").filter(pl.col(ROW) >= rows.height)
        mine = expected.filter(table=name).drop("table")
        assert sorted(ledger.select(mine.columns).rows()) == sorted(mine.rows())
