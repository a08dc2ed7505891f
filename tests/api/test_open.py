"""Health, metrics, problems, the API description: public, and true."""

import re

import pytest

from domain.problems import catalogue
from tests.support.cast import Cast

pytestmark = pytest.mark.anyio


async def test_the_process_says_that_it_is_alive(cast: Cast) -> None:
    answer = await cast.anybody().get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


async def test_readiness_names_every_part(cast: Cast) -> None:
    answer = await cast.anybody().get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["parts"] == {"database": "ok", "migrations": "ok", "worker": "ok"}


async def test_a_silent_worker_makes_the_server_unready(cast: Cast) -> None:
    class Silent:
        def beat_age(self) -> float:
            return 99.0

    services = cast.app.ctx.services
    services.runner = Silent()
    try:
        answer = await cast.anybody().get("/readyz")
    finally:
        services.runner = None
    assert answer.status_code == 503
    assert answer.json()["parts"]["worker"] == "silent"


async def test_metrics_count_requests_by_route_and_never_by_value(cast: Cast) -> None:
    await cast.anybody().get("/problems/secret-looking-code")
    text = (await cast.anybody().get("/metrics")).text
    assert "huying_requests_total" in text
    assert "secret-looking-code" not in text


async def test_the_docs_load_nothing_from_outside(cast: Cast) -> None:
    page = (await cast.anybody().get("/docs")).text + (await cast.anybody().get("/docs.js")).text
    assert "openapi.json" in page
    assert not re.findall(r"""(?:src|href)=["']https?://""", page)


@pytest.mark.parametrize("code", [kind.code for kind in catalogue()])
async def test_every_problem_has_a_page_that_says_what_to_do(cast: Cast, code: str) -> None:
    answer = await cast.anybody().get(f"/problems/{code}")
    assert answer.status_code == 200
    assert "怎么办" in answer.text


async def test_an_unknown_address_is_a_problem(cast: Cast) -> None:
    answer = await cast.anybody().get("/nowhere")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-route")
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_a_wrong_method_is_a_problem(cast: Cast) -> None:
    answer = await cast.anybody().delete("/healthz")
    assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")


async def test_head_works_where_get_does(cast: Cast) -> None:
    assert (await cast.anybody().head("/healthz")).status_code == 200


async def test_answers_carry_security_headers_and_a_request_id(cast: Cast) -> None:
    headers = (await cast.anybody().get("/healthz")).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-huying-api"] == "1"
    assert headers["x-request-id"]
