"""What an operator installs: the unit for systemd, the container file, `make install`."""

import re
import shutil
import signal
import socket
import subprocess

import pytest
from harness.configuration import proxy_to
from harness.program import REPOSITORY, program, run
from harness.upstream import always

UNIT = REPOSITORY / "packaging/sluice.service"
CONTAINER = REPOSITORY / "packaging/Containerfile"


def ended(*command: str, folder=REPOSITORY) -> subprocess.CompletedProcess:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


def settings(section: str) -> list[tuple[str, str]]:
    """The keys and values of a section of the unit, comments left out."""
    part = re.search(rf"^\[{section}\]\n(.*?)(?=^\[|\Z)", UNIT.read_text(), re.S | re.M)[1]
    return re.findall(r"^(\w+)=(.*)$", part, re.M)


# --- systemd


@pytest.mark.parametrize("name", ["sluice.service", "sluice@.service"])
def test_systemd_finds_nothing_wrong_with_the_unit(name, tmp_path):
    # Of the programs that it names, systemd wants to see those that are there.
    unit = tmp_path / name
    unit.write_text(UNIT.read_text().replace("/usr/local/bin/sluice", program()))
    result = ended("systemd-analyze", "verify", str(unit))
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_systemd_deems_the_unit_safe():
    """Of 100 points, 0 is the safest; a service that sets nothing has 96."""
    result = ended("systemd-analyze", "security", "--offline=true", "--threshold=20", str(UNIT))
    assert result.returncode == 0, result.stdout


def test_the_unit_waits_longer_than_a_drain_takes():
    service = dict(settings("Service"))
    schema = subprocess.run([program(), "schema"], capture_output=True, text=True, check=True).stdout
    drain = int(re.search(r'"drain": *\{[^}]*?"default": *"(\d+)s"', schema)[1])
    assert int(service["TimeoutStopSec"].removesuffix("s")) > drain + 10  # what plugins may take to write out


def test_the_units_commands_are_commands_of_the_program(tmp_path):
    for key, value in settings("Service"):
        if key.startswith("Exec") and value.startswith("/usr/local/bin/sluice "):
            words = value.split()[1:]
            # A wrong call ends with 2; this file is not there, which is 1.
            words[words.index("--config") + 1] = str(tmp_path / "absent.json")
            assert run(*words).returncode == 1, value


def test_the_manager_hears_of_readiness_reloads_and_the_end(start_upstream, start_sluice, tmp_path):
    """Type=notify: the unit is started when connections are taken, not before."""
    assert dict(settings("Service"))["Type"] == "notify"
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(10)
        upstream = start_upstream(always(b"ok"))
        proxy = start_sluice(proxy_to(upstream.url), environment={"NOTIFY_SOCKET": str(path)})
        assert manager.recv(4096) == b"READY=1"
        proxy.process.signal(signal.SIGHUP)
        assert manager.recv(4096).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
        assert manager.recv(4096) == b"READY=1"
        proxy.terminate()
        assert manager.recv(4096) == b"STOPPING=1"


# --- make install


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed")

    def install(**variables: str):
        words = [f"{name}={value}" for name, value in variables.items()]
        result = ended("make", "-s", "install", f"SLUICE={program()}", f"DESTDIR={folder}", *words)
        assert result.returncode == 0, result.stderr
        return folder

    install()
    return install


def test_what_is_installed_can_be_served(installed):
    folder = installed()
    result = ended(
        str(folder / "usr/local/bin/sluice"), "check", "--config", str(folder / "etc/sluice/plugins.json")
    )
    assert result.stdout.endswith("plugins.json: fine\n"), result.stdout + result.stderr
    # The service may write nowhere else.
    assert '"file": "/var/log/sluice/activity.jsonl"' in (folder / "etc/sluice/plugins.json").read_text()
    assert (folder / "etc/sluice/secrets").stat().st_mode & 0o777 == 0o700


def test_both_units_are_installed_and_name_the_installed_program(installed):
    folder = installed(PREFIX="/opt/sluice")
    for name in ["sluice.service", "sluice@.service"]:
        unit = (folder / "opt/sluice/lib/systemd/system" / name).read_text()
        assert "ExecStart=/opt/sluice/bin/sluice run --config /etc/sluice/plugins.json" in unit
        assert "/usr/local" not in unit
    assert (folder / "opt/sluice/share/doc/sluice/docs/operations.md").exists()


def test_installing_again_leaves_the_operators_files_alone(installed):
    file = installed() / "etc/sluice/plugins.json"
    file.write_text("{}")
    installed()
    assert file.read_text() == "{}"
    shutil.copy(REPOSITORY / "plugins.json", file)


# --- The container


def test_the_container_file_has_what_the_program_needs_and_asks_with_its_own_command(serve):
    text = CONTAINER.read_text()
    last = text[text.rindex("\nFROM ") :]
    assert "\nSTOPSIGNAL SIGTERM\n" in last and "\nUSER 65532:65532\n" in last
    # What the program itself is linked with, beside what every Debian has.
    needed = ended("objdump", "-p", program()).stdout
    for library, package in [("libcurl.so.4", "libcurl4"), ("libhiredis.so.0.14", "libhiredis0.14")]:
        assert library in needed and f" {package} " in last
    proxy, _ = serve(always(b"ok"))
    words = re.search(r'^HEALTHCHECK .*CMD \["sluice", "(\w+)"\]$', last, re.M)[1]
    healthy = run(words, "--admin", proxy.admin_address)
    assert (healthy.returncode, healthy.stdout) == (0, '{"status": "ready", "state": {"kind": "memory"}}\n')
    proxy.stop()
    unhealthy = run(words, "--admin", proxy.admin_address)
    assert unhealthy.returncode == 1 and "is sluice running there?" in unhealthy.stderr
    command = re.search(r"^CMD \[(.*)\]$", last, re.M)[1].replace('"', "").split(", ")
    assert run(*[word.replace("/etc/sluice", "/absent") for word in command]).returncode == 1
