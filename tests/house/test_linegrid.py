"""The line grid on the server: the posted text is the truth, the server makes the prices, 200 lines cost a handful of queries."""

import json
import random
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied

from admin_config.linegrid.inline import LineGridInline
from models.audit.changes import changes
from models.base.money import line_amounts, price_from_amount
from models.sales.models import Quote, QuoteLine
from tests.house import linegrid_desk as desk

SCRIPTS = Path(__file__).resolve().parents[2] / "admin_config" / "static" / "linegrid"


@pytest.fixture(autouse=True)
def _desk(settings):
    settings.ROOT_URLCONF = desk.__name__


@pytest.fixture
def shop(db):
    return desk.open_shop()


@pytest.fixture
def seller(shop):
    return desk.hire(shop.company, *desk.SELLER)


def saved(formset):
    assert formset.is_valid(), desk.errors_of(formset)
    with changes("form", user=formset.user):
        formset.save()
    return list(formset.instance.lines.order_by("position"))


class TestEntering:
    """What is typed becomes lines."""

    def test_it_works(self, shop, seller):
        quote = desk.make_quote(shop)
        lines = saved(desk.formset_of(seller, quote, [{"product": "P0", "quantity": "3", "position": "1"}]))
        line = lines[0]
        assert (line.product, line.unit, line.quantity, line.price, line.list_price) == (shop.products[0], "支", 3, 10, 10)
        assert (line.price_rule, line.tax_rate, line.discount, line.amount, line.gross) == ("standard price", 13, 100, 30, 30)
        quote.refresh_from_db()
        assert (quote.gross, quote.tax) == (Decimal(30), Decimal("3.45"))

    @pytest.mark.parametrize("text", ["P1", "p1", " P1 ", "6900001", "齿盘乙", "cpy"])
    def test_a_product_is_found_by_code_barcode_name_or_initials(self, shop, seller, text):
        line = saved(desk.formset_of(seller, desk.make_quote(shop), [{"product": text, "quantity": "1"}]))[0]
        assert line.product == shop.products[1]

    def test_the_barcode_of_a_box_sells_a_box(self, shop, seller):
        line = saved(desk.formset_of(seller, desk.make_quote(shop), [{"product": "X6900001", "quantity": "2"}]))[0]
        assert (line.unit, line.factor, line.price, line.base_quantity) == ("箱", 12, 11 * 12, 24)

    def test_numbers_as_people_type_them(self, shop, seller):
        row = {"product": "P0", "quantity": "１,２００", "price": "￥1,234.50", "price_source": "manual"}
        line = saved(desk.formset_of(seller, desk.make_quote(shop), [row]))[0]
        assert (line.quantity, line.price) == (1200, Decimal("1234.5"))

    def test_a_new_row_in_which_nothing_was_typed_is_no_line(self, shop, seller):
        blank = {"product": "", "quantity": "", "price": "", "discount": "100", "price_source": "rule", "position": "2"}
        lines = saved(desk.formset_of(seller, desk.make_quote(shop), [{"product": "P0", "quantity": "1"}, blank]))
        assert len(lines) == 1

    def test_order_follows_the_positions(self, shop, seller):
        quote = desk.make_quote(shop, [(shop.products[0], 1, 10), (shop.products[1], 1, 11)])
        first, second = quote.lines.all()
        common = {"quantity": "1", "price_source": "manual", "unit": "支", "discount": "100", "tax_rate": "13"}
        rows = [
            {"id": first.pk, "product": "P0", "price": "10", "position": "2", **common},
            {"id": second.pk, "product": "P1", "price": "11", "position": "1", **common},
        ]
        assert [line.product.code for line in saved(desk.formset_of(seller, quote, rows, stored=2))] == ["P1", "P0"]

    def test_a_deleted_row_goes_and_the_totals_with_it(self, shop, seller):
        quote = desk.make_quote(shop, [(shop.products[0], 1, 10), (shop.products[1], 1, 11)])
        first, second = quote.lines.all()
        rows = [{"id": first.pk, "DELETE": "on"}, {"id": second.pk, "product": "P1", "quantity": "1", "price": "11", "position": "1"}]
        assert [line.pk for line in saved(desk.formset_of(seller, quote, rows, stored=2))] == [second.pk]
        quote.refresh_from_db()
        assert quote.gross == 11

    def test_discount_and_allowance_of_the_document_are_spread(self, shop, seller):
        quote = desk.make_quote(shop, discount=Decimal(90), allowance=Decimal("0.01"))
        lines = saved(desk.formset_of(seller, quote, [{"product": "P0", "quantity": "1"}, {"product": "P1", "quantity": "1"}]))
        quote.refresh_from_db()
        assert quote.gross == Decimal("18.89")
        assert [line.gross for line in lines] == [Decimal("9.00"), Decimal("9.89")]

    def test_new_lines_are_written_once(self, shop, seller):
        """Their amounts are computed before they are inserted, so that the history does not begin with a correction."""
        saved(desk.formset_of(seller, desk.make_quote(shop), [{"product": "P0", "quantity": "1"}]))
        assert QuoteLine.history.count() == 1


