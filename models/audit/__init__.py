"""Who changed what, when and why: change sets, the guards that enforce them, outbox, jobs, once-only tokens.

Belongs here: everything that every area needs in order to write safely. Does not belong here: business records, screens.
May import `models.base`; knows users only by id and label, so that `org` may use it too.
"""
