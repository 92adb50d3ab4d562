"""Amounts of Chinese currency in capitals (大写金额), as banks and contracts want them."""

from decimal import Decimal

from models.base.money import money

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
LARGEST = Decimal(10) ** 16

_TRADITIONAL = str.maketrans("贰叁陆万亿元负", "貳參陸萬億圓負")


def in_capitals(amount, *, traditional=False):
    """1005.40 → 壹仟零伍元肆角整. Rounded half-up to 分; 整 follows 元 and 角; a row of zeros is read once.

    Beyond 亿 the scale goes on with 万亿, never with the ambiguous 兆. Raises ValueError from ten quadrillion (16 digits) on.
    """
    amount = money(amount)
    if abs(amount) >= LARGEST:
        raise ValueError(f"{amount} is too large to be written in capitals")
    cents = int(abs(amount) * 100)
    whole, tenths, hundredths = cents // 100, cents // 10 % 10, cents % 10
    text = _large(whole) + "元" if whole or not cents else ""
    if tenths:
        text += DIGITS[tenths] + "角"
    elif hundredths and whole:
        text += "零"
    text += DIGITS[hundredths] + "分" if hundredths else "整"
    text = ("负" if amount < 0 else "") + text
    return text.translate(_TRADITIONAL) if traditional else text


def _large(number):
    """Any whole number below 10¹⁶, cut at 亿, then at 万."""
    return _split(number, 10**8, "亿", lambda part: _split(part, 10**4, "万", _group)) or "零"


def _split(number, size, name, read):
    high, low = divmod(number, size)
    text = read(high) + name if high else ""
    gap = "零" if high and low and low < size // 10 else ""
    return text + gap + (read(low) if low else "")


def _group(number):
    """1 to 9999."""
    text, gap = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            text += ("零" if gap and text else "") + DIGITS[digit] + PLACES[place]
        gap = not digit
    return text
