"""What a role may be granted: record types, verbs, fields, in the words of the screens."""

from django.apps import apps
from django.conf import settings
from django.utils.text import capfirst

from models.base import policy
from models.base.operations import all_operations

STANDARD_VERBS = ("view", "add", "change", "delete", "import", "export", "print")


def governed_models():
    """The models that rights are given for: those of the areas that are no lines."""
    areas = {*settings.AREAS, "flows", "dashboards"}
    found = (model for model in apps.get_models() if model._meta.app_label in areas and not model._meta.proxy)
    return [model for model in found if policy.governor(model)[0] is model and not model.__name__.startswith("Historical")]


def record_types():
    """[(record type, name)]."""
    return sorted(((policy.record_type(model), capfirst(model._meta.verbose_name)) for model in governed_models()), key=lambda one: one[1])


def verbs():
    """[(verb, words)]: what can be done with any record, then the operations."""
    named = [(verb, capfirst(policy.verb_label(verb))) for verb in STANDARD_VERBS]
    own = {one.right: f"{capfirst(one.model._meta.verbose_name)}: {one.label}" for one in all_operations() if one.right == one.codename}
    return named + sorted(own.items(), key=lambda one: one[1])


def fields_of_records():
    """[(field, words)] of all governed models."""
    names = {}
    for model in governed_models():
        for field in model._meta.concrete_fields:
            names.setdefault(field.name, capfirst(field.verbose_name))
    return sorted(((name, f"{label} ({name})") for name, label in names.items()), key=lambda one: one[1])


def numbered_documents():
    """[(code, name)] of the documents that draw numbers."""
    codes = {model.DOCUMENT_CODE: capfirst(model._meta.verbose_name) for model in apps.get_models() if getattr(model, "DOCUMENT_CODE", "")}
    return sorted(codes.items(), key=lambda one: one[1])
