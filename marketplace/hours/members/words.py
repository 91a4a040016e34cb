"""Entries of a statement in words, as a member reads them."""

from marketplace.base.errors import Language

TASKS: dict[str, tuple[str, str]] = {
    "companionship": ("陪伴", "companionship"),
    "escort": ("陪同出行", "escort"),
    "shopping": ("代购", "shopping"),
    "cleaning": ("保洁", "cleaning"),
    "welfare_visit": ("探访", "a welfare visit"),
}
# kind of entry: what the minutes came for, and what they went for, in Chinese and English
ENTRIES: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "task": (("志愿服务（{what}）获得", "earned by {what}"), ("接受服务（{what}）支出", "spent on {what}")),
    "booking": (("提供服务获得", "received for a booking"), ("预约服务支出", "spent on a booking")),
    "grant": (("项目发放", "granted by a programme"), ("项目发放支出", "issued by a programme")),
    "certified": (("证书撤销退回", "given back by a revoked certificate"), ("开具证书扣除", "spent on a certificate")),
    "imported": (("原时间银行转入", "received in the bank before"), ("原时间银行转出", "given in the bank before")),
    "reversal": (("冲正退回", "given back by a correction"), ("冲正扣除", "taken back by a correction")),
}
OTHER = (("转入", "received"), ("转出", "given"))


def in_words(kind: str, minutes: int, task_kind: str | None, language: Language, kept: str | None = None) -> str:
    """One entry as a sentence: `志愿服务（陪伴）获得 60 分钟`, `60 minutes earned by companionship`.

    `kept`: what an old bank said of it.
    """
    gained, spent = ENTRIES.get(kind, OTHER)
    place = 0 if language == "zh" else 1
    what = TASKS.get(task_kind or "", ("服务", "service"))[place]
    phrase = (gained if minutes > 0 else spent)[place].format(what=what)
    sentence = f"{phrase} {abs(minutes)} 分钟" if language == "zh" else f"{abs(minutes)} minutes {phrase}"
    return f"{sentence}：{kept}" if kept else sentence
