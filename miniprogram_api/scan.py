"""What a scan opens: the page behind a plate, in a browser or in WeChat, and WeChat's check file beside it."""

from domain.problems import CodeDead, UnknownCode
from domain.rulebook import rulebook
from miniprogram_api import page, progress_page, survey_page
from web.routes import PUBLIC, Answer, Ask, Limit, Route
from web.scans import scanned

# A carrier's gateway brings thousands of phones from one address.
PER_ADDRESS = Limit("scan", 600, 60)
_NO_STORE = {"Cache-Control": "no-store"}


def scan_routes(check_name: str, check_text: str) -> list[Route]:
    """Routes under /h/, WeChat's check file among them when the settings name one, and the pages of a paper slip and
    of a survey's link."""
    routes = [
        Route(method="GET", path="/h/<code:str>", handler=open_plate, gate=PUBLIC, reads=True, also=(404, 410),
              limit=(PER_ADDRESS,), content_type=page.HTML, summary="扫门牌打开的页面"),
        *page.ROUTES,
        *progress_page.ROUTES,
        *survey_page.ROUTES,
    ]  # fmt: skip
    return [*routes, _check_file(check_name, check_text)] if check_name else routes


async def open_plate(ask: Ask) -> Answer:
    """The resident page of a live code; one same page for every unknown code, a neutral one for every dead."""
    try:
        found = await scanned(ask, ask.path["code"], "web")
    except UnknownCode:
        return Answer(raw=page.unknown_page(), status=404, headers=_NO_STORE, content_type=page.HTML)
    except CodeDead:
        return Answer(raw=page.dead_page(rulebook().hotline), status=410, headers=_NO_STORE, content_type=page.HTML)
    return await page.page_for(ask, found)


def _check_file(name: str, text: str) -> Route:
    async def send(ask: Ask) -> Answer:
        return Answer(raw=text.encode(), content_type="text/plain; charset=utf-8")

    path = f"/h/{name.removesuffix('.txt')}.txt"
    return Route(method="GET", path=path, handler=send, gate=PUBLIC, reads=True, content_type="text/plain",
                 summary="微信校验文件")  # fmt: skip
