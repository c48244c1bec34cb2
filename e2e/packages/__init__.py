"""The npm packages as users install them: packed, in folders of their own, with the examples of the READMEs."""
