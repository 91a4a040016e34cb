"""The outbox: messages written in the transaction of the change they tell of, delivered at least once.

PostgreSQL holds the truth: one `delivery` row per message and consumer, each with its own retries and its own
dead state. The queue only wakes the worker up; a sweep finds whatever the queue forgot.
"""

from marketplace.base.outbox.delivery import Consumer, Consumers, consumer_name, deliver_due, deliver_messages
from marketplace.base.outbox.models import Delivery, Message
from marketplace.base.outbox.sending import send
from marketplace.base.outbox.share import share_of_lease

__all__ = [
    "Consumer",
    "Consumers",
    "Delivery",
    "Message",
    "consumer_name",
    "deliver_due",
    "deliver_messages",
    "send",
    "share_of_lease",
]
