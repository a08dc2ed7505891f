"""The job queue: procrastinate's tables in their own schema, from the installed library, and what we add."""

from importlib.metadata import version
from importlib.resources import files

from tortoise import migrations
from tortoise.migrations import operations as ops

_LIBRARY = files("procrastinate.sql").joinpath("schema.sql").read_text(encoding="utf-8")
# The first block creates the extension plpgsql, which every PostgreSQL has; we create no extension at all.
_TABLES = _LIBRARY[_LIBRARY.index("-- Enums") :]
_OURS = files("server").joinpath("sql", "jobs.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    """Creates schema `jobs`; its comment says which release of procrastinate made it."""

    initial = True

    operations = [
        ops.RunSQL(
            [
                "CREATE SCHEMA jobs",
                f"COMMENT ON SCHEMA jobs IS 'procrastinate {version('procrastinate')}'",
                f"SET LOCAL search_path = jobs;\n{_TABLES}",
                _OURS,
                "SET LOCAL search_path = DEFAULT",
            ],
            reverse_sql="DROP SCHEMA jobs CASCADE",
        )
    ]
