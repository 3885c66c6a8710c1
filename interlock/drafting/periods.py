"""How rows are split, and over which lengths of time features look back."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from interlock.drafting import code
from interlock.drafting.columns import Column
from interlock.drafting.plan import Choices
from interlock.durations import UNITS

LADDER = ("1h", "3h", "6h", "12h", "1d", "3d", "7d", "14d", "30d", "90d", "180d", "365d", "730d")
SHARES, CUTS, SAMPLE = (0.6, 0.2, 0.2), 60, 5_000
LEAST = 20
HOUR = 3_600_000_000


def by_time(asked: pl.Series, known: pl.Series, labels: pl.Series, choices: Choices) -> str | None:
    """The three ends of a split by time as conf writes them; None where too few rows are known before an end.

    `asked` and `known` are moments of rows that have a label: an outcome counts where it is known before its period ends.
    """
    frame = pl.DataFrame({"asked": asked.to_physical(), "known": known.to_physical(), "label": labels}).drop_nulls()
    frame = frame.sample(SAMPLE, seed=7) if len(frame) > SAMPLE else frame
    ends = _ends(frame)
    if ends is None:
        return None
    counts = _counts(frame["asked"].to_numpy(), frame["known"].to_numpy(), np.array(ends))
    inside = frame.with_columns(split=pl.Series(counts))
    if any(not inside.filter(split=number).height for number in range(3)):
        return None
    if inside.filter(split=0)["label"].n_unique() < 2 or min(inside.filter(split=n)["label"].n_unique() for n in (1, 2)) < min(
        2, labels.n_unique()
    ):
        return None
    texts = [datetime.fromtimestamp(end / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for end in ends]
    choices.note(f"split: by time, trained until {texts[0][:10]}, validated until {texts[1][:10]}, tested until {texts[2][:10]}")
    return f'{{by: time, train_until: "{texts[0]}", validation_until: "{texts[1]}", test_until: "{texts[2]}"}}'


def _ends(frame: pl.DataFrame) -> tuple[int, int, int] | None:
    """The ends of which the splits come nearest to their shares, on days where the data span a month, else on hours."""
    asked, known = frame["asked"].to_numpy(), frame["known"].to_numpy()
    unit = 24 * HOUR if asked.max() - asked.min() > 30 * 24 * HOUR else HOUR
    quantiles = np.unique(np.quantile(asked, np.linspace(0.05, 0.98, CUTS), method="nearest"))
    cuts = np.unique(
        -(-np.concatenate([quantiles, np.unique(np.quantile(known, np.linspace(0.05, 0.98, CUTS), method="nearest"))]) // unit) * unit
    )
    last = int(-(-(known.max() + 1) // unit) * unit)
    cuts, best, chosen = cuts[cuts < last], -1.0, None
    for first in cuts:
        for second in cuts[cuts > first]:
            sizes = np.bincount(_counts(asked, known, np.array([first, second, last])) + 1, minlength=4)[1:]
            worth = float(min(size / share for size, share in zip(sizes, SHARES, strict=True)))
            if sizes.min() >= min(LEAST, len(asked) // 20) and worth > best:
                best, chosen = worth, (int(first), int(second), last)
    return chosen


def _counts(
    asked: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    known: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    ends: "np.ndarray[tuple[int], np.dtype[np.int64]]",
) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """The split of each row, 0 to 2; -1 where its outcome is known only after the end of its period."""
    period = np.searchsorted(ends, asked, side="right")
    inside = period < 3
    split = np.where(inside & (known <= ends[np.minimum(period, 2)]), period, -1)
    return split.astype(np.int64)


def by_hash(group: Column | None, name: str, choices: Choices) -> str:
    """A split by the hash of a group, or of the key of each row."""
    shares = "shares: {train: 0.6, validation: 0.2, test: 0.2}"
    if group is not None:
        choices.note(f"split: by {group.name}, so that no {group.name} is in two of them")
        return f"{{by: group, column: {code.yaml(group.name)}, {shares}, salt: {name[:16]}}}"
    choices.note("split: by row, six, two and two tenths")
    return f"{{by: row, {shares}, salt: {name[:16]}}}"


def windows(gaps: pl.Series | None, span: int, least: str) -> tuple[str, str]:
    """A short and a long window: some fifteen rows of an entity, no more than a quarter of the time that the data span."""
    usual = int(gaps.median() or 0) if gaps is not None and len(gaps) else span // 20  # type: ignore[arg-type]
    shortest = length(least)
    fit = [step for step in LADDER if length(step) >= shortest and length(step) <= max(span // 4, 2 * shortest)]
    fit = fit or [step for step in LADDER if length(step) >= shortest][:2] or [LADDER[-1]]
    long = next((number for number, step in enumerate(fit) if length(step) >= 15 * usual), len(fit) - 1)
    long = max(long, min(2, len(fit) - 1))
    return fit[max(0, long - 2)], fit[long]


def all_of(span: int) -> tuple[str, str]:
    """A window that holds the whole `span`, where there is one so long, and one of a quarter of it or less."""
    long = next((step for step in LADDER if length(step) >= span), LADDER[-1])
    return next((step for step in reversed(LADDER) if length(step) <= length(long) // 4), LADDER[0]), long


def length(text: str) -> int:
    """A length of time in microseconds."""
    return int(text[:-1]) * UNITS[text[-1]]


def after(times: Sequence[pl.Series]) -> datetime:
    """Midnight after the last of all `times`."""
    last = max(series.max() for series in times)  # type: ignore[type-var]
    assert isinstance(last, datetime)
    return (last + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
