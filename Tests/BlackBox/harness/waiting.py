"""Waiting for what makes no event of its own."""

import time


def eventually(condition, what: str, within: float = 5.0):
    """Returns what `condition` returns once that is true; fails when it does not become so in time.

    An AssertionError inside the condition counts as not yet.
    """
    deadline = time.monotonic() + within
    while True:
        try:
            result, problem = condition(), None
        except AssertionError as error:
            result, problem = None, error
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {what}" + (f" ({problem})" if problem else ""))
        time.sleep(0.005)
