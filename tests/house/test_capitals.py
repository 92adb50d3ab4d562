"""Amounts in capitals: every known trap by hand, everything else by reading the text back."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.base.capitals import DIGITS, in_capitals

BY_HAND = {
    "0": "零元整",
    "0.004": "零元整",
    "0.01": "壹分",
    "0.10": "壹角整",
    "0.12": "壹角贰分",
    "1": "壹元整",
    "1.05": "壹元零伍分",
    "1.50": "壹元伍角整",
    "10": "壹拾元整",
    "10.50": "壹拾元伍角整",
    "15.68": "壹拾伍元陆角捌分",
    "100.00": "壹佰元整",
    "101": "壹佰零壹元整",
    "110": "壹佰壹拾元整",
    "1001": "壹仟零壹元整",
    "1010": "壹仟零壹拾元整",
    "1100.09": "壹仟壹佰元零玖分",
    "1680.32": "壹仟陆佰捌拾元叁角贰分",
    "2020.20": "贰仟零贰拾元贰角整",
    "10001": "壹万零壹元整",
    "10100": "壹万零壹佰元整",
    "11000": "壹万壹仟元整",
    "100000": "壹拾万元整",
    "100500": "壹拾万零伍佰元整",
    "105000": "壹拾万伍仟元整",
    "107000.53": "壹拾万柒仟元伍角叁分",
    "1000000": "壹佰万元整",
    "1000001": "壹佰万零壹元整",
    "10000000": "壹仟万元整",
    "100001000": "壹亿零壹仟元整",
    "100010000": "壹亿零壹万元整",
    "100000001": "壹亿零壹元整",
    "110000000": "壹亿壹仟万元整",
    "1000000000": "壹拾亿元整",
    "1234567890.12": "壹拾贰亿叁仟肆佰伍拾陆万柒仟捌佰玖拾元壹角贰分",
    "1000000000000": "壹万亿元整",
    "1000100000000": "壹万零壹亿元整",
    "999999999999999.99": "玖佰玖拾玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分",
    "-1200": "负壹仟贰佰元整",
    "0.005": "壹分",
    "1.995": "贰元整",
    "-0.001": "零元整",
}


@pytest.mark.parametrize(("amount", "text"), BY_HAND.items())
def test_known_amounts(amount, text):
    assert in_capitals(Decimal(amount)) == text


def test_traditional_characters():
    assert in_capitals(Decimal("-123456.70"), traditional=True) == "負壹拾貳萬參仟肆佰伍拾陸圓柒角整"


def test_refuses_what_it_cannot_write():
    with pytest.raises(ValueError, match="too large"):
        in_capitals(Decimal(10) ** 16)


def _read(text):
    """The amount a text in capitals stands for: a reader that knows nothing of the writer's rules on zeros."""
    sign = -1 if text.startswith("负") else 1
    whole, _yuan, rest = text.removeprefix("负").partition("元") if "元" in text else ("", "", text.removeprefix("负"))
    cents = sum(DIGITS.index(digit) * worth for digit, worth in _parts(rest))
    return sign * (Decimal(_whole(whole)) + Decimal(cents) / 100)


def _parts(rest):
    for unit, worth in (("角", 10), ("分", 1)):
        if unit in rest:
            yield rest[rest.index(unit) - 1], worth


def _whole(text):
    total = section = digit = 0
    for character in text:
        if character in DIGITS:
            digit = DIGITS.index(character)
        elif character in "拾佰仟":
            section, digit = section + digit * 10 ** ("拾佰仟".index(character) + 1), 0
        elif character == "万":
            total, section, digit = total + (section + digit) * 10**4, 0, 0
        elif character == "亿":
            total, section, digit = (total + section + digit) * 10**8, 0, 0
    return total + section + digit


@given(st.decimals(min_value=-(10**16) + 1, max_value=10**16 - 1, places=2))
def test_reads_back(amount):
    text = in_capitals(amount)
    assert _read(text) == amount
    assert "零零" not in text
    assert text.endswith(("整", "分"))
