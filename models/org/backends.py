"""Django's log-in and its has_perm, answered by our roles."""

from django.apps import apps
from django.contrib.auth.backends import BaseBackend

from models.base import policy
from models.base.operations import find_operation
from models.org.models import User

_STANDARD = ("view", "add", "change", "delete", "import", "export", "print")


class RoleBackend(BaseBackend):
    """Checks the password; refuses frozen accounts. Rights are the policy's."""

    def authenticate(self, request, username=None, password=None, **_other):
        if not username or password is None:
            return None
        user = User.objects.filter(username=username).first()
        if user is None:
            User().set_password(password)  # the same time for unknown names
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id):
        user = User.objects.select_related("employee").filter(pk=user_id).first()
        return user if user is not None and user.is_active else None

    def has_perm(self, user, permission, obj=None):
        return has_permission(user, permission, obj)


def has_permission(user, permission, obj=None):
    """The policy's answer to "area.verb_model" or "area.operation"."""
    if not user.is_active:
        return False
    area, _dot, codename = permission.partition(".")
    verb, _underscore, name = codename.partition("_")
    if verb in _STANDARD:
        try:
            return bool(policy.may(user, verb, obj if obj is not None else apps.get_model(area, name)))
        except LookupError:
            return user.is_superuser
    for model in apps.get_app_config(area).get_models() if apps.is_installed(f"models.{area}") else ():
        if find_operation(model, codename):
            return bool(policy.may(user, codename, obj if obj is not None else model))
    return user.is_superuser
