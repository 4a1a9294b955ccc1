"""The sandbox that every incident runs in, and what it costs to enter."""

import asyncio
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMPILED = "import worker.sandbox as s; s.compile_inside(); print('compiled')"


async def test_shells_have_their_byte_code_on_disk_even_where_python_writes_none() -> None:
    """Otherwise each incident would compile them again."""
    for cached in (ROOT / "workflows/__pycache__").glob("incident.*.pyc"):
        cached.unlink()

    await asyncio.to_thread(
        subprocess.run, [sys.executable, "-B", "-c", COMPILED], cwd=ROOT, check=True, capture_output=True
    )

    assert list((ROOT / "workflows/__pycache__").glob("incident.*.pyc"))
