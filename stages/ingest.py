"""Take the tables of the use case from their sources, as pinned in git, to data/raw."""

from pathlib import Path
from tempfile import TemporaryDirectory

from interlock import frames
from interlock.errors import ConfigError, guard
from interlock.files import whole
from interlock.params import load
from interlock.sources import pins
from interlock.sources.read import read
from interlock.sources.spec import Keep, Tables, World
from interlock.sources.world import restrict

RAW = Path("data/raw")


def main() -> None:
    tables, world = load("usecase.tables", Tables), load("usecase.world", World)
    if unknown := sorted(set(world.keep) - set(tables)):
        raise ConfigError(f"usecase.world.keep.{unknown[0]} is no table", f"tables are: {', '.join(tables)}")
    with TemporaryDirectory() as scratch, whole(RAW) as folder:
        files = pins.verify(tables, pins.load(load("usecase.name", str)), Path(scratch))
        for table, spec in tables.items():
            frame = read(table, spec, files[table])
            frames.write(restrict(table, frame, world.keep.get(table, Keep())), folder / f"{table}.parquet")


if __name__ == "__main__":
    guard(main)
