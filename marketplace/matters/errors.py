"""What matters refuse."""

from marketplace.base.errors import Conflict


class NotThisKind(Conflict):
    """The matter is of a kind that is not decided this way."""

    code = "not_this_kind"
    zh = "该事项（{kind}）不能这样处理。"
    en = "A matter of this kind ({kind}) is not decided this way."


class WelfareFirst(Conflict):
    """Nobody knows yet how the elder is; that comes before any judgement."""

    code = "welfare_first"
    zh = "请先完成对老人的安全确认。"
    en = "First find out how the elder is."


class EvidenceMissing(Conflict):
    """Nothing proves that somebody waited at the door; nobody can be charged for that."""

    code = "evidence_missing"
    zh = "没有在门口等候的凭证，不能认定爽约。"
    en = "Nothing proves that somebody waited at the door."
