"""What text may be: names, topics, messages, reactions, and how names are compared in a search. Pure.

    is_blank(text)          nothing in it can be seen
    clean_name(text)        a name as it is kept: one line, nothing invisible in it that could disguise it
    canonical_emoji(text)   a reaction as it is kept, so that two spellings of one emoji are one reaction
    handle_of(login)        what stands for a login that is an e-mail address
    fold(text)              how names and search words are compared

Everything that decides rests on the tables here, not on the Unicode version of the Python that happens to run: all nodes, and
all versions of Python, decide alike.
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
