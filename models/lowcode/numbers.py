"""Document numbers: unique, without gaps, drawn in the submitting transaction."""

import re

from django.db import IntegrityError, transaction
from django.db.models import F

from models.base.protocols import draw_number as protocol
from models.lowcode.models import NumberCounter, NumberRule

DEFAULT_PATTERN = "{code}-{yyyy}{mm}-{n:4}"
PART = re.compile(r"\{(yyyy|yy|mm|dd|n)(?::(\d+))?\}")


def render(pattern, date, count):
    """The number that `pattern` gives for a date and a count. Raises KeyError for a part it does not know."""
    values = {"yyyy": f"{date:%Y}", "yy": f"{date:%y}", "mm": f"{date:%m}", "dd": f"{date:%d}"}

    def part(match):
        if match[1] == "n":
            return str(count).zfill(int(match[2] or 0))
        return values[match[1]]

    text = PART.sub(part, pattern)
    if "{" in text or "}" in text:
        raise KeyError(text)
    return text


def period_of(reset, date):
    """The key of the series a date falls into."""
    return {"never": "", "year": f"{date:%Y}", "month": f"{date:%Y%m}", "day": f"{date:%Y%m%d}"}[reset]


@protocol.fill
def draw_number(document):
    """The next number of the document's series (company, kind, period of its date). Call it last: it holds the counter till commit."""
    rule = NumberRule.objects.filter(document=document.DOCUMENT_CODE).first()
    pattern = rule.pattern if rule else DEFAULT_PATTERN.replace("{code}", document.DOCUMENT_CODE.upper())
    period = period_of(rule.reset if rule else "month", document.date)
    series = NumberCounter.objects.filter(company_id=document.company_id, document=document.DOCUMENT_CODE, period=period)
    if not series.update(last=F("last") + 1):
        try:
            with transaction.atomic():
                NumberCounter.objects.create(company_id=document.company_id, document=document.DOCUMENT_CODE, period=period, last=0)
        except IntegrityError:
            pass  # another document opened the series at the same moment
        series.update(last=F("last") + 1)
    return render(pattern, document.date, series.values_list("last", flat=True).get())
