"""Numbers and days in a notation that is read as text, and moments that stand in several columns: said, and never learned from."""

from collections.abc import Mapping

from interlock.drafting.columns import Column

COMMA = r"^\s*[-+]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?\s*$"
DAY = r"^\s*(\d{1,2}[./-]\d{1,2}[./-](\d{4}|\d{2})|\d{4}[/.]\d{1,2}[/.]\d{1,2})([ T]\d{1,2}:\d{2}(:\d{2})?)?\s*$"
NEARLY = 0.95
HOURS = ("hour", "hr", "hours", "hour_of_day", "stunde", "heure", "hora", "ora")


def why(column: Column) -> str:
    """What is wrong with the notation of a text; empty where nothing is."""
    if days(column):
        return "holds days in a notation that is read as text: write them as 2024-12-31"
    if _fits(column, COMMA) and column.there.str.contains(",").any():
        return "holds numbers with a decimal comma, which are read as text: write a point"
    return ""


def days(column: Column) -> bool:
    """Whether a text holds days or moments in another notation than ISO 8601."""
    return _fits(column, DAY)


def apart(columns: Mapping[str, Column]) -> tuple[str, ...]:
    """The columns that tell a moment together: year, month, day and perhaps the hour; empty where there are none."""
    whole = {column.words: column.name for column in columns.values() if column.whole}
    if not {"year", "month", "day"} <= set(whole):
        return ()
    return tuple(whole[word] for word in ("year", "month", "day", *HOURS) if word in whole)


def hour_beside(column: Column, columns: Mapping[str, Column]) -> str | None:
    """The column of the hour that belongs to a column of days."""
    if (column.there.dt.truncate("1d") != column.there).any():
        return None
    hours = (each for each in columns.values() if each.whole and each.words in HOURS and not each.empty)
    return next((each.name for each in hours if each.bounds[0] >= 0 and each.bounds[1] <= 24), None)


def _fits(column: Column, form: str) -> bool:
    return column.text and not column.empty and float(column.there.str.contains(form).mean() or 0) >= NEARLY  # type: ignore[arg-type]
