"""The npm packages as somebody else installs them: packed, in folders of their own, by the README's own examples."""
