"""Sockets that only this machine can reach."""

import errno
import socket

from email_assistant.errors import ConfigurationError

HOST = "127.0.0.1"
# Most systems let only the administrator use ports below the first; the usual port is proposed instead of those.
FIRST_PORT, USUAL_PORT, LAST_PORT = 1024, 8080, 65535


def bind(port: int, option: str) -> socket.socket:
    """A listening socket on 127.0.0.1.

    Args:
        port: Its port.
        option: What names it, such as `compose.port=`, for the error.

    Raises:
        ConfigurationError: when the port is taken or may not be used.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # A port whose last server just ended is free.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
        bound.listen()
    except OSError as error:
        bound.close()
        raise ConfigurationError(f"{_reason(port, error)}; {option}{another_port(port)} uses another one") from error
    return bound


def another_port(port: int) -> int:
    """A port to try where one cannot be used; it needs no rights."""
    if port < FIRST_PORT:
        return USUAL_PORT
    return port + 1 if port < LAST_PORT else port - 1


def _reason(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use: the page is already running, or another program uses the port"
    if isinstance(error, PermissionError) and port < FIRST_PORT:
        return f"port {port} cannot be used: only the system's administrator may use ports below {FIRST_PORT}"
    return f"port {port} cannot be used: {error.strerror}"
