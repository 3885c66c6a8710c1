"""A damaged frame is told by its name, whoever comes upon the damage."""

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from interlock import frames
from interlock.errors import ArtifactError, explain

ROOT = Path(__file__).parents[1]
ROWS = 5_000


@pytest.fixture
def corrupt(tmp_path: Path) -> Path:
    """A frame of which a page in the middle is damaged, and the footer is not."""
    path = tmp_path / "planes.parquet"
    frames.write(pl.DataFrame({"source_row": range(ROWS), "a": [f"x{row * 7919 % 5003}" for row in range(ROWS)]}), path)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 64] = bytes(byte ^ 0x5A for byte in data[middle : middle + 64])
    path.write_bytes(data)
    return path


def test_a_page_that_is_damaged_is_an_error_with_the_file(corrupt: Path) -> None:
    """A frame whose footer is whole is refused where it is read, with its name and how to have it again."""
    with pytest.raises(ArtifactError, match=r"planes\.parquet is not readable Parquet \(.*\)\n  → .*dvc checkout .*dvc repro --force"):
        frames.read(corrupt)


def test_damage_that_a_lazy_frame_meets_late_is_told_with_the_file(corrupt: Path) -> None:
    """A process that ends on what Polars says of a damaged page names the file that it is in, of all that were scanned."""
    frames.write(pl.DataFrame({"a": [1]}), corrupt.with_name("whole.parquet"))
    frames.scan(corrupt.with_name("whole.parquet"))
    with pytest.raises(pl.exceptions.ComputeError) as raised:
        frames.scan(corrupt).filter(pl.col("a") == "x1").collect()
    text, code = explain(raised.value)
    assert code == ArtifactError.exit_code
    assert text.startswith(f"{corrupt} is not readable Parquet")


def test_another_error_of_polars_is_not_taken_for_damage(tmp_path: Path) -> None:
    """An error of an expression stays what it is, whatever was scanned."""
    path = tmp_path / "whole.parquet"
    frames.write(pl.DataFrame({"a": ["x"]}), path)
    with pytest.raises(pl.exceptions.PolarsError) as raised:
        frames.scan(path).select(pl.col("a").cast(pl.Int8)).collect()
    assert frames.damaged(raised.value) is None


def test_a_column_that_is_not_there_is_told_with_the_file(tmp_path: Path) -> None:
    """A frame without a column that is read from it, such as a ledger without row numbers, is named with the column."""
    path = tmp_path / "ledger.parquet"
    frames.write(pl.DataFrame({"a": [1]}), path)
    with pytest.raises(ArtifactError, match=r"ledger\.parquet has no column source_row\n"):
        frames.read(path, ["source_row"])


def test_a_process_ends_in_the_words_of_the_damage(corrupt: Path) -> None:
    """Under `guard` the damage ends a stage with 6, not as a defect."""
    code = f"from pathlib import Path; from interlock import errors, frames; errors.guard(lambda: frames.scan(Path({str(corrupt)!r})).collect())"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], check=False, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (6, "")
    assert "planes.parquet is not readable Parquet" in done.stderr
