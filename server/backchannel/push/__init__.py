"""Web push: a notification reaches a browser that has no page of the chat open.

endpoints.py   which push services are written to       keys.py     the server's own key, by which they know it (VAPID)
browser_keys.py the keys that a browser makes
encryption.py  what only the browser can read           payload.py  what it shows
sending.py     one request to a push service, and what its answer means
"""
