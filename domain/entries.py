"""What people type into a field, as it is kept, or a 422 that names the field."""

from domain.problems import invalid
from domain.rulebook import rulebook
from domain.text import clean_phone


def phone_of(field: str, text: str, *, required: bool = False) -> str:
    """A telephone number with digits only; empty when nothing was typed and nothing has to be."""
    phone = clean_phone(text) if text.strip() or required else ""
    if phone is None:
        raise invalid(field, "电话号码不对,请填写手机号或带区号的座机")
    return phone


def topic_of(code: str | None) -> str:
    """The code of a topic that exists; empty when none was chosen."""
    if code and code not in rulebook().topics:
        raise invalid("topic", "没有这个问题类别")
    return code or ""
