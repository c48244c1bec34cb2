"""A small chat as a Django project would have it: the durable send and the poll, three ways."""
