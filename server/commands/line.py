"""The command line: `huying serve`, `migrate`, `plates`, `profile`, …"""

import typer

from server.commands import demo, epoch, plates, profiles, purge, serving, wechat

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="呼应 Huying:一户一码民声呼应系统"
)
serving.register(app)
demo.register(app)
plates.register(app)
profiles.register(app)
purge.register(app)
wechat.register(app)
epoch.register(app)
