"""What each role may do, on one page. A permission is `noun:verb`; a route names exactly one, or says PUBLIC."""

from enum import StrEnum


class Permission(StrEnum):
    """Every right in the system; the comment of a member is its meaning in one line."""

    # residents
    OWN_READ = "own:read"  # see my own data, inbox, appeals
    OWN_WRITE = "own:write"  # change or erase my own data, bind households
    APPEAL_SUBMIT = "appeal:submit"  # file an appeal
    APPEAL_FOLLOW = "appeal:follow"  # read, supplement, urge my appeal
    APPEAL_DECIDE = "appeal:decide"  # withdraw or contest it: not for whoever merely holds its query code
    APPEAL_RATE = "appeal:rate"  # rate process and result of my appeal
    FILE_UPLOAD = "file:upload"  # upload photos, voice, video

    # grid workers
    FIELD_READ = "field:read"  # my grids, their households, my tasks
    PLATE_ACTIVATE = "plate:activate"  # put a plate into use on site
    VISIT_LOG = "visit:log"  # record a visit
    EVENT_REPORT = "event:report"  # discover and report an event, handle it on the spot
    NOTICE_TELL = "notice:tell"  # tell an answer in person and record it
    FIELD_TRACK = "field:track"  # my grids; follow what I reported or was given, suggest something about the app
    PATROL_LOG = "patrol:log"  # record a patrol of my grid
    APPEAL_AGENT = "appeal:agent"  # file an appeal for a villager who agreed, print the slip
    TEAM_READ = "team:read"  # the grids of my team and what is open in each; no person is ranked

    # cases
    CASE_READ = "case:read"  # search and open cases of my area or unit
    CASE_REGISTER = "case:register"  # register, ask for information, accept, refuse, redirect
    CASE_DISPATCH = "case:dispatch"  # choose lead and co-units, grant or refuse returns
    CASE_HANDLE = "case:handle"  # sign, contact, grade, handle, submit the result
    CASE_REVIEW = "case:review"  # approve or reject a result; never one's own
    CASE_APPROVE = "case:approve"  # decisions of a unit's leaders: extensions, instructions
    CASE_INSTRUCT = "case:instruct"  # a leader's written instruction; agree to a new leader of a case
    CASE_INSPECT = "case:inspect"  # inspect a result on site; never one's own
    CASE_CALLBACK = "case:callback"  # call back, close
    CASE_SUPERVISE = "case:supervise"  # open and settle supervision, send into rework
    CASE_ESCALATE = "case:escalate"  # raise to the next level
    VILLAGE_FIRST = "village:first"  # handle what arose in my village before anybody else does
    CASE_DESIGNATE = "case:designate"  # designate a unit, final
    APPEAL_ENTER = "appeal:enter"  # enter an appeal that came by telephone, letter, visit
    IDENTITY_REVEAL = "identity:reveal"  # open an appellant's identity, with a purpose, logged

    QUARANTINE_DECIDE = "quarantine:decide"  # what phones could not hand in: look, apply it after all, or discard it
    DEVICE_MANAGE = "device:manage"  # phones of grid workers: trust one no longer, trust it again

    REFERRAL_HANDLE = "referral:handle"  # see what households were referred for, acknowledge and close it

    # beside the case
    REVIEW_DECIDE = "review:decide"  # review and re-review what a lower unit answered, order hearings
    RETALIATION_HANDLE = "retaliation:handle"  # reports of retaliation: contact, name the accused, close
    DEMAND_ASSESS = "demand:assess"  # what a third-party panel finds about a demand; it sees what it is asked only
    ACCOUNTABILITY_HANDLE = "accountability:handle"  # clues about who caused a problem and handled it poorly
    OBLIGATION_RECORD = "obligation:record"  # standing duties and campaign tasks that an office has done
    MEDIATION_RUN = "mediation:run"  # mediation rooms of my villages and their disputes

    ROSTER_READ = "roster:read"  # rapid teams and duty rosters, numbers masked
    ROSTER_MANAGE = "roster:manage"  # keep the rapid team, the duty roster and the leaders' fields of a unit

    # areas, households, plates
    AREA_READ = "area:read"  # areas, grids, departments
    HOUSEHOLD_READ = "household:read"  # household register
    HOUSEHOLD_WRITE = "household:write"  # import and change the register, decide bindings
    GRID_MANAGE = "grid:manage"  # hand a grid over, load the boundaries of grids
    PLATE_PRINT = "plate:print"  # issue codes, print sheets
    PLATE_REVOKE = "plate:revoke"  # reissue and revoke codes

    # the deployment
    STAFF_MANAGE = "staff:manage"  # accounts, roles, areas
    RULES_MANAGE = "rules:manage"  # tracks, calendar, duty list, texts
    AUDIT_READ = "audit:read"  # journal and its verification, access log
    SUGGESTION_ANSWER = "suggestion:answer"  # read and answer what is said about the app
    JOBS_MANAGE = "jobs:manage"  # parked failures: see, retry


P = Permission

