"""Mails as the interfaces of Gmail and JMAP give them, as flat records."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from email_assistant.archive.charsets import decode_text


def flatten(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record of Gmail or JMAP with its text under 'body' and its header under the names of fields; others as is."""
    payload, values = record.get("payload"), record.get("bodyValues")
    if isinstance(payload, Mapping) and isinstance(payload.get("headers"), list):
        headers: dict[str, Any] = {str(each.get("name", "")).lower(): each.get("value") for each in payload["headers"]}
        known: dict[str, Any] = {
            name: headers[name] for name in ("from", "to", "subject", "date", "message-id") if name in headers
        }
        rest = {key: value for key, value in record.items() if key not in ("payload", "id", "raw", "snippet")}
        return {**rest, **known, "body": _gmail_body(payload)}
    if isinstance(values, Mapping):
        parts = record.get("textBody") or record.get("htmlBody") or []
        ids = [str(part.get("partId")) for part in parts if isinstance(part, Mapping)] or list(values)
        texts = [str(values[each].get("value", "")) for each in ids if isinstance(values.get(each), Mapping)]
        return {**{key: value for key, value in record.items() if not key.endswith("Body")}, "body": "\n\n".join(texts)}
    return record


def _gmail_body(payload: Mapping[str, Any]) -> dict[str, str]:
    """The text of the first plain part, else of the first HTML part."""
    bodies = list(_gmail_parts(payload))
    kind, text = next((body for body in bodies if body[0] == "text/plain"), bodies[0] if bodies else ("", ""))
    return {"contentType": kind, "content": text}


def _gmail_parts(part: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    kind, body = str(part.get("mimeType") or ""), part.get("body")
    if kind in ("text/plain", "text/html") and not part.get("filename") and isinstance(body, Mapping):
        data = str(body.get("data") or "")
        try:
            yield kind, decode_text(base64.urlsafe_b64decode(data + "=" * (-len(data) % 4)))
        except (binascii.Error, ValueError):
            yield kind, data
    for child in part.get("parts") or []:
        if isinstance(child, Mapping):
            yield from _gmail_parts(child)
