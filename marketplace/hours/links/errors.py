"""What links to outside banks refuse, and the ledger's refusals in our words."""

from marketplace.base.errors import Conflict, DomainError, Malformed, NotSignedIn, Unknown
from timebank import LedgerError
from timebank import errors as ledger
from timebank.links import errors as links


class LinkUnknown(Unknown):
    """There is no link of this id, or to a bank of this name."""

    code = "link_unknown"
    zh = "没有与该时间银行的互通关系。"
    en = "There is no link to this bank."


class LinkSuspended(Conflict):
    """The link takes no new payments."""

    code = "link_suspended"
    zh = "与该时间银行的互通目前已暂停。"
    en = "The link to this bank is {state}."


class LinkTaken(Conflict):
    """Another link has this id or this partner's name."""

    code = "link_taken"
    zh = "已存在与该时间银行的互通关系。"
    en = "There is a link of this id or to this bank already."


class LinkLimitReached(Conflict):
    """A trust limit stands against it: `ours` on what the partner may owe, or `theirs` on what we may."""

    code = "link_limit_reached"
    zh = "超出两家时间银行约定的信任额度：还可 {room} 分钟。"
    en = "This passes the trust limit between the two banks: {room} minutes are left."


class LinkLimitInUse(Conflict):
    """A limit cannot fall below what the partner owes and has under way."""

    code = "link_limit_in_use"
    zh = "信任额度不能低于对方已欠及在途的时间。"
    en = "The limit cannot fall below what the partner owes and has under way."


class LinkNotEmpty(Conflict):
    """A link closes at balance zero, with nothing in flight and nothing unclaimed."""

    code = "link_not_empty"
    zh = "互通账户仍有余额或在途款项，不能关闭。"
    en = "The link still has a balance, something in flight or something unclaimed."


class RelayExpired(Conflict):
    """Its time was over before it was decided."""

    code = "relay_expired"
    zh = "该笔互通支付已过期。"
    en = "The payment's time was over before it was decided."


class RelayConflict(Conflict):
    """The id is known with other contents."""

    code = "relay_conflict"
    zh = "该支付编号已用于另一笔支付。"
    en = "This payment's id was used for another payment."


class RelayUnknown(Unknown):
    """No such payment was prepared."""

    code = "relay_unknown"
    zh = "没有这笔互通支付。"
    en = "No such payment was prepared."


class RelayEnded(Conflict):
    """It has another end."""

    code = "relay_ended"
    zh = "该笔互通支付已结束（{state}）。"
    en = "The payment has ended: {state}."


class RelayOutOfOrder(Conflict):
    """An earlier payment of the same direction has to be committed first."""

    code = "relay_out_of_order"
    zh = "须先完成在前的互通支付。"
    en = "An earlier payment has to be committed first: the height is {height}."


class ChainDiverged(Conflict):
    """The two banks do not have the same history."""

    code = "chain_diverged"
    zh = "两家时间银行的记录不一致，已暂停互通。"
    en = "The two banks do not have the same history."


class LinkUnitMismatch(Conflict):
    """The link is in another unit."""

    code = "link_unit_mismatch"
    zh = "两家时间银行的计量单位不同。"
    en = "The link is in another unit."


class PayeeUnknown(Unknown):
    """No member of this address may be paid. An unknown one and one who may not be paid are answered alike."""

    code = "payee_unknown"
    zh = "没有可以收款的该会员。"
    en = "There is no member of this address who may be paid."


class PartnerSilent(Conflict):
    """The partner does not answer, or not in a way that can be believed."""

    code = "partner_silent"
    zh = "对方时间银行没有应答。"
    en = "The partner bank does not answer: {reason}."


class PartnerNotReady(Conflict):
    """The partner's address and key are not known yet."""

    code = "partner_not_ready"
    zh = "尚未登记对方的地址和公钥。"
    en = "The partner's address and key are not known yet."


class PartnerAddressRefused(Malformed):
    """A partner's address is https://host[:port], and nothing more."""

    code = "partner_address_refused"
    zh = "对方地址应为 https://主机[:端口]。"
    en = "A partner's address is https://host[:port]."


class LinkSignatureRefused(NotSignedIn):
    """The request is not signed by the link's partner over these bytes."""

    code = "link_signature_refused"
    zh = "请求签名无效。"
    en = "The signature is not the partner's over this request."


class LinkKeyNotAnnounced(Conflict):
    """A new key is announced under the key in force and the new one itself."""

    code = "link_key_not_announced"
    zh = "新公钥须由现用密钥和新密钥共同签名。"
    en = "A new key is announced with the signatures of the key in force and of the new one."


class LinkKeyTaken(Conflict):
    """The partner has the new key: it is not given up any more, but in use."""

    code = "link_key_taken"
    zh = "对方已启用新公钥，不能放弃；可再次更换。"
    en = "The partner has taken the new key: it is in use and cannot be given up. Make another one instead."


class LinkKeyNotPending(Conflict):
    """Another key than this one waits for the partner."""

    code = "link_key_not_pending"
    zh = "等待对方启用的不是该公钥。"
    en = "Another key than this one waits to be taken by the partner."


class LinkKeyWithdrawn(Conflict):
    """The bank that announces this key gave it up before."""

    code = "link_key_withdrawn"
    zh = "该公钥已被放弃。"
    en = "This key was given up by the bank that announces it."


class LinkKeysFull(Conflict):
    """The partner gave up more keys than are remembered; a key that is not remembered could be taken later."""

    code = "link_keys_full"
    zh = "该对接已记录 {most} 个被放弃的公钥，不再接受新的放弃，请使用该公钥。"
    en = "{most} keys of this link were given up already, and no more are remembered: use the one that is pending."


class LinkTimestampStale(NotSignedIn):
    """Rightly signed, but the moment is more than five minutes from ours."""

    code = "link_timestamp_stale"
    zh = "请求时间偏差过大。"
    en = "The request's moment is too far from ours."


_WORDS: dict[type[LedgerError], type[DomainError]] = {
    links.UnknownLink: LinkUnknown,
    links.LinkSuspended: LinkSuspended,
    links.LinkExists: LinkTaken,
    links.LimitReached: LinkLimitReached,
    links.LinkNotEmpty: LinkNotEmpty,
    links.RelayExpired: RelayExpired,
    links.RelayConflict: RelayConflict,
    links.UnknownRelay: RelayUnknown,
    links.RelayEnded: RelayEnded,
    links.RelayOutOfOrder: RelayOutOfOrder,
    links.ChainDiverged: ChainDiverged,
    ledger.UnitMismatch: LinkUnitMismatch,
}


def in_words(error: LedgerError) -> DomainError | LedgerError:
    """The ledger's refusal as our own error with the same data, or itself where there is no other word for it."""
    kind = _WORDS.get(type(error))
    return error if kind is None else kind(**error.data)
