"""What providers refuse, as facts with their data."""

from marketplace.base.errors import Conflict, Malformed


class Impossible(Malformed):
    """A field is wrong in itself."""

    code = "impossible_value"
    zh = "内容有误：{reason}"
    en = "This cannot be: {reason}"


class LegalPersonTaken(Conflict):
    """The organisation has applied before."""

    code = "legal_person_taken"
    zh = "该统一社会信用代码已登记。"
    en = "This organisation is registered already."


class AlreadyEmployed(Conflict):
    """An account manages one organisation only."""

    code = "already_employed"
    zh = "该账户已管理一家机构。"
    en = "This account manages an organisation already."


class ChecklistOpen(Conflict):
    """The onboarding checklist has open items; `missing` names them."""

    code = "checklist_open"
    zh = "入驻条件尚未满足：{missing}"
    en = "The checklist is not complete: {missing}"


class LicenceMissing(Conflict):
    """No checked licence is valid on that day."""

    code = "licence_missing"
    zh = "没有有效的许可证。"
    en = "There is no valid licence."


class AlreadyChecked(Conflict):
    """The paper was checked before; a new one must be handed in."""

    code = "already_checked"
    zh = "该证件已审核，请另行提交。"
    en = "This credential was checked before; hand in a new one."


class Barred(Conflict):
    """A blacklisted organisation changes nothing any more."""

    code = "provider_barred"
    zh = "该机构已被列入黑名单。"
    en = "This provider is blacklisted."


class NotServing(Conflict):
    """The provider's standing does not allow it to serve."""

    code = "provider_not_serving"
    zh = "该机构目前不能提供服务（{state}）。"
    en = "This provider does not serve at present ({state})."


class NotBookable(Conflict):
    """The offer stands, but cannot be booked for that day; `reason` is a stable code."""

    code = "not_bookable"
    zh = "该服务暂不可预订（{reason}）。"
    en = "This offer cannot be booked: {reason}."


class OfferWithdrawn(Conflict):
    """Nothing is published for a withdrawn offer."""

    code = "offer_withdrawn"
    zh = "该服务项目已下架。"
    en = "This offer was withdrawn."


class BlacklistingOpen(Conflict):
    """A blacklisting of this provider is under way."""

    code = "blacklisting_open"
    zh = "该机构已有进行中的黑名单程序。"
    en = "A blacklisting of this provider is under way."


class AnotherPerson(Conflict):
    """Whoever took part in an earlier step may not take this one."""

    code = "another_person"
    zh = "此步骤须由另一名工作人员完成。"
    en = "This step must be taken by another person."


class AppealOver(Conflict):
    """The appeal window is over, or the one appeal was made."""

    code = "appeal_over"
    zh = "申诉期限已过或已申诉过。"
    en = "The time to appeal is over, or an appeal was made already."
