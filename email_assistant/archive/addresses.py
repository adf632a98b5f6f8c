"""Addresses that reach the same mailbox, in one form."""

from functools import lru_cache

# Domains that the same account has at a provider, by the one that stands for all.
DOMAINS = {
    **dict.fromkeys(("gmail.com", "googlemail.com"), "gmail.com"),
    **dict.fromkeys(("yandex.ru", "ya.ru", "yandex.com", "yandex.by", "yandex.kz", "narod.ru"), "yandex.ru"),
    **dict.fromkeys(("icloud.com", "me.com", "mac.com"), "icloud.com"),
    **dict.fromkeys(("protonmail.com", "proton.me", "pm.me", "protonmail.ch"), "protonmail.com"),
}


@lru_cache(maxsize=65536)
def canonical(address: str) -> str:
    """The address in lower case without what does not change its mailbox.

    A tag after '+' is left away (RFC 5233). Gmail ignores dots, Yandex takes them for hyphens, and some providers have
    several domains.
    """
    local, at, domain = address.strip().lower().rpartition("@")
    if not at:
        return domain
    name, domain = local.partition("+")[0] or local, DOMAINS.get(domain, domain)
    if domain == "gmail.com":
        name = name.replace(".", "") or name
    elif domain == "yandex.ru":
        name = name.replace(".", "-")
    return f"{name}@{domain}"
