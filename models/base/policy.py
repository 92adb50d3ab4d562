"""One policy answers every door: which rows, which fields, which deeds, and why.

A scope is data, an OR of atoms (attribute, ids): from the same atoms come the queryset, the check of one record in memory
and the explanation. The default is no.
"""

from dataclasses import dataclass, field

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Q
from django.utils.translation import gettext as _

from models.base.actor import current_user
from models.base.protocols import access_of

HIDE, MASK, READ, WRITE = range(4)
EVERYTHING = object()


@dataclass(frozen=True)
class Decision:
    """Yes, or no with the reason in words and who can help."""

    ok: bool
    why: str = ""
    grant: str = ""

    def __bool__(self):
        return self.ok


@dataclass(frozen=True)
class Atom:
    """Records whose `attribute` is one of `ids` (or EVERYTHING), granted by `rule`."""

    rule: str
    attribute: object
    ids: frozenset = frozenset()


@dataclass
class Access:
    """What one person's roles grant. `atoms` maps (record type, verb) to atoms; `hidden` names fields below WRITE per record type."""

    user: object
    atoms: dict = field(default_factory=dict)
    levels: dict = field(default_factory=dict)
    is_administrator: bool = False

    def of(self, record_type, verb):
        """The atoms for a verb on a record type such as "sales.order"."""
        return self.atoms.get((record_type, verb), ())


def record_type(model):
    """The name rights are given for: "sales.order". Figures made of other records say whose rights hold for them in RIGHTS_OF."""
    return getattr(model, "RIGHTS_OF", model._meta.concrete_model._meta.label).lower()


def governor(model):
    """(model whose rights hold, lookup path to it): a line is governed by its document."""
    path = ""
    while getattr(model, "GOVERNED_BY", None) or getattr(model, "DOCUMENT_FIELD", None):
        name = getattr(model, "GOVERNED_BY", None) or model.DOCUMENT_FIELD
        path += name + "__"
        model = model._meta.get_field(name).related_model
    return model, path


def is_public(model):
    """True for small reference data that everybody with a log-in may read (currencies, units)."""
    return getattr(model, "PUBLIC", False)


def _access(user):
    if user is None or not user.is_active:
        return Access(user)
    access = getattr(user, "_access", None)
    if access is None:
        access = user._access = access_of(user)
    return access


def forget(user):
    """Resolve this person's rights anew at the next question (roles were changed in this request)."""
    user.__dict__.pop("_access", None)


def _atoms(user, model, verb):
    kind = record_type(model)
    access = _access(user)
    if access.is_administrator:
        return (Atom(_("administrator"), EVERYTHING),)
    atoms = access.of(kind, verb)
    if not atoms and verb == "view" and is_public(model) and user is not None and user.is_active:
        return (Atom(_("reference data"), EVERYTHING),)
    return atoms


def _has_field(model, attribute):
    try:
        model._meta.get_field(attribute.removesuffix("_id") if attribute != "pk" else model._meta.pk.name)
    except FieldDoesNotExist:
        return False
    return True


def condition(user, model, verb="view", prefix=""):
    """The rows of `model` on which the person may do `verb`, as a Q; Q() where that is all of them."""
    owner, path = governor(model)
    if path:
        verb = verb if verb in ("view", "export", "import", "print") else "change"
    result = None
    for atom in _atoms(user, owner, verb):
        if atom.attribute is EVERYTHING:
            return Q()
        if not _has_field(owner, atom.attribute):
            continue
        one = Q(**{f"{prefix}{path}{atom.attribute}__in": atom.ids})
        result = one if result is None else result | one
    return Q(pk__in=[]) if result is None else result


def limits(user, model, verb="view"):
    """The attributes that bound the person's range, such as {"owner_id"}; empty where nothing does, None where there is no right."""
    owner, _path = governor(model)
    atoms = _atoms(user, owner, verb)
    if any(atom.attribute is EVERYTHING for atom in atoms):
        return frozenset()
    return frozenset(atom.attribute for atom in atoms if _has_field(owner, atom.attribute)) or None


