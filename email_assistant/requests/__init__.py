"""From mail to request, and from request to prompt."""
