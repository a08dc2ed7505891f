"""Rules of the code that no linter knows."""

from tests.architecture.sources import DOORS, PRODUCT, ROOT, Source, sources

UNIT_OF_WORK = "web/unit_of_work.py"
MIGRATIONS = "server/migrate.py"  # its own direct connection, before any request
QUEUE = "server/services.py"  # parked jobs: a savepoint in the caller's unit, or a read
CLOCK = "domain/clock.py"
FILE_LINES, FUNCTION_LINES, PARAMETERS = 400, 50, 5


def found(files: tuple[Source, ...], *forbidden: str, allowed: tuple[str, ...] = ()) -> list[str]:
    """`file:line name` of every use of a forbidden dotted name, by its ending."""
    endings = tuple(f".{name}" for name in forbidden)
    return [
        f"{source.name}:{line} {name}"
        for source in files
        if source.name not in allowed
        for line, name in source.names()
        if name in forbidden or name.endswith(endings)
    ]


def test_the_search_finds_what_it_looks_for() -> None:
    source = Source("x.py", "import datetime as dt\nwhen = dt.datetime.now(dt.UTC)\n")
    assert found((source,), "datetime.now") == ["x.py:2 dt.datetime.now"]


def test_only_the_unit_of_work_opens_transactions() -> None:
    assert found(sources(), "in_transaction", "atomic", allowed=(UNIT_OF_WORK, MIGRATIONS, QUEUE)) == []


def test_tables_are_made_by_migrations_only() -> None:
    assert found(sources(), "generate_schemas") == []


def test_only_the_clock_reads_the_time() -> None:
    names = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "utcfromtimestamp")
    assert found(sources(), *names, allowed=(CLOCK,)) == []


def test_only_server_and_settings_read_the_environment() -> None:
    inner = sources(*DOORS, "web", "domain", "qr")
    assert found(inner, "os.environ", "os.getenv", "environ", "getenv") == []
    assert found(sources("config"), "os.environ", "os.getenv", allowed=("config/settings.py",)) == []


def test_the_domain_and_the_doors_open_no_sockets_and_no_processes() -> None:
    inner = sources(*DOORS, "web", "domain", "qr", "config")
    names = ("socket.socket", "create_connection", "open_connection", "urlopen", "subprocess.run", "Popen", "os.system")
    assert found(inner, *names) == []


def test_only_the_gateways_talk_to_other_machines() -> None:
    clients = {"httpx", "redis", "wechatpy", "requests", "aiohttp", "urllib3", "http", "smtplib", "obstore"}
    guilty = [
        f"{source.name}:{line} {module}"
        for source in sources()
        if not source.name.startswith("server/gateways/")
        for line, module in source.imports()
        if module.split(".")[0] in clients
    ]
    assert guilty == []


def test_no_database_extension_is_needed() -> None:
    files = [path for folder in PRODUCT for kind in ("*.py", "*.sql") for path in (ROOT / folder).rglob(kind)]
    guilty = [path.name for path in files if "create extension" in path.read_text(encoding="utf-8").lower()]
    assert guilty == []


def test_nothing_prints_except_commands() -> None:
    guilty = [f"{s.name}:{line}" for s in sources() for line, name in s.calls() if name in {"print", "breakpoint"}]
    assert [place for place in guilty if not place.startswith("server/commands/")] == []


def test_files_stay_readable() -> None:
    every = sources(*PRODUCT, "tools", "tests", "benchmarks")
    long = [source for source in every if source.lines > FILE_LINES]
    assert [f"{source.name}: {source.lines} lines" for source in long] == []


def test_functions_stay_small() -> None:
    long = [
        f"{source.name}:{function.lineno} {function.name}: {length} lines"
        for source in sources(*PRODUCT, "tools")
        for function in source.functions()
        if (length := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES
    ]
    assert long == []


def test_functions_take_few_parameters() -> None:
    greedy = []
    for source in sources(*PRODUCT, "tools"):
        for function in source.functions():
            arguments = function.args
            names = [item.arg for item in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
            counted = [name for name in names if name not in {"self", "cls"}]
            if len(counted) > PARAMETERS:
                greedy.append(f"{source.name}:{function.lineno} {function.name}: {len(counted)} parameters")
    assert greedy == []


def test_no_file_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "helpers", "common", "manager", "base", "misc"}
    guilty = [s.name for s in sources(*PRODUCT, "tools", "tests") if drawers & set(s.name[:-3].split("/"))]
    assert guilty == []
