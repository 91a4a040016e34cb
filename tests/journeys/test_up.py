"""`liuzhu up` as a person uses it: it says where it is, stops on a signal, and leaves nothing behind."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
READY = re.compile(r"ready after ([0-9.]+) s")


def start(data: Path, *options: str, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "marketplace.cli", "up", "--data", str(data), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **environ},
    )


def read_until_ready(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if READY.search(line):
            return said
    raise AssertionError(f"it ended before it was ready: {said}")


def left_behind(data: Path) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if str(data).encode() in (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes():
                found.append(folder.name)
        except OSError:
            continue
    return found


def test_an_empty_instance_starts_answers_and_stops_cleanly_twice(tmp_path: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        process = start(tmp_path, "--port", "0", "--no-demo")
        try:
            said = read_until_ready(process)
            address = re.search(r"API docs\s+(http://\S+)/docs", said)
            assert address is not None, said
            assert httpx.get(f"{address[1]}/ready", trust_env=False).status_code == 200
            # without a demo nobody is told a sign-in, and codes are not shown
            assert "sign-ins" not in said
            asked = httpx.post(f"{address[1]}/v1/sign-in/code", json={"phone": "19900000000"}, trust_env=False)
            assert asked.json()["demo_code"] is None
        finally:
            process.send_signal(number)
            assert process.wait(60) == 0
            assert process.stdout is not None
            process.stdout.close()
    time.sleep(0.2)
    assert left_behind(tmp_path) == []


def test_a_taken_port_is_one_line_and_exit_2(tmp_path: Path) -> None:
    process = start(tmp_path, "--port", "0", "--no-demo")
    try:
        address = re.search(r"http://127.0.0.1:([0-9]+)/docs", read_until_ready(process))
        assert address is not None
        second = start(tmp_path / "other", "--port", address[1], "--no-demo")
        said, _ = second.communicate(timeout=60)
        assert second.returncode == 2
        assert said.count("\n") == 1
        assert "is taken" in said
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        assert process.stdout is not None
        process.stdout.close()


def test_a_malformed_setting_is_one_line_and_exit_2(tmp_path: Path) -> None:
    process = start(tmp_path, LIUZHU_PORT="many")
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert said.count("\n") == 1
    assert "LIUZHU_PORT" in said
