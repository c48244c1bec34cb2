"""The standalone app: its settings, addresses, logs, admin pages and demonstration workspace.

An embedding site has its own and installs none of this.
"""
