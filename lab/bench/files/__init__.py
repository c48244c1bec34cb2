"""Files: how fast they arrive, and what people who chat meanwhile notice of them."""
