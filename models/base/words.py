"""What codes in columns stand for, in the reader's language: record types, verbs, kinds of documents, fields, keys of JSON.

A model says which of its columns hold codes:

    IN_WORDS = {"verb": lambda code, row: words.verb(code, row.record_type)}          the whole value
    KEYS_IN_WORDS = {"columns": lambda key, value, row: (words.field(row.record_type, key), value)}    key by key, for a JSON object
"""

from django.apps import apps
from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.utils.text import capfirst

from models.base import policy
from models.base.operations import all_operations

# Columns of the machinery: no page shows them. The two halves of a generic key are shown as the record they point at.
TECHNICAL = frozenset(
    "content_type object_id origin_type origin_id source_type source_id"
    " flow_class flow_task flow_task_type job_id media_type owner_permission_content_type owner_permission_obj_pk pending"
    " search_text sha256 token".split()
)


def record_type(code):
    """“sales.order” as “Order”; the code where there is no such record type any more."""
    model = _model(code)
    return str(capfirst(model._meta.verbose_name)) if model is not None else code


def verb(code, of=""):
    """“dispatch_delivery” as “Dispatch”, of a record type if it is one of its operations."""
    named = policy.verb_label(code, _model(of))
    if named == code:
        named = next((str(one.label) for one in all_operations() if code in (one.codename, one.right)), code)
    return str(capfirst(named))


def document(code):
    """“order”, as number rules call it, as “Order”."""
    found = (model for model in apps.get_models() if getattr(model, "DOCUMENT_CODE", "") == code and not model._meta.proxy)
    return next((str(capfirst(model._meta.verbose_name)) for model in found if code), code)


def field(of, path):
    """“customer__code” of “sales.order” as “Customer / Code”; keys that no field bears are spelt apart."""
    model, names = _model(of), []
    for name in path.split("__"):
        try:
            found = model._meta.get_field(name) if model is not None else None
        except FieldDoesNotExist:
            found = None
        names.append(_label(found) if found is not None else spelt(name))
        model = getattr(found, "related_model", None)
    return " / ".join(names)


def _label(found):
    return str(capfirst(found.verbose_name if found.concrete else found.related_model._meta.verbose_name_plural))


def language(code):
    """A language by its own name."""
    return dict(settings.LANGUAGES).get(code, code)


def spelt(key):
    """“wanted_colour” as “Wanted colour”, for keys that somebody made up."""
    return capfirst(str(key).replace("_", " ").strip())


def key(name):
    """A key of a JSON object: a language, else spelt apart."""
    return language(name) if name in dict(settings.LANGUAGES) else spelt(name)


def _model(code):
    try:
        return apps.get_model(code)
    except (LookupError, ValueError):
        return None
