"""What a record, document, line and ledger are; operations, policy, exact numbers.

No tables; imports no other area: the areas above fill its protocols.
"""
