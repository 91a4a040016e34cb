"""What people are told of orders, in Chinese and English. `{what}` is the kind, `{minutes}` the sum."""

from marketplace.hours.members.letters import Pair

KINDS: dict[str, tuple[str, str]] = {
    "gift": ("赠送", "gift"),
    "donation": ("捐赠", "donation"),
    "collection": ("合捐", "collection"),
    "inheritance": ("继承", "inheritance"),
    "move": ("迁移分行", "move to another branch"),
    "leaving": ("退出时间银行", "leaving the time bank"),
    "pool_grant": ("区资源池发放", "grant of the branch's pool"),
    "programme_grant": ("项目发放", "grant of a programme"),
}
# to whoever's hours it is about, by what became of the order
GIVEN: dict[str, Pair] = {
    "collecting": (
        "有人请您为{what}确认 {minutes} 分钟。",
        "You are asked to agree to give {minutes} minutes ({what}).",
    ),
    "pending": (
        "您的 {minutes} 分钟（{what}）等待第二人审批。",
        "{minutes} minutes of yours ({what}) wait until a second person agrees.",
    ),
    "done": ("您的 {minutes} 分钟已转出（{what}）。", "{minutes} minutes of yours have moved ({what})."),
    "rejected": (
        "您的 {minutes} 分钟（{what}）未获批准，已退回。",
        "{minutes} minutes ({what}) were not agreed to and are yours again.",
    ),
    "expired": (
        "您的 {minutes} 分钟（{what}）逾期未办，已退回。",
        "Nobody decided on {minutes} minutes ({what}); they are yours again.",
    ),
    "cancelled": (
        "您的 {minutes} 分钟（{what}）已取消，已退回。",
        "{minutes} minutes ({what}) were called off and are yours again.",
    ),
    "skipped": (
        "您的定期{what}本次未能办理，下次再试。",
        "Your standing order ({what}) could not be carried out this time; the next one will be tried.",
    ),
    "reversed": ("您的 {minutes} 分钟（{what}）已撤回。", "{minutes} minutes ({what}) were taken back."),
}
# to whoever receives them
RECEIVED: dict[str, Pair] = {
    "done": ("您收到 {minutes} 分钟（{what}）。", "You have received {minutes} minutes ({what})."),
    "excess": (
        "您收到 {minutes} 分钟（{what}），另有 {excess} 分钟超出账户上限，已转入资源池。",
        "You have received {minutes} minutes ({what}); {excess} more passed your cap and went to the pool.",
    ),
    "reversed": (
        "您收到的 {minutes} 分钟（{what}）已撤回。",
        "{minutes} minutes that you had received ({what}) were taken back.",
    ),
}


def of_kind(kind: str) -> tuple[str, str]:
    """A kind of order in words."""
    return KINDS.get(kind, ("转移", "a transfer"))
