"""What the statement's verifier says of files that are none: it names them, and is not at a loss."""

from pathlib import Path

import pytest

from timebank.verify_statement import main


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\n", b"{", b"[" * 200_000], ids=["empty", "other encoding", "cut off", "nested too deep"]
)
def test_a_file_that_cannot_be_read_is_named_and_is_no_bad_statement(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    file = tmp_path / "proof.json"
    file.write_bytes(content)
    assert main([str(file)]) == 2
    assert capsys.readouterr().err.startswith(f"{file}: ")


def test_a_document_that_is_no_statement_is_a_bad_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "proof.json"
    file.write_text("[1, 2]")
    assert main([str(file)]) == 1
    assert capsys.readouterr().out.startswith("BAD ")
