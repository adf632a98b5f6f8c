"""Mails that each arm writes, their scores, and score tables."""
