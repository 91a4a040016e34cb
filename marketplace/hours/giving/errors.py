"""What giving and moving hours refuses."""

from collections import Counter

from marketplace.base.errors import Conflict, Language, Malformed

# what minutes are set aside for, by what the ledger's reference begins with
SET_ASIDE: dict[str, dict[Language, str]] = {
    "task": {"zh": "互助任务", "en": "tasks"},
    "booking": {"zh": "预约", "en": "bookings"},
    "order": {"zh": "待处理的转出", "en": "orders that wait"},
    "payment": {"zh": "互通支付", "en": "payments to other banks"},
    "relay": {"zh": "互通支付", "en": "payments to other banks"},
    "": {"zh": "其他", "en": "other things"},
}


class NotEnoughMinutes(Conflict):
    """The source cannot give that much now."""

    code = "not_enough_minutes"
    zh = "可用时间不足：需要 {needed} 分钟，可用 {available} 分钟。"
    en = "Not enough minutes: {needed} are needed, {available} are available."


class ReceiverFull(Conflict):
    """The gift would pass the most that the receiver may save."""

    code = "receiver_full"
    zh = "对方账户最多可存 {cap} 分钟。"
    en = "The receiver may save at most {cap} minutes."


class ReceiverUnknown(Conflict):
    """No active member of the time bank can receive there."""

    code = "receiver_unknown"
    zh = "接收人不是时间银行的有效会员。"
    en = "The receiver is no active member of the time bank."


class GiftsNotAllowed(Conflict):
    """The rule set lets nobody give hours to persons, or not to this one."""

    code = "gifts_not_allowed"
    zh = "现行规则不允许向此人赠送时间（{gifts_to}）。"
    en = "The rules do not let hours be given to this person (gifts go to: {gifts_to})."


class GiftsOfYearReached(Conflict):
    """A giver's gifts of a calendar year have their limit."""

    code = "gifts_of_year_reached"
    zh = "本年度赠送上限为 {limit} 分钟，已赠送 {given} 分钟。"
    en = "A year's gifts are limited to {limit} minutes; {given} were given."


class DonationsNotAllowed(Conflict):
    """The rule set names to whom hours may be donated."""

    code = "donations_not_allowed"
    zh = "现行规则下可捐赠的对象为：{donations_to}。"
    en = "Hours may be donated to: {donations_to}."


class NothingDue(Conflict):
    """Nobody would grant her anything now: it was done meanwhile, or the pool has no more."""

    code = "nothing_due"
    zh = "目前没有应向其发放的时间。"
    en = "Nothing is due to her now."


class GrantChanged(Conflict):
    """Another amount is due than was read."""

    code = "grant_changed"
    zh = "应发放的时间已变为 {minutes} 分钟，请重新查看。"
    en = "{minutes} minutes are due to her by now; read it again."


class NotAnElder(Conflict):
    """A branch's pool grants to elders."""

    code = "not_an_elder"
    zh = "区资源池的发放对象须为老年会员。"
    en = "A branch's pool grants to elders."


class NotADonee(Conflict):
    """The rule set names the kinds of members to whom a donation to a person may go."""

    code = "not_a_donee"
    zh = "现行规则下可受赠的会员类别为：{donees}（此会员为 {kind}）。"
    en = "Donations to persons go to members of the kinds: {donees}; this one is: {kind}."


class ToOneself(Malformed):
    """Giver and receiver are the same."""

    code = "to_oneself"
    zh = "不能转给自己。"
    en = "Nobody gives to oneself."


class NamedTwice(Malformed):
    """A member stands twice in one order."""

    code = "named_twice"
    zh = "同一会员在名单中出现两次。"
    en = "A member is named twice."


class OneByOne(Conflict):
    """Orders of some kinds end other things first: they are not decided in bulk."""

    code = "one_by_one"
    zh = "此类事项（{kind}）须逐项审批。"
    en = "Orders of this kind ({kind}) are decided one by one."


class OrderOver(Conflict):
    """The order no longer waits for anybody."""

    code = "order_over"
    zh = "该申请当前为“{state}”。"
    en = "This order is {state}."


class NotAsked(Conflict):
    """The giver has answered already."""

    code = "not_asked"
    zh = "该会员已作答。"
    en = "This member has answered already."


