"""The money ledger: receivables, receipts, allocations, refunds, cash, credit. Knows a source, never an order."""
