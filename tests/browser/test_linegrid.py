"""Lines entered in the grid: keyboard, input method, scanner, clipboard, picker, thumbs. In Chromium, on a bare page."""

from decimal import Decimal

import pytest

from tests.browser.linegrid_page import Page, browser, open_quote, shop, stored
from tests.house import linegrid_desk as desk

__all__ = ["browser", "open_quote", "shop"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class TestKeyboard:
    @pytest.mark.req("DAY-04")
    def test_it_works(self, open_quote):
        """Code, Enter, quantity, Enter: nine keys a line and no mouse."""
        page, quote = open_quote()
        page.go(0, "product")
        for code, quantity in [("P1", "12"), ("P2", "3"), ("P3", "7")]:
            page.type(code)
            page.press("Enter")
            assert page.place[1] == "quantity"
            page.type(quantity)
            page.press("Enter")
        assert page.place == (3, "product")
        page.settled()
        assert page.column("price")[:3] == ["11.00", "12.00", "13.00"]
        assert (page.total("count"), page.total("gross")) == ("3", "259.00")
        page.save()
        assert stored(quote) == [("P1", 12, 11), ("P2", 3, 12), ("P3", 7, 13)]

    @pytest.mark.req("DAY-04")
    def test_arrows_and_tab(self, open_quote, shop):
        page, _quote = open_quote([(shop.products[0], 1, 10), (shop.products[1], 2, 11)])
        page.go(0, "quantity")
        page.press("ArrowDown")
        assert page.place == (1, "quantity")
        page.press("ArrowRight")
        assert page.place == (1, "price")
        page.press("ArrowLeft", "ArrowLeft")
        assert page.place == (1, "unit")
        page.press("ArrowUp")
        assert page.place == (0, "unit")
        page.press("Tab", "Tab", "Shift+Tab")
        assert page.place == (0, "quantity")
        page.go(1, "quantity")
        page.press("ArrowDown", "ArrowDown")
        assert page.place == (2, "quantity")

    @pytest.mark.req("DAY-04")
    def test_the_list_while_typing(self, open_quote):
        page, _quote = open_quote()
        page.go(0, "product")
        page.type("齿盘")
        page.page.wait_for_selector("#lg-list li")
        page.press("ArrowDown", "Enter")
        assert page.value(0, "product") == "P1" and page.place == (0, "quantity")
        page.go(1, "product")
        page.type("cp")
        page.page.wait_for_selector("#lg-list li")
        page.press("Escape")
        assert page.page.locator("#lg-list").is_hidden() and page.value(1, "product") == "cp"

    @pytest.mark.req("DAY-04")
    def test_initials_typed_faster_than_the_list(self, open_quote):
        page, _quote = open_quote()
        page.go(0, "product")
        page.type("qqq")
        page.press("Enter")
        page.settled()
        assert page.page.locator(".lg-error").all_text_contents() == ["No product “qqq”. F7 looks it up."]
        page.go(0, "product")
        page.type("cpy")
        page.press("Enter")
        page.settled()
        assert page.value(0, "product") == "P1" and page.page.locator(".lg-error").count() == 0

    def test_copy_down_insert_move_delete_undo(self, open_quote, shop):
        page, quote = open_quote([(shop.products[number], number + 1, 10 + number) for number in range(3)])
        page.go(1, "quantity")
        page.press("Control+d")
        assert page.value(1, "quantity") == "1"
        page.press("Control+Shift+ArrowUp")
        assert page.column("product")[:3] == ["P1", "P0", "P2"] and page.place == (0, "quantity")
        page.go(2, "product")
        page.press("Insert")
        page.type("P5")
        page.press("Enter")
        page.settled()
        page.go(0, "product")
        page.press("Control+Delete")
        assert page.column("product")[:3] == ["P0", "P5", "P2"]
        page.page.get_by_text("Undo").click()
        assert page.column("product")[:4] == ["P1", "P0", "P5", "P2"]
        page.go(1, "product")
        page.press("Control+Delete")
        page.save()
        assert [code for code, *_rest in stored(quote)] == ["P1", "P5", "P2"]

    def test_the_row_menu_moves_without_dragging(self, open_quote, shop):
        page, _quote = open_quote([(shop.products[number], 1, 10) for number in range(2)])
        page.page.locator(".lg-position").nth(2).click()
        page.page.locator(".lg-position").nth(1).click(force=True)
        page.page.get_by_role("menuitem", name="Move up").click()
        assert page.column("product")[:2] == ["P1", "P0"]

    def test_dragging_by_the_number(self, open_quote, shop):
        page, quote = open_quote([(shop.products[number], 1, 10) for number in range(3)])
        page.page.drag_and_drop(
            ".lg-row:nth-child(1) .lg-position", ".lg-row:nth-child(3) .lg-position", target_position={"x": 10, "y": 30}
        )
        assert page.column("product")[:3] == ["P1", "P2", "P0"]
        page.save()
        assert [code for code, *_rest in stored(quote)] == ["P1", "P2", "P0"]


class TestInputMethod:
    def test_keys_belong_to_the_input_method_while_it_composes(self, open_quote):
        """Enter that ends a composition neither leaves the cell nor looks up; the search comes with its end."""
        page, _quote = open_quote()
        page.go(0, "product")
        client = page.page.context.new_cdp_session(page.page)
        client.send("Input.imeSetComposition", {"text": "chipan", "selectionStart": 6, "selectionEnd": 6})
        page.page.wait_for_timeout(250)
        assert page.page.locator("#lg-list").is_hidden()
        page.page.evaluate(
            """for (const part of [{ key: "Enter", keyCode: 229 }, { key: "ArrowDown", isComposing: true }])
                 document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { ...part, bubbles: true, cancelable: true }))"""
        )
        assert page.place == (0, "product")
        client.send("Input.insertText", {"text": "齿盘"})
        page.page.wait_for_selector("#lg-list li")
        assert page.value(0, "product") == "齿盘"


class TestScanner:
    @pytest.mark.req("DAY-04")
    def test_scans_follow_each_other_and_the_same_item_counts_up(self, open_quote):
        page, quote = open_quote()
        page.go(0, "product")
        for barcode in ["6900001", "6900002", "6900001", "X6900001", "6900001"]:
            page.scan(barcode)
        page.settled()
        assert page.column("product") == ["P1", "P2", "P1", ""]
        assert page.column("quantity")[:3] == ["3", "1", "1"] and page.column("unit")[2] == "箱"
        page.save()
        assert stored(quote) == [("P1", 3, 11), ("P2", 1, 12), ("P1", 1, 132)]

    def test_a_scan_into_a_quantity_is_no_quantity(self, open_quote, shop):
        page, _quote = open_quote([(shop.products[0], 5, 10)])
        page.go(0, "quantity")
        page.scan("6900003")
        page.settled()
        assert page.column("quantity")[:2] == ["5", "1"] and page.column("product")[:2] == ["P0", "P3"]
        assert page.place == (2, "product")

    def test_a_scan_whose_answer_never_came_is_saved(self, open_quote):
        page, quote = open_quote()
        page.page.route("**/lookup/", lambda route: route.abort())
        page.go(0, "product")
        page.scan("6900004")
        page.page.wait_for_timeout(200)
        assert "does not answer" in page.page.locator(".lg-status").text_content()
        page.save()
        assert stored(quote) == [("P4", 1, 14)]


class TestPaste:
    @pytest.mark.req("DAY-04")
    def test_from_a_spreadsheet(self, open_quote):
        page, quote = open_quote()
        page.paste(0, "product", '编码\t名称\t数量\t单价\r\nP1\t齿盘乙\t１０\t9.5\r\nP2\t齿盘丙\t"1,200"\t\r\n')
        assert page.column("product")[:2] == ["P1", "P2"]
        assert page.column("quantity")[:2] == ["10", "1200"] and page.column("price")[:2] == ["9.5", "12.00"]
        page.save()
        assert stored(quote) == [("P1", 10, Decimal("9.5")), ("P2", 1200, 12)]

    def test_headings_of_the_grid_name_the_columns(self, open_quote):
        page, _quote = open_quote()
        page.paste(0, "product", "Quantity\tRemark\tProduct\n5\turgent\tP3\n")
        assert (page.value(0, "product"), page.value(0, "quantity"), page.value(0, "remark")) == ("P3", "5", "urgent")

    def test_down_a_column_and_unknown_codes(self, open_quote, shop):
        page, _quote = open_quote([(shop.products[0], 1, 10), (shop.products[1], 1, 11)])
        page.paste(0, "quantity", "4\n5\n")
        assert page.column("quantity")[:2] == ["4", "5"]
        page.paste(2, "product", "P2\t1\nnothing\t2\n")
        assert page.page.locator(".lg-error").all_text_contents() == ["No product “nothing”. F7 looks it up."]

    def test_a_single_value_is_pasted_by_the_browser(self, open_quote):
        page, _quote = open_quote()
        page.paste(0, "remark", "just text")
        assert page.page.locator(".lg-row").count() == 1


class TestPicker:
    @pytest.mark.req("DAY-04")
    def test_many_at_once(self, open_quote):
        page, quote = open_quote()
        page.go(0, "product")
        page.press("F7")
        page.page.wait_for_selector(".lg-found label")
        page.type("P1")
        page.page.wait_for_function("document.querySelectorAll('.lg-found label').length < 12")
        page.page.locator(".lg-found label", has_text="P10").locator(".lg-pick-quantity").fill("5")
        page.page.locator(".lg-found label", has_text="P11").locator("[type=checkbox]").check()
        page.page.get_by_text("Add to the lines").click()
        page.settled()
        page.save()
        assert stored(quote) == [("P10", 5, 20), ("P11", 1, 21)]


class TestPhone:
    def test_no_sideways_scroll_and_targets_for_thumbs(self, browser, live_server, shop):
        quote = desk.make_quote(shop, [(shop.products[0], 1, 10)])
        context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
        page = Page(context.new_page(), f"{live_server.url}/desk/{quote.pk}/")
        assert page.page.evaluate("document.querySelector('.lg').scrollWidth <= innerWidth")
        box = page.cell(0, "quantity").bounding_box()
        assert box["height"] >= 44 and box["x"] + box["width"] <= 390
        assert page.page.locator(".lg-remove").first.bounding_box()["height"] >= 44
        context.close()
