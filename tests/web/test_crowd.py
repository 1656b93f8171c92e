"""What each client address may ask for."""

from __future__ import annotations

import pytest

from kernelapp.web.crowd import SLACK, Buckets, Crowd, CrowdBounds, client_of


def test_a_bucket_gives_what_it_holds_and_then_what_comes_back() -> None:
    buckets = Buckets(3, per_s=2)
    assert [buckets.take("a", 100.0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert buckets.take("b", 100.0) == 0  # another's
    assert buckets.take("a", 100.25) == pytest.approx(0.25)
    assert buckets.take("a", 100.5) == 0
    assert [buckets.take("a", 1000.0) for _ in range(4)] == [0, 0, 0, 0.5]  # never more than its size


def test_a_bucket_without_a_size_is_no_bound() -> None:
    buckets = Buckets(0, 0)
    assert [buckets.take("a", 0.0) for _ in range(1000)] == [0.0] * 1000
    assert len(buckets) == 0


def test_the_table_of_buckets_is_bounded_and_forgets_who_was_quiet_for_longest() -> None:
    buckets = Buckets(1, 1, most=3)
    for address in ("a", "b", "c"):
        assert buckets.take(address, 0.0) == 0
    assert buckets.take("a", 0.0) > 0  # heard of again
    assert buckets.take("d", 0.0) == 0
    assert len(buckets) == 3
    assert buckets.take("a", 0.0) > 0
    assert buckets.take("b", 0.0) == 0  # forgotten


def test_connections_beyond_the_bound_are_answered_that_there_are_too_many_and_then_not_at_all() -> None:
    crowd = Crowd(CrowdBounds(max_connections=2))
    for number in range(2):
        assert crowd.enter(f"192.0.2.{number}")
        assert crowd.open(f"192.0.2.{number}", 0.0) == 0
    assert crowd.enter("192.0.2.9")
    assert crowd.open("192.0.2.9", 0.0) > 0
    for _ in range(SLACK - 1):
        assert crowd.enter("192.0.2.9")
    assert not crowd.enter("192.0.2.9")
    for _ in range(SLACK):
        crowd.leave("192.0.2.9")
    assert crowd.open("192.0.2.1", 0.0) == 0


def test_the_bound_of_one_address_is_its_own() -> None:
    crowd = Crowd(CrowdBounds(max_connections_per_address=1))
    for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
        assert crowd.enter(address)
    assert crowd.open("192.0.2.1", 0.0) > 0
    assert crowd.open("192.0.2.2", 0.0) == 0
    crowd.leave("192.0.2.1")
    assert crowd.open("192.0.2.1", 0.0) == 0


def test_opens_and_events_have_rates_of_their_own() -> None:
    crowd = Crowd(CrowdBounds(max_opens_per_min=1, max_events_per_s=2))
    assert crowd.open("192.0.2.1", 0.0) == 0
    assert crowd.open("192.0.2.1", 0.0) == pytest.approx(60)
    assert [crowd.may_send("192.0.2.1", 0.0) for _ in range(3)] == [True, True, False]
    assert crowd.may_send("192.0.2.2", 0.0)
    assert crowd.may_send("192.0.2.1", 1.0)


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("no:address", "no:address"),
    ],
)
def test_a_client_is_an_address_or_a_network_of_ipv6(address: str, client: str) -> None:
    assert client_of(address) == client
