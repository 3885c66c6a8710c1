"""Fixed lengths of time, as declarations and conf write them: `90d`, `3h`, `30m`."""

import re

UNITS = {"us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000, "w": 604_800_000_000}


def microseconds(text: str) -> int | None:
    """The length that `text` says, None where it says none: a whole number and one of us, ms, s, m, h, d, w."""
    match = re.fullmatch(r"(\d+)(us|ms|s|m|h|d|w)", text)
    return int(match[1]) * UNITS[match[2]] if match else None


def text(length: int) -> str:
    """A length in its largest whole unit."""
    unit = next(unit for unit, size in sorted(UNITS.items(), key=lambda item: -item[1]) if length % size == 0)
    return f"{length // UNITS[unit]}{unit}"
