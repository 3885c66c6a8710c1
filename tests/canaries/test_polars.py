"""What Polars does that this library is built around: when one of these fails, an upgrade has changed it, and the code that it names can be thought over."""

import io
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
import pytest

from interlock import frames
from interlock.features.operations import divided
from interlock.files import sha256
from interlock.usecase import col

x = col("x")


def one_by_one(frame: pl.DataFrame, expression: pl.Expr) -> list[object]:
    return [frame[row].select(expression.alias("made")).item() for row in range(frame.height)]


def at_once(frame: pl.DataFrame, expression: pl.Expr) -> list[object]:
    return frame.select(expression.alias("made"))["made"].to_list()


def test_a_column_is_divided_by_one_number_as_by_its_reciprocal_and_one_row_is_divided() -> None:
    """Hundreds of the first two thousand whole numbers have another last bit in many rows than in one: operations.divided."""
    frame = pl.DataFrame({"x": [float(number) for number in range(1, 2000)]})
    quotients = [number / 3.0 for number in frame["x"]]
    assert one_by_one(frame, x / 3.0) == quotients
    assert sum(a != b for a, b in zip(at_once(frame, x / 3.0), quotients, strict=True)) > 500
    assert at_once(frame, x / 3.0) == [number * (1 / 3.0) for number in frame["x"]]
    assert at_once(frame, divided(x, pl.lit(3.0))) == quotients


def test_zero_is_added_to_one_row_and_not_to_many() -> None:
    """So `+ 0.0` does not take the sign of a zero away where there are rows enough, and 0 - x is -x: frames.unsigned, lines.SUMS."""
    frame = pl.DataFrame({"x": [-0.0, 0.0, -0.0]})
    assert [str(item) for item in one_by_one(frame, x + 0.0)] == ["0.0", "0.0", "0.0"]
    assert [str(item) for item in at_once(frame, x + 0.0)] == ["-0.0", "0.0", "-0.0"]
    assert [str(item) for item in one_by_one(frame, 0.0 - x)] == ["0.0", "0.0", "0.0"]
    assert [str(item) for item in at_once(frame, 0.0 - x)] == ["0.0", "-0.0", "0.0"]
    assert [str(item) for item in at_once(frame, frames.unsigned(x))] == ["0.0", "0.0", "0.0"]


