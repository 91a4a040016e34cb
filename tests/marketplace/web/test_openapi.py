import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from marketplace.web.openapi import ASSETS

DOCUMENT = Path(__file__).parents[3] / "docs" / "openapi.json"


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_committed_document_is_what_the_program_says(program: Any) -> None:
    said = json.loads(json.dumps(program.openapi_schema.to_schema()))
    assert json.loads(DOCUMENT.read_text("utf-8")) == said, "write it anew: ./run liuzhu openapi > docs/openapi.json"


def test_every_operation_has_a_name_a_tag_and_a_sentence() -> None:
    found = operations(json.loads(DOCUMENT.read_text("utf-8")))
    names = [operation["operationId"] for _, operation in found]
    assert len(names) == len(set(names)) > 60
    for name, operation in found:
        assert operation.get("tags"), name
        assert operation.get("description"), name
        assert operation["operationId"][0].islower(), name


async def test_the_page_of_the_api_asks_no_other_host(client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")
    assert page.status_code == 200
    assert "https://" not in page.text.split('"openapi"')[0].split("<body")[0]
    if not ASSETS.is_dir():
        pytest.skip("npm has not brought the page's files")
    for name in ("swagger-ui-bundle.js", "swagger-ui.css", "swagger-ui-standalone-preset.js"):
        assert f"/docs-assets/{name}" in page.text
        assert (await client.get(f"/docs-assets/{name}")).status_code == 200
    assert (await client.get("/docs-assets/package.json")).status_code == 404
