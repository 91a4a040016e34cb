"""Errors shaped as the provider shapes them, and whether their request had begun to run.

A refused parameter leaves no trace, so its key stays free. Anything later is stored under the key and replayed;
a decline even keeps its effects (the failed charge, the event).
"""

from typing import Any


class ApiError(Exception):
    """One error answer. `began`: store it under the key; `keeps_effects`: commit what was written before it."""

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        began: bool = True,
        keeps_effects: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.began = began
        self.keeps_effects = keeps_effects
        fields = {"type": kind, "code": code, "message": message, "param": param, **more}
        self.body: dict[str, Any] = {"error": {name: value for name, value in fields.items() if value is not None}}


def bad_parameter(message: str, *, param: str, code: str | None = None) -> ApiError:
    """A parameter that is wrong in itself."""
    return ApiError(400, "invalid_request_error", message, code=code, param=param, began=False)


def missing(kind: str, object_id: str, *, param: str) -> ApiError:
    """No such object: 404 for the object of the address, 400 for one named in the parameters."""
    status = 404 if param == "id" else 400
    words = f"No such {kind}: '{object_id}'"
    return ApiError(status, "invalid_request_error", words, code="resource_missing", param=param)


def refused(message: str, *, code: str, param: str | None = None, **more: Any) -> ApiError:
    """A well-formed request that the object's state or the balance does not allow."""
    return ApiError(400, "invalid_request_error", message, code=code, param=param, **more)
