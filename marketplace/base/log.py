"""Logs: one JSON object a line, with request and job ids, and no field that is not on the list below.

The list is what keeps telephone numbers, names and places out of the logs: a field that someone adds in passing
is dropped until it is allowed here on purpose.
"""

import logging
import sys
from pathlib import Path

import structlog
from structlog.typing import EventDict, WrappedLogger

ALLOWED = frozenset(
    (
        *("event", "level", "timestamp", "logger", "request_id", "job_id", "consumer", "message", "attempts", "dead"),
        *("error", "code", "status", "method", "route", "seconds", "count", "day", "district_id", "plan_id", "version"),
        *("visits", "unassigned", "process", "signal", "host", "port", "booking_id", "visit_id", "shift_id"),
        *(
            "provider_id",
            "link_id",
            "payment_id",
            "delivery_id",
            "event_id",
            "kind",
            "state",
            "rule",
            "reason",
            "exception",
        ),
    )
)


def only_allowed(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Drop every field that is not on the list."""
    return {key: value for key, value in event.items() if key in ALLOWED}


def _exception_class_only(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Keep where an exception came from, not its text: the text may quote a parameter."""
    info = event.pop("exc_info", None)
    error = info if isinstance(info, BaseException) else sys.exc_info()[1] if info else None
    if error is not None:
        event["exception"] = " < ".join(_frames(error))
    return event


def _frames(error: BaseException) -> list[str]:
    lines = [type(error).__name__]
    step = error.__traceback__
    places: list[str] = []
    while step is not None:
        code = step.tb_frame.f_code
        places.append(f"{Path(code.co_filename).name}:{step.tb_lineno} {code.co_name}")
        step = step.tb_next
    return lines + places[::-1][:12]


def configure(level: str = "info") -> None:
    """Send structlog to standard output as JSON lines; the standard library's loggers keep only warnings."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s", force=True)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            _exception_class_only,
            only_allowed,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
