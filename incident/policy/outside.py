"""What is owed to those outside after an event: mail to customers, the status page; and what finance owes us."""

from incident.policy import customers, refund, status_page
from incident.policy.draft import Draft


def settle(draft: Draft) -> Draft:
    return refund.settle(status_page.settle(customers.settle(draft)))