RESIDENT = {
    P.OWN_READ, P.OWN_WRITE, P.APPEAL_SUBMIT, P.APPEAL_FOLLOW, P.APPEAL_DECIDE, P.APPEAL_RATE, P.FILE_UPLOAD,
}  # fmt: skip
_DESK = {P.CASE_READ, P.AREA_READ, P.FILE_UPLOAD}
_UNIT = {P.CASE_READ, P.AREA_READ, P.FILE_UPLOAD}

ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    role: frozenset(granted)
    for role, granted in {
        "resident": RESIDENT,
        "guest": RESIDENT - {P.OWN_WRITE},
        "lookup": {P.APPEAL_FOLLOW, P.APPEAL_RATE, P.FILE_UPLOAD},
        "grid_worker": {
            P.FIELD_READ, P.PLATE_ACTIVATE, P.VISIT_LOG, P.EVENT_REPORT, P.NOTICE_TELL, P.FILE_UPLOAD,
            P.CASE_HANDLE, P.CASE_INSPECT, P.CASE_ESCALATE, P.FIELD_TRACK, P.PATROL_LOG, P.APPEAL_AGENT,
        },
        "grid_leader": {P.TEAM_READ, P.FIELD_TRACK},
        "volunteer": {P.FIELD_TRACK, P.PATROL_LOG, P.EVENT_REPORT, P.FILE_UPLOAD},
        "intake_officer": _DESK | {
            P.CASE_REGISTER, P.APPEAL_ENTER, P.IDENTITY_REVEAL, P.HOUSEHOLD_READ,
        },
        "dispatcher": _DESK | {
            P.ROSTER_READ,
            P.CASE_DISPATCH, P.APPEAL_ENTER, P.CASE_ESCALATE, P.REFERRAL_HANDLE, P.QUARANTINE_DECIDE,
        },
        "handler": _UNIT | {P.CASE_HANDLE, P.CASE_ESCALATE, P.IDENTITY_REVEAL, P.ROSTER_READ},
        "reviewer": _UNIT | {P.CASE_REVIEW, P.ROSTER_READ},
        "unit_lead": _UNIT | {P.CASE_HANDLE, P.CASE_APPROVE, P.ROSTER_READ, P.ROSTER_MANAGE},
        "deputy_in_charge": _UNIT | {P.CASE_APPROVE, P.ROSTER_READ, P.ROSTER_MANAGE},
        "principal": _UNIT | {P.CASE_APPROVE, P.CASE_REVIEW, P.CASE_INSTRUCT, P.ROSTER_READ},
        "village_secretary": _DESK | {
            P.CASE_DISPATCH, P.CASE_HANDLE, P.CASE_INSPECT, P.CASE_ESCALATE, P.HOUSEHOLD_READ, P.HOUSEHOLD_WRITE,
            P.REFERRAL_HANDLE, P.MEDIATION_RUN, P.VILLAGE_FIRST, P.QUARANTINE_DECIDE, P.OBLIGATION_RECORD,
        },
        "village_petition_agent": _DESK | {P.CASE_ESCALATE, P.APPEAL_ENTER, P.MEDIATION_RUN},
        "mediator": {P.MEDIATION_RUN},
        "supervision_section": _DESK | {P.OBLIGATION_RECORD, P.CASE_SUPERVISE, P.CASE_INSPECT, P.ROSTER_READ},
        "callback_officer": _DESK | {P.CASE_CALLBACK, P.IDENTITY_REVEAL},
        # it also takes in what is said against the office that takes in everything else
        "joint_meeting_office": _DESK | {
            P.CASE_DESIGNATE, P.CASE_ESCALATE, P.OBLIGATION_RECORD, P.CASE_REGISTER, P.CASE_DISPATCH,
        },
        "leading_group_member": _DESK | {P.CASE_INSTRUCT, P.ROSTER_READ},
        "case_leader": _DESK | {P.CASE_SUPERVISE},
        "duty_officer": _DESK | {P.ROSTER_READ, P.ROSTER_MANAGE},
        "review_officer": _DESK | {P.REVIEW_DECIDE, P.RETALIATION_HANDLE},
        "third_party_assessor": {P.DEMAND_ASSESS},
        "discipline_inspector": _DESK | {P.RETALIATION_HANDLE, P.ACCOUNTABILITY_HANDLE},
        "area_admin": {
            P.AREA_READ, P.HOUSEHOLD_READ, P.HOUSEHOLD_WRITE, P.PLATE_PRINT, P.PLATE_REVOKE, P.FILE_UPLOAD,
            P.GRID_MANAGE, P.SUGGESTION_ANSWER, P.DEVICE_MANAGE,
        },
        "system_admin": {P.AREA_READ, P.RULES_MANAGE, P.JOBS_MANAGE},
        "security_admin": {P.STAFF_MANAGE, P.AREA_READ, P.DEVICE_MANAGE},
        "audit_admin": {P.AUDIT_READ},
    }.items()
}

# These roles see only cases whose lead or co-unit is their own department; all others see their whole area.
UNIT_ROLES = frozenset({"handler", "reviewer", "unit_lead", "deputy_in_charge", "principal"})
