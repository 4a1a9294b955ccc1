"""What the platform's ledger says of customers after a drill, side by side."""

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from gameday.provisioning_drill import Ending

GOOD, BAD, SOFT = "green", "bold red", "dim"


def endings(told: Sequence[Ending]) -> Table:
    """One column a customer; red is what must never be."""
    table = Table(box=box.SIMPLE_HEAD, header_style="bold")
    table.add_column("the platform's ledger", style=SOFT, header_style=SOFT, no_wrap=True)
    for ending in told:
        table.add_column(f"{ending.customer}, {ending.how}")
    table.add_row("paid", *(f"{ending.paid_gb} GB" for ending in told))
    table.add_row("deployment", *(_deployments(ending) for ending in told))
    table.add_row("quota", *(_quota(ending) for ending in told))
    table.add_row("tenant", *(_tenant(ending) for ending in told))
    for step in dict.fromkeys(step for ending in told for step, _ in ending.calls):
        table.add_row(step, *(_calls(ending, step) for ending in told))
    return table


def _deployments(ending: Ending) -> Text:
    ids = ", ".join(ending.deployments) or "none"
    if len(ending.deployments) == 1:
        return Text(ids, GOOD)
    return Text(f"{ids}: {len(ending.deployments)} instead of one", BAD)


def _quota(ending: Ending) -> Text:
    if ending.quota == ending.paid_gb:
        return Text(f"{ending.quota} GB", GOOD)
    has = "none" if ending.quota is None else f"{ending.quota} GB"
    return Text(f"{has}: {ending.paid_gb} GB were paid for", BAD)


def _tenant(ending: Ending) -> Text:
    if not ending.ailing:
        return Text("answers", GOOD)
    return Text(f"wrong: {', '.join(ending.ailing)}", BAD)


def _calls(ending: Ending, step: str) -> Text:
    """`fail, fail, done`; red when it was done again."""
    outcomes = dict(ending.calls).get(step, ())
    if step in ending.again:
        return Text(f"{', '.join(outcomes)} (again)", BAD)
    return Text(", ".join(outcomes) or "not called", "" if outcomes else SOFT)
