"""The standalone app: settings, addresses, logs, admin pages, backups, and the demonstration workspace.

An embedding site has its own and installs none of this.
"""
