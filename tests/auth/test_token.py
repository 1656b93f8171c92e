"""The token and the Host names."""

from __future__ import annotations

import pytest

from kernelapp.auth.hosts import host_name, is_loopback, is_own_host
from kernelapp.auth.token import TokenGate


def test_the_cookie_admits_and_does_not_tell_the_token() -> None:
    gate = TokenGate("secret")
    assert gate.knows_token("secret")
    assert gate.knows_cookie(gate.cookie)
    assert "secret" not in gate.cookie


@pytest.mark.parametrize("wrong", ["", "Secret", "secret ", "sécret"])
def test_anything_else_is_refused(wrong: str) -> None:
    gate = TokenGate("secret")
    assert not gate.knows_token(wrong)
    assert not gate.knows_cookie(wrong)


def test_without_a_token_everyone_is_admitted_and_no_token_is_known() -> None:
    gate = TokenGate("")
    assert gate.knows_cookie("")
    assert not gate.knows_token("")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "::1", "[::1]", "app.localhost"])
def test_loopback_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "example.org", "", "localhost.example.org", "::"])
def test_other_names(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(("header", "name"), [("Localhost:88", "localhost"), ("[::1]:8", "::1"), ("a.b", "a.b"), ("", ""), ("[", "")])
def test_the_name_in_a_host_header(header: str, name: str) -> None:
    assert host_name(header) == name


def test_a_rebound_name_is_not_ours_unless_allowed() -> None:
    assert is_own_host("localhost:8899", ())
    assert not is_own_host("evil.example:8899", ())
    assert is_own_host("apps.example.org", ("apps.example.org",))
