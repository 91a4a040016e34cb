"""Errors are facts: a code, the data, and a sentence in Chinese and English. They know nothing of HTTP.

Features subclass one of the six kinds; `marketplace.web.problem` maps kinds to statuses in one table.
"""

from typing import ClassVar, Literal

from marketplace.base.state_words import state_in_words

Language = Literal["zh", "en"]
STATES = ("state", "wanted")  # the fields of sentences that hold a state


class DomainError(Exception):
    """A rule was broken. `code` is stable, `data` fills the sentences' fields and goes out with the answer."""

    code: ClassVar[str] = "error"
    zh: ClassVar[str] = "操作未能完成。"
    en: ClassVar[str] = "The operation could not be completed."

    def __init__(self, *, pointer: str | None = None, **data: object) -> None:
        super().__init__(self.code, data)
        self.pointer = pointer
        self.data = data

    def sentence(self, language: Language) -> str:
        """The human detail in one language."""
        template = self.zh if language == "zh" else self.en
        return template.format_map(_Blank(self._words(language)))

    def _words(self, language: Language) -> dict[str, object]:
        """The data as it stands in sentences: states by their words."""
        states = {key: state_in_words(str(self.data[key]), language) for key in STATES if key in self.data}
        return {**self.data, **states}

    def __str__(self) -> str:
        return self.sentence("en")


class _Blank(dict[str, object]):
    """A sentence with a missing field shows a dash instead of failing inside error handling."""

    def __missing__(self, key: str) -> str:
        return "-"


class Malformed(DomainError):
    """The request cannot mean anything: a field is wrong in itself."""

    code = "malformed"
    zh = "请求内容有误：{reason}"
    en = "The request is malformed: {reason}"


class DayOutOfRange(Malformed):
    """A day so far off that the calendar ends before what follows from it."""

    code = "day_out_of_range"
    zh = "日期应在 {earliest} 至 {latest} 之间。"
    en = "Tell a day from {earliest} to {latest}."


class Forbidden(DomainError):
    """The actor may know of the thing but not do this."""

    code = "forbidden"
    zh = "您没有进行此操作的权限。"
    en = "You may not do this."


class Unknown(DomainError):
    """No such thing, or none that the actor may know of."""

    code = "unknown"
    zh = "未找到所请求的内容。"
    en = "Nothing was found here."


class Conflict(DomainError):
    """The state of things does not allow it."""

    code = "conflict"
    zh = "当前状态不允许此操作。"
    en = "The present state does not allow this."


class Stale(DomainError):
    """The caller acted on an older version."""

    code = "stale"
    zh = "内容已被更新，请刷新后再试。"
    en = "This was changed meanwhile; read it again and retry."


class Limited(DomainError):
    """Too often; `retry_after_seconds` says when to come back."""

    code = "limited"
    zh = "操作过于频繁，请 {retry_after_seconds} 秒后再试。"
    en = "Too many attempts; try again in {retry_after_seconds} seconds."


class IllegalTransition(Conflict):
    """A state machine was asked for a step that it does not have."""

    code = "illegal_transition"
    zh = "当前状态为“{state}”，不能变为“{wanted}”。"
    en = "It is {state} and cannot become {wanted}."
    already: ClassVar[dict[Language, str]] = {"zh": "目前已经是“{state}”。", "en": "It is {state} already."}

    def sentence(self, language: Language) -> str:
        """What was asked for may be so already, as when two press one button."""
        if self.data.get("state") is None or self.data.get("state") != self.data.get("wanted"):
            return super().sentence(language)
        return self.already[language].format_map(self._words(language))


class NotSignedIn(DomainError):
    """No valid token came with the request."""

    code = "not_signed_in"
    zh = "请先登录。"
    en = "Please sign in first."


class KeyReused(DomainError):
    """An idempotency key came again with another payload."""

    code = "idempotency_key_reused"
    zh = "该幂等键已用于另一个请求。"
    en = "This idempotency key was used for another request."


class InProgress(Conflict):
    """The first request with this idempotency key has not been answered yet."""

    code = "idempotency_in_progress"
    zh = "同一请求正在处理中，请稍后再试。"
    en = "The same request is still being worked on; try again shortly."
