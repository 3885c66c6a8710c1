"""When a source row happened, as the histories of a release date it, against the end of that release's training period."""

from datetime import UTC, datetime
from typing import Any

import polars as pl

from interlock.features import featureset, histories
from interlock.features.histories import TIME
from interlock.frames import ROW
from interlock.lineage.asked import moment, yaml
from interlock.lineage.tree import Told
from interlock.lineage.uses import BUNDLE, RAW
from interlock.past import Past


class Dated(Told, frozen=True):
    """The earliest time that a history gives a row, which one that is, and whether it lies before `train_until`."""

    time: str
    history: str
    train_until: str
    before: bool


def dated(kept: Past, table: str, row: int) -> Dated | None:
    """None where no history dates rows of the table, or leaves this one out, or where the split is not by time.

    Raises GitError or ArtifactError where the release's declarations or rows cannot be had.
    """
    until = (yaml(kept.commit)["usecase"].get("split") or {}).get("train_until")
    times = _times(kept, table, row) if until else {}
    if not times:
        return None
    name, first = min(times.items(), key=lambda each: each[1])
    end = _micros(until)
    return Dated(moment(first), name, moment(end), before=first < end)


def _times(kept: Past, table: str, row: int) -> dict[str, int]:
    """By history over the table, when the row happened, in microseconds."""
    declared, raw = featureset.read(kept.folder(BUNDLE) / "featureset.json"), kept.folder(RAW)
    tables = {name: pl.scan_parquet(raw / f"{name}.parquet", glob=False) for name in declared.tables}
    found: dict[str, int] = {}
    for name, history in declared.histories.items():
        if history.source == table:
            own = tables[table].filter(pl.col(ROW) == row)
            made = histories.derive(history, own, declared.references, tables).select(pl.col(TIME).dt.timestamp("us")).collect()
            found |= {name: times[0]} if (times := made[TIME].to_list()) else {}
    return found


def _micros(told: Any) -> int:
    """A moment as params.yaml has it, in microseconds."""
    found = told if isinstance(told, datetime) else datetime.fromisoformat(told)
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1_000_000)
