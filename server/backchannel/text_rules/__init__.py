"""Which text is allowed in names, topics, messages and reactions, and how names are compared in a search. Pure.

    is_blank(text)          nothing in it is visible
    clean_name(text)        a name as stored: one line, without invisible characters that could disguise it
    canonical_emoji(text)   a reaction as stored, so that two spellings of one emoji are one reaction
    handle_of(login)        the name shown for a login that is an e-mail address
    fold(text)              the form in which names and search words are compared

All decisions rest on the tables here, not on the Unicode version of the running Python, so that all nodes and all versions of
Python decide alike.
"""

from backchannel.text_rules.emoji import canonical_emoji, is_reaction
from backchannel.text_rules.folding import KEY_LENGTH, fold, name_keys
from backchannel.text_rules.handles import handle_of, holds_address
from backchannel.text_rules.names import clean_name, is_blank

__all__ = [
    "KEY_LENGTH",
    "canonical_emoji",
    "clean_name",
    "fold",
    "handle_of",
    "holds_address",
    "is_blank",
    "is_reaction",
    "name_keys",
]
