"""SETTINGS: precedence, parsing, and one clear line for what is wrong."""

from __future__ import annotations

import dataclasses

import pytest

from kernelapp.errors import OperatorError
from kernelapp.reference import reference_page
from kernelapp.settings import SETTINGS, Settings, make_settings, read_given


def load(flags: dict[str, str] | None = None, environ: dict[str, str] | None = None) -> Settings:
    return make_settings(read_given(flags or {}, environ or {}))


def test_defaults_hold_when_nothing_is_given() -> None:
    assert load() == Settings()


def test_a_flag_comes_before_the_environment_and_the_environment_before_the_default() -> None:
    environ = {"KERNELAPP_PORT": "9001", "KERNELAPP_HOST": "0.0.0.0"}
    settings = load({"port": "9000"}, environ)
    assert (settings.port, settings.host, settings.max_sessions) == (9000, "0.0.0.0", 100)


def test_an_empty_environment_variable_counts_as_unset() -> None:
    assert load(environ={"KERNELAPP_PORT": " "}).port == Settings().port


def test_given_names_only_what_the_operator_gave() -> None:
    assert set(read_given({"port": "8899"}, {"KERNELAPP_TOKEN": "abc", "KERNELAPP_OTHER": "x"})) == {"port", "token"}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("port", "0", 0),
        ("grace_s", "1.5", 1.5),
        ("no_browser", "yes", True),
        ("no_browser", "0", False),
        ("base_url", "apps", "/apps/"),
        ("base_url", "/a/b/", "/a/b/"),
        ("base_url", "", "/"),
        ("kernel_env", "HTTP_PROXY, LANG ,", ("HTTP_PROXY", "LANG")),
        ("allowed_hosts", "App.example.org,10.0.0.1", ("app.example.org", "10.0.0.1")),
        ("log_format", "json", "json"),
        ("token", "a-B_9~.", "a-B_9~."),
    ],
)
def test_text_becomes_a_typed_value(name: str, text: str, value: object) -> None:
    assert getattr(load({name: text}), name) == value


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("port", "http", "--port must be a whole number from 0 to 65535, not 'http'"),
        ("port", "65536", "--port must be a whole number from 0 to 65535, not 65536"),
        ("port", "1" * 5000, "--port must be a whole number from 0 to 65535"),
        ("grace_s", "nan", "--grace-s must be a number from 0 to 31536000, not nan"),
        ("grace_s", "-1", "--grace-s must be a number from 0"),
        ("max_sessions", "0", "--max-sessions must be a whole number of at least 1, not 0"),
        ("debug", "maybe", "--debug must be 1 or 0, not 'maybe'"),
        ("auth", "password", "--auth must be token or none, not 'password'"),
        ("base_url", "a?b", "--base-url must be a path such as /apps/, not 'a?b'"),
        ("host", "", "--host must be a host name or address, not ''"),
        ("kernel_env", "A,B-C", "--kernel-env must be names of environment variables with commas between, not 'A,B-C'"),
        ("allowed_hosts", "a:80", "--allowed-hosts must be host names without ports, with commas between, not 'a:80'"),
    ],
)
def test_a_bad_value_says_what_was_expected_and_what_came(name: str, text: str, message: str) -> None:
    with pytest.raises(OperatorError) as raised:
        load({name: text})
    assert str(raised.value).startswith(message)


def test_a_bad_environment_variable_is_named() -> None:
    with pytest.raises(OperatorError, match=r"^KERNELAPP_MAX_STARTING must be"):
        load(environ={"KERNELAPP_MAX_STARTING": "few"})


def test_a_bad_token_is_not_repeated() -> None:
    with pytest.raises(OperatorError) as raised:
        load({"token": "my secret"})
    assert "my secret" not in str(raised.value)


def test_every_default_is_a_value_that_its_own_setting_admits() -> None:
    for setting in SETTINGS:
        text = ",".join(setting.default) if isinstance(setting.default, tuple) else str(setting.default)
        assert setting.parse(text, setting.flag) == setting.default, setting.name


def test_settings_with_a_unit_say_it_in_their_help() -> None:
    units = {"_s": "second", "_bytes": "bytes"}
    for setting in SETTINGS:
        for suffix, word in units.items():
            if setting.name.endswith(suffix):
                assert word in setting.help, setting.name


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]


def test_the_reference_page_has_each_setting_with_its_variable() -> None:
    page = reference_page()
    for setting in SETTINGS:
        assert f"## `{setting.flag}`" in page
        assert f"`{setting.variable}`" in page
