"""parity: stretches of the holdout through the online path → is every value the one that `featurize` gave, bit for bit?"""

from pathlib import Path
from tempfile import TemporaryDirectory

from interlock import frames, holdout, params
from interlock.contracts import ledger
from interlock.errors import guard
from interlock.features import featureset, golden
from interlock.features.parity import Parity, Result
from interlock.features.stores.store import connect
from interlock.files import whole, write_json
from interlock.modeling.split import Split

FEATURES = Path("data/features")
GOLDEN = Path("data/golden")
REPORT = Path("reports/parity.json")
VECTORS = 100


def main() -> None:
    split: Split = params.load("usecase.split", Split)  # type: ignore[arg-type] # a union is no type[T]
    features = featureset.read(FEATURES / "featureset.json")
    tables = {name: ledger.valid(name) for name in features.tables}
    offline, result = frames.read(FEATURES / "features.parquet"), Result()
    requests = holdout.test_rows(features, FEATURES, split)
    with TemporaryDirectory() as place:
        store = connect(f"lmdb:{place}")
        parity = Parity(features, store, tables)
        for stretch in holdout.stretches(features, requests):
            parity.check(stretch, offline, result)
        with whole(GOLDEN) as folder:
            golden.write(folder, features, store, stretch.head(VECTORS))
        store.close()
    write_json(REPORT, result.report(features))


if __name__ == "__main__":
    guard(main)
