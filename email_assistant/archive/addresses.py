"""Addresses that reach the same mailbox, in one form."""

GMAIL = frozenset(("gmail.com", "googlemail.com"))


def canonical(address: str) -> str:
    """The address in lower case without what does not change its mailbox.

    A tag after '+' is left away (RFC 5233); Gmail also ignores dots, and has two domains.
    """
    local, at, domain = address.strip().lower().rpartition("@")
    if not at:
        return domain
    name = local.partition("+")[0] or local
    if domain in GMAIL:
        return f"{name.replace('.', '') or name}@gmail.com"
    return f"{name}@{domain}"
