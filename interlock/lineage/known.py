"""What was known when a prediction was made, near one request: the valid rows of a commit, and the events up to a position.

The rows of the commit are derived for the stretch that is asked for alone, which takes a fraction of a second; those of the
event log come as `serving.known` takes them in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from interlock.contracts import ledger
from interlock.errors import ArtifactError
from interlock.features import histories, records
from interlock.features.featureset import FeatureSet
from interlock.features.histories import ID, SEEN, TIME
from interlock.frames import ROW
from interlock.serving import known
from interlock.serving.known import LOG
from interlock.serving.record import Snapshot

POSITION = "__position"


@dataclass(frozen=True)
class Known:
    """The rows that the features of a set can read.

    `tables` are the valid rows of each source and reference at the commit, with their row numbers; `came` those that the log
    added, by history and reference, whose row number is the position in the log.
    """

    features: FeatureSet
    tables: Mapping[str, pl.LazyFrame]
    came: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    erased: int = 0

    def history(self, name: str, since: int | None, until: int) -> pl.DataFrame:
        """The rows of a history that happened from `since` (None: ever) to `until`, both in microseconds.

        Beside its columns they have ROW, or POSITION where they came as events, ID, TIME and SEEN.
        """
        declared = self.features.histories[name]
        made = histories.derive(declared, self.tables[declared.source], self.features.references, self.tables)
        happened = pl.col(TIME).to_physical()
        between = happened <= until if since is None else happened.is_between(since, until)
        kept = [ID, TIME, SEEN, *declared.columns]
        found = made.filter(between).select(*kept, ROW, pl.lit(None, pl.Int64).alias(POSITION)).collect()
        if (came := self.came.get(name)) is None:
            return found
        return pl.concat([found, came.filter(between).select(*kept, pl.lit(None, pl.Int64).alias(ROW), pl.col(ROW).alias(POSITION))])

    def reference(self, name: str) -> pl.LazyFrame:
        """The rows of a reference: ROW, or POSITION, and its columns."""
        rows = self.tables[name].with_columns(pl.lit(None, pl.Int64).alias(POSITION))
        if (came := self.came.get(name)) is None:
            return rows
        return pl.concat([rows, came.lazy().rename({ROW: POSITION})], how="diagonal")


def open_known(features: FeatureSet, raw: Path, quarantine: Path, snapshot: Snapshot, log: Path = LOG) -> Known:
    """What was known at `snapshot`, whose folders lie in `raw` and `quarantine`.

    Raises ArtifactError where the log is damaged, or is another one than the snapshot names.
    """
    tables = {}
    for name in features.tables:
        aside = pl.read_parquet(quarantine / f"{name}.parquet", columns=[ROW], glob=False)
        tables[name] = ledger.less(pl.scan_parquet(raw / f"{name}.parquet", glob=False), aside)
    if not snapshot.position:
        return Known(features, tables)
    at = snapshot.position
    found = known.Known.of(features, tables, log, at, {at})
    if (chain := found.chains[at]) != snapshot.chain:
        raise ArtifactError(
            f"{log} is another event log: at position {at:,} it has come to {chain[:12]}, the prediction was made from {snapshot.chain[:12]}",
            f"name the one that it was made from by --events, or {records.RESTORE}",
        )
    return Known(features, tables, found.came, len(found.erased))
