"""Mails written by each arm, their scores, and the tables made from them."""
