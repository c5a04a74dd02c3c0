"""The proxies under test: the configuration of each, in a temporary folder, and how it is started."""

import hashlib
import json
import os
import re
from pathlib import Path

from processes import BenchmarkError, Process, free_port

ROOT = Path(__file__).resolve().parent.parent
# As many as load.lua has.
CLIENTS = 8192

NGINX = """\
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log stderr error;
{user}
events {{ worker_connections 8192; }}
http {{
    access_log off;
    keepalive_timeout 75s;
    keepalive_requests 1000000000;
    client_max_body_size 0;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream bench {{
        server 127.0.0.1:{upstream};
        keepalive 512;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://bench;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_request_buffering off;
            proxy_max_temp_file_size 0;
            {buffering}
        }}
    }}
}}
"""


class Bench:
    """What a proxy needs to know to be started."""

    def __init__(self, folder, upstream, core, sluice, plugins, connections=512):
        self.folder = folder
        self.upstream = upstream
        self.core = core
        self.sluice = sluice
        self.plugins = plugins
        # How many requests may be under way.
        self.connections = connections


def start_nginx(stack, bench, label, scenario):
    port = free_port()
    folder = bench.folder / label
    folder.mkdir(exist_ok=True)
    config = folder / "nginx.conf"
    config.write_text(
        NGINX.format(
            folder=folder,
            port=port,
            upstream=bench.upstream,
            user="user root;" if os.geteuid() == 0 else "",
            buffering="proxy_buffering off;" if scenario == "sse" else "",
        )
    )
    command = ["nginx", "-p", str(folder), "-c", str(config), "-e", "stderr"]
    return Process(stack, label, command, bench.core, folder / "log"), port


def start_sluice(stack, bench, label, scenario):
    return _start_sluice(stack, bench, label, lambda port, folder: _bare_config(bench, port))


def start_sluice_with_plugins(stack, bench, label, scenario):
    return _start_sluice(stack, bench, label, lambda port, folder: _full_config(bench, port, folder))


def start_sluice_with_protection(stack, bench, label, scenario):
    return _start_sluice(
        stack, bench, label, lambda port, folder: _protection_config(bench, port, folder)
    )


KINDS = {
    "nginx": start_nginx,
    "sluice": start_sluice,
    "sluice-protection": start_sluice_with_protection,
    "sluice-plugins": start_sluice_with_plugins,
    "direct": None,
}


def _start_sluice(stack, bench, label, make_config):
    if not bench.sluice.is_file():
        raise BenchmarkError(
            f"{label}: {bench.sluice} is not there; build it with: swift build -c release"
        )
    port = free_port()
    folder = bench.folder / label
    folder.mkdir(exist_ok=True)
    config = make_config(port, folder)
    path = folder / "plugins.json"
    path.write_text(json.dumps(config, indent=2))
    # The keys that the file takes from the environment do not matter here; those that are set stay.
    names = re.findall(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", path.read_text())
    environment = {name: os.environ.get(name, "bench") for name in names}
    command = [str(bench.sluice), "run", "--config", str(path), "--log-level", "warning"]
    return Process(stack, label, command, bench.core, folder / "log", environment), port


def _bare_config(bench, port):
    return {
        "listen": f"127.0.0.1:{port}",
        "admin": None,
        "workers": 1,
        "upstreams": {
            "bench": {"url": f"http://127.0.0.1:{bench.upstream}", "connections": bench.connections}
        },
        "routes": [{"name": "all", "path": "/*", "upstream": "bench"}],
    }


def _full_config(bench, port, folder):
    """The repository's plugins.json with its chain as it is, but for what would refuse the load itself."""
    if not bench.plugins.is_file():
        raise BenchmarkError(f"{bench.plugins} is not there; name another with --plugins")
    config = read_json5(bench.plugins)
    config.update(listen=f"127.0.0.1:{port}", admin=None, workers=1)
    for upstream in config["upstreams"].values():
        for target in upstream.get("targets", [upstream]):
            target["url"] = f"http://127.0.0.1:{bench.upstream}"
    chains = [config.get("plugins", [])]
    chains += [route.get("plugins", []) for route in config.get("routes", [])]
    for entry in (entry for chain in chains for entry in chain):
        name = entry["plugin"]
        settings = _with_absolute_paths(entry.get("config", {}), bench.plugins.parent)
        entry["config"] = settings
        if name.endswith("-limiter"):
            # Each request is counted and admitted, which is what most requests meet.
            entry["config"] = _with_high_limits(settings)
            entry["mode"] = "enforce"
        if name == "api-keys":
            # The load shows keys; they are to be known ones.
            settings["file"] = str(_write_keys(folder))
            entry["mode"] = "enforce"
        if name == "activity-logger":
            entry["config"]["file"] = str(folder / "activity.jsonl")
        if not entry["config"]:
            del entry["config"]
    return config


def _protection_config(bench, port, folder):
    """The same without the plugins that only name and record requests."""
    config = _full_config(bench, port, folder)
    config["plugins"] = [
        entry
        for entry in config.get("plugins", [])
        if entry["plugin"] not in ("request-id", "activity-logger")
    ]
    return config


def _with_absolute_paths(value, folder):
    """The settings with the names of files beside plugins.json made absolute: the copy lies elsewhere."""
    if isinstance(value, dict):
        return {key: _with_absolute_paths(item, folder) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_absolute_paths(item, folder) for item in value]
    if isinstance(value, str) and value and (folder / value).is_file():
        return str(folder / value)
    return value


def _write_keys(folder):
    """The keys that load.lua and load.c send, as api-keys reads them."""
    path = folder / "keys.txt"
    keys = (f"bench-{client}" for client in range(CLIENTS))
    path.write_text("".join(f"{hashlib.sha256(key.encode()).hexdigest()} {key}\n" for key in keys))
    return path


def _with_high_limits(settings):
    """A limiter's settings with all limits out of the way, for as many periods as before."""
    high = dict(settings)
    high.pop("burst", None)
    if "limit" in settings:
        high["limit"] = _high(settings["limit"])
    if "tiers" in settings:
        high["tiers"] = [_with_high_limits(tier) for tier in settings["tiers"]]
    return high


def _high(limit):
    """`"300/m"` becomes `"1000000000/m"`, in a list too."""
    if isinstance(limit, list):
        return [_high(rate) for rate in limit]
    return re.sub(r"^[0-9]+", "1000000000", limit)


def read_json5(path):
    """JSON with comments and trailing commas, as plugins.json may have them."""
    token = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.S)
    text = token.sub(lambda match: match[1] or " ", path.read_text())
    comma = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[\]}])', re.S)
    text = comma.sub(lambda match: match[1] or "", text)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise BenchmarkError(f"{path}: cannot be read: {error}") from None
