"""Serves the browser app: its page and its files. The build in `web/` writes `dist/`."""
