"""The promises of the product, driven through what its users use."""
