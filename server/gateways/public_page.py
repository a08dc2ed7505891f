"""Looks at our own public address from outside, as WeChat's check does: no redirect followed, ten seconds."""

import httpx

LOOK_S = 10.0


async def look_at(url: str) -> tuple[int, str]:
    """Status and text of an address; status 0 and the kind of failure when nobody answers."""
    try:
        async with httpx.AsyncClient(timeout=LOOK_S, follow_redirects=False) as http:
            answer = await http.get(url)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return 0, type(error).__name__
    return answer.status_code, answer.text[:2000]
