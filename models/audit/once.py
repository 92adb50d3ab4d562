"""Once, and only once: a form sent twice, a retried API call, a double click do their work a single time.

The token is inserted in the transaction of the work. A repeat at the same moment waits for the first one's commit (unique index on
PostgreSQL, the write lock on SQLite) and then gets the first one's answer.
"""

import hashlib
import json
import secrets

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from models.audit.models import OnceToken

NOT_PART_OF_THE_BODY = {"csrfmiddlewaretoken"}


class TokenReused(ValidationError):
    """A token that was used for something else: another person, purpose or content."""

    def __init__(self):
        super().__init__(_("This form was already sent with other content. Open it again and repeat your change."), code="token_reused")


def new_token():
    """A token for a form or a call; 128 random bits."""
    return secrets.token_urlsafe(16)


def fingerprint(body):
    """A digest of what was sent: text, bytes, form data, or anything that JSON can say."""
    if isinstance(body, QueryDict):
        body = {name: values for name, values in body.lists() if name not in NOT_PART_OF_THE_BODY}
    if not isinstance(body, bytes):
        body = json.dumps(body, cls=DjangoJSONEncoder, sort_keys=True).encode()
    return hashlib.sha256(body).hexdigest()


def stored_answer(token, user, purpose, body_hash):
    """The answer of the token's first use, or None. Raises TokenReused if that was another request."""
    row = OnceToken.objects.filter(token=token).first()
    if row is None:
        return None
    if (row.user_id, row.purpose, row.body_hash) != (_key(user), purpose, body_hash):
        raise TokenReused
    return row.answer


def remember(token, user, purpose, body_hash, answer):
    """Store the answer with its token. Raises IntegrityError if the token was used."""
    return OnceToken.objects.create(token=token, user_id=_key(user), purpose=purpose, body_hash=body_hash, answer=answer)


def run_once(token, user, purpose, body, work):
    """Do `work()` unless this token has done it. Returns (answer, repeated); `work` returns what JSON can hold.

    If the work raises, the token stays unused. Without a token the work is simply done.
    """
    if not token:
        with transaction.atomic():
            return work(), False
    body_hash = fingerprint(body)
    with transaction.atomic():
        try:
            with transaction.atomic():
                row = remember(token, user, purpose, body_hash, {})
        except IntegrityError:
            return stored_answer(token, user, purpose, body_hash), True
        row.answer = work()
        row.save(update_fields=["answer"])
        return row.answer, False


def _key(user):
    return getattr(user, "pk", user)