class TooLateToUndo(Conflict):
    """What was given can be taken back for a while only."""

    code = "too_late_to_undo"
    zh = "撤回期限为 {hours} 小时，已过期。"
    en = "It could be taken back within {hours} hours."


class GiverLeft(Conflict):
    """Who gave is no member any more: there is no account for it to come back to."""

    code = "giver_left"
    zh = "赠送方已退出时间银行：请先为其重新办理入会（会员），再在期限内撤回。"
    en = "The giver has left since: let her join again first, and take it back then, within the time."


class ReceiverLeft(Conflict):
    """Who received is no member any more: what she had went to her branch's pool, or to her heirs."""

    code = "receiver_left"
    zh = (
        "接收方已退出，其余额已归入资源池或由继承人承接，不能撤回：如系继承，请先撤回继承（赠与页）；"
        "赠送方为老年会员的，可由资源池发放（重点老人页）。"
    )
    en = (
        "A receiver has left since, and what she had went to her branch's pool or her heirs. Take the inheritance back"
        " first (page Giving); or, if the giver is an elder, have the pool grant her the minutes (page Key elders)."
    )


class GiverFull(Conflict):
    """The giver moved, and where she is at home now her account has no room for what would come back."""

    code = "giver_full"
    zh = "赠送方账户最多可存 {cap} 分钟，容不下撤回的时间；请先使用或转出一部分。"
    en = "The giver's account may hold at most {cap} minutes: she uses or gives some first, then it can be taken back."


class AlreadySpent(Conflict):
    """The receiver has used some of it: it is not taken back."""

    code = "already_spent"
    zh = "对方已使用部分时间，不能撤回。"
    en = "The receiver has spent some of it: it cannot be taken back."


class NotUndoable(Conflict):
    """Orders of this kind are not taken back."""

    code = "not_undoable"
    zh = "此类事项不能撤回。"
    en = "Orders of this kind are not taken back."


class HoldsOpen(Conflict):
    """Minutes are set aside on the account: they are used or given back first. `references` name for what."""

    code = "holds_open"
    zh = "账户仍有 {held} 分钟被占用（{what}），请先处理。"
    en = "{held} minutes are still set aside on the account ({what}); end that first."

    def _words(self, language: Language) -> dict[str, object]:
        kinds = Counter(one.partition(":")[0] for one in str(self.data.get("references", "")).split(", "))
        named = (f"{SET_ASIDE.get(kind, SET_ASIDE[''])[language]} {count}" for kind, count in kinds.items())
        return {**super()._words(language), "what": ("、" if language == "zh" else ", ").join(named)}


class SameBranch(Conflict):
    """The member is at home there already."""

    code = "same_branch"
    zh = "该会员已属于此分行。"
    en = "The member is at home in this branch already."


class HeirNotAllowed(Conflict):
    """Where hours go when a member is gone is said by the rule set."""

    code = "heir_not_allowed"
    zh = "按现行规则，余额归入区资源池，不设继承人。"
    en = "By the rules what is left goes to the branch's pool, not to an heir."


class ProofMissing(Malformed):
    """An heir is named with a proof."""

    code = "proof_missing"
    zh = "指定继承人须登记证明材料。"
    en = "An heir is named together with a proof."


class EndsTooSoon(Malformed):
    """The instant has passed, or is further away than anybody plans."""

    code = "instant_not_possible"
    zh = "时间须在现在之后，且不超过 {longest_days} 天。"
    en = "The instant lies ahead, at most {longest_days} days."


class RuleUnreadable(Malformed):
    """A recurrence is monthly, written as in RFC 5545."""

    code = "rule_unreadable"
    zh = "重复规则须为按月的 RFC 5545 规则，例如 FREQ=MONTHLY;BYMONTHDAY=1。"
    en = "The rule must be monthly as in RFC 5545, for example FREQ=MONTHLY;BYMONTHDAY=1."


class ProgrammeOver(Conflict):
    """The programme is not in force."""

    code = "programme_over"
    zh = "该项目当前不在有效期内。"
    en = "The programme is not in force."


class DebtOpen(Conflict):
    """A debt stays where it was made."""

    code = "debt_open"
    zh = "账户尚欠 {owed} 分钟，请先结清。"
    en = "The account owes {owed} minutes; they are settled first."
