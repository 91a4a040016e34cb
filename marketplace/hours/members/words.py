"""Entries of a statement in words, as a member reads them."""

from marketplace.base.errors import Language

TASKS: dict[str, tuple[str, str]] = {
    "companionship": ("陪伴", "companionship"),
    "escort": ("陪同出行", "escort"),
    "shopping": ("代购", "shopping"),
    "cleaning": ("保洁", "cleaning"),
    "welfare_visit": ("探访", "a welfare visit"),
    "neighbour_watch": ("邻里守望", "neighbour watch"),
}
_MOVED = (("由原分行转入", "moved in from the former branch"), ("转往新分行", "moved to the new branch"))
_LEFT = (
    ("退出会员转入", "received from a member who left"),
    ("退出会员，转入公共池", "given to the pool on leaving"),
)
# kind of entry: what the minutes came for, and what they went for, in Chinese and English
ENTRIES: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "task": (("志愿服务（{what}）获得", "earned by {what}"), ("接受服务（{what}）支出", "spent on {what}")),
    "booking": (("提供服务获得", "received for a booking"), ("预约服务支出", "spent on a booking")),
    "grant": (("项目发放", "granted by a programme"), ("项目发放支出", "issued by a programme")),
    "left": _LEFT,
    "leaving": _LEFT,
    "relay": (("来自外部时间银行", "received from another bank"), ("支付给外部时间银行", "paid to another bank")),
    "gift": (("获赠", "received as a gift"), ("赠出", "given as a gift")),
    "donation": (("获捐", "received as a donation"), ("捐出", "donated")),
    "collection": (("合捐收到", "received from a collection"), ("合捐支出", "given to a collection")),
    "inheritance": (("继承", "inherited"), ("由继承人或分行承接", "passed on to the heir or the branch")),
    "move": _MOVED,
    "followed": _MOVED,
    "recalled": (
        ("由现分行转回原分行待撤回", "brought back from the new branch to be taken back"),
        ("转回原分行待撤回", "brought back to the former branch to be taken back"),
    ),
    "pool_grant": (("区资源池发放", "granted by the branch's pool"), ("区资源池发放支出", "granted out of the pool")),
    "programme_grant": (("项目发放", "granted by a programme"), ("项目发放支出", "issued by a programme")),
    "issue": (("本月项目发放", "issued for the month by a programme"), ("本月项目发放支出", "issued for the month")),
    "certified": (("证书撤销退回", "given back by a revoked certificate"), ("开具证书扣除", "spent on a certificate")),
    "imported": (("原时间银行转入", "received in the bank before"), ("原时间银行转出", "given in the bank before")),
    "reversal": (("冲正退回", "given back by a correction"), ("冲正扣除", "taken back by a correction")),
}
OTHER = (("转入", "received"), ("转出", "given"))
BY: dict[str, tuple[str, str]] = {
    "officer": ("（工作人员代办）", " (an officer acted for the member)"),
    "family": ("（家属代办）", " (the family acted for the member)"),
    "guardian": ("（监护人代办）", " (the guardian acted for the member)"),
    "contact": ("（团体联系人代办）", " (the contact acted for the group)"),
}


def in_words(
    kind: str,
    minutes: int,
    task_kind: str | None,
    language: Language,
    *,
    kept: str | None = None,
    acted_as: str | None = None,
) -> str:
    """One entry as a sentence: `志愿服务（陪伴）获得 60 分钟`, `60 minutes earned by companionship`.

    `kept`: what an old bank said of it. `acted_as`: by what right somebody else acted for the member.
    """
    gained, spent = ENTRIES.get(kind, OTHER)
    place = 0 if language == "zh" else 1
    what = TASKS.get(task_kind or "", ("服务", "service"))[place]
    phrase = (gained if minutes > 0 else spent)[place].format(what=what)
    sentence = f"{phrase} {abs(minutes)} 分钟" if language == "zh" else f"{abs(minutes)} minutes {phrase}"
    if acted_as is not None:
        sentence += BY[acted_as][place]
    return f"{sentence}：{kept}" if kept else sentence
