import json

import pytest
import structlog

from marketplace.base import log


def test_a_field_that_is_not_allowed_never_reaches_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure()
    structlog.get_logger().info("signed in", phone="19900001234", count=1)
    line = json.loads(capsys.readouterr().out)
    assert line["count"] == 1
    assert "19900001234" not in json.dumps(line)


def test_an_exceptions_text_never_reaches_the_log_but_its_place_does(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure()
    try:
        raise ValueError("phone 19900001234")
    except ValueError:
        structlog.get_logger().exception("failed")
    line = capsys.readouterr().out
    assert "19900001234" not in line
    assert "ValueError" in line
    assert "test_log.py" in line
