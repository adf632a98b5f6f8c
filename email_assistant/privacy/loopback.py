"""Sockets that only this machine can reach."""

import errno
import socket

from email_assistant.errors import ConfigurationError

HOST = "127.0.0.1"


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
        if error.errno == errno.EADDRINUSE:
            other = port + 1 if port < 65535 else port - 1
            raise ConfigurationError(
                f"port {port} is in use: the page is already running, or another program uses the port; "
                f"{option}{other} uses another one"
            ) from error
        raise ConfigurationError(
            f"port {port} cannot be used: {error.strerror}; choose another one with {option}"
        ) from error
    return bound
