"use strict";
/* Exact decimals, and the sums of a document exactly as models/base/money.py and Document.compute make them.
 *
 * A decimal is {digits: BigInt, places: number} = digits / 10^places. Rounding is half away from zero, Python's ROUND_HALF_UP.
 * No floating-point number takes part in any sum.
 */
(function (global) {
  const POWERS = [1n];
  for (let exponent = 1; exponent <= 80; exponent++) POWERS[exponent] = POWERS[exponent - 1] * 10n;

  const FULL_WIDTH = "０１２３４５６７８９．－＋，−";
  const PLAIN = "0123456789.-+,-";

  /* Typed or pasted text as plain ASCII digits: full-width forms, thousands separators, currency and percent signs and blanks removed. */
  function plain(text) {
    return String(text ?? "")
      .replace(/[０-９．－＋，−]/g, (character) => PLAIN[FULL_WIDTH.indexOf(character)])
      .replace(/[,\s\u00a0¥￥$€%％]/g, "");
  }

  /* The decimal that a text means, or null where it means none. */
  function parse(text) {
    const match = /^([+-]?)(\d*)\.?(\d*)$/.exec(plain(text));
    if (!match || !(match[2] || match[3])) return null;
    const digits = BigInt(match[2] + match[3]);
    return { digits: match[1] === "-" ? -digits : digits, places: match[3].length };
  }

  const absolute = (digits) => (digits < 0n ? -digits : digits);

  function dividedHalfUp(numerator, denominator) {
    const negative = numerator < 0n !== denominator < 0n;
    const above = absolute(numerator), below = absolute(denominator);
    const quotient = (2n * above + below) / (2n * below);
    return negative ? -quotient : quotient;
  }

  function round(number, places) {
    if (places >= number.places) return { digits: number.digits * POWERS[places - number.places], places };
    return { digits: dividedHalfUp(number.digits, POWERS[number.places - places]), places };
  }

  function add(left, right) {
    const places = Math.max(left.places, right.places);
    return { digits: round(left, places).digits + round(right, places).digits, places };
  }

  const negated = (number) => ({ digits: -number.digits, places: number.places });
  const subtract = (left, right) => add(left, negated(right));
  const multiply = (left, right) => ({ digits: left.digits * right.digits, places: left.places + right.places });
  const hundredth = (number) => ({ digits: number.digits, places: number.places + 2 });
  const isZero = (number) => number.digits === 0n;
  const compare = (left, right) => { const { digits } = subtract(left, right); return digits < 0n ? -1 : digits > 0n ? 1 : 0; };

  /* left / right rounded once to `places`; null where right is zero. */
  function divide(left, right, places) {
    if (isZero(right)) return null;
    const shift = places - left.places + right.places;
    return shift >= 0
      ? { digits: dividedHalfUp(left.digits * POWERS[shift], right.digits), places }
      : { digits: dividedHalfUp(left.digits, right.digits * POWERS[-shift]), places };
  }

  /* Plain text with at least `least` decimals and no zeros beyond them; without `least` every place is kept. */
  function text(number, least) {
    const digits = absolute(number.digits).toString().padStart(number.places + 1, "0");
    const whole = number.places ? digits.slice(0, -number.places) : digits;
    let fraction = number.places ? digits.slice(-number.places) : "";
    if (least !== undefined) fraction = fraction.replace(/0+$/, "").padEnd(least, "0");
    return (number.digits < 0n ? "-" : "") + whole + (fraction ? "." + fraction : "");
  }

  const ZERO = { digits: 0n, places: 0 }, ONE = { digits: 1n, places: 0 }, HUNDRED = { digits: 100n, places: 0 };
  const sum = (numbers) => numbers.reduce(add, ZERO);

  /* Net, tax and gross of an amount that includes tax or not. */
  function taxed(amount, taxRate, includesTax, places = 2) {
    if (includesTax) {
      const tax = divide(multiply(amount, taxRate), add(HUNDRED, taxRate), places);
      return { amount, net: subtract(amount, tax), tax, gross: amount };
    }
    const tax = round(hundredth(multiply(amount, taxRate)), places);
    return { amount, net: amount, tax, gross: add(amount, tax) };
  }

  /* The amounts of one line; `discount` is the percentage paid. */
  function lineAmounts({ quantity, price, discount, taxRate, includesTax, isGift, places = 2 }) {
    const amount = isGift ? round(ZERO, places) : round(hundredth(multiply(multiply(quantity, price), discount)), places);
    return taxed(amount, taxRate, includesTax, places);
  }

  /* The price that gives this amount, six decimals; null where quantity or discount is zero. */
  const priceFromAmount = (amount, quantity, discount) => divide(multiply(amount, HUNDRED), multiply(quantity, discount), 6);

  /* `total` in proportion to `weights`, each share rounded, the remainder on the largest weight. */
  function spread(total, weights, places = 2) {
    if (!weights.length) return [];
    const whole = sum(weights);
    if (isZero(whole)) return weights.map((_weight, index) => (index ? ZERO : total));
    const shares = weights.map((weight) => divide(multiply(total, weight), whole, places));
    let largest = 0;
    const size = (number) => ({ digits: absolute(number.digits), places: number.places });
    weights.forEach((weight, index) => { if (compare(size(weight), size(weights[largest])) > 0) largest = index; });
    shares[largest] = add(shares[largest], subtract(total, sum(shares)));
    return shares;
  }

  /* Lines and totals of a document after its discount (percentage paid) and its allowance; `lines` as for lineAmounts. */
  function documentAmounts(lines, { discount, allowance, includesTax, places = 2 }) {
    const amounts = lines.map((line) => lineAmounts({ ...line, includesTax, places }).amount);
    const total = sum(amounts);
    const final = subtract(round(hundredth(multiply(total, discount)), places), allowance);
    const difference = subtract(final, total);
    const shares = isZero(difference) ? amounts.map(() => ZERO) : spread(difference, amounts, places);
    const rows = lines.map((line, index) => ({ ...taxed(add(amounts[index], shares[index]), line.taxRate, includesTax, places), amount: amounts[index] }));
    const totals = { amount: total };
    for (const name of ["net", "tax", "gross"]) totals[name] = round(sum(rows.map((row) => row[name])), places);
    return { rows, totals };
  }

  global.Decimals = {
    ZERO, ONE, HUNDRED, plain, parse, text, round, add, subtract, multiply, divide, negated, isZero, compare, sum,
    taxed, lineAmounts, priceFromAmount, spread, documentAmounts,
  };
})(globalThis);
