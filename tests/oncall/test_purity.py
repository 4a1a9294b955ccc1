"""`oncall/` works out; it reads no clock, draws no lots and touches nothing."""

from tests.house.sources import modules
from tests.house.test_purity import impure


def test_the_room_is_pure() -> None:
    """As `incident/` is; its own modules are the only others it may import."""
    found = [f"{path}: {what}" for path, tree in modules("oncall").items() for what in impure(path, tree)]
    assert [what for what in found if "import oncall." not in what and not what.endswith("import oncall")] == []
