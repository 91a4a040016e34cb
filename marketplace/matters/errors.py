"""What matters refuse."""

from marketplace.base.errors import Conflict


class NotThisKind(Conflict):
    """The matter is of a kind that is not decided this way."""

    code = "not_this_kind"
    zh = "该事项（{kind}）不能这样处理。"
    en = "A matter of this kind ({kind}) is not decided this way."
