"""`incidents worker`."""

import asyncio


def worker() -> None:
    """Run a worker in the foreground: it carries incidents forward. Ctrl-C stops it; another one goes on.

    Example: TEMPORAL_ADDRESS=temporal.example.org:7233 incidents worker
    """
    from worker.__main__ import run
    from worker.logging import configure_logging
    from worker.settings import load_settings

    configure_logging()
    asyncio.run(run(load_settings()))
