"""Document numbers: unique, without gaps, drawn in the submitting transaction."""

import re
from datetime import date as day_of

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from models.base.documents import Document
from models.base.protocols import draw_number as protocol
from models.lowcode.models import NumberCounter, NumberRule
from models.org.models import Company

DEFAULT_PATTERN = "{code}-{yyyy}{mm}-{n:4}"
PART = re.compile(r"\{(company|yyyy|yy|mm|dd|n)(?::(\d{1,2}))?\}")
LONGEST = Document._meta.get_field("number").max_length
MOST_SAMPLES = 3
NEEDED = {"year": ("yy",), "month": ("yy", "mm"), "day": ("yy", "mm", "dd")}


def parts_of(pattern):
    """The names of the parts in a pattern."""
    return {match[1] for match in PART.finditer(pattern)}


def render(pattern, date, count, company=""):
    """The number that `pattern` gives for a date, a count and a company's code. Raises KeyError for a part it does not know."""
    values = {"company": company, "yyyy": f"{date:%Y}", "yy": f"{date:%y}", "mm": f"{date:%m}", "dd": f"{date:%d}"}

    def part(match):
        return str(count).zfill(int(match[2] or 0)) if match[1] == "n" else values[match[1]]

    rest = PART.sub("", pattern)
    if "{" in rest or "}" in rest:
        raise KeyError(rest)
    return PART.sub(part, pattern)


def problem_of(pattern, reset):
    """Why numbers cannot be drawn by a pattern, in a sentence, or ""."""
    try:
        sample = render(pattern, day_of(2025, 6, 1), 1, max(_codes(), key=len, default=""))
    except KeyError:
        return _("Use {company}, {yyyy}, {yy}, {mm}, {dd} and {n:4}.")
    parts = {"yy" if name == "yyyy" else name for name in parts_of(pattern)}
    if "n" not in parts:
        return _("The pattern must contain the counter, e.g. {n:4}.")
    if not parts.issuperset(NEEDED.get(reset, ())):
        return _("A counter that starts anew needs its period in the pattern, or numbers would repeat.")
    if len(sample) > LONGEST:
        return _("Numbers would have %(length)s characters, %(longest)s are possible.") % {"length": len(sample), "longest": LONGEST}
    return ""


def samples_of(pattern, date):
    """The first numbers of a pattern: of some companies where each has its own, else one."""
    codes = _codes()[:MOST_SAMPLES] if "company" in parts_of(pattern) else [""]
    return [render(pattern, date, 1, code) for code in codes]


def hint_of(pattern):
    """What is worth knowing of a pattern and no mistake, or "": that companies draw equal numbers by it."""
    count = 1 if "company" in parts_of(pattern) else len(_codes())
    if count < 2:
        return ""
    return _("%(count)s companies draw equal numbers by this pattern; {company} tells them apart.") % {"count": count}


def _codes():
    """The codes of the companies that work."""
    return list(Company.objects.filter(is_active=True).order_by("code").values_list("code", flat=True))


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
    company = document.company.code if "company" in parts_of(pattern) else ""
    return render(pattern, document.date, series.values_list("last", flat=True).get(), company)