class TestRefusals:
    """What is wrong is said at its cell, and nothing is saved."""

    @pytest.mark.parametrize(
        ("row", "cell", "sentence"),
        [
            ({"product": "", "quantity": "2"}, "product", "Which product? Type a code, name or barcode."),
            ({"product": "nothing", "quantity": "2"}, "product", "No product “nothing” is on sale. Press F7 to look it up."),
            ({"product": "P0", "quantity": ""}, "quantity", "How many?"),
            ({"product": "P0", "quantity": "0"}, "quantity", "The quantity must be more than 0."),
            ({"product": "P0", "quantity": "-1"}, "quantity", "The quantity must be more than 0."),
            ({"product": "P0", "quantity": "abc"}, "quantity", "Enter a number."),
            ({"product": "P0", "quantity": "1.5"}, "quantity", "支 is counted with 0 decimals."),
            ({"product": "P0", "quantity": "1", "unit": "吨"}, "unit", "This product is sold in 支, 箱."),
            ({"product": "P0", "quantity": "1", "price": "-1", "price_source": "manual"}, "price", "This cannot be negative."),
            ({"product": "P0", "quantity": "1", "price": "", "price_source": "manual"}, "price", "Enter a price."),
            ({"product": "P0", "quantity": "1", "discount": "-1"}, "discount", "This cannot be negative."),
        ],
    )
    def test_at_the_cell(self, shop, seller, row, cell, sentence):
        quote = desk.make_quote(shop)
        formset = desk.formset_of(seller, quote, [row])
        assert desk.errors_of(formset) == [{cell: [sentence]}]
        html = desk.page_of(seller, quote, formset)
        assert 'aria-invalid="true"' in html and sentence in html

    def test_several_products_of_one_name(self, shop, seller):
        with changes("command"):
            shop.products[1].name = "齿盘甲"
            shop.products[1].save()
        formset = desk.formset_of(seller, desk.make_quote(shop), [{"product": "齿盘甲", "quantity": "1"}])
        assert desk.errors_of(formset) == [{"product": ["“齿盘甲” fits several products: P0, P1. Choose one."]}]

    def test_what_belongs_to_no_cell_stands_at_the_first(self, shop, seller):
        quote = desk.make_quote(shop)
        formset = desk.formset_of(seller, quote, [{"product": "P0", "quantity": "1", "price_source": "magic"}])
        assert list(desk.errors_of(formset)[0]) == ["price_source"]
        assert 'id="lines-0-product-error"' in desk.page_of(seller, quote, formset)

    def test_what_was_typed_comes_back_escaped(self, shop, seller):
        quote = desk.make_quote(shop)
        html = desk.page_of(
            seller, quote, desk.formset_of(seller, quote, [{"product": '"><script>alert(1)</script>', "quantity": "１２x"}])
        )
        assert "<script>alert" not in html and "&lt;script&gt;" in html and 'value="１２x"' in html

    def test_a_line_of_another_document_cannot_be_named(self, shop, seller):
        other = desk.make_quote(shop, [(shop.products[0], 1, 10)])
        quote = desk.make_quote(shop, [(shop.products[1], 1, 11)])
        row = {"id": other.lines.get().pk, "product": "P2", "quantity": "9", "price": "1"}
        formset = desk.formset_of(seller, quote, [row], stored=1)
        formset.is_valid()
        with changes("form", user=seller):
            formset.save()
        assert other.lines.get().product == shop.products[0] and quote.lines.get().quantity == 1


