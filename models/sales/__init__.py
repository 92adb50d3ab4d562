"""Documents of selling: opportunity, quote, order, delivery, return, and the operations that post them to the ledgers."""