def test_whole_quotients_and_remainders_of_floats_differ_between_one_row_and_many() -> None:
    """They are refused in declarations: lines.WHOLE."""
    frame = pl.DataFrame({"x": [number / 10 for number in range(2000)]})
    assert at_once(frame, x // 0.1) != one_by_one(frame, x // 0.1)
    assert at_once(frame, x % 0.1) != one_by_one(frame, x % 0.1)


def test_an_as_of_join_by_key_on_unsorted_rows_gives_wrong_values_with_no_more_than_a_warning() -> None:
    """The same rows sorted give others; sorted rows are warned of as well, so the warning tells nothing: asof searches in sorted numbers instead."""
    moments = np.random.default_rng(1).permutation(100)
    rows = pl.DataFrame({"k": ["a", "b"] * 20, "t": moments[:40], "v": range(40)})
    asked = pl.DataFrame({"k": ["a", "b"] * 15, "t": moments[40:70]})
    expected = {
        (key, moment): max(((t, v) for k, t, v in rows.rows() if k == key and t < moment), default=(0, None))[1]
        for key, moment in asked.rows()
    }
    for order, wrong in (((asked, rows), True), ((asked.sort("t"), rows.sort("t")), False)):
        with pytest.warns(UserWarning, match="Sortedness of columns cannot be checked"):
            found = order[0].join_asof(order[1], on="t", by="k", allow_exact_matches=False)
        assert ({(key, moment): value for key, moment, value in found.rows()} != expected) == wrong


@pytest.mark.filterwarnings("ignore:Sortedness")
@pytest.mark.parametrize("by", [None, "k", ["k", "l"]])
def test_an_as_of_join_takes_the_last_of_equal_rows_and_can_leave_the_moment_itself_out(by: str | list[str] | None) -> None:
    """What any as-of join over running totals needs: the last of several rows of one moment holds the total of all of them."""
    rows = pl.DataFrame({"k": ["a"] * 4, "l": ["b"] * 4, "t": [1, 2, 2, 2], "v": [1, 2, 3, 4]})
    asked = pl.DataFrame({"k": ["a"] * 3, "l": ["b"] * 3, "t": [1, 2, 3]})
    assert asked.join_asof(rows, on="t", by=by, allow_exact_matches=False)["v"].to_list() == [None, 1, 4]
    assert asked.join_asof(rows, on="t", by=by)["v"].to_list() == [1, 4, 4]


@pytest.mark.filterwarnings("ignore:Sortedness")
def test_keys_of_several_columns_do_not_run_together() -> None:
    """("a", "bc") and ("ab", "c") are two entities to joins."""
    rows = pl.DataFrame({"k": ["a", "ab"], "l": ["bc", "c"], "t": [1, 1], "v": [1, 2]})
    asked = rows.drop("v").with_columns(t=2)
    assert asked.join_asof(rows, on="t", by=["k", "l"])["v"].to_list() == [1, 2]


def test_whole_numbers_that_overflow_wrap_silently() -> None:
    """In arithmetic, sums and running sums, of 64 bits and of 128: precision.precision bounds what may be added up."""
    most = 2**63 - 1
    frame = pl.DataFrame({"x": [most, 1]})
    assert at_once(frame, x.cum_sum()) == [most, -(2**63)]
    assert at_once(frame[:1], x + 1) == [-(2**63)]
    assert at_once(frame[:1], x * 2) == [-2]
    assert frame["x"].sum() == -(2**63)
    wide = pl.Series([2**127 - 1, 1], dtype=pl.Int128)
    assert wide.cum_sum().to_list() == [2**127 - 1, -(2**127)]


def test_running_sums_of_128_bits_are_exact_and_go_through_parquet() -> None:
    """Squares are added up in them: arithmetic.parts."""
    squares = [2**70, 2**80, -5, 2**100]
    wide = pl.Series("x", squares, dtype=pl.Int128)
    assert wide.cum_sum().to_list() == [sum(squares[: number + 1]) for number in range(4)]
    file = io.BytesIO()
    wide.to_frame().write_parquet(file)
    file.seek(0)
    assert pl.read_parquet(file)["x"].equals(wide)
    assert wide.cast(pl.Float64).to_list() == [float(square) for square in squares]


def test_a_sum_of_floats_depends_on_how_its_rows_are_cut() -> None:
    """The same values in one piece and in three give two sums, and threads cut as they like: no float is summed up here."""
    values = pl.Series(np.random.default_rng(0).normal(size=100_000))
    cut = pl.concat([values[:333], values[333:70_001], values[70_001:]], rechunk=False)
    assert cut.n_chunks() == 3
    assert values.sum() != cut.sum()
    assert values.mean() != cut.mean()
    whole = (values * 100).round().cast(pl.Int64)
    assert whole.sum() == pl.concat([whole[:333], whole[333:]], rechunk=False).sum()


def test_the_row_wise_test_of_polars_looks_at_the_root_alone() -> None:
    """It takes a difference from the mean for row-wise: the walker goes through the tree."""
    assert (x - x.mean()).meta.is_row_separable()
    assert (x.shift(1) + 1).meta.is_row_separable()
    assert not x.mean().meta.is_row_separable()


def test_reading_a_serialised_expression_can_run_code() -> None:
    """A function in it is run where the expression is: declarations are read as data of our own."""
    code = (
        "import polars as pl\n"
        "said = pl.col('x').map_batches(lambda values: print('ran') or values).meta.serialize()\n"
        "pl.DataFrame({'x': [1]}).select(pl.Expr.deserialize(said))"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert "ran" in done.stdout


def test_parquet_of_one_frame_is_other_bytes_where_it_lies_in_other_pieces(tmp_path: Path) -> None:
    """Unless its row groups are fixed and it is in one piece, as frames.write has it."""
    frame = pl.DataFrame({"x": np.arange(200_000.0)})
    cut = pl.concat([frame[:66_666], frame[66_666:100_001], frame[100_001:]], rechunk=False)
    for name, made in (("whole", frame), ("cut", cut)):
        made.write_parquet(tmp_path / f"{name}.raw")
        frames.write(made, tmp_path / f"{name}.parquet")
    assert sha256(tmp_path / "whole.raw") != sha256(tmp_path / "cut.raw")
    assert sha256(tmp_path / "whole.parquet") == sha256(tmp_path / "cut.parquet")


def test_nan_is_the_greatest_number_and_no_least() -> None:
    """Comparisons take it for greater than all, so a bound that is written `<=` refuses it; min and max pass it over."""
    frame = pl.DataFrame({"x": [float("nan")]})
    assert frame.select(x > 1e308, (x <= 1.0).alias("within"), (x == x).alias("equal")).row(0) == (True, False, True)  # noqa: PLR0124 - of itself
    assert pl.Series([float("nan"), 1.0]).min() == 1.0
    assert pl.Series([1.0, float("nan")]).max() == 1.0


def test_the_least_of_two_zeros_is_the_first_one() -> None:
    """So it would depend on the order of rows whether it has a sign: arithmetic.ranged."""
    assert [str(pl.Series(zeros).min()) for zeros in ([0.0, -0.0], [-0.0, 0.0])] == ["-0.0", "0.0"]


def test_a_null_row_number_reads_a_null_row_and_a_null_key_joins_nothing() -> None:
    """A latest value is read from the row that was found, or found not; a reference has no row for a null key."""
    rows = pl.DataFrame({"x": [1, 2]})
    assert rows[pl.Series([1, None, 0], dtype=pl.UInt32)]["x"].to_list() == [2, None, 1]
    keys = pl.DataFrame({"k": [None, "a"], "v": [1, 2]}, schema={"k": pl.String, "v": pl.Int64})
    assert keys.select("k").join(keys, on="k", how="left")["v"].to_list() == [None, 2]


def test_a_membership_in_a_column_is_no_matter_of_one_row() -> None:
    """`is_in` looks through the whole of the other column, with a warning: the walker takes lists alone."""
    frame = pl.DataFrame({"x": [1, 2, 3], "y": [3, 1, 9]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert at_once(frame, x.is_in(col("y"))) == [True, False, True]
        assert one_by_one(frame, x.is_in(col("y"))) == [False, False, False]


UNITS: tuple[Literal["ns", "us", "ms"], ...] = ("ns", "us", "ms")
TIMES = [
    pl.Date(),
    pl.Time(),
    *map(pl.Duration, UNITS),
    *(pl.Datetime(unit, zone) for unit in UNITS for zone in (None, "UTC", "Asia/Tokyo")),
]


@pytest.mark.parametrize("dtype", TIMES, ids=str)
def test_a_frame_of_rows_takes_whole_numbers_for_times(dtype: pl.DataType) -> None:
    """In their own unit, as a cast does: values from an online store become times in `readers.frame`."""
    made = pl.DataFrame([{"x": number} for number in (0, None, 7, 86_399_999)], schema={"x": dtype})
    assert made["x"].equals(pl.Series("x", [0, None, 7, 86_399_999], dtype=pl.Int64).cast(dtype)), made
