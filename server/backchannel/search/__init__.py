"""How a message is found: what its words are, what a query asks for, and whether the one matches the other. Pure.

    words.py      text ─▶ words, with their places in it          query.py     what was typed ─▶ its parts
    letters.py    how a character is folded, and its kind         wanted.py    parts ─▶ what a message must have
    matching.py   does this message match, and where?             scoring.py   how well
    cursor.py     where a page ends

An index of a database proposes messages, and these functions decide. So every database finds the same ones.
`client/src/search/` has the words and the parts once more, in TypeScript; `protocol/vectors/search` holds for both.
"""
