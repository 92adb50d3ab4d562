"""What a role may be granted: record types, verbs, fields, in the words of the screens."""

from functools import wraps

from django.apps import apps
from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import get_language

from models.base import policy
from models.base.operations import all_operations

STANDARD_VERBS = ("view", "add", "change", "delete", "import", "import_effective", "export", "print")


def governed_models():
    """The models that rights are given for: those of the areas that are no lines."""
    areas = {*settings.AREAS, "flows", "dashboards"}
    found = (model for model in apps.get_models() if model._meta.app_label in areas and not model._meta.proxy)
    return [model for model in found if policy.governor(model)[0] is model and not model.__name__.startswith("Historical")]


def per_language(function):
    """Ask once per language: the answer changes with nothing else, and is asked for every row of a role."""
    kept = {}

    @wraps(function)
    def asked():
        language = get_language()
        if language not in kept:
            kept[language] = [(key, str(text)) for key, text in function()]
        return kept[language]

    return asked


def _by_text(choices):
    return sorted(((key, str(text)) for key, text in choices), key=lambda one: one[1])


@per_language
def record_types():
    """[(record type, name)]."""
    return _by_text((policy.record_type(model), capfirst(model._meta.verbose_name)) for model in governed_models())


@per_language
def verbs():
    """[(verb, words)]: what can be done with any record, then the operations."""
    named = [(verb, capfirst(policy.verb_label(verb))) for verb in STANDARD_VERBS]
    own = {one.right: f"{capfirst(one.model._meta.verbose_name)}: {one.label}" for one in all_operations() if one.right == one.codename}
    return named + _by_text(own.items())


@per_language
def fields_of_records():
    """[(field, words)] of all governed models."""
    names = {}
    for model in governed_models():
        for field in model._meta.concrete_fields:
            names.setdefault(field.name, capfirst(field.verbose_name))
    return _by_text((name, f"{label} ({name})") for name, label in names.items())


@per_language
def numbered_documents():
    """[(code, name)] of the documents that draw numbers."""
    codes = {model.DOCUMENT_CODE: capfirst(model._meta.verbose_name) for model in apps.get_models() if getattr(model, "DOCUMENT_CODE", "")}
    return _by_text(codes.items())
