"""What an answer that the proxy made itself must look like."""

import json

from .message import Response


def assert_error(response: Response, status: int, code: str | None = None, *, has_body: bool = True) -> dict:
    """Checks the status and the JSON form that API clients parse; returns the error object."""
    assert response.status == status, f"{response.start_line}\n{response.body!r}"
    assert response.get("content-type") == "application/json"
    assert response.get("x-request-id")
    assert response.is_complete
    if not has_body:
        return {}
    error = json.loads(response.body)["error"]
    assert set(error) == {"message", "type", "code", "param", "request_id"}, error
    assert isinstance(error["message"], str) and error["message"].endswith("."), error
    assert isinstance(error["type"], str) and error["type"]
    assert isinstance(error["code"], str) and error["code"]
    assert error["param"] is None
    assert error["request_id"] == response.get("x-request-id")
    if code is not None:
        assert error["code"] == code
    return error
