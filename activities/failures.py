"""Integration errors as Temporal needs them: the type says whether trying again helps."""

from datetime import timedelta

import structlog
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from integrations.errors import IntegrationError, RateLimited, Refused

log = structlog.get_logger(__name__)


def as_failure(error: IntegrationError) -> ApplicationError:
    """The same failure for the engine; a refusal is not retried, a rate limit waits as long as it was told."""
    wait = timedelta(seconds=error.retry_after_s) if isinstance(error, RateLimited) else None
    log.warning("effect failed", kind=type(error).__name__, because=str(error))
    return ApplicationError(
        str(error),
        type=type(error).__name__,
        non_retryable=isinstance(error, Refused),
        next_retry_delay=wait,
        category=ApplicationErrorCategory.BENIGN,  # expected: our line above says it; a stack trace would not help
    )


def not_set(what: str, setting: str) -> ApplicationError:
    """There is nobody to play this role here; no retry will change that."""
    return ApplicationError(
        f"no {what} is set: set {setting}",
        type="NotSet",
        non_retryable=True,
        category=ApplicationErrorCategory.BENIGN,
    )
