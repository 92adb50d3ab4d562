"""C3 and the list half of C8: the customer list as the screen shows it."""

from tests.bench.floors import reading
from tests.bench.measuring import calls, calls_at_once, show, with_ratio

ROUNDS = 25
# 机械: one firm in ten. C0000777: one. 启衡: two Chinese characters, one in ten by their place.
QUERIES = {"one in ten": "机械", "rare": "c0000777", "two characters": "杭州启衡"}
LIST = "/customers/customer/"
ORDER = "?o=1"


def pages(server, sign_in, case="C3", rows=25):
    """{name: p50} of the first page by name, its parts and the searches."""
    browsers = [sign_in() for _ in range(4)]
    first, medians = browsers[0], {}
    part = {"HX-Request": "true", "HX-Target": "list"}
    floor = reading(f"SELECT * FROM customers_customer ORDER BY name, id LIMIT {rows}")
    for name, address, headers in (("page", LIST + ORDER, {}), ("table only", LIST + ORDER, part)):
        first.get(address, **headers)
        figures = calls(server, lambda _item, a=address, h=headers: first.get(a, **h), range(ROUNDS))
        medians[name] = figures["p50_ms"]
        show(case, what=name, rows=rows, clients=1, **with_ratio(figures, floor))
    for kind, query in QUERIES.items():
        address = f"{LIST}?q={query}"
        floor = reading("SELECT * FROM customers_customer WHERE search_text LIKE %s ORDER BY id DESC LIMIT 25", [f"%{query}%"], rounds=5)
        first.get(address, **part)
        figures = calls(server, lambda _item, a=address: first.get(a, **part), range(ROUNDS))
        medians[kind] = figures["p50_ms"]
        show(case, what=f"search: {kind}", clients=1, **with_ratio(figures, floor))
    figures = calls_at_once(server, [lambda _item, b=browser: b.get(LIST + ORDER) for browser in browsers], [range(ROUNDS)] * 4)
    show(case, what="page", rows=rows, clients=4, **figures)
    return medians
