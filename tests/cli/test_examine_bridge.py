"""What the doctor says about the bridge."""

import httpx
import pytest

from bridge.settings import BridgeSettings
from cli.doctor import Verdict
from cli.examine_bridge import examine_bridge


@pytest.mark.parametrize(
    ("status", "text", "verdicts"),
    [
        (200, "ready\n", [Verdict.OK]),
        # nobody works, so the second path pages: the bridge is well, the orchestrator is not
        (200, "ready\nsecond path: paging\n", [Verdict.OK, Verdict.BAD]),
        (503, "the Temporal engine does not answer\n", [Verdict.BAD]),
        (503, "the Temporal engine does not answer\nsecond path: paging\n", [Verdict.BAD, Verdict.BAD]),
    ],
)
async def test_what_readyz_says_is_what_the_doctor_says(status: int, text: str, verdicts: list[Verdict]) -> None:
    """A line for the bridge, and one for each thing its second path tells."""
    transport = httpx.MockTransport(lambda _: httpx.Response(status, text=text))
    async with httpx.AsyncClient(transport=transport) as http:
        lines = await examine_bridge(BridgeSettings(), http)
    assert [line.verdict for line in lines] == verdicts
