"""The form of a log-in: a password is set, never shown."""

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _
from unfold.widgets import INPUT_CLASSES

from admin_config.forms import PolicyForm


class UserForm(PolicyForm):
    """A new log-in needs a password; for an old one an empty field leaves it as it is."""

    new_password = forms.CharField(
        label=_("New password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "class": " ".join(INPUT_CLASSES)}),
        help_text=_("Empty: the password stays as it is."),
    )

    def clean_new_password(self):
        password = self.cleaned_data["new_password"]
        if not password and self.instance._state.adding:
            raise forms.ValidationError(_("A new log-in needs a password."))
        if password:
            validate_password(password, self.instance)
        return password

    def _post_clean(self):
        super()._post_clean()
        if not self.errors and self.cleaned_data.get("new_password"):
            self.instance.set_password(self.cleaned_data["new_password"])