class TestPrices:
    """The server has the last word on prices that follow a rule."""

    def test_a_posted_rule_price_is_made_again_and_said(self, shop, seller):
        formset = desk.formset_of(seller, desk.make_quote(shop), [{"product": "P0", "quantity": "1", "price": "3", "price_source": "rule"}])
        assert saved(formset)[0].price == 10
        assert formset.notices == ["齿盘甲: the price is now 10.00 (standard price), it was 3.00."]

    def test_the_customers_price_and_its_step(self, shop, seller):
        quote = desk.make_quote(shop, customer=shop.vip)
        rows = [{"product": "P0", "quantity": "99"}, {"product": "P0", "quantity": "100"}]
        assert [(line.price, line.price_rule) for line in saved(desk.formset_of(seller, quote, rows))] == [(9, "VIP"), (8, "VIP from 100")]

    def test_a_typed_price_stays_and_below_the_floor_it_is_said(self, shop, seller):
        row = {"product": "P0", "quantity": "1", "price": "4.99", "price_source": "manual"}
        formset = desk.formset_of(seller, desk.make_quote(shop), [row])
        line = saved(formset)[0]
        assert (line.price, line.price_rule, line.list_price) == (Decimal("4.99"), "", 10)
        assert formset.notices == ["齿盘甲: the price is below the floor and needs approval."]

    def test_the_amount_gives_the_price(self, shop, seller):
        row = {"product": "P0", "quantity": "3", "price": "1", "amount": "100", "price_source": "back"}
        line = saved(desk.formset_of(seller, desk.make_quote(shop), [row]))[0]
        assert (line.price, line.amount, line.price_source) == (Decimal("33.333333"), 100, "back")

    def test_a_changed_remark_does_not_change_the_price(self, shop, seller):
        quote = desk.make_quote(shop, [(shop.products[0], 2, "7.5")])
        row = {"id": quote.lines.get().pk, "product": "P0", "unit": "支", "quantity": "2", "price": "7.5", "price_source": "rule"}
        row |= {"discount": "100", "tax_rate": "13", "position": "1", "remark": "urgent"}
        line = saved(desk.formset_of(seller, quote, [row], stored=1))[0]
        assert (line.price, line.remark) == (Decimal("7.5"), "urgent")

    def test_a_gift_costs_nothing(self, shop, seller):
        line = saved(desk.formset_of(seller, desk.make_quote(shop), [{"product": "P0", "quantity": "2", "is_gift": "on"}]))[0]
        assert (line.is_gift, line.amount, line.gross) == (True, 0, 0)


class TestRights:
    """Who may look gets text; who may not see a column does not get it; who may not edit gets no answers."""

    def test_a_reader_gets_text_and_no_inputs(self, shop):
        reader = desk.hire(shop.company, ("sales.quote", "view"), ("products.product", "view"))
        quote = desk.make_quote(shop, [(shop.products[0], 1234, 10)])
        html = desk.page_of(reader, quote, desk.formset_of(reader, quote))
        assert 'data-name="quantity">1,234<' in html and "12,340.00" in html
        assert "<template" not in html and 'type="checkbox"' not in html and "lg-remove" not in html

    def test_a_locked_document_cannot_be_changed(self, shop, seller):
        quote = desk.make_quote(shop, [(shop.products[0], 1, 10)])
        quote.approval = Quote.Approval.APPROVED
        row = {"id": quote.lines.get().pk, "product": "P1", "quantity": "9"}
        formset = desk.formset_of(seller, quote, [row, {"product": "P2", "quantity": "1"}], stored=1)
        formset.is_valid()
        formset.save()
        assert [(line.product.code, line.quantity) for line in quote.lines.all()] == [("P0", 1)]

    def test_a_hidden_column_is_not_there_and_a_masked_one_is_covered(self, shop, seller):
        from models.base import policy

        policy._access(seller).levels["sales.quoteline"] = {"price": policy.MASK, "amount": policy.HIDE, "discount": policy.READ}
        quote = desk.make_quote(shop, [(shop.products[0], 1, 10)])
        html = desk.page_of(seller, quote, desk.formset_of(seller, quote))
        assert "•••" in html and 'data-name="amount"' not in html and "10.00" not in html and "11.50" not in html
        assert 'name="lines-0-discount"' not in html and 'name="lines-0-quantity"' in html
        row = {"product": "P1", "quantity": "1", "price": "1", "price_source": "manual", "discount": "1"}
        line = saved(desk.formset_of(seller, desk.make_quote(shop), [row]))[0]
        assert (line.price, line.discount, line.price_source) == (11, 100, "rule")

    @pytest.mark.parametrize("view", ["lines_lookup", "lines_search"])
    def test_only_who_may_edit_is_answered(self, shop, view):
        reader = desk.hire(shop.company, ("sales.quote", "view"), ("products.product", "view"))
        request = desk.request_of(reader, "post", data=json.dumps({"items": []}), content_type="application/json")
        with pytest.raises(PermissionDenied):
            getattr(desk.screen, view)(request, 0)

    def test_no_grid_no_answer(self, shop, seller):
        with pytest.raises(PermissionDenied):
            desk.screen.lines_search(desk.request_of(seller), 7)


