"""What kernels see of the server's environment."""

from __future__ import annotations

import pytest

from kernelapp.kernels.environment import kernel_environment


@pytest.mark.parametrize(
    "name", ["AWS_SECRET_ACCESS_KEY", "KERNELAPP_TOKEN", "JUPYTERHUB_API_TOKEN", "HTTPS_PROXY", "PATHS", "DATABASE_URL"]
)
def test_what_is_not_on_the_list_stays_with_the_server(name: str) -> None:
    assert kernel_environment({name: "secret"}) == {}


@pytest.mark.parametrize("name", ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "JUPYTER_PATH", "OMP_NUM_THREADS"])
def test_what_programs_need_is_passed_on(name: str) -> None:
    assert kernel_environment({name: "value"}) == {name: "value"}


def test_the_operator_may_let_more_through() -> None:
    assert kernel_environment({"API_URL": "x", "API_KEY": "y"}, ["API_URL"]) == {"API_URL": "x"}
