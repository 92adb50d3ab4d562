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
PART = re.compile(r"\{(company|branch|yyyy|yy|mm|dd|n)(?::(\d{1,2}))?\}")
LONGEST = Document._meta.get_field("number").max_length
MOST_SAMPLES = 3
TELLING_APART = {"company", "branch"}
NEEDED = {"year": ("yy",), "month": ("yy", "mm"), "day": ("yy", "mm", "dd")}


def parts_of(pattern):
    """The names of the parts in a pattern."""
    return {match[1] for match in PART.finditer(pattern)}


def marks_of(code, has_parent):
    """{part: text} of the parts that tell companies apart; the head office needs no mark among its branches."""
    return {"company": code, "branch": f"{code}-" if has_parent else ""}


def render(pattern, date, count, marks):
    """The number that `pattern` gives for a date, a count and a company's marks. Raises KeyError for a part it does not know."""
    values = {**marks, "yyyy": f"{date:%Y}", "yy": f"{date:%y}", "mm": f"{date:%m}", "dd": f"{date:%d}"}

    def part(match):
        return str(count).zfill(int(match[2] or 0)) if match[1] == "n" else values[match[1]]

    rest = PART.sub("", pattern)
    if "{" in rest or "}" in rest:
        raise KeyError(rest)
    return PART.sub(part, pattern)


def problem_of(pattern, reset):
    """Why numbers cannot be drawn by a pattern, in a sentence, or ""."""
    try:
        sample = max((render(pattern, day_of(2025, 6, 1), 1, marks) for marks in _marks() or [marks_of("", False)]), key=len)
    except KeyError:
        return _("Use {company}, {branch}, {yyyy}, {yy}, {mm}, {dd} and {n:4}.")
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
    return list(dict.fromkeys(render(pattern, date, 1, marks) for marks in _marks()))[:MOST_SAMPLES]


def hint_of(pattern):
    """What is worth knowing of a pattern and no mistake, or "": that companies draw equal numbers by it."""
    count = 1 if parts_of(pattern) & TELLING_APART else len(_marks())
    if count < 2:
        return ""
    return _("%(count)s companies draw equal numbers by this pattern; {company} or {branch} tells them apart.") % {"count": count}


def _marks():
    """The marks of the companies that work."""
    found = Company.objects.filter(is_active=True).order_by("code").values_list("code", "parent_id")
    return [marks_of(code, parent is not None) for code, parent in found]


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
    count, marks = series.values_list("last", flat=True).get(), {}
    if parts_of(pattern) & TELLING_APART:
        marks = marks_of(document.company.code, document.company.parent_id is not None)
    return render(pattern, document.date, count, marks)
