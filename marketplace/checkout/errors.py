"""What checkout refuses."""

from marketplace.base.errors import Conflict, Forbidden, Malformed


class QuoteExpired(Conflict):
    """The quote's time is over; ask for a new one."""

    code = "quote_expired"
    zh = "报价已过期，请重新询价。"
    en = "This quote has expired; please ask for a new one."


class QuoteUsed(Conflict):
    """The quote became a booking already."""

    code = "quote_used"
    zh = "该报价已用于预约。"
    en = "This quote has become a booking already."


class ProviderNotBookable(Conflict):
    """The provider may not serve on that day: suspended, or its licence ends before."""

    code = "provider_not_bookable"
    zh = "该服务机构在当日不可预约。"
    en = "This provider cannot be booked for that day."


class PaymentMethodMissing(Malformed):
    """A price in money needs a card or wallet."""

    code = "payment_method_missing"
    zh = "请提供支付方式。"
    en = "Name a payment method."


class PaymentMethodUnused(Malformed):
    """What is free or paid in hours takes no payment method."""

    code = "payment_method_unused"
    zh = "该预约无需支付方式。"
    en = "This booking takes no payment method."


class PriceNotInHours(Malformed):
    """The elder's hours cannot pay what is priced in money."""

    code = "price_not_in_hours"
    zh = "该预约不以时间计价。"
    en = "This booking is not priced in hours."


class PayerNotAllowed(Forbidden):
    """The payer has not been given the right to pay for this elder, or the actor not to name him."""

    code = "payer_not_allowed"
    zh = "该账户不能为这位老人付款。"
    en = "This account may not pay for this elder."


class ChannelNotAllowed(Forbidden):
    """Only staff take bookings by telephone or at a desk."""

    code = "channel_not_allowed"
    zh = "只有工作人员可以登记电话或现场预约。"
    en = "Only staff take bookings by telephone or at a desk."


class NotEnoughHours(Conflict):
    """The payer's account of hours does not hold that much."""

    code = "not_enough_hours"
    zh = "时间账户余额不足：可用 {available} 分钟，需要 {amount} 分钟。"
    en = "Not enough hours: {available} minutes available, {amount} needed."


class ServiceStarted(Conflict):
    """Somebody has arrived already; what has begun is not cancelled."""

    code = "service_started"
    zh = "服务已开始，不能取消。"
    en = "The service has begun and cannot be cancelled."


class NotYoursToCancel(Forbidden):
    """One may see the booking, but neither booked nor pays for it, nor may book for the elder."""

    code = "not_yours_to_cancel"
    zh = "您不能取消此预约。"
    en = "You may not cancel this booking."


class ReasonNotYours(Forbidden):
    """Waiving a fee and blaming the provider are for staff; a provider can only decline."""

    code = "reason_not_yours"
    zh = "您不能使用此取消原因。"
    en = "This reason is not yours to give."


class NothingToRefund(Conflict):
    """No money of this booking is kept."""

    code = "nothing_to_refund"
    zh = "该预约没有可退的款项。"
    en = "No money of this booking is kept."


class RefundTooLarge(Conflict):
    """More was to be given back than is kept."""

    code = "refund_too_large"
    zh = "最多可退 {kept_fen} 分。"
    en = "At most {kept_fen} fen can be given back."


class NotAnAlternative(Conflict):
    """This offer cannot take the booking over; `reason` is a stable code."""

    code = "not_an_alternative"
    zh = "该服务项目不能接替此预约（{reason}）。"
    en = "This offer cannot take the booking over: {reason}."


class NotYoursToAccept(Forbidden):
    """Only the booked provider's own people accept for it."""

    code = "not_yours_to_accept"
    zh = "只有被预约的服务机构可以接单。"
    en = "Only the booked provider may accept."


class AcceptanceOver(Conflict):
    """The time to accept has passed; the booking is being declined and everything given back."""

    code = "acceptance_over"
    zh = "接单时限（{accept_by}）已过。"
    en = "The time to accept ended at {accept_by}."
