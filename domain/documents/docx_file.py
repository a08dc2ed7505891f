"""A letter as a Word file: the office may change `templates/letter.docx` in Word as it likes."""

import io
from importlib import resources

from docxtpl import DocxTemplate  # type: ignore[import-untyped]

from domain.documents.letters import Letter

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def render_docx(letter: Letter) -> bytes:
    """The file's bytes. What people wrote is escaped, so a `{{` or `<` of theirs stays what it is."""
    template = io.BytesIO(resources.files("domain.documents").joinpath("templates", "letter.docx").read_bytes())
    document = DocxTemplate(template)
    document.render({"letter": letter}, autoescape=True)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()