def scope(user, model, verb="view"):
    """The rows of `model` on which the person may do `verb`."""
    return model._base_manager.filter(condition(user, model, verb))


def may(user, verb, subject):
    """Decision for a record, or for a model class ("could it ever be?"). Asks no query for a record with its own columns."""
    is_class = isinstance(subject, type)
    model = subject if is_class else type(subject)
    owner, path = governor(model)
    if path:
        verb = verb if verb in ("view", "export", "import", "print") else "change"
        if is_class:
            return may(user, verb, owner)
        parent = subject
        for name in path.rstrip("_").split("__"):
            key = parent._meta.get_field(name).attname
            if getattr(parent, key) is None:
                return may(user, verb, owner)
            parent = getattr(parent, name)
        return may(user, verb, parent)
    atoms = _atoms(user, model, verb)
    name = model._meta.verbose_name
    if not atoms:
        return Decision(
            False, _("None of your roles allows “%(verb)s” on %(name)s.") % {"verb": verb_label(verb, model), "name": name}, _who_grants()
        )
    for atom in atoms:
        if is_class or atom.attribute is EVERYTHING:
            return Decision(True, atom.rule)
        if _has_field(model, atom.attribute) and getattr(subject, atom.attribute) in atom.ids:
            return Decision(True, atom.rule)
    rules = "; ".join(dict.fromkeys(atom.rule for atom in atoms))
    return Decision(False, _("This %(name)s lies outside your range (%(rules)s).") % {"name": name, "rules": rules}, _who_grants())


def _who_grants():
    return _("An administrator can widen a role.")


def verb_label(verb, model=None):
    """A verb in the user's language."""
    labels = {
        "view": _("view"),
        "add": _("add"),
        "change": _("edit"),
        "delete": _("delete"),
        "import": _("import"),
        "import_effective": _("bring in effective history"),
        "export": _("export"),
        "print": _("print"),
    }
    if verb in labels:
        return labels[verb]
    from models.base.operations import find_operation

    operation = find_operation(model, verb) if model is not None else None
    return str(operation.label) if operation else verb


def fields(user, model, obj=None):
    """name → HIDE, MASK, READ or WRITE for every concrete field. `obj` is accepted for rights that depend on a record's state."""
    access = _access(user)
    key = model._meta.label_lower
    known = access.levels.get((key, "*"))
    if known is None:
        limits = {} if access.is_administrator else access.levels.get(key, {})
        known = {f.name: limits.get(f.name, WRITE) for f in model._meta.get_fields() if f.concrete}
        access.levels[(key, "*")] = known
    return known


def may_see(user, model, name):
    """True if the person may read the field in clear."""
    return fields(user, model).get(name, HIDE) >= READ


def is_readable_path(user, model, path):
    """True if every hop of a lookup such as "customer__name" is readable, and no relation is crossed into unseen rows."""
    parts = path.lstrip("-^=@").split("__")
    for index, part in enumerate(parts):
        part = model._meta.pk.name if part == "pk" else part
        try:
            found = model._meta.get_field(part)
        except FieldDoesNotExist:
            return index > 0
        if not found.concrete:
            return False
        if fields(user, model).get(found.name, HIDE) < READ:
            return False
        if found.is_relation:
            rest = parts[index + 1 :]
            if rest and rest[0] not in ("id", "pk", "exact", "in", "isnull") and not may(user, "view", found.related_model):
                return False
            model = found.related_model
    return True


def label(obj):
    """The text that names `obj` to the acting person: its title, or kind and key where it lies outside his scope."""
    user = current_user()
    if user is None:
        return obj.title()
    model = type(obj)
    if not may(user, "view", obj) or any(not may_see(user, model, name) for name in getattr(model, "LABEL_FIELDS", ())):
        return f"{model._meta.verbose_name} #{obj.pk}"
    return obj.title()


def masked(value):
    """What a masked field shows."""
    return "" if value in (None, "") else "•••"
