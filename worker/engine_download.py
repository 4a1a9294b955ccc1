"""Fetch the engine with the SDK's own downloader, as a process of its own: it can be stopped, whatever it hangs on.

`python -m worker.engine_download reachable` · `python -m worker.engine_download fetch DIR`
"""

import asyncio
import sys
from pathlib import Path

import httpx
from temporalio.testing import WorkflowEnvironment

DOWNLOADS = "https://temporal.download/"
"""Where the SDK's core downloads from; only asked whether it answers at all."""


def reachable() -> None:
    """Raises httpx.HTTPError when the place does not answer; what it answers does not matter."""
    httpx.head(DOWNLOADS, timeout=4)


async def fetch(folder: Path) -> None:
    """Leave the CLI in `folder`. The SDK offers no download alone, so a server in memory is started and stopped."""
    async with await WorkflowEnvironment.start_local(download_dest_dir=str(folder)):
        pass


def main(arguments: list[str]) -> int:
    try:
        match arguments:
            case ["reachable"]:
                reachable()
            case ["fetch", folder]:
                asyncio.run(fetch(Path(folder)))
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except (httpx.HTTPError, RuntimeError) as error:  # RuntimeError: what the SDK's core raises
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
