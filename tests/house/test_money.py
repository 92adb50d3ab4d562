"""The sums of a document against figures worked out by hand and against whole numbers."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.base.money import line_amounts, price_from_amount, round_half_up, spread

D = Decimal


@pytest.mark.parametrize(
    ("number", "places", "expected"),
    [("0.005", 2, "0.01"), ("-0.005", 2, "-0.01"), ("2.675", 2, "2.68"), ("1.004999", 2, "1.00"), ("12.5", 0, "13")],
)
def test_rounding_is_half_up_away_from_zero(number, places, expected):
    assert str(round_half_up(D(number), places)) == expected


def test_amounts_of_a_line_with_tax_included():
    # 3 × 33.33 × 95 % = 94.9905 → 94.99; tax out of it at 13 %: 94.99 × 13 / 113 = 10.9280… → 10.93
    assert line_amounts(D(3), D("33.33"), D(95), D(13), True) == (D("94.99"), D("84.06"), D("10.93"), D("94.99"))


def test_amounts_of_a_line_without_tax():
    # 94.99 × 13 % = 12.3487 → 12.35
    assert line_amounts(D(3), D("33.33"), D(95), D(13), False) == (D("94.99"), D("94.99"), D("12.35"), D("107.34"))


def test_a_gift_costs_nothing():
    assert line_amounts(D(3), D("33.33"), D(95), D(13), True, is_gift=True) == (0, 0, 0, 0)


def test_the_amount_gives_the_price_back():
    assert price_from_amount(D("100"), D(3), D(100)) == D("33.333333")
    assert price_from_amount(D("100"), D(0), D(100)) is None


def test_the_remainder_goes_to_the_largest():
    assert spread(D("-10.00"), [D(100), D(100), D(101)]) == [D("-3.32"), D("-3.32"), D("-3.36")]
    assert spread(D("5.00"), [D(0), D(0)]) == [D("5.00"), D(0)]


amounts = st.integers(min_value=0, max_value=10**9).map(lambda n: D(n).scaleb(-2))


@settings(max_examples=300, deadline=None)
@given(
    total=st.integers(min_value=-(10**9), max_value=10**9).map(lambda n: D(n).scaleb(-2)),
    weights=st.lists(amounts, min_size=1, max_size=12),
)
def test_spreading_loses_no_cent(total, weights):
    shares = spread(total, weights)
    assert sum(shares) == total
    assert all(share == round_half_up(share, 2) for share in shares)


@settings(max_examples=300, deadline=None)
@given(
    quantity=st.integers(1, 10**7),
    price=st.integers(0, 10**10),
    discount=st.integers(0, 12000),
    rate=st.sampled_from([0, 1, 3, 6, 9, 13]),
    included=st.booleans(),
)
def test_amounts_equal_a_reference_in_whole_numbers(quantity, price, discount, rate, included):
    """quantity in 1/10,000, price in 1/1,000,000, discount in 1/100 %: everything as integers, rounded half-up once a step."""

    def half_up(numerator, denominator):
        return (2 * numerator + denominator) // (2 * denominator)

    result = line_amounts(D(quantity).scaleb(-4), D(price).scaleb(-6), D(discount).scaleb(-2), D(rate), included)
    cents = half_up(quantity * price * discount, 10**4 * 10**6 * 10**4 // 100)
    tax = half_up(cents * rate, 100 + rate) if included else half_up(cents * rate, 100)
    assert result.amount == D(cents).scaleb(-2)
    assert result.tax == D(tax).scaleb(-2)
    assert result.gross == result.net + result.tax
