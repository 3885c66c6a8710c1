"""Golden vectors: some requests with the state that they need, so that their features can be computed again anywhere."""

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from interlock import frames
from interlock.errors import ArtifactError
from interlock.features.bits import differing
from interlock.features.featureset import FeatureSet
from interlock.features.online import Online
from interlock.features.stores.memory import Memory
from interlock.features.stores.store import Found, Reader, Reads

REQUESTS, FEATURES, STATE = "requests.parquet", "features.parquet", "state.parquet"


@dataclass
class Recorder:
    """A store that remembers the entries that reads touched."""

    store: Reader
    touched: dict[bytes, bytes] = field(default_factory=dict)

    def read(self, reads: Reads) -> Found:
        found = self.store.read(reads)
        self.touched |= [entry for entry in found.seeks if entry is not None]
        self.touched |= [entry for entries in found.scans for entry in entries]
        self.touched |= {key: value for key, value in zip(reads.gets, found.gets, strict=True) if value is not None}
        return found


def write(folder: Path, features: FeatureSet, store: Reader, requests: pl.DataFrame) -> None:
    """Write `requests`, their features as the online path gives them from `store`, and the entries that this read."""
    recorder = Recorder(store)
    made = Online(features, recorder).matrix(requests)
    state = pl.DataFrame(sorted(recorder.touched.items()), schema={"key": pl.Binary, "value": pl.Binary}, orient="row")
    frames.write(requests, folder / REQUESTS)
    frames.write(made.select(*features.request.key, *(feature.name for feature in features.public)), folder / FEATURES)
    frames.write(state, folder / STATE)


def verify(folder: Path, features: FeatureSet) -> pl.DataFrame:
    """Compute the golden features again and return them; raises ArtifactError where one differs in a bit from what was written."""
    requests, wanted, state = (frames.read(folder / name) for name in (REQUESTS, FEATURES, STATE))
    made = Online(features, Memory(state.iter_rows())).matrix(requests).select(wanted.columns)
    for name in wanted.columns:
        if (different := differing(made[name], wanted[name])).any():
            row = different.arg_true()[0]
            raise ArtifactError(
                f"{folder / FEATURES}: {name} of row {row} is {wanted[name][row]!r}, and computed again {made[name][row]!r}",
                "this environment computes features otherwise than the one that made the bundle: compare pins.yaml",
            )
    return made
