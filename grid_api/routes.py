"""WORKER DOOR: the table of its routes. No check-in, no points, no ranking, no tracks (国办函〔2026〕12号)."""

from domain.access.permissions import Permission as P
from domain.attachments.kinds import SizeLimits
from domain.problems import (
    AccountLocked,
    ChangedMeanwhile,
    ClientTimeAbsurd,
    CodeDead,
    GuardNotMet,
    MoveNotAllowed,
    SameIdOtherContent,
    SameOfficer,
    SecondFactorRequired,
    StorageFull,
    UnacceptableUpload,
    UnknownAttachment,
    UnknownCode,
    WeChatCodeRefused,
    WeChatNotBound,
    WeChatTaken,
    WeChatUnavailable,
    WrongCredentials,
)
from grid_api import cases, events, home, sessions, tasks, uploads, visits
from grid_api.schemas import CasePage, NewEvent, NewSuggestion, NewVisit, SignIn, TaskPage, Told, VisitPage, WeChatCode
from web.paging import Page
from web.routes import PUBLIC, Limit, Route, table

SIGN_IN = (Limit("worker-sign-in", 60, 60),)
UPLOAD_BYTES = SizeLimits().largest + 64 * 1024  # the parts around the file
WECHAT = (WeChatCodeRefused, WeChatUnavailable)
ONCE = (SameIdOtherContent, ClientTimeAbsurd, UnknownAttachment, UnknownCode, CodeDead)
MOVING = (MoveNotAllowed, ChangedMeanwhile, GuardNotMet, SameOfficer, *ONCE[:3])

ROUTES = table(
    "/api/grid/v1",
    Route(method="POST", path="/sessions", handler=sessions.create_session, prepare=sessions.prove, gate=PUBLIC,
          body=SignIn, status=201, replay=False, limit=SIGN_IN, summary="网格员登录(微信或手机号密码)",
          problems=(*WECHAT, WeChatNotBound, WrongCredentials, SecondFactorRequired, AccountLocked)),
    Route(method="DELETE", path="/sessions/current", handler=sessions.sign_out, gate=P.FIELD_READ, status=204,
          summary="退出登录"),
    Route(method="GET", path="/me", handler=sessions.me, gate=P.FIELD_READ, reads=True, summary="我和我的网格"),
    Route(method="POST", path="/me/wechat", handler=sessions.bind, prepare=sessions.ask_wechat, gate=P.FIELD_READ,
          body=WeChatCode, replay=False, summary="绑定微信", problems=(*WECHAT, WeChatTaken)),
    Route(method="GET", path="/home", handler=home.home, gate=P.FIELD_READ, reads=True, summary="首页数字"),
    Route(method="GET", path="/choices", handler=home.choices, gate=P.FIELD_READ, reads=True, summary="表单选项"),
    Route(method="POST", path="/visits", handler=visits.create_visit, gate=P.VISIT_LOG, body=NewVisit, status=201,
          also=(200,), summary="记一次走访", problems=ONCE),
    Route(method="GET", path="/visits", handler=visits.list_visits, gate=P.FIELD_READ, query=VisitPage, reads=True,
          summary="走访记录"),
    Route(method="GET", path="/visits/waiting", handler=visits.list_unvisited, gate=P.FIELD_READ, query=Page,
          reads=True, summary="待走访住户"),
    Route(method="POST", path="/events", handler=events.create_event, gate=P.EVENT_REPORT, body=NewEvent, status=201,
          also=(200,), summary="发现上报", problems=ONCE),
    Route(method="GET", path="/cases", handler=cases.list_cases, gate=P.FIELD_READ, query=CasePage, reads=True,
          summary="跟踪:我的事件和工单"),
    Route(method="GET", path="/cases/<id:str>", handler=cases.open_case, gate=P.FIELD_READ, reads=True,
          summary="一件的详情"),
    Route(method="POST", path="/cases/<id:str>/<action:str>", handler=cases.act, gate=P.FIELD_READ,
          body=cases.ACTIONS, summary="办理", problems=MOVING),
    Route(method="GET", path="/tasks", handler=tasks.list_tasks, gate=P.FIELD_READ, query=TaskPage, reads=True,
          summary="待当面告知的答复"),
    Route(method="POST", path="/tasks/<id:str>/done", handler=tasks.finish_task, gate=P.NOTICE_TELL, body=Told,
          summary="已当面告知"),
    Route(method="POST", path="/uploads/simple", handler=uploads.keep, prepare=uploads.receive, gate=P.FILE_UPLOAD,
          upload_bytes=UPLOAD_BYTES, status=201, summary="上传照片、录音、视频",
          problems=(UnacceptableUpload, StorageFull)),
    Route(method="GET", path="/attachments/<id:str>", handler=uploads.show, gate=P.FIELD_READ, query=uploads.Size,
          reads=True, content_type="application/octet-stream", summary="看照片、听录音"),
    Route(method="POST", path="/suggestions", handler=tasks.create_suggestion, gate=P.FIELD_READ, body=NewSuggestion,
          status=201, summary="对本应用提意见"),
    Route(method="GET", path="/suggestions", handler=tasks.list_suggestions, gate=P.FIELD_READ, query=Page, reads=True,
          summary="我提过的意见"),
)  # fmt: skip
