"""Numbers: every one drawn is on a document, once."""

import re
from collections import Counter, defaultdict

from django.apps import apps
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models.base.documents import Approval, Document
from models.base.verification import Finding, check, document_of, row_of
from models.lowcode.models import NumberCounter, NumberRule
from models.lowcode.numbers import DEFAULT_PATTERN, PART
from models.org.models import Company

PARTS = {"yyyy": r"\d{4}", "yy": r"\d\d", "mm": r"\d\d", "dd": r"\d\d", "n": r"\d+"}


def _documents():
    return [model for model in apps.get_models() if issubclass(model, Document)]


def _reader(pattern, company):
    """A regular expression that reads the numbers of a pattern in the company of that code, with a group per part."""
    known = PARTS | {"company": re.escape(company)}
    text, end, seen = "", 0, set()
    for part in PART.finditer(pattern):
        name = part[1]
        text += re.escape(pattern[end : part.start()]) + (known[name] if name in seen else f"(?P<{name}>{known[name]})")
        end = part.end()
        seen.add(name)
    return re.compile(text + re.escape(pattern[end:]))


def _period(found, reset):
    """The period a number belongs to, as counters name it."""
    parts = found.groupdict()
    year = parts.get("yyyy") or f"20{parts.get('yy', '')}"
    return {"never": "", "year": year, "month": year + parts.get("mm", ""), "day": year + parts.get("mm", "") + parts.get("dd", "")}[reset]


@check(gettext_lazy("numbers without gaps"))
def numbers_have_no_gaps():
    """Per company, kind and period the numbers run from 1 to the last one drawn. Numbers of an earlier pattern count, unread."""
    rules = {rule.document: (rule.pattern, rule.reset) for rule in NumberRule.objects.all()}
    companies = dict(Company.objects.values_list("pk", "code"))
    last = {(row.company_id, row.document, row.period): row.last for row in NumberCounter.objects.all()}
    for model in _documents():
        code = model.DOCUMENT_CODE
        pattern, reset = rules.get(code, (DEFAULT_PATTERN.replace("{code}", code.upper()), "month"))
        readers = {key: _reader(pattern, of) for key, of in companies.items()}
        counts, unread = defaultdict(list), defaultdict(int)
        for company, number in model._base_manager.exclude(number="").order_by().values_list("company_id", "number").iterator():
            found = readers[company].fullmatch(number)
            if found:
                counts[company, code, _period(found, reset)].append(int(found["n"]))
            else:
                unread[company] += 1
        series = {key for key in last if key[1] == code} | counts.keys()
        for key in sorted(series):
            yield from _of_series(model, key, counts[key], last.get(key, 0), unread[key[0]])


def _of_series(model, key, counts, last, unread):
    company, code, period = key
    name = f"{model._meta.label_lower} {period}".strip()
    row = f"lowcode.numbercounter {company} {code} {period}".strip()
    missing = sorted(set(range(1, last + 1)) - set(counts))
    if len(missing) > unread:
        words = {"last": last, "count": len(missing), "shown": _listed(missing)}
        yield Finding(name, row, _("Of %(last)s numbers drawn %(count)s are on no document: %(shown)s.") % words)
    twice = sorted(count for count, times in Counter(counts).items() if times > 1)
    if twice:
        yield Finding(name, row, _("Numbers are on two documents: %(shown)s.") % {"shown": _listed(twice)})
    if counts and max(counts) > last:
        words = {"highest": max(counts), "last": last}
        yield Finding(name, row, _("Number %(highest)s is on a document, but only %(last)s were drawn.") % words)


def _listed(counts):
    return ", ".join(map(str, counts[:10])) + (" …" if len(counts) > 10 else "")


@check(gettext_lazy("no approved document without a number"))
def approved_documents_have_numbers():
    """What is in approval or approved has its number; effective history has that of its source."""
    for model in _documents():
        rows = model._base_manager.filter(approval__in=(Approval.PENDING, Approval.APPROVED), number="", is_opening=False)
        for document in rows.order_by("pk"):
            sentence = _("It is “%(state)s” and has no number.") % {"state": document.get_approval_display()}
            yield Finding(document_of(document), row_of(document), sentence)
