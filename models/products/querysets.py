"""Questions about many products."""

from django.db.models import Q

from models.base.search import normalised
from models.products.models import Product, ProductUnit


def resolve_codes(texts, products=None):
    """{text: [products]} for typed or scanned texts: by code, then barcode, then exact name, then all pinyin initials. Two queries."""
    wanted = {text.strip() for text in texts if text and text.strip()}
    if not wanted:
        return {}
    source = Product.objects.all() if products is None else products
    by_unit = dict(ProductUnit.objects.filter(barcode__in=wanted).exclude(barcode="").values_list("barcode", "product_id"))
    lower = {normalised(text) for text in wanted}
    found = source.filter(
        Q(code__in=wanted | {text.upper() for text in wanted} | lower)
        | Q(barcode__in=wanted)
        | Q(name__in=wanted)
        | Q(pk__in=by_unit.values())
        | _initials(lower)
    ).filter(is_active=True)
    steps = [{}, {}, {}, {}]
    for product in found.select_related("unit"):
        keys = (product.code.lower(), product.barcode, product.name, product.search_text.rsplit(" ", 1)[-1])
        for index, key in enumerate(keys):
            if key:
                steps[index].setdefault(key, []).append(product)
        for barcode, product_id in by_unit.items():
            if product_id == product.pk:
                steps[1].setdefault(barcode, []).append(product)
    result = {}
    for text in wanted:
        for index, step in enumerate(steps):
            if hit := step.get(normalised(text) if index in (0, 3) else text):
                result[text] = hit
                break
    return result


def _initials(texts):
    condition = Q()
    for text in texts:
        if text.isascii() and text.isalpha() and len(text) >= 2:
            condition |= Q(search_text__endswith=" " + text)
    return condition if condition else Q(pk__in=[])
