"""Files of requests into one file of scores: part by part, and whole or not at all."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec
import polars as pl

from interlock import frames
from interlock.errors import ContractError
from interlock.files import replacing
from interlock.serving import requests
from interlock.serving.journal import Journal
from interlock.serving.known import Known
from interlock.serving.model import Model, Scored
from interlock.serving.requests import Part

PREDICTION, VERSION = "prediction", "version"
REJECTED = ".rejected.ndjson"
SHOWN = 5


@dataclass
class Told:
    """How many rows were scored and how many rejected, the first of these, and how many predictions are new in the log."""

    scored: int = 0
    rejected: int = 0
    new: int = 0
    first: list[dict[str, str | int]] = field(default_factory=list)


@dataclass(frozen=True)
class Batch:
    """A model and what is known; `version` names it in the output, `journal` is None where it is no release."""

    model: Model
    known: Known
    version: str
    journal: Journal | None

    def score(self, files: Sequence[Path], output: Path, done: Callable[[float], None] = lambda _: None) -> Told:
        """Score the requests in `files` into `output`; those that break the contract go, with the reasons, into a file beside it.

        `done` is told the share that is done. Raises ContractError where a file is no table of requests.
        """
        self._named(output, files)
        with _gathered(output) as folder, (folder / REJECTED).open("wb") as bad:
            kept = _Kept(folder, bad)
            for place, file in enumerate(files):
                for part in requests.parts(file, self.model.checker, self.model.features):
                    self._keep(kept, file, part, self.model.score(self.known, part.requests))
                    done((place + part.ends) / len(files))
            bad.flush()
        kept.told.new = self.journal.new if self.journal else 0
        return kept.told

    def _named(self, output: Path, files: Sequence[Path]) -> None:
        own = [PREDICTION, VERSION, *self.model.scorer.model.task.columns]
        if taken := sorted({*self.model.features.request.key}.intersection(own)):
            raise ContractError(f"the key of a request has a column {taken[0]}, as the output has", "give it another name in schema.py")
        if output.suffix != ".parquet":
            raise ContractError(f"{output.name} does not end in .parquet", "scores are written as Parquet")
        for path in (output, rejects(output)):
            if path.exists() and any(path.samefile(file) for file in files):
                raise ContractError(f"{path} is one of the files to score, and would be replaced", "write the scores into another folder")

    def _keep(self, kept: "_Kept", file: Path, part: Part, scored: Scored) -> None:
        """Log what has an answer, and write it; of the rest write why it has none."""
        answered = scored.answered()
        ids = self.journal.write(answered) if self.journal else pl.Series([None] * answered.requests.height, dtype=pl.String)
        made = answered.requests.select(self.model.features.request.key).hstack(answered.scores)
        kept.rows(made.with_columns(ids.alias(PREDICTION), pl.lit(self.version).alias(VERSION)))
        kept.reject(file, part.rejected | {int(part.numbers[row]): why for row, why in scored.refused.items()})


@dataclass
class _Kept:
    """The parts of the output in a folder, and the file of what was rejected."""

    folder: Path
    bad: BinaryIO
    told: Told = field(default_factory=Told)
    parts: int = 0

    def rows(self, rows: pl.DataFrame) -> None:
        if rows.height or not self.parts:
            frames.write(rows, self.folder / f"{self.parts:08}.parquet")
            self.parts += 1
        self.told.scored += rows.height

    def reject(self, file: Path, found: dict[int, str]) -> None:
        for row, why in sorted(found.items()):
            line: dict[str, str | int] = {"file": file.name, "row": row, "reason": why}
            self.bad.write(msgspec.json.encode(line) + b"\n")
            if len(self.told.first) < SHOWN:
                self.told.first.append(line)
        self.told.rejected += len(found)


def rejects(output: Path) -> Path:
    """Where the requests that were rejected are told."""
    return output.with_suffix(REJECTED)


@contextmanager
def _gathered(output: Path) -> Iterator[Path]:
    """A folder for the parts of `output`; when the block ends well they become one file, whole, and what was rejected another.

    What a process that was killed has left of it goes with the next.
    """
    folder = output.with_name(f".{output.name}.parts")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
        if (folder / REJECTED).stat().st_size:
            (folder / REJECTED).replace(rejects(output))
        else:
            rejects(output).unlink(missing_ok=True)
        with replacing(output) as temporary:
            pl.scan_parquet(sorted(folder.glob("*.parquet")), glob=False).sink_parquet(temporary, compression="zstd", maintain_order=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
