"""Names from the data made into names of Python and conf: data are texts, and become a name only where they are a plain one."""

import keyword
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable
from functools import cache

# What the drafted files use themselves, and a name in them must not hide.
USED = frozenset(
    [
        "pa",
        "pl",
        "col",
        "str",
        "int",
        "float",
        "bool",
        "schema",
        "view",
        "on_demand",
        "history",
        "outcome",
        "reference",
        "request",
        "source",
        "outside",
        "Utc",
        "ROW",
        "GIVEN",
    ]
)
TAKEN_TABLES = frozenset({"request", "outcome", "requests", "outcomes", "utc", "asked", "past"})
LONGEST = 40
LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "đ": "d", "ł": "l", "Ł": "L"})


def plain(text: str, empty: str = "column") -> str:
    """`text` as lower-case letters, digits and underscores, never empty and never beginning with a digit."""
    ascii_only = unicodedata.normalize("NFKD", text.translate(LETTERS)).encode("ascii", "ignore").decode()
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", ascii_only)
    found = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")[:LONGEST].strip("_")
    return found if found[:1].isalpha() else f"{empty}_{found}".rstrip("_")


def variable(text: str) -> str:
    """`text` as the name of a variable that hides nothing."""
    found = plain(text)
    return f"{found}_" if keyword.iskeyword(found) or keyword.issoftkeyword(found) or found in USED else found


def attribute(column: str) -> str:
    """The name under which a Pandera model declares `column`: its own where Python takes it for one."""
    is_own = column.isascii() and column.isidentifier() and not column.startswith("_") and not column.endswith("_")
    return column if is_own and not _hides(column) else f"{plain(column)}_"


def table(text: str, taken: Collection[str] = ()) -> str:
    """`text` as the name of a table, its class and a parameter, not among the `taken`."""
    found = re.sub(r"_(?=\d)", "", plain(text, "table"))
    if found in TAKEN_TABLES or found in USED or keyword.iskeyword(found) or keyword.iskeyword(model(found)):
        found = f"{found}_table"
    return distinct(found, taken)


def model(table: str) -> str:
    """The class that stands for `table`: flight_plans is FlightPlans."""
    return "".join(part.capitalize() for part in table.split("_"))


def usecase(text: str) -> str:
    """Whether `text` may name a use case; empty where it may, else why not."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,49}", text):
        return "a name is of lower-case letters, digits and underscores, and begins with a letter"
    return f"{text} is a word of Python" if keyword.iskeyword(text) or text == "shared" else ""


def distinct(name: str, taken: Collection[str]) -> str:
    """`name`, with a number where it is among the `taken`."""
    return next(each for each in (name, *(f"{name}{number}" for number in range(2, 10_000))) if each not in taken)


def each_distinct(texts: Iterable[str], made: Callable[[str], str], taken: Iterable[str] = ()) -> dict[str, str]:
    """The name that `made` gives to each of the `texts`, all of them different, also from the `taken`."""
    used, found = set(taken), {}
    for text in texts:
        found[text] = distinct(made(text), used)
        used.add(found[text])
    return found


def _hides(name: str) -> bool:
    return keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in USED or name in _of_models()


@cache
def _of_models() -> frozenset[str]:
    import pandera.polars as pa

    return frozenset(dir(pa.DataFrameModel))
