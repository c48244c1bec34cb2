"""The browser app as the server gives it out: its page and its files. `dist/` is written by the build in `web/`."""
