"""Customers, their contacts, addresses, payment terms and interactions. Knows no document and no ledger."""
