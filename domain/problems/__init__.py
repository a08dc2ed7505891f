"""The error catalogue: everything that can go wrong at a door, each with a stable code, a status and plain words.

Raise the class; `web/problems.py` turns it into `application/problem+json` (RFC 9457). `detail` is a template over the
named details, which also travel as members of the answer. A retired code is never given a new meaning.
"""

from domain.problems.administration import *
from domain.problems.cases import *
from domain.problems.files import *
from domain.problems.identity import *
from domain.problems.plates import *
from domain.problems.problem import *
from domain.problems.request import *
from domain.problems.sync import *