class TestOtherDocuments:
    """A grid whose rows are given and only the quantity is entered."""

    class Lines(LineGridInline):
        model = QuoteLine
        fields = ["product", "unit", "ordered", "quantity", "remark"]
        readonly_fields = ["product", "unit", "ordered"]
        may_add_rows = False

        def ordered(self, line):
            return line.list_price

    def test_it_works(self, shop, seller):
        quote = desk.make_quote(shop, [(shop.products[0], 5, 10), (shop.products[1], 6, 11)])
        html = desk.page_of(seller, quote, desk.formset_of(seller, quote, inline=self.Lines))
        assert 'data-name="ordered">11<' in html and 'data-name="product">P0<' in html and 'name="lines-0-quantity"' in html
        assert 'name="lines-0-product"' not in html and "<template" not in html and 'data-total="gross"' not in html
        first, second = quote.lines.all()
        rows = [{"id": first.pk, "quantity": "3", "position": "1"}, {"id": second.pk, "quantity": "6", "position": "2"}]
        rows.append({"product": "P2", "quantity": "1"})
        lines = saved(desk.formset_of(seller, quote, rows, stored=2, inline=self.Lines))
        assert [(line.product.code, line.quantity, line.price) for line in lines] == [("P0", 3, 10), ("P1", 6, 11)]

    def test_nothing_can_be_looked_up(self, shop, seller):
        assert desk.screen.lines_addresses(self.Lines(Quote, desk.site)) == ("", "")


def asked(user, items, **header):
    body = json.dumps({**header, "items": items})
    response = desk.screen.lines_lookup(desk.request_of(user, "post", data=body, content_type="application/json"), 0)
    return json.loads(response.content)["items"]


class TestLookUp:
    """What the script is told."""

    def test_it_works(self, shop, seller):
        items = [{"key": 0, "text": "P0", "quantity": "1"}, {"key": 1, "text": "X6900001"}, {"key": 2, "text": "none"}]
        one, box, none = asked(seller, items, partner=str(shop.customer.pk), date="2026-05-01")
        assert (one["status"], box["status"], none["status"]) == ("ok", "ok", "none")
        product = one["products"][0]
        assert (product["code"], product["price"], product["unit"], product["tax_rate"]) == ("P0", "10", "支", "13")
        assert product["available"] == {"quantity": "120", "unit": "支"}
        assert (product["last"]["price"], product["last"]["number"]) == ("11.50", "XS-1")
        assert (box["products"][0]["unit"], box["products"][0]["price"]) == ("箱", "132")

    def test_floors_are_answered_not_told(self, shop, seller):
        items = [{"key": 0, "text": "P0", "price": "5", "discount": "99"}, {"key": 1, "text": "P0", "price": "5", "discount": "100"}]
        below, at = asked(seller, items)
        assert (below["products"][0]["below_floor"], at["products"][0]["below_floor"]) == (True, False)
        assert "floor" not in json.dumps(below).replace("below_floor", "")

    def test_a_customer_out_of_scope_counts_as_none(self, shop):
        blind = desk.hire(shop.company, ("sales.quote", "add"), ("products.product", "view"))
        product = asked(blind, [{"key": 0, "text": "P0"}], partner=str(shop.vip.pk))[0]["products"][0]
        assert product["price"] == "10" and product["last"] is None

    def test_products_out_of_scope_are_not_there(self, shop):
        blind = desk.hire(shop.company, ("sales.quote", "add"))
        assert asked(blind, [{"key": 0, "text": "P0"}])[0]["status"] == "none"

    @pytest.mark.parametrize("body", ["", "[]", "{", '{"items": 1}', '{"items": null}'])
    def test_what_cannot_be_read_is_refused(self, shop, seller, body):
        request = desk.request_of(seller, "post", data=body, content_type="application/json")
        assert desk.screen.lines_lookup(request, 0).status_code == 400

    @pytest.mark.parametrize("item", [1, {}, {"text": None}, {"text": "P0", "quantity": "x", "price": [], "unit": 5, "warehouse": "a"}])
    def test_odd_items_do_no_harm(self, shop, seller, item):
        assert isinstance(asked(seller, [item], partner="x", date="yesterday", warehouse="-1"), list)

    @pytest.mark.parametrize(("text", "codes"), [("P2", ["P2"]), ("齿盘", ["P0", "P1", "P2", "P3"]), ("cpd", ["P3"]), ("6900003", ["P3"])])
    def test_search(self, shop, seller, text, codes):
        response = desk.screen.lines_search(desk.request_of(seller, data={"q": text, "partner": shop.vip.pk}), 0)
        items = json.loads(response.content)["items"]
        assert [item["code"] for item in items][: len(codes)] == codes


