"""How values, points and times of a sweep read."""

from collections.abc import Mapping
from typing import Any

from interlock.errors import printable
from interlock.sweeping.space import GROUP

SHORT = 90


def value(number: float | None, *, signed: bool = False) -> str:
    return "–" if number is None else (f"{number:+.5f}" if signed else f"{number:.5f}").replace("-", "−")


def span(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def setting(said: Any) -> str:
    """A setting of the model as conf would say it; of names the first few."""
    if isinstance(said, list | tuple):
        text = ", ".join(map(str, said))
        return printable(f"[{text[:SHORT]}…]" if len(text) > SHORT else f"[{text}]")
    return printable(f"{said:g}" if isinstance(said, float) else str(said))


def changed(point: Mapping[str, Any]) -> str:
    """A point in a line: its settings, and which groups of features are out."""
    said = [f"{name} {setting(each)}" for name, each in point.items() if not name.startswith(GROUP)]
    out = [printable(name.removeprefix(GROUP)) for name, each in point.items() if name.startswith(GROUP) and not each]
    return ", ".join([*said, *([f"without {'; '.join(out)}"] if out else [])]) or "the current configuration"
