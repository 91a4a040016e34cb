"""What can be wrong with a payment."""

from marketplace.base.errors import Conflict, Malformed, NotSignedIn, Unknown


class AmountOutOfRange(Malformed):
    """An amount of money that cannot be kept of a payment."""

    code = "amount_out_of_range"
    zh = "金额 {amount_fen} 分超出范围（0 至 {most_fen} 分）。"
    en = "{amount_fen} fen is outside 0 to {most_fen} fen."


class PaymentExists(Conflict):
    """The booking has a payment of another amount or method already."""

    code = "payment_exists"
    zh = "该预约已有一笔不同的支付。"
    en = "The booking already has a different payment."


class AlreadyGivenBack(Conflict):
    """Once decided, what is kept can only become less: money given back is not taken again."""

    code = "already_given_back"
    zh = "已决定保留 {keep_fen} 分，不能再改为 {wanted_fen} 分。"
    en = "It was decided to keep {keep_fen} fen; that cannot rise to {wanted_fen} fen."


class NoPayment(Unknown):
    """The booking has no payment by card or wallet."""

    code = "no_payment"


class NothingToRetry(Conflict):
    """No refund of the payment failed, and nothing is owed."""

    code = "nothing_to_retry"
    zh = "该支付没有失败的退款，也没有欠款。"
    en = "No refund of this payment failed, and nothing is owed."


class NothingOwed(Conflict):
    """Nothing is to be paid any more: it was paid, given up, or the card is still good for it."""

    code = "nothing_owed"
    zh = "该预约没有待补付的款项。"
    en = "Nothing is owed for this booking."


class BeingCollected(Conflict):
    """A collection is on its way to the bank; a second one beside it might take the money twice."""

    code = "being_collected"
    zh = "正在扣款，请稍后查看结果再试。"
    en = "A payment is being collected right now; look again in a minute."


class NoWebhook(Unknown):
    """The endpoint is off: no secret is configured."""

    code = "no_webhook"


class SignatureAbsent(Malformed):
    """A webhook without its signature header."""

    code = "signature_missing"
    zh = "缺少 Stripe-Signature 请求头。"
    en = "The Stripe-Signature header is missing."


class EventUnreadable(Malformed):
    """A rightly signed webhook that is no event."""

    code = "event_unreadable"
    zh = "请求内容不是可读的事件。"
    en = "The body is not an event that can be read."


class SignatureRefused(NotSignedIn):
    """A webhook whose signature is wrong or too old."""

    code = "signature_refused"
    zh = "签名无效或已过期。"
    en = "The signature is wrong or too old."
