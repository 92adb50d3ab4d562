"""What the server has to say about drafts, which live on the person's computer: which forms are saved, and the script's sentences."""

import json

from django.utils.translation import gettext as _

SAVED_DRAFTS = "saved_drafts"
REMEMBERED_DRAFTS = 20


def draft_texts():
    """Sentences by name; what stands in braces the script fills in."""
    return {
        "saved_here": _("Kept on this computer at {time}"),
        "not_kept": _("This browser keeps no drafts: save before you leave."),
        "restore": _("Restore"),
        "discard": _("Discard"),
    }


def draft_config(request, model, obj, token_name, is_bound):
    """What the script must know to keep a record's form, as JSON."""
    own = {
        "draft_of_form": _("Unsaved entries of {time} were kept on this computer:"),
        "draft_outdated": _("The record was changed since."),
    }
    config = {
        "user": str(request.user.pk),
        "document": f"{model._meta.label_lower}:{obj.pk if obj is not None else 'new'}",
        "version": str(getattr(obj, "changed_at", "")),
        "token": token_name,
        "bound": is_bound,
        "texts": draft_texts() | own,
    }
    return json.dumps(config, ensure_ascii=False)


def forget_draft(request, response, token_name):
    """Send the token of the saved form back, so that the script drops the draft of that name."""
    token = request.POST.get(token_name, "")[:80]
    if token.isascii() and token.replace("-", "").replace("_", "").isalnum():
        before = [one for one in request.COOKIES.get(SAVED_DRAFTS, "").split(".") if one]
        response.set_cookie(SAVED_DRAFTS, ".".join([*before, token][-REMEMBERED_DRAFTS:]), max_age=86400, samesite="Lax")
    return response