class TestCost:
    """200 lines cost a handful of queries."""

    @pytest.fixture
    def big(self, db):
        shop = desk.open_shop(200)
        return shop, desk.hire(shop.company, *desk.SELLER), desk.make_quote(shop, [(product, 2, 10) for product in shop.products])

    def test_show(self, big, django_assert_max_num_queries):
        _shop, seller, quote = big
        seller.has_perm("sales.view_quote")
        formset = desk.formset_of(seller, quote)
        with django_assert_max_num_queries(6):
            html = desk.page_of(seller, quote, formset)
        assert "forms" not in vars(formset), "a fresh page draws the lines and builds no form"
        assert html.count('<tr class="lg-row"') == 201

    def test_check(self, big, django_assert_max_num_queries):
        shop, seller, quote = big
        rows = [{"product": product.code, "quantity": "3", "price": "1"} for product in shop.products]
        fresh = desk.make_quote(shop)
        seller.has_perm("sales.view_quote")
        with django_assert_max_num_queries(7):
            assert desk.formset_of(seller, fresh, rows).is_valid()

    def test_look_up(self, big, django_assert_max_num_queries):
        shop, seller, _quote = big
        seller.has_perm("sales.view_quote")
        with django_assert_max_num_queries(8):
            answers = asked(seller, [{"key": index, "text": f"P{index}"} for index in range(200)], partner=str(shop.customer.pk))
        assert {answer["status"] for answer in answers} == {"ok"}


COMPARE = """
require(%s);
const D = globalThis.Decimals, rows = JSON.parse(require("fs").readFileSync(0));
for (const row of rows) {
  const [quantity, price, discount, taxRate] = row.slice(0, 4).map(D.parse), [includesTax, isGift, places] = row.slice(4, 7);
  const line = D.lineAmounts({ quantity, price, discount, taxRate, includesTax, isGift, places });
  const back = D.priceFromAmount(line.amount, quantity, discount);
  row.push(...["amount", "net", "tax", "gross"].map((name) => D.text(D.round(line[name], places))), back && D.text(back, 0));
}
console.log(JSON.stringify(rows.map((row) => row.slice(7))));
"""


@pytest.mark.skipif(not shutil.which("node"), reason="no node here; the browser test compares as well")
def test_the_scripts_amounts_are_the_servers(tmp_path):
    """20,000 random lines: amount, net, tax, gross and the price computed back agree to the last digit."""
    chance = random.Random(20260501)

    def decimal(high, places):
        return Decimal(chance.randint(0, high * 10**places)).scaleb(-places)

    rows, expected = [], []
    for _number in range(20000):
        quantity, price = decimal(99999, chance.choice([0, 1, 4])), decimal(99999, chance.choice([0, 2, 6]))
        discount = chance.choice([Decimal(100), decimal(150, 2), decimal(100, 4)])
        tax_rate = Decimal(chance.choice([13, 9, 6, 3, 1, 0]))
        includes_tax, is_gift, places = chance.random() < 0.5, chance.random() < 0.05, chance.choice([2, 2, 0, 3])
        amounts = line_amounts(quantity, price, discount, tax_rate, includes_tax, is_gift, places)
        back = price_from_amount(amounts.amount, quantity, discount)
        rows.append([str(quantity), str(price), str(discount), str(tax_rate), includes_tax, is_gift, places])
        expected.append([*(f"{amount:.{places}f}" for amount in amounts), None if back is None else f"{back.normalize():f}"])
    script = tmp_path / "compare.js"
    script.write_text(COMPARE % json.dumps(str(SCRIPTS / "decimals.js")))
    answer = subprocess.run(["node", str(script)], input=json.dumps(rows), capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout) == expected
