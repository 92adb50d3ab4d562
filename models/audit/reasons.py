"""Why something was written. Stored is a code, which programs read and no language owns: “void_order: wrong customer”, “copy”.

Operations are known by their names; areas above name the other codes that they store.
"""

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from models.base.operations import all_operations, find_operation

_named = {}


def name_reasons(labels):
    """Say what codes mean: {"copy": a lazy text}."""
    _named.update(labels)


def in_words(reason, model=None):
    """“void_order: wrong customer” as “Void: wrong customer”; an operation of another record type than `model` names that too.

    What is no code, such as a line typed at the keyboard, stays as it is.
    """
    code, _colon, text = reason.partition(":")
    label = _label(code.strip(), model)
    if label is None:
        return reason
    return _("%(deed)s: %(reason)s") % {"deed": label, "reason": text.strip()} if text.strip() else label


def _label(code, model):
    if code in _named:
        return str(capfirst(_named[code]))
    own = find_operation(model, code) if model is not None else None
    if own is not None:
        return str(own.label)
    other = next((one for one in all_operations() if one.codename == code), None)
    return labelled(other.label, capfirst(other.model._meta.verbose_name)) if other is not None else None


def labelled(label, about):
    """“Dispatch (Delivery)”."""
    return _("%(label)s (%(about)s)") % {"label": label, "about": about}
