"""What can go wrong with a system we do not own. The type says whether trying again helps.

- IntegrationError
    - Unreachable      nobody answered, or the provider is broken: try again
    - RateLimited      the provider asked us to wait: try again after `retry_after_s`
    - Refused          the provider said no: trying the same again cannot help
"""


class IntegrationError(Exception):
    """Base of all. The message never holds a secret: it may end up in history and chat."""


class Unreachable(IntegrationError):
    """No usable answer: refused connection, time-out, TLS, DNS, or a 5xx."""


class RateLimited(IntegrationError):
    """HTTP 429 or the vendor's own throttling."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Refused(IntegrationError):
    """A 4xx or its like: wrong address, bad token, payload the vendor will not take."""
