"""A person's own data: see all of it, take it along, see who looked, have it erased (个人信息保护法 art 44–47).

Reads by plain SQL over the tables of features above this one: what hangs on a person is a list, not a rule.
"""

from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.cases_ended import ENDED_SQL
