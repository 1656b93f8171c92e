"""The composition root: the only place that wires parts together."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import errno
import functools
import logging
import os
import secrets
import signal
import socket
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path

from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from .auth.hosts import is_loopback
from .auth.token import TokenGate
from .catalog import Catalog
from .errors import OperatorError
from .kernels import afterlife
from .kernels.assets import KernelAssets
from .kernels.environment import kernel_environment
from .kernels.jupyter import JupyterKernel, KernelLaunch
from .kernels.limits import allow_files
from .kernels.memory import available_bytes
from .kernels.specs import find_kernelspec
from .kernels.stamps import environment_of
from .launching import CAN_FORK, launcher, package_directory, relay_settings, session_directories, template_maker
from .logs import start_logging
from .notebook import Notebook
from .session.admission import Admission, AdmissionBounds
from .session.directories import Directories
from .session.registry import Lifetimes, Registry
from .session.relay import Relay
from .session.starts import StartQueue
from .session.store import Store
from .session.templates import Templates, TemplateSettings
from .settings import Settings
from .state import StateDirectory, state_root, take_state
from .stop import KEEP_KERNELS
from .web.client_files import ClientFiles
from .web.crowd import Crowd, CrowdBounds
from .web.files import BlobHandler, ClientFileHandler, HealthHandler, KernelFileHandler, PublicFileHandler
from .web.handler import MissingHandler
from .web.listening import IDLE_S, BoundedServer
from .web.pages import AppHandler, GalleryHandler
from .web.rest import RestHandler
from .web.site import Site
from .web.socket import SocketHandler

log = logging.getLogger(__name__)

_PORTS_TRIED = 100  # after a taken default port
_PING_S = 20.0  # finds half-open connections; most proxies cut idle ones after 60 s
_BACKLOG = 1024  # connections that wait to be taken in: many come at once when a server is back
_FRAME_SLACK_BYTES = 16_000_000  # a frame a bit over the limit gets an error; far over it, the connection ends


def run(paths: Sequence[Path], settings: Settings, *, explicit_port: bool) -> int:
    """Serve the notebooks at `paths` until SIGINT or SIGTERM; returns the exit code. Raises OperatorError when it cannot."""
    start_logging(settings.log_format, settings.debug)
    find_kernelspec(settings.kernel or None)
    catalog = Catalog(paths, settings.kernel or None, _check_kernel)
    client = ClientFiles()
    sockets = _bind(settings.host, settings.port, explicit_port)
    return asyncio.run(_serve(catalog, client, sockets, settings, _state(paths, settings)))


def _state(paths: Sequence[Path], settings: Settings) -> StateDirectory | None:
    """Where this server keeps what the next one needs; None where kernels end with it."""
    if settings.state_dir == "none" or not afterlife.is_possible():
        return None
    root = Path(settings.state_dir).absolute() if settings.state_dir else state_root(os.environ)
    return take_state(root, paths)


def _check_kernel(notebook: Notebook) -> None:
    find_kernelspec(notebook.kernel_name)


def _bind(host: str, port: int, explicit_port: bool) -> list[socket.socket]:
    """Listen at `port`; when it is taken and was not asked for, at the next free one."""
    last = port if explicit_port or port == 0 else min(port + _PORTS_TRIED, 65_535)
    for candidate in range(port, last + 1):
        try:
            return bind_sockets(candidate, host, backlog=_BACKLOG)
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE and candidate < last:
                continue
            raise OperatorError(_why_not_bound(host, candidate, problem)) from problem
    raise AssertionError("the loop returns or raises")


def _why_not_bound(host: str, port: int, problem: OSError) -> str:
    if problem.errno == errno.EADDRINUSE:
        return f"port {port} is taken by another program; choose another with --port"
    if problem.errno == errno.EACCES:
        return f"port {port} may not be used by this account; choose one above 1023 with --port"
    return f"cannot listen on {host} port {port}: {problem.strerror or problem}"


async def _serve(
    catalog: Catalog, client: ClientFiles, sockets: list[socket.socket], settings: Settings, state: StateDirectory | None
) -> int:
    told: asyncio.Queue[int] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, KEEP_KERNELS):
        loop.add_signal_handler(number, told.put_nowait, number)
    token = _token(settings)
    port = sockets[0].getsockname()[1]
    with contextlib.ExitStack() as held:
        package_dir = held.enter_context(package_directory(state.path if state else None))
        store = Store(state.store) if state else None
        launch = launcher(settings, package_dir, state)
        directories = session_directories(settings, state)
        templates = _templates(settings, launch, directories)
        registry = _registry(settings, launch, templates, store, directories)
        for saved in store.sessions() if store else ():
            registry.revive(saved)
        directories.remove_others()
        site = _site(catalog, client, registry, templates, token, port, settings)
        server = BoundedServer(_application(site, settings), idle_connection_timeout=IDLE_S)
        server.crowd = site.crowd
        server.add_sockets(sockets)
        templates.prepare([entry for entry in await catalog.entries() if isinstance(entry, Notebook)])
        templates.watch(functools.partial(_find_notebook, catalog))
        _announce(settings, token, port)
        if state:
            state.tell({"pid": os.getpid(), "url": f"http://{_shown_host(settings.host)}:{port}{settings.base_url}"})
        asked = await told.get()
        server.stop()
        leave = store is not None and (settings.keep_kernels or asked == KEEP_KERNELS)
        if leave:
            log.info("leaving %d session(s) to the next server", len(registry))
            await registry.leave()
        else:
            log.info("ending %d session(s)", len(registry))
            await registry.close()
        await templates.close(leave=leave)
        await directories.close()
        await server.close_all_connections()
        if store and state:
            store.close()
            state.close()
    return 0


def _token(settings: Settings) -> str:
    if settings.auth == "none":
        return ""
    return settings.token or ("" if is_loopback(settings.host) else secrets.token_urlsafe(24))


def _templates(settings: Settings, launch: Callable[[Notebook], KernelLaunch], directories: Directories) -> Templates:
    async def environment(notebook: Notebook) -> list[Path]:
        return await environment_of(notebook.kernel_name, launch(notebook).env)

    # half as many as kernels may be starting, and apart from these: viewers come first
    starts = StartQueue(max(1, settings.max_starting // 2))
    bounds = TemplateSettings(
        mode=settings.template if CAN_FORK else "off",
        standby=settings.standby if settings.isolate == "off" else 0,  # an isolated one could not be given its session's directory
        max_templates=settings.max_templates,
        ttl_s=settings.template_ttl_s,
        max_first_paint_bytes=settings.max_first_paint_bytes,
    )
    return Templates(template_maker(settings, launch, directories), environment, starts, bounds)


async def _find_notebook(catalog: Catalog, name: str) -> Notebook | None:
    entry = await catalog.get(name)
    return entry if isinstance(entry, Notebook) else None


def _registry(
    settings: Settings, launch: Callable[[Notebook], KernelLaunch], templates: Templates, store: Store | None, directories: Directories
) -> Registry:
    starts = StartQueue(settings.max_starting)
    shared = relay_settings(settings)

    def open_kernel(app: Notebook, files: Path | None) -> JupyterKernel:
        return JupyterKernel(dataclasses.replace(launch(app), files=files))

    def open_relay(session: str, viewer: str, notebook: Notebook) -> Relay:
        save = (store, viewer) if store else None
        lease = templates.lease(notebook)
        return Relay(session, notebook, open_kernel, starts, shared, lease, save=save, directories=directories)

    return Registry(open_relay, _admission(settings), Lifetimes(settings.grace_s, settings.idle_timeout_s, settings.max_age_s))


def _admission(settings: Settings) -> Admission:
    most = settings.max_sessions
    bounds = AdmissionBounds(
        max_sessions=most,
        max_per_viewer=settings.max_sessions_per_viewer or most + settings.max_waiting,
        max_per_app=settings.max_sessions_per_app or most,
        max_waiting=settings.max_waiting,
        min_free_bytes=settings.min_free_bytes,
    )
    return Admission(bounds, available_bytes)


def _site(
    catalog: Catalog, client: ClientFiles, registry: Registry, templates: Templates, token: str, port: int, settings: Settings
) -> Site:
    return Site(
        base_url=settings.base_url,
        cookie_suffix=str(port),
        catalog=catalog,
        registry=registry,
        templates=templates,
        gate=TokenGate(token),
        client=client,
        crowd=Crowd(_crowd_bounds(settings)),
        kernel_assets=KernelAssets(kernel_environment(os.environ, settings.kernel_env)),
        allowed_hosts=settings.allowed_hosts if is_loopback(settings.host) and not token else None,
        max_message_bytes=settings.max_message_bytes,
        max_comm_bytes=settings.max_comm_bytes,
        max_events_per_s=settings.max_events_per_s,
        debug=settings.debug,
        show_code=settings.show_code,
    )


def _crowd_bounds(settings: Settings) -> CrowdBounds:
    return CrowdBounds(
        max_connections=allow_files(settings.max_connections),
        max_connections_per_address=settings.max_connections_per_address,
        max_opens_per_min=settings.max_opens_per_min,
        max_events_per_s=settings.max_events_per_s_per_address,
    )


def _application(site: Site, settings: Settings) -> Application:
    base, parts = settings.base_url, {"site": site}
    return Application(
        [
            (f"{base}healthz", HealthHandler),
            (f"{base}static/(.+)", ClientFileHandler, parts),
            (f"{base}app/([^/]+)/socket", SocketHandler, parts),
            (f"{base}app/([^/]+)/blob/([0-9a-f]+)", BlobHandler, parts),
            (f"{base}app/([^/]+)/output/([^/]+)", RestHandler, parts),
            (f"{base}app/([^/]+)/kernel/web/(.+)", PublicFileHandler, parts),
            (f"{base}app/([^/]+)/kernel/(.+)", KernelFileHandler, parts),
            (f"{base}app/([^/]+)", AppHandler, parts),
            (base, GalleryHandler, parts),
        ],
        default_handler_class=MissingHandler,
        default_handler_args=parts,
        log_function=_log_request,
        compress_response=True,
        websocket_ping_interval=_PING_S,
        websocket_ping_timeout=_PING_S,
        websocket_max_message_size=max(settings.max_message_bytes, settings.max_comm_bytes) + _FRAME_SLACK_BYTES,
    )


def _log_request(handler: RequestHandler) -> None:
    """Without the query: it may hold a token."""
    level = logging.ERROR if handler.get_status() >= 500 else logging.DEBUG
    log.log(level, "%s %s %d", handler.request.method, handler.request.path, handler.get_status())


def _announce(settings: Settings, token: str, port: int) -> None:
    """Print the URL, and open it in a browser unless told otherwise."""
    url = f"http://{_shown_host(settings.host)}:{port}{settings.base_url}" + (f"?token={token}" if token else "")
    print(f"kernelapp serves at {url}", flush=True)
    if not is_loopback(settings.host):
        print("Everyone who has this URL can use the apps, which run on this machine.", flush=True)
    print("Press Ctrl-C to end all sessions and stop.", flush=True)
    if not settings.no_browser:
        asyncio.get_running_loop().run_in_executor(None, webbrowser.open, url)


def _shown_host(host: str) -> str:
    if host in ("", "0.0.0.0", "::"):
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host
