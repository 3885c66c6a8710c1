"""Files of the project, by name and by glob."""

from pathlib import Path

import pytest

from interlock.errors import SourceError
from interlock.sources.connectors import locate
from tests.sources.conftest import Declare


def test_names_are_relative_to_the_project(folder: Path, declare: Declare) -> None:
    """A file is known by its path in the project, in any depth, and never by the machine's."""
    (folder / "données" / "2024").mkdir(parents=True)
    (folder / "données" / "2024" / "a b.csv").write_text("a\n1\n")
    located = locate("events", declare("données/**/*.csv"))
    assert [(file.name, file.size) for file in located.files] == [("données/2024/a b.csv", 4)]
    assert located.location == "données/**/*.csv"


def test_order_is_that_of_names(folder: Path, declare: Declare) -> None:
    """Files follow each other by name, whatever the order in which they were made."""
    for name in ("b", "a", "C", "a1", "é", "_"):
        (folder / f"{name}.csv").write_text("a\n")
    assert [file.name for file in locate("events", declare("*.csv")).files] == ["C.csv", "_.csv", "a.csv", "a1.csv", "b.csv", "é.csv"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("missing.csv", "no file matches missing.csv"),
        ("*.parquet", "no file matches *.parquet"),
        ("parts", "parts is a folder"),
        ("part?", "part? is a folder"),
        ("ftp://host/a.csv", "ftp://host/a.csv is not an address of a file"),
        ("s3://bucket", "s3://bucket is not an address of a file"),
        ("https:///a.csv", "https:///a.csv is not an address of a file"),
    ],
)
def test_what_is_not_there_is_said(path: str, said: str, folder: Path, declare: Declare) -> None:
    """A file that is not there, a folder and an address of no known kind are named, with the next step."""
    (folder / "parts").mkdir()
    with pytest.raises(SourceError) as error:
        locate("events", declare(path))
    assert error.value.found == f"table events: {said}"
    assert error.value.remedy
