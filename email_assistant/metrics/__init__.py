"""Metrics of written mails: each score is a function of sums over mails."""
