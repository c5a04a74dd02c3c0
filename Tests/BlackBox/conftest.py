"""The fixtures are in harness/fixtures.py, where Tests/Clients finds them too."""

from harness.fixtures import *  # noqa: F403


def pytest_addoption(parser):
    parser.addoption("--large", action="store_true", help="bodies of 1 GiB, loads of minutes, millions of addresses")
    parser.addoption(
        "--screenshots", action="store_true", help="makes those of docs/images anew, after ten minutes of traffic"
    )
