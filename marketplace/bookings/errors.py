"""What bookings refuse: times that cannot be, and promises that cannot be kept."""

from marketplace.base.errors import Conflict, Malformed


class WindowBackwards(Malformed):
    """The window ends before it starts."""

    code = "window_backwards"
    zh = "时段的结束时间早于开始时间。"
    en = "The window ends before it starts."


class WindowTooLong(Malformed):
    """The window is longer than a promise can be kept for."""

    code = "window_too_long"
    zh = "时段过长，最多 {longest_hours} 小时。"
    en = "The window is too long; at most {longest_hours} hours."


class InThePast(Malformed):
    """The window starts now or earlier."""

    code = "in_the_past"
    zh = "预约时间已过。"
    en = "This time has passed."


class BeyondHorizon(Malformed):
    """Further ahead than bookings are taken."""

    code = "beyond_horizon"
    zh = "只能预约 {horizon_days} 天以内的服务。"
    en = "Bookings are taken up to {horizon_days} days ahead."


class OutsideOpeningHours(Malformed):
    """The service would begin before opening or might end after closing."""

    code = "outside_opening_hours"
    zh = "服务时间须在 {opens} 至 {closes} 之间。"
    en = "The service must lie between {opens} and {closes}."


class WindowOrSitting(Malformed):
    """A home visit is booked by a window, a meal by a day and a sitting; this mixes them or names none."""

    code = "window_or_sitting"
    zh = "上门服务请提供时段；助餐请提供日期和餐次。"
    en = "A home visit needs a window; a meal needs a day and a sitting."


class CutoffPassed(Conflict):
    """The kitchen takes no more orders for this sitting."""

    code = "cutoff_passed"
    zh = "该餐次已于 {cutoff} 截止订餐。"
    en = "Orders for this sitting closed at {cutoff}."


class SlotTaken(Conflict):
    """Nobody of the provider is free in this window."""

    code = "slot_taken"
    zh = "该时段已约满，请选择其他时间。"
    en = "This time is fully booked; please choose another."


class SoldOut(Conflict):
    """The kitchen cooks no more boxes for this sitting."""

    code = "sold_out"
    zh = "该餐次已订满。"
    en = "This sitting is sold out."


class NotServedHere(Conflict):
    """The provider, or its kitchen, does not serve the elder's district."""

    code = "not_served_here"
    zh = "该服务机构不服务老人所在的区。"
    en = "This provider does not serve the elder's district."
